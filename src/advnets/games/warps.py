"""Small distortions that leave an image's class as it is: moved, turned, stretched, slanted; or points with noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

_NUMBERS = 6  # of an affine map: turn, two stretches, slant, two shifts


@dataclass(frozen=True)
class Warp:
    """How far rows are distorted at most; each amount is drawn uniformly and by itself.

    Args:
        shift: share of the image's sides.
        turn: degrees.
        stretch: along either side, as a share.
        slant: sideways, as a share of the height.
        noise: standard deviation of Gaussian noise in each value.
    """

    shift: float = 0.0
    turn: float = 0.0
    stretch: float = 0.0
    slant: float = 0.0
    noise: float = 0.0

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """What an affine map is made of, uniform on [-1, 1], count x 6."""
        return torch.rand(count, _NUMBERS, generator=rng, device=rng.device) * 2 - 1

    def draw_noise(self, shape: tuple[int, ...], count: int, rng: torch.Generator) -> Tensor:
        """What is added, count x shape."""
        return torch.randn(count, *shape, generator=rng, device=rng.device) * self.noise

    def __call__(self, rows: Tensor, drawn: Tensor, noise: Tensor | None) -> Tensor:
        """Distorted rows; images, N x C x H x W, by the affine maps, all by the noise. Edges are drawn on.

        Args:
            rows: images or points.
            drawn: of `draw`, N x 6.
            noise: of `draw_noise`; None for none.
        """
        if rows.ndim == 4 and any((self.shift, self.turn, self.stretch, self.slant)):
            grid = affine_grid(self._maps(drawn.to(rows.dtype)), list(rows.shape), align_corners=False)
            rows = grid_sample(rows, grid, padding_mode="border", align_corners=False)
        return rows if noise is None else rows + noise

    def _maps(self, drawn: Tensor) -> Tensor:
        """Where each place of a distorted image comes from, N x 2 x 3, the image's sides being from -1 to 1."""
        turn, wide, high, slant, right, down = drawn.unbind(1)
        cos, sin = (f(turn * math.radians(self.turn)) for f in (torch.cos, torch.sin))
        wide, high = 1 + wide * self.stretch, 1 + high * self.stretch
        first = torch.stack([cos * wide, slant * self.slant - sin * wide, 2 * self.shift * right], 1)
        second = torch.stack([sin * high, cos * high, 2 * self.shift * down], 1)
        return torch.stack([first, second], 1)
