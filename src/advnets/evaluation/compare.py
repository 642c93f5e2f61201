"""Generators side by side: the same measures, the same real images, and which differences are more than chance."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advnets.errors import MeasureError
from advnets.evaluation.comparable import Answers, known_before, measures_of, refuse_early, stored_answers
from advnets.evaluation.counted import notes_in
from advnets.evaluation.evaluate import evaluate
from advnets.measures.catalog import MEASURES, badness
from advnets.measures.measurement import interval_of, plain
from advnets.runs.run import Run


@dataclass(frozen=True)
class Difference:
    """How one measure differs between two contenders.

    Args:
        measure: which.
        first, second: their names.
        value: first's value less second's.
        interval: 95 % confidence interval of the difference.
    """

    measure: str
    first: str
    second: str
    value: float
    interval: tuple[float, float]

    @property
    def real(self) -> bool:
        """Whether chance alone gives such a difference in fewer than 5 of 100 comparisons."""
        return not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True)
class Comparison:
    """Contenders and their answers.

    Args:
        answers: contender to measure to its answer, as `Evaluation.measures` has it; all of the same measures.
    """

    answers: Mapping[str, Answers]

    @property
    def measures(self) -> list[str]:
        """The measures that all contenders were taken by."""
        return list(next(iter(self.answers.values())))

    @property
    def notes(self) -> dict[str, list[str]]:
        """Contender to what a reader should know of its answers."""
        return {name: notes_in(answers) for name, answers in self.answers.items()}

    def remarks(self) -> list[str]:
        """The notes in lines: what is known of all contenders once, anything else with a contender's name."""
        notes = [(name, note) for name, each in self.notes.items() for note in each]
        count = Counter(note for _, note in notes)
        lines = [note if count[note] == len(self.answers) else f"{name}: {note}" for name, note in notes]
        return list(dict.fromkeys(lines))

    def differences(self) -> list[Difference]:
        """Every pair of contenders by every measure."""
        pairs = list(itertools.combinations(self.answers, 2))
        return [
            _difference(measure, (first, second), self.answers[first][measure], self.answers[second][measure])
            for measure in self.measures
            for first, second in pairs
        ]

    def verdicts(self, measure: str) -> dict[str, str]:
        """Each contender by one measure: best, like the best (no real difference from it), or worse."""
        values = {name: float(answers[measure]["value"]) for name, answers in self.answers.items()}
        best = min(values, key=lambda name: badness(measure, values[name]))
        verdicts: dict[str, str] = {}
        for name in values:
            mine, theirs = (_badness_of(measure, self.answers[each][measure]) for each in (name, best))
            apart = _difference(measure, (name, best), mine, theirs).real
            equal = values[name] == values[best]
            verdicts[name] = "best" if equal else "worse" if apart else "like the best"
        return verdicts

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return plain({
            "answers": {name: dict(answers) for name, answers in self.answers.items()},
            "verdicts": {measure: self.verdicts(measure) for measure in self.measures},
            "notes": self.notes,
            "differences": [
                {
                    "measure": each.measure, "first": each.first, "second": each.second, "value": each.value,
                    "interval": list(each.interval), "real": each.real,
                }
                for each in self.differences()
            ],
        })  # fmt: skip


def compare(
    sources: Sequence[str | Path | Run], *, say: Callable[[str], object] = lambda line: None, **options: Any
) -> Comparison:
    """Measure several generators in the same way; what will not compare is refused before anything is measured.

    Args:
        sources: runs (or their directories), samples, or the answers that `advnets evaluate --json` wrote (.json).
        say: is told which of them is measured.
        **options: as for `evaluate`; answers in files must have been made with the same.

    Returns:
        The comparison.

    Raises:
        MeasureError: fewer than two, the same twice, or answers that do not compare: other real images, counts or
            features, or no measure in common.
    """
    named = _named(sources)
    stored = {name: stored_answers(Path(name)) for name in named if name.endswith(".json")}
    if stored:
        refuse_early(stored, sure=False)
    known = {name: stored[name] if name in stored else known_before(each, **options) for name, each in named.items()}
    refuse_early(known, sure=options.get("metrics") not in (None, "all"))
    answers = dict(known)
    for place, (name, source) in enumerate(named.items(), 1):
        if name not in stored:
            say(f"{name} is measured, {place} of {len(named)}")
            answers[name] = evaluate(source, **options).measures
    common = measures_of(answers)
    return Comparison({name: {measure: each[measure] for measure in common} for name, each in answers.items()})


def _named(sources: Sequence[str | Path | Run]) -> dict[str, str | Path | Run]:
    """The contenders by their names.

    Raises:
        MeasureError: fewer than two, or one twice, under one name or two.
    """
    named = {str(source.path if isinstance(source, Run) else source): source for source in sources}
    different = {Path(name).expanduser().resolve() for name in named}
    if len(different) < 2 or len(different) < len(sources):
        raise MeasureError(f"{len(sources)} to compare, {len(different)} different", "name two or more, each once")
    return named


def _badness_of(measure: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer turned so that lower is better: for a measure with a target, the distance from it."""
    low, high = interval_of(answer)
    value, ends = badness(measure, answer["value"]), sorted(badness(measure, end) for end in (low, high))
    better = MEASURES[measure].better
    if not isinstance(better, str) and low <= better <= high:
        ends[0] = 0.0
    return {"value": value, "interval": ends}


def _difference(measure: str, names: tuple[str, str], a: Mapping[str, Any], b: Mapping[str, Any]) -> Difference:
    """Method of variance estimates recovery, which respects lopsided intervals: Zou and Donner 2008, Eq. 4.

    It takes the two for independent; sharing real images makes the true interval narrower, not wider.
    """
    value = a["value"] - b["value"]
    (a_low, a_high), (b_low, b_high) = interval_of(a), interval_of(b)
    low = value - math.hypot(a["value"] - a_low, b_high - b["value"])
    high = value + math.hypot(a_high - a["value"], b["value"] - b_low)
    return Difference(measure, *names, value, (low, high))
