"""Arrow's files: what save_to_disk of the package datasets writes, and files alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image
from encoded_samples import KINDS, expected, in_folder, photos

from advnets.data import archive, open_table
from advnets.data.formats import arrow_rows
from advnets.errors import DataError


def photos_set(first: int = 0, last: int = 10) -> Dataset:
    names = list(photos())[first:last]
    columns = {
        "image": [{"bytes": photos()[name], "path": name} for name in names],
        "label": [KINDS.index(name.split("/")[0]) for name in names],
    }
    return Dataset.from_dict(columns, Features({"image": Image(), "label": ClassLabel(names=list(KINDS))}))


def test_a_saved_dataset_has_the_folders_fingerprint(tmp_path: Path) -> None:
    photos_set().save_to_disk(tmp_path / "saved", num_shards=3)
    table = open_table(tmp_path / "saved")
    assert (table.skipped, table.notes) == ((), ())
    assert table.format == "a dataset that save_to_disk wrote"
    assert table.fingerprint == expected(tmp_path).fingerprint
    assert len(open_table(tmp_path / "saved" / "data-00000-of-00003.arrow")) == 4


def test_files_that_a_dataset_names_by_path_are_saved_with_it(tmp_path: Path) -> None:
    folder = in_folder(tmp_path)
    files = [str(folder / name) for name in photos()]
    saved = Dataset.from_dict({"image": files}, Features({"image": Image()}))
    saved.save_to_disk(tmp_path / "saved")
    assert (open_table(tmp_path / "saved").values == expected(tmp_path).values).all()


def test_the_splits_of_a_dictionary_are_splits(tmp_path: Path) -> None:
    parts = {"validation": photos_set(8, 10), "train": photos_set(0, 6), "extra": photos_set(6, 8)}
    DatasetDict(parts).save_to_disk(tmp_path / "saved")
    table = open_table(tmp_path / "saved")
    assert len(table) == 10
    assert table.rows("valid").tolist() == [0, 1]
    assert table.notes == ("for training, as no split stands in their names: extra",)


def test_files_of_arrows_file_format_are_read_too(tmp_path: Path) -> None:
    images = pa.table({"image": list(photos().values())})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_file(file, images.schema) as writer:
        writer.write_table(images, max_chunksize=3)
    assert (open_table(tmp_path / "a.arrow").values == expected(tmp_path).values).all()


def test_what_is_named_and_is_not_there_is_one_line(tmp_path: Path) -> None:
    DatasetDict({"train": photos_set(0, 5), "test": photos_set(5, 10)}).save_to_disk(tmp_path / "saved")
    (file,) = (tmp_path / "saved" / "test").glob("*.arrow")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    table = open_table(tmp_path / "saved")
    assert (len(table), [each.name for each in table.skipped]) == (5, [f"test/{file.name}"])
    file.unlink()
    with pytest.raises(DataError, match=r"state\.json names data-.*which is not there; save the dataset again"):
        open_table(tmp_path / "saved")
    state = tmp_path / "saved" / "test" / "state.json"
    state.write_text(json.dumps({"_data_files": [{"filename": "../train/" + file.name}]}))
    with pytest.raises(DataError, match="which is not there"):
        open_table(tmp_path / "saved")
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["train", "../train"]}')
    with pytest.raises(DataError, match="names splits that are not there"):
        open_table(tmp_path / "saved")
    (tmp_path / "saved" / "dataset_dict.json").write_text("{")
    with pytest.raises(DataError, match="no readable JSON"):
        open_table(tmp_path / "saved")


@pytest.mark.parametrize("size", [20, 600, 2000])
def test_a_truncated_file_is_one_line_or_what_it_has(tmp_path: Path, size: int) -> None:
    images = pa.table({"image": list(photos().values())})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_stream(file, images.schema) as writer:
        writer.write_table(images, max_chunksize=2)
    (tmp_path / "a.arrow").write_bytes((tmp_path / "a.arrow").read_bytes()[:size])
    if size < 2000:
        with pytest.raises(DataError, match=r"a\.arrow: (not a readable Arrow file|no column of images)"):
            open_table(tmp_path / "a.arrow")
    else:
        table = open_table(tmp_path / "a.arrow")
        assert 2 <= len(table) < 10
        assert "breaks off after" in table.skipped[0].reason


def test_names_of_columns_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    images = pa.table({"image": list(photos().values()), "caption": ["words"] * 10})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as file, pa.ipc.new_stream(file, images.schema) as writer:
        writer.write_table(images)
    good = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(good.replace(b"caption", b"c\xffption"))
    with pytest.raises(DataError, match=r"a\.arrow: no readable table \(.*utf-8.*\); download or write it again"):
        open_table(tmp_path / "a.arrow")


@pytest.mark.parametrize("pack", ["lz4", "zstd"])
@pytest.mark.parametrize("new", [pa.ipc.new_file, pa.ipc.new_stream])
def test_packed_files_are_read_up_to_a_limit(
    pack: str, new: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = pa.array(["a", "b"] * 5).dictionary_encode()
    for name, blank in (("a", bytes(10)), ("b", bytes(1 << 20))):
        images = pa.table({"image": list(photos().values()), "words": words, "blank": [blank] * 10})
        options = pa.ipc.IpcWriteOptions(compression=pack)
        with new(str(tmp_path / f"{name}.arrow"), images.schema, options=options) as writer:
            writer.write_table(images)
    assert (open_table(tmp_path / "a.arrow").values == expected(tmp_path).values).all()
    with monkeypatch.context() as patch:
        patch.setattr(archive, "SMALL_BYTES", 1 << 20)
        with pytest.raises(DataError, match=r"b\.arrow: refused, it unpacks to more than .* bytes, 200 times its size"):
            open_table(tmp_path / "b.arrow")
    assert len(open_table(tmp_path / "b.arrow")) == 10


def test_any_number_of_rows_without_an_image_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_rows, "_FEW", 100)
    images = pa.table({"image": pa.array([*photos().values(), *[None] * 10_000], pa.binary())})
    pq.write_table(images, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    table = open_table(tmp_path / "a.parquet")
    assert str(table.skipped[-1]).startswith("a.parquet: breaks off after ")
    assert str(table.skipped[-1]).endswith(" rows (more rows than bytes)")
    assert len(table) == 10
