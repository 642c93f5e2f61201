"""The kernel distance: squared maximum mean discrepancy between features, without bias."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import Z95
from advnets.measures.measurement import Measurement

CAVEAT = (
    "The polynomial kernel compares moments of features up to the third. It is unbiased, so equal distributions give "
    "values around 0, also below."
)

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Kernel = Callable[[Tensor, Tensor], Tensor]


def kernel(
    samples: npt.ArrayLike,
    real: npt.ArrayLike,
    *,
    kind: Literal["polynomial", "rbf"] = "polynomial",
    subsets: int = 100,
    subset_size: int = 1000,
    degree: int = 3,
    bandwidth: float | None = None,
    features: str = "pixels",
    seed: int = 2020,
    progress: bool = False,
) -> Measurement:
    """Unbiased MMD^2 (Gretton et al. 2012, Eq. 3), the mean over random subsets; KID with `inception` features.

    polynomial  k(x, y) = (x.y / D + 1)^degree (Binkowski et al. 2018, Demystifying MMD GANs, section 4)
    rbf         k(x, y) = exp(-||x - y||^2 / (2 bandwidth^2))

    Args:
        samples: N x D features.
        real: M x D features.
        kind: of kernel.
        subsets: how many are drawn, each of both, without replacement.
        subset_size: rows of a subset; fewer where there are fewer.
        degree: of the polynomial.
        bandwidth: of the Gaussian; by default the median distance between rows of the first subsets.
        features: what they are called.
        seed: of the subsets (NumPy's RandomState, drawn in torch-fidelity's order).
        progress: say how far it is.

    Returns:
        The mean. Its standard error adds up what every row weighs in it: the derivative of an unbiased MMD^2 with
        respect to a row of the samples is (2 / n) (mean_x' k(x, x') - mean_y k(x, y)) up to a constant (Hoeffding
        1948's first projection), here with the means of the subsets that the row was drawn into. It covers chance in
        samples, in real images and in the draw of subsets, and is too wide by sqrt 2 where the distributions are
        equal. Details: `spread` over the subsets, `subsets` and `subset_size` as used (one subset says it all where
        it holds every row of both), `bandwidth` where there is one.

    Raises:
        MeasureError: features of different widths, fewer than 4 rows, a subset of fewer than 2, no such kernel.
    """
    ours, theirs = features_of(samples, "samples", 4), features_of(real, "real", 4)
    check_widths(ours, theirs, ("samples", "real"))
    size = min(subset_size, len(ours), len(theirs))
    _check(kind, subsets, size, degree, bandwidth)
    if size == len(ours) == len(theirs):
        subsets = 1
    rng = np.random.RandomState(seed)
    draws = [
        (rng.choice(len(ours), size, replace=False), rng.choice(len(theirs), size, replace=False))
        for _ in range(subsets)
    ]
    width = None
    if kind == "rbf":
        width = bandwidth or _median_distance(_wide(ours[draws[0][0]]), _wide(theirs[draws[0][1]]))
    function = _polynomial(degree, ours.shape[1]) if width is None else _rbf(width)
    with progress_bar("Kernel", subsets, unit="subsets", shown=progress) as advance:
        found, error = _over_subsets(ours, theirs, draws, function, advance)
    value = float(found.mean())
    return Measurement(
        measure="kernel",
        value=value,
        standard_error=error,
        interval=(value - Z95 * error, value + Z95 * error),
        interval_by="rows' projections, over the samples, the real images and the subsets",
        samples=len(ours),
        real=len(theirs),
        features=features,
        seed=seed,
        details={
            "kind": kind,
            "subsets": subsets,
            "subset_size": size,
            "spread": float(found.std()),
            **({} if width is None else {"bandwidth": width}),
        },
        caveat=CAVEAT,
    )


def _over_subsets(
    ours: npt.NDArray[np.floating],
    theirs: npt.NDArray[np.floating],
    draws: Sequence[tuple[Rows, Rows]],
    function: Kernel,
    advance: Callable[[int], None],
) -> tuple[Floats, float]:
    """MMD^2 of each subset, and the standard error of their mean: what every row weighs in it."""
    found, weights = np.empty(len(draws)), (np.zeros(len(ours)), np.zeros(len(theirs)))
    size = len(draws[0][0])
    for subset, rows in enumerate(draws):
        found[subset], *slopes = _mmd(_wide(ours[rows[0]]), _wide(theirs[rows[1]]), function)
        for weight, row, slope in zip(weights, rows, slopes, strict=True):
            weight[row] += slope / (len(draws) * size)
        advance(1)
    return found, math.sqrt(sum(float(weight @ weight) for weight in weights) * size / (size - 1))


def _check(kind: str, subsets: int, size: int, degree: int, bandwidth: float | None) -> None:
    if size < 2 or subsets < 1:
        raise MeasureError(f"{subsets} subsets of {size}", "use 1 or more of 2 or more")
    if kind not in ("polynomial", "rbf") or degree < 1 or (bandwidth is not None and bandwidth <= 0):
        raise MeasureError(
            f"kernel {kind!r}, degree {degree}, bandwidth {bandwidth}", "use polynomial or rbf and positive numbers"
        )


def _mmd(x: Tensor, y: Tensor, function: Kernel) -> tuple[float, Floats, Floats]:
    """The unbiased MMD^2 of equally many rows, and for each row n times its derivative, centered."""
    within_x, within_y, between = _other_means(function(x, x)), _other_means(function(y, y)), function(x, y)
    value = float(within_x.mean() + within_y.mean() - 2 * between.mean())
    slope_x, slope_y = 2 * (within_x - between.mean(1)), 2 * (within_y - between.mean(0))
    return value, (slope_x - slope_x.mean()).numpy(), (slope_y - slope_y.mean()).numpy()


def _other_means(matrix: Tensor) -> Tensor:
    """Each row's mean over the other columns."""
    return (matrix.sum(1) - matrix.diagonal()) / (len(matrix) - 1)


def _polynomial(degree: int, width: int) -> Kernel:
    return lambda x, y: torch.mm(x, y.T).div_(width).add_(1.0).pow_(degree)


def _rbf(bandwidth: float) -> Kernel:
    return lambda x, y: torch.cdist(x, y).square_().mul_(-1 / (2 * bandwidth**2)).exp_()


def _median_distance(x: Tensor, y: Tensor) -> float:
    median = float(torch.cdist(x, y).median())
    if median == 0:
        raise MeasureError("half of all rows are the same", "give a bandwidth")
    return median


def _wide(rows: npt.NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(rows.astype(np.float64))
