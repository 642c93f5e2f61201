"""A training of any kind of game, killed in the middle and resumed, ends as one never killed: bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import game_kinds
import killed_kinds
import pytest
from live import assert_same_training, logged_step

import advnets
from advnets.games.build import GAMES

pytestmark = pytest.mark.usefixtures("no_report")


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind, killed by SIGKILL."""
    folder = tmp_path_factory.mktemp("killed")
    known = os.pathsep.join([str(Path(game_kinds.__file__).parent), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": known}
    command = [sys.executable, killed_kinds.__file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert set(json.loads(done.stdout.splitlines()[-1]).values()) == {signal.SIGKILL}, done.stderr
    return folder


@pytest.mark.parametrize("kind", [*GAMES, *game_kinds.FURTHER])
def test_the_end_is_the_same(kind: str, killed: Path, tmp_path: Path) -> None:
    assert logged_step(killed / kind) == game_kinds.of(kind).killed_at
    run = tmp_path / "run"
    beside = {"data": game_kinds.given(kind), "sources": game_kinds.sources_of(kind)}
    advnets.resume(killed / kind, **beside)
    advnets.train(game_kinds.recipe_of(kind), **beside, run=run)
    assert_same_training(killed / kind, run)
