"""A small run of digits, of three classes, and one with an encoder in the game."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import advnets
from advnets.data.stacked import Stacked
from advnets.runs.run import Run

SMALL = {
    "latent": 6, "generator": {"hidden": [48]}, "discriminator.units": [16], "batch": 32, "steps": 300,
    "sample_every": 0, "checkpoint_every": 300, "watch.action": "off", "precision": "float32",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random search of z among few."""
    monkeypatch.setattr("advnets.inference.errors.SEARCHED", 200)


_kept: dict[str, Path] = {}


def small_run(kind: str, folder: Path, **changes: object) -> Run:
    """A copy of a run that is trained once a session."""
    if kind not in _kept:
        _kept[kind] = advnets.train("mnist-dense", run=folder / "trained", **{**SMALL, **changes}).path
    return advnets.load(shutil.copytree(_kept[kind], folder / "run"))


@pytest.fixture
def digits(few_digits: Stacked, tmp_path_factory: pytest.TempPathFactory, no_report: None) -> Run:
    """Digits of 14 x 14 pixels, without an encoder."""
    return small_run("digits", tmp_path_factory.mktemp("digits"))


@pytest.fixture
def by_class(few_digits: Stacked, tmp_path_factory: pytest.TempPathFactory, no_report: None) -> Run:
    """The same game with classes."""
    return small_run("by class", tmp_path_factory.mktemp("by-class"), **{"game.kind": "conditional", "steps": 5})


@pytest.fixture
def played(few_digits: Stacked, tmp_path_factory: pytest.TempPathFactory, no_report: None) -> Run:
    """An encoder played in the game."""
    game = {"game.kind": "bidirectional", "encoder.network.hidden": [16], "steps": 5}
    return small_run("played", tmp_path_factory.mktemp("played"), **game)
