"""What a classifier says of images: logits and the last hidden layer; the error of a run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import RunError
from advnets.games.warps import Warp
from advnets.runs.run import Run
from advnets.runs.sampling import evaluating

_ROWS = 250
_SHARE = 0.5  # of the distortions of the training, in the copies that a classifier is asked about


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


class Distorted(nn.Module):
    """A classifier's mean answer to rows and to distorted copies of them: the logarithms of its probabilities.

    All rows are distorted by the same draws, copy by copy, so that what is said of one does not depend on others.

    Args:
        network: rows -> logits and features, N x (K + F).
        classes: K.
        warp: how copies are distorted.
        copies: of each row, the first as it is.
    """

    def __init__(self, network: nn.Module, classes: int, warp: Warp, copies: int) -> None:
        super().__init__()
        self.network, self.classes, self.warp, self.copies = network, classes, warp, copies

    def forward(self, rows: Tensor) -> Tensor:
        """N x (K + F); the features are of the rows as they are."""
        found = self.network(rows)
        said = found[:, : self.classes].log_softmax(1)
        for copy in range(1, self.copies):
            said = said + self.network(self._copy(rows, copy))[:, : self.classes].log_softmax(1)
        return torch.cat([said / self.copies, found[:, self.classes :]], 1)

    def _copy(self, rows: Tensor, number: int) -> Tensor:
        """Copies 1 and 2, 3 and 4, ... are distorted by the same draws the one way and the other."""
        rng, way = torch.Generator().manual_seed((number + 1) // 2), 1 if number % 2 else -1
        drawn = way * self.warp.draw(1, rng).expand(len(rows), -1).to(rows)
        noise = way * self.warp.draw_noise(tuple(rows.shape[1:]), 1, rng).to(rows) if self.warp.noise else None
        return self.warp(rows, drawn, noise)


def has_classifier(run: Run) -> bool:
    """Whether a run is of a game whose discriminator names classes."""
    return any(seat.features for seat in run.seats.values())


def outputs(
    run: Run, values: NDArray[Any], advance: Callable[[int], object] = lambda rows: None, copies: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits, N x K, and features, N x F, of a run's averaged classifier.

    Args:
        run: of a semi-supervised game.
        values: uint8 images, N x C x H x W, or points as the run's game is played with, N x D.
        advance: as for `logits_of`.
        copies: of each row that are asked about, all but the first distorted half as far as in training. Of several the
            logits are means of the logarithms of their probabilities (Krizhevsky et al. 2012, section 4.1, has means of
            ten copies).

    Raises:
        RunError: the run has no classifier, is of rows of another shape, or has nothing to tell copies apart.
    """
    seat = next((each for each in run.seats.values() if each.features), None)
    if seat is None:
        raise RunError(f"{run.path} has no classifier", "train with --game.kind semi-supervised")
    if values.shape[1:] != run.shape:
        raise RunError(f"{run.path} classifies rows of shape {run.shape}, not {values.shape[1:]}", "bring them to it")
    if copies < 1:
        raise RunError(f"{copies} copies of each row", "ask for 1 or more")
    network = run.discriminator
    if copies > 1:
        warp: Warp = getattr(run.game, "warp", Warp())
        if warp == Warp():
            raise RunError(f"{run.path} was played without distortions: copies would be all alike", "ask for 1 copy")
        network = Distorted(network, seat.gives[0], warp.times(_SHARE), copies)
    found = logits_of(network, values, run.value_range, advance=advance)
    return found[:, : seat.gives[0]], found[:, seat.gives[0] :]
