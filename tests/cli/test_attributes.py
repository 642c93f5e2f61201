"""`--attributes`: what a game of vectors is asked for by name, from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal
from PIL import Image

from advnets.data import open_table


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import advnets

    folder = tmp_path_factory.mktemp("attributes")
    rng = np.random.default_rng(0)
    vectors = np.stack([rng.uniform(-1, 1, 60), rng.integers(0, 2, 60)], 1).astype(np.float32)
    pixels = rng.integers(0, 255, (60, 6, 6), np.uint8)
    np.savez(folder / "x.npz", x=pixels, vectors=vectors, vector_names=["tilt", "odd"])
    small = {"generator.hidden": [8], "discriminator.units": [8], "steps": 2, "batch": 8, "sample_every": 0}
    advnets.train("mnist-dense", data=folder / "x.npz", run=folder / "run", **{"game.kind": "conditional"}, **small)
    return folder / "run"


def test_info_says_names_and_values(terminal: Terminal, run: Path) -> None:
    said = terminal.out("info", run)
    assert "vectors of 2 numbers (tilt -" in said
    assert "odd 0 or 1" in said


def test_pictures_arrays_and_folders(terminal: Terminal, run: Path, folder: Path) -> None:
    asked = ("sample", run, "--attributes", "tilt=-.5:.5,odd=1", "--count", 6, "--out")
    assert "3 samples of each of tilt=-0.5, tilt=0.5: rows.png" in terminal.out(*asked, "rows.png")
    assert Image.open(folder / "rows.png").size[0] > 60
    chosen = terminal.out(*asked, "chosen.npz", "--truncation", ".5", "--reject", 2)
    assert chosen.splitlines() == ["6 samples of tilt=-0.5, tilt=0.5: chosen.npz"]  # drawn once, and of what was asked
    assert open_table(folder / "chosen.npz", holdout=0).columns == ("tilt", "odd")
    terminal.out(*asked, "made.npz")
    table = open_table(folder / "made.npz", holdout=0)
    assert table.columns == ("tilt", "odd")
    assert table.vectors is not None
    np.testing.assert_allclose(table.vectors, [[-0.5, 1], [0.5, 1]] * 3)
    terminal.out(*asked, "made")
    assert sorted(path.name for path in (folder / "made").iterdir()) == ["tilt=-0.5", "tilt=0.5"]
    assert "(training examples: -" in terminal.out("sample", run, "--attributes", "tilt=7", "--out", "far.npy")
    terminal.out("interpolate", run, "--attributes", "tilt=-1:1", "--lines", 2, "--out", "walk.png")
    assert (folder / "walk.png").exists()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("tilt", "has 'tilt'; write NAME=VALUE"),
        ("tilt=a", "has 'tilt=a'; write NAME=VALUE"),
        ("tilt=1,tilt=2", "says tilt twice"),
        ("shade=1", "has no attribute 'shade'; choose from tilt -"),
        ("tilt=nan", "tilt cannot be [nan]; give a number"),
    ],
)
def test_what_is_not_understood_is_one_line(terminal: Terminal, run: Path, said: str, found: str) -> None:
    assert found in terminal.mistake("sample", run, "--attributes", said)


def test_a_run_of_classes_has_none(terminal: Terminal, run: Path, digits: Path) -> None:
    assert "has no attributes" in terminal.mistake("sample", digits, "--attributes", "tilt=1")
    assert "say one of them" in terminal.mistake("sample", run, "--attributes", "tilt=1", "--class", "3")
