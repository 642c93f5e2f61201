"""Defects of variety: every image is a real one, but some kinds are missing, rare, or shown again and again."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.data import labels_of
from advnets.measures.defects.draws import uniform
from advnets.measures.defects.originals import Images, Indices, Originals

_ONE_IN = 100


def classes_missing(originals: Originals, count: float) -> Images:
    """So many classes are missing, and of the next one a share; images of the others stand in for them."""
    return _kinds_missing(originals, labels_of(originals.table)[originals.pool], count, "classes")


def clusters_missing(originals: Originals, count: float) -> Images:
    """Likewise of ten k-means clusters, for images without labels."""
    return _kinds_missing(originals, originals.clusters, count, "clusters")


def uneven_classes(originals: Originals, ratio: float) -> Images:
    """The rarest class is so many times rarer than the most frequent, the others in equal ratios between them.

    Source: Cui et al. 2019, Class-balanced loss, section 5.1, for the profile.
    """
    kinds = labels_of(originals.table)[originals.pool]
    place = _places(originals, kinds, "uneven")
    share = ratio ** (-place / max(1, place.max()))
    return _without(originals, (kinds >= 0) & (uniform(originals.seed, "uneven", originals.pool) >= share))


def copies_of_few(originals: Originals, share: float) -> Images:
    """A share of the set are copies of a hundredth of its images."""
    rows = originals.rows
    few, copies = rows[: max(1, len(rows) // _ONE_IN)], round(share * len(rows))
    return originals.images(np.concatenate([rows[: len(rows) - copies], np.resize(few, copies)]))


def repeated(originals: Originals, times: float) -> Images:
    """Every image is there so many times, and so many times fewer different ones are."""
    rows = originals.rows
    return originals.images(np.resize(rows[: max(1, round(len(rows) / times))], len(rows)))


def _kinds_missing(originals: Originals, kinds: Indices, count: float, purpose: str) -> Images:
    """So many kinds are missing, and of the next one a share."""
    place, whole = _places(originals, kinds, purpose), math.floor(count)
    drawn = uniform(originals.seed, purpose, originals.pool)
    gone = (place < whole) | ((place == whole) & (drawn < count - whole))
    return _without(originals, (kinds >= 0) & gone)


def _without(originals: Originals, gone: npt.NDArray[np.bool_]) -> Images:
    """The set without some images of the pool; where there are spare ones, they come in their places."""
    count, rows = originals.count, originals.rows.copy()
    places, spare = np.flatnonzero(gone[:count]), originals.pool[count:][~gone[count:]]
    filled = places[: len(spare)]
    rows[filled] = spare[: len(filled)]
    return originals.images(np.delete(rows, places[len(spare) :]))


def _places(originals: Originals, kinds: Indices, purpose: str) -> npt.NDArray[np.int64]:
    """Of each image of the pool, the place of its kind in an order of the kinds that is drawn."""
    known = np.unique(kinds[kinds >= 0])
    order = uniform(originals.seed, f"order of {purpose}", known).argsort()
    places = np.empty(int(kinds.max(initial=-1)) + 2, np.int64)
    places[-1] = len(known)  # of what is of no kind, whose label is -1
    places[known[order]] = np.arange(len(known))
    return places[kinds]
