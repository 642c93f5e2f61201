"""Files whose rows or records hold image files, each made anew by its own library."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data.good_arrays import npy
from benchmarks.data.good_pictures import COUNT, KINDS, Maker, encoded, images, put

_MASK = 0xA282EAD8


def _columns() -> dict[str, Any]:
    return {
        "image": [{"bytes": encoded(image), "path": f"{n}.png"} for n, image in enumerate(images())],
        "label": (KINDS % 2).tolist(),
        "age": list(range(COUNT)),
        "words": [f"number {n}" for n in range(COUNT)],
    }


def _parquet(folder: Path, name: str = "set.parquet", **options: Any) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(_columns()), folder / name, row_group_size=2, **options)
    return folder / name


def _plain_parquet(folder: Path) -> Path:
    return _parquet(folder, compression="none", use_dictionary=False, write_page_checksum=True)


def _packed_parquet(folder: Path) -> Path:
    return _parquet(folder, compression="zstd", data_page_version="2.0")


def _parquet_folder(folder: Path) -> Path:
    _parquet(folder, "set/test-00000-of-00001.parquet")
    return _parquet(folder, "set/train-00000-of-00001.parquet")


def _dataset() -> Any:
    from datasets import ClassLabel, Dataset, Features, Image, Value, disable_progress_bars

    disable_progress_bars()
    label = ClassLabel(names=["cat", "dog"])
    kinds = Features({"image": Image(), "label": label, "age": Value("int64"), "words": Value("string")})
    return Dataset.from_dict(_columns(), kinds)


def _hub_parquet(folder: Path) -> Path:
    _dataset().to_parquet(folder / "set.parquet")
    return folder / "set.parquet"


def _saved(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        _dataset().save_to_disk(folder / "set")
        return next((folder / "set").glob(damaged))

    return make


def _saved_splits(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        from datasets import DatasetDict

        rows = _dataset()
        DatasetDict({"train": rows.select(range(4)), "test": rows.select(range(4, COUNT))}).save_to_disk(folder / "set")
        return next((folder / "set").glob(damaged))

    return make


def _arrow_file(folder: Path) -> Path:
    import pyarrow as pa

    rows = pa.table(_columns())
    with pa.OSFile(str(folder / "set.arrow"), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=2)
    return folder / "set.arrow"


def _shard() -> bytes:
    import webdataset

    file = io.BytesIO()
    with webdataset.TarWriter(file, mtime=0) as writer:
        for number, image in enumerate(images()):
            said = {"age": number, "deep": {"more": [1, 2]}}
            writer.write({"__key__": f"{number:04d}", "png": encoded(image), "cls": number % 3, "json": said})
    return file.getvalue()


def _webdataset(folder: Path) -> Path:
    return put(folder / "set.tar", _shard())


def _shards(folder: Path) -> Path:
    put(folder / "set" / "train-1.tar", _shard())
    return put(folder / "set" / "train-0.tar", _shard())


def _database(path: Path, values: Mapping[str, bytes]) -> Path:
    import lmdb

    path.parent.mkdir(exist_ok=True)
    with lmdb.open(str(path), map_size=1 << 20) as env, env.begin(write=True) as transaction:
        for key, value in values.items():
            transaction.put(key.encode(), value)
    (path / "lock.mdb").unlink()
    return path / "data.mdb"


def _large() -> dict[str, bytes]:
    """Image files of several of a database's pages, and small ones."""
    large = {f"{n:040x}": encoded(image.repeat(4, 0).repeat(4, 1), "BMP") for n, image in enumerate(images(3))}
    return large | {f"{n:040x}": encoded(image) for n, image in enumerate(images(), 3)}


def _lmdb(folder: Path) -> Path:
    return _database(folder / "set", _large())


def _lsun(folder: Path) -> Path:
    _database(folder / "set" / "church_outdoor_train_lmdb", _large())
    return _database(folder / "set" / "bedroom_val_lmdb", _large())


def _sized(folder: Path) -> Path:
    pairs = {f"{side}-{n:05d}": encoded(x[:side, :side]) for side in (8, 12) for n, x in enumerate(images())}
    return _database(folder / "set", {**pairs, "length": b"6"})


def written(path: Path, examples: list[dict[str, tuple[object, str]]]) -> Path:
    """A TFRecord file of examples: name to value and its kind."""
    from tfrecord import TFRecordWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    writer = TFRecordWriter(str(path))
    for example in examples:
        writer.write(example)
    writer.close()
    return path


def _examples() -> list[dict[str, tuple[object, str]]]:
    return [
        {
            "image": (encoded(image), "byte"),
            "label": (number % 2, "int"),
            "file_name": (f"{number}.png".encode(), "byte"),
            "embedding": ([0.5, number], "float"),
        }
        for number, image in enumerate(images())
    ]


def _tfrecord(folder: Path) -> Path:
    return written(folder / "set.tfrecord", _examples())


def _tfds(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        for part in ("train", "test"):
            written(folder / "set" / f"cats-{part}.tfrecord-00000-of-00001", _examples())
        put(folder / "set" / "label.labels.txt", b"cat\ndog\n")
        return folder / "set" / damaged

    return make


def _pixels(image: np.ndarray) -> dict[str, tuple[object, str]]:
    return {"shape": ([3, *image.shape[:2]], "int"), "data": (image.transpose(2, 0, 1).tobytes(), "byte")}


def _progressive(damaged: str) -> Maker:
    def make(folder: Path) -> Path:
        for level, step in ((2, 3), (3, 1)):
            small = images()[:, ::step, ::step]
            written(folder / "set" / f"set-r{level:02d}.tfrecords", [_pixels(image) for image in small])
        put(folder / "set" / "set-rxx.labels", npy(np.eye(3, dtype=np.float32)[KINDS]))
        return folder / "set" / damaged

    return make


def _example(example: dict[str, tuple[object, str]]) -> Maker:
    """The message of one record alone, which is framed later."""

    def make(folder: Path) -> Path:
        path = written(folder / "set.tfrecord", [example])
        return put(path, path.read_bytes()[12:-4])

    return make


def framed(content: bytes) -> bytes:
    """A TFRecord file of one record three times, whose checksums are right whatever the record holds."""
    from crc32c import crc32c

    def checked(data: bytes) -> bytes:
        crc = crc32c(data)
        return data + struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)

    return (checked(struct.pack("<Q", len(content))) + checked(content)) * 3


RECORDS: dict[str, Maker] = {
    "parquet": _parquet,
    "parquet, plain": _plain_parquet,
    "parquet, packed": _packed_parquet,
    "parquet of datasets": _hub_parquet,
    "folder of parquet": _parquet_folder,
    "save_to_disk": _saved("*.arrow"),
    "state.json": _saved("state.json"),
    "dataset_info.json": _saved("dataset_info.json"),
    "save_to_disk's splits": _saved_splits("train/*.arrow"),
    "dataset_dict.json": _saved_splits("dataset_dict.json"),
    "arrow": _arrow_file,
    "webdataset": _webdataset,
    "folder of shards": _shards,
    "pattern of shards": _shards,
    "lmdb": _lmdb,
    "lsun": _lsun,
    "lmdb of two sizes": _sized,
    "tfrecord": _tfrecord,
    "tfrecord, checksums right": _example(_examples()[0]),
    "tfds": _tfds("cats-train.tfrecord-00000-of-00001"),
    "label.labels.txt": _tfds("label.labels.txt"),
    "progressive GAN": _progressive("set-r03.tfrecords"),
    "progressive GAN's labels": _progressive("set-rxx.labels"),
    "progressive GAN, checksums right": _example(_pixels(images()[0])),
}
