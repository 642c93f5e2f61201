"""Runs of format 1: their recipe.yaml, as the version before this one wrote it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from advnets.config.load import from_dict, load_recipe, to_yaml
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.runs.migrate import recipe_from_format_1, run_recipe

STORED = Path(__file__).parent / "format_1"


def migrated(custom: tuple[bool, bool] = (False, False), **parts: dict[str, Any]) -> Recipe:
    """The recipe of a run of `ring` in which these fields of parts were others."""
    values = yaml.safe_load((STORED / "ring.yaml").read_text("utf-8"))
    for part, fields in parts.items():
        values[part] |= fields
    return from_dict(recipe_from_format_1(values, custom), "here")


def looking_every_five_steps(recipe: Recipe) -> Recipe:
    """The recipe with what the watch's default was then."""
    return recipe.replace(**{"watch.every": 5})


THE_RING = load_recipe("vectors").replace(name="ring", data="ring", latent=16, steps=10_000, sample_every=1000)
"""The recipe of that name as it was when runs were of format 1."""


@pytest.mark.parametrize("name", ["ring", "paper-cifar10-conv-small"])
def test_a_run_of_format_1_has_the_recipe_that_it_had(name: str, tmp_path: Path) -> None:
    shutil.copy(STORED / f"{name}.yaml", tmp_path / "recipe.yaml")
    recipe = run_recipe(tmp_path / "recipe.yaml")
    assert recipe == looking_every_five_steps(THE_RING if name == "ring" else load_recipe(name))
    (tmp_path / "recipe.yaml").write_text(to_yaml(recipe))
    assert run_recipe(tmp_path / "recipe.yaml") == recipe


def test_fields_without_effect_are_left_out() -> None:
    ring = looking_every_five_steps(THE_RING)
    idle = {"base": 7, "maps": 3, "hidden_bias": -2.0}
    assert migrated(generator=idle, discriminator={"widths": [1, 2, 3], "max_norm": 2.0}) == ring
    assert migrated(generator_optimizer={"momentum": 0.9, "decay": 1.1}) == ring
    sparse = migrated(generator={"output_sparse": 5, "output_init": 0.5, "activations": ["sigmoid"]} | idle)
    network = sparse.game.generator.network
    assert (network.output_sparse, network.output_init, network.hidden_bias) == (5, None, -2.0)


def test_another_kind_brings_its_own_fields() -> None:
    recipe = migrated(generator={"kind": "conv", "output": "tanh", "base": 9}, discriminator={"kind": "paper-conv"})
    assert (recipe.game.generator.network.kind, recipe.game.generator.network.base) == ("conv", 9)
    assert recipe.game.discriminator.network.widths == (32, 32, 192)
    shown = migrated(generator={"kind": "paper-conv", "init": None}).game.generator.network
    assert (shown.init, shown.output_range) == (0.05, (-2.0, 2.0))


def test_a_floor_above_a_constant_rate_was_the_rate() -> None:
    flat = {"schedule": "constant", "rate": 1e-4, "floor": 1e-3, "decay_from": 0.5}
    optimizer = migrated(discriminator_optimizer=flat).game.discriminator.optimizer
    assert (optimizer.rate, optimizer.floor, optimizer.decay_from) == (1e-3, 0.0, 0.0)


def test_modules_of_ones_own_are_kinds_now() -> None:
    recipe = migrated(custom=(True, False), generator={"hidden": [3]})
    assert recipe.game.generator.network.kind == "own"
    assert recipe.game.discriminator == THE_RING.game.discriminator


def test_what_is_no_recipe_is_said_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("steps: [1")
    with pytest.raises(RecipeError, match=r"recipe.yaml, line 1 is not plain YAML"):
        run_recipe(tmp_path / "recipe.yaml")
