"""Python's pickles, CIFAR's Python version among them: never read, since unpickling runs what a file says."""

from __future__ import annotations

import re
from pathlib import Path

from advnets.data.formats.format import Format, Place
from advnets.data.source import Source
from advnets.errors import DataError

_CIFAR = re.compile(r"data_batch_[1-5]|test_batch|batches\.meta|train|test|meta")
_FIRST = (b"}", b"]", b"(", b"c", b"\x8c", b"\x95")  # what they begin with: an empty dict or list, a name, a frame
_FOLDERS = ("cifar-10-batches-py", "cifar-100-python")
_BINARY = "cifar-10-binary.tar.gz or cifar-100-binary.tar.gz"


def is_pickle(head: bytes) -> bool:
    """Whether a file begins as a pickle of protocol 2 to 5 does."""
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and head[2:3] in _FIRST


def _recognize(place: Place) -> Source | None:
    path = place.path
    if place.is_folder:
        for folder in (path, *(path / name for name in _FOLDERS)):
            if any(_is_cifar(folder / name) for name in ("data_batch_1", "test_batch", "train")):
                raise _cifar(folder)
        return None
    if not is_pickle(place.head):
        return None
    if _CIFAR.fullmatch(path.name):
        raise _cifar(path)
    raise DataError(f"{path}: a pickle, which is never read, since it can run anything", "save arrays with numpy.savez")


def _is_cifar(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_pickle(file.read(8))


def _cifar(path: Path) -> DataError:
    what = f"{path}: CIFAR's Python version, pickles, which are never read, since they can run anything"
    return DataError(what, f"take the binary version, {_BINARY}, from https://www.cs.toronto.edu/~kriz/cifar.html")


FORMAT = Format("", _recognize)
