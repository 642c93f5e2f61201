"""Games and objectives of one's own on the command line: by a program that defines them and calls `main`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets import cli
from advnets.config import names
from advnets.config.games import GameConfig
from advnets.games.build import GAMES
from advnets.games.objectives import OBJECTIVES

MINE = """
from dataclasses import dataclass

from advnets.config.games import AdversarialConfig
from advnets.games.build import GAMES
from advnets.games.objectives import Objective, register


@dataclass(frozen=True)
class MineConfig(AdversarialConfig):
    kind: str = "mine"
    extra: int = 3


GAMES["mine"] = GAMES["adversarial"]
register(Objective("own", lambda real, fake: (fake - real).mean(), lambda real, fake: -fake.mean()))
"""
PROGRAM = "import mine, sys\nfrom advnets.cli import main\nsys.exit(main())\n"
TRAIN = "train ring --game.kind mine --objective own --game.extra 5 --steps 3 --batch 8 --sample-every 0 --run run"


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_report: None) -> Path:
    """A folder with the program, and a run that it made; afterwards nothing of it is known."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)
    Path("with_mine.py").write_text(PROGRAM)
    registries: tuple[dict[str, Any], ...] = (GameConfig.kinds, GAMES, OBJECTIVES, names._objectives)
    with pytest.MonkeyPatch.context() as patch:
        for registry in registries:
            patch.setitem(registry, "mine", None)  # whose end takes the names away again
            patch.setitem(registry, "own", None)
        del GameConfig.kinds["mine"]
        patch.syspath_prepend(tmp_path)
        importlib.import_module("mine")
        assert cli.main(TRAIN.split()) == 0
    del sys.modules["mine"]
    return tmp_path


def test_a_program_of_three_lines_takes_the_place_of_the_command(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "with_mine.py", *["sample", "run", "--count", "3", "--out", "made.npy"]]
    subprocess.run(command, cwd=trained, check=True)
    assert np.load(trained / "made.npy").shape == (3, 2)
    capsys.readouterr()
    assert cli.main(["sample", "run", "--count", "3", "--out", "again.npy"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "choose one of " in said
    assert "or run the program that defines it" in said
    assert not (trained / "again.npy").exists()
