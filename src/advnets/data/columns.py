"""A column of what a source says of its images: numbers, texts, or lists of numbers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from advnets.data.classes import natural
from advnets.data.notes import KNOWN, Coded

Value = int | float | str | tuple[float, ...] | None
_GREATEST = float(np.finfo(np.float32).max)  # what vectors can hold
_NOT_FINITE = f"numbers that are not finite, or beyond {_GREATEST:.2g}"
_NOTHING = {"", "na", "n/a", "nan", "null", "none"}


@dataclass(frozen=True)
class _Each(Collection[Any]):
    """Values, each changed when they are gone through."""

    values: Collection[Any]
    change: Callable[[Any], Any]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return map(self.change, self.values)

    def __contains__(self, value: object) -> bool:
        return any(each == value for each in self)


@dataclass(frozen=True)
class Column:
    """Values of the same kind, and which of them each row has.

    Args:
        kind: "integers", "floats", "texts", "lists of N numbers", or in words what else it is.
        values: those that there are, as Python has them, perhaps some of them twice; None where there is none.
        codes: int32, N, places in `values`, -1 where a row has none.
        meant: what integers stand for, by value.
    """

    kind: str
    values: Collection[Value]
    codes: NDArray[np.int32]
    meant: tuple[str, ...] = ()

    @property
    def is_classes(self) -> bool:
        """Whether each distinct value may be a class."""
        return self.kind in ("integers", "texts")

    @property
    def is_numbers(self) -> bool:
        """Whether they can be conditions that are no classes."""
        return self.kind in ("integers", "floats") or self.kind.startswith("lists of")

    def distinct(self, most: int) -> int:
        """How many different values there are; beyond `most` of them, that there are more."""
        found: set[Value] = set()
        for value in self.values:
            if value is not None:
                found.add(value)
            if len(found) > most:
                break
        return len(found)

    def labels(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Classes by value in natural order, or as `meant`; -1 where there is no value."""
        if self.meant and all(value is None or 0 <= cast("int", value) < len(self.meant) for value in self.values):
            return self._table(lambda value: value, -1, np.int64), self.meant
        known = sorted({str(value) for value in self.values if value is not None}, key=natural)
        index = {name: number for number, name in enumerate(known)}
        return self._table(lambda value: index[str(value)], -1, np.int64), tuple(known)

    def numbers(self) -> NDArray[np.float64]:
        """N x V, NaN where there is no value."""
        width = max((len(each) for each in self.values if isinstance(each, tuple)), default=1)
        missing = (math.nan,) * width
        return self._table(lambda each: each if isinstance(each, tuple) else (each,), missing, (np.float64, (width,)))

    def names(self, name: str, width: int) -> tuple[str, ...]:
        """The names of its numbers, of which each row has so many."""
        return (name,) if width == 1 else tuple(f"{name}[{place}]" for place in range(width))

    def _table(self, of: Callable[[Any], Any], missing: object, dtype: Any) -> NDArray[Any]:
        return Coded(self.values, self.codes).table(
            lambda value: missing if value is None else of(value), missing, dtype
        )


def column_of(given: Coded, meant: tuple[str, ...] = ()) -> Column:
    """A column out of what stands in a file; texts that are numbers, all of them, are read as numbers."""
    found, codes = _held(_Each(given.values, _plain)), given.codes
    kinds = {type(each) for each in found if each is not None}
    if kinds == {str}:
        found, kinds = _read(found)
    if kinds <= {int, float} and kinds:
        whole = kinds == {int}
        finite = all(each is None or abs(cast("float", each)) <= _GREATEST for each in found)
        return Column("integers" if whole else "floats" if finite else _NOT_FINITE, found, codes, meant)
    if kinds == {str}:
        return Column("texts", found, codes)
    if kinds == {tuple}:
        lists = _Each(found, lambda each: () if each is None else each)
        widths = {len(each) for each in lists} - {0}
        if not all(abs(number) <= _GREATEST for each in lists for number in each):
            return Column(_NOT_FINITE, found, codes)
        return Column(f"lists of {widths.pop()} numbers" if len(widths) == 1 else "unequal lists", found, codes)
    if not kinds:
        is_empty = all(each is None for each in given.values)
        return Column("nothing" if is_empty else "neither numbers nor texts", found, codes)
    return Column("a mixture of kinds", found, codes)


def _held(values: Collection[Any]) -> Collection[Any]:
    """Values in memory, unless there are many."""
    return list(values) if len(values) <= KNOWN else values


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


def _read(values: Collection[Value]) -> tuple[Collection[Value], set[type]]:
    """Texts as numbers, where all of them are."""
    texts = _held(_Each(values, _text))
    for kind in (int, float):
        numbers = _Each(texts, functools.partial(_number, kind))
        try:
            return _held(numbers), {type(each) for each in numbers if each is not None}
        except ValueError:
            continue
    return texts, {str}


def _text(value: object) -> str | None:
    """A text without what stands around it; None where it says that there is none."""
    text = str(value).strip()
    return None if value is None or text.lower() in _NOTHING else text


def _number(kind: type, text: str | None) -> Value:
    return None if text is None else _plain(kind(text))
