"""What the measures are held against: the formulas as they are written, in float64, by differences."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp


def unit(images):
    """Rows of float64 in [0, 1]."""
    rows = np.asarray(images).reshape(len(images), -1)
    return rows / 255 if rows.dtype == np.uint8 else rows.astype(np.float64)


def direct_squares(left, right):
    """Squared distances, len(left) x len(right)."""
    columns = unit(right)
    return np.array([np.square(row - columns).sum(1) for row in unit(left)])


def direct_scores(samples, test, sigmas):
    """log p(x) of every test image for each sigma, sigmas x len(test)."""
    squares, dimension = direct_squares(test, samples), unit(test).shape[1]
    sums = [logsumexp(-squares / (2 * sigma**2), axis=1) for sigma in sigmas]
    widths = [[dimension * np.log(sigma * np.sqrt(2 * np.pi))] for sigma in sigmas]
    return np.array(sums) - np.log(len(samples)) - widths
