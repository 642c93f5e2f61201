"""What is to be measured: samples of a run, of a file or in memory, beside the data that they imitate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data import Table, holds_images, open_again, open_data, open_points, open_table
from advnets.data.arrays import read_npy, read_npz
from advnets.data.toys import TOYS
from advnets.errors import MeasureError
from advnets.measures.inputs import some
from advnets.runs.run import Run

Samples = NDArray[np.uint8] | NDArray[np.float32]
"""uint8 N x C x H x W, or float32 points N x D."""

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
        return Opened(samples, table, source, conditions if source.classes == table.classes else None)
    if not isinstance(source, np.ndarray) and not Path(source).exists():
        raise MeasureError(f"{source}: no such run or samples", "name a run directory, or a file or folder of samples")
    if data is None:
        raise MeasureError("samples alone cannot be measured", "name the data they imitate with --data")
    toy = open_points(data) if isinstance(data, str) and data in TOYS else None
    samples, table = _beside(source, toy or data, size)
    return Opened(samples[some(len(samples), count)], table, None)


def _beside(source: str | Path | Samples, data: str | Path | Table, size: Size) -> tuple[Samples, Table]:
    """Samples that are of no run, and their data."""
    if not isinstance(data, str | Path) and not holds_images(data):
        _refuse_size(size, f"{data.name} holds points")
        return _points(source, data), data
    if not isinstance(source, np.ndarray) and Path(source).suffix not in (".npy", ".npz"):
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


def _data_of_run(run: Run, data: str | Path | Table | None, samples: Samples) -> Table:
    if data is None:
        return open_again(run.recipe)
    table = _read_by_run(run, data, samples) if isinstance(data, str | Path) else data
    if holds_images(table) and samples.ndim != 4:
        raise MeasureError(f"{run.path} makes points, {table.name} are images", "measure against ring or grid")
    if samples.ndim == 4 and not holds_images(table):
        raise MeasureError(f"{table.name} holds points, not images", "measure against images")
    return table


def _read_by_run(run: Run, data: str | Path, samples: Samples) -> Table:
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
    if isinstance(source, np.ndarray):
        values = source
    else:
        if Path(source).suffix not in (".npy", ".npz"):
            raise MeasureError(f"{source} holds no points", "give a .npy or .npz file")
        values = read_npz(Path(source)).images if Path(source).suffix == ".npz" else read_npy(Path(source))
    (width,) = table.shape
    if values.ndim != 2 or values.shape[1] != width or not np.issubdtype(values.dtype, np.floating):
        what = f"samples of type {values.dtype} and shape {values.shape}"
        raise MeasureError(what, f"give points, float, N x {width}")
    return np.asarray(values, dtype=np.float32)
