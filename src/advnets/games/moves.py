"""Images mirrored and moved at random, those that belong together alike: drawn once a row, done to each of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.game import Inputs, RowNoise


@dataclass(frozen=True)
class Moves:
    """What is done to images before anybody sees them.

    Args:
        flip: whether half of the rows are mirrored, left to right.
        crop: by up to how many pixels each is moved; its edges are drawn on, as if it were cut out of a larger one.
    """

    flip: bool = False
    crop: int = 0

    def check(self, shape: tuple[int, ...]) -> None:
        """See that something of images of this shape, C x H x W, stays in sight.

        Raises:
            RecipeError: they are moved by as much as a side.
        """
        side = min(shape[1:])
        if self.crop >= side:
            size = " x ".join(map(str, shape[1:]))
            what = f"crop {self.crop} moves images of {size} out of sight"
            raise RecipeError(what, f"use --game.crop {max(side // 8, 1)}, or another one below {side}")

    def draw(self, noise: RowNoise, of: str = "") -> Inputs:
        """What is drawn of each row: whether it is mirrored, by how much it is moved; whole numbers (N, 1).

        Args:
            noise: random numbers by row.
            of: before the names, for images that are moved by themselves.
        """
        found: dict[str, Tensor] = {}
        if self.flip:
            found[f"{of}flip"] = noise(f"{of}flip", lambda n, rng: _whole(0, 2, n, rng))
        if self.crop:
            for way in ("down", "right"):
                found[f"{of}{way}"] = noise(f"{of}{way}", lambda n, rng: _whole(-self.crop, self.crop + 1, n, rng))
        return found

    def move(self, images: Tensor, draws: Inputs, of: str = "") -> Tensor:
        """Images (N, C, H, W), each mirrored and moved as was drawn for its row."""
        if self.flip:
            mirrored = draws[f"{of}flip"].bool().view(-1, 1, 1, 1)
            images = torch.where(mirrored, images.flip(3), images)
        if not self.crop:
            return images
        height, width = images.shape[2:]
        down, right = (
            (torch.arange(side, device=images.device) + draws[f"{of}{way}"]).clamp(0, side - 1)
            for way, side in (("down", height), ("right", width))
        )
        number = torch.arange(len(images), device=images.device).view(-1, 1, 1)
        return images.permute(0, 2, 3, 1)[number, down.unsqueeze(2), right.unsqueeze(1)].permute(0, 3, 1, 2)


def _whole(low: int, high: int, count: int, rng: torch.Generator) -> Tensor:
    """Whole numbers from `low` to `high` - 1, (count, 1)."""
    return torch.randint(low, high, (count, 1), generator=rng, device=rng.device)


STILL = Moves()
"""Images as they are."""
