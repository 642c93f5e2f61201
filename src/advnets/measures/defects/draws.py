"""Random numbers that are functions of (seed, purpose, row) alone: an image is damaged alike in whatever company."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(seed: int, purpose: str, rows: Indices, size: int | None = None) -> Floats:
    """Numbers in (0, 1), evenly distributed: of each row its own.

    Args:
        seed: of all of them.
        purpose: what they are for; another purpose has other numbers.
        rows: row numbers, N.
        size: how many for each; None for one.

    Returns:
        N, or N x size.
    """
    drawn = ((_words(seed, purpose, rows, size or 1) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return drawn[:, 0] if size is None else drawn


def normal(seed: int, purpose: str, rows: Indices, size: int) -> Floats:
    """Standard normal numbers, N x size: of each row its own."""
    from scipy.special import ndtri

    return ndtri(uniform(seed, purpose, rows, size))


def bytes_of(seed: int, purpose: str, rows: Indices, size: int) -> npt.NDArray[np.uint8]:
    """Evenly distributed bytes, N x size: of each row its own."""
    return (_words(seed, purpose, rows, size) >> np.uint64(56)).astype(np.uint8)


def signs(seed: int, purpose: str, rows: Indices) -> Floats:
    """-1 or 1 for each row."""
    return np.where(uniform(seed, purpose, rows) < 0.5, -1.0, 1.0)


def first_share(seed: int, purpose: str, rows: Indices, share: float) -> npt.NDArray[np.bool_]:
    """Which of the rows are among so large a share of them, to the nearest whole row; a larger share takes in these."""
    order = np.argsort(uniform(seed, purpose, rows), kind="stable")
    found = np.zeros(len(rows), np.bool_)
    found[order[: round(share * len(rows))]] = True
    return found


def _words(seed: int, purpose: str, rows: Indices, size: int) -> Words:
    """64 random bits each, N x size: SplitMix64 from a state of (seed, purpose, row) (Steele et al. 2014)."""
    start = _mixed(np.array([seed, zlib.crc32(purpose.encode())], np.uint64))
    states = _mixed((start[0] ^ _mixed(start[1:])) + rows.astype(np.uint64) * _GOLDEN)
    return _mixed(states[:, None] + np.arange(1, size + 1, dtype=np.uint64) * _GOLDEN)


def _mixed(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
