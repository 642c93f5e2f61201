"""MNIST, where D can be sure: it learns against an untouched G, then the game goes on under either cost."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from advnets.config.load import load_recipe, to_dict
from advnets.config.players import AverageConfig, SGDConfig
from advnets.config.recipe import Recipe
from advnets.data.open import open_table
from advnets.games.objectives import objective
from advnets.paper.claims.ring import Lines
from advnets.paper.claims.spread import mean_distance
from advnets.paper.shrinking import shrunk
from advnets.paper.workspace import Workspace
from advnets.randomness import Stream, seed_for
from advnets.runs.sampling import evaluating
from advnets.training.batches import Data
from advnets.training.player import Player
from advnets.training.trainer import Trainer

COSTS = ("minimax", "non-saturating")
STILL = SGDConfig(rate=1e-30)
"""G's optimizer while D learns alone: nothing that float32 holds moves by so little."""
AT_A_TIME = 20
"""Updates of D between two of G, which stands still: it need not be asked more often."""
ALONE, _QUICK_ALONE = (0, 20, 40, 80, 160, 320, 640), (0, 20, 40)
STEPS, _QUICK_STEPS = 240, 4
LATENTS, _LOOKS, _FAKES = 256, 4, 200
LEAST_SPREAD = 1e-4
"""Fakes are rounded to gray levels: those of a collapsed G have a spread of 0, which has no logarithm."""
_WITHOUT_HALF = {"minimax": 2, "non-saturating": 1}  # the paper writes both costs without the tutorial's factor 1/2
_TINY = 1e-30  # what underflows has a logarithm, too


def histories(workspace: Workspace, seed: int) -> dict[str, Lines]:
    """One seed's lines: "alone", and under each cost the game from D's head start on.

    Returns:
        Of "alone": `updates` of D and `generator_gradients`; of a game: `step`, these, and `spread` of the fakes.
    """
    alone, steps = (_QUICK_ALONE, _QUICK_STEPS) if workspace.quick else (ALONE, STEPS)
    whole = load_recipe("paper-mnist")
    printed = (shrunk(whole) if workspace.quick else whole).replace(
        schedule="alternating", precision="float32", seed=seed, steps=steps,
        # No figure is of the average: another one in the recipe changes nothing here.
        **{"generator.average": AverageConfig()},
    )  # fmt: skip
    train = functools.partial(_train, printed, alone)
    of = [to_dict(printed), own_seed(seed), alone, AT_A_TIME, LATENTS, _LOOKS, _FAKES, LEAST_SPREAD, _WITHOUT_HALF]
    return workspace.keep(f"early-{seed}", train, of)


def _train(printed: Recipe, alone: tuple[int, ...]) -> dict[str, Lines]:
    table = open_table("mnist", progress=False)
    data = Data(table.values, table.rows("train"))
    steps = alone[-1] // AT_A_TIME
    first, lines = standing(printed, data, steps, discriminator_steps=AT_A_TIME), list[dict[str, Any]]()
    while True:
        if first.step * AT_A_TIME in alone:
            lines.append({"updates": first.step * AT_A_TIME, **generator_gradients(first)})
        if first.step == steps:
            return {"alone": lines, **{cost: _go_on(printed.replace(objective=cost), first) for cost in COSTS}}
        first.advance()


def _go_on(game: Recipe, first: Trainer) -> Lines:
    trainer, lines = with_head_start(game, first), list[dict[str, Any]]()
    while True:
        if trainer.step % (game.steps // _LOOKS) == 0:
            lines.append({"step": trainer.step, **generator_gradients(trainer), "spread": _spread(trainer)})
        if trainer.step == game.steps:
            return lines
        trainer.advance()


def standing(game: Recipe, data: Data, steps: int, **changes: Any) -> Trainer:
    """A game between the players of `game` as they begin, in which G stands still: it has a seed of its own.

    Args:
        game: the game to come.
        data: of both.
        steps: of the game before it.
        changes: to it.
    """
    still = game.replace(seed=own_seed(game.seed), steps=steps, **{"generator.optimizer": STILL}, **changes)
    first, begun = Trainer(still, data), Trainer(game, data)
    for name, player in first.players.items():
        _copy(begun.players[name], player)
    return first


def own_seed(seed: int) -> int:
    """The head start's: with the game's own D would see its minibatches and noise once more in the game."""
    return seed_for(seed, 0, Stream.LAYERS)


def with_head_start(game: Recipe, first: Trainer) -> Trainer:
    """A new game whose D has learned in `first`; both optimizers begin anew."""
    trainer = Trainer(game, first.data)
    _copy(first.players["discriminator"], trainer.players["discriminator"])
    return trainer


def _copy(one: Player, other: Player) -> None:
    other.network.load_state_dict(one.network.state_dict())
    other.reload()


def generator_gradients(trainer: Trainer) -> dict[str, float]:
    """Mean D(G(z)) over fixed latents, and the norm of the gradient of all of G's weights under each cost.

    Both costs are taken without a factor, E log(1 - D(G(z))) and -E log D(G(z)), as section 3 of the paper writes them.

    Args:
        trainer: a game whose D is a probability; D's dropout is off.
    """
    G, D = trainer.nets["generator"], trainer.nets["discriminator"]
    with evaluating([G, D]):
        logits = D(G(trainer.sampler.inputs(LATENTS, 5)["z"].to(trainer.device)))
    found = {"opinion": max(float(torch.sigmoid(logits.detach()).mean()), _TINY)}
    for cost in COSTS:
        slope = _WITHOUT_HALF[cost] * objective(cost).generator_gradient(torch.zeros(1), logits)
        gradients = torch.autograd.grad([logits], trainer.players["generator"].parameters, [slope], retain_graph=True)
        found[cost] = max(float(torch.stack([each.norm() for each in gradients]).norm()), _TINY)
    return found


def _spread(trainer: Trainer) -> float:
    """The fakes' mean distance from each other over that of real images; `LEAST_SPREAD` at least."""
    fakes = trainer.raw_sampler.draw(_FAKES, 1).astype(np.float64) / 255
    real = trainer.real_batch(_FAKES).image.double().numpy()
    return max(mean_distance(fakes) / mean_distance(real), LEAST_SPREAD)
