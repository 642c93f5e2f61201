"""Files of mu and sigma: found by their headers, checked before they are used."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from advnets.errors import MeasureError
from advnets.measures.frechet import GaussianStatistics
from advnets.measures.stored_statistics import MOST_FEATURES, find_statistics


def gaussian(width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    found = GaussianStatistics.of(np.random.default_rng(0).normal(size=(100, width)))
    return found.mean, found.covariance


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_pytorch_fid_and_clean_fid_keep_is_read(tmp_path: Path, kind: type) -> None:
    mean, covariance = gaussian()
    path = save(tmp_path / "stats.npz", mu=mean.astype(kind), sigma=covariance.astype(kind))
    found = find_statistics(path)
    assert found is not None
    assert (found.width, found.has_images) == (6, False)
    read = found.read("six", 6)
    assert read.count is None
    np.testing.assert_allclose(read.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(read.covariance, covariance, rtol=1e-5, atol=1e-7)
    assert (read.covariance == read.covariance.T).all()


def test_an_adm_reference_has_images_too(tmp_path: Path) -> None:
    mean, covariance = gaussian()
    more = {"mu_s": mean, "sigma_s": covariance, "arr_0": np.zeros((2, 4, 4, 3), np.uint8)}
    found = find_statistics(save(tmp_path / "reference.npz", mu=mean, sigma=covariance, **more))
    assert found is not None
    assert found.has_images


def test_other_files_are_none(tmp_path: Path) -> None:
    assert find_statistics(save(tmp_path / "images.npz", x=np.zeros((2, 4, 4), np.uint8))) is None
    assert find_statistics(save(tmp_path / "half.npz", mu=np.zeros(3))) is None
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4 broken")
    assert find_statistics(tmp_path / "broken.npz") is None
    assert find_statistics(tmp_path / "nowhere.npz") is None
    assert find_statistics(tmp_path) is None


@pytest.mark.parametrize(
    ("mu", "sigma"),
    [
        (np.zeros(3), np.eye(4)),
        (np.zeros((3, 1)), np.eye(3)),
        (np.zeros(3, np.int64), np.eye(3)),
        (np.zeros(()), np.eye(3)),
        (np.zeros(1), np.eye(1)),
    ],
)
def test_what_is_no_mean_and_covariance_is_one_line(tmp_path: Path, mu: np.ndarray, sigma: np.ndarray) -> None:
    with pytest.raises(MeasureError, match="no mean and covariance of features; save floats under mu"):
        find_statistics(save(tmp_path / "stats.npz", mu=mu, sigma=sigma))


def test_a_file_that_claims_more_than_it_may_is_refused_unread(tmp_path: Path) -> None:
    claimed = MOST_FEATURES + 1
    with zipfile.ZipFile(tmp_path / "stats.npz", "w") as archive:
        for name, shape in (("mu", f"({claimed},)"), ("sigma", f"({claimed}, {claimed})")):
            header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00v\x00" + header.encode())
    with pytest.raises(MeasureError, match="no mean and covariance of features"):
        find_statistics(tmp_path / "stats.npz")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda mu, sigma: mu.__setitem__(0, np.nan), "a value is not finite"),
        (lambda mu, sigma: sigma.__setitem__((1, 2), np.inf), "a value is not finite"),
        (lambda mu, sigma: mu.__setitem__(0, 1e200), r"a value is beyond 1e\+100, as no feature is"),
        (lambda mu, sigma: sigma.__setitem__((1, 2), 0.9), "sigma is not symmetric"),
        (lambda mu, sigma: sigma.__setitem__((1, 1), -1.0), "sigma has negative variances"),
    ],
)
def test_statistics_that_cannot_be_are_refused(tmp_path: Path, damage: object, says: str) -> None:
    mean, covariance = gaussian()
    damage(mean, covariance)  # type: ignore[operator]
    found = find_statistics(save(tmp_path / "stats.npz", mu=mean, sigma=covariance))
    assert found is not None
    with pytest.raises(MeasureError, match=says):
        found.read("six", 6)


def test_other_features_are_refused_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_statistics(save(tmp_path / "stats.npz", mu=np.zeros(2048), sigma=np.zeros((2048, 2048))))
    assert found is not None
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(MeasureError, match=r"statistics of 2,048 features, pixels has 784; .* inception has 2,048"):
        found.read("pixels", 784)


def test_a_damaged_array_is_one_line(tmp_path: Path) -> None:
    mean, covariance = gaussian(40)
    path = save(tmp_path / "stats.npz", mu=mean, sigma=covariance)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    found = find_statistics(path)
    assert found is not None
    with pytest.raises(MeasureError, match="not a readable NumPy file"):
        found.read("forty", 40)
