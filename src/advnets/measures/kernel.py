"""The kernel distance: squared maximum mean discrepancy between features, without bias."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import Z95
from advnets.measures.measurement import Measurement

_BLOCKS = 20
CAVEAT = (
    "The polynomial kernel compares moments of features up to the third. It is unbiased, so equal distributions give "
    "values around 0, also below."
)

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

    Returns:
        The mean. Its interval comes from disjoint blocks of both (Zaremba et al. 2013, B-tests, section 3): it covers
        chance in samples and real images, and is wide rather than narrow near 0. Details: `spread` over the subsets,
        `subset_size` as used, `bandwidth` where there is one.

    Raises:
        MeasureError: features of different widths, fewer than 4 rows, a subset of fewer than 2.
    """
    ours, theirs = features_of(samples, "samples", 4), features_of(real, "real", 4)
    check_widths(ours, theirs, ("samples", "real"))
    size = min(subset_size, len(ours), len(theirs))
    if size < 2 or subsets < 1:
        raise MeasureError(f"{subsets} subsets of {subset_size}", "use 1 or more of 2 or more")
    rng = np.random.RandomState(seed)
    draws = [
        (rng.choice(len(ours), size, replace=False), rng.choice(len(theirs), size, replace=False))
        for _ in range(subsets)
    ]
    width = None
    if kind == "rbf":
        width = bandwidth or _median_distance(_wide(ours[draws[0][0]]), _wide(theirs[draws[0][1]]))
    function = _polynomial(degree, ours.shape[1]) if width is None else _rbf(width)
    found = np.array([_mmd(_wide(ours[i]), _wide(theirs[j]), function) for i, j in draws])
    value, error = float(found.mean()), _block_error(ours, theirs, function)
    return Measurement(
        measure="kernel",
        value=value,
        standard_error=error,
        interval=(value - Z95 * error, value + Z95 * error),
        interval_by="disjoint blocks, over the samples and the real images",
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


def _block_error(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32], function: Kernel) -> float:
    blocks = max(2, min(_BLOCKS, len(ours) // 50, len(theirs) // 50))
    parts = zip(np.array_split(ours, blocks), np.array_split(theirs, blocks), strict=True)
    found = [_mmd(_wide(x), _wide(y), function) for x, y in parts]
    return float(np.std(found, ddof=1)) / math.sqrt(blocks)


def _mmd(x: Tensor, y: Tensor, function: Kernel) -> float:
    within = sum(_off_diagonal_mean(function(each, each)) for each in (x, y))
    return within - 2 * float(function(x, y).mean())


def _off_diagonal_mean(matrix: Tensor) -> float:
    count = len(matrix)
    return float((matrix.sum() - matrix.trace()) / (count * (count - 1)))


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
