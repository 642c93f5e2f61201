"""What is said and changes nothing is refused, wherever it is said; what others have set may stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets import cli
from advnets.config.idle import refuse_idle
from advnets.config.load import load_recipe, recipe_names, to_dict
from advnets.config.measuring import MeasureConfig
from advnets.config.merge import spread
from advnets.config.recipe import Recipe
from advnets.config.watching import WatchConfig
from advnets.data import open_table
from advnets.errors import RecipeError
from advnets.terminal.flags import train_flags

IDLE = [
    ("mnist --watch.action off --watch.every 3", "--watch.every changes nothing: the watch is off; leave it out"),
    ("mnist --measure.patience 4", "--measure.patience changes nothing: nothing is measured .* --measure.metrics"),
    ("mnist --measure.best frechet", "--measure.best changes nothing"),
    ("mnist --measure.count 40", "--measure.count changes nothing"),
    ("mnist-dense --penalties.r1.every 4", "the r1 penalty has weight 0; give --penalties.r1.weight, or leave it out"),
    ("mnist --decide-every 9", "--decide-every changes nothing: k is not adaptive; give --coordination.most-disc"),
    ("mnist --top-annealed .2", "--top-annealed changes nothing: G learns from all fakes"),
    ("mnist --second-order", "--second-order changes nothing: latents are not optimized"),
    ("mnist-completion --generator.network.kind conv --generator.dense 9", "generator is given images, and is a unet"),
    ("mnist --game.kind completion --generator.modulation false", "the generator is given images, and is a unet"),
    ("mnist --replay-size 9", "--replay-size changes nothing: no fakes are replayed"),
    ("mnist --batch-stages 3", "--batch-stages changes nothing: batches do not grow"),
    (
        "mnist --latent-step .9 --latent-rule gradient --latent-damping 2",
        "--latent-damping changes nothing: only the natural rule is damped; leave it out",
    ),
    ("ring --size 16", "--size changes nothing: ring has points, no images; leave it out"),
    ("ring --fit pad", "--fit changes nothing"),
    ("grid --labels none --game.kind conditional", "--labels changes nothing: grid has points"),
    ("ring --strict", "--strict changes nothing"),
    ("mnist --strict", "--strict changes nothing: mnist is whole; leave it out"),
    ("mnist --fit pad", "--fit changes nothing: the images keep their size; give --size, or leave it out"),
    ("mnist --holdout .2", "--holdout changes nothing: mnist keeps the parts that it was published with"),
    ("mnist-conditional --module generator=nets:G --generator.embedding 4", "the generator is a module of your own"),
    (
        "mnist --generator.optimizer.kind sgd --generator.momentum .9",
        "--generator.momentum changes nothing: .* the final one; give --generator.final-momentum, or leave it out",
    ),
    (
        "mnist --generator.optimizer.kind sgd --generator.momentum-steps 9",
        "--generator.momentum-steps changes nothing: the momentum stays as it is; give --generator.final-momentum",
    ),
    (
        "mnist --game.kind conditional --module discriminator=nets:D --discriminator.condition concatenation",
        "--discriminator.condition changes nothing: the discriminator is a module of your own; leave it out",
    ),
    (
        "infogan --game.continuous 0 --game.continuous-information 1",
        "--game.continuous-information changes nothing: there is no continuous code; leave it out",
    ),
    (
        "mnist-semi-supervised --game.labels null --game.label-seed 3",
        "--game.label-seed changes nothing: all labels are used; leave it out",
    ),
    (
        "mnist-semi-supervised --game.consistency 0 --game.temperature .7",
        "--game.temperature changes nothing: consistency has weight 0; leave it out",
    ),
    (
        "mnist-semi-supervised --game.consistency 0 --game.alignment .5",
        "--game.alignment changes nothing: consistency has weight 0; leave it out",
    ),
    (
        "mnist --sources folder",
        "--sources changes nothing: the adversarial game has no sources, recipes pairs and unpaired have; leave it out",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("said", "answer"), IDLE, ids=[said for said, _ in IDLE])
def test_a_flag_without_an_effect_is_refused(said: str, answer: str) -> None:
    with pytest.raises(RecipeError, match=answer) as refused:
        train_flags(said.split())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        "mnist-best --watch.action off", "mnist --measure frechet@patience=4", "mnist-best --penalties.r1.weight 0",
        "mnist-dense --penalties.r1.every 4 --penalties.r1.weight 0",
        "mnist-dense --penalties.r1.every 4 --penalties.r1.weight .1",
        "images --data mnist --size 16 --fit pad", "ring --watch.every 3",
        "mnist-conditional --module generator=nets:G", "mnist --generator.optimizer.kind sgd --generator.momentum .5",
        "paper-mnist --generator.momentum .4 --generator.momentum-steps 9",
        "mnist --generator.optimizer.kind sgd --generator.final-momentum .9",
    ],
)  # fmt: skip
def test_what_has_an_effect_or_was_set_elsewhere_is_welcome(said: str) -> None:
    train_flags(said.split())


def test_in_python_too(tmp_path: Path) -> None:
    for changes in ({"watch": {"action": "off", "every": 3}}, {"watch.action": "off", "watch.every": 3}):
        with pytest.raises(RecipeError, match=r"watch.every changes nothing: the watch is off; leave it out"):
            advnets.train("ring", run=tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_what_a_configuration_brings_along_is_not_said(tmp_path: Path) -> None:
    recipe = load_recipe("ring")
    for changes in ({"watch": WatchConfig(action="off")}, {"measure": MeasureConfig()}, to_dict(recipe)):
        refuse_idle(recipe.replace(**changes), spread(changes, parts=False), recipe)


def test_a_table_is_open_already(tmp_path: Path) -> None:
    table = open_table(np.zeros((40, 8, 8), np.uint8), cache=tmp_path / "cache")
    with pytest.raises(RecipeError, match="size changes nothing: the table is open already; give size to open_table"):
        advnets.train("images", data=table, size=16, run=tmp_path / "run")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: mnist\nwatch: {every: 5}\nmeasure: {patience: 4}\n", "utf-8")
    return path


def test_in_a_file_too(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"mine.yaml: measure.patience changes nothing"):
        train_flags([str(mine)])
    with pytest.raises(RecipeError, match=r"mine.yaml: measure.patience changes nothing"):
        advnets.train(mine, run=tmp_path / "run")
    train_flags([str(mine), "--measure", "frechet"])  # which gives it one


def test_a_command_may_turn_off_what_a_file_speaks_of(mine: Path) -> None:
    train_flags([str(mine), "--measure", "frechet", "--watch.action", "off"])


def test_help_comes_before_what_is_idle(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "ring", "--size", "5", "--help"]) == 0
    assert "usage" in capsys.readouterr().out.lower()


def test_the_recipe_of_an_old_run_is_trained_anew() -> None:
    stored = Path(__file__).parents[1] / "runs" / "format_1" / "ring" / "recipe.yaml"
    assert train_flags([str(stored)]).recipe.data == "ring"


def test_the_recipes_that_come_with_the_package_say_nothing_idle() -> None:
    for name in recipe_names():
        recipe = load_recipe(name)
        said = {key: each for key, each in to_dict(recipe).items() if each != to_dict(advnets.Recipe())[key]}
        said.get("game", {}).pop("penalties", None)  # whole here, with those of weight 0
        refuse_idle(recipe, spread(said), Recipe())
