"""One training that nobody disturbs, for the others to be compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
from live import MNIST, Live


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return Live(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def undisturbed(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 steps of a small MNIST game."""
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    live.succeed("train", *MNIST, "--steps", 240, "--run", run)
    return run
