"""What is searched where nobody says it: a few settings that matter most, around a recipe's own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from advnets.config.describe import as_words
from advnets.config.recipe import Recipe
from advnets.config.resolve import short_name
from advnets.config.tree import Node, Path, at, grow, paths
from advnets.errors import RecipeError
from advnets.tuning.space import Choice, Range, parse_search

_BETAS = (0.0, 0.9), (0.0, 0.99), (0.0, 0.999), (0.5, 0.999)
"""Of Adam, as adversarial nets are trained with."""
_RATE, _WEIGHT = 5, 10  # times a recipe's own, up and down
_WIDTHS = "base", "hidden", "units"


def default_space(recipe: Recipe, fixed: Collection[Path]) -> list[Range | Choice]:
    """The fields that a recipe has and nobody has fixed: rates, moments, penalties' weights, the length of z.

    In a given time also the batch and the networks' widths: elsewhere more of them would win by taking longer.

    Args:
        recipe: whose own values lie in the middle.
        fixed: fields that stay as they are.
    """
    tree = grow(recipe)
    found = list[Range | Choice]()
    for words in _searches(recipe, tree, fixed):
        found += parse_search(recipe, [words], ())
    return found


def _searches(recipe: Recipe, tree: Node, fixed: Collection[Path]) -> Iterator[str]:
    """As --search has them."""
    free = [path for path in paths(tree) if path not in fixed and not isinstance(at(tree, path), Node)]
    for path in _named(free, "rate"):
        yield _around(_names(tree, [path]), at(tree, path), _RATE)
    for group in _alike(tree, _named(free, "betas")):
        own = at(tree, group[0])
        values = [f"[{as_words(each).replace(' ', ',')}]" for each in dict.fromkeys((own, *_BETAS))]
        yield f"{_names(tree, group)}={','.join(values)}"
    weights = [path for path in free if path[:2] == ("game", "penalties") and path[-1] == "weight" and at(tree, path)]
    for group in _alike(tree, weights):
        yield _around(_names(tree, group), at(tree, group[0]), _WEIGHT)
    if ("game", "latent") in free:
        yield from _halves(recipe, tree, [("game", "latent")])
    if recipe.budget is not None:
        yield from _halves(recipe, tree, [("batch",)] if ("batch",) in free else [])
        for name in _WIDTHS:
            for group in _alike(tree, [path for path in _named(free, name) if path[-2] == "network"]):
                yield from _halves(recipe, tree, group)


def _named(found: Sequence[Path], name: str) -> list[Path]:
    """The players' fields of that name."""
    return [path for path in found if path[0] == "game" and path[-1] == name]


def _alike(tree: Node, found: Sequence[Path]) -> list[list[Path]]:
    """Fields of equal values together: one setting, as in most recipes."""
    groups = dict[str, list[Path]]()
    for path in found:
        groups.setdefault(as_words(at(tree, path)), []).append(path)
    return list(groups.values())


def _names(tree: Node, found: Sequence[Path]) -> str:
    return "+".join(short_name(tree, path) for path in found)


def _around(names: str, own: float, times: int) -> str:
    return f"{names}={own / times:.3g}..{own * times:.3g}"


def _halves(recipe: Recipe, tree: Node, found: Sequence[Path]) -> Iterator[str]:
    """Half, all and twice of what the recipe has, where it can be."""
    if not found:
        return
    own, values = at(tree, found[0]), list[str]()
    for times in (0.5, 1, 2):
        value = tuple(int(each * times) for each in own) if isinstance(own, tuple) else int(own * times)
        try:
            recipe.replace(**{".".join(path): value for path in found})
        except RecipeError:
            continue
        values.append(f"[{as_words(value).replace(' ', ',')}]" if isinstance(value, tuple) else as_words(value))
    if len(set(values)) > 1:
        yield f"{_names(tree, found)}={','.join(dict.fromkeys(values))}"
