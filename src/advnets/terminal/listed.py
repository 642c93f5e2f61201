"""What a list of runs knows of each: how far it is, what was measured of it, and how; quickly, as there may be many."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advnets.config.load import FORMAT, read_values, to_dict
from advnets.config.measuring import MeasureConfig
from advnets.errors import AdvnetsError
from advnets.runs.directory import RunDirectory
from advnets.terminal.runs import is_run

_CHANGING = "run.json", "metrics.jsonl", "watch.jsonl", "measures.jsonl", "evaluation.json"
"""The files of a run that are written on the way."""
_TAIL = 1 << 14  # bytes: some lines of a log

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What was last measured of a run.

    Args:
        name: of the measure.
        value: it.
        step: of the training.
    """

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class Figure:
    """What was measured of a run by one measure: of the latest step, and there by `advnets evaluate` if it was.

    Args:
        value: it.
        interval: its ends; None where it has none.
        step: of the training.
        conditions: how it came about, which has to be the same of two that compare: see `evaluation.comparable`.
    """

    value: float
    interval: tuple[float | None, float | None] | None
    step: int
    conditions: Values


@dataclass(frozen=True)
class Listed:
    """A run in a list.

    Args:
        run: its directory.
        recipe: the recipe's name; empty where the run is damaged, as `data` is.
        data: the data's name.
        step: of its newest checkpoint; where it is running, of the newest line of its log.
        steps: of its training; None where time ends it, and has not yet.
        status: as `RunDirectory.status` has it, or "damaged".
        measure: what was last measured of it, in training or after it.
        changed: when it last was, ISO 8601.
        problem: what is damaged; empty where nothing is.
        measures: measure to what was measured by it.
        fields: the recipe's, nested.
    """

    run: str
    recipe: str
    data: str
    step: int
    steps: int | None
    status: str
    measure: Measured | None
    changed: str
    problem: str = ""
    measures: Mapping[str, Figure] = field(default_factory=dict[str, Figure])
    fields: Values = field(default_factory=dict[str, Any])


def runs_below(folder: Path) -> Iterator[Path]:
    """The run directories below a folder; hidden folders, and those that cannot be read, are passed over."""
    try:
        folders = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")
    except OSError:
        return
    for name in folders:
        if is_run(folder / name):
            yield folder / name
        elif not (folder / name).is_symlink():  # which may lead back
            yield from runs_below(folder / name)


def listed(path: Path) -> Listed:
    """What a list says of a run."""
    from advnets.runs import checkpoint

    run = RunDirectory.open(path)
    step, changed = max(checkpoint.steps(run.checkpoints), default=0), _changed(path)
    try:
        recipe, facts, status = _recipe(run), run.facts["data"], run.status
    except AdvnetsError as error:
        return Listed(str(path), "", "", step, 0, "damaged", None, changed, str(error))
    if status == "running":
        step = max(step, _logged(run.metrics))
    ends = recipe["budget"] is None or step >= recipe["steps"]
    lines, answers = run.read_measures(), _answers(path / "evaluation.json")
    judge = MeasureConfig(recipe["measure"]["metrics"], best=recipe["measure"]["best"]).judge
    return Listed(
        str(path), recipe["name"], str(facts["name"]), step, recipe["steps"] if ends else None, status,
        _last_measured(run, judge, lines, answers), changed, "", _figures(facts, lines, answers), recipe,
    )  # fmt: skip


def _recipe(run: RunDirectory) -> Values:
    """The fields of a run's recipe; those of a whole one as they stand there, as checking all takes longest of all."""
    values = read_values(run.path / "recipe.yaml")
    try:
        named = isinstance(values["name"], str) and isinstance(values["steps"], int) and "budget" in values
        if values["format"] == FORMAT and named and {"metrics", "best"} <= values["measure"].keys():
            return values
    except (KeyError, TypeError, AttributeError):
        pass
    return to_dict(run.recipe)


def _changed(path: Path) -> str:
    times = [file.stat().st_mtime for name in _CHANGING if (file := path / name).exists()]
    return datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds")


def _logged(log: Path) -> int:
    """The step of the last whole line of a log, of which only the end is read; 0 where there is none."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def _answers(path: Path) -> Values:
    """What evaluation.json holds, a step of each known; nothing where it is not there, or damaged."""
    try:
        answers = json.loads(path.read_bytes())
        known = {name: {**each, "value": each["value"], "of": {**each["of"]}} for name, each in answers.items()}
        return {name: each for name, each in known.items() if isinstance(each["of"].get("step"), int)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _last_measured(run: RunDirectory, judge: str, lines: list[dict[str, Any]], answers: Values) -> Measured | None:
    """The newer of what was measured in training, by the measure that judges it, and after it."""
    own, after = run.measures, run.path / "evaluation.json"
    in_training = next(
        (Measured(judge, line["measures"][judge]["value"], line["step"])
         for line in reversed(lines) if judge in line["measures"]), None,
    )  # fmt: skip
    if answers and (not own.exists() or after.stat().st_mtime >= own.stat().st_mtime):
        name, answer = next(iter(answers.items()))
        return Measured(name, answer["value"], answer["of"]["step"])
    return in_training


def _figures(data: Values, lines: list[dict[str, Any]], answers: Values) -> dict[str, Figure]:
    """The figure of each measure: of the latest step, of one step that of `advnets evaluate`."""
    found: dict[str, Figure] = {}
    for line in lines:
        of = {
            "data": data["name"], "real": "valid", "fingerprint": data["fingerprint"],
            "count": line.get("count"), "step": line["step"],
        }  # fmt: skip
        found |= {name: figure for name, each in line["measures"].items() if (figure := _figure(name, each, of))}
    for name, answer in answers.items():
        figure = _figure(name, answer, answer["of"])
        if figure is not None and (name not in found or figure.step >= found[name].step):
            found[name] = figure
    return found


def _figure(measure: str, answer: Values, of: Values) -> Figure | None:
    """One figure; None where it is infinite, and so no number in JSON."""
    from advnets.evaluation.comparable import conditions

    if answer["value"] is None:
        return None
    interval, known = answer.get("interval"), {"features": answer.get("features"), "of": of}
    return Figure(answer["value"], interval and tuple(interval), of["step"], conditions(measure, known))
