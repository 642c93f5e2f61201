"""The data sets known by name: MNIST, which comes with the package, Fashion-MNIST, CIFAR-10, stacked MNIST, TFD."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from advnets.data.archive import BROKEN, unpacking
from advnets.data.cache_files import writing
from advnets.data.download import UnreachableError, download
from advnets.data.formats.cifar import CIFAR_FOLDER, cifar_folder
from advnets.data.formats.idx import idx_folder
from advnets.data.formats.tar import tar_entries
from advnets.data.pictures import Entry
from advnets.data.source import Source, lazy_source
from advnets.data.stacked import STACKED_MNIST, Stacked, stacked_source
from advnets.data.tfd import FILE, TFD, Faces, faces_source
from advnets.errors import DataError
from advnets.files import write_whole

SHIPPED = Path(__file__).parent


@dataclass(frozen=True)
class Published:
    """A data set as its authors publish it.

    Args:
        name: what users call it.
        files: the unpacked files and their MD5. Packed copies differ from place to place, so only what they
            unpack to counts.
        classes: the names of the labels.
        urls: where to fetch it: the packed files, or the archive that holds them all.
        folder: the folder in the archive.
    """

    name: str
    files: dict[str, str]
    classes: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    folder: str = ""


MNIST = Published(
    "mnist",
    {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    tuple("0123456789"),
)
_FASHION = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
FASHION_MNIST = Published(
    "fashion-mnist",
    {
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
    (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    (
        _FASHION + "train-images-idx3-ubyte.gz",
        _FASHION + "train-labels-idx1-ubyte.gz",
        _FASHION + "t10k-images-idx3-ubyte.gz",
        _FASHION + "t10k-labels-idx1-ubyte.gz",
    ),
)
CIFAR10 = Published(
    "cifar10",
    {
        "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
        "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
        "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
        "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
        "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
        "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    },
    urls=("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    folder=CIFAR_FOLDER,
)
NAMED: dict[str, Published | Stacked | Faces] = {
    data.name: data for data in (MNIST, FASHION_MNIST, CIFAR10, STACKED_MNIST, *TFD)
}


def named_source(name: str, cache: Path, *, progress: bool = True) -> Source:
    """A data set by its name. Nothing is read or fetched before its rows are asked for.

    Args:
        name: a key of `NAMED`.
        cache: the cache folder, where downloads are kept.

    Raises:
        DataError: TFD, which nobody can fetch, is not there.
    """
    data = NAMED[name]
    if isinstance(data, Stacked):
        return stacked_source(data, named_source(data.stack_of, cache, progress=progress))
    if isinstance(data, Faces):
        return faces_source(data, _locate_faces(cache))
    identity: list[object] = [name, sorted(data.files.items())]

    def find() -> Source:
        folder = _locate(data, cache, progress)
        source = cifar_folder(folder, identity) if data.folder else idx_folder(folder, data.classes, identity)
        assert source is not None  # _locate has seen every file
        return source

    return lazy_source(name, identity, find)


def _locate(data: Published, cache: Path, progress: bool) -> Path:
    """A folder that holds every file with the right content: a local copy, else a download."""
    wrong: list[str] = []
    for place in _places(data.name, cache):
        for folder in dict.fromkeys((place, place / data.folder)):
            if _verified(data, folder, wrong):
                return folder
        if data.folder and (archive := place / _file_name(data.urls[0])).is_file():
            return _unpack(data, archive, _own(data.name, cache))
    return _fetch(data, cache, progress, wrong)


def _locate_faces(cache: Path) -> Path:
    found = next((path for place in _places("tfd", cache) if (path := place / FILE).is_file()), None)
    if found is None:
        remedy = f"ask its authors for {FILE}, and put it into {_own('tfd', cache)}"
        raise DataError("tfd: no copy found, and the Toronto Face Database is given out on request only", remedy)
    return found


def _places(name: str, cache: Path) -> Iterator[Path]:
    if name == MNIST.name:
        yield SHIPPED / "mnist"
    yield _own(name, cache)
    if own := os.environ.get("ADVNETS_DATA"):
        yield from (Path(own).expanduser() / name, Path(own).expanduser())
    yield from (Path("data") / name, Path("data"), Path("/usr/share/datasets") / name)


def _own(name: str, cache: Path) -> Path:
    return cache / "datasets" / name


def _file_name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def _verified(data: Published, folder: Path, wrong: list[str]) -> bool:
    """Whether all files are there, plain or packed, and right; the first that is not right is noted."""
    paths = [_present(folder, name) for name in data.files]
    for path, digest in zip(paths, data.files.values(), strict=True):
        if path is None:
            return False
        if unpacked_md5(path) != digest:
            wrong.append(str(path))
            return False
    return True


def _present(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / (name + ".gz")) if path.is_file()), None)


def unpacked_md5(path: Path) -> str:
    """The MD5 of a file's content, unpacked where it is packed; empty if it is damaged."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with unpacking(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except (*BROKEN, DataError):
        return ""
    return digest.hexdigest()


def _fetch(data: Published, cache: Path, progress: bool, wrong: list[str]) -> Path:
    own = _own(data.name, cache)
    try:
        for url in data.urls:
            download(url, own / _file_name(url), progress=progress)
    except UnreachableError as error:
        names = ", ".join(_file_name(url) for url in data.urls)
        noted = f" ({wrong[0]} has other content)" if wrong else ""
        raise DataError(f"{data.name}: no copy found{noted}, and {error}", f"put {names} into {own}") from error
    if data.folder:
        return _unpack(data, own / _file_name(data.urls[0]), own)
    if _verified(data, own, wrong):
        return own
    raise _refused(data, own, [Path(path) for path in wrong])


def _unpack(data: Published, archive: Path, own: Path) -> Path:
    """Writes the archive's files that we know by name, and no others, into our own folder."""
    folder = own / data.folder
    try:
        for entry in tar_entries(archive):
            name = entry.name.rsplit("/", 1)[-1]
            if isinstance(entry, Entry) and name in data.files:
                with entry.open() as file, writing(folder / name):
                    write_whole(folder / name, file.read())
    except DataError:
        pass  # a damaged archive: what is missing or wrong is told below
    wrong: list[str] = []
    if _verified(data, folder, wrong):
        return folder
    raise _refused(data, own, [archive])


def _refused(data: Published, own: Path, paths: list[Path]) -> DataError:
    """The error for files of wrong content; ours are removed, so that the next attempt fetches them anew."""
    for path in paths:
        if path.is_relative_to(own):
            path.unlink(missing_ok=True)
    names = ", ".join(str(path) for path in paths) or str(own)
    return DataError(f"{data.name}: not the published content in {names}", "run again to fetch it, or put it there")
