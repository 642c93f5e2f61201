"""What is to be measured: samples of a run, of a file or in memory, beside the data that they imitate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data import (
    ImageTable,
    Table,
    holds_images,
    is_vectors,
    open_again,
    open_data,
    open_points,
    open_table,
    open_vectors,
)
from advnets.data.depth import RangeError, to_bytes
from advnets.data.formats import located
from advnets.data.layout import axes_of, to_nchw
from advnets.data.options import GivenRange, check_range
from advnets.data.parallel import progress_bar
from advnets.data.recognize import is_known
from advnets.data.resize import FILE_CHANNELS
from advnets.data.toys import TOYS
from advnets.data.vectors import rows_like
from advnets.errors import DataError, MeasureError
from advnets.measures.inputs import some
from advnets.runs.run import Run
from advnets.runs.sampling import Samples as Made

Samples = NDArray[np.uint8] | NDArray[np.float32]
"""uint8 N x C x H x W, or float32 points N x D: of a table, in standard deviations of its columns."""

Size = int | tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Given:
    """Samples of another program.

    Args:
        samples: as they are measured.
        read: the table that files became; None of arrays in memory and of points.
    """

    samples: Samples
    read: ImageTable | None = None

    def beside(self, table: Table, count: int) -> Opened:
        """At most so many of them beside a table."""
        chosen = self.samples[some(len(self.samples), count)]
        return Opened(chosen, table, None, read=self.read, given=len(self.samples))


@dataclass(frozen=True, eq=False)
class Opened:
    """Samples and the data that they imitate.

    Args:
        samples: what is measured.
        table: the data.
        run: that the samples are of; None for other samples.
        classes: of a conditional game, the class of the data that each sample was to be; None where there is none.
        read: of samples in files, as `Given` has it.
        given: how many samples there are of which these were taken; 0 for as many.
        unseen: how many samples of a run are still to be drawn.
    """

    samples: Samples
    table: Table
    run: Run | None
    classes: NDArray[np.int64] | None = None
    read: ImageTable | None = None
    given: int = 0
    unseen: int = 0

    @property
    def count(self) -> int:
        """How many samples are measured."""
        return len(self.samples) + self.unseen


def open_samples(
    source: Run | str | Path | Samples,
    data: str | Path | Table | None,
    count: int,
    size: Size = None,
    range: GivenRange = None,
) -> Opened:
    """Opens what is to be measured, as `evaluate` describes its arguments; samples of a run are still to be drawn.

    Raises:
        MeasureError: there are no such samples, no data for them, or the two do not go together.
        DataError: data or samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    source = found_run(source)
    if isinstance(source, Run):
        _refuse_range(range, f"{source.path} is a run")
        images, shape = len(source.shape) == 3, (0, *source.shape)
        none: Samples = np.empty(shape, np.uint8) if images else np.empty(shape, np.float32)
        table = _data_of_run(source, data, none)
        conditions = np.empty(0, np.int64) if source.classes else None
        return Opened(none, table, source, _of_table(conditions, source, table), unseen=source.sampler.once(count))
    if data is None:
        raise MeasureError("samples alone cannot be measured", "name the data they imitate with --data")
    found, table = _beside(source, _points_of(data) or data, size, range)
    return found.beside(table, count)


def drawn(opened: Opened, seed: int) -> Opened:
    """What was opened, with the samples of a run drawn that were still to be.

    Raises:
        DataError: the table has columns that the run's samples lack.
    """
    run = opened.run
    if run is None or not opened.unseen:
        return opened
    with progress_bar(f"Drawing from {run.path}", opened.unseen, unit="samples", shown=True) as advance:
        samples, conditions = run.sample_with_classes(opened.unseen, seed, advance)
    made = measurable(run, samples, opened.table)
    return replace(opened, samples=made, classes=_of_table(conditions, run, opened.table), unseen=0)


def measurable(run: Run, samples: Made, table: Table) -> Samples:
    """Samples of a run as they are measured beside a table: images as they are, points as the table's.

    Raises:
        DataError: the table has columns that the samples lack.
    """
    if holds_images(table):
        return samples  # type: ignore[return-value]  # images are bytes
    return rows_like(samples, table.scale, table.shape[0], run.columns or None)


def _points_of(data: str | Path | Table) -> Table | None:
    """The data that a name or a file of points means; None where it means images, or they are open already."""
    if isinstance(data, str) and data in TOYS:
        return open_points(data)
    return open_vectors(data) if isinstance(data, str | Path) and is_vectors(data) else None


def found_run(source: Run | str | Path | Samples) -> Run | str | Path | Samples:
    """The run, where a path is its directory; else the source as it is.

    Raises:
        MeasureError: there is nothing at a path.
        RunError: there is no sound checkpoint.
    """
    if not isinstance(source, str | Path):
        return source
    if not is_known(str(source)):
        raise MeasureError(f"{source}: no such run or samples", "name a run directory, or a file or folder of samples")
    return Run(source) if (Path(source) / "run.json").exists() else source


def _of_table(conditions: NDArray[np.int64] | None, run: Run, table: Table) -> NDArray[np.int64] | None:
    """Classes of a run's samples as the table numbers those of the same names; None where it lacks one of them."""
    if conditions is None or not set(run.classes) <= set(table.classes):
        return None
    places = np.array([table.classes.index(name) for name in run.classes], np.int64)
    return places[conditions]


def _beside(
    source: str | Path | Samples, data: str | Path | Table, size: Size, range: GivenRange
) -> tuple[Given, Table]:
    """Samples that are of no run, and their data."""
    if not isinstance(data, str | Path) and not holds_images(data):
        _refuse_size(size, f"{data.name} holds points")
        _refuse_range(range, f"{data.name} holds points")
        return Given(_points(source, data)), data
    if not isinstance(source, np.ndarray) and located(source)[0].suffix not in (".npy", ".npz"):
        # Image files have no size of their own that counts: they are brought to the data's.
        table = _open_data(data, size) if isinstance(data, str | Path) else data
        channels, height, width = table.shape
        return _read(source, (height, width), channels, range), table
    _refuse_size(size, "samples in arrays have their own")
    found = images_of(source, range=range)
    return found, _of_shape(found.samples.shape[1:], data) if isinstance(data, str | Path) else data


def _refuse_size(size: Size, why: str) -> None:
    if size is not None:
        raise MeasureError(f"size is for image files, {why}", "leave --size out")


def _refuse_range(range: GivenRange, why: str) -> None:
    if range is not None:
        raise MeasureError(f"range is for samples of other programs, {why}", "leave --range out")


def _open_data(data: str | Path, size: Size = None, channels: int | None = None) -> Table:
    """Data that a name or a path means; `range` is said of samples, and none of theirs."""
    try:
        return open_table(data, size, channels)
    except DataError as error:
        if "--range" not in error.remedy:
            raise
        raise DataError(error.what, "save them as bytes from 0 to 255, or as floats from 0 to 1") from error


def _of_shape(shape: tuple[int, ...], data: str | Path) -> Table:
    """Data at the size of samples; as they are if that is theirs, so that everybody measures against one table."""
    table = _open_data(data)
    channels, height, width = shape
    if channels not in (1, 3, table.shape[0]):
        raise MeasureError(
            f"samples have {channels} channels, {table.name} has {table.shape[0]}", "give gray or RGB samples"
        )
    return table if table.shape == shape else _open_data(data, (height, width), channels)


def _data_of_run(run: Run, data: str | Path | Table | None, samples: Made) -> Table:
    if data is None:
        return open_again(run.recipe)
    table = _read_by_run(run, data, samples) if isinstance(data, str | Path) else data
    if holds_images(table) and samples.ndim != 4:
        raise MeasureError(f"{run.path} makes points, {table.name} are images", "measure against points")
    if samples.ndim == 4 and not holds_images(table):
        raise MeasureError(f"{table.name} holds points, not images", "measure against images")
    return table


def _read_by_run(run: Run, data: str | Path, samples: Made) -> Table:
    """Data in the run's own way of reading images, at the size of what it makes."""
    table = open_data(run.recipe.replace(data=data, sources=None))
    if samples.ndim != 4 or not holds_images(table) or table.shape == samples.shape[1:]:
        return table
    channels, height, width = samples.shape[1:]
    return open_data(run.recipe.replace(data=data, sources=None, size=(height, width), channels=channels))


def images_of(source: str | Path | Samples, size: Size = None, range: GivenRange = None) -> Given:
    """Samples that are images, uint8 N x C x H x W.

    Args:
        source: files, or an array.
        size: that image files are brought to, if any.
        range: of the values that become 0 and 255, as for `open_table`.

    Raises:
        MeasureError: an array of another type or shape.
        DataError: they cannot be read, or are values outside their type's range.
    """
    if not isinstance(source, np.ndarray):
        return _read(source, size, None, range)
    if source.dtype.kind not in "fu":
        raise MeasureError(f"samples of type {source.dtype}", "give uint8, or floats from 0 to 1")
    first = source.ndim == 4 and source.shape[1] in FILE_CHANNELS  # of the layouts that would do, that of samples
    images = source if first else to_nchw(source, axes_of("samples", source.shape))
    if images.shape[1] not in FILE_CHANNELS:
        raise MeasureError(f"samples have {images.shape[1]} channels", "give gray or RGB samples, or RGB and opacity")
    if images.dtype == np.uint8 and range is None:
        return Given(np.ascontiguousarray(images, np.uint8))
    try:
        said = check_range(range)
        ends = (float(images.min()), float(images.max())) if said == "auto" else said
        return Given(to_bytes(np.ascontiguousarray(images), ends)[0])
    except RangeError as error:
        raise DataError(f"samples: {error.what}", error.remedy) from None


def _read(source: str | Path, size: Size, channels: int | None, range: GivenRange) -> Given:
    """Samples in files."""
    table = open_table(source, size, channels, labels="none", range=range, holdout=0.0)
    return Given(table.values, table)


def _points(source: str | Path | Samples, table: Table) -> NDArray[np.float32]:
    if not is_vectors(source):
        what = f"an array of shape {source.shape}" if isinstance(source, np.ndarray) else str(source)
        raise MeasureError(f"{what} holds no points", "give N x D numbers, or a .npy, .npz, .csv or .parquet file")
    return rows_like(source, table.scale, table.shape[0])
