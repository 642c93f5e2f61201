"""Which checkpoints are kept, and why: a function of the recipe, of what was measured, and of those that there are."""

from __future__ import annotations

from collections.abc import Iterable

from advnets.config.recipe import Recipe
from advnets.measures.progress import Lines, best_steps


def due(recipe: Recipe, step: int) -> bool:
    """Whether a training has a checkpoint at a step, whatever is measured there.

    One that is stopped has another where it stops, which counts until the next: the same are kept as without it.
    """
    return step % recipe.checkpoint_every == 0 or _for_good(recipe, step) or step == recipe.steps


def reasons(steps: Iterable[int], recipe: Recipe, lines: Lines) -> dict[int, list[str]]:
    """The steps whose checkpoints a recipe keeps, and why, in words.

    Args:
        steps: of the checkpoints that there are.
        recipe: as it is trained.
        lines: of measures.jsonl.
    """
    there = sorted(steps)
    newest = {step for step in there if due(recipe, step)}
    newest = {*sorted(newest)[-recipe.keep_checkpoints :], *there[-1:]}
    judge = recipe.measure.judge
    best = best_steps(lines, judge)[: recipe.keep_best] if judge else []
    found = {step: list[str]() for step in there}
    for step, said in found.items():
        said += ["newest"] if step in newest else []
        said += [f"every {recipe.keep_every:,}"] if _for_good(recipe, step) else []
        said += [f"{_place(best.index(step))} by {judge}"] if step in best else []
    return {step: said for step, said in found.items() if said}


def most_kept(recipe: Recipe) -> int:
    """How many checkpoints a training keeps at once, at the most: by its rules, where it stops, and for a way back."""
    for_good = recipe.steps // recipe.keep_every if recipe.keep_every else 0
    best = recipe.keep_best if recipe.measure.names else 0
    back = 0 if recipe.watch.action == "off" else 2
    written = recipe.steps // recipe.checkpoint_every + for_good + _measured(recipe) + 2
    return min(recipe.keep_checkpoints + 1 + for_good + best + back, written)


def _measured(recipe: Recipe) -> int:
    every = recipe.measure.settled(recipe.steps).every
    return recipe.steps // every if recipe.measure.names else 0


def _for_good(recipe: Recipe, step: int) -> bool:
    return recipe.keep_every > 0 and step > 0 and step % recipe.keep_every == 0


def _place(number: int) -> str:
    return "best" if number == 0 else f"number {number + 1}"
