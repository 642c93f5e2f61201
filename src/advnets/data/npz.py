"""NumPy's .npz, a zip of .npy files, read a piece at a time: a table never has to fit in memory.

Source: NumPy Enhancement Proposal 1, *A Simple File Format for NumPy Arrays*.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from advnets.data.archive import BROKEN, SMALL_BYTES, ZIP_METHODS, is_junk_path, unpacked_limit
from advnets.data.blocks import rows_per_block
from advnets.data.members import PICKLED, Member
from advnets.data.table import printable
from advnets.errors import DataError

UNREADABLE = (*BROKEN, KeyError, MemoryError, tokenize.TokenError)
_SUFFIX = ".npy"
_HEAD_BYTES = 1 << 14  # NumPy itself refuses headers of more than 10,000 characters
_LONGEST_REASON = 100  # characters; NumPy quotes whole headers
_SAVE = "save it again with numpy.savez"


def npz_members(path: Path, file: str = "") -> list[Member]:
    """The arrays of a .npz file. Nothing but their headers is read.

    Args:
        path: the file.
        file: its name where it takes several to make a data set.

    Raises:
        DataError: it is damaged, unpacks beyond the limit, or an array declares another size than it has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if any(info.compress_type not in ZIP_METHODS for info in infos):
                raise DataError(f"{path}: refused, it is packed as NumPy never does", "save it with numpy.savez")
            if sum(info.file_size for info in infos) > unpacked_limit(path.stat().st_size):
                raise DataError(f"{path}: refused, it unpacks far beyond its size", "save it with numpy.savez")
            return [_member(path, archive, info, file) for info in infos if _is_array(info.filename)]
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def _is_array(name: str) -> bool:
    return name.endswith(_SUFFIX) and not is_junk_path(name)


def unreadable(path: Path, error: BaseException) -> DataError:
    """The error of a damaged .npy or .npz file, in one line."""
    if "allow_pickle" in str(error) or "Python objects" in str(error):
        return DataError(f"{path}: {PICKLED}", "save a plain array of numbers")
    said = str(error.args[0] if isinstance(error, tokenize.TokenError) else error)
    said = printable(said)[:_LONGEST_REASON] or type(error).__name__
    return DataError(f"{path}: not a readable NumPy file ({said})", "save it again with numpy.save or numpy.savez")


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> Member:
    with archive.open(info) as stream:
        head = io.BytesIO(stream.read(_HEAD_BYTES))
    shape, in_columns, dtype = array_header(head)
    start, size = head.tell(), dtype.itemsize * int(np.prod(shape, dtype=object))
    name = info.filename.removesuffix(_SUFFIX)
    if not dtype.hasobject and start + size != info.file_size:
        what = f"{path}: {printable(name)} declares {shape} of {dtype}, which is not what the file holds"
        raise DataError(what, _SAVE)

    def blocks() -> Iterator[NDArray[Any]]:
        if dtype.hasobject:
            raise DataError(f"{path}: {printable(name)} {PICKLED}", "save a plain array of numbers")
        if in_columns and len(shape) > 1 and size > SMALL_BYTES:
            what = f"{path}: {printable(name)} is in Fortran order, which needs all of it in memory"
            raise DataError(what, "save it in C order, with numpy.ascontiguousarray")
        step = shape[0] if in_columns and shape else rows_per_block(size // max(1, shape[0] if shape else 1))
        yield from _pieces(path, info, start, shape, dtype, step, "F" if in_columns else "C")

    return Member(name, shape, dtype, blocks, file=file)


def array_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come first, and type of an array in a .npy file, which is read up to its values.

    Raises:
        ValueError: it is no header of an array, or of one that no file has room for.
    """
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"a .npy of version {version}")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, in_columns, dtype = read(file)
    if any(isinstance(side, bool) or side < 0 for side in shape) or dtype.itemsize == 0:
        raise ValueError(f"an array of shape {shape} and type {dtype}")
    return shape, in_columns, dtype


def _pieces(
    path: Path, info: zipfile.ZipInfo, start: int, shape: tuple[int, ...], dtype: np.dtype[Any], step: int, order: Any
) -> Iterator[NDArray[Any]]:
    count, rest = (shape[0], shape[1:]) if shape else (1, ())
    row_bytes = dtype.itemsize * int(np.prod(rest, dtype=object))
    try:
        with zipfile.ZipFile(path) as archive, archive.open(info) as stream:
            stream.read(start)
            for first in range(0, count, step):
                rows = min(step, count - first)
                data = stream.read(rows * row_bytes)
                if len(data) < rows * row_bytes:
                    raise EOFError(f"{info.filename} breaks off")
                yield np.frombuffer(data, dtype).reshape((rows, *rest), order=order)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
