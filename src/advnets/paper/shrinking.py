"""The one way in which exhibits make a recipe quick: fewer units, rows and steps, and nothing else."""

from __future__ import annotations

from typing import Any

from advnets.config.recipe import Recipe

_UNITS, _UNITS_OF_D = 32, 16
_LATENT, _BATCH, _STEPS = 32, 20, 100
_CONVOLUTIONS = 4
_LIMITS = {
    "hidden": _UNITS, "output_sparse": _UNITS // 2, "maps": _CONVOLUTIONS, "base": _CONVOLUTIONS,
    "units": _UNITS_OF_D, "widths": _CONVOLUTIONS, "dense": _UNITS_OF_D,
}  # fmt: skip
"""The fields of networks that count units, each with the most that a quick network has."""


def shrunk(recipe: Recipe) -> Recipe:
    """The same game in seconds: as many layers, at most a few units in each; all that the recipe says else stays.

    Generators that are stacked on each other still fit, for all their layers and their latents have one length.
    """
    steps = min(recipe.steps, _STEPS)
    players = {name: {"network": _narrowed(config.network)} for name, config in recipe.players.items()}
    return recipe.replace(
        game={**_fewer(recipe.game, {"latent": _LATENT}), **players}, batch=min(recipe.batch, _BATCH), steps=steps,
        log_every=max(steps // 2, 1), checkpoint_every=steps, sample_every=0,
    )  # fmt: skip


def _narrowed(network: object) -> dict[str, Any]:
    return _fewer(network, _LIMITS)


def _fewer(config: object, limits: dict[str, int]) -> dict[str, Any]:
    """Of a configuration the fields that are limited and say something, at most at their limits."""
    said = {name: value for name in limits if (value := getattr(config, name, None)) is not None}
    return {name: _at_most(limits[name], value) for name, value in said.items()}


def _at_most(limit: int, count: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return tuple(min(each, limit) for each in count) if isinstance(count, tuple) else min(count, limit)
