"""Masks of images by row: which values are observed, in every manner that a recipe weighs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.game import RowNoise

Shape = tuple[int, int, int]
Manner = Callable[[Tensor, Shape, RowNoise], Tensor]
"""(numbers in [0, 1), N x `_NUMBERS`; C x H x W; random numbers by row) -> what is missing, bool N x 1 or C x H x W."""

_POINTS = 5  # of a stroke
_NUMBERS = 2 * _POINTS + 1


def draw_masks(shares: Mapping[str, float], shape: Shape, noise: RowNoise) -> Tensor:
    """Masks of a step's rows, each in one manner, drawn by its share.

    Args:
        shares: weights of the keys of `MANNERS`; they need not add up to 1.
        shape: C x H x W.
        noise: random numbers by row.

    Returns:
        float32 N x C x H x W: 1 where a value is observed, 0 where it is missing.
    """
    numbers = noise("mask", lambda count, rng: torch.rand(count, 1 + _NUMBERS, generator=rng, device=rng.device))
    named = [name for name, share in shares.items() if share]
    weights = torch.tensor([shares[name] for name in named], dtype=torch.float64).cumsum(0)
    bounds = (weights / weights[-1])[:-1].to(numbers.device, numbers.dtype)
    manner = torch.bucketize(numbers[:, 0].contiguous(), bounds, right=True).view(-1, 1, 1, 1)
    missing = torch.zeros(len(numbers), *shape, dtype=torch.bool, device=numbers.device)
    for place, name in enumerate(named):
        missing |= (manner == place) & MANNERS[name](numbers[:, 1:], shape, noise)
    return (~missing).float()


def check_shares(shares: Mapping[str, float | None], shape: tuple[int, ...]) -> Mapping[str, float]:
    """The shares with which masks of such data are drawn: channels have one where nothing was said and there are some.

    Raises:
        RecipeError: the data are no images, or their only channel is to be missing.
    """
    if len(shape) != 3:
        raise RecipeError("completion is about images, these data are points", "use images")
    known, said = {name: share for name, share in shares.items() if share is not None}, shares.get("channels")
    if said and shape[0] == 1:
        raise RecipeError("gray images have no channels that may be missing", "leave --masks.channels out")
    return known if said is not None or shape[0] == 1 else {**known, "channels": 1.0}


def box(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """A box of a quarter to three quarters of each side, anywhere."""
    y, x = _places(numbers, shape)
    high, wide, top, left = (each.view(-1, 1, 1, 1) for each in numbers[:, :4].unbind(1))
    high, wide = 0.25 + 0.5 * high, 0.25 + 0.5 * wide
    top, left = top * (1 - high), left * (1 - wide)
    return (y >= top) & (y < top + high) & (x >= left) & (x < left + wide)


def half(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """The upper, lower, left or right half; of an odd side the middle goes with the lower or right one."""
    y, x = _places(numbers, shape)
    side = (numbers[:, 0] * 4).floor().view(-1, 1, 1, 1)
    place = torch.where(side < 2, y, x)
    return torch.where(side % 2 == 0, place < 0.5, place >= 0.5)


def pixels(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """Each pixel by itself, with a probability between a quarter and 95 in 100."""
    height, width = shape[1:]
    drawn = noise("mask pixels", lambda n, rng: torch.rand(n, 1, height, width, generator=rng, device=rng.device))
    return drawn < 0.25 + 0.7 * numbers[:, 0].view(-1, 1, 1, 1)


def stroke(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """A line of four straight parts, from 3 to 10 in 100 of the sides to each side of it."""
    y, x = _places(numbers, shape)
    points = numbers[:, : 2 * _POINTS].view(-1, _POINTS, 2, 1, 1, 1)
    reach = 0.03 + 0.07 * numbers[:, -1].view(-1, 1, 1, 1)
    missing = torch.zeros(1, dtype=torch.bool, device=numbers.device)
    for number in range(_POINTS - 1):
        (y0, x0), (y1, x1) = points[:, number].unbind(1), points[:, number + 1].unbind(1)
        long = ((y1 - y0).square() + (x1 - x0).square()).clamp_min(1e-12)
        along = (((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / long).clamp(0, 1)
        away = (y - y0 - along * (y1 - y0)).square() + (x - x0 - along * (x1 - x0)).square()
        missing = missing | (away < reach.square())
    return missing


def channels(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """One channel or more, and not all of them."""
    count = shape[0]
    order = noise("mask channels", lambda n, rng: torch.rand(n, count, generator=rng, device=rng.device)).argsort(1)
    missing = 1 + (numbers[:, :1] * (count - 1)).floor()
    return (order < missing).view(-1, count, 1, 1)


def whole(numbers: Tensor, shape: Shape, noise: RowNoise) -> Tensor:
    """Everything: what is made is a sample of no image at all."""
    return torch.ones(1, 1, 1, 1, dtype=torch.bool, device=numbers.device)


MANNERS: dict[str, Manner] = {
    "boxes": box, "halves": half, "pixels": pixels, "strokes": stroke, "channels": channels, "whole": whole,
}  # fmt: skip
"""What may be missing, by the name that recipes use."""


def _places(numbers: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """The middles of rows and of columns, from 0 to 1: 1 x 1 x H x 1 and 1 x 1 x 1 x W."""
    found = [(torch.arange(side, device=numbers.device) + 0.5) / side for side in shape[1:]]
    return found[0].view(1, 1, -1, 1), found[1].view(1, 1, 1, -1)
