"""Accuracy: the share of samples of a class that are taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.errors import MeasureError
from advnets.measures.accuracy import accuracy
from advnets.measures.intervals import wilson


def test_classes_count_alike_however_many_samples_they_have() -> None:
    wanted = np.repeat([0, 1], [90, 10])
    seen = np.where(np.arange(100) < 90, 0, np.arange(100) % 2)
    found = accuracy(seen, wanted, ["cat", "dog"], real_seen=[0, 1, 1], real_wanted=[0, 1, 0])
    assert found.value == pytest.approx(0.75)
    assert found.details["worst"] == "dog"
    assert found.details["worst_share"] == 0.5
    assert found.details["worst_interval"] == wilson(5, 10)
    assert found.details["by_class"] == {"cat": 1.0, "dog": 0.5}
    assert found.details["real_accuracy"] == pytest.approx(0.75)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, chances, covered = np.random.default_rng(0), np.array([0.98, 0.9, 0.99]), 0
    for _ in range(300):
        wanted = np.repeat(np.arange(3), 200)
        seen = np.where(rng.random(600) < chances[wanted], wanted, (wanted + 1) % 3)
        low, high = accuracy(seen, wanted, list("abc")).interval
        covered += low <= chances.mean() <= high
    assert covered / 300 > 0.9


def test_of_one_class_it_is_wilsons() -> None:
    found = accuracy([1, 1, 0, 1], [1] * 4, ["a", "b"])
    assert found.interval == wilson(3, 4)
    assert "worst" not in found.details


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(MeasureError, match="give 0 to 1"):
        accuracy([0, 2], [0, 1], ["a", "b"])
    with pytest.raises(MeasureError, match="no samples whose class is known"):
        accuracy([], [], ["a", "b"])
