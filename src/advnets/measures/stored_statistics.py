"""Mean and covariance of real images' features from a file: what pytorch-fid, clean-fid and ADM's references keep."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from advnets.data.archive import ZIP_METHODS
from advnets.data.arrays import IMAGE_KEYS, UNREADABLE
from advnets.data.npz import array_header
from advnets.errors import MeasureError
from advnets.files import digest_of
from advnets.measures.frechet import GaussianStatistics

MOST_FEATURES = 8192
"""A covariance of so many takes 512 MB; the networks in use have 2,048 and fewer."""

_GREATEST = 1e100  # products of variances are finite
_ASYMMETRY = 1e-5  # of the largest entry; files in float32 are symmetric to 1e-7
_NEGATIVE = 1e-3  # of the largest eigenvalue: what float32 leaves of a zero is far less

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StoredStatistics:
    """A file with `mu` and `sigma`.

    Attributes:
        path: the file.
        width: how many features.
        has_images: whether it holds images, too, as ADM's reference batches do.
    """

    path: Path
    width: int
    has_images: bool

    def digest(self) -> str:
        """SHA-256 (hex) of the file."""
        return digest_of(self.path)

    def read(self, features: str, dimension: int) -> GaussianStatistics:
        """The statistics, of a count that nobody knows.

        Args:
            features: what the samples' features are called.
            dimension: how many these are.

        Raises:
            MeasureError: another number of features; values that are not finite; a matrix that is no covariance.
        """
        if dimension != self.width:
            raise MeasureError(
                f"{self.path} holds statistics of {self.width:,} features, {features} has {dimension:,}",
                "take the features that it was made with: inception has 2,048" if self.width == 2048 else "take others",
            )
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                mean, covariance = (np.asarray(arrays[key], np.float64) for key in ("mu", "sigma"))
        except UNREADABLE as error:
            raise MeasureError(
                f"{self.path}: not a readable NumPy file ({error})", "download or save it again"
            ) from error
        _check(self.path, mean, covariance)
        return GaussianStatistics(None, mean, (covariance + covariance.T) / 2)


def find_statistics(path: Path) -> StoredStatistics | None:
    """What a file says it holds, by its headers alone; None where it is no .npz with `mu` and `sigma`.

    Raises:
        MeasureError: `mu` and `sigma` that are no mean and covariance of floats, or are too large.
    """
    if path.suffix != ".npz" or not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            known = {"mu.npy", "sigma.npy"} <= names
            if not known or any(info.compress_type not in ZIP_METHODS for info in archive.infolist()):
                return None
            shapes = [_header(archive.open(f"{key}.npy")) for key in ("mu", "sigma")]
    except UNREADABLE:
        return None  # whoever opens it as images says what is wrong
    (width, *more), sigma = shapes[0][0] or (0,), shapes[1][0]
    floats = all(kind == "f" for _, kind in shapes)
    if more or not floats or sigma != (width, width) or not 2 <= width <= MOST_FEATURES:
        found = ", ".join(
            f"{key} {'x'.join(map(str, shape)) or 'a number'}"
            for key, (shape, _) in zip(("mu", "sigma"), shapes, strict=True)
        )
        raise MeasureError(
            f"{path}: {found} are no mean and covariance of features",
            f"save floats under mu, D, and sigma, D x D, D at most {MOST_FEATURES:,}",
        )
    return StoredStatistics(path, width, any(f"{key}.npy" in names for key in IMAGE_KEYS))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], str]:
    """Shape and kind of an array, whose content stays where it is."""
    with file:
        shape, _, dtype = array_header(file)
        return shape, dtype.kind


def _check(path: Path, mean: Floats, covariance: Floats) -> None:
    wrong = ""
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        wrong = "a value is not finite"
    elif max(np.abs(mean).max(), np.abs(covariance).max()) > _GREATEST:
        wrong = f"a value is beyond {_GREATEST:g}, as no feature is"
    elif np.abs(covariance - covariance.T).max() > _ASYMMETRY * np.abs(covariance).max():
        wrong = "sigma is not symmetric"
    else:
        values = np.linalg.eigvalsh(covariance)
        if values[0] < -_NEGATIVE * max(float(values[-1]), 0.0):
            wrong = "sigma has negative variances"
    if wrong:
        raise MeasureError(f"{path}: {wrong}", "download or save it again")
