"""Games small enough to train within a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from advnets.config.load import load_recipe
from advnets.config.players import SGDConfig
from advnets.config.recipe import Recipe
from advnets.games.adversarial import AdversarialGame
from advnets.games.game import Batch
from advnets.games.objectives import Objective, objective
from advnets.games.penalties import Scheduled
from advnets.training.batches import Data
from advnets.training.gradients import Match
from advnets.training.player import Player

LATENT, SHAPE, BATCH = 5, (1, 4, 3), 12


def points(count: int = 400) -> Data:
    return Data(np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32), np.arange(count))


def images(count: int = 300) -> Data:
    return Data(np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8), np.arange(count))


def ring(**changes: Any) -> Recipe:
    """Plain small networks on the ring, at a constant rate: its first steps do not depend on how many follow."""
    small = {
        "generator.network.hidden": [16], "discriminator.network.units": [16],
        "generator.optimizer": {"kind": "adam", "rate": 1e-3, "betas": [0.5, 0.999], "schedule": "constant"},
        "discriminator.optimizer": {"kind": "adam", "rate": 1e-3, "betas": [0.5, 0.999], "schedule": "constant"},
        "batch": 32, "steps": 40, "log_every": 10, "checkpoint_every": 20, "sample_every": 0,
    }  # fmt: skip
    return load_recipe("vectors").replace(name="ring", data="ring", latent=16, **small).replace(**changes)


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
    penalties: Sequence[Scheduled] = (),
    rate: float = 0.1,
    k: int = 1,
    ahead: int = 1,
) -> Match:
    """The two of them in a match, plain gradient descent, real batch number u drawn from seed u."""
    sgd = SGDConfig(rate=rate, momentum=0.0, final_momentum=0.0)
    players = {
        "generator": Player(G, sgd, torch.float32, "generator"),
        "discriminator": Player(D, sgd, torch.float32, "discriminator"),
    }
    rule = objective(costs) if isinstance(costs, str) else costs
    return Match(
        AdversarialGame(rule, "gaussian", LATENT), players, real_batch, seed=3, steps=100,
        rowwise=frozenset({"discriminator"} if rowwise else ()), penalties=penalties, discriminator_steps=k,
        generator_steps=ahead,
    )  # fmt: skip


def real_batch(update: int) -> Batch:
    return Batch(torch.arange(BATCH), real_images(update))


def real_images(update: int) -> Tensor:
    return torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(update))


def weights(module: nn.Module) -> list[Tensor]:
    return [p.detach().cpu().clone() for p in module.parameters()]


def saved(run: Path, step: int | None = None) -> Mapping[str, bytes]:
    """The tensors' files of a run's checkpoints, or of one of them, by name."""
    folder = run / "checkpoints" / ("" if step is None else f"step-{step:08d}")
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.safetensors"))}
