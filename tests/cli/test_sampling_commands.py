"""Commands that look at a run and sample it: answers that others can build on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal, quiet
from PIL import Image

from advnets import cli


def test_info(terminal: Terminal, digits: Path) -> None:
    facts = json.loads(terminal.out("info", digits, "--json"))
    assert set(facts) >= {"step", "steps", "status", "best", "recipe", "data"}
    assert (facts["step"], facts["steps"], facts["status"]) == (20, 20, "done")
    assert facts["recipe"]["game"]["generator"]["network"]["hidden"] == [16]
    assert facts["data"]["name"] == "mnist"
    assert facts["data"]["shape"] == [1, 28, 28]
    assert "step 20 of 20, done" in terminal.out("info", digits)


def test_samples_as_array_picture_and_directory(terminal: Terminal, digits: Path, folder: Path) -> None:
    for out in ("made.npy", "made.png", "made"):
        assert f"7 samples: {out}" in terminal.out("sample", digits, "--count", 7, "--seed", 2, "--out", out)
    array = np.load(folder / "made.npy")
    assert array.dtype == np.uint8
    assert array.shape == (7, 28, 28, 1)
    files = sorted((folder / "made").iterdir())
    assert [file.name for file in files] == [f"{n:06d}.png" for n in range(7)]
    for file, image in zip(files, array, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(file)), image[..., 0])
    assert np.asarray(Image.open(folder / "made.png")).ndim == 2


def test_the_same_seed_gives_the_same_samples_whatever_the_count(
    terminal: Terminal, digits: Path, ring: Path, folder: Path
) -> None:
    for run in (digits, ring):
        made = {}
        for count, seed in ((300, 2), (3, 2), (3, 4)):
            terminal.out("sample", run, "--count", count, "--seed", seed, "--out", "made.npy")
            made[count, seed] = np.load(folder / "made.npy")
        np.testing.assert_array_equal(made[300, 2][:3], made[3, 2])
        assert not np.array_equal(made[3, 2], made[3, 4])


def test_points_are_arrays_and_pictures(terminal: Terminal, ring: Path, folder: Path) -> None:
    terminal.out("sample", ring, "--out", "points.npy")
    array = np.load(folder / "points.npy")
    assert (array.shape, array.dtype) == ((100, 2), np.float32)
    terminal.out("sample", ring, "--out", "points.png")
    assert Image.open(folder / "points.png").size[0] > 100


def test_interpolation(terminal: Terminal, digits: Path, folder: Path) -> None:
    said = terminal.out("interpolate", digits, "--lines", 2, "--points", 5, "--out", "walk.png")
    assert "interpolation: walk.png" in said
    width, height = Image.open(folder / "walk.png").size
    assert width > height >= 2 * 28
    assert "ask for 1 line or more, 2 points or more" in terminal.mistake("interpolate", digits, "--points", 1)


def test_a_damaged_checkpoint_is_passed_over_and_said(
    digits: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(digits, folder / "run")
    (folder / "run/checkpoints/step-00000020/players/generator/average.safetensors").write_bytes(b"")
    quiet("sample", "run", "--count", 1)
    assert "average.safetensors is damaged; using step 10" in capsys.readouterr().err


def test_a_path_that_the_system_refuses_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", "x" * 5000]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "too long" in said
