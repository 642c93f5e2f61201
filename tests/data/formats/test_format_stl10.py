"""STL-10: column order, labels from 1, and what has no label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from samples_of_formats import named, refused, rows

from advnets.data import open_table

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 3, 96, 96), np.uint8)
LABELS = np.arange(30) * 3 % 10
PARTS = {"train": slice(0, 10), "unlabeled": slice(10, 24), "test": slice(24, 30)}
CLASSES = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]


@pytest.fixture
def stl10(tmp_path: Path) -> Path:
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    for part, some in PARTS.items():
        (folder / f"{part}_X.bin").write_bytes(IMAGES[some].transpose(0, 1, 3, 2).tobytes())  # column by column
        if part != "unlabeled":
            (folder / f"{part}_y.bin").write_bytes((LABELS[some] + 1).astype(np.uint8).tobytes())
    (folder / "class_names.txt").write_text("\n".join(CLASSES) + "\n")
    (folder / "fold_indices.txt").write_text("0 1 2\n3 4 5\n")
    return folder


def test_images_are_upright_and_those_without_a_label_are_for_training(stl10: Path) -> None:
    for source in (stl10, stl10.parent):
        table = open_table(source, holdout=0.0)
        assert np.array_equal(table.values, IMAGES)
        assert rows(table) == [24, 0, 6]
        assert np.array_equal(table.rows("test"), np.arange(24, 30))
        labeled = [CLASSES[number] for number in LABELS]
        assert named(table) == labeled[:10] + [""] * 14 + labeled[24:]
        note = table.notes[0]
        assert note.startswith("14 images without a label are for training, too; ")
        assert note.endswith(":labeled leaves them out")


def test_those_without_a_label_can_be_left_out(stl10: Path) -> None:
    table = open_table(f"{stl10}:labeled", holdout=0.0)
    assert rows(table) == [10, 0, 6]
    assert (len(table), [note for note in table.notes if "label" in note]) == (16, [])
    assert "no part 'labelled'; STL-10 has one, labeled" in refused(f"{stl10}:labelled")


def test_one_file_has_the_labels_that_lie_beside_it(stl10: Path) -> None:
    assert named(open_table(stl10 / "test_X.bin")) == [CLASSES[number] for number in LABELS[24:]]
    assert open_table(stl10 / "unlabeled_X.bin").labels is None


def test_damage_is_one_line(stl10: Path) -> None:
    (stl10 / "test_y.bin").write_bytes(bytes([1, 2, 3]))
    assert "test_y.bin: not a label from 1 to 10 for each of 6 images" in refused(stl10)
    (stl10 / "test_y.bin").write_bytes(bytes([0] * 6))
    assert "test_y.bin: not a label from 1 to 10" in refused(stl10)
    assert refused(stl10, labels="none") == ""
    (stl10 / "train_X.bin").write_bytes(IMAGES[:10].tobytes()[:-5])
    assert "train_X.bin: not whole (27,648 bytes an image)" in refused(stl10)
