"""What a run draws, as one module: from latents, classes and masks by name to images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import RunError
from advnets.runs.run import Run

SEEDS, EACH = 4, 16
"""Seeds whose first latents go along with an exported file, and how many of each."""
_IMAGES = 4  # axes of inputs that are images


class Drawn(nn.Module):
    """The averaged networks of a run behind the inputs that its samples are made of.

    Args:
        run: whose samples are images, or points that are no rows of a table.
        dtype: of the networks' arithmetic.

    Raises:
        RunError: its samples are none of these, or not a function of their inputs.

    Inputs in the order of `names`, N rows each; output uint8 N x C x H x W, or float32 points N x D.
    """

    def __init__(self, run: Run, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        if run.scale is not None:
            raise RunError(f"{run.path} makes rows of a table", "draw them: advnets sample")
        self.dtype, self.game = dtype, run.game
        self.networks = nn.ModuleDict(
            {name: run.players[name].cpu().to(dtype) for name, seat in run.seats.items() if seat.side == "generator"}
        )
        self.value_range = run.sampler.value_range
        self.names = tuple(run.sampler.inputs(1))
        self.eval()

    def forward(self, *inputs: Tensor) -> Tensor:
        made = self.levels(dict(zip(self.names, inputs, strict=True)))
        return made if self.value_range is None else made.round().clamp(0, 255).to(torch.uint8)

    def levels(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """What it makes of inputs by name, float32: images from 0 to 255, not yet rounded; points as they are."""
        typed = {name: each.to(self.dtype) if each.is_floating_point() else each for name, each in inputs.items()}
        made = self.game.sample(dict(self.networks.items()), typed).float()
        if self.value_range is None:
            return made
        low, high = self.value_range
        return (made - low) * (255.0 / (high - low))

    @torch.no_grad()
    def draw(self, inputs: Mapping[str, Tensor]) -> NDArray[Any]:
        """What it makes of inputs by name."""
        return self(*(inputs[name] for name in self.names)).numpy()


def latents(run: Run) -> dict[str, Tensor]:
    """What the first samples of some seeds are made from: SEEDS * EACH rows, seed by seed."""
    found = [run.sampler.inputs(EACH, seed) for seed in range(SEEDS)]
    return {name: torch.cat([each[name] for each in found]) for name in found[0]}


def of_seeds(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Of `latents` what goes along with an exported file: not the images that samples are made of."""
    return {name: each for name, each in inputs.items() if each.ndim < _IMAGES}


def check_constant(drawn: Drawn, inputs: Mapping[str, Tensor]) -> None:
    """See that the same inputs give the same images.

    Raises:
        RunError: something is drawn within the networks, which a file could not draw alike.
    """
    made: list[NDArray[Any]] = []
    for seed in (0, 1):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made.append(drawn.draw(inputs))
    if not np.array_equal(made[0], made[1]):
        what = "its networks draw random numbers of their own, so that a latent is not one image"
        raise RunError(what, "give them as an input, a part of z")
