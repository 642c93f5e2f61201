"""What is said and changes nothing is refused, wherever it is said; what others have set may stay."""

from __future__ import annotations

from pathlib import Path

import pytest

import advnets
from advnets.config.idle import refuse_idle
from advnets.config.load import load_recipe, recipe_names, to_dict
from advnets.config.merge import spread
from advnets.errors import RecipeError
from advnets.terminal.flags import train_flags

IDLE = [
    ("mnist --watch.action off --watch.every 3", "--watch.every changes nothing: the watch is off; give --watch.act"),
    ("mnist --measure.patience 4", "--measure.patience changes nothing: nothing is measured .* --measure.metrics"),
    ("mnist --measure.best frechet", "--measure.best changes nothing"),
    ("mnist --measure.count 40", "--measure.count changes nothing"),
    ("mnist --penalties.r1.every 4", "the r1 penalty has weight 0; give --penalties.r1.weight, or leave it out"),
    ("ring --size 16", "--size changes nothing: ring has points, no images; leave it out"),
    ("ring --fit pad", "--fit changes nothing"),
    ("grid --labels none --game.kind conditional", "--labels changes nothing: grid has points"),
    ("ring --strict", "--strict changes nothing"),
    ("mnist --holdout .2", "--holdout changes nothing: mnist keeps the parts that it was published with"),
    ("mnist-conditional --module generator=nets:G --generator.embedding 4", "the generator is a module of your own"),
    (
        "mnist --game.kind conditional --module discriminator=nets:D --discriminator.condition concatenation",
        "--discriminator.condition changes nothing: the discriminator is a module of your own; leave it out",
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
        "mnist --penalties.r1.every 4 --penalties.r1.weight 0", "mnist --penalties.r1.every 4 --penalties.r1.weight .1",
        "images --data mnist --size 16 --fit pad", "ring --watch.every 3",
        "mnist-conditional --module generator=nets:G",
    ],
)  # fmt: skip
def test_what_has_an_effect_or_was_set_elsewhere_is_welcome(said: str) -> None:
    train_flags(said.split())


def test_in_python_too(tmp_path: Path) -> None:
    for changes in ({"watch": {"action": "off", "every": 3}}, {"watch.action": "off", "watch.every": 3}):
        with pytest.raises(RecipeError, match=r"watch.every changes nothing: the watch is off; give watch.action"):
            advnets.train("ring", run=tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_in_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: mnist\nmeasure: {patience: 4}\n", "utf-8")
    with pytest.raises(RecipeError, match=r"mine.yaml: measure.patience changes nothing"):
        train_flags([str(path)])
    with pytest.raises(RecipeError, match=r"mine.yaml: measure.patience changes nothing"):
        advnets.train(path, run=tmp_path / "run")
    train_flags([str(path), "--measure", "frechet"])  # which gives it one


def test_the_recipes_that_come_with_the_package_say_nothing_idle() -> None:
    for name in recipe_names():
        recipe = load_recipe(name)
        said = {key: each for key, each in to_dict(recipe).items() if each != to_dict(advnets.Recipe())[key]}
        said.get("game", {}).pop("penalties", None)  # whole here, with those of weight 0
        refuse_idle(recipe, spread(said))
