"""What the fields of a configuration are: their docstrings, their choices, their values as words."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from typing import Any, Literal, get_args, get_origin

from advnets.config.tree import Node, Path, at, slots
from advnets.config.words import options


@functools.cache
def descriptions(cls: type[Any]) -> dict[str, str]:
    """The docstrings under a configuration's fields, inherited ones too, each as one line."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if "__annotations__" in vars(each):
            found |= _docstrings(each)
    return {name: found.get(name, "") for name in slots(cls)}


def _docstrings(cls: type[Any]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            found[field.target.id] = " ".join(str(text).split())
    return found


def description(tree: Node, path: Path) -> str:
    """What the field at a path is; the first field of a part says what the part is, too."""
    node: Node = at(tree, path[:-1])
    if path[-1] == "kind" and node.family is not None:
        return summary(node.cls)
    said = descriptions(node.cls)[path[-1]]
    if len(path) == 1 or path[-1] != next(iter(node.values)):
        return said
    part = descriptions(at(tree, path[:-2]).cls)[path[-2]]
    return f"{part} {said}".strip()


def summary(cls: type[Any]) -> str:
    """The first line of what a configuration says of itself."""
    return (cls.__doc__ or "").strip().splitlines()[0]


def choices(tree: Node, path: Path) -> list[str]:
    """The words that a field's value is one of; none where it may be anything of its type."""
    node: Node = at(tree, path[:-1])
    if path[-1] == "kind" and node.family is not None:
        return list(node.family.kinds)
    named = [option for option in options(node.slots[path[-1]].annotation) if get_origin(option) is Literal]
    return [str(choice) for option in named for choice in get_args(option)]


def as_words(value: object) -> str:
    """A leaf's value as it is written on the command line."""
    if isinstance(value, tuple):
        return " ".join(as_words(each) for each in value) or "[]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value) or "''"
