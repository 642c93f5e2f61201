"""Stacked MNIST: color images of three digits, one a channel, and as many classes as three digits make numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, rows_per_block, write_blocks
from advnets.data.journal import Journal
from advnets.data.marks import Marks
from advnets.data.options import Options
from advnets.data.source import Source, Written
from advnets.data.writer import RowWriter
from advnets.errors import DataError

CHANNELS = 3


@dataclass(frozen=True)
class Stacked:
    """A data set made of a gray one with labels and fixed splits: each image is three of its images, drawn anew.

    Args:
        name: what users call it.
        stack_of: the gray one's name.
        counts: images of each split; their channels are drawn from that split of the gray one and no other.
        seed: of the draws, so that the images are always the same ones.
    """

    name: str
    stack_of: str
    counts: Mapping[str, int]
    seed: int


STACKED_MNIST = Stacked("stacked-mnist", "mnist", {"train": 128_000, "valid": 25_600, "test": 25_600}, seed=2017)
"""As many training images as PacGAN has, and as many others as samples are usually counted: 25.6 a class."""


def stacked_source(data: Stacked, gray: Source) -> Source:
    """The source of a stacked set. The class of an image has its channels' classes as its digits, the first foremost.

    Args:
        data: what to make.
        gray: what to make it of.

    Source: Metz et al. 2017, Unrolled GANs, section 3.3.1; Srivastava et al. 2017, VEEGAN; Lin et al. 2018, PacGAN.
    """
    identity: list[object] = ["stacked", gray.identity, sorted(data.counts.items()), data.seed]

    def write(writer: RowWriter, options: Options) -> Written:
        if options.channels not in (None, CHANNELS):
            what = f"{data.name}: a digit in each of {CHANNELS} channels cannot become {options.channels} channel(s)"
            raise DataError(what, f"use images of {CHANNELS} channels, or {data.stack_of}")
        folder = writer.journal.folder / "gray"
        aside = RowWriter(folder / "images.bin", Journal(folder))
        try:
            written = gray.write(aside, replace(options, channels=1))
            aside.close()
            return _stack(data, aside, written, writer, options)
        finally:
            aside.abandon()

    return Source(data.name, identity, write, data.stack_of, f"three images of {data.stack_of}, a channel each")


def _stack(data: Stacked, gray: RowWriter, written: Written, writer: RowWriter, options: Options) -> Written:
    assert gray.shape is not None
    assert written.ranges is not None
    planes = np.memmap(gray.path, np.uint8, "r", shape=(gray.count, *gray.shape[1:]))
    rows, ranges = _draw(data, written.ranges)
    step = rows_per_block(CHANNELS * planes[0].nbytes)

    def stream() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(rows), step):
            yield planes[rows[start : start + step]]

    # The planes have their size already.
    write_blocks(Blocks(data.name, stream, len(rows), ranges), writer, replace(options, size=None, channels=None))
    marks = written.marks
    if marks.labels is None:
        return Written(ranges=ranges)
    base = len(marks.classes)
    labels = marks.labels[rows] @ base ** np.arange(CHANNELS)[::-1]
    classes = tuple("".join(names) for names in itertools.product(marks.classes, repeat=CHANNELS))
    return Written(Marks(labels, classes), ranges)


def _draw(
    data: Stacked, gray_ranges: Mapping[str, tuple[int, int]]
) -> tuple[NDArray[np.int64], dict[str, tuple[int, int]]]:
    """Which gray rows make each image, N x 3, and where its splits lie."""
    drawn: list[NDArray[np.int64]] = []
    ranges: dict[str, tuple[int, int]] = {}
    first = 0
    for number, (split, count) in enumerate(data.counts.items()):
        rng = np.random.default_rng([data.seed, number])
        drawn.append(rng.integers(*gray_ranges[split], size=(count, CHANNELS)))
        ranges[split] = first, first + count
        first += count
    return np.concatenate(drawn), ranges
