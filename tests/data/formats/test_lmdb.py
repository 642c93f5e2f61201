"""LMDB databases of image files, written by the package lmdb."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import lmdb
import pytest
from encoded_samples import KINDS, classes_of, expected, photos, png

from advnets.data import archive, open_table
from advnets.data.formats import lmdb as ours
from advnets.data.formats import lmdb_values
from advnets.errors import DataError


def database(path: Path, values: Mapping[str, bytes], **options: object) -> Path:
    with lmdb.open(str(path), map_size=1 << 24, **options) as env, env.begin(write=True) as transaction:
        for key, value in values.items():
            transaction.put(key.encode(), value)
    return path


def test_a_database_has_the_folders_fingerprint(tmp_path: Path) -> None:
    database(tmp_path / "set", photos())
    before = sorted(tmp_path.rglob("*"))
    table = open_table(tmp_path / "set")
    assert (table.skipped, table.notes, table.format) == ((), (), "an LMDB of images")
    assert table.fingerprint == expected(tmp_path).fingerprint
    assert open_table(tmp_path / "set" / "data.mdb").fingerprint == table.fingerprint
    assert set(before) <= set(tmp_path.rglob("*"))


def test_a_database_may_be_a_file(tmp_path: Path) -> None:
    database(tmp_path / "set.lmdb", photos(), subdir=False)
    assert open_table(tmp_path / "set.lmdb").classes == KINDS


def test_lsuns_folders_are_named_by_category_and_split(tmp_path: Path) -> None:
    for place, name in enumerate(("bedroom_train_lmdb", "bedroom_val_lmdb", "church_outdoor_train_lmdb")):
        (tmp_path / "lsun").mkdir(exist_ok=True)
        database(tmp_path / "lsun" / name, {f"{n:040x}": png(10 * place + n) for n in range(3)})
    table = open_table(tmp_path / "lsun")
    assert classes_of(table) == ["bedroom"] * 6 + ["church_outdoor"] * 3
    assert table.rows("valid").tolist() == [3, 4, 5]


def test_the_greatest_of_several_sizes_is_read(tmp_path: Path) -> None:
    values = {f"{size}-{n:05d}": png(size + n) for size in (8, 16, 128) for n in range(4)} | {"length": b"4"}
    table = open_table(database(tmp_path / "set", values))
    assert (len(table), table.skipped) == (4, ())
    assert table.notes == ("the greatest of several sizes is read, not 8, 16",)
    assert (
        table.values == open_table(database(tmp_path / "one", {f"{n}": png(128 + n) for n in range(4)})).values
    ).all()


def test_labels_of_numbered_images_are_their_classes(tmp_path: Path) -> None:
    values = {f"image-{n:09d}": png(n) for n in range(4)} | {f"label-{n:09d}": "ab"[n % 2].encode() for n in range(4)}
    table = open_table(database(tmp_path / "set", values | {"num-samples": b"4"}))
    assert (classes_of(table), table.skipped) == (["a", "b", "a", "b"], ())


def test_values_that_are_no_images_are_left_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "MAX_ENTRY_BYTES", 10_000)
    assert archive.MAX_ENTRY_BYTES > 10_000
    table = open_table(database(tmp_path / "set", photos() | {"words": b"words", "great": bytes(20_000)}))
    assert len(table) == 10
    assert [each.name for each in table.skipped] == ["great", "words"]
    assert table.skipped[0].reason == "a value of 20,000 bytes, more than 10,000"


def test_a_truncated_database_is_one_line_or_what_it_has(tmp_path: Path) -> None:
    """The library ends by a signal over such a file, in a process of its own."""
    path = database(tmp_path / "set", {f"{n:04d}": png(n) + bytes(9000) for n in range(10)}) / "data.mdb"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    table = open_table(path)
    assert 2 <= len(table) < 10
    assert str(table.skipped[0]).startswith(f"data.mdb: breaks off after {len(table)} entries, a damaged LMDB database")
    for size in (4 * 4096, 4096, 100):
        path.write_bytes(content[:size])
        with pytest.raises(DataError, match=r"data\.mdb: a damaged LMDB database \([^/]*\); copy or download it again"):
            open_table(path)


def test_entries_beyond_the_size_of_the_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(tmp_path / "set", photos()) / "data.mdb"
    sent = io.BytesIO()
    monkeypatch.setattr(Path, "stat", lambda _: SimpleNamespace(st_size=1000))
    with pytest.raises(ValueError, match="more entries than fit into the file"):
        lmdb_values.send(str(path), 1 << 20, sent)
    assert len(sent.getvalue()) < 2000
