"""The Toronto Face Database: TFD_48x48.mat, a MATLAB 5 file of gray faces with five folds of the labeled ones.

    images   N x 48 x 48, uint8
    folds    N x 5: in each fold, 0 = without a label, 1 = training, 2 = validation, 3 = test
    labs_ex  N x 1: the expression, 1 to 7; -1 where there is no label
    labs_id  N x 1: who it is; -1 where that is not known

Source: Susskind, Anderson and Hinton 2010, *The Toronto Face Database*. It is given out on request only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import unpacked_limit
from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.source import Source, blocks_source, file_identity, lazy_source
from advnets.errors import DataError

FILE = "TFD_48x48.mat"
FOLDS = 5
_FOLD_KINDS = ("logical", "single", "double", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
_VALUE_BYTES = 16  # at the most, once it is read: a file may say of any array that it is complex
_ROLES = {"train": 0, "valid": 2, "test": 3}


@dataclass(frozen=True)
class Faces:
    """The database with the splits of one fold.

    Training images are those without a label, as in the authors' code: they are the same in every fold, so that one
    generator can be measured on all five. (The labeled training images of a fold are test images of others.)

    Args:
        name: what users call it.
        fold: 1 to 5.
    """

    name: str
    fold: int


TFD = tuple(Faces("tfd" if fold == 1 else f"tfd:{fold}", fold) for fold in range(1, FOLDS + 1))
"""tfd is the first fold, tfd:2 to tfd:5 are the others."""


def faces_source(data: Faces, path: Path) -> Source:
    """The faces of a fold: those without a label, then those for validation, then those for the test. No labels.

    Args:
        data: which fold.
        path: the file.
    """
    identity: list[object] = ["tfd", data.fold, file_identity(path)]
    return lazy_source(data.name, identity, lambda: blocks_source(data.name, [], _blocks(data, path)))


def read_faces(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images, N x 48 x 48, and the folds, N x 5, of a file in the database's format.

    Raises:
        DataError: it is another file, damaged, or declares more than it can hold.
    """
    from scipy.io import loadmat, whosmat  # only who has the file pays for it

    try:
        shapes = {name: (shape, kind) for name, shape, kind in whosmat(path, appendmat=False)}
        _check_format(path, shapes)
        found = loadmat(path, appendmat=False, variable_names=["images", "folds"])
        images, folds = np.asarray(found["images"]), np.asarray(found["folds"])
    except DataError:
        raise
    except Exception as error:  # a damaged file ends in whatever SciPy, zlib or struct raise
        raise DataError(f"{path}: not a whole MATLAB 5 file ({error})", "ask for it again") from error
    if images.dtype != np.uint8 or np.iscomplexobj(folds) or not np.isin(folds, range(4)).all():
        raise _other_values(path)
    return images, folds.astype(np.uint8)


def _check_format(path: Path, shapes: dict[str, tuple[tuple[int, ...], str]]) -> None:
    """Before anything is unpacked: are the arrays there, of numbers, and of a size that such a file can hold?"""
    (images, pixel), (folds, role) = (shapes.get(name, ((), "")) for name in ("images", "folds"))
    if len(images) != 3 or images[1:] != (48, 48) or folds != (images[0], FOLDS):
        found = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, (shape, _) in shapes.items()) or "nothing"
        raise DataError(f"{path}: holds {found}", f"TFD has images N x 48 x 48 and folds N x {FOLDS}")
    if pixel != "uint8" or role not in _FOLD_KINDS:
        raise _other_values(path)
    if images[0] * (48 * 48 + FOLDS) * _VALUE_BYTES > unpacked_limit(path.stat().st_size):
        raise DataError(f"{path}: declares {images[0]:,} images, far beyond its size", "ask for it again")


def _other_values(path: Path) -> DataError:
    return DataError(f"{path}: images or folds of other values than TFD's", "images are uint8, folds 0 to 3")


def _blocks(data: Faces, path: Path) -> Blocks:
    images, folds = read_faces(path)
    parts = {name: np.flatnonzero(folds[:, data.fold - 1] == role) for name, role in _ROLES.items()}
    missing = [name for name, rows in parts.items() if not len(rows)]
    if missing:
        raise DataError(f"{path}: fold {data.fold} has no images for {', '.join(missing)}", "ask for it again")
    rows = np.concatenate(list(parts.values()))
    ends = np.cumsum([len(part) for part in parts.values()]).tolist()
    ranges = dict(zip(parts, zip([0, *ends[:-1]], ends, strict=True), strict=True))
    step = rows_per_block(48 * 48)

    def stream() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(rows), step):
            yield images[rows[start : start + step], None]

    return Blocks(data.name, stream, len(rows), ranges)
