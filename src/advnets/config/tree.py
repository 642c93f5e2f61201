"""A configuration as a tree that can be changed, and back: classes stand at the nodes, values at the leaves."""

from __future__ import annotations

import dataclasses
import functools
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard, get_type_hints

from pydantic import TypeAdapter, ValidationError

from advnets.config.kinds import Tagged
from advnets.config.words import Words
from advnets.errors import ELSEWHERE, RecipeError

Path = tuple[str, ...]
"""Words from a configuration's root to a field of it: ("game", "generator", "network", "hidden")."""


@dataclass(frozen=True)
class Slot:
    """What a field of a configuration can hold.

    Args:
        annotation: its type.
        family: the tagged family that it holds one of, if it does.
        adapter: what sees that a leaf's value is of the type.
    """

    annotation: Any
    family: type[Tagged] | None
    adapter: TypeAdapter[Any] | None


@dataclass
class Node:
    """A part of a configuration.

    Args:
        cls: its class.
        family: the tagged family that the class may be exchanged within, if there is one.
        values: of its fields: nodes and leaves.
    """

    cls: type[Any]
    family: type[Tagged] | None
    values: dict[str, Any]

    @property
    def slots(self) -> dict[str, Slot]:
        """What its fields can hold."""
        return slots(self.cls)


@functools.cache
def slots(cls: type[Any]) -> dict[str, Slot]:
    """What the fields of a dataclass can hold, in their order.

    Raises:
        RecipeError: the class is none itself: it would have the fields, and the kind, of the one that it derives from.
    """
    if "__dataclass_fields__" not in vars(cls):
        raise RecipeError(f"{cls.__name__} is no dataclass", "write @dataclass(frozen=True) above it")
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: _slot(hints[field.name]) for field in dataclasses.fields(cls)}


def _slot(annotation: Any) -> Slot:
    if isinstance(annotation, type) and Tagged in annotation.__bases__:
        return Slot(annotation, annotation, None)
    return Slot(annotation, None, None if dataclasses.is_dataclass(annotation) else TypeAdapter(annotation))


def own_fields(cls: type[Any]) -> set[str]:
    """The names of a configuration's fields, with those of its parts that have no kinds of their own."""
    parts = [slot.annotation for slot in slots(cls).values() if slot.family is None and slot.adapter is None]
    return set(slots(cls)).union(*map(own_fields, parts))


def is_config(value: object) -> TypeGuard[Any]:
    """Whether a value is a configuration, not a class of them."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def grow(config: Any, family: type[Tagged] | None = None) -> Node:
    """The tree of a configuration."""
    values = {
        name: grow(value, slot.family) if is_config(value := getattr(config, name)) else value
        for name, slot in slots(type(config)).items()
    }
    return Node(type(config), family, values)


def build(node: Node, path: Path = ()) -> Any:
    """The configuration of a tree.

    Raises:
        RecipeError: values that do not go together; the message begins with their path.
    """
    values = {
        name: build(value, (*path, name)) if isinstance(value, Node) else value for name, value in node.values.items()
    }
    try:
        return node.cls(**values)
    except RecipeError as error:
        raise RecipeError(".".join((*path, error.what)), error.remedy) from None


def paths(node: Node, above: Path = ()) -> Iterator[Path]:
    """Of all fields in a tree, nodes before what is in them."""
    for name, value in node.values.items():
        yield (*above, name)
        if isinstance(value, Node):
            yield from paths(value, (*above, name))


def at(node: Node, path: Path) -> Any:
    """The node or the leaf's value at a path; the path must be one of the tree's."""
    for word in path:
        node = node.values[word]
    return node


def put(node: Node, path: Path, value: Any) -> None:
    """Change a leaf.

    Raises:
        RecipeError: the value is not of the leaf's type.
        UsageError: words of a command line that are too many or too few.
    """
    owner: Node = at(node, path[:-1])
    owner.values[path[-1]] = _fitted(owner.slots[path[-1]], value, path)


def change_kind(node: Node, kind: object, path: Path) -> None:
    """Exchange a node's class for another of its family: fields that both have stay, others get their defaults.

    Raises:
        RecipeError: the family has no such kind, or its class makes another one.
    """
    assert node.family is not None
    kind = kind.value(str) if isinstance(kind, Words) else kind
    if not isinstance(kind, str) or kind not in node.family.kinds:
        known = ", ".join(node.family.kinds)
        raise RecipeError(f"{'.'.join((*path, 'kind'))} cannot be {kind!r}", f"choose one of {known}, {ELSEWHERE}")
    if kind != node.values["kind"]:
        new = _carried(node, _grown(node.family, kind))
        node.cls, node.values = new.cls, new.values


def _grown(family: type[Tagged], kind: str) -> Node:
    """The tree of a kind's defaults."""
    cls = family.kinds[kind]
    node = grow(cls(), family)
    if node.values.get("kind") != kind:
        raise RecipeError(f"{cls.__name__}() is of another kind than {kind!r}", f'write kind: str = "{kind}" in it')
    return node


def _carried(old: Node, new: Node) -> Node:
    """The new node with what it shares with the old one."""
    for name, value in old.values.items():
        target, slot = new.values.get(name), new.slots.get(name)
        if slot is None or name == "kind":
            continue
        if isinstance(value, Node) and isinstance(target, Node):
            new.values[name] = value if slot.family is value.family is not None else _carried(value, target)
        elif not isinstance(target, Node) and _fits(slot, value):
            new.values[name] = value
    return new


def _fits(slot: Slot, value: object) -> bool:
    """Whether a value that another kind allows is allowed here, as it is."""
    try:
        return slot.adapter is not None and slot.adapter.validate_python(value) == value
    except ValidationError:
        return False


def _fitted(slot: Slot, value: object, path: Path) -> Any:
    assert slot.adapter is not None
    try:
        return slot.adapter.validate_python(value.value(slot.annotation) if isinstance(value, Words) else value)
    except ValidationError as error:
        first = error.errors()[0]
        index = [str(part) for part in first["loc"] if isinstance(part, int)]
        place, given = ".".join((*path, *index)), reprlib.repr(first["input"])
        raise RecipeError(f"{place} = {given}: {first['msg']}") from None


def plain(value: Any) -> Any:
    """A configuration as dictionaries, lists and numbers, in the order of its fields."""
    if is_config(value):
        return {name: plain(getattr(value, name)) for name in slots(type(value))}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value
