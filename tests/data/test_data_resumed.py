"""A reading that is killed goes on where it was, and its table is that of one which never was: byte for byte."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from advnets.config.load import load_recipe
from advnets.data import journal, open_table, pictures
from advnets.data.open_data import open_data
from advnets.errors import DataError

COUNT, SHARD = 480, 120
KILLED = """
import os, signal, sys, time
from advnets.data import cache, journal, open_table, parallel, writer

journal._EVERY = journal._TIMES = 0.0  # an entry whenever there may be one
parallel.IN_FLIGHT_PER_WORKER = 1
source, size, where, calls = sys.argv[1], int(sys.argv[2]) or None, sys.argv[3], int(sys.argv[4])

def fatal(owner, name):
    act = getattr(owner, name)
    def counted(*args):
        global calls
        calls -= 1
        if calls == 0 and where == "wait":
            print("here", flush=True)
            time.sleep(60)
        elif calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args)
    setattr(owner, name, counted)

fatal(*{
    "row": (writer.RowWriter, "add"), "wait": (writer.RowWriter, "add"), "entry": (journal, "write_json"),
    "place": (cache.TableCache, "_place"),
}[where])
open_table(source, size, progress=False)
print("done")
"""


def files(emoji: np.ndarray) -> dict[str, bytes]:
    """Images by name, in two folders, two of them broken."""
    found: dict[str, bytes] = {}
    for number in range(COUNT):
        file = io.BytesIO()
        Image.fromarray(emoji[number, ::2, ::2]).save(file, "PNG")
        found[f"{'ab'[number % 2]}/{number:04d}.png"] = file.getvalue()
    return {**found, "a/0050.png": b"broken", "b/0301.png": b""}


def in_shards(content: dict[str, bytes], place: Path) -> Path:
    """A WebDataset whose first names come last, with a class and a number for each image behind it."""
    (place / "set").mkdir()
    names = list(content)
    for first in range(0, COUNT, SHARD):
        with tarfile.open(place / "set" / f"{9 - first // SHARD}.tar", "w") as archive:
            for number, name in enumerate(names[first : first + SHARD], first):
                said = json.dumps({"label": number % 5, "weight": number / 7}).encode()
                for each, bytes_ in ((name, content[name]), (name.replace(".png", ".json"), said)):
                    info = tarfile.TarInfo(each)
                    info.size = len(bytes_)
                    archive.addfile(info, io.BytesIO(bytes_))
    return place / "set"


def in_parquet(content: dict[str, bytes], place: Path) -> Path:
    """Two files, of which one is short."""
    rows = [
        {"image": {"bytes": each, "path": name}, "label": number % 5}
        for number, (name, each) in enumerate(content.items())
    ]
    (place / "set").mkdir()
    for name, part in (("0", rows[:400]), ("1", rows[400:])):
        pq.write_table(pa.Table.from_pylist(part), place / "set" / f"{name}.parquet", row_group_size=50)
    return place / "set"


def in_zip(content: dict[str, bytes], place: Path) -> Path:
    """A zip with a table that speaks of the images."""
    lines = ["file_name,label,weight", *(f"{name},{ord(name[-5]) % 3},{place}" for place, name in enumerate(content))]
    with zipfile.ZipFile(place / "set.zip", "w") as archive:
        archive.writestr("metadata.csv", "\n".join(lines))
        for name, each in content.items():
            archive.writestr(name, each)
    return place / "set.zip"


def begin(source: Path, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, *map(str, (source, *words))], stdout=subprocess.PIPE, text=True
    )


def content_of(cache: Path) -> dict[str, bytes]:
    """All that lies in a cache but for the times of its files."""
    paths = (path for path in cache.rglob("*") if path.is_file() and path.name != "stamps.json")
    return {str(path.relative_to(cache)): path.read_bytes() for path in paths}


@pytest.mark.parametrize(("put", "size"), [(in_shards, 0), (in_parquet, 12), (in_zip, 0)])
def test_a_reading_killed_again_and_again_ends_as_one_that_never_was(
    put, size: int, emoji: np.ndarray, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = put(files(emoji), tmp_path)
    open_table(source, size or None, cache=tmp_path / "quiet", progress=False)
    for where, calls in (("row", 7), ("entry", 2), ("place", 1)):
        process = begin(source, size, where, calls)
        assert process.wait(60) == -signal.SIGKILL, where
        assert list(cache.glob("building/*/journal.json")) or where == "place"
    decoded: list[int] = []
    monkeypatch.setattr(pictures, "decode", lambda *args, real=pictures.decode: decoded.append(1) or real(*args))
    table = open_table(source, size or None, progress=False)
    assert len(table) == COUNT - 2
    assert sorted(each.name for each in table.skipped) == ["a/0050.png", "b/0301.png"]
    assert content_of(cache) == content_of(tmp_path / "quiet")
    assert len(decoded) == (COUNT if put is in_shards else 0)  # rows in order are not written anew


def test_who_waits_takes_up_what_dies_leaves(emoji: np.ndarray, tmp_path: Path, cache: Path) -> None:
    source = in_parquet(files(emoji), tmp_path)
    first = begin(source, 0, "wait", 5)
    assert first.stdout is not None
    assert first.stdout.readline() == "here\n"
    second = begin(source, 0, "row", 0)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1.5)
    first.kill()
    assert second.communicate(timeout=60)[0] == "done\n"
    first.communicate()
    assert len(list(cache.glob("tables/*"))) == 1
    assert not list(cache.glob("building/*"))


def test_what_was_kept_is_not_trusted_blindly(
    emoji: np.ndarray, tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = in_parquet(files(emoji), tmp_path)
    expected = open_table(source, cache=tmp_path / "quiet", progress=False)
    for damage in ("rows", "journal", "verify"):
        assert begin(source, 0, "row", 6).wait(60) == -signal.SIGKILL
        (kept,) = cache.glob("building/*/journal.json")
        if damage == "rows":
            (kept.parent / "table" / "images.bin").write_bytes(b"short")
        elif damage == "journal":
            kept.write_text("{")
        table = open_table(source, verify=damage == "verify", progress=False)
        assert np.array_equal(table.values, expected.values)
        assert table.fingerprint == expected.fingerprint
        for path in cache.glob("lookups/*"):
            path.unlink()


def test_a_stop_keeps_what_was_read_and_an_error_does_not(
    emoji: np.ndarray, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = in_zip(files(emoji), tmp_path)
    monkeypatch.setattr(journal, "_EVERY", 0.0)
    monkeypatch.setattr(journal, "_TIMES", 0.0)
    real, kept = pictures.RowWriter.add, []

    def stopped(*args) -> None:
        kept.append(1)
        if len(kept) == 20:
            raise KeyboardInterrupt
        real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(pictures.RowWriter, "add", stopped)
        with pytest.raises(KeyboardInterrupt):
            open_table(source, progress=False)
    assert len(list(cache.glob("building/*/journal.json"))) == 1
    with pytest.raises(DataError, match=r"a/0050\.png: not a readable image"):
        open_table(source, strict=True, labels="none", progress=False)
    assert len(list(cache.glob("building/*"))) == 1  # that of other labels
    assert len(open_table(source, progress=False)) == COUNT - 2
    assert not list(cache.glob("building/*"))


def test_what_can_be_read_once_alone_is_refused_before_the_first_step(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "images.tar")
    for source in (tmp_path / "images.tar", "/dev/null"):
        with pytest.raises(DataError, match="a pipe or a device, which is read once alone"):
            open_table(source, progress=False)
    with pytest.raises(DataError, match="a pipe or a device, which is read once alone"):
        open_data(load_recipe("images").replace(data=str(tmp_path / "images.tar")))
