"""Labels, conditions and splits as people's folders and archives have them."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from advnets.data import ImageTable, open_table, side_files
from advnets.data.classes import natural
from advnets.errors import DataError

Files = Mapping[str, bytes]


def png(value: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(value).integers(0, 256, (8, 8, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def in_folder(files: Files, place: Path) -> Path:
    for name, content in files.items():
        (place / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "set" / name).write_bytes(content)
    return place / "set"


def in_zip(files: Files, place: Path) -> Path:
    with zipfile.ZipFile(place / "set.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"set/{name}", content)
    return place / "set.zip"


def in_tar(files: Files, place: Path) -> Path:
    with tarfile.open(place / "set.tar.gz", "w:gz") as archive:
        for name, content in reversed(files.items()):  # images before what speaks of them, and in no order
            info = tarfile.TarInfo(f"./set/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return place / "set.tar.gz"


PLACES = pytest.mark.parametrize("put", [in_folder, in_zip, in_tar])
Put = Callable[[Files, Path], Path]


def by_class(table: ImageTable) -> dict[str, int]:
    assert table.labels is not None
    return {name: int((table.labels == number).sum()) for number, name in enumerate(table.classes)}


@PLACES
def test_one_set_has_one_fingerprint_from_anywhere(put: Put, tmp_path: Path) -> None:
    files = {f"{kind}/{number}.png": png(number) for number, kind in enumerate("abab")}
    expected = open_table(in_folder(files, tmp_path / "other"))
    table = open_table(put(files, tmp_path))
    assert table.fingerprint == expected.fingerprint
    assert (table.classes, table.skipped, table.notes) == (("a", "b"), (), ())


@PLACES
def test_folders_of_splits_are_no_classes(put: Put, tmp_path: Path) -> None:
    files = {"train/cat/0.png": png(0)}
    files |= {f"train/{kind}/{n}.png": png(n) for kind in ("cat", "dog") for n in range(10, 20)}
    files |= {f"Val/{kind}/{n}.png": png(n + (kind == "dog") * 10) for kind in ("cat", "dog") for n in (30, 31)}
    files |= {"test/dog/40.png": png(40), "test/dog/41.png": png(10)}
    table = open_table(put(files, tmp_path))
    assert by_class(table) == {"cat": 13, "dog": 14}
    assert [len(table.rows(split)) for split in ("train", "valid", "test")] == [21, 4, 2]
    assert table.notes == ("1 images of validation or test are exact copies of images for training",)
    assert table.labels is not None
    assert set(table.labels[table.rows("test")]) == {1}


def test_a_split_that_is_missing_is_drawn_from_training(tmp_path: Path) -> None:
    files = {f"train/{n}.png": png(n) for n in range(60)} | {f"test/{n}.png": png(100 + n) for n in range(5)}
    table = open_table(in_folder(files, tmp_path), holdout=0.2)
    rows = [table.rows(split) for split in ("train", "valid", "test")]
    assert len(rows[2]) == 5
    assert 3 < len(rows[1]) < 25
    assert np.array_equal(np.sort(np.concatenate(rows)), np.arange(65))
    assert table.labels is None


def test_folders_named_as_splits_among_others_are_classes(tmp_path: Path) -> None:
    files = {f"{kind}/{n}.png": png(n) for kind in ("train", "bus") for n in range(3)}
    assert by_class(open_table(in_folder(files, tmp_path))) == {"bus": 3, "train": 3}


LAYOUTS = {
    "classes above": (
        ["cat/train", "cat/train", "cat/test", "dog/train", "dog/Test", "dog/val"],
        ("cat", "dog"), [0, 0, 0, 1, 1, 1], [0, 0, 2, 0, 2, 1], "",
    ),
    "something else beside": (
        ["train/cat", "train/dog", "test/dog", "more/cat"],
        ("cat", "dog"), [0, 1, 1, 0], [0, 0, 2, 0], ") for training, outside of the folders of splits",
    ),
    "a test without classes": (
        ["train/cat", "train/dog", "test", "test", ""],
        ("cat", "dog"), [0, 1, -1, -1, -1], [0, 0, 2, 2, 0], ") lie in no sub-folder, as the others do",
    ),
    "no training": (
        ["test/cat", "val/dog", "val/dog"],
        ("cat", "dog"), [0, 1, 1], None, "test and val are no classes, and none is for training",
    ),
    "another class in the test": (
        ["train/cat", "train/dog", "test/cow"],
        ("cat", "cow", "dog"), [0, 2, 1], [0, 0, 2], "no image for training in 1 class (cow)",
    ),
}  # fmt: skip


@PLACES
@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_of_splits_are_never_classes(put: Put, layout: str, tmp_path: Path) -> None:
    folders, classes, labels, splits, note = LAYOUTS[layout]
    names = [f"{folder}/{n}.png".removeprefix("/") for n, folder in enumerate(folders)]
    table = open_table(put({name: png(n) for n, name in enumerate(names)}, tmp_path), holdout=0.0)
    order = sorted(range(len(names)), key=names.__getitem__)
    assert table.labels is not None
    assert table.classes == classes
    assert table.labels.tolist() == [labels[n] for n in order]
    for place, split in enumerate(("train", "valid", "test")):
        expected = [row for row, n in enumerate(order) if (splits[n] if splits else 0) == place]
        assert table.rows(split).tolist() == expected
    assert note in " ".join(table.notes)
    assert bool(note) == bool(table.notes)


def test_an_image_outside_of_all_folders_takes_their_classes_away_aloud(tmp_path: Path) -> None:
    files = {"a/0.png": png(0), "b/1.png": png(1), "stray.png": png(2)}
    table = open_table(in_folder(files, tmp_path))
    assert table.labels is None
    assert table.notes == ("no classes: 1 image (stray.png) lies in no sub-folder, as the others do",)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("train", "extra", "test"), "'extra' is none of train, val, test"),
        (("test", "val", "test"), "no image in it is for training"),
        ((1, 2, 3), "'3' is none of train, val, test"),
    ],
)
def test_a_column_that_is_no_split_is_neither_classes_nor_a_condition(
    values: tuple[object, ...], said: str, tmp_path: Path
) -> None:
    rows = "".join(f"{n}.png,{values[n // 2]}\n" for n in range(6))
    files = {f"{n}.png": png(n) for n in range(6)} | {"metadata.csv": f"file_name,Split\n{rows}".encode()}
    table = open_table(in_folder(files, tmp_path))
    assert (table.labels, table.vectors, table.notes) == (None, None, (f"column Split is left out: {said}",))
    assert len(open_table(tmp_path / "set", labels="Split").classes) == len(set(values))


def test_an_image_has_its_first_row(tmp_path: Path) -> None:
    files = {f"{n}.png": png(n) for n in range(3)}
    files["metadata.csv"] = b"file_name,label\n0.png,a\n0.png,b\n1.png,b\n2.png,a\n0.png,c\n"
    table = open_table(in_folder(files, tmp_path))
    assert by_class(table) == {"a": 2, "b": 1}
    assert table.notes[0] == "2 rows (0.png, 0.png) of metadata.csv left out, of images that an earlier row lists"


@PLACES
def test_pages_keep_their_order_and_share_what_is_said_of_their_file(put: Put, tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((4, 5), n * 20, np.uint8)) for n in range(12)]
    pages[0].save(file := io.BytesIO(), "TIFF", save_all=True, append_images=pages[1:])
    files = {"scan.tif": file.getvalue(), "metadata.csv": b"file_name,label\nscan.tif,x\nz.png,y\n"}
    pages[3].save(last := io.BytesIO(), "PNG")
    table = open_table(put({**files, "z.png": last.getvalue()}, tmp_path))
    assert table.values[:, 0, 0, 0].tolist() == [*(n * 20 for n in range(12)), 60]
    assert (by_class(table), table.skipped) == ({"x": 12, "y": 1}, ())


@PLACES
def test_stylegans_labels_count_and_its_folders_do_not(put: Put, tmp_path: Path) -> None:
    names = [f"{n // 2:05d}/img{n:08d}.png" for n in range(6)]
    labels = [[name, (10, 2)[n % 2]] for n, name in enumerate(names)]
    files = {name: png(n) for n, name in enumerate(names)}
    table = open_table(put({**files, "dataset.json": json.dumps({"labels": labels}).encode()}, tmp_path))
    assert (by_class(table), table.skipped) == ({"2": 3, "10": 3}, ())
    assert table.labels is not None
    assert table.labels.tolist() == [1, 0, 1, 0, 1, 0]


VECTORS = [["00000/0.png", [1.0, 0.5]], ["00001/1.png", [0, 0.25]]]


@pytest.mark.parametrize("labels", [None, VECTORS, dict(VECTORS)])
def test_stylegans_labels_may_be_vectors_or_nothing(labels: object, tmp_path: Path) -> None:
    files = {"00000/0.png": png(0), "00001/1.png": png(1), "dataset.json": json.dumps({"labels": labels}).encode()}
    table = open_table(in_folder(files, tmp_path))
    assert (table.labels, table.classes, table.skipped) == (None, (), ())
    if labels is None:
        assert table.vectors is None
    else:
        assert table.vectors is not None
        assert table.vectors.tolist() == [[1, 0.5], [0, 0.25]]
        assert table.columns == ("label[0]", "label[1]")


TABLE = {
    "metadata.csv": "file_name,age,mood,more\na/0.png,3,glad,x\na/1.png,5,sad,y\nb/3.png,,glad,z\nb/9.png,1,sad,u\n",
    "metadata.jsonl": "\n".join(
        json.dumps({"file_name": name, "mood": mood} | ({"age": age} if age else {}))
        for name, age, mood in (
            ("a/0.png", 3, "glad"), ("a/1.png", 5, "sad"), ("b/3.png", None, "glad"), ("b/9.png", 1, "sad")
        )
    ),
}  # fmt: skip


@PLACES
@pytest.mark.parametrize("name", TABLE)
def test_columns_stand_beside_the_folders_classes(put: Put, name: str, tmp_path: Path) -> None:
    files = {f"{'ab'[n // 2]}/{n}.png": png(n) for n in range(4)}
    path = put({**files, name: TABLE[name].encode()}, tmp_path)
    table = open_table(path)
    assert by_class(table) == {"a": 2, "b": 2}
    assert table.vectors is not None
    assert table.columns == ("age",)
    np.testing.assert_array_equal(table.vectors, [[3], [5], [np.nan], [np.nan]])
    said = " ".join(table.notes)
    for part in (
        "1 row (b/9.png) of",
        "1 image (",
        "2.png) kept",
        "no vector: 2 images without any number of age",
        "column mood",
    ):
        assert part in said
    moods = open_table(path, labels="mood")
    assert moods.labels is not None
    assert (moods.classes, moods.labels.tolist(), moods.vectors) == (("glad", "sad"), [0, 1, -1, 0], None)
    with pytest.raises(DataError, match=r"no column .size. of labels; columns are: (age, mood|mood, age)"):
        open_table(path, labels="size")
    assert open_table(path, labels="none").vectors is None


def test_celebas_lists_give_attributes_and_splits(tmp_path: Path) -> None:
    names = [f"{n:06d}.jpg" for n in range(1, 7)]
    rows = [" ".join([name, *(" 1" if n % k else "-1" for k in (2, 3))]) for n, name in enumerate(names)]
    files = {f"img_align_celeba/{name}": png(n) for n, name in enumerate(names)}
    files["list_attr_celeba.txt"] = "\n".join(["6", "Smiling Young ", *rows]).encode()
    files["list_eval_partition.txt"] = "\n".join(f"{name} {n // 2}" for n, name in enumerate(names)).encode()
    table = open_table(in_folder(files, tmp_path))
    assert table.vectors is not None
    assert table.columns == ("Smiling", "Young")
    assert table.vectors.tolist() == [[1 if n % k else -1 for k in (2, 3)] for n in range(6)]
    assert [table.rows(split).tolist() for split in ("train", "valid", "test")] == [[0, 1], [2, 3], [4, 5]]
    assert (table.labels, table.skipped) == (None, ())


def test_a_table_of_something_else_is_left_out_by_name(tmp_path: Path) -> None:
    files = {f"{n}.png": png(n) for n in range(3)} | {"prices.csv": b"item,price\nx,1\n", "broken.csv": b"\xff\xfe"}
    files["list_attr_celeba.txt"] = b"6"  # breaks off
    table = open_table(in_folder(files, tmp_path))
    assert [item.name for item in table.skipped] == ["broken.csv", "list_attr_celeba.txt", "prices.csv"]
    with pytest.raises(DataError, match=r"broken\.csv: no image, and no table"):
        open_table(tmp_path / "set", strict=True)


def test_classes_come_in_natural_order_and_poor_ones_are_named(tmp_path: Path) -> None:
    kinds = ("class10", "class2", "class1", "Ünï")
    files = {f"{kind}/{n}.png": png(n) for kind in kinds for n in range(2)}
    files |= {"lonely/1.png": png(9), "lost/1.png": b"no image"}
    folder = in_folder(files, tmp_path)
    (folder / "void").mkdir()
    table = open_table(folder)
    assert table.classes == ("class1", "class2", "class10", "lonely", "Ünï")
    assert table.notes == ("no usable image in 2 folders (lost, void)", "a single image in 1 class (lonely)")


def test_numbers_in_names_may_be_of_any_length_and_script() -> None:
    names = ["7", "²", "a2", "a010", "a10", "a10b", f"a1{'0' * 5000}", "a²"]
    assert sorted(names, key=natural) == ["7", "a2", "a010", "a10", "a10b", f"a1{'0' * 5000}", "a²", "²"]


def test_names_print_on_one_line_whatever_they_hold(tmp_path: Path) -> None:
    files = {f"{kind}/{n}.png": png(n) for n, kind in enumerate(("a\nb", "\x1b[31mred", "Grün"))}
    files["metadata.csv"] = (
        b'file_name,"si\x1bze"\n' + "".join(f'"{name}",{n}\n' for n, name in enumerate(files)).encode()
    )
    table = open_table(in_folder(files, tmp_path))
    assert table.classes == ("\\x1b[31mred", "Grün", "a\\nb")
    assert table.columns == ("si\\x1bze",)
    assert all(note.isprintable() for note in table.notes)


@pytest.mark.parametrize(
    "names",
    [
        ("-10", "-1", "0.25", "0.5", "2", "10", "3 m²", "20 m²"),
        ("class", "class1", "class2", "class10", "class10b", "²"),
    ],
)
def test_names_are_ordered_as_people_count(names: tuple[str, ...]) -> None:
    assert tuple(sorted(sorted(names, reverse=True), key=natural)) == names


def test_folders_without_files_are_named_of_archives_too(tmp_path: Path) -> None:
    folder = in_folder({f"{kind}/{n}.png": png(n) for kind in "ab" for n in range(2)}, tmp_path)
    for name in ("c", "d/deeper", "__MACOSX"):
        (folder / name).mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(tmp_path))
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        archive.add(folder, "./set")
    for source in (folder, tmp_path / "set.zip", tmp_path / "set.tar"):
        assert open_table(source).notes == ("no usable image in 2 folders (c, d)",)


def test_other_systems_litter_is_passed_over_in_silence(tmp_path: Path) -> None:
    litter = ("__MACOSX\\._1.png", "__MACOSX/a/._2.png", "a\\.DS_Store", "a/@eaDir/x.png", "a/Thumbs.db")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in litter:
            archive.writestr(name.replace("\\", "/") if name.startswith("a/") else name, b"litter")
        for n in range(2):
            archive.writestr(f"a\\{n}.png", png(n))
    table = open_table(tmp_path / "set.zip")
    assert (len(table), table.skipped) == (2, ())
    badly_unpacked = in_folder(dict.fromkeys(litter, b"litter") | {f"{n}.png": png(n) for n in range(2)}, tmp_path)
    assert open_table(badly_unpacked).skipped == ()


def test_a_broken_image_beside_labelled_ones_is_left_out(tmp_path: Path) -> None:
    files = {f"{n}.png": png(n) for n in range(4)} | {"broken.png": b"no image"}
    files["metadata.csv"] = b"file_name,label\n" + b"".join(b"%d.png,%d\n" % (n, n % 2) for n in range(4))
    table = open_table(in_folder(files, tmp_path))
    assert (by_class(table), [each.name for each in table.skipped]) == ({"0": 2, "1": 2}, ["broken.png"])


@pytest.mark.parametrize("number", ["9" * 400, "1e400", "1e39", "[1, NaN]", "[1, 1e999]", "[1, -1e39]"])
def test_numbers_that_are_none_to_learn_from_are_left_out(number: str, tmp_path: Path) -> None:
    rows = "\n".join(f'{{"file_name": "{n}.png", "size": {number if n == 1 else "[1, 2]"}}}' for n in range(3))
    table = open_table(in_folder({f"{n}.png": png(n) for n in range(3)} | {"metadata.jsonl": rows.encode()}, tmp_path))
    assert table.vectors is None
    assert table.notes[0].startswith("column size is left out: ")


def test_a_parquet_table_that_is_far_larger_than_it_seems_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_files, "MAX_VALUES", 1000)
    names = pa.array([*(f"{n}.png" for n in range(3)), *[None] * 998], pa.string())
    folder = in_folder({f"{n}.png": png(n) for n in range(3)}, tmp_path)
    pq.write_table(pa.table({"file_name": names}), folder / "metadata.parquet")
    (left_out,) = open_table(folder).skipped
    assert str(left_out) == "metadata.parquet: no image, and no table of these images"
