"""The first lines of a training: what is true of the recipe and the data, however small or odd these are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.config.load import how_chosen, load_recipe
from advnets.data import open_points, open_table
from advnets.terminal.flags import train_flags
from advnets.training.hooks.opening import Classes, going_on, of_conditions, of_data, of_examples, of_game, of_recipe

MNIST = load_recipe("mnist-dense")


def test_splits_are_counted() -> None:
    table = open_table(np.zeros((5, 9, 7, 4), np.uint8), holdout=0, progress=False)
    table = dataclasses.replace(table, format="a folder of images")
    said = "data: photos (a folder of images), all 5 images for training, none for validation, none for the test"
    assert of_data("photos", table) == said
    digits = open_table("mnist", progress=False)
    assert of_data("mnist", digits).startswith("data: mnist, 50,000 of 70,000 images for training, 10,000 for valid")
    assert "), all 100,000 points for training, 10,000 for validation" in of_data("ring", open_points("ring"))


def test_size_colors_and_fit_are_said() -> None:
    table = open_table(np.zeros((5, 9, 7, 4), np.uint8), progress=False)
    assert of_examples(table, MNIST) == "images: 9 x 7, 4 channels, as they are"
    assert of_examples(table, MNIST.replace(data="photos", fit="pad")) == "images: 9 x 7, 4 channels, fit pad"
    assert of_examples(open_points("grid"), MNIST) == "points: 2 numbers each"


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (Classes({"a": 60, "b": 70}), "2, from 60 examples (a) to 70 (b)"),
        (
            Classes({"a": 60, "b": 0, "c": 7, "d": 1}, 4),
            "4, from 1 examples (d) to 60 (a); none of b; fewer than 50 of c, d; 4 without a class",
        ),
        (Classes(dict.fromkeys(map(str, range(12)), 0)), "12; none of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"),
    ],
)
def test_empty_and_tiny_classes_are_named(classes: Classes, said: str) -> None:
    assert classes.words() == said


def test_a_game_that_is_not_told_of_the_conditions_says_so() -> None:
    images = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    labelled = open_table((images, ["x", "y"] * 3), holdout=0, progress=False)
    told, untold = (of_conditions(labelled, conditional)[0] for conditional in (True, False))
    assert told == "classes: 2, 3 examples each; fewer than 50 of x, y"
    assert untold == told + "; the game is not told of them (--game.kind conditional)"
    angles = open_table((images, np.zeros((6, 3))), holdout=0, progress=False)
    assert of_conditions(angles, True) == ["conditions: vectors of 3 numbers (0 0 to 0, 1 0 to 0, 2 0 to 0)"]
    assert of_conditions(open_table(images, holdout=0, progress=False), False) == []


def test_the_length_is_said_in_steps_and_in_times_through_the_data() -> None:
    said = of_recipe(MNIST.replace(steps=600), "as named", images=50_000)
    assert said == "recipe: mnist-dense, as named; 600 steps of 100 examples, 1.2 times through those for training"
    twice = MNIST.replace(steps=5000, schedule="alternating", discriminator_steps=2)
    assert "5,000 steps of 200 examples, 20 times" in of_recipe(twice, "as named", images=50_000)


def test_players_are_named_with_their_kinds() -> None:
    said = of_game(MNIST, {"generator": 1_234_567, "discriminator": 89})
    players = "parameters: generator (mlp) 1,234,567, discriminator (maxout) 89"
    assert said == f"game: adversarial, non-saturating, simultaneous; {players}"


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("mnist", "as named"), ("photos", "the one for these data"), ("cifar10", "the one for these data"),
        ("--data photos", "the one for these data"), ("--steps 4", "the default"), ("mine.yaml", "from mine.yaml"),
        ("mnist --data photos", "as named"),
    ],
)  # fmt: skip
def test_why_it_is_this_recipe(line: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "mine.yaml").write_text("extends: ring")
    assert train_flags(line.split()).chosen == chosen


def test_why_it_is_this_recipe_in_python() -> None:
    assert how_chosen(None, None) == "the default"
    assert how_chosen(Path("some/mine.yaml"), "photos") == "from some/mine.yaml"


def test_where_a_training_goes_on_and_that_it_is_finished() -> None:
    recipe = load_recipe("ring").replace(steps=40)
    found = going_on(Path("run"), 20, recipe, "step-00000020")
    assert found == "run goes on from step 20 of 40 (checkpoints/step-00000020)"
    assert going_on(Path("run"), 0, recipe, None) == "run goes on from step 0 of 40 (it has no sound checkpoint)"
    finished = "run is finished, at step 40 of 40; to train it further: advnets resume run --steps 80"
    assert going_on(Path("run"), 40, recipe, "step-00000040") == finished


@pytest.mark.usefixtures("no_report")
def test_what_was_noticed_of_the_data_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = open_table(np.zeros((9, 4, 8), np.uint8), size=4, holdout=0, progress=False)
    assert wide.notes
    small = {"generator.hidden": [4], "discriminator.units": [4], "batch": 8, "sample_every": 0, "steps": 1}
    advnets.train("mnist-dense", data=wide, run=tmp_path / "run", **small)
    said = capsys.readouterr().err.splitlines()
    assert f"noticed: {wide.notes[0]}" in said


@pytest.mark.usefixtures("no_report")
def test_a_training_opens_with_them_and_a_resumed_one_says_from_where(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"generator.hidden": [4], "discriminator.units": [4], "batch": 8, "sample_every": 0}
    advnets.train("ring", steps=2, run=tmp_path / "new", **small)
    said = capsys.readouterr().err.splitlines()
    words = ["data", "points", "classes", "recipe", "game", "device", "run"]
    assert [line.split(":")[0] for line in said[:7]] == words
    assert "recipe: ring, as named; 2 steps" in said[3]
    advnets.resume(run)
    assert f"{run} is finished, at step 40 of 40" in capsys.readouterr().err
    advnets.resume(run, steps=41)
    assert f"{run} goes on from step 40 of 41 (checkpoints/step-00000040)" in capsys.readouterr().err
