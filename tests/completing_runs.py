"""A small trained run of completion, in colors, for all tests that look at one."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np

import advnets

SHAPE = (3, 12, 10)


@functools.cache
def colors() -> advnets.Run:
    """Of random images; 6 steps, with pictures."""
    data = np.random.default_rng(0).integers(0, 256, (60, *SHAPE), np.uint8)
    folder = Path(tempfile.mkdtemp(prefix="advnets-test-")) / "colors"
    small = {"generator.base": 4, "discriminator.base": 4, "latent": 6, "batch": 8, "steps": 6, "sample_every": 3}
    small |= {"game.kind": "completion", "precision": "float32"}
    return advnets.train("images", data=data, run=folder, **small)
