"""Zip and tar: read without unpacking to disk, and never beyond their limits or outside themselves."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_samples import save_images
from PIL import Image

from advnets.data import archive, open_table
from advnets.errors import DataError


@pytest.fixture
def folder(tmp_path: Path, emoji: np.ndarray) -> Path:
    """Twelve color images in two sub-folders."""
    save_images(tmp_path / "photos" / "one", emoji[:6])
    save_images(tmp_path / "photos" / "two", emoji[6:12])
    return tmp_path / "photos"


def pack_zip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*.png")):
            packed.write(file, file.relative_to(folder.parent))
    return path


def pack_tar(path: Path, folder: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for file in sorted(folder.rglob("*.png")):
            packed.add(file, str(file.relative_to(folder.parent)))
    return path


def add_tar(packed: tarfile.TarFile, name: str, content: bytes, **facts: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in facts.items():
        setattr(member, key, value)
    packed.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tgz", "tar.xz", "tar.bz2"])
def test_an_archive_gives_the_same_table_as_its_folder(tmp_path: Path, folder: Path, suffix: str) -> None:
    path = tmp_path / f"photos.{suffix}"
    if suffix == "zip":
        pack_zip(path, folder)
    else:
        kind = {"tar": "", "tgz": "gz"}.get(suffix, suffix.removeprefix("tar."))
        pack_tar(path, folder, f"w:{kind}")
    here = sorted(tmp_path.iterdir())
    table, expected = open_table(path), open_table(folder)
    assert np.array_equal(table.values, expected.values)
    assert table.labels is not None
    assert table.labels.tolist() == [0] * 6 + [1] * 6
    assert table.classes == ("one", "two")
    assert table.fingerprint == expected.fingerprint
    assert set(tmp_path.iterdir()) - set(here) == {tmp_path / "cache"}


def test_a_zip_with_backslashes_has_the_order_of_its_folder(tmp_path: Path, emoji: np.ndarray) -> None:
    names = ("a b/0.png", "a-b/1.png", "a/2.png", "a1/3.png")  # a slash comes before a digit, a backslash after it
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as packed:
        for name, image in zip(reversed(names), emoji, strict=False):
            Image.fromarray(image).save(file := io.BytesIO(), "PNG")
            packed.writestr(name.replace("/", "\\"), file.getvalue())
    table = open_table(tmp_path / "photos.zip")
    assert table.labels is not None
    assert [table.classes[label] for label in table.labels] == ["a b", "a-b", "a", "a1"]


def test_zip_entries_that_leave_or_cannot_be_used_are_skipped(tmp_path: Path, folder: Path) -> None:
    path = pack_zip(tmp_path / "photos.zip", folder)
    image = next(folder.rglob("*.png")).read_bytes()
    with zipfile.ZipFile(path, "a") as packed:
        for name in ("../up.png", "/etc/root.png", "C:\\drive.png", "a/../../b.png"):
            packed.writestr(name, image)
        packed.writestr("readme.txt", "text")
        packed.writestr("__MACOSX/photos/._a.png", "junk")
    table = open_table(path)
    assert len(table) == 12
    reasons = {item.name: item.reason for item in table.skipped}
    assert reasons.pop("readme.txt").startswith("not a readable image")
    assert set(reasons.values()) == {"a path that leaves the archive"}
    assert len(reasons) == 4


def test_tar_links_and_devices_are_skipped(tmp_path: Path, folder: Path) -> None:
    path = pack_tar(tmp_path / "photos.tar", folder)
    with tarfile.open(path, "a") as packed:
        add_tar(packed, "link.png", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add_tar(packed, "hard.png", b"", type=tarfile.LNKTYPE, linkname="photos/one/0000.png")
        add_tar(packed, "device.png", b"", type=tarfile.CHRTYPE)
        add_tar(packed, "../up.png", next(folder.rglob("*.png")).read_bytes())
    table = open_table(path)
    assert len(table) == 12
    assert {item.name: item.reason for item in table.skipped} == {
        "link.png": "a link in an archive",
        "hard.png": "a link in an archive",
        "device.png": "not a regular file",
        "../up.png": "a path that leaves the archive",
    }


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_entry_beyond_the_limit_is_skipped_unread(
    tmp_path: Path, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRY_BYTES", 100_000)
    big = bytes(200_000)
    if kind == "zip":
        path = pack_zip(tmp_path / "photos.zip", folder)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("big.png", big)
    else:
        path = pack_tar(tmp_path / "photos.tar", folder)
        with tarfile.open(path, "a") as packed:
            add_tar(packed, "big.png", big)
    table = open_table(path)
    assert len(table) == 12
    assert [str(item) for item in table.skipped] == ["big.png: unpacks to 200,000 bytes, more than 100,000"]


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz"])
def test_an_archive_that_unpacks_far_beyond_its_size_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SMALL_BYTES", 1 << 20)
    path = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for number in range(8):
                packed.writestr(f"{number}.bmp", bytes(1 << 21))
    else:
        with tarfile.open(path, "w:" + kind[4:]) as packed:  # type: ignore[call-overload]
            add_tar(packed, "a.bmp", bytes(1 << 24))
    with pytest.raises(DataError, match=r"refused, it unpacks to more than .* bytes") as caught:
        open_table(path)
    assert "\n" not in str(caught.value)


def test_a_truncated_tar_gives_what_it_has_and_says_so(tmp_path: Path, folder: Path) -> None:
    path = pack_tar(tmp_path / "photos.tar.gz", folder, "w:gz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    table = open_table(path)
    assert 2 <= len(table) < 12
    assert "breaks off" in table.skipped[-1].reason


def test_a_broken_zip_entry_is_skipped(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.rglob("*.png")):
            packed.write(file, file.name + file.parent.name)
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    table = open_table(path)
    assert len(table) == 11
    assert "broken in the archive" in table.skipped[0].reason


def test_an_encrypted_entry_is_skipped(tmp_path: Path, folder: Path) -> None:
    path = pack_zip(tmp_path / "photos.zip", folder)
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the first local header's flag: encrypted
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    table = open_table(path)
    assert len(table) == 11
    assert "encrypted" in table.skipped[0].reason


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip at all", b"\x1f\x8b no gzip at all", b"nothing known"])
def test_a_file_of_no_known_kind_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"photos\.zip: not a ") as caught:
        open_table(path)
    assert "\n" not in str(caught.value)


def test_a_zip_of_a_later_version_is_one_clear_line(tmp_path: Path, folder: Path) -> None:
    path = pack_zip(tmp_path / "photos.zip", folder)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 159  # the version that is needed, in tenths
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"photos\.zip: not a readable zip \(zip file version 15\.9\); download or pack"
    ):
        open_table(path)


def test_an_entry_that_lies_about_its_size_is_never_unpacked_whole(tmp_path: Path, emoji: np.ndarray) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(2):
            packed.writestr(f"{number}.png", png(emoji[number]))
        packed.writestr("lie.png", bytes(64 << 20))
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\1\2") + 24  # the directory's last entry: its unpacked size
    content[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    tracemalloc.start()
    table = open_table(path, progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [skipped.name for skipped in table.skipped] == ["lie.png"]
    assert peak < 16 << 20


def test_zip_methods_without_a_limit_are_refused(tmp_path: Path, emoji: np.ndarray) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(3):
            packed.writestr(f"{number}.png", png(emoji[number]), zipfile.ZIP_BZIP2 if number == 2 else None)
    table = open_table(path, progress=False)
    assert [str(skipped) for skipped in table.skipped] == ["2.png: packed by a method other than deflate"]


def test_a_packed_stream_never_unpacks_more_than_its_limit_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SMALL_BYTES", 1 << 20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(64 << 20)))
    monkeypatch.setattr(archive, "MAX_RATIO", 1)
    tracemalloc.start()
    with archive.unpacking(tmp_path / "a.gz") as file, pytest.raises(DataError, match="refused"):
        file.read(2**32)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
