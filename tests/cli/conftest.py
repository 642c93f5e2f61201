"""Small runs for all commands, and a terminal in an empty folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import TINY, Terminal, quiet


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 steps of a tiny MNIST game."""
    run = tmp_path_factory.mktemp("runs") / "digits"
    quiet("train", "mnist-dense", *TINY, "--steps", 20, "--log-every", 10, "--checkpoint-every", 10, "--run", run)
    return run


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "ring"
    quiet("train", "ring", *TINY, "--steps", "10", "--run", run)
    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, outside of which nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], folder: Path) -> Terminal:
    return Terminal(capsys)


# Help
