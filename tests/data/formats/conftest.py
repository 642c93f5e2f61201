"""Images that files of every format are made of."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def color() -> np.ndarray:
    """Forty different color images, higher than wide: uint8, N x 16 x 12 x 3."""
    return np.random.default_rng(0).integers(0, 256, (40, 16, 12, 3), np.uint8)


@pytest.fixture(scope="session")
def numbers() -> np.ndarray:
    """A label from 0 to 9 for each of them."""
    return np.arange(40) * 7 % 10
