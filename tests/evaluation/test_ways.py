"""The same samples, handed over in any way, have one figure to the last bit; batches of a program's own are a way."""

from __future__ import annotations

import functools
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
import webdataset
from conditional_runs import digits, eight_by_eight
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.errors import MeasureError
from advnets.evaluation.evaluate import Evaluation

COUNT = 300
METRICS = "frechet,precision,total_variation"


def files() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, image in enumerate(digits().sample(COUNT, 1)):
        file = io.BytesIO()
        Image.fromarray(image[0]).save(file, "PNG")
        found[f"{number:04d}.png"] = file.getvalue()
    return found


def in_npy(path: Path) -> Path:
    np.save(path.with_suffix(".npy"), digits().sample(COUNT, 1))
    return path.with_suffix(".npy")


def in_npz(path: Path) -> Path:
    np.savez_compressed(path.with_suffix(".npz"), samples=digits().sample(COUNT, 1))
    return path.with_suffix(".npz")


def as_floats(path: Path) -> Path:
    np.save(path.with_suffix(".npy"), digits().sample(COUNT, 1)[:, 0] / np.float32(255))
    return path.with_suffix(".npy")


def in_folder(path: Path) -> Path:
    path.mkdir()
    for name, content in files().items():
        (path / name).write_bytes(content)
    return path


def in_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files().items():
            archive.writestr(name, content)
    return path


def in_tar(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files().items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def in_parquet(path: Path) -> Path:
    rows = [{"bytes": content, "path": name} for name, content in files().items()]
    pyarrow.parquet.write_table(pyarrow.table({"image": rows}), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def in_webdataset(path: Path) -> Path:
    with webdataset.TarWriter(str(path.with_suffix(".tar"))) as writer:
        for name, content in files().items():
            writer.write({"__key__": Path(name).stem, "png": content, "cls": 3})
    return path.with_suffix(".tar")


def as_arrays(path: Path) -> Iterator[np.ndarray]:
    yield from np.array_split(digits().sample(COUNT, 1), 7)
    raise AssertionError("a batch that nobody needs was asked for")


def as_tensors(path: Path) -> Iterator[torch.Tensor]:
    batch = torch.empty(50, 1, 8, 8)
    while True:  # one buffer, filled anew: as much of it as is needed is copied before the next batch is asked for
        for part in digits().sample(COUNT, 1).reshape(-1, 50, 1, 8, 8):
            batch.copy_(torch.from_numpy(part) / 255)
            yield batch


WAYS: list[Callable[[Path], object]] = [
    in_npy, in_npz, as_floats, in_folder, in_zip, in_tar, in_parquet, in_webdataset, as_arrays, as_tensors,
]  # fmt: skip


@functools.cache
def evaluated(source: Any) -> Evaluation:
    table = open_table(eight_by_eight(), holdout=0.4, progress=False)
    return advnets.evaluate(source, table, METRICS, COUNT, real="all")


@pytest.mark.parametrize("way", WAYS)
def test_one_figure_to_the_last_bit(way: Callable[[Path], object], tmp_path: Path) -> None:
    expected = evaluated(digits())
    found = evaluated(way(tmp_path / "samples"))
    assert np.array_equal(found.samples, expected.samples)
    assert found.results == expected.results
    assert {**found.of, "step": 60, "seed": 1} == expected.of


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([], "the batches hold no samples"),
        (
            [np.zeros((2, 1, 8, 8)), np.zeros((2, 1, 9, 8))],
            "1 x 9 x 8, after samples of float64, 1 x 8 x 8;",
        ),
        ([3.0], "float is no batch of samples"),
        ([np.float32(3)], "float32 is no batch"),
        ([np.zeros((2, 1, 8, 8), complex)], "samples of type complex128"),
    ],
)
def test_batches_that_are_none_are_one_line(batches: list[object], said: str) -> None:
    with pytest.raises(MeasureError, match=said):
        advnets.evaluate(batches, eight_by_eight()[0], "total_variation", 3)  # type: ignore[arg-type]
