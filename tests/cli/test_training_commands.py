"""Commands that train: what they say, and what reaches the recipe."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, Terminal
from PIL import Image

from advnets import api, cli
from advnets.config.load import recipe_names
from advnets.data import open_table
from advnets.runs.run import Run
from advnets.terminal.runs import print_trained


@pytest.mark.usefixtures("no_report")
def test_training_says_where_its_results_lie(terminal: Terminal, folder: Path) -> None:
    said = terminal.out("train", "ring", *TINY, "--steps", 5, "--run", "here", "--seed", "3")
    assert "done: here" in said
    facts = json.loads((folder / "here" / "run.json").read_text())
    assert facts["command"][:3] == ["advnets", "train", "ring"]
    assert facts["command"][-2:] == ["--seed", "3"]


def test_the_flags_reach_the_recipe(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    class DoneError(Exception):
        pass

    def watched(recipe, **fields):
        seen.update(recipe=recipe, **fields)
        raise DoneError

    monkeypatch.setattr(api, "train", watched)
    line = """train --data photos --run runs/mine --steps 12 --seed 5 --size 48x64 --channels 3 --checkpoint-every 6
        --log-every 3 --precision float32 --device cpu --strict --generator.rate 0.01"""
    cli.main(line.split())
    recipe = seen["recipe"]
    assert recipe.name == "images"  # the default for data of the user's own
    assert (recipe.data, seen["run"], recipe.steps, recipe.seed) == ("photos", Path("runs/mine"), 12, 5)
    assert (recipe.height_width, recipe.channels, recipe.checkpoint_every, recipe.log_every) == ((48, 64), 3, 6, 3)
    assert (recipe.precision, recipe.device, recipe.strict) == ("float32", "cpu", True)
    assert recipe.game.generator.optimizer.rate == 0.01
    for args, name in (("train", "mnist"), ("train --data mnist", "mnist"), ("train --data=photos", "images")):
        cli.main(args.split())
        assert seen["recipe"].name == name
    cli.main(["train", "mnist-dense", "--size", "64"])
    assert seen["recipe"].height_width == (64, 64)


@pytest.mark.usefixtures("no_report")
def test_resuming_trains_further(terminal: Terminal, ring: Path, folder: Path) -> None:
    shutil.copytree(ring, folder / "run")
    assert "done: run" in terminal.out("resume", "run", "--steps", 15)
    facts = json.loads(terminal.out("info", "run", "--json"))
    assert (facts["step"], facts["steps"], facts["status"]) == (15, 15, "done")


@pytest.mark.usefixtures("no_report")
def test_a_run_goes_on_from_any_folder_and_with_data_that_were_moved(terminal: Terminal, folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "noise.npy", rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    terminal.out("train", "mnist-dense", *TINY, "--steps", 5, "--data", "noise.npy", "--holdout", "0.2", "--run", "run")
    split = open_table("noise.npy", holdout=0.2, progress=False)
    assert json.loads(terminal.out("info", "run", "--json"))["data"]["training"] == len(split.rows("train"))
    (folder / "below").mkdir()
    with contextlib.chdir(folder / "below"):
        terminal.out("resume", "../run", "--steps", 10)
        terminal.out("evaluate", "../run", "--count", 100)
    (folder / "noise.npy").rename(folder / "moved.npy")
    assert "noise.npy: the run's data are no longer there; say where they are now with --data" in terminal.mistake(
        "resume", "run", "--steps", 15
    )
    assert "done: run" in terminal.out("resume", "run", "--steps", 15, "--data", "moved.npy")
    terminal.out("evaluate", "run", "--count", 100)
    measured = json.loads((folder / "run" / "evaluation.json").read_text("utf-8"))
    assert measured["frechet"]["value"] > 0
    np.save(folder / "moved.npy", rng.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8))
    assert "have changed since it was started" in terminal.mistake("resume", "run", "--steps", 20)


def test_measuring_is_a_flag_of_training(terminal: Terminal, folder: Path) -> None:
    args = ("train", "ring", "--steps", 20, "--batch", 16, "--run", "run", "--measure")
    said = terminal.out(*args, "frechet,modes@every=10,count=500,best=modes")
    lines = (folder / "run" / "measures.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [10, 20]
    assert Image.open(folder / "run" / "measures.png").size[0] > 300
    assert "measures.png" in (folder / "run" / "report.md").read_text("utf-8")
    assert "100 samples" in terminal.out("sample", "run", "--step", "best", "--out", "best.npy")
    first, last = (json.loads(line)["measures"]["modes"]["value"] for line in lines)
    assert ("best by modes: step 10 (" in said) == (first >= last)  # the first of equals is the best


def test_the_best_checkpoint_is_named_where_it_is_not_the_last(
    terminal: Terminal, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.out(
        "train", "ring", "--steps", 10, "--batch", 16, "--run", "run", "--measure", "frechet@every=5,count=500"
    )
    lines = [json.loads(line) for line in (folder / "run" / "measures.jsonl").read_text().splitlines()]
    for values, said in (
        ((1.0, 2.0), "best by frechet: step 5 (1; 2 at step 10); --step best takes it"),
        ((2.0, 1.0), ""),
    ):
        for line, value in zip(lines, values, strict=True):
            line["measures"]["frechet"]["value"] = value
        (folder / "run" / "measures.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        capsys.readouterr()
        print_trained(Run(folder / "run"))
        assert capsys.readouterr().out.splitlines()[1:] == [each for each in [said] if each]
        assert ("--step best takes it" in terminal.out("info", "run")) == bool(said)
        assert json.loads(terminal.out("info", "run", "--json"))["best"] == (5 if said else 10)


def test_recipes_are_listed_and_printed(terminal: Terminal, folder: Path) -> None:
    listed = [line.split()[0] for line in terminal.out("recipes").splitlines()]
    assert listed == recipe_names()
    for name in listed:
        (folder / "mine.yaml").write_text(terminal.out("recipe", name))
        assert terminal.out("recipe", "mine.yaml") == (folder / "mine.yaml").read_text()
