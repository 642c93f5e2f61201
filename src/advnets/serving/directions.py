"""The directions in z along which a generator changes its images most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.serving.drawn import Drawn

COUNT = 6
_PROBES = 16  # random directions in image space, for each latent


@dataclass(frozen=True)
class Directions:
    """Main directions of z.

    Args:
        vectors: float32 K x latent, of length 1, perpendicular, the strongest first.
        shares: of the mean squared change along all directions, K.
    """

    vectors: Tensor
    shares: tuple[float, ...]


def directions_of(drawn: Drawn, inputs: Mapping[str, Tensor], at_a_time: int) -> Directions:
    """The first eigenvectors of the mean of J'J over latents, J the derivative of the image by z.

    For white noise w in image space the mean of (J'w)(J'w)' is J'J, so that a gradient for each probe is enough,
    however long z is.

    Args:
        drawn: what draws.
        inputs: by name, N rows each; `z` among them.
        at_a_time: rows that are drawn at once.

    Source: Ramesh et al. 2019 (the leading singular vectors of a generator's Jacobian).
    """
    rng, count = torch.Generator().manual_seed(0), len(inputs["z"])
    parts = [_probed(drawn, _rows(inputs, start, at_a_time), rng) for start in range(0, count, at_a_time)]
    _, strengths, vectors = torch.linalg.svd(torch.cat(parts).double(), full_matrices=False)
    squares = strengths.square()
    found = vectors[:COUNT]
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    shares = (squares[: len(found)] / squares.sum().clamp(min=torch.finfo(torch.float64).tiny)).tolist()
    return Directions((found * largest.sign()).float(), tuple(shares))  # an eigenvector has either sign


def _rows(inputs: Mapping[str, Tensor], start: int, count: int) -> dict[str, Tensor]:
    return {name: each[start : start + count] for name, each in inputs.items()}


def _probed(drawn: Drawn, inputs: Mapping[str, Tensor], rng: torch.Generator) -> Tensor:
    """J'w of every row for some w, float32 (probes * rows) x latent."""
    z = inputs["z"].clone().requires_grad_()
    made = drawn.levels({**inputs, "z": z})
    noise = (torch.randn(made.shape, generator=rng) for _ in range(_PROBES))
    return torch.cat([torch.autograd.grad((made * w).sum(), z, retain_graph=True)[0] for w in noise])
