"""The command line: help with an example, one clear line for a mistake."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, Terminal
from PIL import Image

from advnets import api, cli


def test_a_run_among_its_own_images_is_refused(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = folder / "photos"
    photos.mkdir()
    for number in range(4):
        Image.fromarray(np.full((8, 8), 60 * number, np.uint8)).save(photos / f"{number}.png")
    said = terminal.mistake("train", photos, "--steps", 1, "--run", photos / "run")
    assert "would lie in" in said
    assert "its pictures would be taken for more images; name another place, as --run runs/run" in said
    assert sorted(path.name for path in photos.iterdir()) == ["0.png", "1.png", "2.png", "3.png"]
    monkeypatch.chdir(photos)
    assert "as --run ../runs/mine" in terminal.mistake("train", ".", "--steps", 1, "--run", "runs/mine")
    monkeypatch.chdir(folder)
    assert "perhaps you mean photos" in terminal.mistake("train", "photoss")
    assert "perhaps you mean photos" in terminal.mistake("data", "photoss")
    assert "`advnets recipes` lists them" in terminal.mistake("train", "xyzxyz")
    (folder / "ring").mkdir()  # no images are in a folder that has the name of a set alone
    terminal.out("train", "ring", *TINY, "--steps", 1, "--run", "ring/second")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_with_an_example(command: str, terminal: Terminal) -> None:
    said = terminal.out(command, "--help")
    assert f"Example: advnets {command}" in " ".join(said.split())


@pytest.mark.parametrize("args", [[], ["--help"], ["-h"]])
def test_the_overview_names_every_command(args: list[str], terminal: Terminal) -> None:
    said = terminal.out(*args)
    assert all(command in said for command in cli.COMMANDS)


def test_the_version(terminal: Terminal) -> None:
    assert re.fullmatch(r"advnets \d+\.\d+\.\d+\S*", terminal.out("--version").strip())


def test_the_flags_that_others_build_on_are_at_the_top(terminal: Terminal) -> None:
    said = terminal.out("train", "--help")
    flags = set(re.findall(r"  (--[a-z-]+) ", said))
    promised = "data run steps seed size channels checkpoint-every log-every precision device strict"
    assert {f"--{name}" for name in promised.split()} <= flags


# Mistakes


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("trian", "no command 'trian'; choose one of train"),
        ("train nosuch", "no recipe, file or folder 'nosuch'; check the path of your data"),
        ("train missing/mine.yaml", "no recipe, file or folder 'missing/mine.yaml'"),
        ("train ring --stepz 3", "unknown flag --stepz; perhaps you mean --steps"),
        ("train --steps 3 ring", "--steps takes one value, not 3 ring"),
        ("train ring --steps many", "steps = 'many': Input should be a valid integer"),
        ("train ring --steps", "--steps needs a value"),
        ("train ring --steps 0", "steps cannot be 0; use 1 or more"),
        ("train ring --precision half", "precision = 'half'"),
        ("train ring --device warp", "device 'warp' is not there"),
        ("train mnist-dense --size 12by7", "size '12by7' is not a size; write H, or HxW: 64, 48x64"),
        ("train mnist-dense --channels 2", "channels cannot be 2; use 1, 3 or 4"),
        ("train mnist-dense --objective cheat", "objective cannot be 'cheat'"),
        ("train mnist-dense --generator.output cheat", "game.generator.network.output = 'cheat'"),
        ("train ring --generator.kind conv", "convolutional networks need images, not points; use the mlp kinds"),
        ("train --data nowhere", "nowhere"),
        ("train images", "images trains on data of your own; name them with --data"),
        ("train RUN", "is a run; continue it with `advnets resume"),
        ("train ring --generator.base 3", "the mlp generator has no such field; it has hidden"),
        ("train ring --lr 1", "say --generator.rate and --discriminator.rate"),
        ("train --data empty", "empty"),
        ("resume nowhere", "nowhere is not a run; name a directory that `advnets train` made"),
        ("resume empty", "empty is not a run"),
        ("resume", "Missing from advnets resume"),
        ("resume RUN --steps 5", "is at step 10 already; give more --steps"),
        ("sample nowhere", "nowhere is not a run"),
        ("sample RUN --count 0", "0 samples cannot be drawn; ask for 1 or more"),
        ("sample RUN --seed x", "Error parsing --seed"),
        ("sample RUN --out some.gif", "samples cannot be written to some.gif; name a .png, .npy"),
        ("sample RUN --out points", "samples cannot be written to points"),
        ("interpolate RUN", "makes points, not images"),
        ("interpolate nowhere", "nowhere is not a run"),
        ("evaluate RUN --metrics parzen", "holds points, not images"),
        ("compare RUN", "name two or more"),
        ("sample RUN --step best", "was not measured in training"),
        ("sample RUN --step soon", "give newest, best or a step"),
        ("train ring --measure", "--measure takes one value; such as"),
        ("train ring --measure ppl", "unknown measure 'ppl'"),
        ("evaluate nowhere", "nowhere"),
        ("evaluate RUN --metrics beauty", "unknown measure 'beauty'; choose from parzen"),
        ("info nowhere", "nowhere is not a run"),
        ("info empty", "empty is not a run"),
        ("info RUN --jsn", "perhaps you meant --json"),
        ("recipe nosuch", "no recipe, file or folder 'nosuch'"),
        ("recipe", "Missing from advnets recipe"),
        ("recipes all", "Unrecognized options: all"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_line(args: str, says: str, terminal: Terminal, ring: Path, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert says in terminal.mistake(*(ring if word == "RUN" else word for word in args.split()))
    assert sorted(path.name for path in folder.iterdir()) == ["empty"]


def test_samples_alone_need_data_to_be_measured_against(terminal: Terminal, folder: Path) -> None:
    np.save(folder / "made.npy", np.zeros((4, 28, 28, 1), np.uint8))
    assert "name the data they imitate with --data" in terminal.mistake("evaluate", "made.npy")


def test_a_run_without_a_checkpoint(terminal: Terminal, ring: Path, folder: Path) -> None:
    shutil.copytree(ring, folder / "run")
    shutil.rmtree(folder / "run" / "checkpoints")
    assert "holds no checkpoint to load; run `advnets resume run` first" in terminal.mistake("sample", "run")
    assert json.loads(terminal.out("info", "run", "--json"))["step"] == 0


def test_a_run_that_is_there_is_told_before_images_are_decoded(terminal: Terminal, ring: Path, folder: Path) -> None:
    assert "already holds a run" in terminal.mistake("train", "images", "--data", folder / "none", "--run", ring)


def test_a_run_is_not_overwritten(terminal: Terminal, ring: Path) -> None:
    said = terminal.mistake("train", "ring", "--steps", 5, "--run", ring)
    assert f"already holds a run; continue it with `advnets resume {ring}`" in said


def test_what_cannot_be_written_is_one_line(terminal: Terminal, digits: Path, folder: Path) -> None:
    (folder / "file").write_text("")
    for command in ("sample", "interpolate"):
        said = terminal.mistake(command, digits, "--out", "file/made.png")
        assert "file" in said
        assert "resume" not in said  # which would not help
    said = terminal.mistake("sample", digits, "--out", "file/made.npy")
    assert "cannot write to file/made.npy" in said
    assert said.endswith("choose another place")


def test_a_failure_of_ours_has_a_report(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **fields: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(api, "train", broken)
    assert cli.main(["train", "ring", "--steps", "7"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    report = Path(re.search(r"please send us (\S+)", err)[1])  # type: ignore[index]
    assert report.parent == folder
    text = report.read_text()
    assert "advnets train ring --steps 7" in text
    assert "ZeroDivisionError: a bug" in text


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = f"{sys.executable} -m advnets recipe mnist | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "format: 2\n"


# Commands
