"""Adversarial autoencoders: the game is played for codes, and decides what they look like (Makhzani et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from advnets.games.adversarial import AdversarialGame, D, G
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, Seat, View, at_least_float32

E = "encoder"


@dataclass(frozen=True)
class AdversarialAutoencoder(AdversarialGame):
    """E and G reconstruct the data, and E's codes are to look like z to D. Source: Makhzani et al. 2016, section 2.

    Both phases of the paper's step, reconstruction and regularization, are taken at one point.

    Args:
        reconstruction: weight of E |x - G(E(x))|^2.
    """

    reconstruction: float = 1.0

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G decodes, E encodes, D scores codes."""
        code = {"code": Input((self.latent,))}
        return {
            G: Seat("generator", {"z": Input((self.latent,))}, data.shape, averaged=True),
            E: Seat("generator", {"image": Input(data.shape)}, (self.latent,), averaged=True),
            D: Seat("discriminator", code),
        }

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """E(x), and how far G(E(x)) is from x."""
        code = nets[E](batch.image)
        missed = at_least_float32(nets[G](code) - batch.image).flatten(1)
        return Made({"code": code}, self.reconstruction * missed.square().sum(1).mean())

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Draws of the prior, which are what is real here, beside E(x)."""
        return [View(D, {"code": draws["z"]}, {"code": made["code"]})]


def reconstructed(nets: Nets, images: Tensor) -> Tensor:
    """G(E(x)), N x shape, in the generator's range."""
    return nets[G](nets[E](images))
