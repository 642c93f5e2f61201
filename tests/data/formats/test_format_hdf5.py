"""HDF5 by BigGAN and by others, MATLAB 7.3's among it; nothing outside the file is read, and nothing is trusted."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from samples_of_formats import damage, most_memory, named, nchw, refused, rows

from advnets.data import hdf5, open_table


def test_biggans_file(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    with h5py.File(tmp_path / "ILSVRC128.hdf5", "w") as file:  # as its make_hdf5.py writes it
        size = (len(color), 3, 16, 12)
        file.create_dataset("imgs", size, np.uint8, chunks=(16, 3, 16, 12), maxshape=size, data=nchw(color))
        file.create_dataset("labels", (len(color),), np.int64, chunks=(16,), maxshape=(len(color),), data=numbers)
    table = open_table(tmp_path / "ILSVRC128.hdf5")
    assert np.array_equal(table.values, nchw(color))
    assert named(table) == [str(number) for number in numbers]
    assert table.format == "an HDF5 file of images"


@pytest.mark.parametrize(
    "packed", [{}, {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"compression": "lzf"}]
)
def test_groups_may_be_splits(packed: dict, tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        for part, some in (("train", slice(0, 30)), ("val", slice(30, 34)), ("test", slice(34, 40))):
            file.create_dataset(f"{part}/image", data=color[some], chunks=(4, 16, 12, 3), **packed)
            file[f"{part}/label"] = numbers[some]
        file["class_names"] = [f"kind {number}" for number in range(10)]
    table = open_table(tmp_path / "a.h5")
    assert np.array_equal(table.values, nchw(color))
    assert rows(table) == [30, 4, 6]
    assert named(table) == [f"kind {number}" for number in numbers]


def test_pcam_has_its_labels_in_another_file(tmp_path: Path, color: np.ndarray) -> None:
    tumor = np.arange(40, dtype=np.uint8) % 2
    parts = {"train": slice(0, 30), "valid": slice(30, 34), "test": slice(34, 40)}
    for part, some in parts.items():
        for kind, values in (("x", color[some]), ("y", tumor[some].reshape(-1, 1, 1, 1))):
            with h5py.File(tmp_path / f"camelyonpatch_level_2_split_{part}_{kind}.h5", "w") as file:
                file[kind] = values
    table = open_table(tmp_path)
    assert np.array_equal(table.values, nchw(color))
    assert rows(table) == [30, 4, 6]
    assert named(table) == [str(number) for number in tumor]
    one = open_table(tmp_path / "camelyonpatch_level_2_split_test_x.h5")
    assert named(one) == [str(number) for number in tumor[34:]]


def test_labels_may_be_texts_of_any_length(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"], file["labels"] = color, ["é" * (number + 1) for number in numbers]
    assert named(open_table(tmp_path / "a.h5")) == ["é" * (number + 1) for number in numbers]
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["images"], file["labels"] = color, ["long " * 100 for _ in numbers]
    assert "labels holds texts of up to 500 bytes" in refused(tmp_path / "b.h5")
    assert refused(tmp_path / "b.h5", labels="none") == ""


@pytest.mark.parametrize("last", [True, False])
def test_matlab_73_stores_axes_in_reverse(last: bool, tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    images = color.transpose(1, 2, 3, 0) if last else color  # H x W x C x N, or N x H x W x C, as MATLAB sees them
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file.create_dataset("X", data=images.T, chunks=True, compression="gzip").attrs["MATLAB_class"] = np.bytes_(
            "uint8"
        )
        file.create_dataset("y", data=numbers[None] + 1.0).attrs["MATLAB_class"] = np.bytes_("double")
    with (tmp_path / "a.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    table = open_table(tmp_path / "a.mat")
    assert np.array_equal(table.values, nchw(color))
    assert named(table) == [str(number + 1) for number in numbers]


def test_what_lies_outside_the_file_is_not_followed(tmp_path: Path, color: np.ndarray) -> None:
    with h5py.File(tmp_path / "there.h5", "w") as file:
        file["x"] = color
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["x"] = h5py.ExternalLink("there.h5", "x")
    with h5py.File(tmp_path / "view.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout(color.shape, np.uint8)
        layout[:] = h5py.VirtualSource("there.h5", "x", color.shape)
        file.create_virtual_dataset("x", layout)
    (tmp_path / "raw").write_bytes(color.tobytes())
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file.create_dataset("x", color.shape, np.uint8, external=[(str(tmp_path / "raw"), 0, color.nbytes)])
    assert "x is a link to another file, which is not followed" in refused(tmp_path / "link.h5")
    for name in ("view.h5", "raw.h5"):
        assert "x lies in other files, which are not followed" in refused(tmp_path / name)


def test_what_a_file_declares_is_checked_before_it_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_dataset("x", (10**7, 64, 64), np.uint8, chunks=(1, 64, 64))
    with h5py.File(tmp_path / "few.h5", "w") as file:
        file.create_dataset("x", (10**7, 64, 64), np.uint8, chunks=(1, 64, 64))[0] = 1
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file.create_dataset("x", (2, 2**15, 2**15), np.uint8, chunks=(2, 2**15, 2**15), compression="gzip")
        file["x"].id.write_direct_chunk((0, 0, 0), b"x" * 100)
    before = most_memory()
    assert "x was never written" in refused(tmp_path / "empty.h5")
    assert "far beyond its size" in refused(tmp_path / "few.h5")
    assert refused(tmp_path / "large.h5")
    assert most_memory() - before < 64 << 20


def test_a_chunk_that_unpacks_beyond_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib

    monkeypatch.setattr(hdf5, "SMALL_BYTES", 1 << 20)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (8, 16, 16), np.uint8, chunks=(8, 16, 16), compression="gzip")
        file["x"].id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(10 << 20)))
        file.create_dataset("good", (8, 16, 16), np.uint8, chunks=(8, 16, 16), compression="gzip")
        file["good"].id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(2048)) + bytes(2000))
    assert "x has a chunk that may unpack far beyond its size" in refused(f"{tmp_path / 'a.h5'}:x")
    assert refused(f"{tmp_path / 'a.h5'}:good") == ""


def test_other_filters_packed_files_and_objects_are_one_line(tmp_path: Path, color: np.ndarray) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=color.astype(np.int32), chunks=True, scaleoffset=0)
        file["refs"] = h5py.Empty("f")
    assert "packed by HDF5's filter 6, which is not read; pack it by gzip" in refused(tmp_path / "a.h5")
    import gzip

    (tmp_path / "a.h5.gz").write_bytes(gzip.compress((tmp_path / "a.h5").read_bytes()))
    assert "a packed HDF5 file" in refused(tmp_path / "a.h5.gz")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["only"] = 3
    assert "no images among only (a number)" in refused(tmp_path / "b.h5")


def test_damaged_files_are_read_or_one_line(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    with h5py.File(tmp_path / "good.h5", "w", libver="latest") as file:
        file.create_dataset("train/x", data=color[:6], chunks=(4, 16, 12, 3), compression="gzip", shuffle=True)
        file["train/y"] = [f"kind {number}" for number in numbers[:6]]
    good, path, before = (tmp_path / "good.h5").read_bytes(), tmp_path / "a.h5", most_memory()
    said = []
    for seed in range(40):
        path.write_bytes(damage(good, seed))
        said.append(refused(path))
    assert sum(map(bool, said)) > 10
    assert most_memory() - before < 256 << 20
