"""Recipes by name and in files: read, extended, written; never run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from advnets.config.load import (
    from_dict,
    load_recipe,
    recipe_for,
    recipe_names,
    recipe_summary,
    to_dict,
    to_yaml,
)
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError

DENSE = "extends: mnist-dense\n"


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
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


def test_a_whole_recipe_says_so_first() -> None:
    text = to_yaml(Recipe())
    assert text.splitlines()[0] == "format: 2"
    assert yaml.safe_load(text) == {"format": 2, **to_dict(Recipe())}


def test_a_whole_recipe_extends_nothing(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, "format: 2\ndata: photos")) == Recipe(data="photos")


def test_a_file_extends_what_its_data_alone_would_choose(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, "steps: 7")) == load_recipe("mnist").replace(steps=7)
    assert load_recipe(written(tmp_path, "data: photos")) == load_recipe("images").replace(data="photos")
    assert load_recipe(written(tmp_path, "data: grid")) == load_recipe("grid")
    nested = written(tmp_path, "data: photos\ngenerator: {base: 16, rate: 1e-4}")
    assert load_recipe(nested) == load_recipe("images").replace(
        data="photos", **{"generator.base": 16, "generator.rate": 1e-4}
    )


@pytest.mark.parametrize(
    ("data", "recipe"),
    [
        (None, "mnist"),
        ("mnist", "mnist"),
        ("fashion-mnist", "mnist"),
        ("ring", "ring"),
        ("grid", "grid"),
        ("stacked-mnist", "stacked-mnist"),
        ("cifar10", "images"),
        ("photos", "images"),
        ("numbers.csv", "vectors"),
        ("numbers.TSV.gz", "vectors"),
        ("paper-mnist", "images"),  # a folder of that name: the recipe trains on other data
    ],
)
def test_the_recipe_for_data(data: str | None, recipe: str) -> None:
    assert recipe_for(data) == recipe


def test_who_has_looked_says_whether_data_are_a_table() -> None:
    assert recipe_for("faces.npy") == recipe_for("faces.npy", vectors=False) == "images"
    assert recipe_for("numbers.npy", vectors=True) == recipe_for("(in memory)", vectors=True) == "vectors"
    assert recipe_for("ring", vectors=False) == "ring"


def test_a_file_extends_a_recipe_by_name_or_file(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, "extends: ring\nlatent: 2")) == load_recipe("ring").replace(latent=2)
    (tmp_path / "base").mkdir()
    written(tmp_path / "base", "extends: ring\nsteps: 5", "first.yaml")
    written(tmp_path / "base", "extends: first.yaml\nbatch: 6", "second.yaml")
    mine = written(tmp_path, "extends: base/second.yaml\nseed: 7")
    assert load_recipe(mine) == load_recipe("ring").replace(steps=5, batch=6, seed=7)


def test_another_kind_is_a_change_like_any(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, "extends: images\ngenerator: {kind: mlp, hidden: [9]}"))
    assert (recipe.game.generator.network.kind, recipe.game.generator.network.hidden) == ("mlp", (9,))
    assert recipe.game.discriminator == load_recipe("images").game.discriminator


def test_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, "extends: b.yaml", "a.yaml")
    written(tmp_path, "extends: sub/../a.yaml", "b.yaml")
    with pytest.raises(RecipeError, match=r"b.yaml extends itself; take away one extends: .*a.yaml -> .*b.yaml -> .*a"):
        load_recipe(tmp_path / "a.yaml")


def test_a_run_directory_is_its_recipe(tmp_path: Path) -> None:
    written(tmp_path, to_yaml(load_recipe("ring")), "recipe.yaml")
    assert load_recipe(tmp_path) == load_recipe("ring")


def test_off_is_a_word(tmp_path: Path) -> None:
    for text in ("off", "false", "'off'"):
        assert load_recipe(written(tmp_path, f"watch: {{action: {text}}}")).watch.action == "off"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stepz: 3", "unknown field 'stepz'; perhaps you mean steps"),
        (f"{DENSE}generator: {{hiden: [3]}}", "generator.hiden: the mlp generator has no such field; it has hidden"),
        ("steps: many", "steps = 'many'"),
        ("steps:", "steps"),
        ("generator: mlp", "generator cannot be 'mlp'; write generator.kind mlp"),
        ("extends: mnist-dense\ngenerator: {hidden: 12}", "game.generator.network.hidden = 12"),
        ("extends: mnist-dense\ngenerator: {hidden: [0]}", "game.generator.network.hidden cannot be"),
        ("generator_optimizer: {rate: 1e-4}", "unknown field 'generator_optimizer.rate'; perhaps you mean "
            "generator.optimizer.rate"),
        (f"{DENSE}generator: {{hidden: [3]}}\ngenerator_optimizer: {{kind: sgd}}",
            "unknown field 'generator_optimizer.kind'; perhaps you mean generator.optimizer.kind"),
        ("data: photos\nunits: [3]", "units: the conv discriminator has no such field; it has base"),
        ("size: [4]", "size"),
        ("extends: nosuch", "no recipe, file or folder 'nosuch'"),
        ("extends: mnst", "no recipe, file or folder 'mnst'; perhaps you mean mnist"),
        ("format: 3", "format 3 is not known"),
        ("- 1", "does not hold a recipe"),
        ("", "does not hold a recipe"),
        ("1: 2", "1 is not a field's name"),
        ("steps: [1", "line 1 is not plain YAML"),
        ("[" * 1500, "is not plain YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_field(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RecipeError, match=says) as error:
        load_recipe(path)
    assert str(path.parent) in str(error.value)
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
    with pytest.raises(RecipeError, match=r"no recipe, .*`advnets recipes` lists them"):
        load_recipe(source)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.yaml"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(RecipeError, match="cannot be read as a recipe"):
        load_recipe(path)
