"""CIFAR-100's two labels; and CIFAR's Python version, which is not read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from samples_of_formats import named, refused, rows

from advnets.data import open_table

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 3, 32, 32), np.uint8)
COARSE, FINE = np.arange(60) % 20, np.arange(60) * 7 % 100


def batch(some: slice) -> bytes:
    labels = np.stack([COARSE, FINE], 1).astype(np.uint8)
    return np.concatenate([labels[some], IMAGES[some].reshape(len(IMAGES[some]), -1)], 1).tobytes()


@pytest.fixture
def cifar100(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    (folder / "train.bin").write_bytes(batch(slice(0, 50)))
    (folder / "test.bin").write_bytes(batch(slice(50, 60)))
    for which, count in (("fine", 100), ("coarse", 20)):
        (folder / f"{which}_label_names.txt").write_text("".join(f"{which}_{n}\n" for n in range(count)))
    return folder


def test_each_image_has_a_fine_and_a_coarse_label(cifar100: Path) -> None:
    for source in (cifar100, cifar100.parent):
        table = open_table(source)
        assert np.array_equal(table.values, IMAGES)
        assert named(table) == [f"fine_{number}" for number in FINE]
        assert rows(table) == [40, 10, 10]
        assert table.notes[0] == "classes are fine; --labels coarse takes coarse"
    assert named(open_table(cifar100, labels="coarse")) == [f"coarse_{number}" for number in COARSE]
    assert "no column 'course' of labels; columns are: fine, coarse" in refused(cifar100, labels="course")


def test_one_batch_has_the_names_that_lie_beside_it(cifar100: Path) -> None:
    assert named(open_table(cifar100 / "test.bin")) == [f"fine_{number}" for number in FINE[50:]]
    (cifar100 / "fine_label_names.txt").write_text("apple\n")
    assert named(open_table(cifar100 / "test.bin")) == [str(number) for number in FINE[50:]]


def test_a_batch_that_breaks_off_is_one_line(cifar100: Path) -> None:
    (cifar100 / "train.bin").write_bytes(batch(slice(0, 50))[:-1])
    assert "train.bin: not a whole CIFAR-100 batch (3074 bytes an image)" in refused(cifar100)
    assert "not a source of images" in refused(cifar100 / "train.bin")
    lying = bytearray(batch(slice(0, 50)))
    lying[3074] = 20  # of 20 coarse labels
    (cifar100 / "train.bin").write_bytes(lying)
    assert "train.bin: not a whole CIFAR-100 batch" in refused(cifar100)


class Trap:
    """Would leave a trace if anything unpickled it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("trapped"),)  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_python_version_is_never_read(protocol: int, tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": Trap()}, protocol))
    for source in (folder, tmp_path, folder / "data_batch_1"):
        assert "CIFAR's Python version, pickles" in refused(source)
        assert "take the binary version, cifar-10-binary.tar.gz" in refused(source)
    (tmp_path / "other.pkl").write_bytes(pickle.dumps([Trap()], protocol))
    assert "other.pkl: a pickle, which is never read" in refused(tmp_path / "other.pkl")
    assert not Path("trapped").exists()
