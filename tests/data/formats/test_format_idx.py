"""idx beyond MNIST: EMNIST lies on its side, QMNIST has eight labels, and values may be of any type."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from samples_of_formats import most_memory, named, nchw, refused, rows

from advnets.data import open_table

TYPES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array: np.ndarray) -> bytes:
    kind = array.dtype.str[1:]
    header = bytes([0, 0, TYPES[kind], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(">" + kind).tobytes()


def emnist(folder: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    """A set of EMNIST's, with one test image to five training images."""
    folder.mkdir(exist_ok=True)
    cut = len(images) * 5 // 6
    for part, some in (("train", slice(0, cut)), ("test", slice(cut, None))):
        (folder / f"emnist-{name}-{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(idx(images[some].transpose(0, 2, 1)))
        )
        (folder / f"emnist-{name}-{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels[some])))


def test_emnist_is_turned_upright_and_its_labels_are_letters(tmp_path: Path, color: np.ndarray) -> None:
    gray, labels = color[:36, ..., 0], (np.arange(36) * 5 % 26 + 1).astype(np.uint8)
    folder = tmp_path / "gzip"
    emnist(folder, "letters", gray, labels)
    mapping = folder / "emnist-letters-mapping.txt"
    mapping.write_text("".join(f"{n} {n + 64} {n + 96}\n" for n in range(1, 27)))
    table = open_table(folder)
    assert np.array_equal(table.values[:, 0], gray)
    assert table.classes == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert named(table) == [chr(64 + label) for label in labels]
    assert rows(table) == [25, 5, 6]
    one = open_table(folder / "emnist-letters-test-images-idx3-ubyte.gz")
    assert np.array_equal(one.values[:, 0], gray[30:])
    assert named(one) == [chr(64 + label) for label in labels[30:]]
    mapping.write_text("1 65\n2 66\n")
    assert "emnist-letters-mapping.txt: no character for label" in refused(folder)
    mapping.write_text("one A\n")
    assert "no lines of a label and a character's code" in refused(folder)
    mapping.unlink()
    assert named(open_table(folder)) == [str(label) for label in labels]


def test_which_of_several_sets_is_asked_by_name(tmp_path: Path, color: np.ndarray) -> None:
    gray, labels = color[..., 0], np.zeros(40, np.uint8)
    emnist(tmp_path / "gzip", "letters", gray, labels)
    emnist(tmp_path / "gzip", "digits", gray[::-1], labels)
    said = refused(tmp_path / "gzip")
    assert "several sets, emnist-letters, emnist-digits; say which, as" in said
    for name in ("letters", "emnist-letters"):
        assert np.array_equal(open_table(f"{tmp_path / 'gzip'}:{name}").values[:, 0], gray)
    assert np.array_equal(open_table(f"{tmp_path / 'gzip'}:digits").values[:, 0], gray[::-1])
    assert "no set 'byclass'; sets are: emnist-letters, emnist-digits" in refused(f"{tmp_path / 'gzip'}:byclass")


def test_qmnist_has_eight_numbers_an_image(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    gray = color[..., 0]
    labels = np.stack([numbers, numbers % 4, numbers + 100, *[numbers * 0] * 5], 1).astype(np.int32)
    for part, some in (("train", slice(0, 30)), ("test", slice(30, 40))):
        (tmp_path / f"qmnist-{part}-images-idx3-ubyte").write_bytes(idx(gray[some]))
        (tmp_path / f"qmnist-{part}-labels-idx2-int.gz").write_bytes(gzip.compress(idx(labels[some])))
    table = open_table(tmp_path)
    assert np.array_equal(table.values[:, 0], gray)
    assert named(table) == [str(number) for number in numbers]
    assert rows(table) == [25, 5, 10]
    assert named(open_table(tmp_path, labels="writer")) == [str(number + 100) for number in numbers]
    one = open_table(tmp_path / "qmnist-test-images-idx3-ubyte")
    assert named(one) == [str(number) for number in numbers[30:]]


@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "i4"])
def test_values_of_other_types_and_in_color(kind: str, tmp_path: Path, color: np.ndarray) -> None:
    path = tmp_path / f"a-images-idx4-{kind}"
    images = (color / 255).astype(kind) if kind[0] == "f" else color.astype(kind)
    path.write_bytes(idx(images))
    if kind[0] == "i":
        assert "--range 0:255" in refused(path)
    table = open_table(path, range=None if kind[0] == "f" else "0:255")
    assert np.array_equal(table.values, nchw(color))


def test_what_a_file_declares_is_checked_before_it_is_read(tmp_path: Path, color: np.ndarray) -> None:
    path, before = tmp_path / "a-images-idx3-ubyte", most_memory()
    good = idx(color[..., 0])
    path.write_bytes(good[:4] + np.array([2**32 - 1] * 3, ">u4").tobytes() + good[16:])
    assert "declares (4294967295, 4294967295, 4294967295), far beyond its size" in refused(path)
    path.write_bytes(good)
    labels = tmp_path / "a-labels-idx1-ubyte"
    labels.write_bytes(bytes([0, 0, 8, 1]) + np.array([2**32 - 1], ">u4").tobytes() + bytes(40))
    assert "declares (4294967295,), far beyond its size" in refused(path)
    labels.write_bytes(idx(np.zeros(39, np.uint8)))
    assert "labels of shape (39,)" in refused(path)
    labels.write_bytes(idx(np.zeros(0, np.uint8)))
    assert "labels of shape (0,)" in refused(path)
    assert most_memory() - before < 64 << 20


def test_labels_of_one_set_are_all_single_or_none_is(tmp_path: Path, color: np.ndarray) -> None:
    for part, labels in (("train", np.zeros(30, np.uint8)), ("t10k", np.zeros((30, 8), np.int32))):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx(color[:30, ..., 0]))
        kind = "idx1-ubyte" if labels.ndim == 1 else "idx2-int"
        (tmp_path / f"{part}-labels-{kind}").write_bytes(idx(labels))
    assert "labels of shapes (30,) and (30, 8) for its parts; give as many" in refused(tmp_path)
