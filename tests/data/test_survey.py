"""A survey says of made-up data what was put into them, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from data_samples import save_images
from PIL import Image

from advnets.data import Survey, open_points, open_table, survey


@pytest.fixture
def photos(tmp_path: Path, emoji: np.ndarray) -> Path:
    """60 cats, 12 dogs and an owl of 32 x 32, some of them copied, nearly copied, large, white, broken or empty."""
    folder = tmp_path / "photos"
    save_images(folder / "cat", emoji[:60])
    save_images(folder / "dog", emoji[100:110])
    Image.fromarray(emoji[3]).save(folder / "dog" / "cat3.png")  # the same image in another class
    Image.fromarray(emoji[5]).save(folder / "cat" / "copy5.bmp")
    Image.fromarray(emoji[5]).save(folder / "cat" / "another5.png")
    Image.fromarray((emoji[8] // 8 * 7 + 12).astype(np.uint8)).save(folder / "cat" / "nearly8.png")
    Image.fromarray(emoji[200]).resize((320, 64)).save(folder / "dog" / "wide.png")
    Image.new("RGB", (32, 32), "white").save(folder / "dog" / "white.png")
    save_images(folder / "owl", emoji[300:301])
    (folder / "cat" / "empty.png").write_bytes(b"")
    for name, length in (("half.png", 300), ("less.png", 200)):
        (folder / "cat" / name).write_bytes((folder / "cat" / "0001.png").read_bytes()[:length])
    return folder


@pytest.fixture
def found(photos: Path) -> Survey:
    return survey(open_table(photos, size=32, progress=False), progress=False)


def test_classes_are_counted_and_tiny_ones_named(found: Survey) -> None:
    assert {name: sum(counts.values()) for name, counts in found.classes.items()} == {"cat": 63, "dog": 13, "owl": 1}
    assert set(found.tiny) >= {"dog", "owl"}
    assert (found.empty, found.unlabeled) == ([], 0)


def test_classes_that_nothing_is_of_are_empty_and_not_tiny(emoji: np.ndarray) -> None:
    from dataclasses import replace

    table = open_table((emoji[:20], np.arange(20) % 2), progress=False)
    assert table.labels is not None
    labels = np.where(table.labels == 0, 0, -1)
    found = survey(replace(table, classes=("some", "none"), labels=labels), progress=False)
    assert (found.empty, found.tiny, found.unlabeled) == (["none"], ["some"], 10)


def test_sizes_are_those_of_the_files(found: Survey) -> None:
    sizes = found.sizes
    assert sizes is not None
    assert (sizes.smallest, sizes.largest, sizes.distinct) == ((32, 32), (64, 320), 2)
    assert sizes.frequent == (((32, 32), 76), ((64, 320), 1))
    assert sizes.aspects == (1, 1, 5)


def test_files_left_out_are_told_by_reason(found: Survey) -> None:
    assert [(each.reason, len(each.files)) for each in found.left_out] == [
        ("broken or truncated", 2), ("empty file", 1),
    ]  # fmt: skip


def test_copies_are_sets_of_names(found: Survey) -> None:
    sets = [sorted(found.name(row) for row in rows) for rows in found.copies.sets]
    assert sorted(sets) == [["cat/0003.png", "dog/cat3.png"], ["cat/0005.png", "cat/another5.png", "cat/copy5.bmp"]]
    assert (found.copies.extra, found.copies.other_class) == (3, 1)
    assert sum(found.copies.across.values()) == 0  # splits by content keep copies together


def test_copies_across_published_splits_are_counted(emoji: np.ndarray) -> None:
    from dataclasses import replace

    images = np.concatenate([emoji[:20], emoji[:3], emoji[40:42]])
    table = open_table(images, progress=False)
    splits = {"train": np.arange(20), "valid": np.arange(20, 22), "test": np.arange(22, 25)}
    assert survey(replace(table, splits=splits), progress=False).copies.across == {"valid": 2, "test": 1}


def test_a_darker_copy_is_a_near_duplicate(found: Survey) -> None:
    alike = found.alike
    assert alike is not None
    pairs = [sorted(found.name(row) for row in rows) for rows in alike.pairs.rows.tolist()]
    assert ["cat/0008.png", "cat/nearly8.png"] in pairs
    assert alike.images == len({name for pair in pairs for name in pair})


def test_the_strangest_come_first_and_copies_once(found: Survey) -> None:
    assert found.looks is not None
    assert found.name(int(found.first(-found.looks.means, 1)[0])) == "dog/white.png"
    assert [found.name(row) for row in found.flat] == ["dog/white.png"]
    assert found.origins is not None
    lost = found.origins.cut_off(found.table.shape)
    assert [found.name(row) for row in found.first(-lost, 5, beyond=0.0)] == ["dog/wide.png"]
    assert len(found.first(found.looks.means, 100)) == 77 - 3


def test_as_plain_values_it_is_json(found: Survey) -> None:
    said = json.loads(json.dumps(found.as_dict()))
    assert said["shape"] == [3, 32, 32]
    assert sum(said["splits"].values()) == said["examples"] == 77
    assert said["stored"]["kinds"] == {"PNG, color, 8 bits": 76, "BMP, color, 8 bits": 1}
    assert said["stored"]["sizes"]["largest"] == [64, 320]
    assert said["near"]["closest"][0]["correlation"] >= 0.99
    assert said["left_out"][1]["files"] == ["cat/empty.png: empty file"]
    assert said["flat"] == ["dog/white.png"]


def test_conditions_are_described_column_by_column(emoji: np.ndarray) -> None:
    vectors = np.random.default_rng(0).normal([0, 5], [1, 3], (20, 2))
    columns = survey(open_table((emoji[:20], vectors), progress=False), progress=False).columns
    assert [column.name for column in columns] == ["0", "1"]
    assert [column.mean for column in columns] == pytest.approx(vectors.mean(0).tolist(), rel=1e-5)
    assert [column.deviation for column in columns] == pytest.approx(vectors.std(0).tolist(), rel=1e-5)
    assert [column.greatest for column in columns] == pytest.approx(vectors.max(0).tolist(), rel=1e-5)


def test_points_have_columns_and_no_looks() -> None:
    found = survey(open_points("ring"), progress=False)
    assert [column.deviation for column in found.columns] == pytest.approx([2**0.5] * 2, rel=0.01)
    assert (found.looks, found.alike, found.sizes, found.copies.extra) == (None, None, None, 0)
    assert "near" not in found.as_dict()
