"""InfoGAN: codes beside z, and a lower bound on how much of them can be read in an image (Chen et al. 2016)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from advnets.games.adversarial import AdversarialGame, G
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, at_least_float32

Q = "recognizer"


@dataclass(frozen=True)
class InfoGAN(AdversarialGame):
    """min over G and Q, max over D of V(D, G) - lambda L_I(G, Q). Source: Chen et al. 2016, Eq. 6.

    Args:
        categories: of the categorical code, uniform.
        continuous: codes uniform on [-1, 1).
        weights: lambda of the categorical code, and of the continuous ones.
    """

    categories: int = 10
    continuous: int = 2
    weights: tuple[float, float] = (1.0, 0.1)

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z and a code, D scores them, Q guesses the code: a network of its own, which spares D."""
        takes = {"z": Input((self.latent,)), "code": Input((self.categories + self.continuous,))}
        said = (self.categories + 2 * self.continuous,)
        maker = Seat("generator", takes, data.shape, averaged=True)
        reader = Seat("generator", {"image": Input(data.shape)}, said, averaged=True)
        return {**super().seats(data), G: maker, Q: reader}

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z, and a code."""
        return {**super().draw(batch, noise), "code": noise("code", self._codes)}

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z, c), and what Q misses of c."""
        image = self.sample(nets, draws)
        known, rest = information(draws["code"], nets[Q](image), self.categories)
        return Made({"image": image}, -self.weights[0] * known - self.weights[1] * rest)

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z and codes of `count` samples."""
        return {**super().wish(count, rng), "code": self._codes(count, rng)}

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z, c)."""
        return nets[G](inputs["z"], inputs["code"])

    def _codes(self, count: int, rng: torch.Generator) -> Tensor:
        number = torch.randint(self.categories, (count,), generator=rng, device=rng.device)
        rest = torch.rand(count, self.continuous, generator=rng, device=rng.device) * 2 - 1
        return torch.cat([one_hot(number, self.categories).to(rest.dtype), rest], 1)


def information(code: Tensor, said: Tensor, categories: int) -> tuple[Tensor, Tensor]:
    """Lower bounds in nats on what images tell of the categorical code and of the others: E log Q(c | x) + H(c), Eq. 5.

    Args:
        code: N x (K + C), one of K categories one-hot, and C numbers uniform on [-1, 1).
        said: by Q, N x (K + 2 C): logits, then means, then log standard deviations of normal distributions.
        categories: K.
    """
    code, said = at_least_float32(code), at_least_float32(said)
    logits, mean, log_deviation = said.split([categories, *[code.shape[1] - categories] * 2], 1)
    away = (code[:, categories:] - mean) * (-log_deviation).exp()
    density = -0.5 * away.square() - log_deviation - 0.5 * math.log(2 * math.pi)
    missed = cross_entropy(logits, code[:, :categories].argmax(1))
    return math.log(categories) - missed, (density + math.log(2)).sum(1).mean()
