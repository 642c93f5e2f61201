"""What `advnets infer` makes and prints: figures of an encoder, latents of images, walks and changes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as Shown
from torch import Tensor

from advnets import figures
from advnets.data import Table
from advnets.errors import DataError, RunError, UsageError
from advnets.files import write_whole
from advnets.inference.editing import check_change, direction, edit, kind_rows, walk
from advnets.inference.errors import coder_errors, counted, held_out, nearest_rows
from advnets.inference.infer import COLUMNS, data_to_infer, give_encoder, infer
from advnets.measures.inputs import some
from advnets.runs.asking import given_to
from advnets.runs.coding import latents_of
from advnets.runs.encoders import folder_of
from advnets.runs.inference import pictures_of
from advnets.runs.run import Run
from advnets.terminal.sampling import asked_attributes, named_classes
from advnets.terminal.saving import save_json, writing_elsewhere
from advnets.terminal.streaming import pictures_below

_LATENTS, _LIST, _OVERVIEW = "latents.npy", "inferred.json", "inferred.png"
_EXAMPLES = 1000
"""Held-out examples that an encoder is measured on, where nobody says how many."""
_ROWS = 8
"""Held-out images that a walk or a change is drawn of, where none are given."""


@dataclass(frozen=True)
class Said:
    """What a command says besides what is to be done.

    Args:
        data: where the run's data are now, if they were moved.
        fresh: whether an encoder is trained anew.
        changes: fields of `EncoderSettings` that were said.
        refine: steps of Adam on latents.
        out: where what is made goes, if that was said.
        classes, attributes: of the images that were named, as the command line has them.
    """

    data: str | None
    fresh: bool
    changes: dict[str, Any]
    refine: int
    out: Path | None = None
    classes: str | None = None
    attributes: str | None = None


@dataclass(frozen=True, eq=False)
class _Own:
    """Images of the user's, as `Loose` has them, and their conditions, one each; None of a run without."""

    images: NDArray[np.uint8]
    names: Sequence[str]
    condition: Tensor | None


def measured(run: Run, said: Said, count: int | None) -> str:
    """Print how well the encoder gives held-out images back; the line that says where that is written."""
    wanted = _EXAMPLES if count is None else count
    found = infer(run, count=wanted, refine=said.refine, data=said.data, fresh=said.fresh, **said.changes)
    answer = found.answer
    if count is not None and answer["count"] < count:
        _note(f"--count {count:,} is more than are held out: {answer['count']:,} examples are all")
    print(f"encoder: {answer['encoder']}")
    print(f"{answer['count']:,} examples of {answer['data']} ({answer['split']}) given back, own samples below them:")
    table = Shown()
    for heading in ("way", "mean squared error", "95 % interval"):
        table.add_column(heading)
    for way in answer["ways"]:
        low, high = way["interval"]
        table.add_row(way["way"], f"{way['error']:.4f}", f"{low:.4f} to {high:.4f}")
    Console().print(table)
    print(f"latents of own samples: R^2 {answer['latents_r2']:.3f}")
    picture = f", {found.picture}" if found.picture else ""
    return f"answers: {found.path}{picture}"


def given(run: Run, paths: Sequence[Path], said: Said) -> str:
    """Write latents of images, and what G makes of them; the line that says where."""
    target = said.out or folder_of(run.path, run.step) / "inferred"
    if target.suffix:
        raise RunError(f"--out {target} is no directory", "name one: latents and images go into it")
    _check_place(paths, said.out, folder=True)
    written = _written_before(target)
    own = _read(run, paths, said)
    table = data_to_infer(run, said.data)
    give_encoder(run, table, said.fresh, said.changes)
    codes, errors = coder_errors(run.coder, own.images, run.coder.encode(own.images), said.refine, own.condition)
    made = np.asarray(run.coder.decode(codes, own.condition), np.uint8)
    files = _file_names(own.names)
    for name in written.difference(files):
        (target / name).unlink(missing_ok=True)
    rows = zip(own.names, files, errors.tolist(), strict=True)  # listed first: a command that was killed is known by it
    save_json([{"image": name, "made": file, "error": error} for name, file, error in rows], target / _LIST)
    with writing_elsewhere(target):
        write_whole(target / _LATENTS, lambda file: np.save(file, codes.numpy()))
        for name, image in zip(files, made, strict=True):
            figures.save_one(image.transpose(1, 2, 0), target / name)
        _save_overview(own.images[:COLUMNS], made[:COLUMNS], table, target / _OVERVIEW)
    return f"{counted(len(made), 'image')}, mean squared error {errors.mean():.4f}: {target}"


def walked(run: Run, paths: Sequence[Path], said: Said, points: int) -> str:
    """Draw walks from image to image; the line that says where."""
    target = _picture("walk", run, paths, said)
    if paths:
        own = _read(run, paths, said, least=2)
        give_encoder(run, data_to_infer(run, said.data), said.fresh, said.changes)
        rows = walk(run, own.images, points, said.refine, own.condition)
        first, last = own.images[:-1], own.images[1:]
    else:
        table = data_to_infer(run, said.data)
        held = held_out(run, table, 2 * _ROWS)
        give_encoder(run, table, said.fresh, said.changes)
        pairs = [slice(place, place + 2) for place in range(0, len(held.images) - 1, 2)]
        given = [None if held.condition is None else held.condition[pair] for pair in pairs]
        both = zip(pairs, given, strict=True)
        rows = np.concatenate([walk(run, held.images[pair], points, said.refine, each) for pair, each in both])
        ends = np.stack([held.images[pair] for pair in pairs])
        first, last = ends[:, 0], ends[:, 1]
    return _save_rows("walk", run, [first[:, None], np.asarray(rows, np.uint8), last[:, None]], target)


def edited(run: Run, paths: Sequence[Path], said: Said, change: str, points: int, strength: float) -> str:
    """Draw images with their latents moved along a direction; the line that says where."""
    target = _picture("edit", run, paths, said)
    table = data_to_infer(run, said.data)
    check_change(run, table, change)
    if paths:
        images = _read(run, paths, said).images
    else:
        rows = kind_rows(table, change, held_out(run, table, 2).split)
        if not len(rows):
            raise RunError(f"no held-out image is where {change} begins", "name images of your own")
        images = table.values[rows[some(len(rows), _ROWS)]]
    give_encoder(run, table, said.fresh, said.changes)
    made = edit(run, images, direction(run, table, change), points, strength, said.refine)
    return _save_rows("edit", run, [images[:, None], np.asarray(made, np.uint8)], target)


def _read(run: Run, paths: Sequence[Path], said: Said, least: int = 1) -> _Own:
    """The images that were named, and their conditions; what was left out or lost is printed.

    Raises:
        AdvnetsError: they cannot be read, are fewer than `least`, or the run does not make such images.
    """
    _refuse_points(run)
    latents_of(run.game, run.seats)  # or no image has any
    loose = pictures_of(run, paths)
    if len(loose.names) < least:
        raise RunError("a walk from one image alone", "name two or more, or none for held-out ones")
    condition = _condition(run, len(loose.names), said)
    for each in loose.skipped:
        _note(f"left out: {each}")
    for note in loose.notes:
        _note(f"noticed: {note}")
    return _Own(loose.values, loose.names, condition)


def _condition(run: Run, count: int, said: Said) -> Tensor | None:
    """What the user's images are said to show, one each."""
    asked = asked_attributes(run, said.attributes, said.classes)
    if asked is not None:
        if len(asked.rows) > 1:
            what = f"--attributes {said.attributes} has several values of a name"
            raise UsageError(what, "give one: all images are of it")
        condition = given_to(run, count, asked.rows)
        if asked.unseen:
            _note(f"not trained: {', '.join(asked.unseen)}")
        return condition
    classes = named_classes(run, said.classes, once=False)
    if classes is not None and len(classes) > count:
        what = f"--class names {len(classes)} classes, there {'is' if count == 1 else 'are'} {counted(count, 'image')}"
        raise UsageError(what, "name one for each image, or one for all")
    return given_to(run, count, None if classes is None else run.class_numbers(classes))


def _note(text: str) -> None:
    print(f"advnets: {text}", file=sys.stderr)


def _refuse_points(run: Run) -> None:
    if len(run.shape) != 3:
        raise RunError(f"{run.path} makes points, not images", "leave images, --walk and --edit out; or use Python")


def _save_overview(images: NDArray[np.uint8], made: NDArray[np.uint8], table: Table, target: Path) -> None:
    """Images above what is made of them and the nearest training images."""
    shown = np.stack([images, made, table.values[nearest_rows(images, table)]])
    figures.save(figures.by_class(shown, ["real", "from its latents", "nearest training image"]), target)


def _save_rows(name: str, run: Run, parts: Sequence[NDArray[np.uint8]], target: Path) -> str:
    """A picture of rows, real images at their ends."""
    with writing_elsewhere(target):
        figures.save(figures.interpolation(np.concatenate(parts, 1)), target, run.step)
    return f"{name}: {target}"


def _picture(name: str, run: Run, paths: Sequence[Path], said: Said) -> Path:
    """Where a picture goes, which can be written there.

    Raises:
        AdvnetsError: it cannot, or the run makes points.
    """
    _refuse_points(run)
    target = said.out or folder_of(run.path, run.step) / f"{name}.png"
    _check_place(paths, said.out, folder=False)
    if target.is_dir():
        raise DataError(f"{target} is a directory", f"name a picture, as {target / f'{name}.png'}")
    figures.check_picture(target)
    return target


def _check_place(paths: Sequence[Path], out: Path | None, folder: bool) -> None:
    """See that what is made goes over no image of the user's, and to where it can be written.

    Raises:
        AdvnetsError: it does, or cannot.
    """
    _refuse_sources(paths, out)
    if out is None:  # it goes where the encoder does
        return
    begin = out.absolute() if folder else out.absolute().parent
    there = next(each for each in (begin, *begin.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        why = "is no directory" if not there.is_dir() else "is not for you to write in"
        raise RunError(f"cannot write to {out}: {there} {why}", "choose another place")


def _refuse_sources(paths: Sequence[Path], out: Path | None) -> None:
    """See that what is made goes neither over an image that was named nor into the folder of one.

    Raises:
        DataError: it would.
    """
    if out is None:
        return
    target = out.resolve()
    for path in paths:
        source = path.resolve()
        holds = path.is_dir() and source in target.parents
        if target == source or holds or (target.is_dir() and source.parent == target):
            where = "is itself named" if target == source else f"lies in {path}" if holds else f"holds {path}"
            raise DataError(f"{out} {where}", "choose another place: what is made would be taken for more images")


def _written_before(target: Path) -> set[str]:
    """The pictures of images that an earlier command has written into a folder, as its list says.

    Raises:
        DataError: the folder holds other pictures, or files of the names that are written.
    """
    there = pictures_below(target) | {name for name in (_LATENTS, _LIST) if (target / name).exists()}
    try:
        listed = {str(each["made"]) for each in json.loads((target / _LIST).read_bytes())}
        known = {*listed, _LATENTS, _LIST, _OVERVIEW}
    except (OSError, ValueError, TypeError, KeyError):
        listed, known = set[str](), set[str]()
    if others := sorted(there - known):
        raise DataError(f"{target} holds other files, as {others[0]}", "name an empty or a new directory")
    return listed & there


def _file_names(names: Sequence[str]) -> list[str]:
    """PNG files for what is made of images, numbered where two would be called the same, or as the overview."""
    found: list[str] = [_OVERVIEW]
    for name in names:
        stem = re.sub(r"\.[^.#]*(#\d+)?$", lambda ending: (ending[1] or "").replace("#", "-"), Path(name).name)
        wanted, number = f"{stem}.png", 2
        while wanted in found:
            wanted, number = f"{stem}-{number}.png", number + 1
        found.append(wanted)
    return found[1:]
