"""Images beside the data: one for each of the data's, matched by name without ending, or any others."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.sources import Sources
from advnets.data.table import HELD_OUT, SPLITS, ImageTable, Skipped, Table, skip
from advnets.errors import DataError

_ENDING = re.compile(r"\.[^./#]+(?=(#\d+)?$)")
"""The ending of a file's name; behind it may stand which page of the file it is."""
_NAMED = 3


def beside(table: Table, sources: ImageTable, paired: bool, strict: bool = False) -> ImageTable:
    """A table with sources beside its images.

    Of pairs, the hold-out is the table's: a source is on its target's side. What has no partner is left out of every
    split and named. Without pairs each of the two keeps its own order and splits.

    Args:
        table: the targets.
        sources: of the same height and width.
        paired: whether each image of the table has a source of its own.
        strict: stop where an image has no partner.

    Raises:
        DataError: the two do not go together.
    """
    if not isinstance(table, ImageTable):
        raise DataError(f"sources beside {table.name}, which holds points", "leave --sources out, or give images")
    if table.shape[1:] != sources.shape[1:]:
        (height, width), (own_height, own_width) = table.shape[1:], sources.shape[1:]
        what = f"sources of {own_height} x {own_width} beside images of {height} x {width}"
        raise DataError(what, "give both one size")
    if not paired:
        found = Sources(
            sources.name, sources.values, sources.rows("train"), sources.rows(HELD_OUT), None, sources.fingerprint
        )
        notes = [f"{sources.name}: {note}" for note in sources.notes]
        return _with(table, found, sources, [], notes)
    return _paired(table, sources, strict)


def _paired(table: ImageTable, sources: ImageTable, strict: bool) -> ImageTable:
    partners, alone, notes = _matched(table, sources)
    if alone and strict:
        raise DataError(
            f"{table.name}: {alone[0]}", "remove it, or leave --strict (strict=True) out to leave out such images"
        )
    splits = {split: rows[partners[rows] >= 0] for split in (*SPLITS, "all") for rows in (table.rows(split),)}
    for rows in splits.values():
        rows.flags.writeable = False
    if not len(splits["train"]):
        what = f"no training image of {table.name} has a partner in {sources.name}"
        raise DataError(what, "add pairs, or use a smaller --holdout")
    train, others = partners[splits["train"]], partners[np.union1d(splits["valid"], splits["test"])]
    found = Sources(sources.name, sources.values, np.unique(train), np.unique(others), partners, sources.fingerprint)
    notes += [f"{sources.name}: {note}" for note in sources.notes]
    return _with(replace(table, splits=splits), found, sources, alone, notes)


def _with(
    table: ImageTable, found: Sources, sources: ImageTable, alone: Sequence[Skipped], notes: Sequence[str]
) -> ImageTable:
    """The table with sources, its fingerprint that of both and of which is whose."""
    digest = hashlib.sha256(f"{table.fingerprint} {sources.fingerprint}".encode())
    digest.update(b"" if found.partners is None else found.partners.tobytes())
    elsewhere = [replace(each, name=f"{sources.name}/{each.name}") for each in sources.skipped]
    return replace(
        table,
        fingerprint=digest.hexdigest(),
        sources=found,
        skipped=(*table.skipped, *elsewhere, *alone),
        notes=(*table.notes, *notes),
    )


def _matched(table: ImageTable, sources: ImageTable) -> tuple[NDArray[np.int64], list[Skipped], list[str]]:
    """Each row's source, who is left alone, and what is to be said.

    Raises:
        DataError: names say nothing, or several things.
    """
    mine, theirs = _names(table), _names(sources)
    if not mine and not theirs:  # arrays
        if len(table) != len(sources):
            what = f"{len(table):,} images and {len(sources):,} sources, both without names"
            raise DataError(what, "give as many, in one order, or folders of files, which are matched by name")
        return np.arange(len(table)), [], ["arrays have no names: the first source belongs to the first image"]
    if not mine or not theirs:
        without = table.name if theirs else sources.name
        raise DataError(f"{without} has no names of files to match by", "give two folders, or two arrays")
    keys, others = _keys(mine, table.name), _keys(theirs, sources.name)
    places = {key: row for row, key in enumerate(others)}
    partners = np.array([places.get(key, -1) for key in keys], np.int64)
    if (partners < 0).all():
        what = f"no image of {table.name} has the name of one of {sources.name}: {_some(mine)}; {_some(theirs)}"
        raise DataError(what, "name both files of a pair alike but for the ending, in folders of the same names")
    known = set(keys)
    alone = [skip(mine[row], f"has no partner in {sources.name}") for row in np.flatnonzero(partners < 0).tolist()]
    unmatched = [name for name, key in zip(theirs, others, strict=True) if key not in known]
    alone += [skip(f"{sources.name}/{name}", f"has no partner in {table.name}") for name in unmatched]
    return partners, alone, _aspects(table, sources, partners)


def _names(table: ImageTable) -> Sequence[str]:
    origins = table.origins()
    return () if origins is None else origins.names


def _keys(names: Sequence[str], source: str) -> list[str]:
    """What images are matched by: their paths below the folder without the ending.

    Raises:
        DataError: two of one folder are alike.
    """
    keys = [_ENDING.sub("", name) for name in names]
    twice = next((key for key, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        both = [name for name, key in zip(names, keys, strict=True) if key == twice]
        raise DataError(f"{source}: {both[0]} and {both[1]} differ in the ending alone", "rename or remove one of them")
    return keys


def _aspects(table: ImageTable, sources: ImageTable, partners: NDArray[np.int64]) -> list[str]:
    """How many pairs show different parts, as they were not of one shape before they were brought to one size."""
    mine, theirs = table.origins(), sources.origins()
    if mine is None or theirs is None or mine.fit == "stretch":
        return []
    paired = partners >= 0
    one, other = mine.sizes[paired], theirs.sizes[partners[paired]]
    ratio = (one[:, 0] * other[:, 1]) / (one[:, 1] * other[:, 0])
    count = int((np.maximum(ratio, 1 / ratio) > 1.02).sum())
    said = f"{count:,} of {int(paired.sum()):,} pairs are of two shapes: their images show different parts"
    return [said] if count else []


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
