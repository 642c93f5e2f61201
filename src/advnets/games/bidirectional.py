"""p(z | x) learned in the game itself: an encoder's codes of real images stand beside G's images of real codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame, D, G, score_figures
from advnets.games.game import Batch, Costs, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, Slopes, View
from advnets.games.warps import Warp

E = "encoder"


@dataclass(frozen=True)
class BidirectionalGame:
    """min over G and E, max over D of V(D, E, G) = E log D(x, E(x)) + E log(1 - D(G(z), z)).

    D is shown images beside their codes and cannot tell which of the two was made of the other. At the optimum E
    inverts G. G and E minimize D's cost with real and fake rows exchanged, as the authors' code does, or in a zero-sum
    objective -J(D).
    Source: Donahue et al. 2017, Eqs. 2 and 3 and section 3.4; Dumoulin et al. 2017, Eq. 3. E is deterministic.

    Args:
        plain: the same game without an encoder.
        regression: weight of the mean squared error of E(G(z)) against z, a direct cost of E and G.
        reconstruction: the same of G(E(x)) against x (Li et al. 2017, ALICE, section 3.2).
        warp: how x is distorted where E reads it for that cost; no distortion by default.
        erased: share of its pixels that are black there, drawn one by one (Vincent et al. 2008, section 2.3).
    """

    plain: AdversarialGame
    regression: float = 0.0
    reconstruction: float = 0.0
    warp: Warp = Warp()
    erased: float = 0.0

    @property
    def paired(self) -> bool:
        """The generators' cost is one of real rows, too, as they are scored now."""
        return True

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z, E codes of examples, D scores an example beside a code.

        Raises:
            RecipeError: images are to be distorted, and the data are points.
        """
        if self._distorts and len(data.shape) != 3:
            raise RecipeError(
                "images are distorted for E, these data are points", "leave shift, turn, elastic and erased at 0"
            )
        seats, code = self.plain.seats(data), Input((self.plain.latent,))
        encoder = Seat("generator", {"image": Input(data.shape)}, code.shape, averaged=True)
        judge = replace(seats[D], takes={**seats[D].takes, "code": code})
        return {G: seats[G], E: encoder, D: judge}

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z, and how images are distorted."""
        drawn = dict(self.plain.draw(batch, noise))
        if self._distorts:
            size = 1, *batch.image.shape[2:]
            drawn["warp"] = noise("warp", self.warp.draw)
            drawn["seen"] = noise("seen", lambda n, rng: torch.rand(n, *size, generator=rng, device=rng.device))
        return drawn

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z) and E(x), and what they cost beside the discriminator."""
        z, count = draws["z"], len(batch.image)
        if self._distorts:
            code, inner = nets[E](torch.cat([batch.image, self._distorted(batch.image, draws)])).split(count)
        else:
            code = inner = nets[E](batch.image)
        if self.reconstruction:
            image, again = nets[G](torch.cat([z, inner])).split([len(z), count])
        else:
            image, again = nets[G](z), batch.image
        direct = [self.reconstruction * (again - batch.image).square().mean()] if self.reconstruction else []
        if self.regression:
            direct.append(self.regression * (nets[E](image) - z).square().mean())
        return Made({"image": image, "code": code}, sum(direct[1:], direct[0]) if direct else None)

    @property
    def _distorts(self) -> bool:
        return self.reconstruction > 0 and (self.warp != Warp() or self.erased > 0)

    def _distorted(self, image: Tensor, draws: Inputs) -> Tensor:
        """Black is the least value of each image, whatever the range."""
        bent = self.warp(image, draws["warp"][: len(image)], None)
        return torch.where(draws["seen"][: len(image)] < self.erased, bent.amin((1, 2, 3), keepdim=True), bent)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """(x, E(x)) beside (G(z), z)."""
        real = {"image": batch.image, "code": made["code"]}
        return [View(D, real, {"image": made["image"], "code": draws["z"]})]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """The objective's for D; for G and E the same with the rows exchanged, or -J(D)."""
        own = self.plain.objective.discriminator(real, fake)
        return Costs(own, -own if self._zero_sum else self.plain.objective.discriminator(fake, real))

    def slopes(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
        """The closed forms of these."""
        of_real, of_fake = self.plain.objective.discriminator_gradient(real, fake)
        if self._zero_sum:
            return Slopes(of_real, of_fake, made=-of_fake, given=-of_real)
        made, given = self.plain.objective.discriminator_gradient(fake, real)
        return Slopes(of_real, of_fake, made, given)

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        """What the log says of D's scores; `cost_g` is that of G and E."""
        found = score_figures(self.plain.objective, real, fake)
        exchanged = self.plain.objective.discriminator(fake.float(), real.float())
        return found | {"cost_g": -found["cost_d"] if self._zero_sum else float(exchanged)}

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples."""
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z)."""
        return self.plain.sample(nets, inputs)

    @property
    def _zero_sum(self) -> bool:
        return self.plain.objective.zero_sum
