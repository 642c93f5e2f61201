"""Generators side by side: the same measures, the same real images, and which differences are more than chance."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advnets.errors import MeasureError
from advnets.evaluation.evaluate import evaluate
from advnets.measures.catalog import MEASURES, badness
from advnets.measures.measurement import interval_of, plain
from advnets.runs.run import Run

Answers = Mapping[str, Mapping[str, Any]]


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
            "differences": [
                {
                    "measure": each.measure, "first": each.first, "second": each.second, "value": each.value,
                    "interval": list(each.interval), "real": each.real,
                }
                for each in self.differences()
            ],
        })  # fmt: skip


def compare(sources: Sequence[str | Path | Run], **options: Any) -> Comparison:
    """Measure several generators in the same way.

    Args:
        sources: runs (or their directories), samples, or the answers that `advnets evaluate --json` wrote (.json).
        **options: as for `evaluate`; answers in files must have been made with the same.

    Returns:
        The comparison.

    Raises:
        MeasureError: fewer than two, the same twice, or answers that do not compare: other real images, counts or
            features, or no measure in common.
    """
    named = {str(source.path if isinstance(source, Run) else source): source for source in sources}
    names = [str(source.path if isinstance(source, Run) else source) for source in sources]
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise MeasureError(f"{len(names)} to compare, {len(set(names))} different", "name two or more, each once")
    stored = {name: _stored(Path(name)) for name in names if name.endswith(".json")}
    _refuse_early(stored)
    answers = {name: stored[name] if name in stored else evaluate(named[name], **options).measures for name in names}
    common = _measures_of(answers)
    return Comparison({name: {measure: each[measure] for measure in common} for name, each in answers.items()})


def _refuse_early(stored: Mapping[str, Answers]) -> None:
    """Refuse files that do not compare in any measure before anything is measured beside them.

    Which measures the others will have is not known yet: files that compare in one may still have it in common.
    """
    refused: MeasureError | None = None
    for measure in _common(stored):
        try:
            _check_all(stored, [measure])
        except MeasureError as error:
            refused = refused or error
        else:
            return
    if refused is not None:
        raise refused


def _measures_of(answers: Mapping[str, Answers]) -> list[str]:
    """The measures that all have; a MeasureError where there is none, or where they were taken in other ways."""
    common = _common(answers)
    _check_all(answers, common)
    return common


def _common(answers: Mapping[str, Answers]) -> list[str]:
    common = [measure for measure in MEASURES if all(measure in each for each in answers.values())]
    if not common:
        raise MeasureError("no measure in common", "evaluate them by the same --metrics")
    return common


def _check_all(answers: Mapping[str, Answers], measures: Sequence[str]) -> None:
    names = list(answers)
    for name in names[1:]:
        _check_comparable(names[0], name, answers[names[0]], answers[name], measures)


def _stored(path: Path) -> Answers:
    try:
        answers = json.loads(path.read_bytes())
        for answer in answers.values():
            _ = (float(answer["value"]), *interval_of(answer), answer["features"], answer["of"]["data"])
    except FileNotFoundError:
        raise MeasureError(f"{path}: no such file", "name a run, samples or answers") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise MeasureError(f"{path} holds no answers", "write them with `advnets evaluate --json`") from None
    return answers


def _check_comparable(first: str, second: str, ours: Answers, theirs: Answers, measures: Sequence[str]) -> None:
    for measure in measures:
        a, b = ours[measure], theirs[measure]
        facts = [("features", a["features"], b["features"])]
        facts += [(key, a["of"].get(key), b["of"].get(key)) for key in ("data", "fingerprint", "real", "count")]
        if a["features"] != "pixels":  # two networks may have one name; Parzen and its like take pixels anyway
            facts.append(("extractor", a["of"].get("extractor"), b["of"].get("extractor")))
        if measure == "memorization":
            facts.append(("training", a["of"].get("training"), b["of"].get("training")))
        for key, one, other in facts:
            if one != other:
                raise MeasureError(
                    f"{measure} does not compare: {key} {one} of {first}, {other} of {second}",
                    "measure both in the same way",
                )


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
