"""Games small enough to train within a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from advnets.training.algorithm import Match
from torch import Tensor, nn

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.games.adversarial import AdversarialGame, Scheduled
from advnets.games.objectives import Objective, objective
from advnets.training.optimizers import OptimizerConfig
from advnets.training.player import Player
from advnets.training.trainer import Data

LATENT, SHAPE, BATCH = 5, (1, 4, 3), 12


def points(count: int = 400) -> Data:
    return Data(np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32), np.arange(count))


def images(count: int = 300) -> Data:
    return Data(np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8), np.arange(count))


def ring(**changes: Any) -> Recipe:
    """The ring recipe with small networks, at a constant rate: its first steps do not depend on how many follow."""
    small = {
        "generator_optimizer": {"rate": 1e-3}, "discriminator_optimizer": {"rate": 1e-3},
        "generator": {"kind": "mlp", "hidden": [16], "output": "linear", "init": None},
        "discriminator": {"kind": "mlp", "units": [16]},
        "batch": 32, "steps": 40, "log_every": 10, "checkpoint_every": 20, "sample_every": 0,
    }  # fmt: skip
    return load_recipe("ring").replace(**{**small, **changes})


def seeded_generator(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(LATENT, 9), nn.Tanh(), nn.Linear(9, 12), nn.Sigmoid(), nn.Unflatten(1, SHAPE))


def seeded_discriminator(seed: int = 1, middle: nn.Module | None = None) -> nn.Module:
    torch.manual_seed(seed)
    layers = [nn.Flatten(), nn.Linear(12, 10), middle or nn.Dropout(0.5), nn.LeakyReLU(0.2), nn.Linear(10, 1)]
    return nn.Sequential(*layers, nn.Flatten(0))


def match(
    G: nn.Module,
    D: nn.Module,
    costs: str | Objective = "non-saturating",
    rowwise: bool = True,
    penalties: tuple[Scheduled, ...] = (),
    rate: float = 0.1,
    k: int = 1,
) -> Match:
    """The two of them in a match, plain gradient descent, real batch number u drawn from seed u."""
    sgd = OptimizerConfig(kind="sgd", rate=rate, momentum=0.0, final_momentum=0.0)
    g, d = Player(G, sgd, torch.float32), Player(D, sgd, torch.float32)
    rule = objective(costs) if isinstance(costs, str) else costs
    game = AdversarialGame(g.worker, d.worker, rule, "gaussian", LATENT, rowwise, penalties)
    return Match(game, g, d, real_batch, BATCH, seed=3, steps=100, discriminator_steps=k)


def real_batch(update: int) -> Tensor:
    return torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(update))


def weights(module: nn.Module) -> list[Tensor]:
    return [p.detach().cpu().clone() for p in module.parameters()]
