"""What `advnets infer` makes and prints: figures of an encoder, latents of images, walks and changes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as Shown

from advnets import figures
from advnets.data import Table
from advnets.errors import DataError, RunError
from advnets.files import write_whole
from advnets.inference.editing import check_change, direction, edit, kind_rows, walk
from advnets.inference.errors import coder_errors, condition_of, counted, held_out, nearest_rows
from advnets.inference.infer import COLUMNS, data_of, infer, with_encoder_of
from advnets.measures.inputs import some
from advnets.runs.encoders import folder_of
from advnets.runs.inference import conditions_of, pictures_of
from advnets.runs.run import Run
from advnets.terminal.sampling import named_classes
from advnets.terminal.saving import save_json, writing_elsewhere
from advnets.terminal.streaming import pictures_below

_LATENTS, _LIST, _OVERVIEW = "latents.npy", "inferred.json", "inferred.png"
_ROWS = 8
"""Held-out images that a walk or a change is drawn of, where none are given."""


def measured(run: Run, asked: Mapping[str, Any], count: int, refine: int) -> str:
    """Print how well the encoder gives held-out images back; the line that says where that is written."""
    found = infer(run, count=count, refine=refine, data=asked["data"], fresh=asked["fresh"], **asked["changes"])
    answer = found.answer
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


def given(
    run: Run, paths: Sequence[Path], asked: Mapping[str, Any], classes: str | None, refine: int, out: Path | None
) -> str:
    """Write latents of images, and what G makes of them; the line that says where."""
    target = out or folder_of(run.path, run.step) / "inferred"
    if target.suffix:
        raise RunError(f"--out {target} is no directory", "name one: latents and images go into it")
    _refuse_sources(paths, target)
    written = _written_before(target)
    run, table, images, names = _opened(run, paths, asked)
    condition = conditions_of(run, len(images), named_classes(run, classes))
    codes, errors = coder_errors(run.coder, images, run.coder.encode(images), refine, condition)
    made = np.asarray(run.coder.decode(codes, condition), np.uint8)
    files = _file_names(names)
    for name in written.difference(files):
        (target / name).unlink(missing_ok=True)
    rows = zip(names, files, errors.tolist(), strict=True)  # listed first: a command that was killed is known by it
    save_json([{"image": name, "made": file, "error": error} for name, file, error in rows], target / _LIST)
    with writing_elsewhere(target):
        write_whole(target / _LATENTS, lambda file: np.save(file, codes.numpy()))
        for name, image in zip(files, made, strict=True):
            figures.save_one(image.transpose(1, 2, 0), target / name)
        _save_overview(images[:COLUMNS], made[:COLUMNS], table, target / _OVERVIEW)
    return f"{counted(len(images), 'image')}, mean squared error {errors.mean():.4f}: {target}"


def walked(
    run: Run, paths: Sequence[Path], asked: Mapping[str, Any], classes: str | None, points: int, refine: int,
    out: Path | None,
) -> str:  # fmt: skip
    """Draw walks from image to image; the line that says where."""
    _refuse_sources(paths, out)
    run, table, images, _ = _opened(run, paths, asked)
    if paths:
        rows = walk(run, images, points, refine, conditions_of(run, len(images), named_classes(run, classes)))
        first, last = images[:-1], images[1:]
    else:
        held = held_out(run, table, 2 * _ROWS)
        pairs = [slice(place, place + 2) for place in range(0, len(held.images) - 1, 2)]
        given = [None if held.condition is None else held.condition[pair] for pair in pairs]
        walks = [walk(run, held.images[pair], points, refine, each) for pair, each in zip(pairs, given, strict=True)]
        rows, ends = np.concatenate(walks), np.stack([held.images[pair] for pair in pairs])
        first, last = ends[:, 0], ends[:, 1]
    return _save_rows("walk", run, [first[:, None], np.asarray(rows, np.uint8), last[:, None]], out)


def edited(
    run: Run, paths: Sequence[Path], asked: Mapping[str, Any], change: str, points: int, strength: float,
    refine: int, out: Path | None,
) -> str:  # fmt: skip
    """Draw images with their latents moved along a direction; the line that says where."""
    _refuse_sources(paths, out)
    table = data_of(run, asked["data"])
    check_change(run, table, change)  # before an encoder is trained
    run, table, images, _ = _opened(run, paths, {**asked, "data": table})
    along, condition = direction(run, table, change), None
    if paths:
        condition = conditions_of(run, len(images), None)
    else:
        held = held_out(run, table, 2)
        rows = kind_rows(table, change, held.split)
        if not len(rows):
            raise RunError(f"no held-out image is where {change} begins", "name images of your own")
        rows = rows[some(len(rows), _ROWS)]
        images, condition = table.values[rows], condition_of(run, table, rows)
    made = edit(run, images, along, points, strength, refine, condition)
    return _save_rows("edit", run, [images[:, None], np.asarray(made, np.uint8)], out)


def _opened(
    run: Run, paths: Sequence[Path], asked: Mapping[str, Any]
) -> tuple[Run, Table, NDArray[Any], Sequence[str]]:
    """The run with its encoder, its data, and the images that were named, read before anything is trained."""
    if len(run.shape) != 3:
        raise RunError(f"{run.path} makes points, not images", "leave images, --walk and --edit out; or use Python")
    loose = pictures_of(run, paths) if paths else None
    for each in loose.skipped if loose else ():
        print(f"advnets: left out: {each}", file=sys.stderr)
    for note in loose.notes if loose else ():
        print(f"noticed: {note}", file=sys.stderr)
    run, table = with_encoder_of(run, asked["data"], asked["fresh"], asked["changes"])
    none = np.empty((0, *run.shape), np.uint8)
    return run, table, loose.values if loose else none, loose.names if loose else ()


def _save_overview(images: NDArray[np.uint8], made: NDArray[np.uint8], table: Table, target: Path) -> None:
    """Images above what is made of them and the nearest training images."""
    shown = np.stack([images, made, table.values[nearest_rows(images, table)]])
    figures.save(figures.by_class(shown, ["real", "from its latents", "nearest training image"]), target)


def _save_rows(name: str, run: Run, parts: Sequence[NDArray[np.uint8]], out: Path | None) -> str:
    """A picture of rows, real images at their ends."""
    target = out or folder_of(run.path, run.step) / f"{name}.png"
    with writing_elsewhere(target):
        figures.save(figures.interpolation(np.concatenate(parts, 1)), target, run.step)
    return f"{name}: {target}"


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
