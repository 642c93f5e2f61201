"""`open_data`: whatever a recipe names, or what is given in its place, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from advnets.data.open import open_table
from advnets.data.pairs import beside
from advnets.data.recognize import Given, is_known
from advnets.data.table import Table, holds_images
from advnets.data.toys import TOYS, open_points
from advnets.data.vectors import is_vectors, open_vectors
from advnets.errors import DataError

_DRAWN = 10_000

if TYPE_CHECKING:
    from advnets.config.recipe import Recipe


def open_data(
    recipe: Recipe, given: Given | None = None, *, sources: Given | None = None, verify: bool = False
) -> Table:
    """The data that a recipe names, in its size and channels, with the sources beside them that it names.

    Args:
        recipe: its data, size, channels, fit, labels, range, strict and holdout count; of points labels, strict and
            holdout.
        given: taken in the place of what the recipe names: images, or numbers N x D, in memory, or a pair of these and
            labels or vectors, as for `open_table` and `open_vectors`.
        sources: the same of the sources.
        verify: read every byte again, as `open_table` does.

    Raises:
        RecipeError: none are named.
        DataError: they cannot be found or read, or are points, and the recipe says of images how they are opened; or
            with `verify` are others than before, or none that are read.
    """
    source = recipe.source if given is None else given
    return with_sources(_opened(recipe, source, verify), recipe, sources, verify=verify)


def with_sources(table: Table, recipe: Recipe, given: Given | None = None, *, verify: bool = False) -> Table:
    """A table with the sources beside it that a recipe names, if it does: brought to its size.

    Args:
        table: what they are beside.
        recipe: its sources, game, source_channels, fit, strict and holdout count.
        given: taken in the place of what the recipe names.
        verify: as for `open_table`.

    Raises:
        DataError: they cannot be read, or do not go together.
    """
    found = recipe.sources if given is None else given
    how = recipe.game.sources
    if found is None or not how:
        return table
    if not holds_images(table):
        raise DataError(f"sources beside {table.name}, which holds points", "leave --sources out, or give images")
    size = table.shape[1], table.shape[2]
    try:
        sources = open_table(
            found, size, recipe.source_channels, fit=recipe.fit, labels="none", strict=recipe.strict,
            holdout=recipe.holdout, verify=verify,
        )  # fmt: skip
    except DataError as error:
        raise DataError(f"the sources: {error.what}", error.remedy) from error
    return beside(table, sources, paired=how == "paired", strict=recipe.strict)


def _opened(recipe: Recipe, source: Given, verify: bool) -> Table:
    """The data alone."""
    if isinstance(source, str) and source in TOYS:
        if verify:
            raise DataError(f"{source} is drawn, not read", "there is nothing to verify: leave it out")
        return open_points(source)
    if is_vectors(source):
        if verify:
            raise DataError(
                f"{recipe.data} is a table, read anew each time", "there is nothing to verify: leave it out"
            )
        _refuse_of_images(recipe)
        return open_vectors(source, labels=recipe.labels, holdout=recipe.holdout, strict=recipe.strict)
    return open_table(
        source,
        recipe.height_width,
        recipe.channels,
        fit=recipe.fit,
        labels=recipe.labels,
        range=recipe.range,
        strict=recipe.strict,
        holdout=recipe.holdout,
        verify=verify,
    )


def _refuse_of_images(recipe: Recipe) -> None:
    """See that nothing is said of how images are opened where the data are points."""
    for name, unsaid in (("size", None), ("channels", None), ("fit", "crop")):
        if (said := getattr(recipe, name)) != unsaid:
            raise DataError(f"{name} {said} is about images, {recipe.data} holds points", f"leave {name} out")


def real_points(recipe: Recipe) -> NDArray[Any] | None:
    """Points that a recipe's data have for training, in their own units, to be drawn beneath samples.

    Of a table 10,000 at most, from everywhere. None where they are images, or are not where the recipe says.
    """
    try:
        if recipe.data is None or not (recipe.data in TOYS or is_vectors(recipe.data)):
            return None
        table = open_data(recipe)
    except DataError:
        return None
    points = table.reals("train")
    return points if table.scale is None else table.scale.restore(points[:: 1 + len(points) // _DRAWN])


def open_again(recipe: Recipe, *, sources: Given | None = None) -> Table:
    """The data of a run, as `open_data`; where they were moved, it is said what to do.

    Raises:
        DataError: they are not where they were, or cannot be read.
    """
    named = {"data": recipe.source, **({"sources": recipe.sources} if recipe.sources and sources is None else {})}
    for name, source in named.items():
        if source not in TOYS and not is_known(source):
            raise DataError(f"{source}: the run's {name} are no longer there", f"say where they are now with --{name}")
    return open_data(recipe, sources=sources)
