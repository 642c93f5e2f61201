"""What was done to images on their way to the measures, and moves figures: said, so that nobody has to guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from advnets.data import ImageTable
from advnets.data.options import GivenRange, check_range
from advnets.data.origins import Origins
from advnets.data.resize import COLORS_LOST
from advnets.evaluation.opening import Opened

_FILTER = "Lanczos, antialiased"
_FITTED = {"crop": "cropped to the middle", "pad": "padded with white", "stretch": "stretched"}
_SAID_BELOW = "are enlarged", "are cropped", COLORS_LOST
_EQUAL = "precision", "recall", "density", "coverage", "two_sample", "birthday"
"""Measures of as many samples as real images."""


def changes(opened: Opened, range: GivenRange = None) -> list[str]:
    """What was done to samples and real images that a reader of figures should know, a sentence each.

    Args:
        opened: the samples and the data.
        range: of the samples' values, where it was said.
    """
    notes = _of_samples(opened.read) if opened.read is not None else []
    if isinstance(opened.table, ImageTable):
        notes += _of_images("real images", opened.table)
    if (known := check_range(range)) is not None:
        ends = "the least to the greatest" if known == "auto" else f"{known[0]:g} to {known[1]:g}"
        notes.append(f"samples: values from {ends} became 0 to 255, and any beyond were cut off")
    if opened.run is not None and (sources := opened.run.translated):
        notes.append(f"samples are translations of {sources}, at most one of each")
    count = len(opened.samples)
    if opened.given > count:
        notes.append(f"{count:,} of {opened.given:,} samples are measured: --count {opened.given} measures all")
    return notes


def _of_samples(table: ImageTable) -> list[str]:
    what, origins = f"samples in {table.name}", table.origins()
    notes = [f"{what}: {each}" for each in table.notes if not each.endswith(_SAID_BELOW)]
    if table.skipped:
        notes.append(f"{what}: {len(table.skipped):,} files are left out, as {table.skipped[0]}")
    notes += _of_images("samples", table)
    if origins is not None and origins.lossy:
        kinds = " and ".join(f"{count:,} {kind}" for kind, count in origins.lossy.items())
        of = f"{kinds} of {len(origins.sizes):,} files"
        notes.append(f"{what}: {of}, whose losses move figures: save PNG files, or a .npy")
    return notes


def _of_images(what: str, table: ImageTable) -> list[str]:
    """What was done to sizes and colors of what a table holds."""
    what, origins = f"{what} in {table.name}", table.origins()
    notes = [f"{what}: {each}" for each in table.notes if each.endswith(COLORS_LOST)]
    if origins is None:
        return notes
    if table.shape[0] == 3 and origins.gray:
        notes.append(f"{what}: {origins.gray:,} of {len(origins.sizes):,} are gray, repeated in every channel")
    return _resized(what, origins, table.shape) + notes


def _resized(what: str, origins: Origins, shape: tuple[int, ...]) -> list[str]:
    _, height, width = shape
    counts = Counter[tuple[int, int]](map(tuple, origins.sizes.tolist()))
    others = Counter({size: count for size, count in counts.items() if size != (height, width)})
    if not others:
        return []
    larger = sum(count for (h, w), count in others.items() if w * h > width * height)
    verb = "shrunk" if larger == others.total() else "enlarged" if not larger else "shrunk or enlarged"
    fitted = f", {_FITTED[origins.fit]}" if any(w * height != h * width for h, w in others) else ""
    h, w = others.most_common(1)[0][0]
    sizes = f"{h} x {w}{' and other sizes' if len(others) > 1 else ''}"
    of = f"{others.total():,} of {counts.total():,}"
    return [f"{what}: {of} were {verb} from {sizes} to {height} x {width} ({_FILTER}{fitted})"]


def equal_counts(samples: int, real: int, names: Iterable[str]) -> list[str]:
    """Which measures took fewer than there are, since they take as many samples as real examples."""
    cut = [name for name in names if name in _EQUAL]
    if not cut or samples == real:
        return []
    what = "samples" if samples > real else "real examples"
    few, many = sorted((samples, real))
    take = "takes" if len(cut) == 1 else "take"
    return [f"{', '.join(cut)} {take} as many samples as real examples: {few:,} of the {many:,} {what}"]
