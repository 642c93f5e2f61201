"""A folder of arrays without any image file: one file, or several that make a data set together.

    x_train.npy, y_train.npy, x_test.npy, y_test.npy
    kmnist-train-imgs.npz, kmnist-train-labels.npz       KMNIST's, of one array each, arr_0
    camelyonpatch_level_2_split_train_x.h5, ..._y.h5     PCam's

Words of the files' names tell the split, and what an array is where its own name does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from advnets.data.archive import is_junk
from advnets.data.arrays import read_npy
from advnets.data.blocks import rows_per_block
from advnets.data.formats import hdf5, matlab, npy, npz
from advnets.data.formats.format import Format, Place, holds_pictures, names_in
from advnets.data.hdf5 import is_hdf5
from advnets.data.matlab import is_matlab
from advnets.data.member_source import members_source
from advnets.data.members import Member
from advnets.data.npz import npz_members
from advnets.data.source import Source, lazy_source
from advnets.errors import DataError

SUFFIXES = (".npy", ".npz", ".h5", ".hdf5", ".hdf", ".mat")
_ARRAYS = "a folder of arrays"


def _recognize(place: Place) -> Source | None:
    if not place.is_folder:
        return None
    path = place.path
    names = [name for name in names_in(path) if name.lower().endswith(SUFFIXES) and not is_junk(name)]
    files = [Place(path / name, place.options, place.part) for name in names if (path / name).is_file()]
    if not files or holds_pictures(path):
        return None
    if len(files) == 1:
        kinds = (npy.FORMAT, npz.FORMAT, hdf5.FORMAT, matlab.FORMAT)
        return next((found for kind in kinds if (found := kind.recognize(files[0]))), None)
    identity = place.identity(*(each.path for each in files))
    return lazy_source(path.name, identity, lambda: _source(place, files), _ARRAYS)


def _source(place: Place, files: list[Place]) -> Source:
    members: list[Member] = []
    notes: list[str] = []
    for each in files:
        try:
            members += _members(each)
        except DataError as error:
            notes.append(f"left out: {error.what}")
    return members_source(str(place.path), members, place.part, place.options, _ARRAYS, notes)


def _members(place: Place) -> list[Member]:
    path, channels = place.path, place.options.channels
    if is_hdf5(place.head):
        return hdf5.read_hdf5(path, channels, path.name)
    if is_matlab(place.head):
        return matlab.read_matlab(path, channels, path.name)
    if npz.is_npz(place):
        return npz_members(path, path.name)
    values = read_npy(path)
    return [Member("", values.shape, values.dtype, lambda: _pieces(values), file=path.name)]


def _pieces(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    step = rows_per_block(values[:1].nbytes)
    for start in range(0, len(values), step):
        yield values[start : start + step]


FORMAT = Format("", _recognize, parts=True)
