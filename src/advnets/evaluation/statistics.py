"""Samples beside statistics of real images, of which there are no images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advnets.data import ImageTable, Table, holds_images
from advnets.data.options import GivenRange
from advnets.data.toys import TOYS
from advnets.errors import MeasureError
from advnets.evaluation.opening import Opened, Samples, Size, found_run, images_of, open_samples
from advnets.measures.stored_statistics import StoredStatistics, find_statistics
from advnets.runs.run import Run

FRECHET = "frechet", "frechet_infinity"
"""The measures that are of a mean and a covariance of real images alone."""
REAL_STATISTICS = "statistics"
"""What stands in the place of a split."""


def statistics_of(data: str | Path | Table | None) -> StoredStatistics | None:
    """The statistics that data are, or hold beside images; None where there are none.

    Raises:
        MeasureError: what is called so in a file is none.
    """
    return find_statistics(Path(data).expanduser()) if isinstance(data, str | Path) and data not in TOYS else None


def open_beside(
    source: Run | str | Path | Samples,
    statistics: StoredStatistics,
    count: int,
    size: Size = None,
    range: GivenRange = None,
) -> Opened:
    """Samples beside a table of no images, that has their shape and the file's name; of a run still to be drawn.

    Image files keep their own size, if all have one, since nobody knows at which the real images were seen.

    Raises:
        MeasureError: there are no such samples, or they are no images.
        DataError: samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    source = found_run(source)
    if isinstance(source, Run):
        opened = open_samples(source, None, count, size, range)
        if not holds_images(opened.table):
            raise MeasureError(
                f"{source.path} makes points, {statistics.path} is about images", "measure against points"
            )
        return replace(opened, table=_nothing(statistics, opened.samples), classes=None)
    found = images_of(source, size, range)
    origins = None if size or found.read is None else found.read.origins()
    own = None if origins is None else origins.size
    if own is not None and own != found.samples.shape[2:]:
        found = images_of(source, own, range)
    return found.beside(_nothing(statistics, found.samples), count)


def _nothing(statistics: StoredStatistics, samples: Samples) -> ImageTable:
    images = np.empty((0, *samples.shape[1:]), np.uint8)
    return ImageTable(images, None, (), statistics.digest(), statistics.path.name)


def check_measures(statistics: StoredStatistics, names: Sequence[str]) -> None:
    """See that nothing but the Frechet distance is asked of statistics.

    Raises:
        MeasureError: another measure.
    """
    for name in names:
        if name not in FRECHET:
            raise MeasureError(
                f"{statistics.path} holds a mean and a covariance of features, {name} needs images",
                "ask for frechet, or name images with --data",
            )
