"""How far apart what a generator makes lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def mean_distance(values: npt.NDArray[Any]) -> float:
    """The mean Euclidean distance between each of the first half of the values and its partner in the second.

    Args:
        values: N x ..., N at least 2; an odd one out is left out.
    """
    half = len(values) // 2
    rows = values.reshape(len(values), -1)
    return float(np.linalg.norm(rows[:half] - rows[half : 2 * half], axis=1).mean())
