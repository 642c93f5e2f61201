"""MATLAB 5 files, SVHN's and the Olivetti faces among them; SciPy, which writes them here, is asked what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples_of_formats import damage, most_memory, named, nchw, refused, rows
from scipy.io import loadmat, savemat

from advnets.data import open_table
from advnets.data.matlab import list_variables, read_variable


@pytest.mark.parametrize("packed", [True, False])
def test_every_type_of_numbers_is_read_as_scipy_reads_it(packed: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    types = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "?"]
    arrays: dict[str, Any] = {f"of_{name}": rng.integers(0, 100, (3, 4, 5)).astype(name) for name in types}
    arrays |= {
        "short": np.array([[7]], np.uint8),
        "none": np.zeros((0, 3)),
        "text": "words",
        "cells": np.array([1, "a"], object),
    }
    arrays |= {"complex": np.ones((2, 2)) * 1j, "fields": {"a": 1}}
    path = tmp_path / "a.mat"
    savemat(path, arrays, do_compression=packed)
    variables, expected = list_variables(path), loadmat(path)
    assert {name for name, each in variables.items() if not each.kind} == {"text", "cells", "complex", "fields"}
    for name in [*(f"of_{each}" for each in types), "short"]:
        for axis in range(len(variables[name].shape)):
            found = np.concatenate(list(read_variable(path, variables[name], axis)), axis if name == "short" else -1)
            assert np.array_equal(found, expected[name]), name
            assert variables[name].stored == expected[name].dtype, name
    assert variables["of_?"].kind == "logical"
    assert variables["none"].shape == (0, 3)


@pytest.mark.parametrize("kind", [np.uint8, float])
@pytest.mark.parametrize("order", [(1, 2, 3, 0), (0, 1, 2, 3), (0, 3, 1, 2)])
def test_the_axis_of_images_is_told_apart(
    order: tuple[int, ...], kind: type, tmp_path: Path, color: np.ndarray, numbers: np.ndarray
) -> None:
    images = color if kind is np.uint8 else color / 255
    savemat(tmp_path / "a.mat", {"images": images.transpose(order), "labels": numbers[:, None] + 1.0})
    table = open_table(tmp_path / "a.mat")
    assert np.array_equal(table.values, nchw(color))
    assert named(table) == [str(number + 1) for number in numbers]


@pytest.mark.parametrize("order", [(1, 2, 0), (0, 1, 2)])
def test_of_gray_images_the_labels_tell_or_the_sides(order: tuple[int, ...], tmp_path: Path, color: np.ndarray) -> None:
    gray = color[..., 0]
    savemat(tmp_path / "a.mat", {"images": gray.transpose(order), "y": np.arange(40.0)})
    savemat(tmp_path / "b.mat", {"images": gray[:, :12].transpose(order)})
    assert np.array_equal(open_table(tmp_path / "a.mat").values, nchw(gray))
    assert np.array_equal(open_table(tmp_path / "b.mat").values, nchw(gray[:, :12]))
    savemat(tmp_path / "c.mat", {"images": gray.transpose(order)})
    said = refused(tmp_path / "c.mat")
    assert "nothing tells whether its first or last axis counts images; save it with numpy.save" in said


def svhn(path: Path, images: np.ndarray, digits: np.ndarray) -> None:
    """A file as SVHN's "Format 2" has it."""
    labels = np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]
    savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": labels}, do_compression=True)


def test_svhn_has_upright_images_and_its_tens_are_zeros(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), np.uint8)
    digits = np.arange(50) * 3 % 10
    parts = {"train": slice(0, 20), "extra": slice(20, 40), "test": slice(40, 50)}
    for part, some in parts.items():
        svhn(tmp_path / f"{part}_32x32.mat", images[some], digits[some])
    table = open_table(tmp_path)
    assert np.array_equal(table.values, nchw(images))
    assert table.classes == tuple("0123456789")
    assert named(table) == [str(digit) for digit in digits]
    assert np.array_equal(table.rows("test"), np.arange(40, 50))
    assert table.notes == ("20 images of extra_32x32.mat are for training, too",)
    (tmp_path / "extra_32x32.mat").unlink()
    assert sum(rows(open_table(tmp_path))) == 30
    assert named(open_table(tmp_path / "train_32x32.mat")) == [str(digit) for digit in digits[:20]]


def test_what_is_not_svhns_is_refused_under_its_name(tmp_path: Path) -> None:
    images = np.zeros((20, 32, 32, 3), np.uint8)
    svhn(tmp_path / "train_32x32.mat", images, np.arange(20))
    assert "labels from 1 to 19, where SVHN's are 1 to 10" in refused(tmp_path)
    svhn(tmp_path / "train_32x32.mat", images[:, :16], np.arange(20))
    assert "not SVHN's cropped digits" in refused(tmp_path)


def test_the_olivetti_faces_are_upright_with_who_is_on_them(tmp_path: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 243, (400, 64, 64), np.uint8)
    columns = faces.transpose(0, 2, 1).reshape(400, -1).T  # each a face, column by column
    savemat(tmp_path / "olivettifaces.mat", {"faces": columns.astype(float)})
    table = open_table(tmp_path / "olivettifaces.mat")
    assert np.array_equal(table.values[:, 0], faces)
    assert named(table) == [str(number // 10) for number in range(400)]
    assert table.format == "the Olivetti faces"


def test_what_an_array_declares_is_checked_before_it_is_read(tmp_path: Path, color: np.ndarray) -> None:
    savemat(tmp_path / "a.mat", {"X": color.transpose(1, 2, 3, 0)})
    good, before = (tmp_path / "a.mat").read_bytes(), most_memory()
    place = good.index(np.array([16, 12, 3, 40], "<i4").tobytes())
    for shape in ([16, 12, 3, 2**31 - 1], [2**30] * 4, [-16, -12, 3, 40], [16, 12, 3, 39]):
        (tmp_path / "a.mat").write_bytes(good[:place] + np.array(shape, "<i4").tobytes() + good[place + 16 :])
        assert "declares" in refused(tmp_path / "a.mat")
    assert most_memory() - before < 64 << 20


@pytest.mark.parametrize("packed", [True, False])
def test_damaged_files_are_read_or_one_line(packed: bool, tmp_path: Path, color: np.ndarray) -> None:
    savemat(tmp_path / "good.mat", {"X": color[:6], "y": np.arange(6.0)}, do_compression=packed)
    good, path = (tmp_path / "good.mat").read_bytes(), tmp_path / "a.mat"
    said = []
    for seed in range(30):
        path.write_bytes(damage(good, seed))
        said.append(refused(path))
    assert sum(map(bool, said)) > 5


def test_files_without_images_are_one_line(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"train0": np.zeros((9, 784), np.uint8)})
    assert "no images among train0 (9 x 784)" in refused(tmp_path / "a.mat")
    savemat(tmp_path / "b.mat", {"I": np.zeros((64, 48, 3), np.uint8)})
    assert "one color image of shape (64, 48, 3)" in refused(tmp_path / "b.mat")
