"""`open_data`: whatever a recipe names, or what is given in its place, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advnets.data.open import open_table
from advnets.data.recognize import Given
from advnets.data.table import Table
from advnets.data.toys import TOYS, open_points

if TYPE_CHECKING:
    from advnets.config.recipe import Recipe


def open_data(recipe: Recipe, given: Given | None = None) -> Table:
    """The data that a recipe names, in its size and channels.

    Args:
        recipe: its data, size, channels, fit, labels, strict and holdout count.
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
        strict=recipe.strict,
        holdout=recipe.holdout,
    )
