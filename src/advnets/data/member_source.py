"""Arrays with names, once it is known which of them are the images, as a source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks
from advnets.data.classes import array_labels, joined_labels
from advnets.data.layout import axes_of, chw, to_nchw
from advnets.data.members import LABEL_WORDS, Member, Part, choose, listed
from advnets.data.options import Options
from advnets.data.source import Labels, Source, blocks_source
from advnets.data.table import SPLITS
from advnets.errors import DataError

NAME_WORDS = ("list_classes", "class_names", "label_names", "classes", "names")
VECTOR_WORD = "vectors"
VECTOR_NAMES = "vector_names"


def members_source(
    where: str, members: Sequence[Member], named: str, options: Options, format: str, notes: Sequence[str] = ()
) -> Source:
    """A source of the images among arrays.

    Args:
        where: what they lie in, as people gave it.
        members: the arrays.
        named: which of them are the images; empty to find them.
        format: what the place was recognized as, in words.
        notes: what was noticed already.

    Raises:
        DataError: none that are images, several that may be, or labels that do not fit them.
    """
    parts, found = choose(where, members, named)
    names = next((each for each in members if each.role in NAME_WORDS and each.dtype.kind in "SU"), None)
    columns = next((each for each in members if each.role == VECTOR_NAMES and each.dtype.kind in "SU"), None)
    return parts_source(where, parts, options, format, (*notes, *found), names, columns)


def parts_source(
    where: str,
    parts: Sequence[Part],
    options: Options,
    format: str,
    notes: Sequence[str],
    names: Member | None = None,
    columns: Member | None = None,
) -> Source:
    """A source of arrays, split by split.

    Args:
        names: an array of what labels 0, 1, ... mean.
        columns: an array of what the numbers of vectors are called.
    """
    labels, vectors = _conditions(where, parts, options.labels)
    if options.labels in ("auto", "folder"):
        notes = (*notes, *_unused(parts, {*labels, vectors}))
    blocks = _blocks(where, parts, options.channels, tuple(notes))
    known = () if names is None or not labels else tuple(map(str, names.whole().reshape(-1).tolist()))
    given = (lambda: {name: _labels(where, parts, name, known) for name in labels}) if labels else None
    codes = _codes(parts)
    splits = None if codes is None else lambda: codes
    if not vectors:
        return blocks_source(blocks.name, [], blocks, given, None, splits, format)
    numbers = joined_labels(where, [_values(where, part, vectors) for part in parts])
    if vectors == options.labels:  # the column that people name
        return blocks_source(blocks.name, [], blocks, lambda: {vectors: Labels(numbers)}, None, splits, format)
    called = () if columns is None else tuple(map(str, columns.whole().reshape(-1).tolist()))
    return blocks_source(blocks.name, [], blocks, given, numbers, splits, format, called)


def _conditions(where: str, parts: Sequence[Part], wanted: str) -> tuple[list[str], str]:
    """The columns that may be classes, the wanted one first, and the one of vectors; empty where there is none."""
    if wanted == "none":
        return [], ""
    columns = {name: each for part in parts for name, each in part.columns.items() if _is_column(part, each)}
    usual = [name for name in LABEL_WORDS if name in columns]
    if wanted not in ("auto", "folder", *columns):
        there = ", ".join(columns) or "none"
        raise DataError(f"{where}: no column {wanted!r} of labels", f"columns are: {there}; or use labels auto")
    labels = usual if wanted in ("auto", "folder") else [wanted]
    vectors = VECTOR_WORD if VECTOR_WORD in columns and VECTOR_WORD not in labels else ""
    if labels and columns[labels[0]].dtype.kind == "f" and len(columns[labels[0]].shape) == 2:
        if vectors:
            raise DataError(f"{where}: vectors twice, as {labels[0]} and as {vectors}", "leave one of them out")
        return [], labels[0]
    return labels, vectors


def _unused(parts: Sequence[Part], used: Collection[str]) -> Iterator[str]:
    """Arrays of a value or a row for each image that become neither labels nor vectors."""
    rest = {name: each for part in parts for name, each in part.columns.items() if _is_column(part, each)}
    if left := [each for name, each in rest.items() if name not in used and name not in (*NAME_WORDS, VECTOR_NAMES)]:
        yield f"left out: {listed(left)}; --labels {left[0].role} takes {left[0].role}"


def _is_column(part: Part, member: Member) -> bool:
    return member.role in LABEL_WORDS or (
        len(member.shape) in (1, 2) and member.shape[0] == part.count and member.dtype.kind in "iubfSUO"
    )


def _blocks(where: str, parts: Sequence[Part], channels: int | None, notes: tuple[str, ...]) -> Blocks:
    axes = [axes_of(f"{where}: {part.images.said}", part.images.shape, channels) for part in parts]
    if len({chw(part.images.shape, each) for part, each in zip(parts, axes, strict=True)}) > 1:
        said = ", ".join(f"{part.images.said} {part.images.shape}" for part in parts)
        raise DataError(f"{where}: images of different shapes, {said}", "give them one at a time")

    def stream() -> Iterator[NDArray[Any]]:
        for part, each in zip(parts, axes, strict=True):
            for values in part.images.blocks():
                yield to_nchw(values, each)

    return Blocks(Path(where).name, stream, sum(part.count for part in parts), notes=notes)


def _codes(parts: Sequence[Part]) -> NDArray[np.uint8] | None:
    """The split of each row; None where all are of one, or none is for training."""
    splits = {part.split for part in parts}
    if len(splits) == 1 or "train" not in splits:
        return None
    return np.concatenate([np.full(part.count, SPLITS.index(part.split), np.uint8) for part in parts])


def _values(where: str, part: Part, name: str) -> NDArray[Any]:
    """A column's values, a row an image."""
    if name not in part.columns:
        remedy = "use labels none, or take them from the other splits"
        raise DataError(f"{where}: no {name} for the {part.count:,} images for {part.split}", remedy)
    member = part.columns[name]
    if member.shape[:1] != (part.count,):
        what = f"{where}: labels of shape {member.shape} and type {member.dtype} for {part.count} images"
        raise DataError(what, "give an integer or text for each image, floats N x V as vectors, or use labels none")
    values = member.whole()
    return values.reshape(-1) if values.size == part.count else values


def _labels(where: str, parts: Sequence[Part], name: str, names: tuple[str, ...]) -> Labels:
    """A column of all parts; -1 of those that lack it."""
    known = [_values(where, part, name) for part in parts if name in part.columns]
    values = joined_labels(where, known)
    classes = next((member.classes for part in parts if (member := part.columns.get(name))), ())
    if not classes and names and values.ndim == 1 and values.dtype.kind in "iu" and _within(values, len(names)):
        classes = names
    if len(known) == len(parts):
        return Labels(values, classes)
    if not classes:
        found, classes = array_labels(where, values, len(values))
        assert found is not None
        values = found
    lengths = [part.count for part in parts if name in part.columns]
    pieces = iter(np.split(values.astype(np.int64), np.cumsum(lengths)[:-1]))
    filled = [next(pieces) if name in part.columns else np.full(part.count, -1) for part in parts]
    return Labels(np.concatenate(filled), classes)


def _within(values: NDArray[Any], count: int) -> bool:
    return values.size > 0 and int(values.min()) >= 0 and int(values.max()) < count
