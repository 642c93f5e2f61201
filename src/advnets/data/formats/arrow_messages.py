"""What the messages of an Arrow file unpack to, before anything is unpacked.

A packed batch has the size of each of its buffers before the packed bytes, and Arrow makes room for what stands there.
A message's head is a flatbuffer: a table begins with the way back to the places of its fields.

Source: Apache Arrow, `format/Message.fbs`, "BodyCompression"; FlatBuffers, "Internals".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from advnets.data.extras import need

_HEADER, _BUFFERS, _COMPRESSION, _DATA = 2, 2, 3, 1  # fields of Message, RecordBatch, RecordBatch, DictionaryBatch
_BUFFER = struct.Struct("<qq")  # place and length in the body
_SIZE = struct.Struct("<q")


def unpacked_bytes(file: Any) -> int:
    """Bytes that all packed buffers of a file say they unpack to; what comes after damage is not counted.

    Args:
        file: Arrow's, open where its messages begin.
    """
    arrow, ipc = need("pyarrow", "Arrow files"), need("pyarrow.ipc", "Arrow files")
    total = 0
    try:
        for message in ipc.MessageReader.open_stream(file):
            total += sum(_declared(message))
    except (arrow.ArrowException, OSError, struct.error):
        pass  # whoever reads the batches says so
    return total


def _declared(message: Any) -> Iterator[int]:
    """What each packed buffer of a batch says it unpacks to."""
    if message.type not in ("record batch", "dictionary"):
        return
    head, body = message.metadata.to_pybytes(), message.body
    batch = _follow(head, _field(head, _follow(head, 0), _HEADER))
    if message.type == "dictionary":
        batch = _follow(head, _field(head, batch, _DATA))
    if not _field(head, batch, _COMPRESSION):
        return
    buffers = _follow(head, _field(head, batch, _BUFFERS))
    (count,) = struct.unpack_from("<I", head, buffers)
    for number in range(count):
        place, length = _BUFFER.unpack_from(head, buffers + 4 + number * _BUFFER.size)
        if length >= _SIZE.size and 0 <= place <= body.size - _SIZE.size:
            yield max(0, *_SIZE.unpack(body.slice(place, _SIZE.size).to_pybytes()))  # -1: it is not packed


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a table lies; 0 where the table has none."""
    places = table - struct.unpack_from("<i", data, table)[0]
    (size,) = struct.unpack_from("<H", data, places)
    at = 4 + 2 * number
    found = struct.unpack_from("<H", data, places + at)[0] if at < size else 0
    return table + found if found else 0


def _follow(data: bytes, place: int) -> int:
    """Where what is named at a place lies."""
    return place + struct.unpack_from("<I", data, place)[0]
