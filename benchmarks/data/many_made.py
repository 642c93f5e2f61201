"""Many small images made from real ones, as WebDataset's shards and as parquet files.

Digits of MNIST, and where the environment says where they lie the photographs of CIFAR-10 (ADVNETS_CIFAR10, the folder
of its binary files) and the emoji (ADVNETS_EMOJI, an .npz with `x`): each is shifted by up to four pixels, mirrored
or not (digits never) and given a brightness and a contrast of its own, so that no two are alike. All are PNG, 32 x 32
in color, with a class of 10, 20 or 21.
"""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data import open_table

SIDE, SHIFT = 32, 4
Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Real:
    """Real images of a kind.

    Args:
        name: what they are.
        images: uint8, N x 32 x 32 x 3.
        classes: int64, N.
        mirrored: whether they may be mirrored.
    """

    name: str
    images: Images
    classes: NDArray[np.int64]
    mirrored: bool


def real_images() -> list[Real]:
    """The kinds that are at hand, their classes numbered one after the other."""
    digits = open_table("mnist", progress=False)
    assert digits.labels is not None
    gray = np.pad(digits.values[:, 0], ((0, 0), (2, 2), (2, 2)))
    found = [Real("digits of MNIST", np.repeat(gray[..., None], 3, 3), digits.labels, False)]
    if folder := os.environ.get("ADVNETS_CIFAR10"):
        photographs = open_table(folder, progress=False)
        assert photographs.labels is not None
        found.append(
            Real("photographs of CIFAR-10", photographs.values.transpose(0, 2, 3, 1), 10 + photographs.labels, True)
        )
    if file := os.environ.get("ADVNETS_EMOJI"):
        emoji = np.load(file)["x"]
        found.append(Real("emoji", emoji, np.full(len(emoji), 20), True))
    return found


def made(kinds: list[Real], first: int, count: int) -> Iterator[tuple[bytes, int]]:
    """PNG files and classes of images number `first` and on: the same whatever was made before."""
    rng = np.random.default_rng([7, first])
    for number in range(first, first + count):
        kind = kinds[number % len(kinds)]
        row, (down, right) = rng.integers(len(kind.images)), rng.integers(0, 2 * SHIFT + 1, 2)
        padded = np.pad(kind.images[row], ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), "edge")
        image = padded[down : down + SIDE, right : right + SIDE].astype(np.float32)
        image = image[:, ::-1] if kind.mirrored and rng.random() < 0.5 else image
        image = np.clip(image * rng.uniform(0.6, 1.3, 3) + rng.uniform(-30, 30), 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(image)).save(file, "PNG", compress_level=1)
        yield file.getvalue(), int(kind.classes[row])


def write_shard(path: Path, kinds: list[Real], first: int, count: int) -> None:
    """A tar of WebDataset: an image and its class a sample."""
    with tarfile.open(path, "w") as archive:
        for number, (png, label) in enumerate(made(kinds, first, count), first):
            for name, content in ((f"{number:08d}.png", png), (f"{number:08d}.cls", str(label).encode())):
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(content), int(time.time())
                archive.addfile(info, io.BytesIO(content))


def write_parquet(path: Path, kinds: list[Real], first: int, count: int) -> None:
    """A parquet file as on Hugging Face's hub: images as {bytes, path}, and their classes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, _schema(pa)) as writer:
        for number, (png, label) in enumerate(made(kinds, first, count), first):
            rows.append({"image": {"bytes": png, "path": f"{number:08d}.png"}, "label": label})
            if len(rows) == 1000:
                writer.write_table(pa.Table.from_pylist(rows, _schema(pa)))
                rows = []
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, _schema(pa)))


def _schema(pa: Any) -> Any:
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.schema([("image", image), ("label", pa.int64())])


def write(folder: Path, count: int, a_shard: int) -> list[Real]:
    """Both kinds below a folder, in `webdataset` and `parquet`, and what they are made of; what is there stays."""
    kinds = real_images()
    for name, ending, make in (("webdataset", "tar", write_shard), ("parquet", "parquet", write_parquet)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, first in enumerate(range(0, count, a_shard)):
            path = folder / name / f"{number:06d}.{ending}"
            if not path.exists():
                make(aside := path.with_suffix(".part"), kinds, first, min(a_shard, count - first))
                aside.replace(path)
    return kinds
