"""Copies are found, and new images are not called copies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from advnets.measures import pairwise
from advnets.measures.memorization import memorization


def test_training_images_are_copies(digits):
    found = memorization(digits["train"][:300], digits["train"][:1000], digits["test"][:300])
    assert found.value > 0.999
    assert (found.details["authenticity"], found.details["copies"]) == (0, 1)
    assert found.details["c_t"] < -20


def test_held_out_images_are_new(digits):
    found = memorization(digits["valid"][:1000], digits["train"][:3000], digits["test"][:1000])
    assert found.interval[0] < 0.5 < found.interval[1]
    assert abs(found.details["c_t"]) < 2
    assert found.details["copies"] == 0


def test_it_is_brute_force(digits, monkeypatch):
    monkeypatch.setattr(pairwise, "TILE", 50)
    samples, train, heldout = (
        digits[split][:count].reshape(count, -1) / np.float32(255)
        for split, count in (("valid", 120), ("train", 260), ("test", 90))
    )
    samples[:40] = train[:40] + np.float32(0.01)
    found = memorization(samples, train, heldout)
    near, far = cdist(samples, train), cdist(heldout, train).min(1)
    oracle = mannwhitneyu(near.min(1), far, alternative="two-sided")
    assert found.value == pytest.approx(1 - oracle.statistic / (120 * 90), abs=1e-9)
    within = cdist(train, train) + np.diag(np.full(260, np.inf))
    authentic = near.min(1) > within.min(1)[near.argmin(1)]
    assert found.details["authenticity"] == pytest.approx(authentic.mean())
    assert found.details["authenticity"] <= 80 / 120


def test_the_error_is_that_of_repeated_draws():
    rng = np.random.default_rng(0)
    train = rng.normal(size=(200, 3))
    found = [memorization(rng.normal(size=(80, 3)) * 0.8, train, rng.normal(size=(90, 3))) for _ in range(200)]
    assert np.mean([each.standard_error for each in found]) == pytest.approx(
        np.std([each.value for each in found]), rel=0.15
    )


def test_without_held_out_images_each_is_held_out_in_turn() -> None:
    rng = np.random.default_rng(2)
    train = rng.normal(size=(120, 2))
    found = memorization(rng.normal(size=(300, 2)), train)
    assert found.real == 120
    assert found.details["held_out"] == "each in turn"
    assert found.interval[0] < 0.5 < found.interval[1]
    copies = memorization(train, train)
    assert (copies.value, copies.details["copies"]) == (1, 1)
    samples, held = rng.normal(size=(200, 2)) + 0.3, (cdist(train, train) + np.diag(np.full(120, np.inf))).min(1)
    expected = mannwhitneyu(held, cdist(samples, train).min(1)).statistic / (120 * 200)
    assert memorization(samples, train).value == pytest.approx(expected, rel=1e-6)


def test_the_interval_of_images_held_out_in_turn_holds() -> None:
    rng, held = np.random.default_rng(3), 0
    for _ in range(150):
        low, high = memorization(rng.normal(size=(300, 2)), rng.normal(size=(200, 2))).interval
        held += low <= 0.5 <= high
    assert held >= 0.9 * 150
