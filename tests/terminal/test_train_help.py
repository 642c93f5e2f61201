"""The help of `advnets train`."""

from __future__ import annotations

import dataclasses
import re

import pytest

from advnets.config.load import load_recipe, recipe_names
from advnets.config.recipe import Recipe
from advnets.config.resolve import short_name
from advnets.config.tree import Node, at, grow, paths
from advnets.terminal.train_help import SECTIONS, full_help, help_asked, short_help


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def flags(text: str) -> set[str]:
    return set(re.findall(r"(?:^|  )--([a-z0-9.-]+)", text, re.MULTILINE))


def fields(recipe: Recipe) -> set[str]:
    tree = grow(recipe)
    leaves = [path for path in paths(tree) if not isinstance(at(tree, path), Node)]
    return {short_name(tree, path).replace("_", "-") for path in leaves}


@pytest.mark.parametrize("name", recipe_names())
def test_the_help_has_every_field_of_the_recipe_and_no_other(name: str) -> None:
    recipe = load_recipe(name)
    others = {"measure", "module", "run"}
    text = short_help(recipe)
    assert flags(text.split("A flag is known")[0]) == fields(recipe) | others
    assert len(text.splitlines()) < 66 + 25 * len(recipe.players)
    assert max(map(len, text.splitlines())) <= 100


def test_the_help_follows_the_flags() -> None:
    text = help_asked(["mnist-dense", "--generator.kind", "conv", "--help"]) or ""
    assert "--generator.base" in text
    assert "--generator.hidden" not in text
    assert "--generator.embedding" in (help_asked(["--game.kind", "conditional", "-h"]) or "")
    assert "--data null" in (help_asked(["images", "--help"]) or "")
    assert help_asked(["images", "--data", "photos"]) is None


def test_all_help_describes_every_field_and_names_other_kinds() -> None:
    text = help_asked(["mnist-dense", "--help-all"]) or ""
    assert "Units of each hidden layer." in text
    assert "Updates of D between computations" in text
    assert "--generator.optimizer.kind sgd: final_momentum, momentum, momentum_steps" in text
    assert "--game.kind conditional: auxiliary, condition, embedding, mismatched, scaled" in text
    assert flags(full_help(load_recipe("mnist-dense"))) >= fields(load_recipe("mnist-dense"))


def test_every_field_has_its_section() -> None:
    placed = [field for section in SECTIONS.values() for field in section]
    assert sorted(placed) == sorted(field.name for field in dataclasses.fields(Recipe))


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, short_help(load_recipe("ring")).splitlines())) <= 80
