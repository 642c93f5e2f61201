"""Measures within each class: samples of a class against the real images of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advnets.data import holds_images, labels_of
from advnets.errors import MeasureError
from advnets.evaluation.opening import Samples, measurable
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject, accuracy_of
from advnets.runs.run import Run

FEWEST = 50
"""Real images of a class that say something about it."""


@dataclass(frozen=True)
class ClassAnswers:
    """The answers of the measures within one class.

    Args:
        real: how many real images of it there are.
        results: measure name to its `Measurement`.
    """

    real: int
    results: Mapping[str, Measurement]


@dataclass(frozen=True)
class ByClass:
    """The answers within each class, and what was left out.

    Args:
        answers: class name to its answers.
        notes: which classes and measures were left out, and why.
    """

    answers: Mapping[str, ClassAnswers] = field(default_factory=dict[str, ClassAnswers])
    notes: Sequence[str] = ()


NONE = ByClass()
"""Where it was not asked for."""


def check_per_class(run: Run | None, classes: NDArray[np.int64] | None) -> None:
    """See that there are classes to measure within.

    Raises:
        MeasureError: the samples are of no run, or of one without classes of the data.
    """
    if run is None:
        raise MeasureError("only a run can be measured within classes", "name a run of a conditional game")
    if not run.classes:
        raise MeasureError(f"{run.path} makes samples without classes", "leave --per-class out")
    if classes is None:
        raise MeasureError(f"the data lack classes of {run.path}", "measure against its own data")


def measure_classes(run: Run, whole: Subject, names: Sequence[str]) -> ByClass:
    """Measure within every class that was trained.

    Args:
        run: of a conditional game, on classes whose names the subject's data have.
        whole: what all samples were measured as; each class has as many samples as come to it of theirs.
        names: the measures.

    Raises:
        MeasureError: no class has enough real images.
    """
    within = [name for name in names if MEASURES[name].of != "classes"]
    notes = [f"{name} is about several classes: not taken within one" for name in names if name not in within]
    trained = [run.classes[number] for number in run.class_numbers("all")]
    count = max(2, len(whole.samples) // len(trained))
    answers: dict[str, ClassAnswers] = {}
    for name in trained:
        number = whole.data.classes.index(name)
        real = whole.data.of_class(number).count(whole.real)
        if real < FEWEST:
            notes.append(f"class {name} was left out: {real} real images, {FEWEST} are needed")
            continue
        samples = measurable(run, run.sample(count, whole.seed, classes=[name]), whole.data)
        results, refused = _measure(whole, samples, number, within)
        answers[name] = ClassAnswers(real, results)
        notes += [f"class {name}: {each}" for each in refused]
    if not answers:
        raise MeasureError(f"no class has {FEWEST} real images to measure within", "use more data, or --real train")
    return ByClass(answers, notes)


def _measure(
    whole: Subject, samples: Samples, number: int, names: Sequence[str]
) -> tuple[dict[str, Measurement], list[str]]:
    """The measures within a class, and why some could not be taken."""
    subject = _within(whole, samples, number)
    asked = dataclasses.replace(whole, samples=samples, classes=subject.classes)
    results: dict[str, Measurement] = {}
    refused: list[str] = []
    for name in names:
        try:
            results[name] = accuracy_of(asked, number) if name == "accuracy" else MEASURES[name].compute(subject)
        except MeasureError as error:
            refused.append(f"{name} was left out: {error}")
    return results, refused


def _within(whole: Subject, samples: Samples, number: int) -> Subject:
    """Samples of a class beside the real images of it, whose features are known already."""
    known: dict[str, NDArray[np.float32]] = {}
    if holds_images(whole.data):
        labels = labels_of(whole.data)[whole.data.rows(whole.real)]
        known = {whole.real: np.asarray(whole.real_features[labels == number])}
    data, wanted = whole.data.of_class(number), np.full(len(samples), number)
    return dataclasses.replace(whole, samples=samples, data=data, known=known, classes=wanted)
