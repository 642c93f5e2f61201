"""TFRecord files, written by the package tfrecord, as ImageNet's scripts, TFDS and the progressive GAN lay them out."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from encoded_samples import KINDS, classes_of, expected, photos, png
from tfrecord import TFRecordWriter

from advnets.data import open_table
from advnets.errors import DataError
from benchmarks.data.good_records import written


def imagenet(first: int = 0, last: int = 10, **more: tuple[object, str]) -> list[dict[str, tuple[object, str]]]:
    """The ten photos as ImageNet's scripts write theirs."""
    return [
        {
            "image/encoded": (content, "byte"),
            "image/class/label": (1 + KINDS.index(name.split("/")[0]), "int"),
            "image/filename": (name.encode(), "byte"),
            "image/height": (8, "int"),
            **more,
        }
        for name, content in list(photos().items())[first:last]
    ]


def raw(path: Path, values: np.ndarray) -> Path:
    """Pixels, N x C x H x W, as the progressive GAN's exporter writes them."""
    return written(path, [{"shape": (list(x.shape), "int"), "data": (x.tobytes(), "byte")} for x in values])


def test_examples_have_the_folders_images_and_the_classes_of_their_numbers(tmp_path: Path) -> None:
    table = open_table(written(tmp_path / "set.tfrecord", imagenet()))
    assert (table.skipped, table.notes, table.vectors) == ((), (), None)
    assert classes_of(table) == ["1"] * 5 + ["2"] * 5
    assert open_table(tmp_path / "set.tfrecord", labels="folder").fingerprint == expected(tmp_path).fingerprint


def test_a_classs_text_goes_before_its_number(tmp_path: Path) -> None:
    examples = imagenet()
    for example, name in zip(examples, photos(), strict=True):
        example["image/class/text"] = (name.split("/")[0].encode(), "byte")
        example["embedding"] = ([0.5, 1.0], "float")
        example["mask"] = (b"\xff\xfe\x00", "byte")
    table = open_table(written(tmp_path / "set.tfrecord", examples))
    assert (table.classes, table.columns) == (KINDS, ("embedding[0]", "embedding[1]"))
    assert "feature mask is left out: bytes that are no text" in table.notes


def test_tfds_names_its_classes_beside_the_shards(tmp_path: Path) -> None:
    files = list(photos().items())
    for part, (first, last) in {"train": (0, 7), "test": (7, 10)}.items():
        examples = [
            {
                "image": (content, "byte"),
                "label": (KINDS.index(name.split("/")[0]), "int"),
                "id": (name.encode(), "byte"),
            }
            for name, content in files[first:last]
        ]
        written(tmp_path / "cats" / "1.0.0" / f"cats-{part}.tfrecord-00000-of-00001", examples)
    (tmp_path / "cats" / "1.0.0" / "label.labels.txt").write_text("cat\ndog\n")
    (tmp_path / "cats" / "1.0.0" / "dataset_info.json").write_text("{}")
    table = open_table(tmp_path / "cats")
    assert table.classes == KINDS
    assert table.rows("test").tolist() == [0, 1, 2]
    assert classes_of(table) == ["dog"] * 3 + ["cat"] * 5 + ["dog"] * 2


def test_shards_without_a_suffix_are_known_by_their_numbers(tmp_path: Path) -> None:
    for part in range(2):
        written(tmp_path / "set" / f"train-{part:05d}-of-00002", imagenet(5 * part, 5 * part + 5))
    assert (open_table(tmp_path / "set").values == expected(tmp_path).values).all()
    assert len(open_table(tmp_path / "set" / "train-0000[01]-*")) == 10


@pytest.mark.parametrize("channels", [1, 3])
def test_the_progressive_gans_pixels_and_labels_are_read(tmp_path: Path, channels: int) -> None:
    values = np.random.default_rng(0).integers(0, 256, (6, channels, 16, 16), np.uint8)
    for level, step in ((2, 4), (3, 2), (4, 1)):
        raw(tmp_path / "set" / f"set-r{level:02d}.tfrecords", values[:, :, ::step, ::step])
    kinds = [2, 0, 1, 1, 0, 2]
    with (tmp_path / "set" / "set-rxx.labels").open("wb") as file:
        np.save(file, np.eye(3, dtype=np.float32)[kinds])
    table = open_table(tmp_path / "set")
    assert np.array_equal(table.values, values)
    assert table.labels is not None
    assert (table.labels.tolist(), table.classes) == (kinds, ("0", "1", "2"))
    assert open_table(tmp_path / "set" / "set-r03.tfrecords").shape == (channels, 8, 8)
    with (tmp_path / "set" / "set-rxx.labels").open("wb") as file:
        np.save(file, np.arange(12, dtype=np.float32).reshape(6, 2))
    conditions = open_table(tmp_path / "set").vectors
    assert conditions is not None
    assert conditions.tolist() == [[2 * n, 2 * n + 1] for n in range(6)]
    with (tmp_path / "set" / "set-rxx.labels").open("wb") as file:
        np.save(file, np.arange(5))
    with pytest.raises(DataError, match=r"5 labels for 6 images; take away the \.labels file"):
        open_table(tmp_path / "set")


def test_pixels_are_as_in_a_folder(tmp_path: Path) -> None:
    whole = expected(tmp_path)
    table = open_table(raw(tmp_path / "set.tfrecords", whole.values), labels="none")
    assert table.fingerprint == open_table(tmp_path / "as folder" / "photos", labels="none").fingerprint


def test_pixels_that_lie_about_their_shape_are_left_out_by_name(tmp_path: Path) -> None:
    good = {"shape": ([3, 2, 2], "int"), "data": (bytes(range(12)), "byte")}
    shapes = ([3, 2, 3], [2**40, 2**40, 2**40], [-1, -1, 12], [4, 3, 1], [0], [1, 1, 3, 2, 2])
    wrong = [{"shape": (list(shape), "int"), "data": (bytes(range(12)), "byte")} for shape in shapes]
    wrong += [{"shape": ([2, 3, 2], "int"), "data": (bytes(12), "byte")}, {"other": (1, "int")}]
    table = open_table(written(tmp_path / "set.tfrecord", [good, good, *wrong]), range="0:11")
    assert len(table) == 4  # [4, 3, 1] is H x W x C
    assert [each.name for each in table.skipped] == [f"set.tfrecord#{n}" for n in (2, 3, 4, 6, 8, 9)]


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return written(tmp_path / "good.tfrecord", imagenet()).read_bytes()


def test_a_packed_file_is_read_and_one_that_breaks_off_gives_what_it_has(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.tfrecord.gz"
    path.write_bytes(gzip.compress(content))
    assert len(open_table(path)) == 10
    for damaged in (gzip.compress(content)[:-900], gzip.compress(content[:-20])):
        path.write_bytes(damaged)
        table = open_table(path)
        assert 2 <= len(table) < 10
        assert "breaks off after" in table.skipped[-1].reason


def test_a_damaged_record_is_left_out_by_its_checksum(tmp_path: Path, content: bytes) -> None:
    at = content.index(png(4)[60:])
    (tmp_path / "set.tfrecord").write_bytes(content[:at] + b"xyz" + content[at + 3 :])
    table = open_table(tmp_path / "set.tfrecord")
    assert (len(table), [str(each) for each in table.skipped]) == (
        9,
        ["set.tfrecord#4: a damaged record: its checksum is wrong"],
    )


def test_a_length_that_lies_takes_no_room(tmp_path: Path, content: bytes) -> None:
    for length in (200 << 20, 1 << 60):
        head = struct.pack("<Q", length)
        (tmp_path / "set.tfrecord").write_bytes(content + head + TFRecordWriter.masked_crc(head) + bytes(100))
        tracemalloc.start()
        table = open_table(tmp_path / "set.tfrecord", progress=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(table) == 10
        assert "breaks off after 10 records" in table.skipped[0].reason
        assert peak < 16 << 20


def test_a_file_of_something_else_is_one_line(tmp_path: Path) -> None:
    written(tmp_path / "set.tfrecord", [{"age": (n, "int")} for n in range(5)])
    with pytest.raises(DataError, match=r"no usable image \(5 skipped: set\.tfrecord#0: a record without an image"):
        open_table(tmp_path / "set.tfrecord")
    images = {"first": (png(0), "byte"), "second": (png(1), "byte")}
    written(tmp_path / "set.tfrecord", [images] * 2)
    with pytest.raises(
        DataError, match=r"several features are images \(first, second\); write the one to take as image"
    ):
        open_table(tmp_path / "set.tfrecord")
