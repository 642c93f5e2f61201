"""Modes: counted as the literature counts them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import entropy

from advnets.data.toys import open_points
from advnets.errors import MeasureError
from advnets.evaluation.compare import Comparison
from advnets.measures.measurement import Measurement
from advnets.measures.modes import modes, modes_of_points


def test_all_modes_of_the_data_itself_are_covered() -> None:
    labels = np.random.default_rng(0).integers(0, 10, 5000)
    found = modes(labels, labels, 10)
    assert (found.value, found.details["modes"], found.details["kl"]) == (10, 10, 0)
    assert found.interval == (10, 10)


def test_the_divergence_is_scipys() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = rng.choice(5, 4000, p=[0.4, 0.3, 0.2, 0.1, 0]), rng.integers(0, 5, 4000)
    found = modes(ours, theirs, 5)
    assert found.value == 4
    expected = entropy(np.bincount(ours, minlength=5), np.bincount(theirs, minlength=5))
    assert found.details["kl"] == pytest.approx(expected, rel=1e-12)
    low, high = found.details["kl_interval"]
    assert low < expected < high


def test_of_a_thousand_classes_figures_lie_in_their_intervals_and_fair_draws_are_fair() -> None:
    rng = np.random.default_rng(2)
    theirs = rng.integers(0, 1000, 25_600)
    for count in (1_000, 10_000):
        found, again = (modes(rng.integers(0, 1000, count), theirs, 1000) for _ in range(2))
        for other in (found, again):  # another sample as large differs by chance alone
            assert found.interval[0] <= other.value <= found.interval[1]
            low, high = found.details["kl_interval"]
            assert low <= other.details["kl"] <= high
        assert found.value == pytest.approx(found.details["fair_modes"], rel=0.05)
        assert found.details["kl"] == pytest.approx(found.details["fair_kl"], rel=0.1)
        assert found.details["kl_even"] < found.details["kl"]
        assert f"{count:,} fair draws of the data cover" in found.caveat


def test_one_class_is_collapse() -> None:
    found = modes(np.zeros(100, np.int64), np.arange(1000) % 10, 10)
    assert found.value == 1
    assert found.details["kl"] == pytest.approx(np.log(10))


def test_the_ring_covers_itself() -> None:
    ring = open_points("ring")
    found = modes_of_points(ring.values[:20_000], ring.modes, ring.deviation)
    assert found.value == 8
    # Within three deviations in the plane: 1 - exp(-9 / 2).
    assert found.details["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert found.details["kl"] < 0.001


def test_points_between_the_modes_do_not_count() -> None:
    grid = open_points("grid")
    half = grid.values[:5000][grid.values[:5000, 0] < 0]
    found = modes_of_points(np.concatenate([half, np.full((1000, 2), 1.0, np.float32)]), grid.modes, grid.deviation)
    assert found.value == 15  # the columns at -4, -2 and the left half of that at 0
    none = modes_of_points(np.full((10, 2), 99.0), grid.modes, grid.deviation)
    assert (none.value, none.details["high_quality"]) == (0, 0)


def far_and_near(near: int, count: int = 500, seed: int = 0) -> np.ndarray:
    """Points of which the first `near` are on modes of the ring."""
    rng = np.random.default_rng(seed)
    points = np.full((count, 2), 50.0, np.float32)
    points[:near] = open_points("ring").modes[rng.integers(0, 8, near)]
    return points


def of_ring(points: np.ndarray) -> Measurement:
    ring = open_points("ring")
    return modes_of_points(points, ring.modes, ring.deviation)


def test_a_generator_far_from_all_modes_is_not_like_the_best() -> None:
    good, bad = of_ring(far_and_near(500)), of_ring(far_and_near(0))
    assert (bad.value, bad.interval) == (0, (0, 3))
    assert bad.details["kl"] is None
    json.dumps(bad.as_dict(), allow_nan=False)
    compared = Comparison({"good": {"modes": good.as_dict()}, "bad": {"modes": bad.as_dict()}})
    assert compared.verdicts("modes") == {"good": "best", "bad": "worse"}


def test_fair_draws_are_as_many_as_the_points() -> None:
    found = of_ring(far_and_near(1))
    assert found.details["fair_modes"] == 8
    assert found.details["fair_kl"] < 0.02
    assert "500 fair draws" in found.caveat


def told_apart(found: list[Measurement]) -> float:
    """The share of comparisons, of every other one with the next, that find a difference."""
    pairs = zip(found[::2], found[1::2], strict=True)
    compared = [Comparison({"a": {"modes": a.as_dict()}, "b": {"modes": b.as_dict()}}) for a, b in pairs]
    return float(np.mean([each.differences()[0].real for each in compared]))


@pytest.mark.parametrize("share", [0.004, 0.008])
def test_intervals_hold_another_draws_modes_where_few_are_near(share: float) -> None:
    rng = np.random.default_rng(1)
    draws = [of_ring(far_and_near(rng.binomial(500, share), seed=seed)) for seed in range(200)]
    held = [
        one.interval[0] <= other.value <= one.interval[1] for one, other in zip(draws[::2], draws[1::2], strict=True)
    ]
    assert np.mean(held) > 0.83  # two draws' chance in one's interval; .75 while unseen modes could not be drawn
    assert told_apart(draws) <= 0.08  # .16 at a share of .008


def test_draws_of_a_generator_with_rare_classes_are_not_told_apart() -> None:
    rng = np.random.default_rng(5)
    real, law = np.repeat(np.arange(100), 30), 1 / np.arange(1, 101)
    draws = [rng.choice(100, 300, p=law / law.sum()) for _ in range(200)]
    assert told_apart([modes(each, real, 100) for each in draws]) <= 0.08  # .16 while unseen ones could not be drawn


def test_classes_without_real_images_are_not_drawn_either() -> None:
    found = modes(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]), 50)
    assert found.details["modes"] == 3
    assert found.interval[1] <= 3
    assert np.isfinite(found.details["kl_interval"]).all()


@pytest.mark.parametrize("labels", [[[0, 1]], [0.5, 1.0], [], [-1, 0], [0, 10]])
def test_what_is_no_class_is_refused(labels: list[int]) -> None:
    with pytest.raises(MeasureError, match="labels"):
        modes(np.array(labels), np.arange(10), 10)


def test_a_class_that_is_not_real_is_refused() -> None:
    with pytest.raises(MeasureError, match="no real image"):
        modes(np.array([0, 1]), np.array([0, 0]), 2)
