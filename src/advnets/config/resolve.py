"""Names of fields: from the words that a person writes to a path in the tree, and the shortest words for a path.

A name is words of a path joined by dots, in their order and with the field's own word at the end. It means, in this
order: the field whose whole path it is; the one where nothing is left out but `game` and `network`; the only one where
words are left out at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import combinations

from advnets.config.tree import Node, Path, at, grow, own_fields, paths
from advnets.errors import RecipeError

_UNDERSTOOD = {"game", "network"}
"""Words that no one needs to write."""


def resolve(tree: Node, name: str, said: str = "") -> Path:
    """The path of the field, a leaf or a node, that a name means.

    Args:
        tree: the configuration.
        name: words joined by dots.
        said: what the user wrote, as for a flag: --generator.hidden.

    Raises:
        RecipeError: it means none, or several alike.
    """
    found = candidates(tree, name)
    if len(found) == 1:
        return found[0]
    if found:
        names = [spelled(short_name(tree, path), said) for path in found]
        raise RecipeError(f"{said or name} may mean {', '.join(names[:-1])} or {names[-1]}", "say which")
    raise unknown(tree, name, said or name)


def candidates(tree: Node, name: str) -> list[Path]:
    """The paths that a name may mean: one, none, or several alike."""
    return meanings(name, list(paths(tree)))


def meanings(name: str, known: Sequence[Path]) -> list[Path]:
    """Those of the paths that a name may mean."""
    words = tuple(name.split("."))
    if words in known:
        return [words]
    shortened = {path: left for path in known if (left := _left_out(words, path)) is not None}
    return [path for path, left in shortened.items() if set(left) <= _UNDERSTOOD] or list(shortened)


def _left_out(words: Path, path: Path) -> list[str] | None:
    """What words of a path a name leaves out; None where it is no name of it."""
    if not words or words[-1] != path[-1]:
        return None
    wanted, left = list(words), list[str]()
    for word in path:
        if wanted and word == wanted[0]:
            wanted.pop(0)
        else:
            left.append(word)
    return None if wanted else left


def short_name(tree: Node, path: Path) -> str:
    """The shortest name of a path that means nothing else and begins with the part that it lies in."""
    above = path[-2:-1] if path[-1] == "kind" else ("",)  # a kind alone does not say of what
    part, *others = [word for word in path[:-1] if word not in _UNDERSTOOD] or above
    for count in range(len(others) + 1):
        for kept in combinations(others, count):
            name = ".".join(word for word in (part, *kept, path[-1]) if word)
            if candidates(tree, name) == [path]:
                return name
    return ".".join(path)


def unknown(tree: Node, name: str, said: str) -> RecipeError:
    """What to say of a name that means nothing: what is there instead."""
    words, flag = name.split("."), said.startswith("--")
    node = next((path for end in range(len(words) - 1, 0, -1) if (path := _node(tree, words[:end]))), ())
    if (owner := _owner(tree, node, words[-1])) is not None:
        other = ", ".join(_kinds_with(at(tree, owner), words[-1]))
        remedy = f"{spelled(short_name(tree, (*owner, 'kind')), said)} {other} has it"
        return RecipeError(f"{said}: {_described(tree, owner)}", remedy)
    if node:
        if (found := _kind_above(tree, node, words[-1])) is not None:
            where, kind = found
            remedy = f"{spelled(short_name(tree, (*where, 'kind')), said)} {kind} has it"
            return RecipeError(f"{said}: {_described(tree, node)}", remedy)
        network = len(words) == 2 and "network" in at(tree, node).values
        return RecipeError(f"{said}: {_described(tree, (*node, 'network') if network else node)}")
    near = difflib.get_close_matches(name, _names(tree), 1)
    known = "`advnets train --help-all` lists the flags" if flag else "`advnets recipe mnist` lists the fields"
    remedy = f"perhaps you mean {spelled(near[0], said)}" if near else known
    return RecipeError(f"unknown flag {said}" if flag else f"unknown field {said!r}", remedy)


def spelled(name: str, said: str) -> str:
    """A name as a flag where the user wrote a flag."""
    return f"--{name.replace('_', '-')}" if said.startswith("--") else name


def _node(tree: Node, words: list[str]) -> Path | None:
    """The one node that these words mean."""
    found = [path for path in candidates(tree, ".".join(words)) if isinstance(at(tree, path), Node)]
    return found[0] if len(found) == 1 else None


def _owner(tree: Node, below: Path, field: str) -> Path | None:
    """The first node, in or below a path, that would have the field if it were of another kind."""
    places = [path for path in paths(tree) if path[: len(below)] == below and isinstance(at(tree, path), Node)]
    return next((path for path in places if _kinds_with(at(tree, path), field)), None)


def _kinds_with(node: Node, field: str) -> list[str]:
    """The kinds of a node's family that have a field which the node's own kind has not."""
    if node.family is None or field in own_fields(node.cls):
        return []
    return [kind for kind, cls in node.family.kinds.items() if field in own_fields(cls)]


def _kind_above(tree: Node, below: Path, field: str) -> tuple[Path, str] | None:
    """A node above a part, and another kind of it, whose part of that name would have the field."""
    for end in range(1, len(below)):
        owner: Node = at(tree, below[:end])
        for kind, cls in owner.family.kinds.items() if owner.family is not None else ():
            if (*below[end:], field) in paths(grow(cls())):
                return below[:end], kind
    return None


def _described(tree: Node, path: Path) -> str:
    """What a node is, and what fields it has."""
    node: Node = at(tree, path)
    kind, role = node.values.get("kind"), path[-2] if path[-1] == "network" else path[-1]
    fields = [name for name in node.values if name != "kind"]
    what = f"the {kind} {role} has" if kind else f"{role} has"
    return f"{what} no such field; it has {', '.join(fields) or 'none'}"


def _names(tree: Node) -> list[str]:
    """Every field's whole and short names, for what is nearest to a slip."""
    known = list(paths(tree))
    plain = [".".join(word for word in path if word not in _UNDERSTOOD) for path in known]
    return [name for name in (*plain, *(path[-1] for path in known)) if name]
