"""Run as a program: writes the keys and values of an LMDB file to its output, for `lmdb.py` to read.

A program of its own, since LMDB maps the file and follows what stands in it: a damaged or truncated file ends the
process that reads it, by a signal. It imports nothing of ours, so that it starts at once.

    arguments   the file, and the greatest value that is sent, in bytes
    output      for each entry two little-endian 64-bit numbers, the lengths of key and value, the key, and the value
                unless it is greater; at the end, DONE in the place of the lengths
"""

from __future__ import annotations

import resource
import struct
import sys
from pathlib import Path
from typing import BinaryIO

LENGTHS = struct.Struct("<QQ")
DONE = (2**64 - 1, 0)


def send(path: str, greatest: int, out: BinaryIO) -> None:
    """Writes all entries.

    Raises:
        ValueError: they are more than the file can hold.
        lmdb.Error: the library finds the file damaged.
    """
    import lmdb

    left = Path(path).stat().st_size
    with (
        lmdb.Environment(path, readonly=True, lock=False, subdir=False, create=False) as env,
        env.begin(buffers=True) as transaction,
    ):
        for key, value in transaction.cursor():
            left -= len(key) + len(value) + 1
            if left < 0:
                raise ValueError("more entries than fit into the file")
            out.write(LENGTHS.pack(len(key), len(value)))
            out.write(key)
            if len(value) <= greatest:
                out.write(value)
    out.write(LENGTHS.pack(*DONE))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a damaged file leaves no dump of the process
    try:
        send(sys.argv[1], int(sys.argv[2]), sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # whoever read has enough
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
