"""Real images where they are at hand, and a cache of the test's own."""

from __future__ import annotations

import gzip
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from data_samples import save_images


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
    """600 color images, uint8, N x 32 x 32 x 3; see EMOJI.md."""
    with np.load(Path(__file__).with_name("emoji.npz"), allow_pickle=False) as arrays:
        return arrays["x"]


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """400 gray images, uint8, N x 64 x 64: MNIST's first test images in a wide margin."""
    with gzip.open(Path(str(resources.files("advnets"))) / "data" / "mnist" / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 28, 28)[:400]
    return np.pad(images, ((0, 0), (18, 18), (18, 18)))


@pytest.fixture(scope="session")
def with_labels(emoji: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """300 color images, uint8, N x 32 x 32 x 3, and labels from 0 to 9."""
    return emoji[:300], np.arange(300) * 7 % 10


@pytest.fixture
def gray_folder(tmp_path: Path) -> Path:
    """Twenty different gray images of 12 x 10."""
    folder = tmp_path / "gray"
    save_images(folder, np.random.default_rng(0).integers(0, 256, (20, 12, 10), np.uint8))
    return folder
