"""The birthday paradox finds the size of a support that is known."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from advnets.errors import MeasureError
from advnets.evaluation.compare import Comparison
from advnets.measures import pairwise
from advnets.measures.birthday import birthday


@pytest.mark.parametrize("support", [100, 1000])
def test_a_known_support_is_found(support):
    rng = np.random.default_rng(support)
    prototypes = rng.normal(size=(support, 20)).astype(np.float32)
    samples = prototypes[rng.integers(0, support, 1000)] + rng.normal(scale=1e-4, size=(1000, 20)).astype(np.float32)
    found = birthday(samples, rng.normal(size=(1000, 20)))
    low, high = found.interval
    assert low < support < high
    assert found.value == pytest.approx(support, rel=0.2)
    assert not found.details["at_least"]


def test_a_generator_as_varied_as_the_data_has_as_many_pairs(digits):
    found = birthday(digits["train"][:1500], digits["test"][:1500])
    assert found.details["real_pairs"] == 10
    assert found.interval[0] < found.details["real_support"] < found.interval[1]


def test_without_a_pair_it_is_a_lower_bound():
    rng = np.random.default_rng(0)
    found = birthday(rng.normal(size=(500, 10)), rng.normal(size=(500, 10)), threshold=1e-6)
    assert (found.details["pairs"], found.details["at_least"]) == (0, True)
    assert found.value == 500 * 499
    assert math.isinf(found.interval[1])
    assert found.interval[0] == pytest.approx(500 * 499 / 2 / 3.6889, rel=1e-4)  # Poisson's 97.5 % for no event
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["interval"][1] is None
    assert plain["real_support"] is None


def test_fewer_pairs_are_always_better():
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(300, 10)).astype(np.float32)
    values = []
    for copies in range(5):
        samples[:copies] = samples[100 : 100 + copies]
        values.append(birthday(samples, rng.normal(size=(300, 10)), threshold=1e-6).value)
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 5


@pytest.mark.parametrize("spread", [1.0, 0.6])
def test_intervals_hold_what_the_same_generator_gives_again(spread: float):
    rng = np.random.default_rng(3)
    real = rng.normal(size=(300, 6))
    found = [birthday(rng.normal(size=(300, 6)) * spread, real).as_dict() for _ in range(80)]
    pairs = [
        Comparison({"a": {"birthday": a}, "b": {"birthday": b}}) for a, b in zip(found[::2], found[1::2], strict=True)
    ]
    apart = [pair.differences()[0].real for pair in pairs]
    assert sum(apart) <= 6  # of 40; two at 5 %; 16 by a Poisson's interval at .6


def test_scatter_is_the_variance_of_the_number_of_pairs():
    rng = np.random.default_rng(4)
    real = rng.normal(size=(200, 4))
    found = [birthday(rng.normal(size=(200, 4)), real, threshold=0.5).details for _ in range(300)]
    pairs = np.array([each["pairs"] for each in found])
    assert np.mean([each["scatter"] for each in found]) == pytest.approx(pairs.var() / pairs.mean(), rel=0.25)


def test_the_closest_pairs_are_the_closest(digits, monkeypatch):
    monkeypatch.setattr(pairwise, "TILE", 64)
    x = digits["test"][:200].reshape(200, -1) / np.float32(255)
    pairs = birthday(x, x[::-1]).details["closest"]
    np.testing.assert_allclose([far for *_, far in pairs], np.sort(pdist(x.astype(np.float64)))[:20], rtol=1e-9)
    for i, j, far in pairs:
        assert i < j
        assert np.linalg.norm(x[i].astype(np.float64) - x[j]) == pytest.approx(far, rel=1e-9)


def test_a_threshold_is_a_distance():
    with pytest.raises(MeasureError, match="give a distance"):
        birthday(np.zeros((10, 2)), np.zeros((10, 2)), threshold=-1.0)
