"""What a generator is worth: samples against data, by the measures that were asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.api import open_data
from advnets.data import ImageTable, open_table
from advnets.data.arrays import read_npy, read_npz
from advnets.data.toys import TOYS, PointTable, open_points
from advnets.errors import MeasureError
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject, check_names, measure
from advnets.measures.features import extractor
from advnets.measures.inputs import some
from advnets.runs.run import Run

Samples = NDArray[np.uint8] | NDArray[np.float32]
Table = ImageTable | PointTable
SAMPLES = 10_000
_ROWS_AT_ONCE = 4096
REAL = ("test", "valid", "train")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The answers of the measures.

    Args:
        results: measure name to its `Measurement`.
        of: what was measured: data, real (the split), fingerprint of these real images (SHA-256), count,
            extractor (the identity of the features), and for a run step and seed of the samples.
        features: what distances were taken in.
        notes: what a reader should know: a classifier's accuracy, measures that could not be taken.
        samples: the samples that were measured, uint8 N x C x H x W, or float32 points N x 2.
        table: the data they were measured against.
        training: fingerprint of the training images, which memorization searches; empty where it was not asked for.
    """

    results: Mapping[str, Measurement]
    of: Mapping[str, Any]
    features: str
    notes: Sequence[str]
    samples: Samples
    table: Table
    training: str = ""

    @property
    def measures(self) -> dict[str, dict[str, Any]]:
        """The answers as plain values: name to {"value", "interval", ..., "of"}; memorization is of `training`, too."""
        more = {"memorization": {"training": self.training}}
        return {
            name: {**result.as_dict(), "of": {**self.of, **more.get(name, {})}} for name, result in self.results.items()
        }


def evaluate(
    source: Run | str | Path | Samples,
    data: str | Path | ImageTable | None = None,
    metrics: Sequence[str] | str | None = None,
    count: int = SAMPLES,
    seed: int = 1,
    *,
    features: str = "pixels",
    real: str = "test",
    size: int | tuple[int, int] | None = None,
) -> Evaluation:
    """Measure a generator.

    Args:
        source: a run (or its directory), samples in a `.npy` or `.npz` file, a folder or an archive, or an array,
            uint8 N x C x H x W (points: float32 N x 2).
        data: what to measure against: anything `open_table` reads, ring or grid; by default what the run was
            trained on. Validation and test images are its splits.
        metrics: names from `MEASURES`, or "all" for every one that the features allow; by default Parzen and total
            variation for images, modes and the sliced Wasserstein distance for points.
        count: samples drawn from a run, and at most so many of other samples.
        seed: of these samples, and of the measures' own draws.
        features: pixels, classifier, inception, or an ONNX file.
        real: the split of real images to measure against: test, valid or train.
        size: height and width that samples and data from files are brought to; by default the samples' own of
            arrays and runs, the data's otherwise.

    Returns:
        The answers, with the samples and the table that they are of.

    Raises:
        MeasureError: an unknown measure, one that cannot be taken of this, no data named for samples.
        DataError: the data or the samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    if real not in REAL:
        raise MeasureError(f"no split {real!r}", f"choose from {', '.join(REAL)}")
    if seed < 0:
        raise MeasureError(f"seed {seed}", "use 0 or more")
    if count < 2:
        raise MeasureError(f"{count} samples are too few to measure", "ask for 2 or more")
    asked = None if metrics is None or metrics == "all" else _split(metrics)
    if asked is not None:
        check_names(asked)  # before minutes are spent on data
    samples, table, run = _opened(source, data, count, seed, size)
    if isinstance(table, PointTable) and features != "pixels":
        raise MeasureError(f"{table.name} holds points, which have no {features}", "leave --features out")
    if asked is None:
        asked = _default_metrics(table, everything=metrics == "all")
    found = None if isinstance(table, PointTable) else extractor(features, table, progress=True)
    subject = Subject(samples, table, found, real, seed)
    of = {
        "data": table.name, "real": real, "fingerprint": _fingerprint(table, real), "count": len(samples),
        **({} if found is None else {"extractor": found.identity}),
        **({} if run is None else {"step": run.step, "seed": seed}),
    }  # fmt: skip
    results, refused = _taken(subject, asked, everything=metrics == "all")
    notes = [*_worth(subject, results), *refused]
    training = _fingerprint(table, "train") if "memorization" in results else ""
    return Evaluation(results, of, subject.features, notes, samples, table, training)


def _taken(subject: Subject, names: Sequence[str], everything: bool) -> tuple[dict[str, Measurement], list[str]]:
    """The measures, and which of all were left out because they cannot be taken of so few samples, say."""
    if not everything:
        return measure(subject, names), []
    results: dict[str, Measurement] = {}
    refused: list[str] = []
    for name in names:
        try:
            results[name] = MEASURES[name].compute(subject)
        except MeasureError as error:
            refused.append(f"{name} was left out: {error}")
    return results, refused


def _worth(subject: Subject, names: Iterable[str]) -> list[str]:
    """What is known of the extractors that took part, such as a classifier's accuracy."""
    if subject.extractor is None:
        return []
    classes = any(MEASURES[name].of == "classes" for name in names)
    extractors = [subject.extractor, *([subject.classifying.extractor] if classes else [])]
    return list(dict.fromkeys(each.note for each in extractors if each is not None and each.note))


def _fingerprint(table: Table, real: str) -> str:
    """Of the real images themselves: however a table was opened, the same images are the same."""
    if isinstance(table, PointTable):
        return table.fingerprint
    digest, rows = hashlib.sha256(str(table.shape).encode()), table.rows(real)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        digest.update(table.images[rows[start : start + _ROWS_AT_ONCE]].tobytes())
    return digest.hexdigest()


def _split(metrics: Sequence[str] | str) -> list[str]:
    if isinstance(metrics, str):
        return [name.strip() for name in metrics.split(",") if name.strip()]
    return list(metrics)


def _default_metrics(table: Table, everything: bool) -> list[str]:
    if isinstance(table, PointTable):
        return [name for name, entry in MEASURES.items() if _of_points(name, entry.of)] if everything else _POINTS
    return list(MEASURES) if everything else _IMAGES


_IMAGES = ["parzen", "total_variation"]
_POINTS = ["modes", "sliced_wasserstein"]


def _of_points(name: str, of: str) -> bool:
    return of == "features" or name == "modes"


def _opened(
    source: Run | str | Path | Samples,
    data: str | Path | ImageTable | None,
    count: int,
    seed: int,
    size: int | tuple[int, int] | None,
) -> tuple[Samples, Table, Run | None]:
    """The samples, the data they imitate, and the run that they are of."""
    if isinstance(source, str | Path) and (Path(source) / "run.json").exists():
        source = Run(source)
    if isinstance(source, Run):
        samples = source.sample(count, seed)
        return samples, _data_of_run(source, data, samples), source
    if not isinstance(source, np.ndarray) and not Path(source).exists():
        raise MeasureError(f"{source}: no such run or samples", "name a run directory, or a file or folder of samples")
    if data is None:
        raise MeasureError("samples alone cannot be measured", "name the data they imitate with --data")
    if isinstance(data, str) and data in TOYS:
        if size is not None:
            raise MeasureError(f"size is for image files, {data} holds points", "leave --size out")
        points = _points(source)
        return points[some(len(points), count)], open_points(data), None
    if not isinstance(source, np.ndarray) and Path(source).suffix not in (".npy", ".npz"):
        # Image files have no size of their own that counts: they are brought to the data's.
        table = data if isinstance(data, ImageTable) else open_table(data, size)
        made = open_table(source, table.shape[1:], table.shape[0], labels="none", progress=False, holdout=0.0)
        return made.images[some(len(made), count)], table, None
    if size is not None:
        raise MeasureError("size is for image files, samples in arrays have their own", "leave --size out")
    samples = _images(source)
    table = data if isinstance(data, ImageTable) else _of_shape(samples.shape[1:], data)
    return samples[some(len(samples), count)], table, None


def _of_shape(shape: tuple[int, ...], data: str | Path) -> ImageTable:
    """Data at the size of samples; as they are if that is theirs, so that everybody measures against one table."""
    table = open_table(data)
    channels, height, width = shape
    return table if table.shape == shape else open_table(data, (height, width), channels)


def _data_of_run(run: Run, data: str | Path | ImageTable | None, samples: Samples) -> Table:
    if isinstance(data, ImageTable):
        return data
    if data is None:
        return open_data(run.recipe)
    if samples.ndim != 4:
        if str(data) not in TOYS:
            raise MeasureError(f"{run.path} makes points, {data} are images", "measure against ring or grid")
        return open_points(str(data))
    # The run's own way of reading images, at the size of what it makes.
    channels, height, width = samples.shape[1:]
    table = open_data(run.recipe.replace(data=data))
    if isinstance(table, ImageTable) and table.shape != samples.shape[1:]:
        table = open_data(run.recipe.replace(data=data, size=(height, width), channels=channels))
    if not isinstance(table, ImageTable):
        raise MeasureError(f"{data} holds points, not images", "measure against images")
    return table


def _images(source: str | Path | Samples) -> NDArray[np.uint8]:
    if not isinstance(source, np.ndarray):
        return open_table(source, labels="none", progress=False, holdout=0.0).images
    if source.dtype != np.uint8 or source.ndim != 4 or source.shape[1] not in (1, 3):
        raise MeasureError(
            f"samples of type {source.dtype} and shape {source.shape}", "give uint8, N x C x H x W, C 1 or 3"
        )
    return source  # type: ignore[return-value]  # the type was checked


def _points(source: str | Path | Samples) -> NDArray[np.float32]:
    if isinstance(source, np.ndarray):
        values = source
    else:
        if Path(source).suffix not in (".npy", ".npz"):
            raise MeasureError(f"{source} holds no points", "give a .npy or .npz file")
        values = read_npz(Path(source))[0] if Path(source).suffix == ".npz" else read_npy(Path(source))
    if values.ndim != 2 or values.shape[1] != 2 or not np.issubdtype(values.dtype, np.floating):
        raise MeasureError(f"samples of type {values.dtype} and shape {values.shape}", "give points, float, N x 2")
    return np.asarray(values, dtype=np.float32)
