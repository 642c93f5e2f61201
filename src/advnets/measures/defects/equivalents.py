"""Reading a figure off the damaged sets: which doses of which defects come out alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from advnets.measures.defects.catalog import DEFECTS
from advnets.measures.defects.kept import Figure
from advnets.measures.defects.measured import Answers, Measured

_LOG = ("birthday",)  # its figures span decades
_SQUARES = ("frechet", "frechet_infinity", "kernel")  # of distances: of a small dose they grow as its square
_TOLERANCE = 0.1  # of the way from undamaged images: what two figures alike may lie apart beyond chance
_STEPS = 10  # doses that are looked at between two measured ones
_SAID = 5  # defects in a sentence
_UNLIKE = 3  # measures in a sentence


@dataclass(frozen=True)
class Dose:
    """So much of a defect.

    Args:
        defect: its name.
        dose: how much.
    """

    defect: str
    dose: float

    def __str__(self) -> str:
        return DEFECTS[self.defect].in_words(self.dose)


@dataclass(frozen=True)
class Nearest:
    """The damaged set whose figures come nearest to some.

    Args:
        dose: what it suffers from; None for undamaged images.
        figures: its figures, interpolated.
        unlike: the measures by which it is not alike, the worst first.
    """

    dose: Dose | None
    figures: Answers
    unlike: Sequence[str]

    def __str__(self) -> str:
        return "undamaged real images" if self.dose is None else str(self.dose)


def is_real(measure: str, figure: Figure, found: Measured) -> bool:
    """Whether a figure cannot be told from that of undamaged images: they differ by no more than their intervals."""
    return measure in found.undamaged and not differs(measure, figure, found.undamaged[measure])


def equivalent_doses(measure: str, figure: Figure, found: Measured) -> list[Dose]:
    """The dose of each defect at which a measure says the same.

    From undamaged images on, as far as the measure moves one way as doses grow (but for chance: a step back within the
    intervals is none), doses are interpolated between measured ones. A defect that the measure does not see, that moves
    it the other way, or not as far, is not there.

    Args:
        measure: its name.
        figure: what it said of a generator.
        found: what it said of damaged images.

    Returns:
        In the order of `DEFECTS`; none where the figure is that of undamaged images.
    """
    if measure not in found.undamaged or is_real(measure, figure, found):
        return []
    doses: list[Dose] = []
    for name in found.defects:
        scale, figures = _course(name, measure, found)
        values = [_straight(measure, each, figures[0].value) for each in _monotone(measure, figures)]
        place = _place_of(_straight(measure, figure.value, figures[0].value), values)
        if place is not None:
            doses.append(Dose(name, _dose_at(name, scale, place)))
    return doses


def nearest(figures: Answers, found: Measured) -> Nearest | None:
    """The dose of one defect, measured or between measured ones, whose figures are the nearest to some together.

    Two figures are alike if they differ by no more than their intervals and a tenth of the way that the farther one is
    from undamaged images; nearest is the least mean square of differences in these units.

    Args:
        figures: measure to what it said of a generator.
        found: what measures said of damaged images.

    Returns:
        None where no set was measured by the same measures.
    """
    asked = {name: figure for name, figure in figures.items() if name in found.undamaged}
    sets = [(None, found.undamaged), *(each for name in found.defects for each in _between(name, found, list(asked)))]
    if not asked:
        return None
    apart = [{name: _apart(name, asked[name], theirs[name], found) for name in asked} for _, theirs in sets]
    best = min(range(len(sets)), key=lambda place: sum(each**2 for each in apart[place].values()))
    unlike = sorted((name for name in asked if apart[best][name] > 1), key=lambda name: -apart[best][name])
    return Nearest(*sets[best], unlike)


def sentence_of(measure: str, figure: Figure, found: Measured) -> str:
    """A figure beside doses that come out alike, of each family of defects the first, a few in all."""
    if is_real(measure, figure, found):
        return f"{measure} {figure.value:.3g}: as undamaged real images ({found.undamaged[measure].value:.3g})"
    doses = equivalent_doses(measure, figure, found)
    families = dict.fromkeys(DEFECTS[each.defect].family for each in doses)
    first = [next(each for each in doses if DEFECTS[each.defect].family == family) for family in families]
    said = _joined([str(each) for each in first[:_SAID]], "or") or "no defect of the list"
    return f"{measure} {figure.value:.3g}: as {said}"


def together(figures: Answers, found: Measured) -> str:
    """Whether one dose of one defect has all the figures, and what the nearest one lacks; empty of fewer than two."""
    closest = nearest(figures, found) if len(figures) > 1 else None
    if closest is None:
        return ""
    if not closest.unlike:
        return f"Together they are as {closest}."
    shown = closest.unlike[:_UNLIKE]
    but = [f"{name} {closest.figures[name].value:.3g} ({figures[name].value:.3g} here)" for name in shown]
    return (
        f"No defect of the list has these figures together; the nearest is {closest}, but with {_joined(but, 'and')}."
    )


def _course(defect: str, measure: str, found: Measured) -> tuple[list[float], list[Figure]]:
    """The doses of a defect and the figures of a measure, from undamaged images on to the last that could be taken."""
    doses, figures = [DEFECTS[defect].none], [found.undamaged[measure]]
    for row in itertools.takewhile(lambda row: measure in row.figures, found.defects[defect]):
        doses.append(row.dose)
        figures.append(row.figures[measure])
    return doses, figures


def _monotone(measure: str, figures: Sequence[Figure]) -> list[float]:
    """The figures from the first on for as long as they go one way, steps back as none; empty where they do not go."""
    moved = next((each for each in figures if differs(measure, each, figures[0])), None)
    if moved is None:
        return []
    values = [each.value for each in figures]
    sign = math.copysign(1, moved.value - values[0])
    last = 0  # the farthest so far
    for place, each in enumerate(figures):
        if sign * (values[place] - values[last]) >= 0:
            last = place
        elif differs(measure, each, figures[last]):
            break
    return [sign * each for each in itertools.accumulate((sign * each for each in values[: last + 1]), max)]


def _place_of(value: float, values: Sequence[float]) -> float | None:
    """Where on a line through values, all of one direction, a value first occurs: 1.5 is halfway from 1 to 2."""
    for place, (first, second) in enumerate(itertools.pairwise(values)):
        if first != second and min(first, second) <= value <= max(first, second):
            return place + (value - first) / (second - first)
    return None


def _dose_at(defect: str, doses: Sequence[float], place: float) -> float:
    before = min(int(place), len(doses) - 2)
    return DEFECTS[defect].between(doses[before], doses[before + 1], place - before)


def _between(defect: str, found: Measured, names: Sequence[str]) -> Iterator[tuple[Dose, Answers]]:
    """The sets of a defect with all of these figures, those that were measured and some between each two."""
    none = (DEFECTS[defect].none, found.undamaged)
    sets = [none, *((row.dose, row.figures) for row in found.defects[defect])]
    for (first, ours), (second, theirs) in itertools.pairwise(sets):
        if not set(names) <= ours.keys() & theirs.keys():
            return
        for step in range(1, _STEPS + 1):
            way = step / _STEPS
            dose = Dose(defect, DEFECTS[defect].between(first, second, way))
            yield dose, {name: _mixed(name, ours[name], theirs[name], way, found) for name in names}


def _mixed(measure: str, first: Figure, second: Figure, way: float, found: Measured) -> Figure:
    """A part of the way from one figure to another; its interval, too."""
    real = found.undamaged[measure].value
    ours, theirs = (_straight(measure, each.value, real) for each in (first, second))
    value = _back(measure, (1 - way) * ours + way * theirs, real)
    half = (1 - way) * _half(measure, first) + way * _half(measure, second)
    if measure in _LOG:
        return Figure(value, (value * math.exp(-half), value * math.exp(half)))
    return Figure(value, (value - half, value + half))


def _apart(measure: str, ours: Figure, theirs: Figure, found: Measured) -> float:
    """How far two figures are apart, 1 for as far as such as are alike may be."""
    real, a, b = (_scaled(measure, each.value) for each in (found.undamaged[measure], ours, theirs))
    alike = math.hypot(_half(measure, ours), _half(measure, theirs)) + _TOLERANCE * max(abs(a - real), abs(b - real))
    return abs(a - b) / alike if a != b else 0.0


def differs(measure: str, figure: Figure, other: Figure) -> bool:
    """Whether two figures differ by as much as their intervals; those of counts are rounded outward."""
    apart = abs(_scaled(measure, figure.value) - _scaled(measure, other.value))
    return apart > 0 and apart >= math.hypot(_half(measure, figure), _half(measure, other))


def _half(measure: str, figure: Figure) -> float:
    """Half the width of an interval, on the measure's scale; of one without an upper end, its lower half."""
    low, high = figure.interval
    if math.isinf(high):
        return _scaled(measure, figure.value) - _scaled(measure, low)
    return (_scaled(measure, high) - _scaled(measure, low)) / 2


def _scaled(measure: str, value: float) -> float:
    """A figure on the scale on which it is compared."""
    return math.log(max(value, 1e-9)) if measure in _LOG else value


def _straight(measure: str, value: float, real: float) -> float:
    """A figure on the scale on which it goes about straight from one dose to the next."""
    if measure in _SQUARES:
        return math.copysign(math.sqrt(abs(value - real)), value - real)
    return _scaled(measure, value)


def _back(measure: str, straight: float, real: float) -> float:
    """The figure that lies there on that scale."""
    if measure in _SQUARES:
        return real + math.copysign(straight**2, straight)
    return math.exp(straight) if measure in _LOG else straight


def _joined(parts: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
