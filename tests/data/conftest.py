"""Real images where they are at hand, and a cache of the test's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_samples import save_images, shared
from PIL import Image


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder: empty, and the only place outside the test's folders that may be written."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ADVNETS_CACHE", str(folder))
    monkeypatch.delenv("ADVNETS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="session")
def emoji() -> np.ndarray:
    """3,916 color images, uint8, N x 32 x 32 x 3."""
    with np.load(shared("noto-emoji", "emoji32.npz"), allow_pickle=False) as arrays:
        return arrays["x"]


@pytest.fixture(scope="session")
def faces() -> np.ndarray:
    """400 gray images, uint8, N x 64 x 64."""
    import scipy.io

    path = shared("olivetti", "olivettifaces.mat")
    return scipy.io.loadmat(path)["faces"].T.reshape(-1, 64, 64).transpose(0, 2, 1)


@pytest.fixture(scope="session")
def cifar() -> tuple[np.ndarray, np.ndarray]:
    """The first 300 of the small CIFAR-10: uint8, N x 32 x 32 x 3, and their labels."""
    mosaic = np.asarray(Image.open(shared("cifar10-mini", "images_0.webp")).convert("RGB"))
    images = mosaic.reshape(-1, 32, 50, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)[:300]
    with np.load(shared("cifar10-mini", "labels.npz"), allow_pickle=False) as arrays:
        return images, arrays["label"][:300]


@pytest.fixture
def gray_folder(tmp_path: Path) -> Path:
    """Twenty different gray images of 12 x 10."""
    folder = tmp_path / "gray"
    save_images(folder, np.random.default_rng(0).integers(0, 256, (20, 12, 10), np.uint8))
    return folder
