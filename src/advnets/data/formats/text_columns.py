"""Columns of words, as CSV has them, as numbers or as text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advnets.data.formats.tabular import MAX_TEXTS, Column, Texts, Unusable
from advnets.errors import DataError

Kind = Literal["numbers", "truth", "text", "nothing"]

MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-"}
"""Words, in any case, that stand for a value that is not there."""
_TRUTH = {"true": 1.0, "false": 0.0}
_LOOKED_AT = 200  # words, of a column; rows, for decimal commas
_LONGEST_TEXT = 200  # characters
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(?:,\d{3})+\s*")


class NoNumberError(Exception):
    """A word among numbers that is none.

    Args:
        place: of the word among those that were added.
        word: itself.
    """

    def __init__(self, place: int, word: str) -> None:
        super().__init__(word)
        self.place, self.word = place, word


class WordColumn:
    """A column that is read some rows at a time; what it holds, the first of them with any words say.

    Args:
        comma: whether numbers have a decimal comma.
    """

    def __init__(self, comma: bool) -> None:
        self._comma = comma
        self._kind: Kind = "nothing"
        self._parts: list[NDArray[np.float64]] = []
        self._codes: dict[str, int] = {}
        self._unusable = ""

    def add(self, words: Sequence[str]) -> None:
        """Some more rows.

        Raises:
            NoNumberError: most of the column are numbers, and one of these is none.
        """
        if self._kind == "nothing":
            self._kind = kind_of(words, self._comma)
        if self._kind == "nothing":
            self._parts.append(np.full(len(words), np.nan))
        else:
            self._parts.append(self._coded(words) if self._kind == "text" else self._numbers(words))

    def column(self) -> Column:
        """All rows."""
        whole = np.concatenate(self._parts) if self._parts else np.empty(0)
        if self._kind != "text":
            return whole
        if self._unusable or len(self._codes) > MAX_TEXTS:
            return Unusable(self._unusable or f"more than {MAX_TEXTS:,} different texts")
        return Texts(np.nan_to_num(whole, nan=-1).astype(np.int64), tuple(self._codes))

    def _numbers(self, words: Sequence[str]) -> NDArray[np.float64]:
        if self._kind == "truth":
            return np.array([_truth(place, word) for place, word in enumerate(words)])
        return numbers(words, self._comma)

    def _coded(self, words: Sequence[str]) -> NDArray[np.float64]:
        """The numbers of texts; NaN where there is none, and of those beyond the limit."""
        codes = self._codes
        found = np.full(len(words), np.nan)
        for place, word in enumerate(words):
            text = word.strip()
            if len(text) > _LONGEST_TEXT:
                self._unusable = f"text of {len(text):,} characters"
            elif text and len(codes) <= MAX_TEXTS:
                found[place] = codes.setdefault(text, len(codes))
        return found


def kind_of(words: Sequence[str], comma: bool) -> Kind:
    """What most of some words are."""
    known = list(itertools.islice((word for word in words if not is_missing(word)), _LOOKED_AT))
    if not known:
        return "nothing"
    if all(word.strip().casefold() in _TRUTH for word in known):
        return "truth"
    return "numbers" if 2 * sum(is_number(word, comma) for word in known) >= len(known) else "text"


def numbers(words: Sequence[str], comma: bool) -> NDArray[np.float64]:
    """Words as numbers, NaN where one is missing.

    Args:
        words: N of them.
        comma: whether they have a decimal comma.

    Raises:
        NoNumberError: a word is no number.
    """
    if "_" not in "".join(words):  # which Python takes within numbers
        plain = [word.replace(",", ".") for word in words] if comma else words
        try:
            return np.fromiter(map(float, plain), np.float64, len(words))
        except ValueError:
            pass
    return np.array([_number(place, word, comma) for place, word in enumerate(words)])


def is_missing(word: str) -> bool:
    """Whether a word stands for a value that is not there."""
    return word.strip().casefold() in MISSING


def is_number(word: str, comma: bool) -> bool:
    """Whether a word is a number."""
    try:
        _number(0, word, comma)
    except NoNumberError:
        return False
    return not is_missing(word)


def has_decimal_comma(name: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether commas in a table's words are decimal ones.

    Raises:
        DataError: they may as well separate thousands.
    """
    words = [word for row in rows[:_LOOKED_AT] for word in row]
    commas = [word for word in words if "," in word and _DECIMAL_COMMA.fullmatch(word)]
    if not commas or any("." in word and is_number(word, comma=False) for word in words):
        return False
    if all(_THOUSANDS.fullmatch(word) for word in commas):
        first = commas[0].strip()
        what = f"{name}: {first} may be {first.replace(',', '')} or {first.replace(',', '.')}"
        raise DataError(what, "write numbers as 1234.5, without thousands separators")
    return True


def _number(place: int, word: str, comma: bool) -> float:
    plain = word.strip()
    if is_missing(plain):
        return np.nan
    try:
        if "_" not in plain and not (comma and "." in plain):
            return float(plain.replace(",", ".") if comma else plain)
    except ValueError:
        pass
    raise NoNumberError(place, word)


def _truth(place: int, word: str) -> float:
    plain = word.strip().casefold()
    if plain in _TRUTH:
        return _TRUTH[plain]
    if is_missing(plain):
        return np.nan
    raise NoNumberError(place, word)
