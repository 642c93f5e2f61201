"""Conditions beside images: how a class or a vector enters a generator and a discriminator of any kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from advnets.networks.shortcuts import shortcut


@dataclass(frozen=True)
class Input:
    """One input of a network.

    Args:
        shape: of a row; () for a class, which is one number.
        classes: how many classes there are; 0 for what is no class.
        partial: a row may have none: -1 in the place of a class, NaN in that of a vector.
    """

    shape: tuple[int, ...]
    classes: int = 0
    partial: bool = False

    @property
    def width(self) -> int:
        """Rows of a table of embeddings: one a class, or one an entry of a vector."""
        return self.classes or math.prod(self.shape)

    def blank(self, count: int) -> Tensor:
        """`count` rows of zeros: numbers, or the first class."""
        return torch.zeros(count, *self.shape, dtype=torch.int64 if self.classes else torch.float32)

    def random(self, count: int) -> Tensor:
        """`count` rows, always the same ones: normal numbers, or one class after another; of partial ones -1, too."""
        if self.classes:
            return torch.arange(count) % (self.classes + int(self.partial)) - int(self.partial)
        return torch.randn(count, *self.shape, generator=torch.Generator().manual_seed(0))


class Embedding(nn.Module):
    """One learned vector a class; of a mixture of classes, or of a vector of numbers, the weighted sum of them.

    Args:
        rows: classes, or entries of the vector.
        length: of what a condition becomes.
        scale: standard deviation of the vectors at the start.
        partial: a row may have no condition, -1 or NaN: it becomes zeros.

    Input int64 (N,), or N x rows; output N x length.
    """

    def __init__(self, rows: int, length: int, scale: float, partial: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, length) * scale)
        self.partial = partial

    def forward(self, condition: Tensor) -> Tensor:
        if not self.partial:
            return self._embedded(condition)
        given = is_given(condition)
        known = torch.where(given.view(-1, *[1] * (condition.ndim - 1)), condition, 0)
        return self._embedded(known) * given[:, None]

    def _embedded(self, condition: Tensor) -> Tensor:
        if condition.is_floating_point():
            return condition.to(self.weight.dtype) @ self.weight
        return embedding(condition, self.weight)


def is_given(condition: Tensor) -> Tensor:
    """Which rows have a condition, bool (N,): a class that is not -1, or a vector without NaN."""
    return ~condition.isnan().any(1) if condition.is_floating_point() else condition >= 0


class ConditionalGenerator(nn.Module):
    """A generator of z and a condition: any generator, whose z is longer by the embedded condition.

    Args:
        network: (N, latent + length) -> N x shape.
        condition: what it is conditioned on.
        length: of the embedded condition; at the start it is of unit variance, as z is.
    """

    def __init__(self, network: nn.Module, condition: Input, length: int) -> None:
        super().__init__()
        self.network = network
        self.embedding = Embedding(condition.width, length, scale=1.0)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Latents (N, latent) and conditions, int64 (N,) or N x width, to N x shape."""
        return self.network(torch.cat([z, self.embedding(condition).to(z.dtype)], 1))

    @property
    def output_range(self) -> tuple[float, float]:
        """The values that stand for black and white."""
        return getattr(self.network, "output_range", (0.0, 1.0))

    def fit_marginals(self, mean_CHW: Tensor) -> None:
        """Begin at the data's mean, where the network can; see `MLPGenerator.fit_marginals`."""
        fit = getattr(self.network, "fit_marginals", None)
        if fit is not None:
            fit(mean_CHW)


class Featured(Protocol):
    """A discriminator whose logit is linear in its last hidden layer."""

    head: nn.Linear

    def features(self, images: Tensor) -> Tensor:
        """What the head sees of images: N x F."""
        ...

    def pair_features(self, real: Tensor, fake: Tensor) -> Tensor:
        """The same of real images, then fake ones, computing no gradient for the real images: (M + N) x F."""
        ...


class ProjectionDiscriminator(nn.Module):
    """The logit of the images, plus the inner product of the embedded condition with the last hidden layer.

    Source: Miyato and Koyama 2018, Eq. 3.

    Args:
        network: a discriminator with `features`, `pair_features` and `head`.
        condition: what images are shown with; its vectors begin at zero, so that D begins unconditional.
    """

    def __init__(self, network: Featured, condition: Input) -> None:
        super().__init__()
        self.network = network
        self.embedding = Embedding(condition.width, network.head.in_features, scale=0.0, partial=condition.partial)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        """Images and conditions to logits (N,)."""
        return self.logits(self.network.features(images), condition)

    def pair(self, real: Tensor, fake: Tensor, condition: Tensor) -> Tensor:
        """Logits (M + N,) of real images, then fake ones, computing no gradient for the real images."""
        pair = shortcut(self.network, "pair_features")  # type: ignore[arg-type]  # it is a module
        hidden = self.network.features(torch.cat([real, fake])) if pair is None else pair(real, fake)
        return self.logits(hidden, condition)

    def logits(self, hidden: Tensor, condition: Tensor) -> Tensor:
        """What it makes of the last hidden layer, N x F, and conditions: (N,)."""
        return self.network.head(hidden).squeeze(1) + (self.embedding(condition).to(hidden.dtype) * hidden).sum(1)


class AuxiliaryDiscriminator(nn.Module):
    """A projection discriminator that also tells the condition from the images: its logit, then K numbers.

    What it tells is linear in the last hidden layer, which the condition does not enter.
    Source: Odena et al. 2017, section 3; with projection, as here, Miyato and Koyama 2018 compare the two.

    Args:
        judge: the discriminator.
        numbers: K: one a class, or one an entry of a vector.
    """

    def __init__(self, judge: ProjectionDiscriminator, numbers: int) -> None:
        super().__init__()
        self.judge = judge
        self.auxiliary = nn.Linear(judge.network.head.in_features, numbers)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        """Images and conditions to N x (1 + K)."""
        hidden = self.judge.network.features(images)
        return torch.cat([self.judge.logits(hidden, condition)[:, None], self.auxiliary(hidden)], 1)


class ConcatenationDiscriminator(nn.Module):
    """Any discriminator, whose images have one more channel that the condition fills (of points: more coordinates).

    Source: Mirza and Osindero 2014, section 3.1.

    Args:
        network: a discriminator of `joined_shape`.
        condition: what images are shown with.
        shape: of the images alone.
    """

    def __init__(self, network: nn.Module, condition: Input, shape: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self._added = joined_shape(shape, condition)[0] - shape[0], *shape[1:]
        self.embedding = Embedding(condition.width, math.prod(self._added), scale=1.0, partial=condition.partial)

    def forward(self, images: Tensor, condition: Tensor) -> Tensor:
        """Images and conditions to logits (N,)."""
        channel = self.embedding(condition).to(images.dtype).unflatten(1, self._added)
        return self.network(torch.cat([images, channel], 1))


def joined_shape(shape: Sequence[int], condition: Input) -> tuple[int, ...]:
    """The shape of images with the condition's channel; of points with a coordinate for each class or entry."""
    return (shape[0] + (1 if len(shape) == 3 else condition.width), *shape[1:])
