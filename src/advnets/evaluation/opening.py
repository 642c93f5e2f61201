"""What is to be measured: samples of a run, of a file or in memory, beside the data that they imitate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data import (
    Table,
    holds_images,
    is_vectors,
    open_again,
    open_data,
    open_points,
    open_table,
    open_vectors,
)
from advnets.data.formats import located
from advnets.data.recognize import is_known
from advnets.data.toys import TOYS
from advnets.data.vectors import rows_like
from advnets.errors import MeasureError
from advnets.measures.inputs import some
from advnets.runs.run import Run
from advnets.runs.sampling import Samples as Made

Samples = NDArray[np.uint8] | NDArray[np.float32]
"""uint8 N x C x H x W, or float32 points N x D: of a table, in standard deviations of its columns."""

Size = int | tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Opened:
    """Samples and the data that they imitate.

    Args:
        samples: what is measured.
        table: the data.
        run: that the samples are of; None for other samples.
        classes: of a conditional game, the class of the data that each sample was to be; None where there is none.
    """

    samples: Samples
    table: Table
    run: Run | None
    classes: NDArray[np.int64] | None = None


def open_samples(
    source: Run | str | Path | Samples, data: str | Path | Table | None, count: int, seed: int, size: Size
) -> Opened:
    """Opens what is to be measured, as `evaluate` describes its arguments.

    Raises:
        MeasureError: there are no such samples, no data for them, or the two do not go together.
        DataError: data or samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    if isinstance(source, str | Path) and (Path(source) / "run.json").exists():
        source = Run(source)
    if isinstance(source, Run):
        samples, conditions = source.sample_with_classes(count, seed)
        table = _data_of_run(source, data, samples)
        samples = measurable(source, samples, table)
        return Opened(samples, table, source, conditions if source.classes == table.classes else None)
    if not isinstance(source, np.ndarray) and not is_known(str(source)):
        raise MeasureError(f"{source}: no such run or samples", "name a run directory, or a file or folder of samples")
    if data is None:
        raise MeasureError("samples alone cannot be measured", "name the data they imitate with --data")
    samples, table = _beside(source, _points_of(data) or data, size)
    return Opened(samples[some(len(samples), count)], table, None)


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


def _beside(source: str | Path | Samples, data: str | Path | Table, size: Size) -> tuple[Samples, Table]:
    """Samples that are of no run, and their data."""
    if not isinstance(data, str | Path) and not holds_images(data):
        _refuse_size(size, f"{data.name} holds points")
        return _points(source, data), data
    if not isinstance(source, np.ndarray) and located(source)[0].suffix not in (".npy", ".npz"):
        # Image files have no size of their own that counts: they are brought to the data's.
        table = open_table(data, size) if isinstance(data, str | Path) else data
        channels, height, width = table.shape
        return open_table(source, (height, width), channels, labels="none", progress=False, holdout=0.0).values, table
    _refuse_size(size, "samples in arrays have their own")
    samples = _images(source)
    return samples, _of_shape(samples.shape[1:], data) if isinstance(data, str | Path) else data


def _refuse_size(size: Size, why: str) -> None:
    if size is not None:
        raise MeasureError(f"size is for image files, {why}", "leave --size out")


def _of_shape(shape: tuple[int, ...], data: str | Path) -> Table:
    """Data at the size of samples; as they are if that is theirs, so that everybody measures against one table."""
    table = open_table(data)
    channels, height, width = shape
    return table if table.shape == shape else open_table(data, (height, width), channels)


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
    table = open_data(run.recipe.replace(data=data))
    if samples.ndim != 4 or not holds_images(table) or table.shape == samples.shape[1:]:
        return table
    channels, height, width = samples.shape[1:]
    return open_data(run.recipe.replace(data=data, size=(height, width), channels=channels))


def _images(source: str | Path | Samples) -> NDArray[np.uint8]:
    if not isinstance(source, np.ndarray):
        return open_table(source, labels="none", progress=False, holdout=0.0).values
    if source.dtype != np.uint8 or source.ndim != 4 or source.shape[1] not in (1, 3):
        raise MeasureError(
            f"samples of type {source.dtype} and shape {source.shape}", "give uint8, N x C x H x W, C 1 or 3"
        )
    return source  # type: ignore[return-value]  # the type was checked


def _points(source: str | Path | Samples, table: Table) -> NDArray[np.float32]:
    if not is_vectors(source):
        what = f"an array of shape {source.shape}" if isinstance(source, np.ndarray) else str(source)
        raise MeasureError(f"{what} holds no points", "give N x D numbers, or a .npy, .npz, .csv or .parquet file")
    return rows_like(source, table.scale, table.shape[0])
