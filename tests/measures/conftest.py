"""Real images."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.data import open_table


@pytest.fixture(scope="session")
def digits():
    """MNIST's images by split, uint8, N x 1 x 28 x 28."""
    table = open_table("mnist")
    return {split: np.asarray(table.values[table.rows(split)]) for split in ("train", "valid", "test")}
