"""CoGAN: two generators of one z that share their layers, two domains, and no pair of theirs (Liu and Tuzel 2016)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import max_pool2d

from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame, D, G
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, Seat, View

SECOND = "second"


@dataclass(frozen=True)
class CoGAN(AdversarialGame):
    """Two games of images and of what they are in another domain, with one z. Source: Liu and Tuzel 2016, Eq. 3.

    The generators share all layers but the last, as the paper's do on digits: they are one network that makes both
    images, channel by channel. Its discriminators share nothing, which the paper finds not to be essential. Rows of
    the two domains come of the same images and nobody sees that: each discriminator scores its own, row by row.

    Args:
        domain: of `DOMAINS`: what the second generator makes.
    """

    domain: str = "edges"

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes pairs of images, one discriminator scores the first, the other the second ones."""
        if len(data.shape) != 3:
            raise RecipeError("coupled generators make images, these data are points", "use game.kind adversarial")
        channels, *size = data.shape
        judge = Seat("discriminator", {"image": Input(data.shape)})
        maker = Seat("generator", {"z": Input((self.latent,))}, (2 * channels, *size), averaged=True)
        return {G: maker, D: judge, SECOND: judge}

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """Both images of z, and the real ones of the second domain."""
        first, second = self.pair(nets, draws)
        span: tuple[float, float] = getattr(nets[G], "output_range", (0.0, 1.0))
        return Made({"first": first, "second": second, "real": DOMAINS[self.domain](batch.image, *span)})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Each domain's real images beside what is made for it."""
        of_first = View(D, {"image": batch.image}, {"image": made["first"]})
        return [of_first, View(SECOND, {"image": made["real"]}, {"image": made["second"]})]

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """Of the data's own domain."""
        return self.pair(nets, inputs)[0]

    def pair(self, nets: Nets, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Images of each domain of the same z."""
        first, second = nets[G](inputs["z"]).chunk(2, 1)
        return first, second


def edges(images: Tensor, black: float, white: float) -> Tensor:
    """By how much the brightest of a pixel's neighbors is brighter than the pixel: outlines of what is bright."""
    return max_pool2d(images, 3, stride=1, padding=1) - images + black


def negative(images: Tensor, black: float, white: float) -> Tensor:
    """White for black."""
    return (black + white) - images


DOMAINS: dict[str, Callable[[Tensor, float, float], Tensor]] = {"edges": edges, "negative": negative}
"""(images N x C x H x W, the values of black and of white) -> the same images in the second domain."""
