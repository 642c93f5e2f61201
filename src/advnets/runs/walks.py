"""Walks from what one sample is made of to what another is made of: through z space, or from class to class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def straight_lines(ends: Tensor, steps: int) -> Tensor:
    """Points along the lines from each row of `ends` to the next, (len(ends) - 1, steps, ...); Figure 3.

    Args:
        ends: (N, latent), or N x shape, N >= 2.
        steps: points on each line, both ends included, >= 2.
    """
    share = torch.linspace(0, 1, steps).view(1, steps, *[1] * (ends.ndim - 1))
    return ends[:-1, None] * (1 - share) + ends[1:, None] * share


def walk_of(name: str, ends: Tensor, lines: int, steps: int) -> Tensor:
    """Of 2 x lines rows: points from every first one to the second beside it, lines * steps rows; classes and sources
    stay."""
    if name == "source" or not ends.is_floating_point():
        return ends[::2].repeat_interleave(steps, 0)
    return torch.cat([straight_lines(ends[2 * i : 2 * i + 2], steps) for i in range(lines)]).flatten(0, 1)


def walk_of_classes(numbers: Sequence[int], count: int, lines: int, steps: int) -> Tensor:
    """Mixtures of two classes, lines * steps rows of `count` shares: line i walks from one of `numbers` to the next."""
    share = torch.linspace(0, 1, steps).view(steps, 1)
    one = torch.eye(count)
    pairs = [(one[numbers[i % len(numbers)]], one[numbers[(i + 1) % len(numbers)]]) for i in range(lines)]
    return torch.cat([(1 - share) * first + share * second for first, second in pairs])
