"""A folder of runs as a table: what each is, how far it got, what was last measured of it, and how long ago."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from advnets.errors import AdvnetsError, RunError
from advnets.runs.directory import RunDirectory
from advnets.runs.durations import in_words
from advnets.terminal.runs import is_run

_HEADINGS = "run", "recipe", "data", "step", "status", "last measured", "changed"
_CHANGING = "run.json", "metrics.jsonl", "watch.jsonl", "measures.jsonl", "evaluation.json"
"""The files of a run that are written on the way."""
_TAIL = 1 << 14  # bytes: some lines of a log


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


def print_list(folder: Path, as_json: bool) -> None:
    """The runs in a folder and in those below it, the one that changed last first.

    Raises:
        RunError: there are none.
    """
    runs = sorted((listed(path) for path in runs_below(folder)), key=lambda run: run.changed, reverse=True)
    if not runs:
        remedy = "name a directory that `advnets train` made, or a folder of them"
        raise RunError(f"{folder} is not a run, and holds none", remedy)
    if as_json:
        print(json.dumps([asdict(run) for run in runs], indent=1, ensure_ascii=False))
        return
    print("\n".join(table(runs, time.time())))
    for run in runs:
        if run.problem:
            print(run.problem)


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
        recipe, data, status = run.recipe, str(run.facts["data"]["name"]), run.status
    except AdvnetsError as error:
        return Listed(str(path), "", "", step, 0, "damaged", None, changed, str(error))
    if status == "running":
        step = max(step, _logged(run.metrics))
    measure = _last_measured(run, recipe.measure.judge)
    return Listed(str(path), recipe.name, data, step, recipe.known_steps(step), status, measure, changed)


def table(runs: Sequence[Listed], now: float) -> list[str]:
    """The lines of a table, with its headings.

    Args:
        runs: its rows.
        now: in seconds since 1970.
    """
    rows = [_HEADINGS, *(_cells(run, now) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(run: Listed, now: float) -> tuple[str, ...]:
    measure = run.measure
    said = "" if measure is None else f"{measure.name} {measure.value:.4g} (step {measure.step:,})"
    step = f"{run.step:,} of {run.steps:,}" if run.steps else f"{run.step:,}"
    age = in_words(max(0.0, now - datetime.fromisoformat(run.changed).timestamp()))
    return run.run, run.recipe or "-", run.data or "-", step, run.status, said or "-", f"{age} ago"


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


def _last_measured(run: RunDirectory, judge: str) -> Measured | None:
    """The newer of what was measured in training, by the measure that judges it, and after it."""
    own, after = run.measures, run.path / "evaluation.json"
    if after.exists() and (not own.exists() or after.stat().st_mtime >= own.stat().st_mtime):
        return _evaluated(after) or _in_training(run, judge)
    return _in_training(run, judge)


def _in_training(run: RunDirectory, judge: str) -> Measured | None:
    lines = [line for line in run.read_measures() if judge in line["measures"]]
    return Measured(judge, lines[-1]["measures"][judge]["value"], lines[-1]["step"]) if lines else None


def _evaluated(path: Path) -> Measured | None:
    """The first answer in evaluation.json; None where it is damaged."""
    try:
        answers: Mapping[str, Any] = json.loads(path.read_bytes())
        name, answer = next(iter(answers.items()))
        return Measured(name, float(answer["value"]), int(answer["of"]["step"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
