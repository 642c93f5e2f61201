"""Image to image without partners: two generators, there and back, and a discriminator of each kind of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.adversarial import D, G, OfPlainCosts
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, View
from advnets.games.moves import STILL, Moves
from advnets.games.translation import require_sources

REVERSE, SOURCE_D = "reverse", "source_discriminator"
_SOURCE = "source "
"""Before the names of what is drawn for sources: the two images of a row are no pair."""


@dataclass(frozen=True)
class CycleGame(OfPlainCosts):
    """G makes images of sources, `reverse` makes sources of images, and each undoes what the other does.

    Source: Zhu et al. 2017, Eq. 1 to 3, and section 5.2 for the identity cost.

    Args:
        plain: the objective.
        cycle: weight of the mean absolute difference between an image and what comes back of it.
        identity: weight of the mean absolute change of images that are of the wanted kind already.
        moves: what is done to each image.
    """

    cycle: float = 10.0
    identity: float = 0.0
    moves: Moves = STILL

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """Two generators, and a discriminator of what each makes.

        Raises:
            RecipeError: there are no sources, or a generator is to leave images as they are that have other channels.
        """
        require_sources(data)
        source, image = data.source, data.shape
        self.moves.check(image)
        if self.identity and source != image:
            what = f"an identity cost of sources {source} and images {image}, which differ"
            raise RecipeError(what, "use --game.identity 0, or give both the same --channels and --source-channels")
        return {
            G: Seat("generator", {"source": Input(source)}, image, averaged=True),
            REVERSE: Seat("generator", {"image": Input(image)}, source, averaged=True),
            D: Seat("discriminator", {"image": Input(image)}),
            SOURCE_D: Seat("discriminator", {"source": Input(source)}),
        }

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """How images and sources are moved, each by itself."""
        return {**self.moves.draw(noise), **self.moves.draw(noise, _SOURCE)}

    def source_of(self, batch: Batch) -> Tensor:
        """The batch's sources, as they are: no partners of its images."""
        assert batch.source is not None  # data without sources have no seats in this game
        return batch.source

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """Both ways, and what it costs not to come back; images and sources are handed on as they were moved."""
        image = self.moves.move(batch.image, draws)
        source = self.moves.move(self.source_of(batch), draws, _SOURCE)
        made, back = nets[G](source), nets[REVERSE](image)
        costs: list[Tensor] = []
        if self.cycle:
            costs.append(self.cycle * (_distance(nets[REVERSE](made), source) + _distance(nets[G](back), image)))
        if self.identity:
            costs.append(self.identity * (_distance(nets[G](image), image) + _distance(nets[REVERSE](source), source)))
        direct = sum(costs[1:], start=costs[0]) if costs else None
        return Made({"image": made, "source": back, "real image": image, "real source": source}, direct)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Images of each kind beside what its generator makes."""
        return [
            View(D, {"image": made["real image"]}, {"image": made["image"]}),
            View(SOURCE_D, {"source": made["real source"]}, {"source": made["source"]}),
        ]

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """Nothing: sources are given."""
        return {}

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(source)."""
        return nets[G](inputs["source"])

    def reversed(self, nets: Nets, images: Tensor) -> Tensor:
        """What `reverse` makes of images of the data's kind: sources."""
        return nets[REVERSE](images)


def _distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().mean()
