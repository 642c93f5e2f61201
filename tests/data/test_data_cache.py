"""Decoded once, opened in milliseconds, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import open_table
from advnets.data.source import sampled_digest
from advnets.errors import DataError


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From here on, decoding an image fails the test."""
    monkeypatch.setattr("advnets.data.pictures.decode", lambda *_: pytest.fail("decoded again"))
    return monkeypatch


def stored(cache: Path, name: str) -> Path:
    return next(cache.glob(f"tables/*/{name}"))


def test_the_second_opening_decodes_nothing_and_takes_milliseconds(
    gray_folder: Path, request: pytest.FixtureRequest
) -> None:
    first = open_table(gray_folder)
    request.getfixturevalue("no_decoding")
    times: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        again = open_table(gray_folder)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
    assert np.array_equal(again.values, first.values)
    assert (again.fingerprint, again.skipped, again.name) == (first.fingerprint, first.skipped, "gray")


def test_a_changed_or_new_file_is_noticed(gray_folder: Path) -> None:
    first = open_table(gray_folder)
    Image.new("L", (10, 12), 77).save(gray_folder / "0003.png")
    second = open_table(gray_folder)
    assert (second.values[3] == 77).all()
    Image.new("L", (10, 12), 78).save(gray_folder / "0099.png")
    third = open_table(gray_folder)
    assert len(third) == 21
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3


@pytest.mark.parametrize("kept_in", ["folder", "file"])
def test_new_content_of_the_same_size_and_time_is_noticed(gray_folder: Path, tmp_path: Path, kept_in: str) -> None:
    path = gray_folder / "0003.bmp"
    if kept_in == "file":
        path = tmp_path / "set.npy"
        np.save(path, np.zeros((9, 8, 8), np.uint8))
    else:
        Image.new("L", (10, 12), 77).save(path)
    source = gray_folder if kept_in == "folder" else path
    first, before = open_table(source), path.stat()
    content = bytearray(path.read_bytes())
    content[-5] ^= 99  # a pixel: rows of a BMP end in padding
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert open_table(source).fingerprint != first.fingerprint


def test_sampled_bytes_tell_where_no_time_does(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(1 << 20))
    before = sampled_digest(path)
    for place in (0, 1 << 19, (1 << 20) - 1):
        content = bytearray(1 << 20)
        content[place - place % 69905] = 1
        path.write_bytes(content)
        assert sampled_digest(path) != before
    assert sampled_digest(Path(os.devnull)) == hashlib.sha256().hexdigest()


def test_each_option_has_a_table_of_its_own(gray_folder: Path) -> None:
    options: list[dict[str, object]] = [{}, {"size": 8}, {"size": 8, "fit": "pad"}, {"channels": 3}]
    tables = [open_table(gray_folder, **option) for option in options]  # type: ignore[arg-type]
    assert len({table.fingerprint for table in tables}) == 4
    assert open_table(gray_folder, holdout=0.3).fingerprint == tables[0].fingerprint


def test_the_same_images_elsewhere_have_the_same_fingerprint(gray_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(gray_folder, tmp_path / "copy")
    first, second = open_table(gray_folder), open_table(tmp_path / "copy")
    assert first.fingerprint == second.fingerprint
    assert (first.name, second.name) == ("gray", "copy")


@pytest.mark.parametrize("name", ["images.bin", "keys.npy", "table.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_table_is_rebuilt(gray_folder: Path, cache: Path, name: str, damage: str) -> None:
    expected = np.array(open_table(gray_folder).values)
    path = stored(cache, name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "flip":
        path.write_bytes(content)
    elif damage == "truncate":
        os.truncate(path, len(content) // 2)
    else:
        path.unlink()
    table = open_table(gray_folder)
    assert np.array_equal(table.values, expected)
    assert stored(cache, name).read_bytes() != content
    assert not list(cache.glob("building/*"))


def test_a_copied_cache_serves_without_decoding(
    gray_folder: Path, cache: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    first = open_table(gray_folder)
    shutil.copytree(cache, tmp_path / "moved", copy_function=shutil.copyfile)
    request.getfixturevalue("no_decoding")
    assert open_table(gray_folder, cache=tmp_path / "moved").fingerprint == first.fingerprint


def test_processes_that_build_at_once_agree(gray_folder: Path, cache: Path) -> None:
    code = (
        "from advnets.data import open_table\n"
        f"table = open_table({str(gray_folder)!r})\n"
        "print(table.fingerprint, table.values.sum())"
    )
    children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {child.communicate(timeout=60)[0] for child in children}
    assert [child.returncode for child in children] == [0] * 4
    table = open_table(gray_folder)
    assert answers == {f"{table.fingerprint} {table.values.sum()}\n"}
    assert len(list(cache.glob("tables/*"))) == 1
    assert not list(cache.glob("building/*"))


def test_a_file_system_without_locks_serves_as_well(gray_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advnets.data.cache.fcntl.flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "")))
    assert len(open_table(gray_folder)) == 20


def test_a_cache_that_cannot_be_made_is_one_clear_line(gray_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot write to the cache .*ADVNETS_CACHE") as caught:
        open_table(gray_folder, cache=tmp_path / "file")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_is_one_clear_line(
    gray_folder: Path, cache: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("advnets.files.os.fsync", fail)
        with pytest.raises(DataError, match=os.strerror(number)):
            open_table(gray_folder)
    assert not list(cache.glob("building/*"))
    assert not list(cache.glob("tables/*"))
    assert len(open_table(gray_folder)) == 20


def test_an_interrupted_build_leaves_nothing_and_what_a_kill_leaves_is_swept(
    gray_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("advnets.data.pictures.image_row", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            open_table(gray_folder)
    assert not list(cache.glob("building/*"))
    old, new = cache / "building" / "old", cache / "building" / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "images.bin").touch()
    os.utime(old, (0, 0))
    open_table(gray_folder)
    assert [path.name for path in cache.glob("building/*")] == ["new"]


def test_the_cache_folder_follows_the_environment(
    gray_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADVNETS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    open_table(gray_folder)
    assert (tmp_path / "xdg" / "advnets" / "tables").is_dir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    open_table(gray_folder)
    assert (tmp_path / "home" / ".cache" / "advnets" / "tables").is_dir()


def test_importing_the_data_is_light() -> None:
    code = (
        "import sys, advnets.data\n"
        "heavy = {'torch', 'scipy', 'matplotlib', 'rich'} & set(sys.modules)\n"
        "parts = {m.split('.')[1] for m in sys.modules if m.startswith('advnets.')}\n"
        "print(heavy, sorted(parts))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "set() ['data', 'errors', 'files', 'processors']\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory from /proc")
def test_a_hundred_thousand_images_need_little_memory(tmp_path: Path, emoji: np.ndarray) -> None:
    import io
    import zipfile

    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(100_000):
            if number < len(emoji):
                file = io.BytesIO()
                Image.fromarray(emoji[number]).resize((64, 64)).save(file, "PNG")
                content = file.getvalue()
            packed.writestr(f"{number}.png", content)
    code = (
        "from pathlib import Path\nfrom advnets.data import open_table\n"
        f"table = open_table({str(path)!r}, progress=False)\n"
        "peak = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "print(len(table), table.shape == (3, 64, 64), peak)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, right, kilobytes = answer.stdout.split()
    assert (count, right) == ("100000", "True")
    assert int(kilobytes) / 1024 < 300
