"""The Frechet distance where there are no more rows than features: by products of rows, without any covariance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.data.parallel import progress_bar
from advnets.measures.inputs import slices

_ROWS_AT_ONCE = 1024
_NEGLIGIBLE = 1e-7  # of the largest singular value: what rounding leaves of a zero, whose square is negligible

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]


def of_few(x: Features, y: Features, progress: bool = False) -> tuple[float, float, float]:
    """Both parts of the distance, and its standard error.

    With centered rows X / sqrt(n - 1) and Y / sqrt(m - 1) the covariances are S_x = X'X and S_y = Y'Y, and
    tr (S_x S_y)^(1/2) is the sum of the singular values of K = X Y', n x m. The error is the delta method's over both:
    of a row x the derivative is 2 (mu_x - mu_y)'x + x'x - x'T x, T the transport from S_x to S_y, up to a constant, and
    row i of X has x'T x = (n - 1) [(K K')^(1/2)]_ii.

    Args:
        x: n x D.
        y: m x D; the work is that of an eigendecomposition of min(n, m) rows.
        progress: say how far it is.

    Returns:
        The means' part, the covariances' part, the standard error.
    """
    if len(y) > len(x):
        x, y = y, x
    mean, mean_y = (rows.mean(0, dtype=np.float64) for rows in (x, y))
    gap = mean - mean_y
    others, norms_y, along_y = _centered(y, mean_y, -gap)
    products = np.empty((len(x), len(y)))
    norms_x, along_x = np.empty(len(x)), np.empty(len(x))
    with progress_bar("Frechet", len(x), unit="rows", shown=progress) as advance:
        for part in slices(len(x), _ROWS_AT_ONCE):
            rows, norms_x[part], along_x[part] = _centered(x[part], mean, gap)
            products[part] = rows @ others.T
            advance(len(rows))
    products /= math.sqrt((len(x) - 1) * (len(y) - 1))
    values, vectors = np.linalg.eigh(products.T @ products)
    roots = np.sqrt(np.maximum(values, 0))
    some = roots > _NEGLIGIBLE * float(roots.max())
    vectors, roots = vectors[:, some], roots[some]
    moved_x = np.square(products @ vectors) @ (1 / roots) * (len(x) - 1)
    moved_y = np.square(vectors) @ roots * (len(y) - 1)
    variance = sum(
        float(np.var(2 * along + norms - moved, ddof=1)) / len(norms)
        for along, norms, moved in ((along_x, norms_x, moved_x), (along_y, norms_y, moved_y))
    )
    traces = float(norms_x.sum()) / (len(x) - 1) + float(norms_y.sum()) / (len(y) - 1)
    return float(gap @ gap), traces - 2 * float(roots.sum()), math.sqrt(variance)


def _centered(rows: Features, mean: Floats, gap: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows less the mean, in float64; the squared length of each, and how far it lies along the gap."""
    centered = rows.astype(np.float64) - mean
    return centered, np.square(centered).sum(1), centered @ gap
