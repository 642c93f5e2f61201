"""What mistakes explain: classes that are not there do not count, those that are there do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, nbinom

from advnets.measures.mistakes import Confusion, _means_of_mistakes, fewest_of_present
from advnets.measures.modes import modes

TEN = np.full(10, 0.1)


def shares(rng: np.random.Generator, classes: int, accuracy: float) -> np.ndarray:
    """How likely a class is taken for each: a few other classes get most of the mistakes, as of digits."""
    off = rng.dirichlet(np.full(classes - 1, 0.3), size=classes) * (1 - accuracy)
    return np.stack([np.insert(row, place, accuracy) for place, row in enumerate(off)])


def seen(rng: np.random.Generator, truth: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.sum([rng.multinomial(count, row) for count, row in zip(truth, share, strict=True)], 0)


def drawn(rng: np.random.Generator, accuracy: float, images: int, present: int) -> tuple[np.ndarray, Confusion]:
    """How 10,000 samples of the first of ten classes are seen, and a confusion of so many images a class."""
    share = shares(rng, 10, accuracy)
    counts = np.stack([rng.multinomial(images, row) for row in share])
    truth = np.pad(rng.multinomial(10_000, np.full(present, 1 / present)), (0, 10 - present))
    return seen(rng, truth, share), Confusion(counts)


@pytest.mark.parametrize(("accuracy", "images", "present"), [(0.995, 1000, 4), (0.995, 1000, 9), (0.9, 100, 5)])
def test_absent_classes_do_not_count_and_present_ones_do(accuracy: float, images: int, present: int) -> None:
    rng, wrong, plain = np.random.default_rng(present), 0, 0
    for _ in range(100):
        counts, confusion = drawn(rng, accuracy, images, present)
        found = counts >= fewest_of_present(counts, confusion, TEN)
        assert found[:present].all()
        wrong += int(found[present:].any())
        plain += int((counts[present:] > 0).any())
    assert wrong <= 5
    assert plain >= 50  # which the literature's count takes for classes


def test_the_rate_of_false_classes_is_held_where_a_classifier_errs_much() -> None:
    rng, wrong, found = np.random.default_rng(0), [], []
    for _ in range(200):
        counts, confusion = drawn(rng, 0.6, 300, 5)
        here = counts >= fewest_of_present(counts, confusion, TEN)
        wrong.append(here[5:].sum() / max(1, here.sum()))
        found.append(here[:5].mean())
    assert np.mean(wrong) < 0.05  # of those that count, 5 in 100 are not there
    assert np.mean(found) > 0.97


def test_of_one_other_class_it_is_the_exact_test_of_two_poisson_counts() -> None:
    confusion = Confusion(np.array([[95, 5], [0, 50]]))
    shape, scale = _means_of_mistakes(np.array([300.0, 0.0]), confusion)
    for count in (1, 20, 40):
        ours = nbinom.sf(count - 1, shape[1], 1 / (1 + scale[1]))
        assert ours == pytest.approx(binom.sf(count - 1, count + 5, 300 / (300 + 100)), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_names_of_classes_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, confusion = drawn(rng, rng.uniform(0.5, 1), int(rng.integers(5, 500)), int(rng.integers(1, 11)))
    order = rng.permutation(10)
    fewest = fewest_of_present(counts, confusion, TEN)
    turned = fewest_of_present(counts[order], Confusion(confusion.counts[np.ix_(order, order)]), TEN)
    np.testing.assert_array_equal(turned, fewest[order])
    assert fewest.min() == fewest[counts.argmax()] == 1


def test_more_mistakes_need_more_samples() -> None:
    counts, even = np.array([1000, 1000, 12]), np.full(3, 1 / 3)
    rows = [np.array([[1000 - mistaken, 0, mistaken], [0, 1000, 0], [0, 0, 1000]]) for mistaken in (0, 10)]
    few, many = (fewest_of_present(counts, Confusion(each), even) for each in rows)
    assert few[2] <= 12 < many[2]


def test_a_classifier_that_makes_no_mistakes_counts_as_the_literature_does() -> None:
    labels = np.repeat([0, 1, 2, 4], [500, 300, 190, 10])
    found = modes(labels, np.arange(1000) % 10, 10, confusion=Confusion(np.eye(10, dtype=np.int64) * 1000))
    assert found.value == found.details["plain"] == 4


def test_one_sample_is_of_a_class() -> None:
    poor = Confusion(np.array([[6, 4], [4, 6]]))
    for counts in ([1, 0], [0, 1], [3, 1]):
        assert (np.array(counts) >= fewest_of_present(counts, poor, [0.5, 0.5])).sum() >= 1


def test_the_plain_count_stands_beside_it() -> None:
    confusion = Confusion(np.array([[990, 10, 0], [0, 1000, 0], [0, 0, 1000]]))
    labels = np.repeat([0, 1, 2], [800, 6, 200])
    found = modes(labels, np.arange(900) % 3, 3, confusion=confusion)
    assert (found.value, found.details["plain"], found.details["modes"]) == (2, 3, 3)
    assert found.details["fair_modes"] == 3
    assert "mistakes on held-out real images" in found.caveat
    assert modes(labels, np.arange(900) % 3, 3).value == 3


@pytest.mark.parametrize(
    ("counts", "tells", "well"),
    [
        ([[10, 24], [24, 8]], False, False),  # worse than naming one
        ([[29, 4, 0], [40, 0, 0], [27, 0, 0]], False, False),  # the issue's: 29 % beside 33 %
        ([[40, 10], [14, 36]], True, False),
        ([[95, 5], [3, 97]], True, True),
        ([[950, 0], [45, 5]], False, False),  # 95.5 % where naming the largest is right on 95 %
        ([[0, 0], [0, 0]], False, False),
    ],
)
def test_what_a_classifier_is_worth(counts: list[list[int]], tells: bool, well: bool) -> None:
    found = Confusion(np.array(counts))
    assert (found.tells, found.tells_well) == (tells, well)
    assert found.images == np.sum(counts)
    if found.images:
        assert found.accuracy_interval[0] < found.accuracy < found.accuracy_interval[1]
    else:
        assert math.isnan(found.accuracy)


def test_it_is_of_truth_and_what_was_seen() -> None:
    found = Confusion.of([0, 0, 1, 2], [0, 1, 1, 0], 3)
    np.testing.assert_array_equal(found.counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert (found.accuracy, found.chance) == (0.5, 0.5)
