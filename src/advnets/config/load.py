"""Recipes by name and in files: read, extended, written; never run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from advnets.config.merge import Change, changed, spread
from advnets.config.names import TABLES
from advnets.config.recipe import Recipe
from advnets.config.tree import plain
from advnets.errors import RecipeError
from advnets.files import meant

FORMAT = 2
"""Of recipes that say everything. A file that gives it starts from the fields' defaults, not from another recipe."""

_DEEP = 1000  # libyaml's loader, which is five times as fast, ends the process beyond some 20,000
_RELATED = {"fashion-mnist": "mnist"}


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain dictionaries, lists and numbers, in the order of its fields."""
    return plain(recipe)


def to_yaml(recipe: Recipe) -> str:
    """The recipe as YAML that `load_recipe` reads back to an equal recipe."""
    return yaml.safe_dump({"format": FORMAT, **to_dict(recipe)}, sort_keys=False, width=100)


def from_dict(values: Any, where: str) -> Recipe:
    """A recipe from plain values; fields left out keep their defaults.

    Args:
        values: a mapping of fields, as `Recipe.replace` takes them.
        where: named in errors, such as the file.

    Raises:
        RecipeError: unknown field, wrong type, value out of range.
    """
    return _extended(Recipe(), values, where)


def recipe_names() -> list[str]:
    """Names of the built-in recipes, sorted."""
    return sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".yaml"))


def recipe_summary(name: str) -> str:
    """The first comment line of a built-in recipe."""
    return (_folder() / f"{name}.yaml").read_text("utf-8").splitlines()[0].lstrip("# ")


def recipe_for(data: str | None, vectors: bool | None = None) -> str:
    """The built-in recipe that is meant where nothing but the data is said.

    Args:
        data: what they are called; None for nothing said at all.
        vectors: whether they are a table of numbers, for who has looked; by default their name says so.
    """
    if data is None:
        return "mnist"
    if data in recipe_names() and load_recipe(data).data == data:
        return data
    if vectors or (vectors is None and data.lower().endswith(TABLES)):
        return "vectors"
    return _RELATED.get(data, "images")


def how_chosen(recipe: str | Path | None, data: str | None) -> str:
    """Why it is this recipe, in words: it was named, read from a file, is meant for the data, or for none.

    Args:
        recipe: a built-in name or a file, where one was given.
        data: what was said of the data.
    """
    if recipe is None:
        return "the one for these data" if data is not None else "the default"
    return "as named" if str(recipe) in recipe_names() else f"from {recipe}"


def load_recipe(source: str | Path) -> Recipe:
    """The recipe of that name, in that YAML file or of that run directory.

    Only data is read: nothing that a recipe file says is imported or run.

    Raises:
        RecipeError: neither a name nor a readable recipe file.
    """
    return _loaded(source, Path(), ())


def read_values(path: Path) -> Mapping[Any, Any]:
    """What a recipe file, or a run directory's, says, as it stands there.

    Raises:
        RecipeError: it cannot be read, or holds no mapping.
    """
    return _parsed(_read(path, str(path)), str(path))


def said_in(source: str | Path) -> list[Change]:
    """What a recipe file of the user's own says, field by field; nothing of a built-in recipe, or of a run's, which
    says everything.

    Raises:
        RecipeError: it cannot be read.
    """
    path = Path(source)
    named = str(source) in recipe_names() or path.suffix not in (".yaml", ".yml")
    if named or (path.parent / "run.json").exists():
        return []
    values = read_values(path)
    if "format" in values:
        return []
    return [
        Change(each.name, each.value, f"{path}: {each.said}")
        for each in spread({key: value for key, value in values.items() if key != "extends"})
    ]


def _loaded(source: str | Path, folder: Path, above: tuple[str, ...]) -> Recipe:
    """The recipe that `source` names, seen from a folder, for the recipes above that extend it."""
    built_in = str(source) in recipe_names()
    where = f"recipe {source}" if built_in else os.path.normpath(folder / source)
    if where in above:
        raise RecipeError(f"{above[-1]} extends itself", f"take away one extends: {' -> '.join((*above, where))}")
    said = f"{above[-1]}: " if above else ""
    text = (_folder() / f"{source}.yaml").read_text("utf-8") if built_in else _read(folder / source, str(source), said)
    values = _parsed(text, where)
    base = _base(values, where, (folder / source).parent, built_in, (*above, where))
    return _extended(base, {key: value for key, value in values.items() if key not in ("format", "extends")}, where)


def _read(path: Path, name: str, said: str = "") -> str:
    """The text of a recipe file, or of a run directory's; `said` stands before what is wrong with its name."""
    try:
        if path.is_dir() and (path / "recipe.yaml").exists():
            path = path / "recipe.yaml"
        if not path.is_file():
            raise _no_recipe(name, said)
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read as a recipe ({error.__class__.__name__})") from None


def _no_recipe(name: str, said: str) -> RecipeError:
    near = meant(name, recipe_names())
    others = "check the path of your data, or name a recipe: `advnets recipes` lists them"
    return RecipeError(f"{said}no recipe, file or folder {name!r}", f"perhaps you mean {near}" if near else others)


def _parsed(text: str, where: str) -> Mapping[Any, Any]:
    try:
        values = _loaded_safely(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{where}{line} is not plain YAML") from None
    return _mapping(values, where)


def _loaded_safely(text: str) -> Any:
    """YAML as values, by the fast safe loader, but for what may be too deep for it: a bracket or a column a level."""
    deepest = text.count("[") + text.count("{") + max(map(len, text.splitlines()), default=0)
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None and deepest < _DEEP:
        with contextlib.suppress(yaml.YAMLError):  # where it is wrong the other one knows the better
            return yaml.load(text, Loader=fast)
    return yaml.safe_load(text)


def _mapping(values: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(values, Mapping):
        raise RecipeError(f"{where} does not hold a recipe", "write field: value lines, as `advnets recipe mnist` does")
    return values


def _base(values: Mapping[Any, Any], where: str, folder: Path, built_in: bool, above: tuple[str, ...]) -> Recipe:
    """What a recipe file extends: what it says; for one that says everything, the defaults; else what its data say."""
    said = values.get("format", FORMAT)
    if said != FORMAT:
        raise RecipeError(f"{where}: format {said!r} is not known", f"use format {FORMAT}, or a newer advnets")
    extends, data = values.get("extends"), values.get("data")
    if extends is not None:
        return _loaded(str(extends), folder, above)
    if built_in or "format" in values:
        return Recipe()
    return load_recipe(recipe_for(None if data is None else str(data)))


def _extended(base: Recipe, values: Any, where: str) -> Recipe:
    values = _mapping(values, where)
    try:
        return changed(base, values)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error.what}", error.remedy) from None


def _folder() -> Any:
    return resources.files("advnets") / "config" / "recipes"
