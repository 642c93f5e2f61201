"""A recipe in few lines reads back as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from advnets.config.load import load_recipe, recipe_names, said_in
from advnets.config.recipe import Recipe
from advnets.config.shorten import as_yaml, shortened


def read_back(recipe: Recipe, folder: Path, said: tuple[str, ...] = ()) -> Recipe:
    (folder / "short.yaml").write_text(as_yaml(recipe, said))
    return load_recipe(folder / "short.yaml")


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_reads_back(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert shortened(recipe) == {"extends": name}
    assert read_back(recipe, tmp_path) == recipe


def test_changes_of_fields_and_kinds_read_back(tmp_path: Path) -> None:
    changes = {
        "game.kind": "conditional", "generator.network.kind": "mlp", "generator.hidden": [50, 60],
        "discriminator.optimizer.kind": "sgd", "discriminator.rate": 0.02, "data": "photos", "batch": 7,
    }  # fmt: skip
    recipe = load_recipe("images").replace(**changes)
    assert read_back(recipe, tmp_path) == recipe
    assert len((tmp_path / "short.yaml").read_text().splitlines()) < 15
    own = recipe.replace(name="mine")
    assert read_back(own, tmp_path) == own


def test_what_was_chosen_is_said_though_it_is_as_before(tmp_path: Path) -> None:
    read_back(load_recipe("images").replace(data="photos"), tmp_path, ("batch", "game.generator.network.base"))
    assert {change.name for change in said_in(tmp_path / "short.yaml")} == {"data", "batch", "generator.base"}


def test_what_has_no_short_form_is_written_whole(tmp_path: Path) -> None:
    idle = load_recipe("mnist").replace(**{"coordination.replay_size": 50})  # which a short file would be refused for
    assert as_yaml(idle).startswith("format: 2")
    assert read_back(idle, tmp_path) == idle
