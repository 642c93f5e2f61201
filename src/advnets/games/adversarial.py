"""The paper's game: one generator, one discriminator, logits in, costs out."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advnets.games import priors
from advnets.games.objectives import Objective
from advnets.games.penalties import Penalty, due


@dataclass(frozen=True)
class Scheduled:
    """A penalty with its weight, computed every `every` updates of D and then weighted `every` times."""

    penalty: Penalty
    weight: float
    every: int = 1


@dataclass(frozen=True)
class AdversarialGame:
    """min over G, max over D of V(D, G), with any objective (Goodfellow et al. 2014, Eq. 1).

    Args:
        generator: z (N, latent) -> images; knows nothing of costs.
        discriminator: images -> logits (N,).
        objective: the two costs.
        prior: name of z's distribution.
        latent: length of z.
        rowwise: each logit depends on its own row alone (no statistics across the batch), which lets real and
            fake share one pass and both players share one backward pass.
        penalties: what is added to D's cost.
    """

    generator: nn.Module
    discriminator: nn.Module
    objective: Objective
    prior: str
    latent: int
    rowwise: bool
    penalties: tuple[Scheduled, ...] = ()

    def noise(self, count: int, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
        """`count` draws of z on the generator's device: (count, latent)."""
        return priors.draw(self.prior, count, self.latent, rng, device=rng.device).to(dtype)

    def logits(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """D's logits (m,), (n,) of real and fake images, in one pass where the rows are independent."""
        if not self.rowwise:
            return self.discriminator(real), self.discriminator(fake)
        # A discriminator may know how to take both without computing gradients for the real images.
        pair = getattr(self.discriminator, "pair", None)
        both = self.discriminator(torch.cat([real, fake])) if pair is None else pair(real, fake)
        return both[: len(real)], both[len(real) :]

    def penalty(self, real: Tensor, fake: Tensor, update: int, rng: torch.Generator | None) -> Tensor | None:
        """The weighted sum of the penalties due at D's update number `update`; None where none is."""
        total = None
        for scheduled in self.penalties:
            if due(update, scheduled.every):
                cost = scheduled.penalty(self.discriminator, real, fake, rng)
                weighted = cost * (scheduled.weight * scheduled.every)
                total = weighted if total is None else total + weighted
        return total


def rows_independent(discriminator: nn.Module, images: Tensor) -> bool:
    """Whether D's logit of a row stays the same when the other rows change, tried on `images` (at least 2 rows).

    Batch normalization and minibatch statistics answer False. A float32 copy with weights drawn anew is tried, since a
    head that begins at zero hides everything below it; random layers see the same random numbers both times.
    """
    half = len(images) // 2
    images = images.float()
    changed = torch.cat([images[:half], 1.0 - images[half:].flip(0) * 0.5])
    logits: list[Tensor] = []
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(0)
        probe = copy.deepcopy(discriminator).float()
        for parameter in probe.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.normal_(std=fan_in**-0.5)
        for batch in (images, changed):
            torch.manual_seed(0)
            # A copy each: layers that count or iterate, as spectral normalization does, begin at the same state.
            logits.append(copy.deepcopy(probe)(batch)[:half])
    return bool(torch.allclose(logits[0], logits[1], rtol=1e-3, atol=1e-4 * logits[0].abs().max().item()))
