"""A column of what a source says of its images: numbers, texts, or lists of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from advnets.data.classes import natural

Value = int | float | str | tuple[float, ...] | None
_GREATEST = float(np.finfo(np.float32).max)  # what vectors can hold
_NOT_FINITE = f"numbers that are not finite, or beyond {_GREATEST:.2g}"
_NOTHING = {"", "na", "n/a", "nan", "null", "none"}


@dataclass(frozen=True)
class Column:
    """Values of the same kind, one a row, None where there is none.

    Args:
        kind: "integers", "floats", "texts", "lists of N numbers", or in words what else it is.
        values: as Python has them.
        meant: what integers stand for, by value.
    """

    kind: str
    values: Sequence[Value]
    meant: tuple[str, ...] = ()

    @property
    def is_classes(self) -> bool:
        """Whether each distinct value may be a class."""
        return self.kind in ("integers", "texts")

    @property
    def is_numbers(self) -> bool:
        """Whether they can be conditions that are no classes."""
        return self.kind in ("integers", "floats") or self.kind.startswith("lists of")

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len({value for value in self.values if value is not None})

    def labels(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Classes by value in natural order, or as `meant`; -1 where there is no value."""
        if self.meant and all(value is None or 0 <= cast("int", value) < len(self.meant) for value in self.values):
            return np.array([-1 if value is None else value for value in self.values], np.int64), self.meant
        known = sorted({str(value) for value in self.values if value is not None}, key=natural)
        index = {name: number for number, name in enumerate(known)}
        return np.array([-1 if each is None else index[str(each)] for each in self.values], np.int64), tuple(known)

    def numbers(self) -> NDArray[np.float64]:
        """N x V, NaN where there is no value."""
        width = max((len(each) for each in self.values if isinstance(each, tuple)), default=1)
        rows = [
            (math.nan,) * width if each is None else each if isinstance(each, tuple) else (each,)
            for each in self.values
        ]
        return np.array(rows, np.float64).reshape(len(rows), width)

    def names(self, name: str) -> tuple[str, ...]:
        """The names of its numbers."""
        width = self.numbers().shape[1]
        return (name,) if width == 1 else tuple(f"{name}[{place}]" for place in range(width))


def column_of(values: Sequence[object], meant: tuple[str, ...] = ()) -> Column:
    """A column out of what stands in a file; texts that are numbers, all of them, are read as numbers."""
    found = [_plain(value) for value in values]
    kinds = {type(each) for each in found if each is not None}
    if kinds == {str}:
        found, kinds = _read(found)
    if kinds <= {int, float} and kinds:
        whole = kinds == {int}
        finite = all(each is None or abs(cast("float", each)) <= _GREATEST for each in found)
        return Column("integers" if whole else "floats" if finite else _NOT_FINITE, found, meant)
    if kinds == {str}:
        return Column("texts", found)
    if kinds == {tuple}:
        lists = [cast("tuple[float, ...]", each) for each in found if each is not None]
        widths = {len(each) for each in lists}
        if not all(abs(number) <= _GREATEST for each in lists for number in each):
            return Column(_NOT_FINITE, found)
        return Column(f"lists of {widths.pop()} numbers" if len(widths) == 1 else "unequal lists", found)
    if not kinds:
        is_empty = all(each is None for each in values)
        return Column("nothing" if is_empty else "neither numbers nor texts", found)
    return Column("a mixture of kinds", found)


def _plain(value: object) -> Value:
    """A number, a text, a list of numbers as a tuple (of a single one: the number); None for anything else."""
    if isinstance(value, np.ndarray | np.generic):
        value = cast("Any", value).tolist()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        items = [_plain(each) for each in cast("Sequence[object]", value)]
        if not items or not all(isinstance(each, int | float) for each in items):
            return None
        return items[0] if len(items) == 1 else tuple(cast("list[float]", items))
    return _bounded(value) if isinstance(value, int) else value if isinstance(value, float | str) else None


def _bounded(value: int) -> int | float:
    """An integer as it is, or infinity where 64 bits do not hold it."""
    return value if -(2**63) <= value < 2**63 else math.inf if value > 0 else -math.inf


def _read(values: Sequence[Value]) -> tuple[list[Value], set[type]]:
    """Texts as numbers, where all of them are."""
    texts = [None if each is None or str(each).strip().lower() in _NOTHING else str(each).strip() for each in values]
    for kind in (int, float):
        try:
            numbers = [None if each is None else _plain(kind(each)) for each in texts]
        except ValueError:
            continue
        return numbers, {type(each) for each in numbers if each is not None}
    return list(texts), {str}
