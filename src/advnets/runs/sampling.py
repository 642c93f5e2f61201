"""Samples: the same seed gives the same samples, however many are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.games import priors
from advnets.randomness import Stream, generator_for

_CHUNK = 250
"""Latent vectors that share a random generator."""
_PIXELS = 2_000_000
"""Values decoded at a time: what keeps sampling large images within memory."""


class Sampler:
    """Draws z and turns it into images.

    Args:
        generator: (N, latent) -> N x shape; used in eval mode, its mode is restored.
        prior: name of z's distribution.
        latent: length of z.
        shape: of what it makes: C x H x W, or (D,) for points, which stay as they are.
        value_range: the values that become bytes 0 and 255.
    """

    def __init__(
        self, generator: nn.Module, prior: str, latent: int, shape: Sequence[int], value_range: tuple[float, float]
    ) -> None:
        self.generator, self.prior, self.latent = generator, prior, latent
        self.value_range = value_range if len(shape) == 3 else None
        self.device = next(generator.parameters()).device
        self._at_a_time = max(8, min(_CHUNK, _PIXELS // math.prod(shape)))

    def latents(self, count: int, seed: int = 0) -> Tensor:
        """The first `count` latent vectors of that seed, float32 (count, latent), on the CPU."""
        # Whole chunks, each with its own generator: vector i never depends on how many are wanted.
        chunks = [
            priors.draw(self.prior, _CHUNK, self.latent, generator_for(seed, chunk, Stream.SAMPLES))
            for chunk in range(-(-count // _CHUNK))
        ]
        return torch.cat(chunks)[:count] if chunks else torch.empty(0, self.latent)

    @torch.no_grad()
    def decode(self, z: Tensor) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Images of the latent vectors z (N, latent): uint8 N x C x H x W; points: float32 N x D."""
        training = self.generator.training
        self.generator.eval()
        # The generator always sees whole chunks: matrix kernels of another size may round otherwise.
        size = self._at_a_time
        padded = torch.cat([z, z.new_zeros(-len(z) % size, self.latent)])
        made = [self._to_output(self.generator(part.to(self.device))) for part in padded.split(size)]
        self.generator.train(training)
        return torch.cat(made)[: len(z)].numpy()

    def draw(self, count: int, seed: int = 0) -> NDArray[np.uint8] | NDArray[np.float32]:
        """The first `count` samples of that seed."""
        return self.decode(self.latents(max(count, 1), seed))[:count]

    def _to_output(self, values: Tensor) -> Tensor:
        if self.value_range is None:
            return values.float().cpu()
        low, high = self.value_range
        return values.float().sub_(low).mul_(255.0 / (high - low)).round_().clamp_(0, 255).to(torch.uint8).cpu()


def straight_lines(ends: Tensor, steps: int) -> Tensor:
    """Points along the lines from each row of `ends` to the next, (len(ends) - 1, steps, latent); Figure 3.

    Args:
        ends: (N, latent), N >= 2.
        steps: points on each line, both ends included, >= 2.
    """
    share = torch.linspace(0, 1, steps).view(1, steps, 1)
    return ends[:-1, None] * (1 - share) + ends[1:, None] * share
