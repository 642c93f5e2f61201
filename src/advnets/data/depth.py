"""Values of any type and depth to bytes: which of them stand for black and white, and whether they can be meant.

Types as a whole are brought to 0 to 255: bytes as they are, integers from 0 to 65,535 divided by 257, floats from 0 to
1 times 255. Anything else needs a range that the user says, or that of all values of the source.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.errors import DataError

Range = tuple[float, float]
SMALLEST_SHARE = 1 / 8
"""Of its type's range that a source's values fill at least, or it is darker than anyone can mean."""
_FULL = {"bytes": 255.0, "integers": 65535.0, "floats": 1.0}
_WORDS = {"bytes": "bytes from 0 to 255", "integers": "integers from 0 to 65,535", "floats": "floats from 0 to 1"}


class RangeError(Exception):
    """Values outside the range of their type.

    Args:
        what: which values, of which type.
        remedy: the flag that fits them.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


@dataclass(frozen=True)
class Depth:
    """What values were before they became bytes.

    Args:
        kind: "bytes", "integers" or "floats", whose own range was taken; "said" for a range that the user said.
        low, high: the least and the greatest value.
    """

    kind: str
    low: float = math.inf
    high: float = -math.inf


def to_bytes(values: NDArray[Any], value_range: Range | None = None) -> tuple[NDArray[np.uint8], Depth]:
    """Values as bytes, and what they were.

    Args:
        values: numbers of any type, of any shape, at least one.
        value_range: the values that become 0 and 255, those beyond are cut off; by default those of the type.

    Raises:
        RangeError: they fit no type's range.
    """
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RangeError("pixels that are not finite (NaN or infinity)", "replace them by numbers")
    if value_range is not None:
        least, greatest = value_range
        scaled = (values.astype(np.float32) - np.float32(least)) * np.float32(255 / (greatest - least))
        return np.rint(scaled).clip(0, 255).astype(np.uint8), Depth("said", low, high)
    kind = _kind(values.dtype)
    if not (low >= 0 and high <= _FULL[kind]):
        what = f"pixels from {low:g} to {high:g}, which are no {_WORDS[kind]}"
        raise RangeError(what, f"give {_fitting(low, high)}")
    if values.dtype == np.uint8:
        return values, Depth(kind, low, high)
    factor = np.float32(255.0 / _FULL[kind])
    return np.rint(values.astype(np.float32) * factor).astype(np.uint8), Depth(kind, low, high)


def _kind(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "fb":
        return "floats"
    return "bytes" if dtype == np.uint8 else "integers"


def _fitting(low: float, high: float) -> str:
    """The flag for a usual range that holds the values, or for their own."""
    holding = (each for each in ((-1, 1), (0, 255)) if each[0] <= low and each[1] / 2 < high <= each[1])
    usual = next(holding, (low, high))
    return f"--range {usual[0]:g}:{usual[1]:g}"


def extremes(depths: Iterable[Depth]) -> dict[str, Depth]:
    """The least and the greatest of all values of each kind."""
    found: dict[str, Depth] = {}
    for each in depths:
        before = found.get(each.kind, Depth(each.kind))
        found[each.kind] = Depth(each.kind, min(before.low, each.low), max(before.high, each.high))
    return found


def whole_range(depths: Iterable[Depth]) -> Range | None:
    """From the least to the greatest of all values; None where all are the same, or there are none."""
    found = span(depths)
    return found if found and found[0] < found[1] else None


def span(depths: Iterable[Depth]) -> Range | None:
    """The least and the greatest of all values; None where there are none."""
    found = list(depths)
    return (min(each.low for each in found), max(each.high for each in found)) if found else None


def check_filled(source: str, found: dict[str, Depth]) -> None:
    """See that integers and floats fill their type's range, as those of a 12-bit camera in 16 bits do not.

    Args:
        source: what it is called in messages.
        found: the `extremes` of all its values.

    Raises:
        DataError: they would all be nearly black.
    """
    for kind, each in found.items():
        if kind in ("said", "bytes") or each.high <= 0 or each.high >= _FULL[kind] * SMALLEST_SHARE:
            continue
        what = f"{source}: nearly black, its {_WORDS[kind]} go from {each.low:g} to {each.high:g}"
        flag = f"--range 0:{_greatest(each.high, kind):g} or --range auto"
        raise DataError(what, f"say what is black and white, {flag}")


def _greatest(high: float, kind: str) -> float:
    """The whole of a camera's 10, 12 or 14 bits, where values are integers; else the greatest value."""
    return 2.0 ** math.ceil(math.log2(high + 1)) - 1 if kind == "integers" and high > 255 else high
