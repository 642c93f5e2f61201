"""The best checkpoint of a run, by what was measured in its training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from advnets.config.recipe import Recipe
from advnets.errors import RunError
from advnets.measures.progress import Lines, best_step, best_steps


def best_kept(measures: Lines, judge: str, kept: Collection[int]) -> int | None:
    """The step of the best checkpoint that is kept; of all that were measured, where none is or it was never one.

    A better one is gone where the training went back to before what had replaced it.

    Args:
        measures: the lines of measures.jsonl.
        judge: the measure.
        kept: the steps of the checkpoints.
    """
    there = [step for step in best_steps(measures, judge) if step in kept]
    return there[0] if there else best_step(measures, judge)


def best_of(path: Path, recipe: Recipe, measures: Sequence[dict[str, Any]], kept: Collection[int]) -> int:
    """The step of the best checkpoint by the measure that a run was trained with.

    Args:
        path: the run directory, for messages.
        recipe: that was trained.
        measures: the lines of measures.jsonl.
        kept: the steps of its checkpoints.

    Raises:
        RunError: nothing was measured in training.
    """
    step = best_kept(measures, recipe.measure.judge, kept)
    if step is not None:
        return step
    if not recipe.measure.names:
        raise RunError(f"{path} was not measured in training", "name a step, or train anew with --measure")
    every = recipe.measure.settled(recipe.steps).every
    goes_on = f"advnets resume {path} goes on: it is measured every {every:,} steps and at its end"
    raise RunError(f"{path} was not measured yet", goes_on)
