"""The best checkpoint of a run, by what was measured in its training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advnets.config.recipe import Recipe
from advnets.errors import RunError
from advnets.measures.progress import best_step


def best_of(path: Path, recipe: Recipe, measures: Sequence[dict[str, Any]]) -> int:
    """The step of the best checkpoint by the measure that a run was trained with.

    Args:
        path: the run directory, for messages.
        recipe: that was trained.
        measures: the lines of measures.jsonl.

    Raises:
        RunError: nothing was measured in training.
    """
    step = best_step(measures, recipe.measure.judge)
    if step is not None:
        return step
    if not recipe.measure.names:
        raise RunError(f"{path} was not measured in training", "name a step, or train anew with --measure")
    every = recipe.measure.settled(recipe.steps).every
    goes_on = f"advnets resume {path} goes on: it is measured every {every:,} steps and at its end"
    raise RunError(f"{path} was not measured yet", goes_on)
