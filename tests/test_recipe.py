"""Recipes: read, written, checked; never run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from advnets.config.load import from_dict, load_recipe, recipe_names, recipe_summary, to_dict, to_yaml
from advnets.config.recipe import Recipe, parse_size
from advnets.errors import RecipeError


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_built_in_recipes() -> None:
    assert {"paper-mnist", "mnist", "images", "ring", "grid", "stacked-mnist"} <= set(recipe_names())


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_survives_yaml(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert load_recipe(written(tmp_path, to_yaml(recipe))) == recipe
    assert from_dict(to_dict(recipe), "here") == recipe
    assert recipe_summary(name).strip()


def test_the_papers_settings() -> None:
    recipe = load_recipe("paper-mnist")
    assert (recipe.latent, recipe.prior, recipe.batch, recipe.schedule) == (100, "uniform", 100, "simultaneous")
    assert (recipe.generator.hidden, recipe.discriminator.units) == ((1200, 1200), (240, 240))
    D = recipe.discriminator
    assert (D.pieces, D.keep_input, D.keep_hidden) == (5, 0.8, 0.5)
    for optimizer in (recipe.generator_optimizer, recipe.discriminator_optimizer):
        assert (optimizer.kind, optimizer.rate, optimizer.decay, optimizer.floor) == ("sgd", 0.1, 1.000004, 1e-6)
        assert (optimizer.momentum, optimizer.final_momentum, optimizer.momentum_steps) == (0.5, 0.7, 250 * 500)


def test_fields_left_out_keep_their_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, "steps: 7\ngenerator: {hidden: [10]}\ngenerator_optimizer: {rate: 1e-4}"))
    assert recipe == Recipe().replace(steps=7, generator={"hidden": [10]}, generator_optimizer={"rate": 1e-4})
    assert recipe.generator_optimizer.rate == 1e-4


def test_a_run_directory_is_its_recipe(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(to_yaml(load_recipe("ring")))
    assert load_recipe(tmp_path) == load_recipe("ring")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stepz: 3", "unknown field 'stepz'"),
        ("generator: {hiden: [3]}", "generator.hiden"),
        ("steps: many", "steps = 'many'"),
        ("steps: 1.5", "steps = 1.5"),
        ("steps: [1]", "steps"),
        ("steps:", "steps"),
        ("generator: mlp", "generator"),
        ("generator: {hidden: 12}", "generator.hidden"),
        ("generator: {hidden: [12, x]}", "generator.hidden.1"),
        ("generator_optimizer: {betas: [0.5]}", "generator_optimizer.betas"),
        ("strict: perhaps", "strict"),
        ("schedule: both", "schedule"),
        ("precision: half", "precision"),
        ("steps: 0", "steps cannot be 0; use 1 or more"),
        ("batch: -1", "batch cannot be -1"),
        ("seed: -1", "seed cannot be -1"),
        ("channels: 2", "channels cannot be 2; use 1 or 3"),
        ("size: 0", "'?0'? is not a size"),
        ("size: 12by7", "'12by7' is not a size; write H, or HxW"),
        ("objective: cheat", "objective cannot be 'cheat'; choose one of minimax"),
        ("prior: cauchy", "prior cannot be 'cauchy'"),
        ("average: {decay: 1.0}", "average.decay cannot be 1.0"),
        ("generator_optimizer: {rate: 0}", "generator_optimizer.rate cannot be 0.0"),
        ("generator_optimizer: {rate: .nan}", "generator_optimizer.rate cannot be nan"),
        ("discriminator_optimizer: {betas: [0.5, 1.0]}", "discriminator_optimizer.betas"),
        ("generator_optimizer: {momentum: 2}", "generator_optimizer.momentum"),
        ("penalties: {r1: {every: 0}}", "penalties.r1.every cannot be 0"),
        ("penalties: {wgan_gp: {weight: -1}}", "penalties.wgan_gp.weight"),
        ("generator: {kind: transformer}", "generator.kind cannot be 'transformer'; choose one of mlp"),
        ("generator: {hidden: [0]}", "generator.hidden"),
        ("generator: {output: softmax}", "generator.output cannot be 'softmax'"),
        ("generator: {hidden: [3, 3], activations: [relu, swish]}", "generator.activations"),
        ("generator: {hidden: [3], activations: [relu, relu]}", "generator.activations"),
        ("discriminator: {kind: oracle}", "discriminator.kind"),
        ("discriminator: {units: []}", r"discriminator.units cannot be \(\); name at least one layer"),
        ("discriminator: {max_norm: -1}", "discriminator.max_norm cannot be -1.0; use a positive norm"),
        ("discriminator: {init: .nan}", "discriminator.init cannot be nan"),
        ("generator: {init: -1}", "generator.init cannot be -1.0"),
        ("holdout: 0.5", "holdout cannot be 0.5"),
        ("size: [4]", "size"),
        ("size: [4, x]", "'4xx' is not a size"),
        ("discriminator: {keep_hidden: 0}", "discriminator.keep_hidden cannot be 0.0"),
        ("- 1", "does not hold a recipe"),
        ("", "does not hold a recipe"),
        ("steps: [1", "line 1 is not plain YAML"),
        ("[" * 3000, "is not plain YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_field(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RecipeError, match=says) as error:
        load_recipe(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['sprung']]",
        "name: !!python/object/apply:os.system ['touch sprung']",
        "name: !!python/name:os.system",
        "name: !!python/object/new:os.system ['touch sprung']",
    ],
)
def test_a_recipe_cannot_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert yaml.compose(text) is not None  # it is YAML, and refused for what it asks
    with pytest.raises(RecipeError, match="line 1 is not plain YAML"):
        load_recipe(written(tmp_path, text))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("source", ["nosuch", "no/such.yaml", "."])
def test_what_is_not_there_is_said_with_what_is(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"no recipe .*paper-mnist"):
        load_recipe(source)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.yaml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(RecipeError, match="cannot be read as a recipe"):
        load_recipe(path)


def test_sizes() -> None:
    assert [parse_size(size) for size in (None, 64, "64", "48x64", " 48X64 ")] == [
        None, (64, 64), (64, 64), (48, 64), (48, 64),
    ]  # fmt: skip
    assert Recipe().replace(size=(48, 64)).height_width == (48, 64)
