"""Small distortions that leave an image's class: moved, turned, stretched, slanted, bent; or points with noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

from advnets.games.game import at_least_float32

_NUMBERS = 6  # of an affine map: turn, two stretches, slant, two shifts
_MAPS = "shift", "turn", "stretch", "slant", "elastic"
_PLACES = 5  # along either side, by whose own shifts an image is bent; it is smooth between them


@dataclass(frozen=True)
class Warp:
    """How far rows are distorted at most; each amount is drawn uniformly and by itself.

    Args:
        shift: share of the image's sides.
        turn: degrees.
        stretch: along either side, as a share.
        slant: sideways, as a share of the height.
        elastic: of each of 5 x 5 places by itself, as a share of the image's sides (Simard et al. 2003, section 2).
        noise: standard deviation of Gaussian noise in each value.
    """

    shift: float = 0.0
    turn: float = 0.0
    stretch: float = 0.0
    slant: float = 0.0
    elastic: float = 0.0
    noise: float = 0.0

    def times(self, share: float) -> Warp:
        """The same distortions, a share as far, by the same draws; noise is added as it was drawn."""
        return replace(self, **{name: getattr(self, name) * share for name in _MAPS})

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """What an affine map is made of, then the shifts of places, uniform on [-1, 1], count x 6, or count x 56."""
        numbers = _NUMBERS + (2 * _PLACES**2 if self.elastic else 0)
        return torch.rand(count, numbers, generator=rng, device=rng.device) * 2 - 1

    def draw_noise(self, shape: tuple[int, ...], count: int, rng: torch.Generator) -> Tensor:
        """What is added, count x shape."""
        return torch.randn(count, *shape, generator=rng, device=rng.device) * self.noise

    def __call__(self, rows: Tensor, drawn: Tensor, noise: Tensor | None) -> Tensor:
        """Distorted rows; images, N x C x H x W, by maps of places, all by the noise. Edges are drawn on.

        Args:
            rows: images or points.
            drawn: of `draw`.
            noise: of `draw_noise`; None for none.
        """
        if rows.ndim == 4 and any((self.shift, self.turn, self.stretch, self.slant, self.elastic)):
            # In bfloat16 places would be off by pixels: it has three digits.
            images = at_least_float32(rows)
            maps, places = drawn.to(images.dtype).split([_NUMBERS, drawn.shape[1] - _NUMBERS], 1)
            grid = affine_grid(self._maps(maps, rows.shape[2:]), list(rows.shape), align_corners=False)
            if self.elastic:
                grid = grid + self._bends(places, rows.shape[2:])
            rows = grid_sample(images, grid, padding_mode="border", align_corners=False).to(rows.dtype)
        return rows if noise is None else rows + noise

    def _bends(self, places: Tensor, size: Sequence[int]) -> Tensor:
        """How far each place of a bent image comes from elsewhere, N x H x W x 2."""
        shifts = places.view(-1, 2, _PLACES, _PLACES) * (2 * self.elastic)
        return interpolate(shifts, size=list(size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)

    def _maps(self, drawn: Tensor, size: Sequence[int]) -> Tensor:
        """Where each place of a distorted image comes from, N x 2 x 3, the image's sides being from -1 to 1."""
        tall = size[0] / size[1]  # a turn is one in pixels, whatever the sides
        turn, wide, high, slant, right, down = drawn.unbind(1)
        cos, sin = (f(turn * math.radians(self.turn)) for f in (torch.cos, torch.sin))
        wide, high = 1 + wide * self.stretch, 1 + high * self.stretch
        first = torch.stack([cos * wide, (slant * self.slant - sin * wide) * tall, 2 * self.shift * right], 1)
        second = torch.stack([sin * high / tall, cos * high, 2 * self.shift * down], 1)
        return torch.stack([first, second], 1)
