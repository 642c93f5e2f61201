"""The framing of TFRecord files, plain or packed by gzip.

    length    8 bytes, little-endian        crc of length    4 bytes
    data      `length` bytes                crc of data      4 bytes

A checksum is CRC-32C, rotated right by 15 bits, plus 0xA282EAD8. We read the framing ourselves: `tfrecord_iterator` of
the package tfrecord takes room for one and a half times the length that a record declares, whatever the file's size,
and compares no checksum.

Source: TensorFlow, `core/lib/io/record_writer.h`; RFC 3720, appendix B.4 (CRC-32C).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from advnets.data.archive import BROKEN, MAX_ENTRY_BYTES, PACKED, unpacking
from advnets.data.extras import need
from advnets.errors import DataError

HEAD = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_STEP = 1 << 20
_MASK, _POLYNOMIAL = 0xA282EAD8, 0x82F63B78


class BrokenOffError(Exception):
    """A file that ends, or stops to make sense, before its end; its text is the reason."""


def is_tf_records(path: Path) -> bool:
    """Whether a file begins as TFRecord files do: with a length and its checksum.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD.size)
    if head.startswith(tuple(PACKED)):
        try:
            with unpacking(path) as unpacked:
                head = unpacked.read(HEAD.size)
        except (*BROKEN, DataError):
            return False
    return len(head) == HEAD.size and _masked(_crc_of_few(head[:8])) == HEAD.unpack(head)[1]


def records(path: Path) -> Iterator[bytes | None]:
    """The records of a file; None for one whose checksum is wrong.

    Raises:
        BrokenOffError: it breaks off.
        DataError: it unpacks beyond the limit.
    """
    crc32c = need("crc32c", "TFRecord files").crc32c
    try:
        with unpacking(path) as file:
            while head := file.read(HEAD.size):
                data = _data(file, head)
                tail = file.read(_CRC.size)
                if len(tail) < _CRC.size:
                    raise BrokenOffError("a record without its checksum")
                yield data if _masked(crc32c(data)) == _CRC.unpack(tail)[0] else None
    except BROKEN as error:
        raise BrokenOffError(" ".join(str(error).split())[:100]) from error


def _data(file: IO[bytes], head: bytes) -> bytes:
    if len(head) < HEAD.size:
        raise BrokenOffError("half a record")
    length, crc = HEAD.unpack(head)
    if _masked(_crc_of_few(head[:8])) != crc:
        raise BrokenOffError("a length whose checksum is wrong")
    if length > MAX_ENTRY_BYTES:
        raise BrokenOffError(f"a record of {length:,} bytes, more than {MAX_ENTRY_BYTES:,}")
    parts: list[bytes] = []  # in steps, or a length takes room before the file has shown that it is true
    while length > 0 and (part := file.read(min(length, _STEP))):
        parts.append(part)
        length -= len(part)
    if length > 0:
        raise BrokenOffError("half a record")
    return b"".join(parts)


def _masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _crc_of_few(data: bytes) -> int:
    """CRC-32C, bit by bit: for the eight bytes of a length, before we know whether the file is one of TFRecords."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
