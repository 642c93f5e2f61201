"""Image to image, with a partner for each: G makes the target of a source, D sees whether the two belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.adversarial import D, G, OfPlainCosts
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, View
from advnets.games.moves import STILL, Moves


@dataclass(frozen=True)
class TranslationGame(OfPlainCosts):
    """An adversarial game of pairs, with the distance from the target as a cost of G's own.

    D is shown the target, or what G makes, and the source beside it. Source: Isola et al. 2017, Eq. 1 to 4; without z
    where its length is 0, since G learns to ignore it beside a strong cost of pixels (section 2.1 there).

    Args:
        plain: the objective, and z's prior and length.
        pixels: weight of the mean absolute difference from the target.
        moves: what is done to both images of a pair alike.
    """

    pixels: float = 100.0
    moves: Moves = STILL

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes targets of sources and perhaps z, D scores images beside sources."""
        source, beside = self.source_shapes(data)
        self.moves.check(data.shape)
        z = {"z": Input((self.plain.latent,))} if self.plain.latent else {}
        return {
            G: Seat("generator", {"source": Input(source), **z}, data.shape, averaged=True),
            D: Seat("discriminator", {"image": Input(data.shape), "source": Input(beside)}),
        }

    def source_shapes(self, data: DataSpec) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of a source as G takes it, and as D sees it beside an image.

        Raises:
            RecipeError: the data cannot have such.
        """
        require_sources(data)
        return data.source, data.source

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z, and how the pairs are moved."""
        z = self.plain.draw(batch, noise) if self.plain.latent else {}
        return {**z, **self.moves.draw(noise)}

    def pairs(self, batch: Batch, draws: Inputs) -> tuple[Tensor, Tensor]:
        """The batch's sources and targets, moved alike."""
        return self.moves.move(self.source_of(batch), draws), self.moves.move(batch.image, draws)

    def source_of(self, batch: Batch) -> Tensor:
        """The sources of the batch's images, as they are."""
        assert batch.source is not None  # data without sources have no seats in this game
        return batch.source

    def beside(self, source: Tensor) -> Tensor:
        """A source as D sees it."""
        return source

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(source, z), and its distance from the target; source and target are handed on as they were moved."""
        source, target = self.pairs(batch, draws)
        made = self.sample(nets, {**draws, "source": source})
        direct = self.pixels * (made - target).abs().mean() if self.pixels else None
        return Made({"image": made, "source": source, "target": target}, direct)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Targets and what G makes, each beside the source."""
        source = self.beside(made["source"])
        real, fake = ({"image": each, "source": source} for each in (made["target"], made["image"]))
        return [View(D, real, fake)]

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples, if there is any; their sources are given."""
        return self.plain.wish(count, rng) if self.plain.latent else {}

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(source, z)."""
        return nets[G](inputs["source"], *([inputs["z"]] if self.plain.latent else []))


def require_sources(data: DataSpec) -> None:
    """See that these are images that have sources.

    Raises:
        RecipeError: they have none, or are points.
    """
    if len(data.shape) != 3:
        raise RecipeError("images are translated, these data are points", "use --game.kind adversarial")
    if not data.source:
        raise RecipeError("no images to be translated", "name them with --sources, as a folder of images")
