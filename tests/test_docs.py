"""Every command and every Python block in the README and the docs runs, shortened, in the order of its page."""

from __future__ import annotations

import dataclasses
import functools
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from advnets import cli
from advnets.config import names
from advnets.config.games import GameConfig
from advnets.data import ImageTable
from advnets.games.build import GAMES
from advnets.games.objectives import OBJECTIVES
from advnets.games.penalties import PENALTIES
from advnets.inference import training
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.features import BUILDERS, Extractor, Setting
from advnets.measures.features.classifier import _labels as class_labels
from advnets.runs.encoders import EncoderSettings

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.usefixtures("no_report")  # `advnets evaluate` writes one all the same
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SMALL_MLP = ["--generator.hidden", "16", "--discriminator.units", "8"]
SMALL_CONV = ["--generator.base", "4", "--discriminator.base", "4", "--batch", "4"]
OTHERWISE: dict[str, list[str]] = {
    "mnist-completion": ["--generator.hidden", "16", "--discriminator.base", "4"],
    "mnist-semi-supervised": ["--generator.hidden", "16", "--discriminator.base", "4", "--discriminator.dense", "8"],
    "mnist": [*SMALL_CONV, "--generator.dense", "8", "--discriminator.dense", "8"],
    "digits.yaml": [*SMALL_CONV, "--generator.dense", "8", "--discriminator.dense", "8"],
    "infogan": [*SMALL_CONV, "--recognizer.base", "4"],
}


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text("utf-8"))


def with_blocks() -> list[Path]:
    return [page for page in PAGES if any("advnets" in text for _, text in blocks(page))]


@pytest.fixture
def folder_with_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the `photos` that the pages speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number in range(120):  # of which at least 20 are held out
        pixels = rng.integers(0, 256, size=(20, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path


def nearest_mean(setting: Setting) -> Extractor:
    """Stands for the classifier, which is trained in minutes and has tests of its own: the nearest class mean."""
    table, labels = setting.table, class_labels(setting.table)
    rows = table.rows("train")[:5000]
    pixels = table.values[rows].reshape(len(rows), -1) / np.float32(255)
    means = np.stack([pixels[labels[rows] == number].mean(0) for number in range(len(table.classes))])

    def extract(images: np.ndarray) -> np.ndarray:
        seen = images.reshape(len(images), -1) / np.float32(255)
        return -((seen[:, None] - means) ** 2).sum(2)

    def classify(features: np.ndarray) -> np.ndarray:
        shares = np.exp(features - features.max(1, keepdims=True))
        return shares / shares.sum(1, keepdims=True)

    return Extractor(
        name="classifier",
        dimension=len(means),
        identity="nearest mean",
        extract=extract,
        classify=classify,
        cached=False,
    )


@pytest.fixture(autouse=True)
def _quick_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILDERS, "classifier", nearest_mean)


@pytest.fixture(autouse=True)
def _few_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand images of a split stand for MNIST's fifty thousand, which are searched in half a minute."""
    entry = MEASURES["memorization"]

    def of_few(subject: Subject) -> Measurement:
        table = subject.data
        if not isinstance(table, ImageTable):
            return entry.compute(subject)
        few = dataclasses.replace(table, splits={split: rows[:1000] for split, rows in table.splits.items()})
        return entry.compute(dataclasses.replace(subject, data=few, known={}))

    monkeypatch.setitem(MEASURES, "memorization", dataclasses.replace(entry, compute=of_few))


@pytest.fixture(autouse=True)
def _quick_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder takes minutes; where nobody says how many steps, four stand for three thousand."""
    monkeypatch.setattr(training, "EncoderSettings", functools.partial(EncoderSettings, steps=4))


@pytest.fixture(autouse=True)
def _few_defects(only_defects: Callable[..., None]) -> None:
    """Three of them stand for all, which would be measured in minutes."""
    only_defects("blur", "shift", "noise_images")


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    """What a page registers, games, objectives and penalties of one's own, is known on that page alone."""
    registries: list[dict[str, Any]] = [GameConfig.kinds, GAMES, OBJECTIVES, PENALTIES, names._objectives]
    before = [dict(each) for each in registries]
    yield
    for registry, known in zip(registries, before, strict=True):
        registry.clear()
        registry.update(known)


@pytest.mark.parametrize("page", with_blocks(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_page_does_what_it_says(
    page: Path, folder_with_photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = ModuleType("mine")  # a page's blocks follow one another, as its reader types them into this file
    monkeypatch.setitem(sys.modules, "mine", mine)
    known = vars(mine)
    for language, text in blocks(page):
        if language == "python":
            run_python(text, known)
        else:
            for line in text.replace("\\\n", " ").splitlines():
                run_command(line, folder_with_photos, capsys)


def run_command(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line, comments=True)
    if not words or words[0] != "advnets":  # make and pip have their own test: continuous integration
        return
    target = None
    if ">" in words:
        words, target = words[: words.index(">")], folder / words[-1]
    capsys.readouterr()
    assert cli.main(shortened(words[1:])) == 0, line
    if target is not None:
        target.write_text(capsys.readouterr().out, "utf-8")


def shortened(args: list[str]) -> list[str]:
    args = [arg.replace("features=classifier", "count=500").replace("every=500", "every=2") for arg in args]
    if args[0] == "train" and not {"--help", "-h"} & set(args):
        own = {"images", "photos"} & set(args) and not args[1].endswith(".yaml")
        nets = OTHERWISE.get(args[1], SMALL_CONV if own else SMALL_MLP)
        small = [*nets, "--steps", "4", "--log-every", "2", "--checkpoint-every", "2"]
        for flag in {word for word in small if word.startswith("--")} & set(args):
            args = [*args[: args.index(flag)], *args[args.index(flag) + 2 :]]
        return [*args, *small]
    if args[0] == "tune":  # of trials of four steps
        nets = SMALL_CONV if "photos" in args else SMALL_MLP
        budget = [word for word in ("--budget", "5m") if word in args]
        args = [arg for arg in args if arg not in budget]
        for flag in {"--steps", "--trials"} & set(args):
            args = [*args[: args.index(flag)], *args[args.index(flag) + 2 :]]
        small = ["--steps", "4", "--trials", "1", "--checkpoint-every", "2", "--measure", "frechet@count=100"]
        return [*args, *nets, *small]
    if args[0] == "infer":  # settings of a training stay: the encoder that was begun has them
        measured = len(args) == 2 or (not {"--walk", "--edit"} & set(args) and args[2].startswith("--"))
        return [*args, "--refine", "2", *(["--count", "50"] if measured else [])]
    if args[0] == "resume" and "--steps" in args:
        return [*args[: args.index("--steps") + 1], "6", *args[args.index("--steps") + 2 :]]
    if args[0] == "resume" and "--budget" in args:
        return [*args[: args.index("--budget") + 1], "5s", *args[args.index("--budget") + 2 :]]
    if args[0] == "codes":
        return [*args, "--count", "200"]
    if args[0] == "paper":
        return [*(arg for arg in args if arg != "all"), *(["costs"] if "all" in args else []), "--quick"]
    if args[0] in ("evaluate", "compare"):  # a classifier is trained in minutes, and has tests of its own
        args = [arg.replace("accuracy,", "") for arg in args]
        return [*("pixels" if arg == "classifier" else arg for arg in args), "--count", "200"]
    return args


def run_python(text: str, known: dict[str, object]) -> None:
    text = re.sub(r"steps=[\d_]+", "steps=4, log_every=2", text)
    text = text.replace("advnets.infer(run)", "advnets.infer(run, count=50, refine=2)")
    text = text.replace("advnets.evaluate(run)", "advnets.evaluate(run, count=200)").replace("10_000", "500")
    exec(compile(text, "<docs>", "exec", dont_inherit=True), known)


def test_there_are_pages_to_test() -> None:
    assert len(with_blocks()) >= 4
