"""MNIST, where D can be sure: it learns against an untouched G, then the game goes on under either cost."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from advnets.data.open import open_table
from advnets.games.objectives import objective
from advnets.paper.claims_ring import Lines
from advnets.paper.exhibit import Bench
from advnets.recipe import Recipe, load_recipe, to_dict
from advnets.training.trainer import Data, Trainer
from advnets.training.watch import evaluating

COSTS = ("minimax", "non-saturating")
STILL = {"kind": "sgd", "rate": 1e-30}
"""G's optimizer while D learns alone: nothing that float32 holds moves by so little."""
AT_A_TIME = 20
"""Updates of D between two of G, which stands still: it need not be asked more often."""
ALONE, _QUICK_ALONE = (0, 20, 40, 80, 160, 320, 640), (0, 20, 40)
PLAYED, _QUICK_PLAYED = 240, 4
LATENTS, _LOOKS, _FAKES = 256, 4, 200


def play(bench: Bench, seed: int) -> dict[str, Lines]:
    """One seed's lines: "alone", and under each cost the game from D's head start on.

    Returns:
        Of "alone": `updates` of D and `generator_gradients`; of a game: `step`, these, and `spread` of the fakes.
    """
    alone, steps = (_QUICK_ALONE, _QUICK_PLAYED) if bench.quick else (ALONE, PLAYED)
    printed = load_recipe("paper-mnist").replace(schedule="alternating", precision="float32", seed=seed, steps=steps)
    train = functools.partial(_train, printed, alone)
    return bench.keep(f"early-{seed}", train, [to_dict(printed), alone, AT_A_TIME, LATENTS, _LOOKS, _FAKES])


def _train(printed: Recipe, alone: tuple[int, ...]) -> dict[str, Lines]:
    table = open_table("mnist", progress=False)
    data = Data(table.images, table.rows("train"))
    still = printed.replace(
        steps=alone[-1] // AT_A_TIME, discriminator_steps=AT_A_TIME, generator_optimizer=STILL, objective=COSTS[0]
    )
    first, lines = Trainer(still, data), list[dict[str, Any]]()
    while True:
        if first.step * AT_A_TIME in alone:
            lines.append({"updates": first.step * AT_A_TIME, **generator_gradients(first)})
        if first.step == still.steps:
            return {"alone": lines, **{cost: _go_on(printed.replace(objective=cost), first) for cost in COSTS}}
        first.advance()


def _go_on(played: Recipe, first: Trainer) -> Lines:
    trainer, lines = with_head_start(played, first), list[dict[str, Any]]()
    while True:
        if trainer.step % (played.steps // _LOOKS) == 0:
            lines.append({"step": trainer.step, **generator_gradients(trainer), "spread": _spread(trainer)})
        if trainer.step == played.steps:
            return lines
        trainer.advance()


def with_head_start(played: Recipe, first: Trainer) -> Trainer:
    """A new game whose D has learned in `first`; both optimizers begin anew."""
    trainer = Trainer(played, first.data)
    trainer.discriminator.network.load_state_dict(first.discriminator.network.state_dict())
    trainer.discriminator.reload()
    return trainer


def generator_gradients(trainer: Trainer) -> dict[str, float]:
    """Mean D(G(z)) over fixed latents, and the norm of the gradient of all of G's weights under each cost.

    Args:
        trainer: a game whose D is a probability; D's dropout is off.
    """
    G, D = trainer.generator.worker, trainer.discriminator.worker
    with evaluating(G), evaluating(D):
        logits = D(G(trainer.sampler.latents(LATENTS, 5)))
    found = {"opinion": float(torch.sigmoid(logits.detach()).mean())}
    for cost in COSTS:
        slope = objective(cost).generator_gradient(torch.zeros(1), logits)
        gradients = torch.autograd.grad([logits], trainer.generator.parameters, [slope], retain_graph=True)
        found[cost] = float(torch.stack([each.norm() for each in gradients]).norm())
    return found


def _spread(trainer: Trainer) -> float:
    """The fakes' mean distance from each other over that of real images."""
    fakes = trainer.raw_sampler.draw(_FAKES, 1).astype(np.float64) / 255
    real = trainer.real_images(_FAKES).double().numpy()
    return _mean_distance(fakes) / _mean_distance(real)


def _mean_distance(images: Any) -> float:
    half = len(images) // 2
    rows = images.reshape(len(images), -1)
    return float(np.linalg.norm(rows[:half] - rows[half : 2 * half], axis=1).mean())
