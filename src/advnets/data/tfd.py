"""The Toronto Face Database: TFD_48x48.mat, a MATLAB 5 file of gray faces with five folds of the labeled ones.

    images   N x 48 x 48, uint8
    folds    N x 5: in each fold, 0 = without a label, 1 = training, 2 = validation, 3 = test
    labs_ex  N x 1: the expression, 1 to 7; -1 where there is no label
    labs_id  N x 1: who it is; -1 where that is not known

Source: Susskind, Anderson and Hinton 2010, *The Toronto Face Database*. It is given out on request only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks, rows_per_block
from advnets.data.matlab import NUMBERS, Variable, list_variables, read_variable
from advnets.data.source import Source, blocks_source, file_identity, lazy_source
from advnets.errors import DataError

FILE = "TFD_48x48.mat"
FOLDS = 5
_AGAIN = "ask for it again"
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
    found = list_variables(path, _AGAIN)
    _check_format(path, found)
    images, folds = (next(read_variable(path, found[name], 0, _AGAIN)) for name in ("images", "folds"))
    if not np.isin(folds, range(4)).all():
        raise _other_values(path)
    return images.astype(np.uint8, copy=False), folds.astype(np.uint8)


def _check_format(path: Path, found: Mapping[str, Variable]) -> None:
    """Before anything is unpacked: are the arrays there, and of numbers?"""
    shapes = {name: each.shape for name, each in found.items()}
    images, folds = (shapes.get(name, ()) for name in ("images", "folds"))
    if len(images) != 3 or images[1:] != (48, 48) or folds != (images[0], FOLDS):
        said = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in shapes.items()) or "nothing"
        raise DataError(f"{path}: holds {said}", f"TFD has images N x 48 x 48 and folds N x {FOLDS}")
    if found["images"].stored != np.uint8 or found["folds"].kind not in NUMBERS:
        raise _other_values(path)


def _other_values(path: Path) -> DataError:
    return DataError(f"{path}: images or folds of other values than TFD's", "images are uint8, folds 0 to 3")


def _blocks(data: Faces, path: Path) -> Blocks:
    images, folds = read_faces(path)
    parts = {name: np.flatnonzero(folds[:, data.fold - 1] == role) for name, role in _ROLES.items()}
    missing = [name for name, rows in parts.items() if not len(rows)]
    if missing:
        raise DataError(f"{path}: fold {data.fold} has no images for {', '.join(missing)}", _AGAIN)
    rows = np.concatenate(list(parts.values()))
    ends = np.cumsum([len(part) for part in parts.values()]).tolist()
    ranges = dict(zip(parts, zip([0, *ends[:-1]], ends, strict=True), strict=True))
    step = rows_per_block(48 * 48)

    def stream() -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(rows), step):
            yield images[rows[start : start + step], None]

    return Blocks(data.name, stream, len(rows), ranges)
