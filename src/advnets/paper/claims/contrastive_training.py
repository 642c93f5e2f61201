"""Two independent coordinates, learned from fixed noise, from noise that follows the model, and by the game.

Data: x_1 is normal with mean 0 and a small deviation, the subset that is learned first; x_2 is normal(1.5, .5). All
begin from the noise, normal(0, 2) in both. So everything can be integrated exactly beside what is sampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from advnets.config.load import to_dict
from advnets.config.players import OptimizerConfig
from advnets.config.recipe import Recipe
from advnets.paper.claims.contrastive_cost import contrastive_cost, contrastive_logits
from advnets.paper.claims.ring import ADAM, data_of, momentum, moving, recipe
from advnets.randomness import Stream, generator_for
from advnets.training.player import Player
from advnets.training.trainer import Trainer

Noise = Literal["fixed", "following"]

MEAN, DEVIATION, BROAD = 1.5, 0.5, 2.0
BATCH, RATE, GAME_RATE = 128, 0.1, 0.03
_LOG_ROOT = 0.5 * math.log(2 * math.pi)
_ROWS = 50_000
_NEWTON = 40


class Gaussian(nn.Module):
    """A density of two independent coordinates up to a constant, and the generator that makes it of normal z.

    Args:
        first: deviation of x_1 (its mean is 0), held there; None: learned, from the noise's on.
        constant: whether the log of the normalizing constant is a parameter, as noise-contrastive estimation has it.
    """

    def __init__(self, first: float | None, constant: bool = False) -> None:
        super().__init__()
        start = torch.tensor(math.log(BROAD if first is None else first))
        if first is None:
            self.first = nn.Parameter(start)
        else:
            self.register_buffer("first", start)
        self.mean, self.second = nn.Parameter(torch.zeros(())), nn.Parameter(torch.tensor(math.log(BROAD)))
        self.constant = nn.Parameter(torch.zeros(())) if constant else None

    def forward(self, z: Tensor) -> Tensor:
        """Points (N, 2) of z (N, 2)."""
        return torch.stack([z[:, 0] * self.first.exp(), self.mean + z[:, 1] * self.second.exp()], 1)

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) plus the constant, (N,), of x (N, 2)."""
        zero = torch.zeros((), dtype=x.dtype)
        found = log_normal(x[:, 0], zero, self.first) + log_normal(x[:, 1], self.mean, self.second)
        return found if self.constant is None else found + self.constant

    def divergences(self, width: float) -> dict[str, float]:
        """KL(data || model) of each coordinate, nats, in closed form."""
        first, mean, second = (float(each.detach()) for each in (self.first, self.mean, self.second))
        return {"first": _divergence(0.0, width, 0.0, first), "second": _divergence(MEAN, DEVIATION, mean, second)}


def log_normal(x: Tensor, mean: Tensor, log_deviation: Tensor) -> Tensor:
    """log density of normal(mean, exp(log_deviation)) at x."""
    return -0.5 * ((x - mean) * torch.exp(-log_deviation)) ** 2 - log_deviation - _LOG_ROOT


def log_broad(x: Tensor) -> Tensor:
    """log density of the fixed noise at x (N, 2): (N,)."""
    return -0.5 * (x / BROAD).square().sum(1) - 2 * (math.log(BROAD) + _LOG_ROOT)


def data(width: float, count: int, rng: torch.Generator) -> Tensor:
    """Data points, (count, 2); x_1 has the deviation `width`."""
    return torch.randn(count, 2, generator=rng) * torch.tensor([width, DEVIATION]) + torch.tensor([0.0, MEAN])


def contrastive(
    noise: Noise, width: float, first: float | None, seed: int, updates: int, optimizer: OptimizerConfig
) -> Iterator[dict[str, float]]:
    """Noise-contrastive estimation: each coordinate's divergence after each update.

    Args:
        noise: fixed and broad; or following, a copy of the model before each update (Goodfellow 2015, section 4.3).
        width: of the data's x_1.
        first: deviation at which the model's x_1 is held; None: learned.
        seed: of data and noise.
        updates: at most.
        optimizer: of the model.
    """
    model = Gaussian(first, constant=True)
    player = Player(model, optimizer, torch.float32)
    for update in range(updates):
        real = data(width, BATCH, generator_for(seed, update, Stream.DATA_ORDER))
        z = torch.randn(BATCH, 2, generator=generator_for(seed, update, Stream.DISCRIMINATOR_NOISE))
        with torch.no_grad():
            made = z * BROAD if noise == "fixed" else model(z)
            before = [log_broad(x) if noise == "fixed" else _normalized(model, x) for x in (real, made)]
        logits = [contrastive_logits(model.log_density(x), log) for x, log in zip((real, made), before, strict=True)]
        cost = contrastive_cost(logits[0], logits[1])
        player.move(torch.autograd.grad(cost, player.parameters), update, updates)
        yield model.divergences(width)


def game(width: float, first: float | None, seed: int, updates: int) -> Iterator[dict[str, float]]:
    """The same model as the generator of Algorithm 1, against an MLP that learns what to tell it; as `contrastive`."""
    chosen = game_recipe(seed, updates)
    points = data(width, _ROWS, generator_for(seed, 0, Stream.DATA_ORDER)).numpy()
    model = Gaussian(first)
    trainer = Trainer(chosen, data_of(points), {"generator": model})
    for _ in range(updates):
        trainer.advance()
        yield model.divergences(width)


def game_recipe(seed: int, updates: int) -> Recipe:
    """The recipe of `game`."""
    return recipe(
        steps=updates, seed=seed, batch=BATCH, discriminator={"units": [64, 64]},
        **moving(momentum(GAME_RATE), replace(ADAM, rate=2e-3)),
    )  # fmt: skip


def settings() -> dict[str, Any]:
    """What data, noise and trainings depend on beside their arguments: part of the keys of what is kept."""
    return {
        "data": [MEAN, DEVIATION, _ROWS], "broad": BROAD, "batch": BATCH, "game": to_dict(game_recipe(0, 1)),
    }  # fmt: skip


def updates_until(history: Iterator[dict[str, float]], enough: float, most: int) -> int:
    """After how many updates x_2's divergence is below `enough` for the first time; at most `most`."""
    return next((number for number, line in enumerate(history, 1) if line["second"] < enough), most)


def expected_gradients(width: float, first: float) -> dict[str, float]:
    """Norm of the expected gradient of x_2's mean and log deviation, where x_2 is still the noise's: integrated.

    Args:
        width: of the data's x_1.
        first: deviation of the model's x_1: the noise's own where nothing is learned, `width` where all is.

    Returns:
        By method: "fixed" and "following" noise (the constant at its best value), the "game" with D at its optimum and
        the non-saturating cost, and "minimax".
    """
    x, weight = _grid(width)
    log_data = log_normal(x[:, 0], *_pair(0.0, width)) + log_normal(x[:, 1], *_pair(MEAN, DEVIATION))
    mean, second = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.0, math.log(BROAD)))
    log_model = log_normal(x[:, 0], *_pair(0.0, first)) + log_normal(x[:, 1], mean, second)
    found: dict[str, float] = {}
    for name, log_noise in (("fixed", log_broad(x)), ("following", log_model.detach())):
        real, made = log_data.exp() * weight, log_noise.exp() * weight
        constant = _best_constant(log_model.detach() - log_noise, real, made)
        logits = contrastive_logits(log_model + constant, log_noise)
        cost = -0.5 * ((real * logsigmoid(logits)).sum() + (made * logsigmoid(-logits)).sum())
        found[name] = _norm(torch.autograd.grad(cost, (mean, second), retain_graph=True))
    # Of G's cost only the path through x counts: dx_2 / dmean = 1 and dx_2 / dlog deviation = x_2 - mean.
    slope = (MEAN - x[:, 1]) / DEVIATION**2 + x[:, 1] / BROAD**2  # of D*'s logit along x_2
    made, opinion = log_model.detach().exp() * weight, torch.sigmoid(log_data - log_model.detach())
    for name, factor in (("game", 1 - opinion), ("minimax", opinion / 2)):
        pull = made * factor * slope
        found[name] = _norm((pull.sum(), (pull * x[:, 1]).sum()))
    return found


def _grid(width: float) -> tuple[Tensor, Tensor]:
    """Points and weights of the trapezoid rule over the plane, dense where x_1 is near 0."""
    reach = math.asinh(8 * BROAD / width)
    u, second = np.linspace(-reach, reach, 401), np.linspace(-8 * BROAD, 8 * BROAD, 321)
    x1, dx1 = width * np.sinh(u), width * np.cosh(u) * (u[1] - u[0])
    points = np.stack(np.meshgrid(x1, second, indexing="ij"), -1).reshape(-1, 2)
    weights = np.repeat(dx1 * (second[1] - second[0]), len(second))
    return torch.from_numpy(points), torch.from_numpy(weights)


def _best_constant(logits: Tensor, real: Tensor, made: Tensor) -> float:
    """Where the expected cost is lowest in the constant: Newton's steps, at most one nat each; it is convex."""
    constant = 0.0
    for _ in range(_NEWTON):
        opinion = torch.sigmoid(logits + constant)
        slope = float((made * opinion).sum() - (real * (1 - opinion)).sum())
        curvature = float(((real + made) * opinion * (1 - opinion)).sum())
        constant -= max(-1.0, min(1.0, slope / max(curvature, 1e-300)))
    return constant


def _normalized(model: Gaussian, x: Tensor) -> Tensor:
    found = model.log_density(x)
    return found if model.constant is None else found - model.constant


def _divergence(mean: float, deviation: float, model_mean: float, log_model: float) -> float:
    """KL of one normal from another, nats."""
    off = deviation**2 + (mean - model_mean) ** 2
    return log_model - math.log(deviation) + 0.5 * off * math.exp(-2 * log_model) - 0.5


def _pair(mean: float, deviation: float) -> tuple[Tensor, Tensor]:
    return torch.tensor(mean, dtype=torch.float64), torch.tensor(math.log(deviation), dtype=torch.float64)


def _norm(gradients: tuple[Tensor, ...]) -> float:
    return float(torch.stack([each.detach() for each in gradients]).norm())
