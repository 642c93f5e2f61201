"""Parquet files of images, as pyarrow and the package datasets write them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Image, Sequence, Value
from encoded_samples import KINDS, classes_of, expected, photos, png

from advnets.data import archive, open_table
from advnets.errors import DataError


def by_datasets(**more: object) -> Dataset:
    """The ten photos as the package datasets has them."""
    files = photos()
    columns = {
        "image": [{"bytes": content, "path": name} for name, content in files.items()],
        "label": [KINDS.index(name.split("/")[0]) for name in files],
    }
    features = Features({"image": Image(), "label": ClassLabel(names=list(KINDS))})
    for name, (values, feature) in more.items():
        columns[name], features[name] = values, feature
    return Dataset.from_dict(columns, features)


def plain(path: Path, rows: int = 10, **more: object) -> Path:
    """A table of plain bytes."""
    images = list(photos().values())[:rows]
    pq.write_table(pa.table({"jpg": images, **more}), path, row_group_size=3)
    return path


def test_a_set_on_the_hub_has_the_folders_fingerprint(tmp_path: Path) -> None:
    by_datasets().to_parquet(tmp_path / "set.parquet")
    table = open_table(tmp_path / "set.parquet")
    assert (table.skipped, table.notes, table.classes) == ((), (), KINDS)
    assert table.fingerprint == expected(tmp_path).fingerprint


def test_plain_bytes_are_images_too(tmp_path: Path) -> None:
    kinds = [name.split("/")[0] for name in photos()]
    table = open_table(plain(tmp_path / "set.parquet", kind=kinds, age=range(10), digest=[b"no image"] * 10))
    assert classes_of(table) == kinds
    assert table.vectors is not None
    assert (table.columns, table.vectors[:, 0].tolist()) == (("age",), list(range(10)))
    assert table.notes[0] == "column digest is left out: binary"
    assert (table.values == expected(tmp_path).values).all()


def test_other_columns_are_conditions_or_left_out_by_name(tmp_path: Path) -> None:
    table = by_datasets(
        size=([[n, 2 * n] for n in range(10)], Sequence(Value("float32"))),
        unknown=([-1 if n == 0 else n % 2 for n in range(10)], ClassLabel(names=["no", "yes"])),
        pages=([[{"bytes": png(0), "path": None}]] * 10, Sequence(Image())),
        caption=([f"number {n}" for n in range(10)], Value("string")),
    )
    table.to_parquet(tmp_path / "set.parquet")
    opened = open_table(tmp_path / "set.parquet")
    assert opened.columns == ("size[0]", "size[1]", "unknown")
    assert opened.vectors is not None
    assert opened.vectors[2].tolist() == [2, 4, 0]
    assert any(note.startswith("column pages is left out: list<") for note in opened.notes)
    assert "column caption is left out: texts" in opened.notes
    by_unknown = open_table(tmp_path / "set.parquet", labels="unknown")
    assert (classes_of(by_unknown)[:3], by_unknown.classes) == (["", "yes", "no"], ("no", "yes"))


@pytest.mark.parametrize(("first", "second"), [("image", "mask"), ("photo", "mask")])
def test_of_several_columns_image_is_taken_or_one_is_asked_for(tmp_path: Path, first: str, second: str) -> None:
    images = list(photos().values())
    pq.write_table(pa.table({second: images[::-1], first: images}), tmp_path / "set.parquet")
    if first == "image":
        table = open_table(tmp_path / "set.parquet")
        assert (table.values == expected(tmp_path).values).all()
        assert table.notes == ("column mask is left out: images",)
    else:
        with pytest.raises(DataError, match=r"several columns of images \(mask, photo\); keep one of them, or call"):
            open_table(tmp_path / "set.parquet")


def test_images_that_are_paths_lie_beside_the_file(tmp_path: Path) -> None:
    whole = expected(tmp_path)
    names = [*photos(), "../outside.png", "cat/none.png"]
    (tmp_path / "outside.png").write_bytes(png(99))
    column = [{"bytes": None, "path": name} for name in names] + [None]
    pq.write_table(pa.table({"image": column}), tmp_path / "as folder" / "photos" / "set.parquet")
    table = open_table(tmp_path / "as folder" / "photos" / "set.parquet")
    assert table.fingerprint == whole.fingerprint
    assert [str(each) for each in table.skipped] == [
        "../outside.png: a path that leaves the folder of its file",
        "cat/none.png: cannot be read (No such file or directory)",
        "set.parquet#12: a row without an image",
    ]
    (tmp_path / "as folder" / "photos" / "cat" / "none.png").write_bytes(png(20))
    assert len(open_table(tmp_path / "as folder" / "photos" / "set.parquet")) == 11


def test_a_folder_of_parquet_files_has_splits(tmp_path: Path) -> None:
    (tmp_path / "set" / "data").mkdir(parents=True)
    (tmp_path / "set" / "README.md").write_text("words")
    parts = {"train-00000-of-00002": (0, 4), "train-00001-of-00002": (4, 7), "validation-00000-of-00001": (7, 10)}
    for name, (first, last) in parts.items():
        by_datasets().select(range(first, last)).to_parquet(tmp_path / "set" / "data" / f"{name}.parquet")
    table = open_table(tmp_path / "set")
    assert (table.values == expected(tmp_path).values).all()
    assert table.rows("valid").tolist() == [7, 8, 9]
    assert table.format == "parquet files of images"
    assert len(open_table(tmp_path / "set" / "data" / "train-*")) == 7


def test_damage_is_one_line_or_told_by_name(tmp_path: Path) -> None:
    path = plain(tmp_path / "set.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(
        DataError, match=r"set\.parquet: not a readable parquet file \(.*\); download or write it again"
    ):
        open_table(path)
    middle = content.index(png(4)[50:100])
    path.write_bytes(content[:middle] + bytes(300) + content[middle + 300 :])
    table = open_table(path)
    assert 2 <= len(table) < 10
    assert table.skipped


def test_a_file_that_declares_far_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "set.parquet"
    pq.write_table(pa.table({"image": [png(n) + bytes(1 << 18) for n in range(20)]}), path, compression="zstd")
    assert len(open_table(path)) == 20
    monkeypatch.setattr(archive, "SMALL_BYTES", 1 << 20)
    with pytest.raises(DataError, match="refused, it unpacks to more than"):
        open_table(path, labels="none")


def test_a_table_without_images_is_none_of_these(tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": np.arange(5), "name": list("abcde")}), tmp_path / "set.parquet")
    with pytest.raises(DataError, match="not a source of images"):
        open_table(tmp_path / "set.parquet")


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path / "set.parquet")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DataError, match=r"parquet files need the package pyarrow, .*pip install 'advnets\[data\]'"):
        open_table(path)
