"""Samples along lines: through z, from class to class, along an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from advnets.errors import RunError
from advnets.games.contract import reason
from advnets.games.game import Inputs, sampled
from advnets.runs.asking import Attributes, ends_of, one_of
from advnets.runs.networks import own_players
from advnets.runs.sampling import Sampler, Samples

if TYPE_CHECKING:
    from advnets.runs.run import Run


def interpolated(
    run: Run,
    lines: int,
    steps: int,
    seed: int,
    classes: Sequence[str] | str | None,
    attributes: Attributes | None,
) -> Samples:
    """A run's samples along straight lines, as `Run.interpolate` says."""
    one_of(classes=classes, attributes=attributes)
    if attributes is not None:
        rows, is_walk = ends_of(str(run.path), run.attributes, attributes)
        inputs = along if is_walk else within
        made = run.sampler.decode(inputs(run.sampler, rows, lines, steps, seed))
    else:
        numbers = None if classes is None else run.class_numbers(classes)
        if numbers is None or len(set(numbers)) == 1:
            made = _through_z(run, numbers, lines, steps, seed)
        else:
            made = _mixed(run, numbers, lines, steps, seed)
    return made.reshape(lines, steps, *made.shape[1:])


def _through_z(run: Run, numbers: Sequence[int] | None, lines: int, steps: int, seed: int) -> Samples:
    """z walks, a line keeps its class."""
    ends = run.sampler.inputs(2 * lines, seed, numbers)
    if not ends.keys() - {"source"}:
        what = f"{run.path} makes one image of each source: there is no z to walk in"
        raise RunError(what, "train with a --game.latent, or look at advnets sample")
    return run.sampler.decode({name: walk_of(name, each, lines, steps) for name, each in ends.items()})


def _mixed(run: Run, numbers: Sequence[int], lines: int, steps: int, seed: int) -> Samples:
    """A line keeps its z and walks through mixtures of classes, which a generator of the user's own may not take."""
    sampler = run.sampler
    walked = {name: each.repeat_interleave(steps, 0) for name, each in sampler.inputs(lines, seed).items()}
    walked["condition"] = of_classes(numbers, len(run.classes), lines, steps)
    try:
        return sampler.decode(walked)
    except Exception as error:
        maker = sampled(run.seats)
        if maker not in own_players(run.recipe):
            raise
        raise RunError(f"the {maker} takes no mixtures of classes: {reason(error)}", "name one --class") from error


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
