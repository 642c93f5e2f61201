"""95 % confidence intervals: normal, Wilson, jackknife."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Z95 = 1.959963984540054
"""A standard normal lies within +- this with probability .95."""


def normal(value: float, standard_error: float) -> tuple[float, float]:
    """value +- 1.96 standard errors."""
    return value - Z95 * standard_error, value + Z95 * standard_error


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Interval of a probability from `successes` of `trials` independent draws (Wilson 1927); good near 0 and 1."""
    share, z = successes / trials, Z95**2 / trials
    middle = (share + z / 2) / (1 + z)
    half = math.sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)


def grouped_jackknife(leave_out: Sequence[float]) -> float:
    """Standard error from a statistic computed with each of g equal groups left out (Shao and Wu 1989).

    se^2 = (g - 1) / g * sum (theta_i - mean theta)^2; two independent sets of groups add their variances.
    """
    values = np.asarray(leave_out, dtype=np.float64)
    groups = len(values)
    return math.sqrt((groups - 1) / groups * float(np.square(values - values.mean()).sum()))
