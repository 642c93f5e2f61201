"""What is searched: fields of a recipe, each between two numbers or among some values."""

from __future__ import annotations

import abc
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advnets.config.describe import as_words
from advnets.config.idle import OF_IMAGES, refuse_idle
from advnets.config.merge import Change, merged
from advnets.config.recipe import Recipe
from advnets.config.resolve import resolve
from advnets.config.tree import Node, Path, at, grow
from advnets.config.words import Words, options
from advnets.errors import RecipeError, UsageError

_MEASURED = {"data", "sources", "source_channels", "contrast", "measure", *OF_IMAGES}
"""Fields that say what is measured, and against what."""
_UNSEARCHED = {
    "name": "a name is no setting",
    "seed": "a seed is luck, no setting",
    "budget": "trials of different length are no comparison",
    "device": "it says where, not what",
    **dict.fromkeys(_MEASURED, "trials that are measured differently are no comparison"),
}
_LOG = 10.0  # times the lower end, from which on a range is searched by factors
_DIGITS = 3  # of what is drawn, so that a recipe can be read
_RANGE = re.compile(r"(?P<low>[^@]+?)\.\.(?P<high>[^@]+?)(?:@(?P<scale>.*))?")


@dataclass(frozen=True)
class Dimension(abc.ABC):
    """One setting that is searched.

    Args:
        name: as the user wrote it: fields joined by +, which have the same value.
        fields: their whole names.
    """

    name: str
    fields: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it is called in a table: the words that several fields have in common."""
        first, *others = (name.split(".") for name in self.name.split("+"))
        common = [word for word in first if all(word in other for other in others)]
        return ".".join(common) or self.name

    @property
    @abc.abstractmethod
    def ends(self) -> tuple[Any, ...]:
        """Values that must all fit."""


@dataclass(frozen=True)
class Range(Dimension):
    """Numbers from `low` to `high`, both included.

    Args:
        whole: whether they are whole.
        log: whether they are drawn by factors, so that each power of ten is as likely.
    """

    low: float
    high: float
    whole: bool
    log: bool

    def __str__(self) -> str:
        scale = "" if self.log == _by_factors(self.low, self.high) else f"@{'log' if self.log else 'linear'}"
        return f"{self.name}={as_words(self.low)}..{as_words(self.high)}{scale}"

    @property
    def ends(self) -> tuple[Any, ...]:
        return self.low, self.high

    def rounded(self, value: float) -> float:
        """What was drawn, with as many digits as a person reads."""
        if self.whole:
            return round(value)
        return min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)

    def holds(self, value: Any) -> bool:
        """Whether a value lies in it."""
        is_number = isinstance(value, int if self.whole else int | float) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice(Dimension):
    """Some values.

    Args:
        values: of the fields' type, by the words for them.
    """

    values: Mapping[str, Any]

    def __str__(self) -> str:
        words = (
            f"[{word.replace(' ', ',')}]" if isinstance(self.values[word], tuple) else word for word in self.values
        )
        return f"{self.name}={','.join(words)}"

    @property
    def ends(self) -> tuple[Any, ...]:
        return tuple(self.values.values())

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return value in self.ends


Space = Sequence[Range | Choice]
Settings = Mapping[str, Any]
"""A value for each dimension, by its name."""


def with_settings(recipe: Recipe, space: Space, settings: Settings) -> Recipe:
    """The recipe of a trial.

    Raises:
        RecipeError: the values do not go together.
    """
    return recipe.replace(**{field: settings[each.name] for each in space for field in each.fields})


def own_settings(recipe: Recipe, space: Space) -> dict[str, Any] | None:
    """The recipe's own values; None where they do not all lie in the space."""
    found, tree = dict[str, Any](), grow(recipe)
    for each in space:
        first, *others = (at(tree, tuple(field.split("."))) for field in each.fields)
        if any(other != first for other in others) or not each.holds(first):
            return None
        found[each.name] = first
    return found


def parse_search(recipe: Recipe, said: Iterable[str], fixed: Iterable[Path]) -> list[Range | Choice]:
    """The space that words of the form FIELD=LOW..HIGH or FIELD=VALUE,VALUE,... name.

    Args:
        recipe: whose fields they are.
        said: the words.
        fixed: fields that the command gives a value.

    Raises:
        UsageError: words of another form, a field that is given a value, or said twice.
        RecipeError: there is no such field, or a value does not fit.
    """
    space, seen = list[Range | Choice](), {".".join(path): "given a value" for path in fixed}
    for words in said:
        try:
            dimension = _dimension(recipe, words)
        except RecipeError as error:
            raise RecipeError(f"--search {words}: {error.what}", error.remedy) from None
        for field in dimension.fields:
            if field in seen:
                raise UsageError(f"--search {dimension.name}: {field} is {seen[field]} already", "say it once")
            seen[field] = "searched"
        space.append(dimension)
    return space


def _dimension(recipe: Recipe, words: str) -> Range | Choice:
    name, equals, values = words.partition("=")
    name, values = name.strip().replace("-", "_"), values.strip()
    if not equals or not name or not values:
        raise UsageError(
            f"--search {words}", "write FIELD=LOW..HIGH or FIELD=VALUE,VALUE, as generator.rate=1e-4..1e-2"
        )
    tree = grow(recipe)
    paths = [resolve(tree, each) for each in name.split("+")]
    for path in paths:
        _check_path(tree, path, f"--search {name}")
    match = _RANGE.fullmatch(values)
    found = _choice(recipe, name, paths, values) if match is None else _range(tree, name, paths, match)
    for value in found.ends:
        _check_value(recipe, found, value)
    return found


def _check_path(tree: Node, path: Path, said: str) -> None:
    """See that a field is one that can be searched.

    Raises:
        UsageError: it is not.
    """
    if path[0] in _UNSEARCHED:
        raise UsageError(f"{said}: {_UNSEARCHED[path[0]]}", "leave it out")
    if isinstance(node := at(tree, path), Node):
        raise UsageError(f"{said} is no field, but several", f"name one of them: {', '.join(node.values)}")


def _range(tree: Node, name: str, paths: Sequence[Path], match: re.Match[str]) -> Range:
    """Numbers from one to another."""
    said = f"--search {name}={match[0]}"
    kinds = [options(at(tree, path[:-1]).slots[path[-1]].annotation) for path in paths]
    whole = all(float not in each for each in kinds)
    if not all(float in each or int in each for each in kinds) or any(path[-1] == "kind" for path in paths):
        raise UsageError(f"{said}: {name} is no number", f"list its values: --search {name}=VALUE,VALUE")
    low, high = (_number(said, text, whole) for text in (match["low"], match["high"]))
    if not low < high:
        raise UsageError(f"{said}: {as_words(low)} is not below {as_words(high)}", "write LOW..HIGH")
    scale = match["scale"]
    if scale not in (None, "log", "linear"):
        raise UsageError(f"{said}: there is no scale {scale!r}", "write @log or @linear")
    if scale == "log" and low <= 0:
        raise UsageError(f"{said}: a range is drawn by factors only above 0", "write @linear, or another LOW")
    return Range(name, _fields(paths), low, high, whole, _by_factors(low, high) if scale is None else scale == "log")


def _by_factors(low: float, high: float) -> bool:
    return low > 0 and high >= _LOG * low


def _number(said: str, text: str, whole: bool) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (whole and value != int(value)):
        raise UsageError(f"{said}: {text.strip()!r} is no {'whole ' if whole else ''}number", "write LOW..HIGH")
    return int(value) if whole else value


def _choice(recipe: Recipe, name: str, paths: Sequence[Path], text: str) -> Choice:
    """Some values, of the fields' type."""
    said, values = f"--search {name}", dict[str, Any]()
    for word in _apart(text):
        changes = [Change(field, Words(said, (word,)), field) for field in _fields(paths)]
        value = at(grow(merged(recipe, changes)), paths[0])
        if as_words(value) in values:
            raise UsageError(f"{said}={text}: {word} is said twice", "say it once")
        values[as_words(value)] = value
    if len(values) < 2:
        raise UsageError(f"{said}={text} is one value", f"give it to all trials: --{name.replace('_', '-')} {text}")
    return Choice(name, _fields(paths), values)


def _apart(text: str) -> list[str]:
    """Values between commas, but for those in brackets."""
    return [part.strip() for part in re.split(r",(?![^\[(]*[\])])", text) if part.strip()]


def _fields(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(".".join(path) for path in paths)


def _check_value(recipe: Recipe, dimension: Range | Choice, value: Any) -> None:
    """See that a recipe with that value can be, and that the value has an effect.

    Raises:
        RecipeError: it cannot, or has none.
    """
    changes = [Change(field, value, field) for field in dimension.fields]
    refuse_idle(merged(recipe, changes), [] if value == 0 else changes, recipe)
