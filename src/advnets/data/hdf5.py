"""Datasets of HDF5 files, read a piece at a time by h5py, and nothing outside the file.

Before anything is read it is seen that a dataset lies in the file itself (no external storage, no views of other
files; links are not followed), that it is packed by filters that come with h5py, and that neither it nor a chunk of it
declares more than the file can hold.

Source: The HDF Group, *HDF5 File Format Specification*, version 3.0.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import SMALL_BYTES, unpacked_limit
from advnets.data.blocks import BLOCK_BYTES, rows_per_block
from advnets.data.extras import need
from advnets.data.table import printable
from advnets.errors import DataError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, 512, 1024, 2048)  # after a block of the user's own, as MATLAB's
_MOST = 10_000  # objects in a file
_PIECE_BYTES = 256 << 20
_GZIP, _SHUFFLE, _FLETCHER32, _LZF = 1, 2, 3, 32000
_FILTERS = (_GZIP, _SHUFFLE, _FLETCHER32, _LZF)
_RATIOS = {_GZIP: 1032, _LZF: 90}  # the most that these can pack
_LONGEST_TEXT, _TEXT_BYTES = 128, 16
_CLASS = "MATLAB_class"


@dataclass(frozen=True)
class Dataset:
    """A dataset as its file declares it.

    Args:
        name: its path in the file.
        shape: its sizes.
        dtype: its type; of texts of any length, the longest that are read.
        matlab: its class where MATLAB wrote it; empty elsewhere.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    matlab: str


def is_hdf5(head: bytes) -> bool:
    """Whether a file begins as one of HDF5."""
    return any(head[place : place + len(SIGNATURE)] == SIGNATURE for place in _PLACES)


def list_datasets(path: Path) -> list[Dataset]:
    """The datasets of a file that links within it lead to.

    Raises:
        DataError: it is damaged, or holds more than 10,000 objects.
    """
    found: list[Dataset] = []
    with _opened(path) as file:

        def visit(name: str | bytes, node: Any) -> None:
            if len(found) >= _MOST:
                remedy = "store all images as one dataset, N x H x W x C"
                raise DataError(f"{path}: more than {_MOST:,} datasets", remedy)
            if hasattr(node, "dtype") and hasattr(node, "chunks") and node.shape is not None:
                found.append(_declared(_text(name), node))

        file.visititems(visit)
        linked: list[str] = []
        if not found:
            file.visititems_links(lambda name, link: linked.append(_text(name)) if hasattr(link, "filename") else None)
    if linked:
        what = f"{path}: {printable(linked[0])} is a link to another file, which is not followed"
        raise DataError(what, "copy what it leads to into one file")
    return found


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def _declared(name: str, node: Any) -> Dataset:
    dtype, said = np.dtype(node.dtype), ""
    if _is_text(dtype):
        dtype = np.dtype((np.str_, _LONGEST_TEXT))
    if _CLASS in node.attrs and node.attrs.get_id(_CLASS).dtype.kind == "S":
        said = bytes(node.attrs[_CLASS]).decode("ascii", "replace")
    return Dataset(name, tuple(node.shape), dtype, said)


def _is_text(dtype: np.dtype[Any]) -> bool:
    """Whether values are texts of any length."""
    return dtype.kind == "O" and (dtype.metadata or {}).get("vlen") in (str, bytes)


def read_dataset(path: Path, name: str, axis: int = 0) -> Iterator[NDArray[Any]]:
    """A dataset in pieces along an axis; texts as texts.

    Raises:
        DataError: it lies elsewhere, is packed in another way, is damaged or declares too much.
    """
    with _opened(path) as file:
        dataset = file[name]
        _check(f"{path}: {printable(name)}", path.stat().st_size, dataset)
        if dataset.dtype.kind == "O":
            _check_texts(path, name, dataset)
        step = _step(dataset, axis)
        for start in range(0, dataset.shape[axis], step):
            values = dataset[(*(slice(None),) * axis, slice(start, start + step))]
            yield _texts(values) if dataset.dtype.kind == "O" else values


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    h5py = need("h5py", "HDF5 files")
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except DataError:
        raise
    except Exception as error:  # a damaged file ends in whatever h5py makes of the library's errors
        said = printable(str(error)) or type(error).__name__
        raise DataError(f"{path}: not a whole HDF5 file ({said})", "download it again, or save it again") from error


def _check(where: str, size: int, dataset: Any) -> None:
    """See that a dataset may be read.

    Args:
        where: what it is called in messages.
        size: of its file.
        dataset: what h5py has of it.

    Raises:
        DataError: it may not.
    """
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{where} lies in other files, which are not followed", "copy it into one file of its own")
    on_disk = dataset.id.get_storage_size()
    declared = dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=object))
    if declared and not on_disk:
        raise DataError(f"{where} was never written", "save it again with h5py")
    plain = dataset.chunks is None
    if on_disk > size or declared > (size if plain else unpacked_limit(size)):
        raise DataError(f"{where} declares {dataset.shape}, far beyond its size", "download it again")
    if not plain:
        _check_chunks(where, dataset, size)


def _check_chunks(where: str, dataset: Any, size: int) -> None:
    """The same of the pieces that a dataset is stored in."""
    made = dataset.id.get_create_plist()
    filters = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
    if other := set(filters) - set(_FILTERS):
        remedy = "pack it by gzip, with h5repack -f GZIP=4"
        raise DataError(f"{where} is packed by HDF5's filter {min(other)}, which is not read", remedy)
    chunk = dataset.dtype.itemsize * int(np.prod(dataset.chunks, dtype=object))
    if chunk > SMALL_BYTES:
        what = f"{where} has chunks of {chunk:,} bytes, at most {SMALL_BYTES:,} are read"
        raise DataError(what, "save it in smaller chunks")
    ratio = max((_RATIOS.get(each, 1) for each in filters), default=1)
    large: list[tuple[int, ...]] = []

    def look(stored: Any) -> None:
        if stored.size > size:
            raise DataError(f"{where} has a chunk beyond the file's size", "download it again")
        if stored.size * ratio > SMALL_BYTES:
            large.append(stored.chunk_offset)

    dataset.id.chunk_iter(look)
    for place in large:
        if _LZF in filters or not _unpacks_to(dataset.id.read_direct_chunk(place)[1], chunk):
            raise DataError(f"{where} has a chunk that may unpack far beyond its size", "use smaller chunks, and gzip")


def _unpacks_to(data: bytes, limit: int) -> bool:
    """Whether what gzip packed is no more than so many bytes, of which only one piece is there at a time."""
    unpacker = zlib.decompressobj()
    total, left = 0, data
    while left and not unpacker.eof and total <= limit:
        total += len(unpacker.decompress(left, BLOCK_BYTES))
        left = unpacker.unconsumed_tail
    return total <= limit


def _step(dataset: Any, axis: int) -> int:
    """How much to read at once: whole chunks, each of which is unpacked as a whole, if they take at most 256 MiB."""
    row_bytes = dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=object)) // max(1, dataset.shape[axis])
    step = rows_per_block(row_bytes)
    deep = dataset.chunks[axis] if dataset.chunks else 1
    whole = -(-step // deep) * deep
    return max(1, whole if whole * row_bytes <= _PIECE_BYTES else min(step, _PIECE_BYTES // max(1, row_bytes)))


def _check_texts(path: Path, name: str, dataset: Any) -> None:
    """See that values are texts of a length that names have, before the library makes room for them.

    Each is stored as its length, four bytes, and where it lies, twelve.

    Raises:
        DataError: they are something else, longer, or packed.
    """
    start, count = dataset.id.get_offset(), int(np.prod(dataset.shape, dtype=object))
    if not _is_text(dataset.dtype) or start is None or dataset.id.get_storage_size() != _TEXT_BYTES * count:
        remedy = "save texts of a fixed length, or use labels none"
        raise DataError(f"{path}: {printable(name)} holds neither numbers nor plain texts", remedy)
    with path.open("rb") as file:
        file.seek(start)
        lengths = np.frombuffer(file.read(_TEXT_BYTES * count), "<u4")[:: _TEXT_BYTES // 4]
    if len(lengths) and lengths.max() > _LONGEST_TEXT:
        remedy = f"shorten them to {_LONGEST_TEXT} bytes, or use labels none"
        raise DataError(f"{path}: {printable(name)} holds texts of up to {lengths.max():,} bytes", remedy)


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    found = [each.decode("utf-8", "replace") for each in values.reshape(-1)]
    return np.array(found, np.str_).reshape(values.shape)
