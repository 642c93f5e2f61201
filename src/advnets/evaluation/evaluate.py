"""What a generator is worth: samples against data, by the measures that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advnets.data import Table, holds_images
from advnets.errors import MeasureError
from advnets.evaluation.opening import Opened, Samples, Size, open_samples
from advnets.evaluation.per_class import NONE, ByClass, check_per_class, measure_classes
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject, check_names, is_of, measure
from advnets.measures.features import Extractor, extractor_for
from advnets.runs.run import Run

SAMPLES = 10_000
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
        samples: the samples that were measured, uint8 N x C x H x W, or float32 points N x D, standardized as the
            table's are.
        table: the data they were measured against.
        training: fingerprint of the training images, which memorization searches; empty where it was not asked for.
        by_class: the answers within each class, where they were asked for.
    """

    results: Mapping[str, Measurement]
    of: Mapping[str, Any]
    features: str
    notes: Sequence[str]
    samples: Samples
    table: Table
    training: str = ""
    by_class: ByClass = NONE

    @property
    def measures(self) -> dict[str, dict[str, Any]]:
        """The answers as plain values: name to {"value", "interval", ..., "of"}; memorization is of `training`, too.

        What was measured within classes has `classes`, too: name to the same of the class, with `real_images` of it.
        """
        more = {"memorization": {"training": self.training}}
        return {
            name: {**result.as_dict(), **self._classes(name), "of": {**self.of, **more.get(name, {})}}
            for name, result in self.results.items()
        }

    def _classes(self, measure: str) -> dict[str, Any]:
        found = {
            name: {**each.results[measure].as_dict(with_caveat=False), "real_images": each.real}
            for name, each in self.by_class.answers.items()
            if measure in each.results
        }
        return {"classes": found} if found else {}


def evaluate(
    source: Run | str | Path | Samples,
    data: str | Path | Table | None = None,
    metrics: Sequence[str] | str | None = None,
    count: int = SAMPLES,
    seed: int = 1,
    *,
    features: str = "pixels",
    real: str = "test",
    size: Size = None,
    per_class: bool = False,
) -> Evaluation:
    """Measure a generator.

    Args:
        source: a run (or its directory), samples in a `.npy` or `.npz` file, a folder or an archive, or an array,
            uint8 N x C x H x W (points: N x D); rows of a table, in a .csv or .parquet file or an array N x K, in its
            own units.
        data: what to measure against: anything `open_table` or `open_vectors` reads, ring or grid; by default what the
            run was trained on. Validation and test images are its splits.
        metrics: names from `MEASURES`, or "all" for every one that the features allow; by default Parzen and total
            variation for images, modes and the sliced Wasserstein distance for ring and grid, the sliced Wasserstein
            and the kernel distance, precision, recall and memorization for tables of numbers.
        count: samples drawn from a run, and at most so many of other samples.
        seed: of these samples, and of the measures' own draws.
        features: pixels, classifier, inception, or an ONNX file.
        real: the split of real images to measure against: test, valid or train.
        size: height and width that samples and data from files are brought to; by default the samples' own of
            arrays and runs, the data's otherwise.
        per_class: of a run of a conditional game, measure within each class, too: its samples against its real images.

    Returns:
        The answers, with the samples and the table that they are of.

    Raises:
        MeasureError: an unknown measure, one that cannot be taken of this, no data named for samples.
        DataError: the data or the samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    asked = _checked(metrics, count, seed, real)
    opened = open_samples(source, data, count, seed, size)
    table = opened.table
    if per_class:
        check_per_class(opened.run, opened.classes)
    found = extractor_for(features, table, progress=True)
    subject = Subject(opened.samples, table, found, real, seed, classes=opened.classes)
    results, refused = _taken(subject, asked or _default_metrics(opened, metrics == "all"), metrics == "all")
    training = table.digest("train") if "memorization" in results else ""
    by_class = measure_classes(opened.run, subject, list(results)) if per_class and opened.run else NONE
    of, notes = _about(opened, found, real, seed), [*_worth(subject, results), *refused, *by_class.notes]
    return Evaluation(results, of, subject.features, notes, opened.samples, table, training, by_class)


def _checked(metrics: Sequence[str] | str | None, count: int, seed: int, real: str) -> list[str]:
    """The measures asked for by name, and nothing out of range, before minutes are spent on data."""
    if real not in REAL:
        raise MeasureError(f"no split {real!r}", f"choose from {', '.join(REAL)}")
    if seed < 0:
        raise MeasureError(f"seed {seed}", "use 0 or more")
    if count < 2:
        raise MeasureError(f"{count} samples are too few to measure", "ask for 2 or more")
    return [] if metrics is None or metrics == "all" else check_names(_split(metrics))


def _about(opened: Opened, found: Extractor | None, real: str, seed: int) -> dict[str, Any]:
    """What is measured, as `Evaluation.of` has it."""
    table, run = opened.table, opened.run
    return {
        "data": table.name, "real": real, "fingerprint": table.digest(real), "count": len(opened.samples),
        **({} if found is None else {"extractor": found.identity}),
        **({} if run is None else {"step": run.step, "seed": seed}),
    }  # fmt: skip


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
    asked = {MEASURES[name].of for name in names}
    extractors = [subject.extractor]
    extractors += [subject.classifying.extractor] if "classes" in asked else []
    extractors += [subject.naming.extractor] if "conditions" in asked else []
    return list(dict.fromkeys(each.note for each in extractors if each is not None and each.note))


def _split(metrics: Sequence[str] | str) -> list[str]:
    if isinstance(metrics, str):
        return [name.strip() for name in metrics.split(",") if name.strip()]
    return list(metrics)


def _default_of(table: Table) -> Sequence[str]:
    """What is measured where nobody says what: modes where they are known."""
    if holds_images(table):
        return "parzen", "total_variation"
    if table.modes is not None:
        return "modes", "sliced_wasserstein"
    return "sliced_wasserstein", "kernel", "precision", "recall", "memorization"


def _default_metrics(opened: Opened, everything: bool) -> list[str]:
    if not everything:
        return list(_default_of(opened.table))
    fitting = [name for name in MEASURES if is_of(name, opened.table)]
    return [name for name in fitting if opened.classes is not None or MEASURES[name].of != "conditions"]
