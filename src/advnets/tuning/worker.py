"""One worker of a study: it plays trial after trial until there are as many as were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import advnets.api as api
from advnets.data import Table
from advnets.errors import DivergedError, RecipeError
from advnets.measures.progress import best_step
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory
from advnets.runs.networks import load_own
from advnets.training.hooks.measuring import Measuring
from advnets.training.trainer import Trainer
from advnets.tuning.results import Trial
from advnets.tuning.space import Settings
from advnets.tuning.study import Asked, Study

_PARTS = 20  # of a training that time ends: the places at which trials are compared
_WARM = 0.25  # of a training, in which none is pruned


def check_playable(asked: Asked, table: Table) -> None:
    """See, before anything is made, that the recipe can be played on its data, and be measured.

    Raises:
        AdvnetsError: it cannot.
    """
    Trainer(asked.recipe, api.training_data(table), {name: load_own(each) for name, each in asked.modules.items()})
    Measuring(asked.recipe.measure, table, asked.recipe.steps)


def work(study: Study, whole: int, begun: Callable[[int, Settings], None], ended: Callable[[Trial], None]) -> bool:
    """Play trials until the study has `whole`, those of other workers counted.

    Args:
        study: that they are of.
        whole: how many trials it is to have.
        begun: told of each trial before it is played.
        ended: told of each trial after it.

    Returns:
        False where a signal ended it before.

    Raises:
        AdvnetsError: a trial cannot be played for a reason that is not its settings'. It is played when the study goes
            on.
    """
    while True:
        with study.claim(whole) as number:
            if number is None:
                return True
            settings = study.ledger.settings(number, study.asked.own)
            begun(number, settings)
            if (facts := _played(study, number, settings)) is None:
                return False
            compared = facts["end"] in ("done", "at rest")
            study.finish(number, facts["value"] if compared else None, facts)
            ended(next(trial for trial in study.trials if trial.number == number))


def _played(study: Study, number: int, settings: Settings) -> dict[str, Any] | None:
    """Train a trial to its end, from wherever it is; None where a signal stopped it."""
    path = study.folder(number)
    try:
        status = _train(study, number, settings, path)
    except DivergedError:
        return _outcome(study, path, "diverged", RunDirectory.open(path).facts["reason"])
    except RecipeError as error:  # these settings together, or there is no room for them
        return {"end": "refused", "reason": str(error), "value": None}
    return None if status == "stopped" else _outcome(study, path, status)


def _train(study: Study, number: int, settings: Settings, path: Path) -> str:
    """The status in which the training ends."""
    asked, prune = study.asked, _Pruning(study, number)
    if not (path / "run.json").is_file():
        recipe, chosen = asked.played(settings), f"trial {number} of {study.path}"
        run = api.train(recipe, run=path, modules=asked.modules, chosen=chosen, said=asked.kept, prune=prune)
        return str(run.directory.facts["status"])
    directory = RunDirectory.open(path)
    if (status := directory.facts["status"]) == "diverged":
        raise DivergedError(directory.facts["reason"])
    if status == "collapsed":
        return status
    return str(api.resume(path, modules=asked.modules, prune=prune).directory.facts["status"])


def _outcome(study: Study, path: Path, status: str, reason: str = "") -> dict[str, Any]:
    """What is noted of a trial whose training has ended."""
    directory, measure = RunDirectory.open(path), study.asked.measure
    lines = directory.read_measures()
    step, (last, _) = best_step(lines, measure), checkpoint.newest(directory.checkpoints)
    steps, seconds = (0, 0.0) if last is None else (last.step, round(float(last.state["seconds"]), 3))
    facts = {"end": status, "reason": reason, "value": None, "steps": steps, "seconds": seconds}
    if step is None:
        return facts if status not in ("done", "at rest") else {**facts, "end": "unmeasured", "reason": _why(lines)}
    answer = next(line["measures"][measure] for line in lines if line["step"] == step)
    low, high = answer["interval"]
    return {**facts, "value": answer["value"], "low": low, "high": high, "step": step}


def _why(lines: Sequence[Mapping[str, Any]]) -> str:
    """Why a measure could not be taken."""
    return next((why for line in lines for why in line.get("refused", {}).values()), "nothing was measured")


class _Pruning:
    """Reports the best measurement of a trial so far, and asks whether it is hopeless.

    Args:
        study: of the trial.
        number: of the trial.
    """

    def __init__(self, study: Study, number: int) -> None:
        self._study, self._number = study, number

    def __call__(self, lines: Sequence[Mapping[str, Any]], share: float) -> bool:
        asked, ledger = self._study.asked, self._study.ledger
        if (step := best_step(lines, asked.measure)) is None:
            return False
        best = next(line["measures"][asked.measure]["value"] for line in lines if line["step"] == step)
        timed = asked.recipe.budget is not None  # no two trials measure at the same step then
        place = int(_PARTS * share) if timed else int(lines[-1]["step"])
        warm = int(_WARM * (_PARTS if timed else asked.recipe.steps))
        ledger.report(self._number, place, best)
        return asked.prune and ledger.is_hopeless(self._number, place, warm)
