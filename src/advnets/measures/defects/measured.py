"""What the measures say of every defect at every dose: taken once, and kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advnets.data import Table, holds_images
from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.catalog import MEASURES, check_names
from advnets.measures.defects.catalog import DEFECTS
from advnets.measures.defects.gauge import Gauge, gauges
from advnets.measures.defects.kept import Figure
from advnets.measures.defects.originals import FEWEST, Images, Originals, parted
from advnets.measures.features import Extractor

NONE = "none"
"""The name of what is no defect: the figures of as many images as they are."""

Answers = Mapping[str, Figure]
"""Measure to its figure; what could not be taken is not there."""

Set = tuple[str, float]
"""A defect and its dose."""


@dataclass(frozen=True)
class Row:
    """What the measures said of a set.

    Args:
        dose: of its defect.
        figures: those of the measures that could be taken.
    """

    dose: float
    figures: Answers


@dataclass(frozen=True)
class Measured:
    """The figures of a table's images, damaged in every way.

    Args:
        undamaged: of as many images without a defect.
        defects: of each defect that such images can have, its rows, by dose.
        left_out: of each other one, why.
        count: images in a set.
        real: images that were measured against.
        halved: whether these are half of those that were asked for, the other half being what was damaged.
    """

    undamaged: Answers
    defects: Mapping[str, Sequence[Row]]
    left_out: Mapping[str, str]
    count: int
    real: int
    halved: bool


def measured(
    table: Table,
    found: Extractor,
    names: Sequence[str],
    *,
    count: int,
    real: str = "test",
    others: Images | None = None,
    cache: Path | None = None,
    progress: bool = False,
) -> Measured:
    """Damage images of a table in every way that they allow, and measure each set.

    What was measured before, of the same images by the same measures in the same features, is not measured again: a
    call that was stopped goes on where it was. One damaged set at a time is in memory.

    Args:
        table: the images; those that are damaged are none of those that are measured against.
        found: the features.
        names: the measures; what is about the conditions of samples has nothing to say here.
        count: images in a set; where the table has fewer to damage, all that it has.
        real: the split to measure against: test, valid, train or all.
        others: images of another table to mix in, uint8 of the same shape.
        cache: the cache folder; default as the environment says.
        progress: say how many sets will be measured and about how long that takes, and show how it goes on.

    Raises:
        MeasureError: points, an unknown measure, or too few images.
        DataError: the cache cannot be written.
    """
    if not holds_images(table):
        raise MeasureError(f"{table.name} holds points: only images are damaged", "leave the equivalents out")
    parts = parted(table, real, count)
    if min(len(parts.real), len(parts.pool)) < FEWEST:
        few = f"{table.name} has {len(parts.pool)} images to damage and {len(parts.real)} to measure them against"
        raise MeasureError(few, f"use data with {FEWEST} of both")
    originals = Originals(table, parts.pool, min(count, len(parts.pool)), parts.searched, others=others)
    doses = {name: each.doses_for(originals) for name, each in DEFECTS.items()}
    taken = [name for name in check_names(names) if MEASURES[name].of != "conditions"]
    asked = gauges(originals, parts, found, taken, cache)
    sets = [(NONE, 0.0), *((name, dose) for name, those in doses.items() for dose in those)]
    _measure(originals, asked, [each for each in sets if any(gauge.missing(*each) for gauge in asked)], progress)
    return Measured(
        _figures(asked, NONE, 0.0),
        {name: [Row(dose, _figures(asked, name, dose)) for dose in those] for name, those in doses.items() if those},
        {name: each.why_not(originals) or _TOO_FEW for name, each in DEFECTS.items() if not doses[name]},
        originals.count,
        len(parts.real),
        parts.halved,
    )


_TOO_FEW = "the images are too few or too small"


def _measure(originals: Originals, asked: Sequence[Gauge], sets: Sequence[Set], progress: bool) -> None:
    """Measure sets, and keep the figures of each as soon as they are there."""
    if not sets:
        return
    for gauge in asked:
        gauge.prepare()
    with progress_bar("Damaged sets", len(sets), unit="sets", shown=progress) as advance:
        started = time.perf_counter()
        for place, (name, dose) in enumerate(sets):
            images = originals.images() if name == NONE else DEFECTS[name].damaged(originals, dose)
            for gauge in asked:
                gauge.take(images, name, dose)
            if progress and not place:
                long = _announced(len(sets), originals.count, time.perf_counter() - started)
                print(long, file=sys.stderr, flush=True)
            advance(1)


def _announced(sets: int, count: int, seconds: float) -> str:
    """How many sets are measured, and how long that takes if each takes so many seconds."""
    minutes = sets * seconds / 60
    long = f"{minutes / 60:.1f} hours" if minutes > 90 else f"{minutes:.0f} minutes" if minutes > 1.5 else "a minute"
    text = f"{sets} sets of {count:,} damaged images are measured, once for these data: about {long}"
    return (
        f"{text}; what is done is kept if you stop, and fewer are quicker (--count below {count:,})"
        if minutes > 5
        else text
    )


def _figures(asked: Sequence[Gauge], defect: str, dose: float) -> dict[str, Figure]:
    return {name: figure for gauge in asked for name, figure in gauge.figures(defect, dose).items()}
