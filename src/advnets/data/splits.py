"""Which rows are for training, validation and test.

A user's own images are split by a hash of their decoded pixels, before any resizing: an image keeps its side
when files are added, renamed or saved in another lossless format, and exact copies always share one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from advnets.data.table import SPLITS

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What people call a split."""
_SHOWN = 3
_ROWS_AT_ONCE = 1 << 16


def content_key(width: int, height: int, pixels: bytes | memoryview) -> int:
    """64 bits that depend on an image's size and pixels alone.

    Args:
        pixels: height x width x 3 bytes (a gray image counts as the same image in RGB).
    """
    digest = hashlib.sha256(b"%d x %d:" % (width, height))
    digest.update(pixels)
    return int.from_bytes(digest.digest()[:8], "big")


def picture_key(pixels: NDArray[np.uint8]) -> int:
    """The content key of an image.

    Args:
        pixels: height x width of a gray image, height x width x 3 of a color one.
    """
    height, width = pixels.shape[:2]
    color = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
    return content_key(width, height, np.ascontiguousarray(color).data)


def block_keys(images_NCHW: NDArray[np.uint8]) -> list[int]:
    """The content keys of images that are arrays; equal to those of the same pixels in image files."""
    height, width = images_NCHW.shape[2:]
    if images_NCHW.shape[1] == 1:
        images_NCHW = np.broadcast_to(images_NCHW, (len(images_NCHW), 3, height, width))
    pixels = np.ascontiguousarray(images_NCHW.transpose(0, 2, 3, 1)).reshape(len(images_NCHW), -1)
    return [content_key(width, height, row.data) for row in pixels]


def split_by_key(keys: NDArray[np.uint64], holdout: float) -> dict[str, NDArray[np.int64]]:
    """Draws the splits by thresholds on the keys, so that no row's side depends on any other row.

    Args:
        keys: uint64, N, evenly distributed.
        holdout: share for "valid" and for "test" each, 0 <= holdout < 0.5.

    Returns:
        "train", "valid" and "test" to sorted int64 rows. "train" is never empty: where chance leaves it so,
        the rows of the greatest key move there (copies of one image together).
    """
    sides = np.empty(len(keys), np.uint8)
    for start in range(0, len(keys), _ROWS_AT_ONCE):  # floats of all rows would take more than the rows' numbers
        position = keys[start : start + _ROWS_AT_ONCE] / 2.0**64
        sides[start : start + _ROWS_AT_ONCE] = np.where(position < holdout, 2, position < 2 * holdout)
    if not (sides == 0).any():
        sides[keys == keys.max()] = 0
    return {name: np.flatnonzero(sides == place).astype(np.int64, copy=False) for place, name in enumerate(SPLITS)}


def split_codes(said: Sequence[object]) -> NDArray[np.uint8] | None:
    """Places in `table.SPLITS` out of what is said of each row: a word, or 0, 1 or 2 as CelebA's partition has them.

    Returns:
        uint8, N, with rows of which nothing is said for training; None where nothing is said, or something else, or
        no row is for training.
    """
    if all(each is None for each in said):
        return None
    codes: list[int] = []
    for each in said:
        word = SPLIT_WORDS.get(str(each).strip().lower(), "train" if each is None else "")
        place = str(each).strip()
        if not word and place not in ("0", "1", "2"):
            return None
        codes.append(SPLITS.index(word) if word else int(place))
    return np.array(codes, np.uint8) if 0 in codes else None


def splits_of_names(names: Sequence[str]) -> tuple[list[str], str]:
    """The split of each file or part of a source, where words in their names tell several apart.

    Args:
        names: paths; the last word of a path that says a split counts.

    Returns:
        "train", "valid", "test" or, where nothing is said, an empty text for each; and what to say of that.
    """
    splits = [_split_word(name) for name in names]
    if len({*splits} - {""}) < 2 or "train" not in splits:
        return [""] * len(names), ""
    nameless = [name for name, split in zip(names, splits, strict=True) if not split]
    if not nameless:
        return splits, ""
    shown = ", ".join(nameless[:_SHOWN]) + (", ..." if len(nameless) > _SHOWN else "")
    return splits, f"for training, as no split stands in their names: {shown}"


def _split_word(path: str) -> str:
    words = [word for word in re.split("[^a-z]+", path.lower()) if word in SPLIT_WORDS]
    return SPLIT_WORDS[words[-1]] if words else ""


def split_as_said(codes: NDArray[np.uint8], keys: NDArray[np.uint64], holdout: float) -> dict[str, NDArray[np.int64]]:
    """The splits that a source has; one that it lacks, validation or test, is drawn from its training rows.

    Args:
        codes: uint8, N, places in `table.SPLITS`.
        keys: uint64, N, evenly distributed.
        holdout: share of the training rows for each split that is drawn, 0 <= holdout < 0.5.
    """
    said = {name: np.flatnonzero(codes == place).astype(np.int64) for place, name in enumerate(SPLITS)}
    train = said["train"]
    drawn = {name: train[rows] for name, rows in split_by_key(keys[train], holdout).items()}
    taken = {name: rows if len(rows) else drawn[name] for name, rows in said.items() if name != "train"}
    held_out = [drawn[name] for name in taken if not len(said[name])]
    return {"train": np.setdiff1d(train, np.concatenate(held_out)) if held_out else train, **taken}


def split_by_range(ranges: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[np.int64]]:
    """The fixed splits of a published data set: each name to the rows start, ..., stop - 1."""
    return {name: np.arange(start, stop, dtype=np.int64) for name, (start, stop) in ranges.items()}


def copies_across(codes: NDArray[np.uint8], keys: NDArray[np.uint64]) -> int:
    """How many rows of "valid" and "test" are exact copies of rows of "train".

    Args:
        codes: uint8, N, places in `table.SPLITS`.
        keys: uint64, N, equal where images are.
    """
    return int(np.isin(keys[codes != 0], keys[codes == 0]).sum())
