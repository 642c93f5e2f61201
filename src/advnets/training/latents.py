"""Latent optimization: z moves along the gradient of D's score of G(z) before either player sees it.

Source: Wu et al. 2019, "LOGAN", Eqs. 7 and 8 (gradient) and 19 (natural gradient, damped).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from advnets.games.game import Batch, Game, Inputs, Nets, score
from advnets.games.realness import Realness


@dataclass(frozen=True)
class LatentSteps:
    """How latents move.

    Args:
        size: of the step.
        natural: whether the gradient is divided by its squared norm and `damping`.
        damping: above 0.
        second_order: whether what is made of the latents has a graph through their step, into the generators' weights.
        inside: brings latents that were moved back to where the prior has any.
        realness: of each discriminator's scores.
    """

    size: float
    natural: bool
    damping: float
    second_order: bool
    inside: Callable[[Tensor], Tensor]
    realness: Mapping[str, Realness]

    def __call__(self, game: Game, nets: Nets, batch: Batch, draws: Inputs, second_order: bool = True) -> Inputs:
        """The draws with other z.

        Args:
            game: says what is made and shown. What is shown is not augmented.
            nets: the players' networks.
            batch: real rows of the step.
            draws: z among them, (N, latent).
            second_order: False where no generator learns from what is made.
        """
        graph = self.second_order and second_order
        z = draws["z"].detach().requires_grad_()
        (slope,) = torch.autograd.grad(self._said(game, nets, batch, {**draws, "z": z}), z, create_graph=graph)
        slope = slope.float() if slope.dtype in (torch.bfloat16, torch.float16) else slope
        factor = self.size / (self.damping + slope.square().sum(1, keepdim=True)) if self.natural else self.size
        moved = self.inside(z.detach() + (slope * factor).to(z.dtype))
        return {**draws, "z": moved if graph else moved.detach()}

    def moves(self, game: Game, nets: Nets, batch: Batch, draws: Inputs) -> bool:
        """Whether what discriminators say of what is made depends on z. Arguments as for a call."""
        z = draws["z"].detach().requires_grad_()
        said = self._said(game, nets, batch, {**draws, "z": z})
        slopes = cast("Sequence[Tensor | None]", torch.autograd.grad(said, z, allow_unused=True))
        return slopes[0] is not None

    def _said(self, game: Game, nets: Nets, batch: Batch, draws: Inputs) -> Tensor:
        """How real the discriminators find all that was made of z, added up."""
        made = game.make(nets, batch, draws)
        said = [
            self.realness[view.discriminator](score(nets[view.discriminator], view.fake)).sum() * view.weight
            for view in game.views(batch, draws, made.outputs)
            if view.has_made
        ]
        return torch.stack(said).sum()
