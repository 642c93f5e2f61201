"""A page that draws in the browser: its files, and what a browser shows of it."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from game_kinds import given, recipe_of
from small_games import ring

import advnets
from advnets.errors import AdvnetsError
from advnets.runs.run import Run
from advnets.serving import runtime
from advnets.serving.directions import directions_of
from advnets.serving.drawn import Drawn, latents
from advnets.serving.runtime import FILES, runtime_folder
from advnets.serving.site import export_web

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Quiet(SimpleHTTPRequestHandler):
    """A plain file server."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[Callable[[Path], str]]:
    """Serves folders at the addresses that it gives."""
    servers: list[ThreadingHTTPServer] = []

    def serve(folder: Path) -> str:
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package that stands for onnxruntime-web, in a registry of its own; an empty cache."""
    path = tmp_path / "registry" / "onnxruntime-web" / "-" / runtime.TARBALL
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as archive:
        for name in (*FILES, "ort.webgpu.min.js"):
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
    monkeypatch.setattr(runtime, "INTEGRITY", base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode())
    for name in FILES:
        monkeypatch.setitem(FILES, name, hashlib.sha256(name.encode()).hexdigest())
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    return path


def test_the_runtime_is_fetched_once(
    package: Path, served: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("npm_config_registry", f"{served(tmp_path / 'registry')}/")
    folder = runtime_folder(progress=False)
    assert {each.name for each in folder.iterdir()} == set(FILES)
    package.unlink()
    assert runtime_folder(progress=False) == folder
    (folder / "ort.wasm.min.js").write_text("another")
    with pytest.raises(AdvnetsError, match=r"answers 404; give --runtime onnxruntime-web-.*\.tgz"):
        runtime_folder(progress=False)


def test_a_runtime_may_be_given(package: Path, tmp_path: Path) -> None:
    folder = runtime_folder(package)
    assert runtime_folder(folder) == folder
    with pytest.raises(AdvnetsError, match="does not hold ort"):
        runtime_folder(tmp_path)
    package.write_bytes(package.read_bytes()[:-1])
    with pytest.raises(AdvnetsError, match="as it was published"):
        runtime_folder(package)


def test_directions_are_those_of_the_largest_change(run: Run) -> None:
    drawn, inputs = Drawn(run), latents(run)
    found = directions_of(drawn, inputs, 40)
    z = inputs["z"]
    by_rows = [
        torch.autograd.functional.jacobian(functools.partial(_one, drawn, inputs, n), z[n]) for n in range(len(z))
    ]
    squares = torch.stack([each.T @ each for each in by_rows]).double().mean(0)
    along = torch.einsum("ki,ij,kj->k", found.vectors.double(), squares, found.vectors.double())
    best = torch.linalg.eigvalsh(squares).flip(0)
    assert along[0] / best[0] == pytest.approx(1, abs=0.1)
    assert found.shares[0] == pytest.approx(best[0] / best.sum(), abs=0.1)
    assert torch.allclose(found.vectors @ found.vectors.T, torch.eye(len(along)), atol=1e-5)


def _one(drawn: Drawn, inputs: dict[str, torch.Tensor], n: int, z: torch.Tensor) -> torch.Tensor:
    rows = {name: each[n : n + 1] for name, each in inputs.items()}
    return drawn.levels({**rows, "z": z[None]}).flatten()


def test_points_have_no_page(tmp_path: Path) -> None:
    points = advnets.train(ring(steps=2), run=tmp_path / "run")
    with pytest.raises(AdvnetsError, match="makes points, and a page shows gray and colored images; use --format onnx"):
        export_web(points, tmp_path / "site")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Digits that are none, of three classes."""
    place = tmp_path_factory.mktemp("site") / "run"
    return advnets.train(recipe_of("conditional", steps=2), data=given("conditional"), run=place)


def pixels(page: Any, selector: str) -> np.ndarray[Any, Any]:
    """The gray values of a canvas."""
    read = "c => [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    width, height, *values = page.eval_on_selector(selector, read)
    return np.array(values).reshape(height, width, 4)[..., 0]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (apt-get install chromium)")
def test_a_browser_shows_what_sample_draws(run: Run, served: Callable[[Path], str], tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    try:
        source = runtime_folder(progress=False)
    except AdvnetsError as error:
        pytest.skip(f"no onnxruntime-web: {error}")
    folder = tmp_path / "site"
    export_web(run, folder, source)
    assert str(tmp_path) not in (folder / "model.json").read_text()
    assert json.loads((folder / "model.json").read_text())["trained"] == ["0", "1", "2"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        page = browser.new_page(viewport={"width": 360, "height": 700}, color_scheme="dark")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        address = served(folder)
        page.goto(address)
        page.wait_for_selector("#said:not(:empty)", timeout=60_000)
        wanted = run.sample(16, 0)
        for number in range(16):
            assert np.abs(pixels(page, f"#grid li:nth-child({number + 1}) canvas") - wanted[number, 0]).max() <= 1
        assert np.abs(pixels(page, "#large") - wanted[0, 0]).max() <= 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
        page.click("[aria-label='Next seed']")
        page.select_option("#class", label="1")
        page.wait_for_selector("button[aria-label='Sample 15, class 1']")
        sampled = run.sample(16, 1, classes=["1"])
        assert np.abs(pixels(page, "#grid li:nth-child(16) canvas") - sampled[15, 0]).max() <= 1
        page.focus("#grid li:nth-child(3) button")
        page.keyboard.press("Enter")
        page.focus("#between")
        page.keyboard.press("End")
        page.wait_for_selector("#said:text('100 % of the way')")
        assert np.abs(pixels(page, "#large") - sampled[2, 0]).max() <= 1
        page.fill("#seed", "99")
        page.keyboard.press("Enter")
        page.wait_for_selector("#status:text('own random numbers')")
        assert all(each.startswith((address, "data:")) for each in asked)
        page.goto((folder / "index.html").as_uri())
        assert "python3 -m http.server" in page.inner_text("#notice")
        browser.close()
