"""The sliced Wasserstein distance: how far mass must move along random directions (Monge's problem on a line)."""

from __future__ import annotations

import functools
import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import Z95, grouped_jackknife
from advnets.measures.measurement import Measurement

_GROUPS = 10
_DIRECTIONS_AT_ONCE = 32
_ROWS_AT_ONCE = 8192
CAVEAT = (
    "In many dimensions most random directions look alike, so that it sees the bulk and little of the details; and it "
    "is biased upward for few samples."
)


def sliced_wasserstein(
    samples: npt.ArrayLike,
    real: npt.ArrayLike,
    *,
    order: Literal[1, 2] = 2,
    projections: int = 256,
    features: str = "pixels",
    seed: int = 0,
    progress: bool = False,
) -> Measurement:
    """(mean over directions of W_p^p)^(1/p), in the features' units.

    Args:
        samples: N x D features.
        real: M x D features; N and M need not be equal.
        order: p.
        projections: how many random directions.
        features: what they are called.
        seed: of the directions.
        progress: say how far it is.

    Returns:
        The distance; for two Gaussians that differ by a shift d it is |d| / sqrt(D) (p = 2). The interval is a
        jackknife's over the samples and over the real images, for these directions.

    Raises:
        MeasureError: features of different widths, fewer than 20 rows.

    Source: Rabin et al. 2011, Wasserstein barycenter and its application, section 2; Bonneel et al. 2015, Eq. 8.
    """
    ours, theirs = features_of(samples, "samples", 2 * _GROUPS), features_of(real, "real", 2 * _GROUPS)
    check_widths(ours, theirs, ("samples", "real"))
    if projections < 1:
        raise MeasureError(f"{projections} projections", "use 1 or more")
    directions = np.random.default_rng(seed).normal(size=(projections, ours.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    # Row 0: everything; then without each group of samples; then without each group of real points.
    powers = np.zeros(1 + 2 * _GROUPS)
    with progress_bar("Sliced Wasserstein", projections, unit="directions", shown=progress) as advance:
        for start in range(0, projections, _DIRECTIONS_AT_ONCE):
            some = torch.from_numpy(directions[start : start + _DIRECTIONS_AT_ONCE]).float()
            powers += _powers(_Sorted(ours, some), _Sorted(theirs, some), order)
            advance(len(some))
    found = (powers / projections) ** (1 / order)
    value = float(found[0])
    errors = [grouped_jackknife(part.tolist()) for part in np.split(found[1:], 2)]
    error = math.hypot(*errors)
    return Measurement(
        measure="sliced_wasserstein",
        value=value,
        standard_error=error,
        interval=(max(0.0, value - Z95 * error), value + Z95 * error),
        interval_by=f"jackknife of {_GROUPS} groups, over the samples and the real images",
        samples=len(ours),
        real=len(theirs),
        features=features,
        seed=seed,
        details={"order": order, "projections": projections},
        caveat=CAVEAT,
    )


class _Sorted:
    """Projections in order, directions x N, and which group each row of them belongs to."""

    def __init__(self, rows: npt.NDArray[np.float32], directions: Tensor) -> None:
        parts = [rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE)]
        projected = torch.cat([directions @ torch.from_numpy(np.array(part)).T for part in parts], 1)
        self.values, order = projected.double().sort(1)
        self._groups = order % _GROUPS
        self._sizes = [(len(rows) - group + _GROUPS - 1) // _GROUPS for group in range(_GROUPS)]

    def without(self, group: int) -> Tensor:
        """The projections of all other groups, still in order."""
        kept = self.values.shape[1] - self._sizes[group]
        return self.values[self._groups != group].view(-1, kept)


def _powers(x: _Sorted, y: _Sorted, order: int) -> npt.NDArray[np.float64]:
    """Sums over directions of W_p^p: of all, without each group of x, without each group of y."""
    pairs = [(x.values, y.values)]
    pairs += [(x.without(group), y.values) for group in range(_GROUPS)]
    pairs += [(x.values, y.without(group)) for group in range(_GROUPS)]
    return np.array([_transport(left, right, order) for left, right in pairs])


def _transport(left: Tensor, right: Tensor, order: int) -> float:
    """Sum over rows of the integral of |F^-1 - G^-1|^p, F and G being steps: exact for any two counts."""
    if left.shape[1] == right.shape[1]:
        return float((left - right).abs_().pow_(order).mean(1).sum())
    first, second, widths = _steps(left.shape[1], right.shape[1])
    return float((left[:, first] - right[:, second]).abs_().pow_(order).mul_(widths).sum())


@functools.lru_cache(maxsize=64)
def _steps(n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where two step functions of n and m steps on [0, 1] are constant: index into each, and the widths."""
    edges = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1 / (n m)
    widths = np.diff(edges, prepend=0) / (n * m)
    return torch.from_numpy((edges - 1) // m), torch.from_numpy((edges - 1) // n), torch.from_numpy(widths)
