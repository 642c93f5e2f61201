"""Algorithm 1: one iteration of the game. Goodfellow et al. 2014, section 4.

Two schedules:

alternating   as printed: k times {fresh noise, a fresh minibatch, D moves}, then fresh noise, G moves (once; more
              often only to provoke the Helvetica scenario).
simultaneous  as the authors' code and the tutorial do it: one noise draw, one pass of G and of D, both gradients
              taken at the same point and through the same dropout masks, then both players move.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.games.adversarial import AdversarialGame
from advnets.games.objectives import Objective, minimax_discriminator
from advnets.randomness import Stream, generator_for, seed_layers
from advnets.training.player import Player

_SMALLEST_SLOPE = 2.0**-30
"""Times 1 / m: the least that D's cost may weigh a fake. Nothing that float32 sees of D's gradient changes."""

Gradients = Sequence[Tensor | None]
"""One for each parameter of a player; None where it takes no part."""

RealBatch = Callable[[int], Tensor]
"""Number of D's update -> a minibatch of real images on the device, in G's value range and the compute dtype."""


@dataclass
class Match:
    """The two players, the data they see and the rules they play by."""

    game: AdversarialGame
    generator: Player
    discriminator: Player
    real: RealBatch
    batch: int
    seed: int
    steps: int
    discriminator_steps: int = 1
    generator_steps: int = 1


@dataclass(frozen=True)
class Outcome:
    """D's logits in an iteration, on the device: nothing is computed from them until somebody asks."""

    real_logits: Tensor
    fake_logits: Tensor

    @torch.no_grad()
    def figures(self, objective: Objective) -> dict[str, float]:
        """Both costs, and the mean of D(x) and D(G(z)); of the logits themselves where D is a critic.

        Where D minimizes cross entropy, -V(D, G) / 2, also `jsd_bound`: (V + log 4) / 2, the lower bound on
        JSD(p_data || p_g) that Theorem 1 gives for any D. It is one on the average of fresh batches; D was trained on
        these, so that it may lie too high (`advnets.theory.jsd_bound` bounds it on held-out samples).
        """
        real, fake = self.real_logits.float(), self.fake_logits.float()
        values = [objective.discriminator(real, fake), objective.generator(real, fake)]
        squashed = (torch.sigmoid(real), torch.sigmoid(fake)) if objective.probabilistic else (real, fake)
        numbers = torch.stack([*values, *(each.mean() for each in squashed)]).tolist()
        found: dict[str, float] = dict(zip(("cost_d", "cost_g", "d_real", "d_fake"), numbers, strict=True))
        if objective.discriminator is minimax_discriminator:
            found["jsd_bound"] = math.log(2) - found["cost_d"]
        return found


def simultaneous(match: Match, step: int) -> Outcome:
    """One iteration of the authors' schedule: both players move at once from the same point."""
    game, seed = match.game, match.seed
    real = match.real(step)
    seed_layers(seed, step, 0, real.device)
    z = _noise(match, step, Stream.DISCRIMINATOR_NOISE, real)
    fake = game.generator(z)
    grads_d, grads_g, outcome = _both_gradients(match, real, fake)
    grads_d = _add_penalty(match, grads_d, real, fake.detach(), step)
    match.discriminator.move(grads_d, step, match.steps)
    match.generator.move(grads_g, step, match.steps)
    return outcome


def alternating(match: Match, step: int) -> Outcome:
    """One iteration of Algorithm 1 as printed: k moves of D on fresh noise, then G's on fresh noise."""
    game, k = match.game, match.discriminator_steps
    real = real_logits = fake_logits = torch.empty(0)  # k is at least 1
    for turn in range(k):
        update = step * k + turn
        real = match.real(update)
        seed_layers(match.seed, update, 1, real.device)
        with torch.no_grad():
            fake = game.generator(_noise(match, update, Stream.DISCRIMINATOR_NOISE, real))
        real_logits, fake_logits = game.logits(real, fake)
        slopes = game.objective.discriminator_gradient(real_logits, fake_logits)
        grads = _gradients([real_logits, fake_logits], list(slopes), match.discriminator)
        grads = _add_penalty(match, grads, real, fake, update)
        match.discriminator.move(grads, update, match.steps * k)
    for turn in range(match.generator_steps):
        real_logits = _move_generator(match, step * match.generator_steps + turn, real, real_logits)
    return Outcome(real_logits.detach(), fake_logits.detach())


def _move_generator(match: Match, update: int, real: Tensor, real_logits: Tensor) -> Tensor:
    """One move of G on fresh noise; D's logits of the real images as G's cost saw them."""
    game = match.game
    seed_layers(match.seed, update, 2, real_logits.device)
    logits = game.discriminator(game.generator(_noise(match, update, Stream.GENERATOR_NOISE, real)))
    if game.objective.paired:  # G's cost compares with the real images: as D sees them now
        with torch.no_grad():
            real_logits = game.discriminator(real)
    slope = game.objective.generator_gradient(real_logits, logits)
    gradients = _gradients([logits], [slope], match.generator)
    match.generator.move(gradients, update, match.steps * match.generator_steps)
    return real_logits


SCHEDULES: dict[str, Callable[[Match, int], Outcome]] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
}


def _both_gradients(match: Match, real: Tensor, fake: Tensor) -> tuple[Gradients, Gradients, Outcome]:
    """Gradients of both players at the same point, with one backward pass through D where that is exact.

    A row's logit depends on that row alone, so with a_i = dJ(D)/df_i and b_i = dJ(G)/df_i at fake i with logit f_i,
    G's cotangent at the image is b_i / a_i times D's own, for every objective of logits.
    """
    game = match.game
    image = fake.detach().requires_grad_()
    real_logits, fake_logits = game.logits(real, image)
    slopes_d = game.objective.discriminator_gradient(real_logits, fake_logits)
    slope_g = game.objective.generator_gradient(real_logits, fake_logits)
    weights = match.discriminator.parameters
    outputs = [real_logits, fake_logits]
    if game.rowwise:
        slope_fake = _away_from_zero(slopes_d[1]).to(fake_logits.dtype)
        slope_real = slopes_d[0].to(real_logits.dtype)
        found = torch.autograd.grad(outputs, [image, *weights], [slope_real, slope_fake], allow_unused=True)
        ratio = (slope_g / slope_fake.to(slope_g.dtype)).to(image.dtype)
        cotangent = found[0] * ratio.view(-1, *[1] * (image.ndim - 1))
        grads_d: Gradients = found[1:]
    else:
        cotangent = torch.autograd.grad([fake_logits], [image], _as([fake_logits], [slope_g]), retain_graph=True)[0]
        grads_d = torch.autograd.grad(outputs, weights, _as(outputs, list(slopes_d)), allow_unused=True)
    grads_g = torch.autograd.grad([fake], match.generator.parameters, [cotangent], allow_unused=True)
    return grads_d, grads_g, Outcome(real_logits.detach(), fake_logits.detach())


def _away_from_zero(slope: Tensor) -> Tensor:
    least = _SMALLEST_SLOPE / len(slope)
    return torch.copysign(slope.abs().clamp_min(least), slope)


def _as(outputs: list[Tensor], slopes: list[Tensor]) -> list[Tensor]:
    return [slope.to(output.dtype) for output, slope in zip(outputs, slopes, strict=True)]


def _gradients(outputs: list[Tensor], slopes: list[Tensor], player: Player) -> Gradients:
    return torch.autograd.grad(outputs, player.parameters, _as(outputs, slopes), allow_unused=True)


def _add_penalty(match: Match, grads: Gradients, real: Tensor, fake: Tensor, update: int) -> Gradients:
    rng = generator_for(match.seed, update, Stream.PENALTY, device=real.device) if match.game.penalties else None
    cost = match.game.penalty(real, fake, update, rng)
    if cost is None:
        return grads
    extra: Gradients = torch.autograd.grad(cost, match.discriminator.parameters, allow_unused=True)
    return [_sum(g, e) for g, e in zip(grads, extra, strict=True)]


def _sum(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first if second is None else second
    return first + second


def _noise(match: Match, step: int, stream: Stream, like: Tensor) -> Tensor:
    return match.game.noise(match.batch, generator_for(match.seed, step, stream, device=like.device), like.dtype)
