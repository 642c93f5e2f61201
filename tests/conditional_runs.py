"""Small trained runs of conditional games, each trained once for all tests that look at it."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import advnets

SMALL: dict[str, Any] = {
    "game.kind": "conditional", "generator.hidden": [16], "discriminator.units": [16], "log_every": 20,
    "sample_every": 0, "precision": "float32",
}  # fmt: skip


@functools.cache
def ring() -> advnets.Run:
    """The ring's eight modes as classes."""
    wider = {**SMALL, "generator.hidden": [32, 32], "discriminator.units": [32, 32]}
    return advnets.train("ring", run=_folder("ring"), steps=300, batch=64, **wider)


@functools.cache
def digits() -> advnets.Run:
    """Digits of 8 x 8 pixels by their names."""
    images, labels = eight_by_eight()
    more = {"discriminator.pieces": 2, "sample_every": 30, "checkpoint_every": 30}
    return advnets.train(
        "mnist-dense", data=(images, labels), run=_folder("digits"), steps=60, batch=32, **{**SMALL, **more}
    )


@functools.cache
def vectors() -> advnets.Run:
    """The same digits by their first two principal components."""
    data = (eight_by_eight()[0], components())
    small = {**SMALL, "discriminator.pieces": 2}
    return advnets.train("mnist-dense", data=data, run=_folder("vectors"), steps=400, batch=32, **small)


def eight_by_eight() -> tuple[Any, Any]:
    """scikit-learn's digits: uint8 1,797 x 8 x 8, and their names."""
    found: Any = load_digits()
    return (found.images * (255 / 16)).astype(np.uint8), found.target


def components() -> Any:
    """The images' first two principal components, of unit variance."""
    rows = eight_by_eight()[0].reshape(-1, 64) / 255.0
    rows = rows - rows.mean(0)
    axes = np.linalg.svd(rows, full_matrices=False)[2][:2]
    scores = rows @ axes.T
    return (scores / scores.std(0)).astype(np.float32)


def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix="advnets-test-")) / name
