"""Several inputs of one network, and several scores: what a player's seat asks for beyond one row in, one out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from advnets.networks.conditioning import Featured
from advnets.networks.convolutional import SLOPE
from advnets.networks.layers import uniform_

Shape = tuple[int, ...]
_MEETING = 512
"""Units where images and a vector meet, at the most."""


def joined_inputs(shapes: Sequence[Shape]) -> Shape:
    """The shape of inputs laid together: images of one size by channel; anything else flat, (D,)."""
    if len(shapes) == 1:
        return tuple(shapes[0])
    if all(len(shape) == 3 and shape[1:] == shapes[0][1:] for shape in shapes):
        return sum(shape[0] for shape in shapes), *shapes[0][1:]
    return (sum(math.prod(shape) for shape in shapes),)


class JoinedInputs(nn.Module):
    """A network of one input that is given several, laid together; what follows them is handed on as it is.

    Args:
        network: takes rows of `joined_inputs(shapes)`, then what follows.
        shapes: of the inputs that are laid together, in their order.
        flat: whether the network wants them flat, images or not.
    """

    def __init__(self, network: nn.Module, shapes: Sequence[Shape], flat: bool = False) -> None:
        super().__init__()
        self.network, self._count = network, len(shapes)
        self._flat = flat or len(joined_inputs(shapes)) == 1

    def forward(self, *given: Tensor) -> Tensor:
        """The inputs, and perhaps a condition, to what the network makes of them."""
        shown = given[: self._count]
        parts = [each.flatten(1) for each in shown] if self._flat else list(shown)
        return self.network(parts[0] if len(parts) == 1 else torch.cat(parts, 1), *given[self._count :])

    @property
    def output_range(self) -> tuple[float, float]:
        """The values that stand for black and white, of a network that makes images."""
        return getattr(self.network, "output_range", (0.0, 1.0))


class JoinedCode(nn.Module):
    """A discriminator of images that is shown a vector beside them: the two meet in a dense layer below the logit.

    At the start each of the two has half of the variance there, however many numbers it has.
    Source: Dumoulin et al. 2017, section 2.6 and appendix A, where D(x, z) is convolutional in x.

    Args:
        network: a discriminator of images with `features` and `head`, which takes no part.
        code: length of the vector.

    Input N x C x H x W and N x code, output N logits.
    """

    def __init__(self, network: Featured, code: int) -> None:
        super().__init__()
        width = network.head.in_features
        self.network = network
        network.head.requires_grad_(False)
        self.meeting = nn.Linear(width + code, min(width, _MEETING))
        self.head = nn.Linear(self.meeting.out_features, 1)
        uniform_(self.head, math.sqrt(6 / self.head.in_features))
        for places, count in ((slice(0, width), width), (slice(width, None), code)):
            bound = math.sqrt(6 / ((1 + SLOPE**2) * 2 * count))
            nn.init.uniform_(self.meeting.weight.data[:, places], -bound, bound)
        nn.init.zeros_(self.meeting.bias)

    def features(self, images: Tensor, code: Tensor) -> Tensor:
        """What the head sees: N x F."""
        return leaky_relu(self.meeting(torch.cat([self.network.features(images), code], 1)), SLOPE)

    def forward(self, images: Tensor, code: Tensor) -> Tensor:
        """Images and codes to logits (N,)."""
        return self.head(self.features(images, code)).squeeze(1)


class SeveralScores(nn.Module):
    """A discriminator with several numbers a row instead of a logit: classes, codes, an energy and what else.

    Args:
        network: a discriminator with `features` and `head`, which gives its place to a wider one.
        scores: numbers a row.
        featured: whether what the scores are linear in, F numbers, follows them.

    Input N x shape, output N x scores, or N x (scores + F).
    """

    def __init__(self, network: Featured, scores: int, featured: bool = False) -> None:
        super().__init__()
        self.featured = featured
        width, bound = network.head.in_features, float(network.head.weight.detach().abs().max())
        self.network = network  # its own head takes no part
        network.head.requires_grad_(False)
        self.scores = nn.Linear(width, scores)
        self.scores.max_norm = getattr(network.head, "max_norm", None)  # type: ignore[assignment]  # see `limit_norms`
        nn.init.uniform_(self.scores.weight, -bound, bound)
        nn.init.zeros_(self.scores.bias)

    def features(self, images: Tensor) -> Tensor:
        """What the scores are linear in: N x F."""
        return self.network.features(images)

    def forward(self, images: Tensor) -> Tensor:
        """Images to scores, N x K, or to scores and features, N x (K + F)."""
        features = self.network.features(images)
        scores = self.scores(features)
        return torch.cat([scores, features], 1) if self.featured else scores
