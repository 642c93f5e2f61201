"""`open_data`: whatever a recipe names, or what is given in its place, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advnets.data.named import NAMED
from advnets.data.open import open_table
from advnets.data.recognize import Given
from advnets.data.table import Table
from advnets.data.toys import TOYS, open_points
from advnets.errors import DataError

if TYPE_CHECKING:
    from advnets.config.recipe import Recipe


def open_data(recipe: Recipe, given: Given | None = None) -> Table:
    """The data that a recipe names, in its size and channels.

    Args:
        recipe: its data, size, channels, fit, labels, range, strict and holdout count.
        given: taken in the place of what the recipe names: images in memory, or a pair of images and labels or
            vectors, as for `open_table`.

    Raises:
        RecipeError: none are named.
        DataError: they cannot be found or read.
    """
    source = recipe.source if given is None else given
    if isinstance(source, str) and source in TOYS:
        return open_points(source)
    return open_table(
        source,
        recipe.height_width,
        recipe.channels,
        fit=recipe.fit,
        labels=recipe.labels,
        range=recipe.range,
        strict=recipe.strict,
        holdout=recipe.holdout,
    )


def open_again(recipe: Recipe) -> Table:
    """The data of a run, as `open_data`; where they were moved, it is said what to do.

    Raises:
        DataError: they are not where they were, or cannot be read.
    """
    source = recipe.source
    if source not in (*TOYS, *NAMED) and not Path(source).exists():
        raise DataError(f"{source}: the run's data are no longer there", "say where they are now with --data")
    return open_data(recipe)
