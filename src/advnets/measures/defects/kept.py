"""Figures of damaged sets, kept below the cache folder: a file a set, written whole, so that none is measured twice.

    defects/<key>.json      {"figures": {measure: {"value": ..., "interval": [low, high]} or null}}

The key is of everything that the figures depend on; null stands for a measure that could not be taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advnets.data.cache_files import write_json
from advnets.measures.defects.catalog import OTHERS
from advnets.measures.features.store import key_of
from advnets.measures.measurement import interval_of, plain


@dataclass(frozen=True)
class Figure:
    """What a measure said of a set.

    Args:
        value: the number.
        interval: 95 % confidence interval; an end may be infinite.
    """

    value: float
    interval: tuple[float, float]


Figures = Mapping[str, Figure | None]
"""Measure to its figure; None where it cannot be taken of such a set."""


@dataclass(frozen=True)
class Kept:
    """The figures of sets that were measured in the same way.

    Args:
        folder: where they lie.
        way: everything but the defect and its dose that they depend on.
        others: digest of the images of another table that one of the defects mixes in.
    """

    folder: Path
    way: tuple[object, ...]
    others: str = ""

    def read(self, defect: str, dose: float) -> dict[str, Figure | None]:
        """The figures of a set that are known; none where they are missing or damaged."""
        try:
            figures = json.loads(self._path(defect, dose).read_text("ascii"))["figures"]
            return {name: None if each is None else _figure(each) for name, each in figures.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def keep(self, defect: str, dose: float, figures: Figures) -> None:
        """Keep figures of a set, with those that are known already.

        Raises:
            DataError: the cache cannot be written.
        """
        known = {**self.read(defect, dose), **figures}
        written = {
            name: None if each is None else {"value": each.value, "interval": each.interval}
            for name, each in known.items()
        }
        write_json(self._path(defect, dose), plain({"figures": written}))

    def _path(self, defect: str, dose: float) -> Path:
        more = (self.others,) if defect == OTHERS else ()
        return self.folder / f"{key_of(*self.way, defect, dose, *more)}.json"


def _figure(record: Mapping[str, object]) -> Figure:
    return Figure(float(record["value"]), interval_of(record))  # type: ignore[arg-type]  # a TypeError is damage
