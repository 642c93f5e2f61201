"""What a generator is worth: samples against data, by the measures that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from advnets.data import Table
from advnets.data.options import GivenRange
from advnets.errors import MeasureError
from advnets.evaluation.batches import Batches, gather
from advnets.evaluation.changes import changes
from advnets.evaluation.choices import Wish, check_wish, fitting_features, wish_of
from advnets.evaluation.classification import note_of
from advnets.evaluation.equivalents import NONE as NO_EQUIVALENTS
from advnets.evaluation.equivalents import Equivalents, check_equivalents, equivalents_of
from advnets.evaluation.halves import of_halves
from advnets.evaluation.notes import notes_of
from advnets.evaluation.opening import Opened, Samples, Size, drawn, open_samples
from advnets.evaluation.per_class import NONE, ByClass, check_per_class, measure_classes
from advnets.evaluation.statistics import REAL_STATISTICS, open_beside, statistics_of
from advnets.measures import Measurement
from advnets.measures.catalog import Subject, measure, take
from advnets.measures.features import Extractor, extractor_for
from advnets.measures.stored_statistics import StoredStatistics
from advnets.runs.run import Run
from advnets.sharing import agreed, in_turn

SAMPLES = 10_000


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The answers of the measures.

    Args:
        results: measure name to its `Measurement`.
        of: what was measured: data, real (the split), real_images (how many it has; None where nobody knows),
            fingerprint of these (SHA-256), count, extractor (the identity of the features), and for a run step and seed
            of the samples, and truncation and candidates where they were chosen so.
        features: what distances were taken in.
        notes: what a reader should know: a classifier's accuracy, measures that could not be taken.
        samples: the samples that were measured, uint8 N x C x H x W, or float32 points N x D, standardized as the
            table's are.
        table: the data they were measured against.
        training: fingerprint of the training images, which memorization searches; empty where it was not asked for.
        by_class: the answers within each class, where they were asked for.
        halves: of few real images, distance to what it is between two halves of them.
        weights: SHA-256 (hex) of the weights that make the features; empty where there are none.
        equivalents: the figures beside those of damaged images, where they were asked for.
    """

    results: Mapping[str, Measurement]
    of: Mapping[str, Any]
    features: str
    notes: Sequence[str]
    samples: Samples
    table: Table
    training: str = ""
    by_class: ByClass = NONE
    halves: Mapping[str, float] = field(default_factory=dict[str, float])
    weights: str = ""
    equivalents: Equivalents = NO_EQUIVALENTS

    @property
    def measures(self) -> dict[str, dict[str, Any]]:
        """The answers as plain values: name to {"value", "interval", ..., "of"}; memorization is of `training`, too.

        What was measured within classes has `classes`, too: name to the same of the class, with `real_images` of it.
        Distances to few real images have `halves`, what is between two halves of these; what was set beside damaged
        images has `equivalents`. `notes` are those of all.
        """
        more = {"memorization": {"training": self.training}}
        return {
            name: {
                **result.as_dict(),
                **self._halves(name),
                **self._equivalents(name),
                **self._classes(name),
                **({"notes": list(self.notes)} if self.notes else {}),
                "of": {**self.of, **more.get(name, {})},
            }
            for name, result in self.results.items()
        }

    def _halves(self, measure: str) -> dict[str, float]:
        return {"halves": self.halves[measure]} if measure in self.halves else {}

    def _equivalents(self, measure: str) -> dict[str, Any]:
        known = self.equivalents.answers.get(measure)
        return {} if known is None else {"equivalents": dict(known)}

    def _classes(self, measure: str) -> dict[str, Any]:
        found = {
            name: {**each.results[measure].as_dict(with_caveat=False), "real_images": each.real}
            for name, each in self.by_class.answers.items()
            if measure in each.results
        }
        return {"classes": found} if found else {}


def evaluate(
    source: Run | str | Path | NDArray[Any] | Tensor | Batches,
    data: str | Path | Table | None = None,
    metrics: Sequence[str] | str | None = None,
    count: int = SAMPLES,
    seed: int = 1,
    *,
    features: str | None = None,
    real: str | None = None,
    size: Size = None,
    range: GivenRange = None,
    per_class: bool = False,
    equivalents: bool = False,
) -> Evaluation:
    """Measure a generator.

    Args:
        source: a run (or its directory); samples in files of any format that data are read from; an array or a tensor,
            N x C x H x W, N x H x W or N x H x W x C, uint8 or floats from 0 to 1 (points: N x D; rows of a table: N x
            K, in its own units); or a generator, list or loader of batches of these, of which `count` are taken.
        data: what to measure against: anything `open_table` or `open_vectors` reads, ring or grid, or an .npz of `mu`
            and `sigma`; by default what the run was trained on. Validation and test images are its splits.
        metrics: names from `MEASURES`, or "all" for every one that the features allow; fid, kid, isc and prc are
            understood. By default Parzen and total variation for data that everybody knows, the Frechet and the kernel
            distance, precision, recall and memorization for other images, modes and the sliced Wasserstein distance for
            ring and grid, the sliced Wasserstein and the kernel distance, precision, recall and memorization for tables
            of numbers.
        count: samples drawn from a run, and at most so many of other samples.
        seed: of these samples, and of the measures' own draws.
        features: pixels, random, classifier, inception, or an ONNX file; by default as `fitting_features` chooses.
        real: the real images to measure against: all, test, valid, valid+test or train; by default as `real_images`
            chooses.
        size: height and width that samples and data from files are brought to; by default the samples' own of
            arrays and runs, the data's otherwise.
        range: of samples of other programs, the values that are black and white, (low, high), "low:high" or "auto"; by
            default the whole range of their type.
        per_class: of a run of a conditional game, measure within each class, too: its samples against its real images.
        equivalents: set each figure beside the doses at which damaged real images have the same. These are measured
            once for the data, the features, the measures and the count, in minutes or more, and kept.

    Returns:
        The answers, with the samples and the table that they are of.

    Raises:
        MeasureError: an unknown measure, one that cannot be taken of this, no data named for samples.
        DataError: the data or the samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    check_wish(metrics, count, seed, real)
    source = source if isinstance(source, Run | str | Path) else gather(source, count)
    statistics = statistics_of(data)
    opened = in_turn(lambda: _opened(source, data, statistics, count, size, range))
    if per_class:
        check_per_class(opened.run, opened.classes)
    if equivalents:
        check_equivalents(opened.table, statistics)
    wish = wish_of(opened, data, metrics, real, statistics)  # refuses before minutes are spent on samples
    opened = drawn(opened, seed)
    name, chosen = (features, []) if features else in_turn(lambda: fitting_features(opened.table, wish))
    extractor = in_turn(lambda: extractor_for(name, opened.table, progress=True))
    _check_agreed(opened, extractor)
    subject = _subject(opened, wish, extractor, seed, statistics)
    results, refused = _taken(subject, wish)
    by_class = measure_classes(opened.run, subject, list(results)) if per_class and opened.run else NONE
    alike = in_turn(lambda: equivalents_of(subject, results)) if equivalents else NO_EQUIVALENTS
    of = _of(opened, subject, seed)
    notes = [
        *chosen,
        *notes_of(subject, wish, results, of),
        *changes(opened, range),
        *refused,
        *by_class.notes,
        *alike.notes,
        *note_of(opened.run, opened.table),
    ]
    return Evaluation(
        results, of, subject.features, notes, opened.samples, opened.table,
        training=opened.table.digest("all" if wish.real == "all" else "train") if "memorization" in results else "",
        by_class=by_class,
        halves=of_halves(subject, results),
        weights="" if subject.extractor is None else subject.extractor.weights,
        equivalents=alike,
    )  # fmt: skip


def _opened(
    source: Run | str | Path | Samples,
    data: str | Path | Table | None,
    statistics: StoredStatistics | None,
    count: int,
    size: Size,
    range: GivenRange,
) -> Opened:
    """What is to be measured, beside its data or the statistics that stand for them."""
    if statistics is None or statistics.has_images:
        return open_samples(source, data, count, size, range)
    return open_beside(source, statistics, count, size, range)


def _check_agreed(opened: Opened, found: Extractor | None) -> None:
    """See that all processes that share work measure the same.

    Raises:
        MeasureError: they do not, as where each machine has trained a classifier for itself.
    """
    samples = opened.count, opened.samples.shape, opened.run and opened.run.step
    known = {"samples": samples, "data": opened.table.fingerprint, "features": found and found.identity}
    for what, value in known.items():
        if not agreed(value):
            raise MeasureError(f"the {what} are not the same in all processes", "measure in one, without torchrun")


def _subject(
    opened: Opened, wish: Wish, found: Extractor | None, seed: int, stored: StoredStatistics | None
) -> Subject:
    """What measures are taken of, with the statistics that stand for real images, or are of these features."""
    fits = stored is not None and found is not None and (not stored.has_images or found.dimension == stored.width)
    known = stored.read(found.name, found.dimension) if stored is not None and found is not None and fits else None
    return Subject(
        opened.samples, opened.table, found, wish.real, seed, classes=opened.classes, statistics=known, progress=True
    )


def about(opened: Opened, real: str) -> dict[str, Any]:
    """What is measured, as far as it is known before: data, real, real_images, fingerprint, count.

    Args:
        opened: the samples and the data.
        real: the split.
    """
    table, without = opened.table, real == REAL_STATISTICS
    count, fingerprint = (None, table.fingerprint) if without else (table.count(real), table.digest(real))
    return {
        "data": table.name, "real": real, "real_images": count, "fingerprint": fingerprint, "count": opened.count,
    }  # fmt: skip


def _of(opened: Opened, subject: Subject, seed: int) -> dict[str, Any]:
    """What is measured, as `Evaluation.of` has it."""
    run = opened.run
    return {
        **about(opened, subject.real),
        **({} if subject.extractor is None else {"extractor": subject.extractor.identity}),
        **({} if run is None else {"step": run.step, "seed": seed, **run.selection.facts}),
    }


def _taken(subject: Subject, wish: Wish) -> tuple[dict[str, Measurement], list[str]]:
    """The measures; of those that nobody named, which were left out, because of too few real images, say.

    Raises:
        MeasureError: one that was named cannot be taken, or none can.
    """
    if wish.named:
        return measure(subject, wish.names), []
    results: dict[str, Measurement] = {}
    refused: dict[str, MeasureError] = {}
    for name in wish.names:
        try:
            results[name] = take(name, subject)
        except MeasureError as error:
            refused[name] = error
    if not results:
        raise next(iter(refused.values()))
    return results, [f"{name} was left out: {str(error).removeprefix(f'{name}: ')}" for name, error in refused.items()]
