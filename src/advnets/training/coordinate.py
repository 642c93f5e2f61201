"""From what a recipe says of coordination to what a training does of it; what has no effect in a game is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.games.game import Batch, Game, Inputs, Nets, Seat, View, slopes
from advnets.games.priors import DISCRETE, inside
from advnets.games.realness import Realness, realness
from advnets.randomness import Stream
from advnets.training.batches import Data
from advnets.training.coordination import Coordination
from advnets.training.gradients import Match
from advnets.training.held_out import held_out_accuracy, parts_of
from advnets.training.latents import LatentSteps
from advnets.training.pace import Pace
from advnets.training.rehearsal import undisturbed
from advnets.training.replay import Replay
from advnets.training.schedules import drawn
from advnets.training.top_k import TopK

_HELD_OUT = 500
"""Held-out rows, at most, from which D's accuracy is taken."""


def coordinated(
    match: Match,
    recipe: Recipe,
    seats: Mapping[str, Seat],
    data: Data,
    networks: Mapping[str, nn.Module],
    rows: Callable[[NDArray[np.int64]], Batch],
) -> Match:
    """The match with what its recipe says of coordination.

    Args:
        match: who plays.
        recipe: what is played.
        seats: of its game.
        data: what it is played on.
        networks: float32, with which D's accuracy is taken.
        rows: numbers of rows -> these, as discriminators see them, float32.

    Raises:
        RecipeError: something of it has no effect in this game, or needs rows that the data have not.
    """
    config = recipe.coordination
    if not (config.most_discriminator_steps or config.top_share < 1 or config.latent_step or config.replayed):
        return match
    said = realness(match.game, seats, data.spec)
    found = Coordination(
        top=TopK(config.top_share, config.top_annealed) if config.top_share < 1 else None,
        latents=_latents(match, recipe, said) if config.latent_step else None,
        replay=_replay(match, recipe, seats) if config.replayed else None,
        pace=_pace(match, recipe, data, networks, rows, said) if config.most_discriminator_steps else None,
        realness=said,
    )
    return replace(match, coordination=found)


def _latents(match: Match, recipe: Recipe, said: Mapping[str, Realness]) -> LatentSteps:
    config, (batch, draws) = recipe.coordination, _first(match)
    z = draws.get("z")
    if z is None or not z.is_floating_point() or z.ndim != 2:
        what = f"coordination.latent_step changes nothing: the game {recipe.game.kind} draws no latents z"
        raise RecipeError(what, "leave it out")
    prior: str = getattr(recipe.game, "prior", "")
    if prior in DISCRETE:
        what = f"coordination.latent_step changes nothing: from a latent of the prior {prior} no small step leads away"
        raise RecipeError(what, "leave it out, or take another prior")
    steps = LatentSteps(
        config.latent_step, config.latent_rule == "natural", config.latent_damping, config.second_order,
        functools.partial(inside, prior), said,
    )  # fmt: skip
    with undisturbed(match.nets.values(), batch.image.device), torch.enable_grad():
        if not steps.moves(match.game, match.nets, batch, draws):
            what = f"coordination.latent_step changes nothing: D scores nothing that {recipe.game.kind} makes of z"
            raise RecipeError(what, "leave it out")
    return steps


def _replay(match: Match, recipe: Recipe, seats: Mapping[str, Seat]) -> Replay:
    config, (batch, draws) = recipe.coordination, _first(match)
    if round(config.replayed * recipe.batch) == 0:
        raise RecipeError(
            f"coordination.replayed {config.replayed:g} changes nothing: it is no row of {recipe.batch}", "use more"
        )
    with undisturbed(match.nets.values(), batch.image.device), torch.enable_grad():
        made = match.game.make(match.nets, batch, draws)
        views = match.game.views(batch, draws, made.outputs)
    moving = {number: view for number, view in enumerate(views) if view.has_made}
    for view in {view.discriminator: view for view in moving.values()}.values():
        _check_alone(match.game, view, seats[view.discriminator].gives, batch)
    return Replay(config.replayed, config.replay_size, recipe.seed, frozenset(moving))


def _pace(
    match: Match,
    recipe: Recipe,
    data: Data,
    nets: Nets,
    rows: Callable[[NDArray[np.int64]], Batch],
    said: Mapping[str, Realness],
) -> Pace:
    config, held_out = recipe.coordination, data.valid
    if len(held_out) < 2:
        what = "coordination.most_discriminator_steps: the data have no rows for validation, which D is not trained on"
        raise RecipeError(what, "use data with some, as --holdout 0.1 leaves them, or 0 for a k that stays")
    count = min(len(held_out), _HELD_OUT)
    chosen = held_out[np.arange(count) * len(held_out) // count]

    def measure(step: int) -> float:
        parts = parts_of(match.game, rows, chosen, recipe.batch, recipe.seed, step)
        return held_out_accuracy(match.game, nets, parts, said)

    most, wanted = config.most_discriminator_steps, config.wanted_accuracy
    return Pace(recipe.discriminator_steps, most, wanted, config.decide_every, measure)


def _first(match: Match) -> tuple[Batch, Inputs]:
    """The first real rows of the training and the draws beside them."""
    batch = match.batch(0)
    return batch, drawn(match, batch, 0, Stream.DISCRIMINATOR_NOISE)


def _check_alone(game: Game, view: View, gives: tuple[int, ...], batch: Batch) -> None:
    """See that what a fake costs D does not depend on the real row beside it, which an old fake no longer has.

    Raises:
        RecipeError: it does.
    """
    rng = torch.Generator().manual_seed(0)
    counts = (len(next(iter(side.values()))) for side in (view.real, view.fake))
    real, fake = (torch.randn(count, *gives, generator=rng).to(batch.image.device) for count in counts)
    here, there = (slopes(game, view.discriminator, real, fake, each).fake for each in (batch, _rolled(batch)))
    if not torch.allclose(here, there):
        what = "coordination.replayed: what a fake costs in this game depends on the real row beside it"
        raise RecipeError(what, "leave it out: an old fake no longer has that row")


def _rolled(batch: Batch) -> Batch:
    """The same rows in another order."""
    rolled: dict[str, Any] = {name: each.roll(1, 0) for name, each in batch.by_row().items()}
    return replace(batch, **rolled)
