"""HDF5: datasets of images with others of labels beside them, or in another file; MATLAB 7.3's files are HDF5, too.

    imgs, labels        BigGAN's: N x 3 x H x W and N
    x | y               PCam's: in files that are called ..._x.h5 and ..._y.h5, N x 96 x 96 x 3 and N x 1 x 1 x 1
    train/x, train_y    the splits that words of the names tell

MATLAB stores the axes of an array in reverse.

Sources: Brock et al. 2019, make_hdf5.py of https://github.com/ajbrock/BigGAN-PyTorch; Veeling et al. 2018,
https://github.com/basveeling/pcam; The MathWorks, "MAT-File Versions".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from advnets.data.formats.format import Format, Place
from advnets.data.hdf5 import Dataset, is_hdf5, list_datasets, read_dataset
from advnets.data.matlab import NUMBERS
from advnets.data.matlab_members import MatlabArray, matlab_members
from advnets.data.member_source import members_source
from advnets.data.members import LABEL_WORDS, Member
from advnets.data.source import Source, lazy_source
from advnets.errors import DataError

_HDF5 = "an HDF5 file of images"
_MATLAB = b"MATLAB 7.3 MAT-file"
_IMAGES, _LABELS = "_x", "_y"


def read_hdf5(path: Path, channels: int | None, file: str = "") -> list[Member]:
    """The datasets of an HDF5 file.

    Raises:
        DataError: it is damaged.
    """
    found = list_datasets(path)
    with path.open("rb") as stream:
        if stream.read(len(_MATLAB)) != _MATLAB:
            return [_member(path, each, file) for each in found]
    return matlab_members(str(path), [_matlab(path, each) for each in found if each.matlab in NUMBERS], channels, file)


def _member(path: Path, dataset: Dataset, file: str) -> Member:
    return Member(dataset.name, dataset.shape, dataset.dtype, lambda: read_dataset(path, dataset.name), file=file)


def _matlab(path: Path, dataset: Dataset) -> MatlabArray:
    last = len(dataset.shape) - 1

    def pieces(axis: int) -> Iterator[NDArray[Any]]:
        return (values.T for values in read_dataset(path, dataset.name, last - axis))

    return MatlabArray(dataset.name, dataset.shape[::-1], dataset.matlab, pieces)


def _sibling(path: Path) -> Path | None:
    """The file of labels that belongs to one of images, by their names."""
    other = path.with_name(path.stem.removesuffix(_IMAGES) + _LABELS + path.suffix)
    return other if path.stem.endswith(_IMAGES) and other.is_file() else None


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not is_hdf5(place.head):
        if is_hdf5(place.unpacked_head):
            raise DataError(f"{path}: a packed HDF5 file, which cannot be read in place", "unpack it, as with gunzip")
        return None
    beside = _sibling(path)

    def find() -> Source:
        members = read_hdf5(path, place.options.channels)
        if beside is not None and not any(each.role in LABEL_WORDS for each in members):
            members += read_hdf5(beside, None)
        return members_source(str(path), members, place.part, place.options, _HDF5)

    return lazy_source(path.name, place.identity(path, *([beside] if beside else [])), find, _HDF5)


FORMAT = Format("an HDF5 file", _recognize, parts=True)
