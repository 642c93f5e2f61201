"""The one way in which anything changes a configuration: a recipe file, a flag, `Recipe.replace`, `advnets.train`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from advnets.config.resolve import candidates, resolve, short_name, spelled
from advnets.config.tree import Node, Path, at, build, change_kind, grow, is_config, put, slots
from advnets.config.words import Words
from advnets.errors import RecipeError

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """A value for a field.

    Args:
        name: the field's, as `resolve` reads it.
        value: a leaf's value, or its words; an empty mapping changes nothing.
        said: the name as the user wrote it.
    """

    name: str
    value: Any
    said: str


def changed(config: T, changes: Mapping[str, Any]) -> T:
    """A configuration with some fields changed; all others stay.

    Args:
        config: a configuration, whose fields may be configurations.
        changes: values by name; `resolve` says what names there are. The value of a part is a mapping again, or a
            configuration, which brings all its fields. Kinds are changed first: fields that both kinds have stay,
            others get the new kind's defaults.

    Raises:
        RecipeError: a field does not exist, is said twice, or a value does not fit.
    """
    return merged(config, list(spread(changes)))


def merged(config: T, changes: Iterable[Change]) -> T:
    """`changed`, for changes that are spread out.

    Raises:
        RecipeError: a field does not exist, is said twice, or a value does not fit.
    """
    tree, said = grow(config), dict[Path, str]()
    kinds, others = _parted(changes)
    for path, change in _in_order(tree, kinds):
        _once(said, path, change)
        change_kind(at(tree, path[:-1]), change.value, path[:-1])
    for change in others:
        path = resolve(tree, change.name, change.said)
        _once(said, path, change)
        _apply(tree, path, change)
    return build(tree)


def spread(changes: Mapping[Any, Any], above: str = "", parts: bool = True) -> Iterator[Change]:
    """Nested changes one by one, with dotted names.

    Args:
        changes: values by name.
        above: what stands before each name.
        parts: whether a configuration stands for all its fields, or for itself.

    Raises:
        RecipeError: a name that is no text.
    """
    for key, value in changes.items():
        if not isinstance(key, str):
            raise RecipeError(f"{key!r} is not a field's name", "write names as text")
        inner = {name: getattr(value, name) for name in slots(type(value))} if parts and is_config(value) else value
        if isinstance(inner, Mapping) and inner:
            yield from spread(inner, f"{above}{key}.", parts)
        else:
            yield Change(above + key, inner, above + key)


def _parted(changes: Iterable[Change]) -> tuple[list[Change], list[Change]]:
    """Changes of kinds, and all others."""
    kinds, others = list[Change](), list[Change]()
    for change in changes:
        (kinds if change.name.split(".")[-1] == "kind" else others).append(change)
    return kinds, others


def _in_order(tree: Node, kinds: list[Change]) -> Iterator[tuple[Path, Change]]:
    """Changes of kinds with their paths, outer ones first: what lies within follows from them."""
    waiting = list(kinds)
    while waiting:
        found = [(paths[0], each) for each in waiting if len(paths := candidates(tree, each.name)) == 1]
        path, change = min(found, key=lambda each: len(each[0])) if found else (None, waiting[0])
        yield path or resolve(tree, change.name, change.said), change
        waiting.remove(change)


def _once(said: dict[Path, str], path: Path, change: Change) -> None:
    if said.get(path) == change.said:
        raise RecipeError(f"{change.said} is said twice", "say it once")
    if path in said:
        raise RecipeError(f"{said[path]} and {change.said} are the same field", "say it once")
    said[path] = change.said


def _apply(tree: Node, path: Path, change: Change) -> None:
    place = at(tree, path)
    if not isinstance(place, Node):
        put(tree, path, change.value)
    elif change.value != {}:
        value = " ".join(change.value.words) if isinstance(change.value, Words) else change.value
        raise RecipeError(f"{change.said} cannot be {value!r}", _parts(tree, path, value, change.said))


def _parts(tree: Node, path: Path, value: object, said: str) -> str:
    """What to say of a part instead of one value: its kind, where the value is one, or its fields."""
    part: Node = at(tree, path)
    for where in (path, (*path, "network")):
        node = at(tree, where) if where == path or "network" in part.values else part
        if node.family is not None and isinstance(value, str) and value in node.family.kinds:
            return f"write {spelled(short_name(tree, (*where, 'kind')), said)} {value}"
    return f"give values to its fields: {', '.join(part.values)}"
