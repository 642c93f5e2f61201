"""Clustering: how well groups that nobody named separate the classes of the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.intervals import wilson
from advnets.measures.measurement import Measurement


def clustering(groups: npt.ArrayLike, labels: npt.ArrayLike, features: str = "") -> Measurement:
    """Share of the examples whose group is that of their class, groups and classes matched one to one at best.

    Args:
        groups: the group of each example, integers from 0.
        labels: its class, integers from 0.
        features: what found the groups.

    Returns:
        The share, with Wilson's interval. Details: `purity`, the share of examples that are of the commonest class of
        their group, which several groups may have in common; `of_group`, the class that is matched with each group, -1
        for none.

    Raises:
        MeasureError: no examples, or not one group and one class for each.
    """
    found, known = (np.asarray(each, np.int64) for each in (groups, labels))
    if found.shape != known.shape or found.ndim != 1 or not len(found):
        raise MeasureError(f"groups {found.shape} and labels {known.shape}", "give one of each for every example")
    if min(found.min(), known.min()) < 0:
        raise MeasureError("a group or label below 0", "leave out what has none")
    from scipy.optimize import linear_sum_assignment  # a tenth of a second

    counts = np.zeros((found.max() + 1, known.max() + 1), np.int64)
    np.add.at(counts, (found, known), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    right, matched = int(counts[rows, columns].sum()), np.full(len(counts), -1)
    matched[rows] = columns
    return Measurement(
        measure="clustering",
        value=right / len(found),
        interval=wilson(right, len(found)),
        interval_by="Wilson over the examples",
        samples=0,
        real=len(found),
        features=features,
        details={"purity": float(counts.max(1).sum() / len(found)), "of_group": matched.tolist()},
        caveat="One to one: two groups of one class count once. It is no classifier that labels were ever shown to.",
    )
