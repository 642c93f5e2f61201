"""What a study has found: its trials as a table, the best of them, and the best one as a recipe."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.config.describe import as_words
from advnets.config.recipe import Recipe
from advnets.config.shorten import as_yaml
from advnets.files import write_whole
from advnets.measures.catalog import badness
from advnets.runs.directory import writing
from advnets.tuning.ledger import FOUND
from advnets.tuning.space import Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_ENDED = "done", "at rest"
"""Statuses of trainings that came to an end of their own, and are compared."""


@dataclass(frozen=True)
class Trial:
    """A trial as a person reads it.

    Args:
        number: from 0 on.
        status: of its training: done, at rest, pruned, collapsed, diverged, as run.json has it; refused, where the
            settings did not go together; unmeasured; or running.
        value: the best of its measurements; None where there is none.
        interval: 95 %, of that measurement.
        step: at which it was taken.
        steps: of the training.
        seconds: of the training.
        settings: in words, by the name of what is searched.
        reason: why it came to no end of its own.
    """

    number: int
    status: str
    value: float | None
    interval: tuple[float, float]
    step: int | None
    steps: int | None
    seconds: float | None
    settings: Mapping[str, str]
    reason: str

    @property
    def compared(self) -> bool:
        """Whether it may be the best one."""
        return self.status in _ENDED and self.value is not None

    @property
    def figures(self) -> str:
        """Its value with its interval."""
        if self.value is None:
            return "-"
        low, high = self.interval
        return f"{self.value:.4g} ({low:.4g} to {high:.4g})"


def read_trial(trial: FrozenTrial, space: Space) -> Trial:
    """A trial of the storage."""
    facts = trial.user_attrs.get(FOUND, {})
    low, high = facts.get("low"), facts.get("high")
    return Trial(
        trial.number,
        facts.get("end", "running") if trial.state.is_finished() else "running",
        facts.get("value"),
        (-math.inf if low is None else low, math.inf if high is None else high),
        facts.get("step"),
        facts.get("steps"),
        facts.get("seconds"),
        {each.name: as_words(trial.params[each.name]) for each in space if each.name in trial.params},
        facts.get("reason", ""),
    )


def ranked(trials: Sequence[Trial], measure: str) -> list[Trial]:
    """Those that are compared, the best first, of equals the earlier."""
    known = [trial for trial in trials if trial.compared]
    return sorted(known, key=lambda trial: (badness(measure, trial.value or 0.0), trial.number))


def as_good(found: Sequence[Trial]) -> int:
    """How many of the others lie within the interval of the first."""
    low, high = found[0].interval
    return sum(low <= (trial.value or 0.0) <= high for trial in found[1:])


def write_trials(path: Path, trials: Sequence[Trial], measure: str, space: Space) -> None:
    """The trials as CSV, a row each.

    Raises:
        RunError: it cannot be written.
    """
    text = io.StringIO(newline="")
    rows = [_row(trial, measure, space) for trial in trials]
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["trial"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with writing(path):
        write_whole(path, text.getvalue().encode())


def _row(trial: Trial, measure: str, space: Space) -> dict[str, Any]:
    """A line of trials.csv by its headings; an end of an interval that is infinite stays empty, as what is unknown."""
    low, high = (each if trial.value is not None and math.isfinite(each) else None for each in trial.interval)
    return {
        "trial": trial.number,
        "status": trial.status,
        measure: trial.value,
        "low": low,
        "high": high,
        "step": trial.step,
        "steps": trial.steps,
        "seconds": trial.seconds,
        **{each.name: trial.settings.get(each.name, "") for each in space},
        "reason": trial.reason,
    }


def write_best(path: Path, recipe: Recipe, said: Iterable[str], origin: str) -> None:
    """The winner's recipe, which `advnets train` plays.

    Args:
        path: the file.
        recipe: the winner's.
        said: names of fields that were chosen.
        origin: where it comes from, a comment line.

    Raises:
        RunError: it cannot be written.
    """
    text = f"# {origin}\n{as_yaml(recipe, said)}"
    with writing(path):
        write_whole(path, text.encode())
