"""p(x | c): G makes an example of a condition, D sees whether the two belong together. Section 7, extension 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from advnets.errors import NoClassesError, RecipeError
from advnets.games import auxiliary
from advnets.games.adversarial import AdversarialGame, D, G
from advnets.games.game import (
    Batch,
    Costs,
    DataSpec,
    Input,
    Inputs,
    Made,
    Nets,
    RowNoise,
    Seat,
    Slopes,
    View,
    derived_slopes,
)


@dataclass(frozen=True)
class ConditionalGame:
    """The paper's game with classes of the data, or vectors, as another input of both networks.

    Fakes have the conditions of the batch's real rows, so that the two differ in nothing but what G makes of them.
    Beside a real row without a condition stands a fake of one that is drawn as the data have them, and D is shown
    neither: of such rows the game is the paper's own.
    Source: Goodfellow et al. 2014, section 7; Mirza and Osindero 2014, Eq. 2.

    Args:
        plain: the same game without conditions.
        mismatched: weight of a view of the real images beside the conditions of their neighbors in the batch, as
            fakes. Where the neighbor has the same class the row is real and fake at once: with costs of differences,
            relativistic and wasserstein, it counts for nothing, with the others it draws D there to where it cannot
            tell. Source: Reed et al. 2016, Algorithm 1.
        auxiliary: weight of telling conditions from images; D then gives its logit and a number a class, or one an
            entry of the vector. See `games.auxiliary`. Source: Odena et al. 2017, section 3.
        shown: whether D is shown the conditions.
        scaled: whether vectors enter the networks in standard deviations from their mean.
    """

    plain: AdversarialGame
    mismatched: float = 0.0
    auxiliary: float = 0.0
    shown: bool = True
    scaled: bool = False

    @property
    def paired(self) -> bool:
        """Whether G's cost compares a fake's score with a real image's."""
        return self.plain.paired

    @property
    def logit(self) -> Callable[[Tensor], Tensor] | None:
        """Which of D's numbers says real or fake; None where it gives no other."""
        return auxiliary.logit if self.auxiliary else None

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z and c, D scores examples beside c."""
        _check(data)
        if self.scaled and not data.vector:
            raise RecipeError("scaled changes nothing: the data have classes, no vectors", "leave --game.scaled out")
        condition = Input((data.vector,)) if data.vector else Input((), classes=len(data.classes))
        seats = self.plain.seats(data)
        maker, judge = seats[G], seats[D]
        beside = {"condition": replace(condition, partial=bool(data.unknown))} if self.shown else {}
        return {
            G: replace(maker, takes={**maker.takes, "condition": condition}),
            D: replace(
                judge, takes={**judge.takes, **beside}, gives=(1 + condition.width,) if self.auxiliary else judge.gives
            ),
        }

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z."""
        return self.plain.draw(batch, noise)

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z, c) of the batch's own conditions, and of drawn ones where it has none."""
        return Made({"image": nets[G](draws["z"], self._entering(asked(batch), batch))})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Real images beside G(z, c), both with the conditions of the batch."""
        if not self.shown:
            return [View(D, {"image": batch.image}, {"image": made["image"]})]
        assert batch.condition is not None  # data without conditions have no seats in this game
        condition = self._entering(batch.condition, batch)
        real = {"image": batch.image, "condition": condition}
        found = [View(D, real, {**made, "condition": condition})]
        if self.mismatched:
            if batch.total < 2:
                raise RecipeError(
                    "a batch of one has no mismatched pairs", "use a larger --batch, or --game.mismatched 0"
                )
            before, own = batch.previous, asked(batch)
            neighbors = self._entering(own.roll(1, 0) if before is None else torch.cat([before, own[:-1]]), batch)
            found.append(View(D, real, {**real, "condition": neighbors}, self.mismatched))
        return found

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's, and those of telling the conditions."""
        if not self.auxiliary:
            return self.plain.costs(discriminator, real, fake, batch)
        own = self.plain.costs(discriminator, auxiliary.logit(real), auxiliary.logit(fake), batch)
        told = auxiliary.costs(real, fake, batch, asked(batch))
        return Costs(
            own.discriminator + self.auxiliary * told.discriminator, own.generators + self.auxiliary * told.generators
        )

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """The objective's closed forms."""
        if not self.auxiliary:
            return self.plain.slopes(discriminator, real, fake, batch)
        return derived_slopes(self, discriminator, real, fake, batch)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of D's scores."""
        if not self.auxiliary:
            return self.plain.figures(real, fake)
        return self.plain.figures(auxiliary.logit(real), auxiliary.logit(fake))

    def batch_figures(self, real: Tensor, fake: Tensor, batch: Batch) -> dict[str, float]:
        """How well D tells conditions; both costs with that of telling them."""
        if not self.auxiliary:
            return {}
        costs = self.costs(D, real.float(), fake.float(), batch)
        both = {"cost_d": float(costs.discriminator), "cost_g": float(costs.generators)}
        return both | auxiliary.figures(real.float(), fake.float(), batch, asked(batch))

    def _entering(self, condition: Tensor, batch: Batch) -> Tensor:
        """Conditions as networks take them."""
        return batch.columns.standard(condition) if self.scaled and batch.columns is not None else condition

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples; their conditions are asked for."""
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z, c)."""
        return nets[G](inputs["z"], inputs["condition"])


def asked(batch: Batch) -> Tensor:
    """The conditions of the fakes beside a batch's rows."""
    condition = batch.condition if batch.asked is None else batch.asked
    assert condition is not None  # data without conditions have no seats in this game
    return condition


def _check(data: DataSpec) -> None:
    """See that there are conditions, and that they differ."""
    plain = "--game.kind adversarial"
    if data.alike:
        raise RecipeError(
            "a conditional game needs vectors that differ, those of all training images are one", f"use {plain}"
        )
    if data.vector:
        return
    if not data.classes:
        raise NoClassesError(
            "a conditional game needs data with classes, or with vectors", f"use such data, or {plain}"
        )
    known = [name for name, count in zip(data.classes, data.counts, strict=True) if count]
    if data.counts and not known:
        raise RecipeError(
            "a conditional game needs training images with a class, and none has one (-1)",
            f"label some of them, or use {plain}",
        )
    if len(data.classes) < 2:
        only = "".join(data.classes)
        raise RecipeError(f"a conditional game needs two classes or more, the data have one, {only!r}", f"use {plain}")
