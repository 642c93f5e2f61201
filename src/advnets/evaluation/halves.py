"""How far two halves of few real images are apart: what so few of them can tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.catalog import MEASURES, Between, Features, Subject

FEW = 1000
"""Real images below which their own chance is told."""
_DRAWS = 5


def of_halves(subject: Subject, names: Iterable[str]) -> dict[str, float]:
    """The distances among these measures between two halves of the real images, where these are few.

    Mean sizes over five ways to halve them, always the same ones. Halves have half as many images: a distance that is
    biased upward for few images is more so between them, and one without bias is around 0, by chance above or below.

    Args:
        subject: what was measured.
        names: the measures that were taken.

    Returns:
        Measure to distance; without those that cannot be taken of so few. Empty where there are 1,000 real images.
    """
    functions = {name: between for name in names if (between := MEASURES[name].between) is not None}
    if subject.statistics is not None or not functions or len(subject.real_features) >= FEW:
        return {}
    quiet = dataclasses.replace(subject, progress=False)
    real, found = np.asarray(subject.real_features), dict[str, float]()
    with progress_bar("Halves of the real images", len(functions), unit="measures", shown=subject.progress) as advance:
        for name, between in functions.items():
            if (distance := _mean(between, real, quiet)) is not None:
                found[name] = distance
            advance(1)
    return found


def _mean(between: Between, real: Features, subject: Subject) -> float | None:
    values: list[float] = []
    for draw in range(_DRAWS):
        order = np.random.default_rng([draw, len(real)]).permutation(len(real))
        half = len(real) // 2
        try:
            values.append(abs(between(real[order[:half]], real[order[half : 2 * half]], subject).value))
        except MeasureError:
            return None
    return float(np.mean(values))
