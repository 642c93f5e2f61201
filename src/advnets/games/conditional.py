"""p(x | c): G makes an example of a condition, D sees whether the two belong together. Section 7, extension 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from advnets.errors import NoClassesError, RecipeError
from advnets.games.adversarial import AdversarialGame, D, G
from advnets.games.game import Batch, Costs, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, Slopes, View

UNKNOWN = "-1"
"""What an array of labels calls an image whose class nobody knows."""


@dataclass(frozen=True)
class ConditionalGame:
    """The paper's game with classes of the data, or vectors, as another input of both networks.

    Fakes have the conditions of the batch's real rows, so that the two differ in nothing but what G makes of them.
    Source: Goodfellow et al. 2014, section 7; Mirza and Osindero 2014, Eq. 2.

    Args:
        plain: the same game without conditions.
        mismatched: weight of a view of the real images beside the conditions of their neighbors in the batch, as
            fakes. Where the neighbor has the same class the row is real and fake at once: with costs of differences,
            relativistic and wasserstein, it counts for nothing, with the others it draws D there to where it cannot
            tell. Source: Reed et al. 2016, Algorithm 1.
    """

    plain: AdversarialGame
    mismatched: float = 0.0

    @property
    def paired(self) -> bool:
        """Whether G's cost compares a fake's score with a real image's."""
        return self.plain.paired

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z and c, D scores examples beside c."""
        _check(data)
        condition = {"condition": Input((data.vector,)) if data.vector else Input((), classes=len(data.classes))}
        seats = self.plain.seats(data)
        return {name: replace(seat, takes={**seat.takes, **condition}) for name, seat in seats.items()}

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z."""
        return self.plain.draw(batch, noise)

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z, c) of the batch's own conditions."""
        return Made({"image": nets[G](draws["z"], _condition(batch))})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Real images beside G(z, c), both with the conditions of the batch."""
        condition = _condition(batch)
        real = {"image": batch.image, "condition": condition}
        found = [View(D, real, {**made, "condition": condition})]
        if self.mismatched:
            if batch.total < 2:
                raise RecipeError(
                    "a batch of one has no mismatched pairs", "use a larger --batch, or --game.mismatched 0"
                )
            found.append(View(D, real, {**real, "condition": condition.roll(1, 0)}, self.mismatched))
        return found

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's."""
        return self.plain.costs(discriminator, real, fake, batch)

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """The objective's closed forms."""
        return self.plain.slopes(discriminator, real, fake, batch)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of D's scores."""
        return self.plain.figures(real, fake)

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples; their conditions are asked for."""
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z, c)."""
        return nets[G](inputs["z"], inputs["condition"])


def _condition(batch: Batch) -> Tensor:
    condition = batch.condition
    assert condition is not None  # data without conditions have no seats in this game
    return condition


def _check(data: DataSpec) -> None:
    """See that every example has a condition, and that conditions differ."""
    if data.vector:
        return
    plain, unknown = "--game.kind adversarial", data.unknown
    if UNKNOWN in data.classes:
        unknown += data.counts[data.classes.index(UNKNOWN)] if data.counts else 1
    if not data.classes:
        raise NoClassesError(
            "a conditional game needs data with classes, or with vectors", f"use such data, or {plain}"
        )
    if unknown:
        raise RecipeError(
            f"a conditional game needs a class for every image, {unknown:,} training images have none (-1)",
            f"leave them out or label them, or use {plain}",
        )
    if len(data.classes) < 2:
        only = "".join(data.classes)
        raise RecipeError(f"a conditional game needs two classes or more, the data have one, {only!r}", f"use {plain}")
