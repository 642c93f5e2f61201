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
