"""The Inception Score: closed forms and SciPy's entropy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from advnets.errors import MeasureError
from advnets.measures.inception_score import inception_score


def test_nothing_told_apart_is_one_and_clear_even_classes_are_their_number():
    assert inception_score(np.full((100, 7), 1 / 7)).value == pytest.approx(1)
    one_hot = np.eye(5)[np.arange(1000) % 5]
    assert inception_score(one_hot, splits=2).value == pytest.approx(5, rel=0.01)
    assert inception_score(np.eye(5)[np.zeros(100, int)]).value == pytest.approx(1)


def test_it_is_the_mean_over_splits_of_scipys_divergence():
    p = np.random.default_rng(0).dirichlet(np.full(8, 0.3), 500)
    found = inception_score(p, splits=4, seed=3)
    shuffled = p[np.random.RandomState(3).permutation(500)]
    scores = [np.exp(entropy(part, part.mean(0), axis=1).mean()) for part in np.split(shuffled, 4)]
    assert found.value == pytest.approx(np.mean(scores), rel=1e-12)
    assert found.details["spread"] == pytest.approx(np.std(scores), rel=1e-9)
    low, high = found.interval
    assert low < found.value < high


@pytest.mark.parametrize("p", [np.zeros((50, 3)), np.full((50, 3), -1.0), np.full((50, 1), 1.0), np.full((5, 2), 0.5)])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(MeasureError):
        inception_score(p)
