"""Inputs of samples along lines: through z, from class to class, along an attribute."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from advnets.games.game import Inputs
from advnets.runs.sampling import Sampler


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


def of_classes(numbers: Sequence[int], count: int, lines: int, steps: int) -> Tensor:
    """Mixtures of two classes, lines * steps rows of `count` shares: line i walks from one of `numbers` to the next."""
    share = torch.linspace(0, 1, steps).view(steps, 1)
    one = torch.eye(count)
    pairs = [(one[numbers[i % len(numbers)]], one[numbers[(i + 1) % len(numbers)]]) for i in range(lines)]
    return torch.cat([(1 - share) * first + share * second for first, second in pairs])


def within(sampler: Sampler, row: Tensor, lines: int, steps: int, seed: int) -> Inputs:
    """z walks, a line keeps its condition: lines * steps rows.

    Args:
        sampler: of the run.
        row: the condition that is asked for, 1 x V; NaN is drawn for each line.
        lines, steps: how many, and samples along each.
        seed: which lines.
    """
    ends = sampler.inputs(2 * lines, seed, row)
    walked = {name: walk_of(name, each, lines, steps) for name, each in ends.items()}
    return {**walked, "condition": ends["condition"][::2].repeat_interleave(steps, 0)}


def along(sampler: Sampler, rows: Tensor, lines: int, steps: int, seed: int) -> Inputs:
    """A line keeps its z and walks from one condition to another: lines * steps rows.

    Args:
        sampler: of the run.
        rows: the two ends, 2 x V; NaN is drawn once for each line.
        lines, steps: how many, and samples along each.
        seed: which lines.
    """
    ends = sampler.inputs_by_class(rows, lines, seed)
    held = {name: each[:lines].repeat_interleave(steps, 0) for name, each in ends.items()}
    pairs = torch.stack(ends["condition"].chunk(2), 1).flatten(0, 1)
    return {**held, "condition": walk_of("condition", pairs, lines, steps)}
