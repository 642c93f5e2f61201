"""Measures in the same features, against the same real images, of one damaged set after another."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.data import ImageTable, Table
from advnets.data.cache import cache_folder
from advnets.errors import MeasureError
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.defects.catalog import VERSION
from advnets.measures.defects.kept import Figure, Kept
from advnets.measures.defects.originals import Images, Originals, Parts
from advnets.measures.features import Extractor, extractor


@dataclass(frozen=True, eq=False)
class Gauge:
    """Measures in the same features.

    Args:
        subject: the real images and the features, of no samples yet.
        names: the measures.
        kept: what was measured.
    """

    subject: Subject
    names: Sequence[str]
    kept: Kept

    def missing(self, defect: str, dose: float) -> list[str]:
        """The measures that were not yet taken of a set."""
        known = self.kept.read(defect, dose)
        return [name for name in self.names if name not in known]

    def prepare(self) -> None:
        """Have the features of real images at hand, so that every set takes the same time."""
        if any(MEASURES[name].of != "images" for name in self.names):
            _ = self.subject.real_features

    def take(self, images: Images, defect: str, dose: float) -> None:
        """Measure a set and keep its figures.

        Raises:
            DataError: the cache cannot be written.
        """
        subject = Subject(images, self.subject.data, self.subject.extractor, known=self.subject.known)
        self.kept.keep(defect, dose, {name: _figure(subject, name) for name in self.missing(defect, dose)})

    def figures(self, defect: str, dose: float) -> dict[str, Figure]:
        """The figures of a set that was measured, without those that could not be taken."""
        known = self.kept.read(defect, dose)
        return {name: figure for name in self.names if (figure := known.get(name)) is not None}


def gauges(
    originals: Originals, parts: Parts, found: Extractor, names: Sequence[str], cache: Path | None
) -> list[Gauge]:
    """The measures by the features that they are taken in: those of classes ask the classifier where `found` is none.

    Args:
        originals: what is damaged.
        parts: what is measured against.
        found: the features.
        names: the measures.
        cache: the cache folder; default as the environment says.

    Raises:
        MeasureError: a measure needs classes, and the table has no labels.
    """
    table, named = originals.table, []
    if found.classify is None:
        named = [name for name in names if MEASURES[name].of == "classes"]
    asked = [(found, [name for name in names if name not in named])]
    if named:  # asked of the table itself, by whose training split the classifier is known
        asked.append((extractor("classifier", table, cache=cache, progress=True), named))
    view, nothing = _view(table, parts), np.empty((0, *table.shape), np.uint8)
    folder, others = cache_folder(cache) / "defects", _digest_of(originals.others)
    way = (VERSION, table.fingerprint, _digest_of(parts.real, parts.pool, parts.searched), originals.count)
    return [
        Gauge(Subject(nothing, view, each), wanted, Kept(folder, (*way, each.identity), others))
        for each, wanted in asked
        if wanted
    ]


def _view(table: Table, parts: Parts) -> Table:
    """The table as a subject sees it: against the real images, with other ones to search and to choose sigma by."""
    valid, taken = table.rows("valid"), np.concatenate([parts.real, parts.pool])
    free = len(valid) > 0 and not np.isin(valid, taken).any()
    splits = {"test": parts.real, "train": parts.searched, "valid": valid if free else parts.searched}
    return ImageTable(
        table.values, table.labels, table.classes, table.fingerprint, table.name, (), splits, table.stack_of
    )


def _digest_of(*arrays: npt.NDArray[Any] | None) -> str:
    found = hashlib.sha256()
    for array in arrays:
        if array is not None:
            found.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _figure(subject: Subject, name: str) -> Figure | None:
    """A measure of a set; None where it cannot be taken of such a one."""
    try:
        found = MEASURES[name].compute(subject)
    except MeasureError:
        return None
    return Figure(found.value, found.interval) if math.isfinite(found.value) else None
