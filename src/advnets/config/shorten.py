"""A recipe as few lines: the built-in one that it comes from, and what is other in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from advnets.config.idle import refuse_idle
from advnets.config.load import load_recipe, recipe_for, recipe_names, to_yaml
from advnets.config.merge import changed, spread
from advnets.config.recipe import Recipe
from advnets.config.resolve import candidates, short_name
from advnets.config.tree import Node, at, grow, paths, plain
from advnets.errors import RecipeError


def shortened(recipe: Recipe, said: Iterable[str] = ()) -> dict[str, Any]:
    """Fields of a recipe file that reads back as the recipe; `extends` is the first of them.

    Whatever is in it was chosen, and stays where a budget chooses the rest: a file of all fields does not say which.

    Args:
        recipe: any.
        said: names of fields that were chosen though they are as in the built-in recipe.

    Raises:
        RecipeError: it has no short form.
    """
    extends = recipe.name if recipe.name in recipe_names() else recipe_for(recipe.data)
    base = load_recipe(extends)
    kinds = dict[str, Any]()
    while (other := _other_kind(changed(base, kinds), recipe)) is not None:
        kinds |= other
    before, now = grow(changed(base, kinds)), grow(recipe)
    chosen = {path for name in said for path in candidates(now, name)}
    leaves = [
        path
        for path in paths(now)
        if not isinstance(at(now, path), Node) and (path in chosen or at(before, path) != at(now, path))
    ]
    changes = kinds | {short_name(now, path): plain(at(now, path)) for path in leaves}
    if changed(base, changes) != recipe:
        raise RecipeError(f"{recipe.name} is not {extends} with changes")
    refuse_idle(recipe, (), base, list(spread(changes)))
    return {"extends": extends, **changes}


def as_yaml(recipe: Recipe, said: Iterable[str] = ()) -> str:
    """The recipe as a file, in as few lines as it has."""
    try:
        return yaml.safe_dump(shortened(recipe, said), sort_keys=False, width=100)
    except RecipeError:
        return to_yaml(recipe)


def _other_kind(base: Recipe, recipe: Recipe) -> dict[str, Any] | None:
    """The first kind, from the outside, that the recipe has and the base has not, by the name of its field."""
    before, now = grow(base), grow(recipe)
    known = set(paths(before))
    for path in paths(now):
        if path[-1] == "kind" and path in known and at(before, path) != at(now, path):
            return {".".join(path): at(now, path)}
    return None
