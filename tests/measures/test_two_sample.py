"""The two-sample test: right by brute force, fair when there is nothing to tell."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from advnets.measures.two_sample import two_sample


def test_the_accuracy_is_scikit_learns():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 3)).astype(np.float32), (rng.normal(size=(80, 3)) + 0.7).astype(np.float32)
    union, kinds = np.concatenate([x, y]), np.repeat([1, 0], 80)
    right = []
    for left_out in range(160):
        rest = np.delete(np.arange(160), left_out)
        known = KNeighborsClassifier(1).fit(union[rest], kinds[rest])
        right.append(known.predict(union[left_out : left_out + 1])[0] == kinds[left_out])
    found = two_sample(x, y)
    assert found.value == pytest.approx(np.mean(right))
    assert found.details["accuracy_samples"] == pytest.approx(np.mean(right[:80]))
    assert found.details["accuracy_real"] == pytest.approx(np.mean(right[80:]))


def test_what_is_far_apart_is_told_apart_and_copies_are_confused():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 4))
    apart = two_sample(x, rng.normal(size=(200, 4)) + 100)
    assert (apart.value, apart.details["accuracy_real"]) == (1, 1)
    assert apart.details["p_value"] < 0.01
    copies = two_sample(x + 1e-6, x)
    assert copies.value == 0  # each one's nearest is its copy, of the other kind


def test_one_in_twenty_is_rejected_where_there_is_nothing_to_tell():
    rng = np.random.default_rng(2)
    rejected = held = 0
    for trial in range(200):
        found = two_sample(rng.normal(size=(100, 5)), rng.normal(size=(100, 5)), seed=trial)
        rejected += found.details["p_value"] < 0.05
        held += found.interval[0] <= 0.4975 <= found.interval[1]  # (n - 1) / (2 n - 1)
    assert rejected <= 20
    assert held >= 180


def test_the_error_is_that_of_repeated_draws():
    rng = np.random.default_rng(3)
    found = [two_sample(rng.normal(size=(150, 3)), rng.normal(size=(150, 3)) + 0.8) for _ in range(150)]
    spread = np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.3)


def test_as_many_of_both_are_used():
    found = two_sample(np.random.default_rng(0).normal(size=(50, 2)), np.random.default_rng(1).normal(size=(30, 2)))
    assert (found.samples, found.real) == (30, 30)
