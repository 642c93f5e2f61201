"""Arrays of images, tables of numbers and published sets, each made anew by its own library."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data.good_pictures import COUNT, KINDS, Maker, gzipped, images, put, zipped

ROWS = 40


def _npy(values: np.ndarray) -> Maker:
    return lambda folder: put(folder / "set.npy", npy(values))


def npy(values: np.ndarray) -> bytes:
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def packed(content: bytes) -> bytes:
    """A .npz file with a file of an array, whatever that holds, and the labels of it."""
    return zipped({"x.npy": content, "y.npy": npy(KINDS)})


def _npz(save: Callable[..., None] = np.savez_compressed, **arrays: np.ndarray) -> Maker:
    def make(folder: Path) -> Path:
        save(folder / "set.npz", **arrays)
        return folder / "set.npz"

    return make


def _statistics() -> dict[str, np.ndarray]:
    features = np.random.default_rng(0).normal(size=(50, 6))
    return {"mu": features.mean(0), "sigma": np.cov(features, rowvar=False)}


def _array_folder(folder: Path) -> Path:
    for part, some in (("train", slice(0, 4)), ("test", slice(4, None))):
        put(folder / "set" / f"x_{part}.npy", npy(images()[some]))
        put(folder / "set" / f"y_{part}.npy", npy(KINDS[some]))
    return folder / "set" / "x_train.npy"


def idx(values: np.ndarray) -> bytes:
    """An idx file of bytes, or of 32-bit integers."""
    kind = {"u1": 8, "i4": 12}[values.dtype.str[1:]]
    shape = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes((0, 0, kind, values.ndim)) + shape + values.astype(values.dtype.newbyteorder(">")).tobytes()


_LABELS_IDX = idx(KINDS.astype(np.uint8))


def _idx(folder: Path) -> Path:
    put(folder / "train-labels-idx1-ubyte", _LABELS_IDX)
    return put(folder / "train-images-idx3-ubyte", idx(images()[..., 0]))


def _idx_labels(pack: Callable[[bytes], bytes] = bytes) -> Maker:
    def make(folder: Path) -> Path:
        put(folder / "set" / "train-images-idx3-ubyte.gz", gzipped(idx(images()[..., 0])))
        return put(folder / "set" / "train-labels-idx1-ubyte.gz", pack(_LABELS_IDX))

    return make


def _emnist(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        for part, some in (("train", slice(0, 5)), ("test", slice(5, None))):
            put(folder / "set" / f"emnist-letters-{part}-images-idx3-ubyte", idx(images()[some, ..., 0]))
            put(folder / "set" / f"emnist-letters-{part}-labels-idx1-ubyte", idx(KINDS[some].astype(np.uint8) + 1))
        put(folder / "set" / "emnist-letters-mapping.txt", b"1 65 97\n2 66 98\n3 67 99\n")
        return folder / "set" / f"emnist-letters-{damaged}"

    return make


def _qmnist(folder: Path) -> Path:
    labels = np.stack([KINDS, *[np.arange(COUNT)] * 7], 1).astype(np.int32)
    put(folder / "set" / "qmnist-train-images-idx3-ubyte", idx(images()[..., 0]))
    return put(folder / "set" / "qmnist-train-labels-idx2-int", idx(labels))


def _published(rows: int, labels: int, side: int) -> bytes:
    """Batches of CIFAR's binary version: an image after its labels."""
    rng = np.random.default_rng(0)
    found = np.concatenate([rng.integers(0, 10, (rows, labels)), rng.integers(0, 256, (rows, 3 * side * side))], 1)
    return found.astype(np.uint8).tobytes()


def _cifar100(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        for name in ("train.bin", "test.bin"):
            put(folder / "set" / name, _published(COUNT, 2, 32))
        for which, count in (("fine", 100), ("coarse", 20)):
            put(folder / "set" / f"{which}_label_names.txt", "".join(f"{which}_{n}\n" for n in range(count)).encode())
        return folder / "set" / damaged

    return make


def _stl10(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        for name in ("train", "unlabeled"):
            put(folder / "set" / f"{name}_X.bin", _published(2, 0, 96))
        put(folder / "set" / "train_y.bin", b"\1\2")
        put(folder / "set" / "class_names.txt", b"airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n")
        return folder / "set" / damaged

    return make


def _mat(name: str, packed: bool = False, **arrays: np.ndarray) -> Maker:
    def make(folder: Path) -> Path:
        from scipy.io import savemat

        savemat(folder / name, arrays, do_compression=packed)
        return folder / name

    return make


def _svhn() -> dict[str, np.ndarray]:
    values = np.random.default_rng(0).integers(0, 256, (32, 32, 3, COUNT), np.uint8)
    return {"X": values, "y": np.arange(1, 1 + COUNT, dtype=np.uint8)[:, None]}


def _olivetti() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4096, 400), np.uint8)


def _hdf5(labels: object = KINDS, head: bytes = b"", **packed: Any) -> Maker:
    """BigGAN's; with a head MATLAB's, which stores axes in reverse and names a class of its own."""

    def make(folder: Path) -> Path:
        import h5py

        path = folder / ("set.mat" if head else "set.hdf5")
        with h5py.File(path, "w", userblock_size=512 if head else 0) as file:
            stored = images().T if head else images().transpose(0, 3, 1, 2)
            found = file.create_dataset("imgs", data=stored, **packed), file.create_dataset("labels", data=labels)
            for each, kind in zip(found, (b"uint8", b"double"), strict=True):
                if head:
                    each.attrs["MATLAB_class"] = np.bytes_(kind)
        with path.open("r+b") as file:
            file.write(head)
        return path

    return make


def _numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, 3))


def _delimited(name: str, separator: str, pack: Callable[[bytes], bytes] = bytes) -> Maker:
    lines = [separator.join(("width", "height", "weight", "kind"))]
    lines += [separator.join((*(f"{x:.4f}" for x in row), "ab"[n % 2])) for n, row in enumerate(_numbers())]
    return lambda folder: put(folder / name, pack("\n".join(lines).encode()))


def _parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = dict(zip(("width", "height", "weight"), _numbers().T, strict=True))
    kinds = ["ab"[n % 2] for n in range(ROWS)]
    table = pa.table({**columns, "count": np.arange(ROWS) % 7, "truth": np.arange(ROWS) % 2 == 0, "kind": kinds})
    pq.write_table(table, folder / "set.parquet", row_group_size=15)
    return folder / "set.parquet"


_DOUBLE = KINDS.astype(float)
_MATLAB_73 = b"MATLAB 7.3 MAT-file, Platform: GLNXA64"

ARRAYS: dict[str, Maker] = {
    "npy": _npy(images()),
    "npy of floats": _npy(images().astype(np.float32) / 255),
    "npz": _npz(x=images(), y=KINDS),
    "npz, packed sound": _npy(images()),
    "npz of guided diffusion": _npz(np.savez, arr_0=images(), arr_1=KINDS),
    "npz of MedMNIST": _npz(
        train_images=images()[:4], train_labels=KINDS[:4, None], test_images=images()[4:], test_labels=KINDS[4:, None]
    ),
    "npz of statistics": _npz(np.savez, **_statistics()),
    "npz of images and statistics": _npz(np.savez, arr_0=images(), **_statistics()),
    "folder of npy": _array_folder,
    "idx": _idx,
    "idx labels": _idx_labels(gzipped),
    "idx labels, packed sound": _idx_labels(),
    "emnist": _emnist("train-images-idx3-ubyte"),
    "emnist's mapping": _emnist("mapping.txt"),
    "qmnist's labels": _qmnist,
    "cifar10": lambda folder: put(folder / "data_batch_1.bin", _published(COUNT, 1, 32)),
    "cifar100": _cifar100("train.bin"),
    "cifar100's names": _cifar100("fine_label_names.txt"),
    "stl10": _stl10("train_X.bin"),
    "stl10's labels": _stl10("train_y.bin"),
    "mat": _mat("set.mat", images=images(), labels=_DOUBLE),
    "mat, packed": _mat("set.mat", packed=True, images=images(), labels=_DOUBLE),
    "svhn": _mat("train_32x32.mat", **_svhn()),
    "olivetti": _mat("olivettifaces.mat", faces=_olivetti()),
    "mat 7.3": _hdf5(_DOUBLE[None], _MATLAB_73),
    "hdf5": _hdf5(),
    "hdf5 in chunks": _hdf5(chunks=(2, 3, 12, 12), compression="gzip", shuffle=True, fletcher32=True),
    "hdf5 with texts": _hdf5([f"kind {n}" for n in KINDS], chunks=(2, 3, 12, 12), compression="lzf"),
    "csv": _delimited("set.csv", ","),
    "csv.gz": _delimited("set.csv.gz", ";", gzipped),
    "csv, packed sound": _delimited("set.csv.gz", ","),
    "tsv": _delimited("set.tsv", "\t"),
    "npy of numbers": _npy(_numbers()),
    "npz of numbers": _npz(x=_numbers(), y=np.arange(ROWS) % 3),
    "parquet of numbers": _parquet,
}
