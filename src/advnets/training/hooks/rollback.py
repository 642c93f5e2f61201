"""The way back from a collapse: to the last checkpoint before it, with gentler settings."""

from __future__ import annotations

from advnets.config.players import GeneratorConfig
from advnets.config.recipe import Recipe
from advnets.errors import RunError
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory, writing


def way_back(run: RunDirectory, healthy: int | None, custom: bool = False) -> int | None:
    """The step of the last checkpoint up to step `healthy`; None for the beginning.

    Args:
        run: the run directory.
        healthy: the last step that was healthy, if any.
        custom: the first weights cannot be drawn again, so that only a checkpoint leads back.

    Raises:
        RunError: there is no way back.
    """
    target = checkpoint.newest_step(run.checkpoints, healthy or 0)
    if target is None and custom:
        raise RunError(f"{run.path} has no checkpoint from before the collapse", "train anew with lower rates")
    return target


def roll_back(run: RunDirectory, target: int | None, recipe: Recipe) -> None:
    """Bring a run directory back to its checkpoint of step `target` (None: to the beginning), with another recipe.

    A kill at any instant leaves a run that comes to the same alarm again or has the gentler recipe, never one that
    goes on from collapsed weights: the checkpoints go first, then the recipe changes, in one piece.

    Raises:
        RunError: the run directory cannot be written.
    """
    with writing(run.path):
        checkpoint.discard_after(run.checkpoints, -1 if target is None else target)
    run.write_recipe(recipe)


def gentler(recipe: Recipe) -> Recipe:
    """The recipe with lower rates, with one update of the generators' side a step, and one rollback more to its count.

    The generators' rates are halved. So is a discriminator's, unless it is lower than all of these: then they ran
    ahead, and halving all would leave it there.
    """
    made = [player.optimizer.rate for player in recipe.players.values() if isinstance(player, GeneratorConfig)]
    rates = {
        f"game.{name}.optimizer.{field}": getattr(player.optimizer, field) / 2
        for name, player in recipe.players.items()
        if isinstance(player, GeneratorConfig) or player.optimizer.rate >= min(made)
        for field in ("rate", "floor")
    }
    return recipe.replace(**rates, generator_steps=1, **{"watch.rollbacks": recipe.watch.rollbacks + 1})
