"""What `advnets infer` makes and prints: figures of an encoder, latents of images, walks and changes."""

from __future__ import annotations

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
from advnets.errors import RunError
from advnets.files import write_whole
from advnets.inference.editing import direction, edit, kind_rows, walk
from advnets.inference.errors import coder_errors, condition_of, held_out, nearest_rows
from advnets.inference.infer import COLUMNS, infer, with_encoder_of
from advnets.measures.inputs import some
from advnets.runs.encoders import folder_of
from advnets.runs.inference import conditions_of, pictures_of
from advnets.runs.run import Run
from advnets.terminal.sampling import named_classes
from advnets.terminal.saving import save_json, writing_elsewhere

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
    run, table, images, names = _opened(run, paths, asked)
    condition = conditions_of(run, len(images), named_classes(run, classes))
    target = out or folder_of(run.path, run.step) / "inferred"
    if target.suffix:
        raise RunError(f"--out {target} is no directory", "name one: latents and images go into it")
    codes, errors = coder_errors(run.coder, images, run.coder.encode(images), refine, condition)
    made = np.asarray(run.coder.decode(codes, condition), np.uint8)
    files = _file_names(names)
    with writing_elsewhere(target):
        write_whole(target / "latents.npy", lambda file: np.save(file, codes.numpy()))
        for name, image in zip(files, made, strict=True):
            figures.save_one(image.transpose(1, 2, 0), target / name)
        closest = table.values[nearest_rows(images[:COLUMNS], table)]
        shown = np.stack([images[:COLUMNS], made[:COLUMNS], closest])
        figures.save(figures.by_class(shown, ["real", "from its latents", "nearest training image"]),
                     target / "inferred.png")  # fmt: skip
    rows = zip(names, files, errors.tolist(), strict=True)
    save_json([{"image": name, "made": file, "error": error} for name, file, error in rows], target / "inferred.json")
    return f"{len(images):,} images, mean squared error {errors.mean():.4f}: {target}"


def walked(
    run: Run, paths: Sequence[Path], asked: Mapping[str, Any], classes: str | None, points: int, refine: int,
    out: Path | None,
) -> str:  # fmt: skip
    """Draw walks from image to image; the line that says where."""
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
    run, table, images, _ = _opened(run, paths, asked)
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
    run, table = with_encoder_of(run, asked["data"], asked["fresh"], asked["changes"])
    none = np.empty((0, *run.shape), np.uint8)
    return run, table, loose.values if loose else none, loose.names if loose else ()


def _save_rows(name: str, run: Run, parts: Sequence[NDArray[np.uint8]], out: Path | None) -> str:
    """A picture of rows, real images at their ends."""
    target = out or folder_of(run.path, run.step) / f"{name}.png"
    with writing_elsewhere(target):
        figures.save(figures.interpolation(np.concatenate(parts, 1)), target, run.step)
    return f"{name}: {target}"


def _file_names(names: Sequence[str]) -> list[str]:
    """PNG files for what is made of images, numbered where two would be called the same."""
    found: list[str] = []
    for name in names:
        stem = re.sub(r"\.[^.#]*(#\d+)?$", lambda ending: (ending[1] or "").replace("#", "-"), Path(name).name)
        wanted, number = f"{stem}.png", 2
        while wanted in found:
            wanted, number = f"{stem}-{number}.png", number + 1
        found.append(wanted)
    return found
