"""WebDataset: samples of a tar, their labels, and shards; written by the package webdataset itself."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import webdataset
from encoded_samples import KINDS, classes_of, expected, photos, png

from advnets import Recipe
from advnets.data import open_again, open_table
from advnets.errors import DataError


def shard(path: Path, samples: Iterable[Mapping[str, object]]) -> Path:
    with webdataset.TarWriter(str(path)) as writer:
        for sample in samples:
            writer.write(dict(sample))
    return path


def raw(path: Path, files: Mapping[str, bytes]) -> Path:
    """A tar with names as they are given, which the library's writer does not allow."""
    with tarfile.open(path, "w") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return path


def samples(field: str = "png", **labels: object) -> list[dict[str, object]]:
    """The ten photos in no order, with what is said of each."""
    return [
        {"__key__": name.removesuffix(".png"), field: content}
        | {
            key.replace("_", "."): (value[name.split("/")[0]] if isinstance(value, dict) else value)
            for key, value in labels.items()
        }
        for name, content in reversed(photos().items())
    ]


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz"])
def test_a_sample_is_the_image_of_its_file_with_its_class(tmp_path: Path, name: str) -> None:
    table = open_table(shard(tmp_path / name, samples(cls={"cat": "cat", "dog": "dog"})))
    assert (table.skipped, table.notes) == ((), ())
    assert table.fingerprint == expected(tmp_path).fingerprint


def test_numbers_are_classes_by_value_and_go_before_folders(tmp_path: Path) -> None:
    table = open_table(shard(tmp_path / "set.tar", samples(cls={"cat": 10, "dog": 9})))
    assert table.classes == ("9", "10")
    assert classes_of(table) == ["10"] * 5 + ["9"] * 5
    assert open_table(tmp_path / "set.tar", labels="folder").fingerprint == expected(tmp_path).fingerprint
    assert open_table(tmp_path / "set.tar", labels="none").labels is None


def test_json_gives_columns_and_txt_a_text(tmp_path: Path) -> None:
    said = {kind: {"label": kind, "age": age, "more": {"deep": 1}} for kind, age in zip(KINDS, (3, 5), strict=True)}
    table = open_table(shard(tmp_path / "set.tar", samples(json=said, txt={"cat": "purr", "dog": "bark"})))
    assert classes_of(table) == ["cat"] * 5 + ["dog"] * 5
    assert table.vectors is not None
    assert (table.columns, table.vectors[:, 0].tolist()) == (("age",), [3] * 5 + [5] * 5)
    assert {"column more is left out: neither numbers nor texts", "column txt is left out: texts"} <= set(table.notes)
    assert open_table(tmp_path / "set.tar", labels="txt").classes == ("bark", "purr")


def test_a_key_ends_at_the_first_dot_after_the_last_slash_and_fields_have_any_case(tmp_path: Path) -> None:
    files = {
        "a.b/1.PNG": png(1),
        "a.b/1.CLS": b"3\n",
        "a.b/2.Png": png(2),
        "a.b/2.label.Txt": b"4",
        "a.b/3.JPEG": png(3),
    }
    table = open_table(raw(tmp_path / "set.tar", files))
    assert (len(table), table.columns) == (3, ("cls",))  # label goes before cls
    assert classes_of(table) == ["", "4", ""]


def test_labels_may_come_long_after_their_images(tmp_path: Path) -> None:
    files = {f"{n}.png": png(n) for n in range(4)} | {f"{n}.cls": str(n % 2).encode() for n in range(4)}
    assert classes_of(open_table(raw(tmp_path / "set.tar", files))) == ["0", "1", "0", "1"]


def test_two_images_of_one_sample_are_refused_by_name(tmp_path: Path) -> None:
    path = shard(tmp_path / "set.tar", [{"__key__": "00", "png": png(0), "mask.png": png(1), "cls": 1}])
    with pytest.raises(DataError, match=r"set\.tar: one sample has two images, 00\.mask\.png and 00\.png; pack one"):
        open_table(path)


def test_a_tar_of_images_with_dots_in_their_names_is_no_webdataset(tmp_path: Path) -> None:
    files = {f"photo.{n}.png": png(n) for n in range(4)} | {"readme.txt": b"words", "extra.json": b"{}"}
    table = open_table(raw(tmp_path / "set.tar", files))
    assert (len(table), table.labels) == (4, None)
    assert {str(each) for each in table.skipped} == {
        f"{name}: no image, and no label of one" for name in ("readme.txt", "extra.json")
    }


def test_samples_without_an_image_and_other_files_are_counted(tmp_path: Path) -> None:
    more = [{"__key__": f"x{n}", "cls": 1} for n in range(4)]
    table = open_table(shard(tmp_path / "set.tar", [*samples(cls={"cat": 0, "dog": 1}, npy=b"no matter"), *more]))
    assert len(table) == 10
    assert set(table.notes) == {
        "4 samples without an image (x0, x1, x2, ...)",
        "files beside the images are left out: 10 .npy",
    }


def test_what_is_wrong_with_a_label_is_told_by_name(tmp_path: Path) -> None:
    files = {"0.png": png(0), "0.json": b"{", "1.png": png(1), "1.json": b"[" * 100_000, "2.png": png(2)}
    files |= {"2.txt": bytes(1 << 21), "3.png": png(3), "3.cls": b"\xff\xfe", "4.png": png(4), "4.cls": b"9" * 400}
    table = open_table(raw(tmp_path / "set.tar", files))
    assert len(table) == 5
    assert {str(each) for each in table.skipped} == {
        "0.json: no readable JSON",
        "1.json: no readable JSON",
        "2.txt: a label of more than 1,048,576 bytes",
    }


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two shards for training, of eight images, and one of two for validation."""
    (tmp_path / "shards").mkdir()
    said = samples(cls={"cat": "cat", "dog": "dog"})
    for name, part in (("train-000000", said[:4]), ("train-000001", said[4:8]), ("val-000000", said[8:])):
        shard(tmp_path / "shards" / f"{name}.tar", part)
    return tmp_path / "shards"


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("train-{000000..000001}.tar", 8),
        ("train-*.tar", 8),
        ("{train,val}-000000.tar", 6),
        ("*/../*-00000[01].tar", 10),
    ],
)
def test_patterns_name_shards(shards: Path, pattern: str, count: int) -> None:
    (shards / "below").mkdir()
    table = open_table(str(shards / pattern))
    assert (len(table), table.classes) == (count, KINDS)
    assert table.format == "a WebDataset"


def test_a_folder_of_shards_has_the_splits_that_their_names_say(shards: Path, tmp_path: Path) -> None:
    (shards / "readme.md").write_text("words")
    table, whole = open_table(shards), expected(tmp_path)
    assert (table.values == whole.values).all()
    assert table.classes == whole.classes
    assert table.rows("valid").tolist() == [0, 1]  # the first two by name
    assert len(table.rows("train")) + len(table.rows("test")) == 8


def test_a_damaged_shard_is_left_out_by_name(shards: Path) -> None:
    (shards / "train-000001.tar").write_bytes(bytes(700))
    (shards / "train-000002.tar").write_bytes(b"x" * 700)
    table = open_table(shards)
    assert len(table) == 6
    assert [each.name for each in table.skipped] == ["train-000002.tar"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("train-{000000..000009}.tar", "there is no .*train-000002.tar; name the shards"),
        ("other-*.tar", "no file fits this pattern; look at"),
        ("train-{0..999999999}.tar", "more than 100,000 files"),
        ("readme*", "readme.md is no shard of a known format; give tars"),
    ],
)
def test_a_pattern_without_files_is_one_line(shards: Path, pattern: str, said: str) -> None:
    (shards / "readme.md").write_text("words")
    with pytest.raises(DataError, match=said):
        open_table(shards / pattern)


def test_a_run_finds_its_shards_again(shards: Path) -> None:
    recipe = Recipe(data=str(shards / "train-*.tar"))
    assert len(open_again(recipe)) == 8
    for path in shards.glob("train-*"):
        path.unlink()
    with pytest.raises(DataError, match="the run's data are no longer there; say where they are now with --data"):
        open_again(recipe)


def test_a_json_of_everything_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    path = shard(tmp_path / "set.tar", samples(json={kind: {"label": kind} for kind in KINDS}))
    theirs = [json.loads(sample["json"])["label"] for sample in webdataset.WebDataset(str(path), shardshuffle=False)]
    assert classes_of(open_table(path)) == theirs[::-1]
