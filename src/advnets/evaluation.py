"""What a generator is worth: samples against data, by the measures that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.api import open_data
from advnets.data import ImageTable, open_table
from advnets.errors import MeasureError
from advnets.measures import parzen, total_variation
from advnets.training.run import Run

Pixels = NDArray[np.uint8]
Measure = Callable[[Pixels, ImageTable], Mapping[str, Any]]
SAMPLES = 10_000

MEASURES: dict[str, Measure] = {
    "parzen": lambda samples, table: _parzen(samples, table).as_dict(),
    "total_variation": lambda samples, table: total_variation(samples, table.images[table.rows("test")]).as_dict(),
}
"""Measures by name. One more is one entry: (samples, table) -> {"value": ..., "standard_error": ...}."""


@dataclass(frozen=True)
class Evaluation:
    """The answers of the measures.

    Args:
        measures: measure name to {"value", "standard_error" or "interval", ..., "of"}; "of" says what was measured:
            data, count and, for a run, step and seed of the samples.
        samples: the samples that were measured, uint8 N x C x H x W.
        table: the data they were measured against.
    """

    measures: dict[str, dict[str, Any]]
    samples: Pixels
    table: ImageTable


def evaluate(
    source: Run | str | Path | Pixels,
    data: str | Path | ImageTable | None = None,
    metrics: Sequence[str] = ("parzen", "total_variation"),
    count: int = SAMPLES,
    seed: int = 1,
) -> Evaluation:
    """Measure a generator.

    Args:
        source: a run (or its directory), samples in a `.npy` file, a folder or an archive, or an array, uint8
            N x C x H x W.
        data: what to measure against: anything `open_table` reads; by default what the run was trained on.
            Validation and test images are its splits.
        metrics: names from `MEASURES`.
        count: samples drawn from a run.
        seed: of these samples.

    Returns:
        The answers, with the samples and the table that they are of.

    Raises:
        MeasureError: an unknown measure, points instead of images, no data named for an array.
        DataError: the data or the samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    if not metrics:
        raise MeasureError("no measure was asked for", f"choose from {', '.join(MEASURES)}")
    # Blur raises Parzen: its figure never stands without the total variation that unmasks blur.
    metrics = [*metrics, *(["total_variation"] if "parzen" in metrics and "total_variation" not in metrics else [])]
    for name in metrics:
        if name not in MEASURES:
            raise MeasureError(f"unknown measure {name!r}", f"choose from {', '.join(MEASURES)}")
    samples, run = _samples(source, count, seed)
    table = _table(data, run, samples)
    of = {"data": table.name, "count": len(samples)} | ({} if run is None else {"step": run.step, "seed": seed})
    return Evaluation({name: {**MEASURES[name](samples, table), "of": of} for name in metrics}, samples, table)


def _samples(source: Run | str | Path | Pixels, count: int, seed: int) -> tuple[Pixels, Run | None]:
    if isinstance(source, str | Path) and (Path(source) / "run.json").exists():
        source = Run(source)
    if isinstance(source, Run):
        if len(source.shape) != 3:
            raise MeasureError(f"{source.path} makes points, not images", "these measures are about images")
        return source.sample(count, seed), source  # type: ignore[return-value]  # images are uint8
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 4 or source.shape[1] not in (1, 3):
            raise MeasureError(
                f"samples of type {source.dtype} and shape {source.shape}", "give uint8, N x C x H x W, C 1 or 3"
            )
        return source, None
    return open_table(source, labels="none", progress=False, holdout=0.0).images, None


def _table(data: str | Path | ImageTable | None, run: Run | None, samples: Pixels) -> ImageTable:
    if isinstance(data, ImageTable):
        return data
    if data is None and run is None:
        raise MeasureError("samples alone cannot be measured", "name the data they imitate with --data")
    channels, height, width = samples.shape[1:]
    if run is None:
        assert data is not None
        return open_table(data, (height, width), channels)
    # The run's own way of reading images, at the size of what it makes.
    recipe = run.recipe if data is None else run.recipe.replace(data=data, size=(height, width), channels=channels)
    table = open_data(recipe)
    if not isinstance(table, ImageTable):
        raise MeasureError(f"{recipe.data} holds points, not images", "measure against images")
    return table


def _parzen(samples: Pixels, table: ImageTable) -> Any:
    valid, test = table.rows("valid"), table.rows("test")
    if len(valid) < 2 or len(test) < 2:
        raise MeasureError(
            f"{table.name} has {len(valid)} validation and {len(test)} test images",
            "use data with at least 2 of each",
        )
    # The authors choose sigma on the first 1,000 validation images.
    return parzen(samples, table.images[test], table.images[valid[:1000]])
