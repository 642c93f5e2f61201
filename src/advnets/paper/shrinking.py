"""The one way in which exhibits and tests make a recipe quick: fewer units, images and steps, and nothing else."""

from __future__ import annotations

import dataclasses
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
    return recipe.replace(
        latent=min(recipe.latent, _LATENT), batch=min(recipe.batch, _BATCH), steps=steps,
        generator=_narrowed(recipe.generator), discriminator=_narrowed(recipe.discriminator),
        log_every=steps // 2 or 1, checkpoint_every=steps, sample_every=0,
    )  # fmt: skip


def _narrowed(network: Any) -> Any:
    limits = {name: limit for name, limit in _LIMITS.items() if getattr(network, name, None) is not None}
    return dataclasses.replace(
        network, **{name: _at_most(limit, getattr(network, name)) for name, limit in limits.items()}
    )


def _at_most(limit: int, count: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return tuple(min(each, limit) for each in count) if isinstance(count, tuple) else min(count, limit)
