"""Tagged families of configurations, and the checks that they share."""

from __future__ import annotations

import inspect
import math
from typing import Any, ClassVar

from advnets.errors import RecipeError


class Tagged:
    """A family of configurations that `kind` tells apart: a subclass is a family, its subclasses are its kinds.

    A kind is one frozen dataclass, which enters `kinds` by being defined::

        @dataclass(frozen=True)
        class ResidualConfig(GeneratorNetwork):
            kind: str = "residual"
            blocks: int = 4

    Raises:
        RecipeError: a class without a kind of its own, or with another class's: it would stand for another kind.
    """

    kind: str
    kinds: ClassVar[dict[str, type[Any]]]

    def __init_subclass__(cls) -> None:
        if Tagged in cls.__bases__:
            cls.kinds = {}
            return
        kind = vars(cls).get("kind")
        if not isinstance(kind, str) or "kind" not in inspect.get_annotations(cls):
            raise RecipeError(f"{cls.__name__} has no kind of its own", 'write kind: str = "..." in it')
        known = cls.kinds.get(kind, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):  # not the same, defined anew
            raise RecipeError(f"{cls.__name__} has the kind {kind!r} of {known.__name__}", "give it another kind")
        cls.kinds[kind] = cls


def require(holds: bool, field: str, value: object, remedy: str) -> None:
    """Refuse a field's value.

    Raises:
        RecipeError: `holds` is false; where the configuration stands in the recipe is added by who builds it.
    """
    if not holds:
        raise RecipeError(f"{field} cannot be {value!r}", remedy)


def require_whole(config: object, *fields: str) -> None:
    """See that these fields hold counts, or lists of counts: 1 or more."""
    for field in fields:
        value = getattr(config, field)
        counts = value if isinstance(value, tuple) else (value,)
        require(all(count is None or count >= 1 for count in counts), field, value, "use 1 or more")


def require_between(config: object, low: float, high: float, *fields: str) -> None:
    """See that these fields hold finite numbers from `low` to `high`, or null."""
    for field in fields:
        value = getattr(config, field)
        holds = value is None or (low <= value <= high and math.isfinite(value))
        upper = "or more" if math.isinf(high) else f"to {high:g}"
        require(holds, field, value, f"use {low:g} {upper}")


def require_positive(config: object, *fields: str) -> None:
    """See that these fields hold finite numbers above 0, or null."""
    for field in fields:
        value = getattr(config, field)
        require(value is None or 0 < value < math.inf, field, value, "use a positive number")
