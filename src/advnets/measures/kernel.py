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
Features = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int64]
Kernel = Callable[[Tensor, Tensor], Tensor]
_PAIRS_AT_ONCE, _VALUES = 1 << 22, 1 << 26
"""Kernels of pairs that are in memory at a time, 32 MiB, and values of features, 512 MiB."""


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
    draws = _draws(len(ours), len(theirs), subsets, size, seed)
    width = None
    if kind == "rbf":
        width = bandwidth or _median_distance(_wide(ours[draws[0][0]]), _wide(theirs[draws[0][1]]))
    function = _polynomial(degree, ours.shape[1]) if width is None else _rbf(width)
    way = _by_rows if _have_much_in_common(ours, theirs, subsets, size) else _by_subsets
    found, *weights = way(ours, theirs, draws, function, progress)
    # The variance of a mean of independent rows, from what each of them weighs in it.
    error = math.sqrt(sum(float(weight @ weight) for weight in weights) * size / (size - 1))
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


def _draws(n: int, m: int, subsets: int, size: int, seed: int) -> list[tuple[Rows, Rows]]:
    """Rows of both sets in each subset, in torch-fidelity's order."""
    rng = np.random.RandomState(seed)
    return [(rng.choice(n, size, replace=False), rng.choice(m, size, replace=False)) for _ in range(subsets)]


def _have_much_in_common(ours: Features, theirs: Features, subsets: int, size: int) -> bool:
    """Whether there are fewer pairs of rows than pairs in all subsets, and room for all rows."""
    n, m = len(ours), len(theirs)
    return n * n + m * m + n * m <= 3 * subsets * size * size and (n + m) * ours.shape[1] <= _VALUES


def _by_subsets(
    ours: Features, theirs: Features, draws: Sequence[tuple[Rows, Rows]], function: Kernel, progress: bool
) -> tuple[Floats, Floats, Floats]:
    """MMD^2 of each subset, and what every row of both weighs in their mean: one subset's kernels after another."""
    found, weights = np.empty(len(draws)), (np.zeros(len(ours)), np.zeros(len(theirs)))
    size = len(draws[0][0])
    with progress_bar("Kernel", len(draws), unit="subsets", shown=progress) as advance:
        for subset, rows in enumerate(draws):
            found[subset], *slopes = _mmd(_wide(ours[rows[0]]), _wide(theirs[rows[1]]), function)
            for weight, row, slope in zip(weights, rows, slopes, strict=True):
                weight[row] += slope / (len(draws) * size)
            advance(1)
    return found, *weights


def _by_rows(
    ours: Features, theirs: Features, draws: Sequence[tuple[Rows, Rows]], function: Kernel, progress: bool
) -> tuple[Floats, Floats, Floats]:
    """The same from the kernels of all pairs, each computed once: less work where subsets have many rows in common.

    With S the rows of the subsets as columns of zeros and ones, K S has what each row's kernels with every subset add
    up to.
    """
    x, y = _wide(ours), _wide(theirs)
    in_x, in_y = (_marks(len(each), [rows[side] for rows in draws]) for side, each in enumerate((ours, theirs)))
    size = len(draws[0][0])
    with progress_bar("Kernel", len(x) + len(y), unit="rows", shown=progress) as advance:
        within_x, x_to_y, y_to_x = _sums(x, y, in_x, in_y, function, advance)
        within_y, _, _ = _sums(y, None, in_y, None, function, advance)
    slope_x, slope_y = ((within / (size - 1) - to / size) for within, to in ((within_x, x_to_y), (within_y, y_to_x)))
    means_x, means_y = ((slope * marks).sum(0) / size for slope, marks in ((slope_x, in_x), (slope_y, in_y)))
    weights = [
        (2 * (slope - means) * marks).sum(1) / (len(draws) * size)
        for slope, means, marks in ((slope_x, means_x, in_x), (slope_y, means_y, in_y))
    ]
    return (means_x + means_y).numpy(), weights[0].numpy(), weights[1].numpy()


def _sums(
    x: Tensor, y: Tensor | None, in_x: Tensor, in_y: Tensor | None, function: Kernel, advance: Callable[[int], None]
) -> tuple[Tensor, Tensor, Tensor]:
    """What rows' kernels with every subset add up to: of x with others of x, of x with y, of y with x."""
    within, to_y = torch.empty_like(in_x), torch.empty_like(in_x)
    to_x = torch.zeros(0) if in_y is None else torch.zeros_like(in_y)
    step = max(1, _PAIRS_AT_ONCE // max(len(x), 0 if y is None else len(y)))
    for start in range(0, len(x), step):
        block = slice(start, start + step)
        kernels = function(x[block], x)
        within[block] = kernels @ in_x - kernels.diagonal(start)[:, None]
        if y is not None and in_y is not None:
            kernels = function(x[block], y)
            to_y[block] = kernels @ in_y
            to_x += kernels.T @ in_x[block]
        advance(len(x[block]))
    return within, to_y, to_x


def _marks(count: int, subsets: Sequence[Rows]) -> Tensor:
    """Zeros and ones, rows x subsets: which rows a subset has."""
    marks = torch.zeros(count, len(subsets), dtype=torch.float64)
    for subset, rows in enumerate(subsets):
        marks[torch.from_numpy(rows), subset] = 1
    return marks


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


def _wide(rows: Features) -> Tensor:
    return torch.from_numpy(rows.astype(np.float64))
