"""Arrays of numbers in MATLAB 5 files, read a piece at a time once it is seen that the file can hold what they declare.

A file is 128 bytes and then elements: four bytes of type, four of length, and content; short contents lie in the tag.
An array is one of them, plain or packed by zlib, that holds others: flags, sizes, name and values, the first axis
fastest.

Source: The MathWorks, *MAT-File Format*, "Level 5 MAT-Files",
https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import SMALL_BYTES, unpacked_limit
from advnets.data.blocks import BLOCK_BYTES
from advnets.data.table import printable
from advnets.errors import DataError

HEAD_BYTES = 128
_ORDERS = {b"\x00\x01IM": "<", b"\x01\x00MI": ">"}  # version 1.0, and in which order bytes stand
_MATRIX, _PACKED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {
    6: "double", 7: "single", 8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64",
    15: "uint64",
}  # fmt: skip
NUMBERS = ("logical", *_CLASSES.values())
"""What MATLAB calls the classes of real numbers."""
_COMPLEX, _LOGICAL = 0x800, 0x200
_MOST, _MOST_AXES, _LONGEST_NAME = 10_000, 32, 1024
_STEP = 1 << 16
AGAIN = "download it again, or save it again"


@dataclass(frozen=True)
class Variable:
    """An array as a file declares it.

    Args:
        name: its name.
        shape: its sizes.
        kind: its class, one of `NUMBERS`; "" where it holds anything else.
        stored: the type of its values in the file: where all of a double are whole, they may be bytes.
        element: where it begins in the file, how long it is there, and whether it is packed.
        start: where its values begin in it, once it is unpacked.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    stored: np.dtype[np.generic]
    element: tuple[int, int, bool]
    start: int

    @property
    def size(self) -> int:
        """Bytes of values."""
        return self.stored.itemsize * int(np.prod(self.shape, dtype=object))


class _Element:
    """What an element of a file holds, unpacked, from its beginning on."""

    def __init__(self, file: BinaryIO, element: tuple[int, int, bool]) -> None:
        place, self._left, packed = element
        file.seek(place)
        self._file, self._tail = file, b""
        self._unpacker = zlib.decompressobj() if packed else None
        self.place = 0

    def read(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            EOFError: there are no more.
        """
        found = bytearray()
        while len(found) < count and (part := self._some(count - len(found))):
            found += part
        if len(found) < count:
            raise EOFError("an array breaks off")
        self.place += count
        return bytes(found)

    def finish(self) -> None:
        """Reads to the end of what is packed, where its checksum stands.

        Raises:
            zlib.error: it is another.
        """
        if self._unpacker is not None:
            self._some(_STEP)

    def _some(self, most: int) -> bytes:
        if self._unpacker is None:
            return self._taken(most)
        while not self._unpacker.eof:
            self._tail = self._tail or self._taken(_STEP)
            part = self._unpacker.decompress(self._tail, most)
            self._tail = self._unpacker.unconsumed_tail
            if part or not (self._tail or self._left):
                return part
        return b""

    def _taken(self, most: int) -> bytes:
        part = self._file.read(min(most, self._left))
        self._left -= len(part)
        return part


def is_matlab(head: bytes) -> bool:
    """Whether a file begins as those of MATLAB 5 to 7."""
    return head[124:HEAD_BYTES] in _ORDERS


def list_variables(path: Path, remedy: str = AGAIN) -> dict[str, Variable]:
    """The arrays that a MATLAB 5 file declares, by name; only what stands before their values is read.

    Raises:
        DataError: it is damaged, or another file; or an array declares more than a file of its size can hold.
    """
    with _opened(path, remedy) as file:
        order = _ORDERS.get(file.read(HEAD_BYTES)[124:])
        if order is None:
            raise ValueError("it does not begin as one")
        found = [_variable(file, element, order) for element in _elements(file, path.stat().st_size, order)]
    for each in found:
        if each is not None and each.size > unpacked_limit(path.stat().st_size):
            raise DataError(f"{path}: {each.name} declares {each.size:,} bytes, far beyond the file's size", remedy)
    return {each.name: each for each in found if each is not None}


def read_variable(path: Path, variable: Variable, axis: int, remedy: str = AGAIN) -> Iterator[NDArray[np.generic]]:
    """An array of numbers in pieces along an axis: the last, or any other of one of at most 1 GiB.

    Raises:
        DataError: it is damaged, or too large to be read along that axis.
    """
    shape, last = variable.shape, len(variable.shape) - 1
    row_bytes = variable.size // max(1, shape[-1])
    step = max(1, BLOCK_BYTES // max(1, row_bytes)) if axis == last else shape[-1]
    if step * row_bytes > SMALL_BYTES:
        what = f"{path}: {variable.name} is too large where its last axis does not count the images"
        raise DataError(what, "save it with numpy.save, N x H x W x C")
    with _opened(path, remedy) as file:
        element = _Element(file, variable.element)
        element.read(variable.start)
        for first in range(0, shape[-1], step):
            rows = min(step, shape[-1] - first)
            values = np.frombuffer(element.read(rows * row_bytes), variable.stored)
            yield values.reshape((*shape[:-1], rows), order="F")
        element.finish()


@contextmanager
def _opened(path: Path, remedy: str) -> Generator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except (OSError, EOFError, ValueError, struct.error, zlib.error, MemoryError) as error:
        raise DataError(f"{path}: not a whole MATLAB 5 file ({printable(str(error))})", remedy) from error


def _elements(file: BinaryIO, size: int, order: str) -> Iterator[tuple[int, int, bool]]:
    """Where each array begins, how long it is, and whether it is packed."""
    place = HEAD_BYTES
    for _ in range(_MOST):
        if place + 8 > size:
            return
        file.seek(place)
        kind, length = struct.unpack(order + "II", file.read(8))
        if place + 8 + length > size:
            raise EOFError("it breaks off")
        if kind in (_MATRIX, _PACKED):
            yield (place, 8 + length, False) if kind == _MATRIX else (place + 8, length, True)
        place += 8 + length


def _variable(file: BinaryIO, where: tuple[int, int, bool], order: str) -> Variable | None:
    """What an element declares; None where it is no array with a name."""
    element = _Element(file, where)
    kind, _, _ = _tag(element, order)
    if kind != _MATRIX:
        return None
    flags, _ = struct.unpack(order + "II", _content(element, order, 8))
    axes = _content(element, order, 4 * _MOST_AXES)
    shape = tuple(np.frombuffer(axes, order + "i4").tolist())
    name = printable(_content(element, order, _LONGEST_NAME).decode("utf-8", "backslashreplace"))
    number = _CLASSES.get(flags & 0xFF, "")
    if not name or not number or flags & _COMPLEX:
        return Variable(name, shape, "", np.dtype(np.void), where, 0) if name else None
    kind, length, inside = _tag(element, order)
    stored = np.dtype(order + _TYPES.get(kind, "V"))
    found = Variable(name, shape, "logical" if flags & _LOGICAL else number, stored, where, element.place - 4 * inside)
    if kind not in _TYPES or len(shape) < 2 or min(shape) < 0 or found.size != length:
        raise ValueError(f"{name!r} declares {shape}, which is not what it holds")
    return found


def _tag(element: _Element, order: str) -> tuple[int, int, bool]:
    """Type and length of what comes next, and whether its content lies in the tag's own last four bytes."""
    first, second = struct.unpack(order + "II", element.read(8))
    return (first & 0xFFFF, first >> 16, True) if first >> 16 else (first, second, False)


def _content(element: _Element, order: str, most: int) -> bytes:
    """What comes next, of at most so many bytes."""
    first, second = struct.unpack(order + "II", element.read(8))
    if first >> 16:
        return struct.pack(order + "I", second)[: first >> 16]
    if second > most:
        raise ValueError("it declares what no array has")
    return element.read(second + -second % 8)[:second]
