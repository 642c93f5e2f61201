"""Whether answers compare: found out from files, and from what is known of the others before they are measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advnets.data import Table
from advnets.data.options import GivenRange
from advnets.errors import MeasureError
from advnets.evaluation.choices import check_wish, wish_of
from advnets.evaluation.evaluate import SAMPLES, about
from advnets.evaluation.opening import Size, open_samples
from advnets.evaluation.statistics import open_beside, statistics_of
from advnets.measures.catalog import MEASURES
from advnets.measures.measurement import interval_of
from advnets.runs.run import Run

Answers = Mapping[str, Mapping[str, Any]]
"""Measure to its answer, as `Evaluation.measures` has it."""

_REMEDIES = {
    "data": "measure all against one --data",
    "real": "measure all against the same images, as by --real test",
    "fingerprint": "measure all against one --data, at one --size",
    "count": "measure as many of each with --count",
    "features": "measure all in the same --features",
}
_SHOWN = 12  # letters of a fingerprint


def stored_answers(path: Path) -> Answers:
    """The answers in a file that `advnets evaluate --json` wrote.

    Raises:
        MeasureError: there are none.
    """
    try:
        answers = json.loads(path.read_bytes())
        for answer in answers.values():
            _ = (float(answer["value"]), *interval_of(answer), answer["features"], answer["of"]["data"])
    except FileNotFoundError:
        raise MeasureError(f"{path}: no such file", "name a run, samples or answers") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise MeasureError(f"{path} holds no answers", "write them with `advnets evaluate --json`") from None
    return answers


def known_before(
    source: Run | str | Path,
    data: str | Path | Table | None = None,
    metrics: Sequence[str] | str | None = None,
    count: int = SAMPLES,
    seed: int = 1,
    *,
    features: str | None = None,
    real: str | None = None,
    size: Size = None,
    range: GivenRange = None,
) -> Answers:
    """What is known of answers before anything is measured: of what they will be, and in which features if one says so.

    Args:
        source: a run, or samples.
        data, metrics, count, seed, features, real, size, range: as for `evaluate`.

    Raises:
        MeasureError: what `evaluate` would refuse before it measures.
        DataError: data or samples cannot be read.
        RunError: there is no sound checkpoint to sample.
    """
    check_wish(metrics, count, seed, real)
    statistics = statistics_of(data)
    if statistics is None or statistics.has_images:
        opened = open_samples(source, data, count, size, range)
    else:
        opened = open_beside(source, statistics, count, size, range)
    wish = wish_of(opened, data, metrics, real, statistics)
    of = about(opened, wish.real)
    kinds = {name: MEASURES[name].of for name in wish.names}
    told = {name: features if kind == "features" else None for name, kind in kinds.items()}
    return {name: {"features": told[name], "of": of} for name in wish.names}


def refuse_early(answers: Mapping[str, Answers], sure: bool) -> None:
    """Refuse what does not compare, before anything is measured.

    Args:
        answers: contender to its answers from a file, or to what is known of them before.
        sure: whether all of them will have all of these; else some may be left out, and one that compares is enough.

    Raises:
        MeasureError: no measure in common, or none that compares; where it is sure, one that does not.
    """
    if sure:
        measures_of(answers)
        return
    refused: MeasureError | None = None
    for measure in _common(answers):
        try:
            _check_all(answers, [measure])
        except MeasureError as error:
            refused = refused or error
        else:
            return
    if refused is not None:
        raise refused


def measures_of(answers: Mapping[str, Answers]) -> list[str]:
    """The measures that all have.

    Raises:
        MeasureError: there is none, or one was taken in another way.
    """
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
        for measure in measures:
            _check(measure, names[0], name, answers[names[0]][measure], answers[name][measure])


def conditions(measure: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """How an answer came about, as far as others have to be the same to compare with it; what is not known is left out.

    Args:
        measure: that it is of.
        answer: with its `features` and what it is `of`.
    """
    of, features = answer["of"], answer["features"]
    named = {} if features is None else {"features": features}
    facts = {key: of.get(key) for key in ("data", "real", "fingerprint", "count")}
    if features not in (None, "pixels"):  # two networks may have one name; Parzen and its like take pixels anyway
        facts["extractor"] = of.get("extractor")
    if measure == "memorization" and "training" in of:
        facts["training"] = of["training"]
    return {**named, **facts}


def _check(measure: str, first: str, second: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
    one, other = conditions(measure, a), conditions(measure, b)
    for key in (key for key in one if key in other):
        if one[key] != other[key]:
            said = f"{key} {in_short(one[key])} of {first}, {in_short(other[key])} of {second}"
            remedy = _REMEDIES.get(key, "measure both in the same way")
            raise MeasureError(f"{measure} does not compare: {said}", remedy)


def in_short(fact: Any) -> str:
    """A condition in few letters."""
    return f"{fact:,}" if isinstance(fact, int) else str(fact)[:_SHOWN] if len(str(fact)) == 64 else str(fact)
