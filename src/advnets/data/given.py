"""Data as a caller gives them to a training: a name, a path, arrays in memory, or a table that is open; and sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from advnets.config.names import IN_MEMORY
from advnets.config.recipe import Recipe
from advnets.data.open_data import open_data, with_sources
from advnets.data.recognize import Given
from advnets.data.table import Table
from advnets.errors import RunError


def said_of(data: object, sources: object = None) -> dict[str, Any]:
    """What the recipe says of the data, and of the sources, that were passed."""
    given = {"data": data, "sources": sources}
    return {
        name: str(each) if isinstance(each, str | Path) else IN_MEMORY
        for name, each in given.items()
        if each is not None
    }


def is_open(data: object) -> bool:
    """Whether what was passed is a table that is open already."""
    return data is not None and not isinstance(data, str | Path | np.ndarray | tuple)


def open_given(
    recipe: Recipe, data: object, sources: Given | None = None, by_name: Callable[..., Table] = open_data
) -> Table:
    """The table to train on: one that was passed, or what the recipe or the caller names.

    Args:
        recipe: names what was not passed in memory.
        data: what was passed.
        sources: the same of the sources.
        by_name: opens what the recipe names.

    Raises:
        RecipeError: sources that the game needs are not named.
        RunError: data that were passed in memory, and are not passed now.
        DataError: they cannot be opened.
    """
    if not is_open(data):
        recipe.check_named()
    in_memory = None if sources is None or isinstance(sources, str | Path) else sources
    if recipe.sources == IN_MEMORY and in_memory is None:
        raise RunError("its sources were passed in Python", "pass the same images: advnets.resume(run, sources=images)")
    if data is None or isinstance(data, str | Path):
        if recipe.data == IN_MEMORY:
            raise RunError("its data were passed in Python", "pass the same images: advnets.resume(run, data=images)")
        return by_name(recipe, sources=in_memory)
    if not is_open(data):
        return open_data(recipe, data, sources=in_memory)  # type: ignore[arg-type]  # arrays
    table: Table = data  # type: ignore[assignment]  # what is neither a name nor arrays is a table
    return table if table.sources is not None else with_sources(table, recipe, in_memory)
