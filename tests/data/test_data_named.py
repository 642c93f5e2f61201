"""Data sets by name: the right content, wherever it comes from, or one line that says what to do."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import re
import shutil
import socket
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advnets.data import named, open_table
from advnets.data.download import download
from advnets.data.named import CIFAR10, MNIST, NAMED, Published
from advnets.errors import DataError

REAL = os.environ.get("ADVNETS_DATA")  # where a developer may keep the whole of CIFAR-10 and Fashion-MNIST


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder with ranges, as the real servers do; `asked` holds each path and range."""

    folder: Path
    asked: list[tuple[str, str | None]]
    break_after: int | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        span = self.headers.get("Range")
        self.server.asked.append((self.path, span))
        path = self.server.folder / self.path.strip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        start = int(re.findall(r"\d+", span)[0]) if span else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.break_after])

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the folder `web`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.folder, server.asked = tmp_path / "web", []
    server.folder.mkdir()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: Server, name: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/{name}"


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def fashion(server: Server, digits: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Published:
    """A small set under the name of fashion-mnist, on the server."""
    small = digits[:80, ::2, ::2]
    contents = {
        "train-images-idx3-ubyte": idx(small[:60]),
        "train-labels-idx1-ubyte": idx(np.arange(60, dtype=np.uint8) % 10),
        "t10k-images-idx3-ubyte": idx(small[60:]),
        "t10k-labels-idx1-ubyte": idx(np.arange(20, dtype=np.uint8) % 10),
    }
    for name, content in contents.items():
        (server.folder / f"{name}.gz").write_bytes(gzip.compress(content))
    data = replace(
        NAMED["fashion-mnist"],
        files={name: hashlib.md5(content).hexdigest() for name, content in contents.items()},
        urls=tuple(url(server, f"{name}.gz") for name in contents),
    )
    monkeypatch.setitem(NAMED, "fashion-mnist", data)
    return data


@pytest.fixture
def small_cifar(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six batches of ten random images under the name of cifar10: a folder, and the archive on the server."""
    folder = tmp_path / "made" / CIFAR10.folder
    folder.mkdir(parents=True)
    digests: dict[str, str] = {}
    for number, name in enumerate(CIFAR10.files):
        rows = np.random.default_rng(number).integers(0, 256, (10, 3073), np.uint8)
        rows[:, 0] = np.arange(10)
        (folder / name).write_bytes(rows.tobytes())
        digests[name] = hashlib.md5(rows.tobytes()).hexdigest()
    with tarfile.open(server.folder / "cifar-10-binary.tar.gz", "w:gz") as packed:
        packed.add(folder, CIFAR10.folder)
    data = replace(CIFAR10, files=digests, urls=(url(server, "cifar-10-binary.tar.gz"),))
    monkeypatch.setitem(NAMED, "cifar10", data)
    return folder


def test_mnist_comes_with_the_package() -> None:
    table = open_table("mnist")
    assert (table.name, len(table), table.shape) == ("mnist", 70_000, (1, 28, 28))
    assert [(len(table.rows(s)), table.rows(s)[0]) for s in ("train", "valid", "test")] == [
        (50_000, 0),
        (10_000, 50_000),
        (10_000, 60_000),
    ]
    assert table.labels is not None
    assert table.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert table.labels[60_000:60_005].tolist() == [7, 2, 1, 0, 4]
    assert table.classes == tuple("0123456789")
    train = table.values[:60_000] / np.float32(255)
    assert train.mean() == pytest.approx(0.13066, abs=1e-5)
    assert train.std() == pytest.approx(0.30811, abs=1e-5)
    digest = hashlib.md5(idx(np.array(table.values[:60_000, 0]))).hexdigest()
    assert digest == MNIST.files["train-images-idx3-ubyte"]


def test_mnist_carries_its_attribution_and_license() -> None:
    folder = Path(named.__file__).parent / "mnist"
    assert "LeCun" in (folder / "ATTRIBUTION.md").read_text()
    assert "CC BY-SA 3.0" in (folder / "LICENSE").read_text()
    for name, digest in MNIST.files.items():
        assert digest in (folder / "ATTRIBUTION.md").read_text()
        assert hashlib.md5(gzip.decompress((folder / f"{name}.gz").read_bytes())).hexdigest() == digest


@pytest.mark.parametrize("damage", ["flip", "truncate"])
def test_damaged_mnist_files_are_refused(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(named.SHIPPED / "mnist", tmp_path / "shipped" / "mnist")
    path = tmp_path / "shipped" / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content if damage == "flip" else content[:-50])
    monkeypatch.setattr(named, "SHIPPED", tmp_path / "shipped")
    with pytest.raises(DataError, match=r"mnist: not the published content in .*t10k-labels-idx1-ubyte\.gz"):
        open_table("mnist")
    assert path.exists()


def test_a_set_is_downloaded_once(server: Server, fashion: Published, cache: Path, digits: np.ndarray) -> None:
    table = open_table("fashion-mnist")
    assert np.array_equal(table.values[:, 0], digits[:80, ::2, ::2])
    assert table.classes[9] == "Ankle boot"
    assert [len(table.rows(split)) for split in ("train", "valid", "test")] == [50, 10, 20]
    assert len(server.asked) == 4
    open_table("fashion-mnist")
    open_table("fashion-mnist", size=16)
    assert len(server.asked) == 4
    assert sorted(p.name for p in (cache / "datasets" / "fashion-mnist").iterdir()) == sorted(
        f"{name}.gz" for name in fashion.files
    )


@pytest.mark.parametrize("where", ["data", "data/fashion-mnist", "own", "own/fashion-mnist"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_local_copy_is_used_however_it_is_packed(
    server: Server,
    fashion: Published,
    tmp_path: Path,
    where: str,
    packed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADVNETS_DATA", str(tmp_path / "own"))
    (tmp_path / where).mkdir(parents=True)
    for name in fashion.files:
        content = gzip.decompress((server.folder / f"{name}.gz").read_bytes())
        path = tmp_path / where / (name + ".gz" * packed)
        path.write_bytes(gzip.compress(content, compresslevel=1, mtime=7) if packed else content)
    assert len(open_table("fashion-mnist")) == 80
    assert server.asked == []


def test_other_files_of_the_same_names_are_passed_over(server: Server, fashion: Published, tmp_path: Path) -> None:
    shutil.copytree(named.SHIPPED / "mnist", tmp_path / "data")
    assert len(open_table("fashion-mnist")) == 80
    assert len(server.asked) == 4


def test_offline_one_line_says_what_to_put_where(
    fashion: Published, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    urls = tuple(f"http://127.0.0.1:{port}/{name}.gz" for name in fashion.files)
    monkeypatch.setitem(NAMED, "fashion-mnist", replace(fashion, urls=urls))
    with pytest.raises(DataError) as caught:
        open_table("fashion-mnist")
    text = str(caught.value)
    assert "\n" not in text
    assert "cannot be reached" in text
    assert (
        f"put {', '.join(f'{name}.gz' for name in fashion.files)} into {cache / 'datasets' / 'fashion-mnist'}" in text
    )


def test_wrong_content_is_refused_and_removed(server: Server, fashion: Published, cache: Path) -> None:
    name = "train-images-idx3-ubyte.gz"
    right = (server.folder / name).read_bytes()
    (server.folder / name).write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError, match="not the published content"):
        open_table("fashion-mnist")
    assert not (cache / "datasets" / "fashion-mnist" / name).exists()
    (server.folder / name).write_bytes(right)
    assert len(open_table("fashion-mnist")) == 80


def test_a_download_that_broke_off_is_continued(server: Server, tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(1_000_000)
    (server.folder / "file").write_bytes(content)
    server.break_after = 300_000
    target = tmp_path / "file"
    with pytest.raises(DataError, match="broke off at 300,000 of 1,000,000 bytes; run again"):
        download(url(server, "file"), target)
    assert not target.exists()
    server.break_after = None
    download(url(server, "file"), target)
    assert target.read_bytes() == content
    assert server.asked == [("/file", None), ("/file", "bytes=300000-")]
    assert list(tmp_path.glob("*.part")) == []


def test_a_part_that_is_whole_already_is_taken(server: Server, tmp_path: Path) -> None:
    (server.folder / "file").write_bytes(b"whole")
    (tmp_path / "file.part").write_bytes(b"whole")
    download(url(server, "file"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"whole"


@pytest.mark.parametrize("source", ["download", "archive", "folder"])
def test_cifar10_from_anywhere(server: Server, small_cifar: Path, tmp_path: Path, source: str) -> None:
    if source == "archive":
        (tmp_path / "data").mkdir()
        shutil.copy(server.folder / "cifar-10-binary.tar.gz", tmp_path / "data")
    elif source == "folder":
        shutil.copytree(small_cifar, tmp_path / "data" / CIFAR10.folder)
    table = open_table("cifar10")
    assert (table.name, len(table), table.shape) == ("cifar10", 60, (3, 32, 32))
    assert [len(table.rows(split)) for split in ("train", "valid", "test")] == [40, 10, 10]
    assert table.classes[3] == "cat"
    assert len(server.asked) == (source == "download")


def test_a_damaged_cifar_archive_is_refused(server: Server, small_cifar: Path) -> None:
    path = server.folder / "cifar-10-binary.tar.gz"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cifar10: not the published content"):
        open_table("cifar10")
    path.write_bytes(content)
    assert len(open_table("cifar10")) == 60


@pytest.mark.parametrize(
    ("name", "shape", "train", "labels"),
    [
        ("cifar10", (3, 32, 32), 40_000, [6, 9, 9, 4, 1]),
        ("fashion-mnist", (1, 28, 28), 50_000, [9, 0, 0, 3, 0]),
    ],
)
def test_the_real_sets(
    name: str, shape: tuple[int, int, int], train: int, labels: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if REAL is None or not any(Path(REAL).rglob(next(iter(NAMED[name].files)) + "*")):
        pytest.skip("needs ADVNETS_DATA to name a folder with the whole set")
    monkeypatch.setenv("ADVNETS_DATA", REAL)
    monkeypatch.setitem(NAMED, name, replace(NAMED[name], urls=("http://127.0.0.1:9/none",)))
    table = open_table(name)
    assert table.shape == shape
    assert [len(table.rows(split)) for split in ("train", "valid", "test")] == [train, 10_000, 10_000]
    assert table.labels is not None
    assert table.labels[:5].tolist() == labels
