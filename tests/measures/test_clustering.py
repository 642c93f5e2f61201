"""Groups against classes: the best one-to-one assignment, tried against all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from advnets.errors import MeasureError
from advnets.measures.clustering import clustering


def test_the_assignment_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 300)
    groups = np.where(rng.random(300) < 0.6, (labels + 1) % 4, rng.integers(0, 4, 300))
    best = max(np.mean(np.take(order, groups) == labels) for order in itertools.permutations(range(4)))
    found = clustering(groups, labels)
    assert found.value == pytest.approx(best)
    assert found.interval[0] < best < found.interval[1]
    assert found.details["of_group"] == [3, 0, 1, 2]


def test_two_groups_of_one_class_count_once_but_are_pure() -> None:
    found = clustering([0, 1, 2, 2], [0, 0, 1, 1])
    assert found.value == 0.75
    assert found.details == {"purity": 1.0, "of_group": [0, -1, 1]}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(MeasureError, match="give one of each"):
        clustering([0, 1], [0])
    with pytest.raises(MeasureError, match="below 0"):
        clustering([0, 1], [0, -1])
