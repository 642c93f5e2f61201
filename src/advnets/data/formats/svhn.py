"""SVHN's cropped digits: MATLAB 5 files of color images of 32 x 32, one of them or the folder of the three.

    X    32 x 32 x 3 x N, uint8
    y    N x 1: the digit, 1 to 9, and 10 for the digit 0

train_32x32.mat and extra_32x32.mat, where it is there, are for training, test_32x32.mat is for the test.

Source: Netzer et al. 2011, *Reading Digits in Natural Images with Unsupervised Feature Learning*;
http://ufldl.stanford.edu/housenumbers, "Format 2".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from advnets.data.formats.format import Format, Place
from advnets.data.formats.matlab import read_matlab
from advnets.data.matlab import HEAD_BYTES, is_matlab
from advnets.data.member_source import parts_source
from advnets.data.members import Member, Part
from advnets.data.options import Options
from advnets.data.source import Source, lazy_source
from advnets.errors import DataError

FILES = {"train_32x32.mat": "train", "extra_32x32.mat": "train", "test_32x32.mat": "test"}
DIGITS = tuple("0123456789")
_SVHN = "SVHN's cropped digits"


def _recognize(place: Place) -> Source | None:
    path = place.path
    paths = [each for name in FILES if (each := path / name).is_file()] if place.is_folder else [path]
    if place.part or not paths or any(each.name not in FILES or not _begins_well(each) for each in paths):
        return None
    return lazy_source(path.name, place.identity(*paths), lambda: _source(path, paths, place.options), _SVHN)


def _begins_well(path: Path) -> bool:
    with path.open("rb") as file:
        return is_matlab(file.read(HEAD_BYTES))


def _source(where: Path, paths: list[Path], options: Options) -> Source:
    parts = [_part(path) for path in paths]
    extra = [part for part, path in zip(parts, paths, strict=True) if path.name.startswith("extra") and len(parts) > 1]
    notes = [f"{each.count:,} images of {each.images.file} are for training, too" for each in extra]
    return parts_source(str(where), parts, options, _SVHN, notes)


def _part(path: Path) -> Part:
    members = {each.name: each for each in read_matlab(path, 3, path.name)}
    images, labels = members.get("X"), members.get("y")
    if images is None or labels is None or images.shape[1:] != (3, 32, 32) or labels.shape != images.shape[:1]:
        raise DataError(f"{path}: not SVHN's cropped digits", "X is 32 x 32 x 3 x N and y N x 1: download it again")
    values = labels.whole()
    if values.dtype.kind not in "iu" or values.min() < 1 or values.max() > len(DIGITS):
        what = f"{path}: labels from {values.min()} to {values.max()}, where SVHN's are 1 to 10"
        raise DataError(what, "download it again")
    digits = (values % len(DIGITS)).astype(np.int64)
    named = Member("y", digits.shape, digits.dtype, lambda: iter([digits]), DIGITS, path.name)
    return Part(FILES[path.name], images, {"y": named})


FORMAT = Format("", _recognize)
