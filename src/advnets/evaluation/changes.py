"""What was done to images on their way to the measures, and moves figures: said, so that nobody has to guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from advnets.data import Table, holds_images, open_table
from advnets.data.options import GivenRange, check_range
from advnets.evaluation.files import LOOKED_AT, Files, look
from advnets.evaluation.opening import Opened, Samples
from advnets.measures.inputs import by
from advnets.runs.run import Run

_COLORS = 20
"""Files in color whose pixels are looked at where colors are dropped."""
_FILTER = "Lanczos, antialiased"
_FITTED = {"crop": "cropped to the middle", "pad": "padded with white", "stretch": "stretched"}
_OF_SIZES = "are enlarged", "are cropped"
_EQUAL = "precision", "recall", "density", "coverage", "two_sample", "birthday"
"""Measures of as many samples as real images."""


def changes(
    source: Run | str | Path | Samples, opened: Opened, data: str | Path | Table | None, range: GivenRange = None
) -> list[str]:
    """What was done to samples and real images that a reader of figures should know, a sentence each.

    Args:
        source: where the samples are from.
        opened: what became of them and of the data.
        data: what was named as data; None for those of a run.
        range: of the samples' values, where it was said.
    """
    notes = list(opened.notes)
    table, run = opened.table, opened.run
    if holds_images(table):
        if run is None and not isinstance(source, Run | np.ndarray):
            files = look(source, _COLORS if table.shape[0] == 1 else 0)
            if files is not None and files.sizes:  # which say more of sizes than was noticed
                notes = [each for each in notes if not each.endswith(_OF_SIZES)]
                notes += _of_files(f"samples in {Path(source).name}", files, table)
        named = run.recipe.source if run is not None and data is None else data
        real = look(named) if isinstance(named, str | Path) else None
        if real is not None:
            fit = "crop" if run is None else run.recipe.fit
            notes += _resized(f"real images in {table.name}", real, table.shape, fit)
        elif isinstance(data, str | Path) and len(table):
            notes += _of_data(opened, data)
    if (known := check_range(range)) is not None:
        ends = "the least to the greatest" if known == "auto" else f"{known[0]:g} to {known[1]:g}"
        notes.append(f"samples: values from {ends} became 0 to 255, and any beyond were cut off")
    count = len(opened.samples)
    if opened.given > count:
        notes.append(f"{count:,} of {opened.given:,} samples are measured: --count {opened.given} measures all")
    return notes


def _of_data(opened: Opened, data: str | Path) -> list[str]:
    """Whether the data were brought to the samples' size and channels."""
    own, shape, name = open_table(data, progress=False).shape, opened.table.shape, opened.table.name
    notes: list[str] = []
    if own[1:] != shape[1:]:
        verb = "enlarged" if own[1] * own[2] < shape[1] * shape[2] else "shrunk"
        sizes = f"from {by(own[1:])} to {by(shape[1:])}"
        notes.append(f"real images in {name} were {verb} {sizes} ({_FILTER}), the samples' size")
    if own[0] != shape[0]:
        what = "repeated in every channel" if own[0] == 1 else "turned to gray" if shape[0] == 1 else "laid over white"
        notes.append(f"real images in {name} have {own[0]} channels, the samples {shape[0]}: they were {what}")
    return notes


def _of_files(what: str, files: Files, table: Table) -> list[str]:
    notes = _resized(what, files, table.shape, "crop")
    total, channels = files.sizes.total(), table.shape[0]
    if files.lossy:
        kinds = " and ".join(f"{count:,} {kind}" for kind, count in files.lossy.items())
        notes.append(f"{what}: {kinds} of {total:,} files, whose losses move figures: save PNG files, or a .npy")
    if channels == 1 and files.colored:
        notes.append(f"{what} have colors, {table.name} has none: they were turned to gray")
    if channels == 3 and files.gray:
        notes.append(f"{what}: {files.gray:,} of {total:,} are gray, and were repeated in every channel")
    return notes


def _resized(what: str, files: Files, shape: tuple[int, ...], fit: str) -> list[str]:
    _, height, width = shape
    others = Counter({size: count for size, count in files.sizes.items() if size != (width, height)})
    if not others:
        return []
    count, total = others.total(), files.sizes.total()
    larger = sum(n for (w, h), n in others.items() if w * h > width * height)
    verb = "shrunk" if larger == count else "enlarged" if not larger else "shrunk or enlarged"
    fitted = f", {_FITTED[fit]}" if any(w * height != h * width for w, h in others) else ""
    w, h = others.most_common(1)[0][0]
    sizes = f"{h} x {w}{' and other sizes' if len(others) > 1 else ''}"
    of = f"{count:,} of {'the first ' if total == LOOKED_AT else ''}{total:,}"
    return [f"{what}: {of} were {verb} from {sizes} to {height} x {width} ({_FILTER}{fitted})"]


def equal_counts(samples: int, real: int, names: Iterable[str]) -> list[str]:
    """Which measures took fewer than there are, since they take as many samples as real images."""
    cut = [name for name in names if name in _EQUAL]
    if not cut or samples == real:
        return []
    what = "samples" if samples > real else "real images"
    few, many = sorted((samples, real))
    return [f"{', '.join(cut)} take as many samples as real images: {few:,} of the {many:,} {what}"]
