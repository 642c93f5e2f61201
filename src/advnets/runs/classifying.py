"""What a classifier says of images: logits and the last hidden layer; the error of a run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from advnets.errors import RunError
from advnets.runs.run import Run
from advnets.runs.sampling import evaluating

_ROWS = 250


def logits_of(
    network: nn.Module,
    values: NDArray[Any],
    value_range: tuple[float, float],
    dtype: torch.dtype = torch.float32,
    advance: Callable[[int], object] = lambda rows: None,
) -> NDArray[Any]:
    """A network's output for rows: logits, and what lies behind them, N x (K + F).

    Args:
        network: takes rows of the values' shape, in `dtype`.
        values: uint8 images, N x C x H x W, or points, N x D.
        value_range: what bytes 0 and 255 become.
        dtype: of the computation.
        advance: is told how many rows are done since it was told last.
    """
    low, high = value_range
    device = next(network.parameters()).device

    def parts() -> Iterator[NDArray[Any]]:
        for start in range(0, len(values), _ROWS):
            rows = torch.from_numpy(np.ascontiguousarray(values[start : start + _ROWS])).to(device, dtype)
            if values.dtype == np.uint8:
                rows = rows * ((high - low) / 255) + low
            yield network(rows).cpu().numpy()
            advance(len(rows))

    with evaluating([network]), torch.no_grad():
        return np.concatenate(list(parts()))


def has_classifier(run: Run) -> bool:
    """Whether a run is of a game whose discriminator names classes."""
    return any(seat.features for seat in run.seats.values())


def outputs(
    run: Run, values: NDArray[Any], advance: Callable[[int], object] = lambda rows: None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits, N x K, and features, N x F, of a run's averaged classifier.

    Args:
        run: of a semi-supervised game.
        values: uint8 images, N x C x H x W, or points as the run's game is played with, N x D.
        advance: as for `logits_of`.

    Raises:
        RunError: the run has no classifier, or is of rows of another shape.
    """
    seat = next((each for each in run.seats.values() if each.features), None)
    if seat is None:
        raise RunError(f"{run.path} has no classifier", "train with --game.kind semi-supervised")
    if values.shape[1:] != run.shape:
        raise RunError(f"{run.path} classifies rows of shape {run.shape}, not {values.shape[1:]}", "bring them to it")
    found = logits_of(run.discriminator, values, run.value_range, advance=advance)
    return found[:, : seat.gives[0]], found[:, seat.gives[0] :]
