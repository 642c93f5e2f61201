"""AdversarialClassifier, by scikit-learn's own checks of estimators and by what is its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, make_moons
from sklearn.utils.estimator_checks import parametrize_with_checks

from advnets import AdversarialClassifier

QUICK = {"batch": 32, "game.labelled": 16, "discriminator.rate": 1e-2}


@parametrize_with_checks([AdversarialClassifier(steps=25, changes=QUICK, device="cpu")])
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def digits(count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Zeros, ones and twos of 8 x 8 pixels from 0 to 16, flat."""
    images, labels = load_digits(n_class=3, return_X_y=True)
    return images[:count], labels[:count]


def test_rows_without_labels_are_learned_from() -> None:
    X, y = make_moons(300, noise=0.08, random_state=0)
    known = np.full(len(y), -1)
    for number in (0, 1):
        known[np.flatnonzero(y == number)[:8]] = number
    with_all = AdversarialClassifier(150, random_state=0, device="cpu").fit(X, known)
    assert with_all.classes_.tolist() == [0, 1]
    assert with_all.score(X, y) > 0.8
    assert with_all.features(X).shape == (300, 128)


def test_images_are_the_same_flat_or_not_and_in_any_units() -> None:
    X, y = digits()
    small = {"discriminator.network": {"kind": "conv-classifier", "base": 4, "dense": 8}, **QUICK}
    made = [
        AdversarialClassifier(15, shape, small, random_state=1, device="cpu").fit(rows, y).predict_proba(rows)
        for rows, shape in ((X, (8, 8)), (X.reshape(-1, 8, 8), None), (X.reshape(-1, 8, 8, 1) / 16, None))
    ]
    assert np.array_equal(made[0], made[1])
    np.testing.assert_allclose(made[1], made[2])
    np.testing.assert_allclose(made[0].sum(1), 1)


def test_partial_frames_of_pixels_are_refused() -> None:
    X, y = digits(30)
    frame = pd.DataFrame(X, columns=[f"pixel{number}" for number in range(64)])
    few = {"discriminator.network": {"kind": "conv-classifier", "base": 4, "dense": 8}, **QUICK}
    fitted = AdversarialClassifier(2, (8, 8), few, device="cpu").fit(frame, y)
    with pytest.raises(ValueError, match="yet now missing:\n- pixel5"):
        fitted.predict(frame.drop(columns="pixel5"))
    with pytest.raises(ValueError, match="X has 63 pixels a row, 8 x 8 images need 64; give every pixel"):
        AdversarialClassifier(2, (8, 8)).fit(frame.drop(columns="pixel5"), y)
    holed = frame.mask(frame.index.to_series() == 3)
    with pytest.raises(ValueError, match="contains NaN"):
        fitted.predict(holed)
    with pytest.raises(ValueError, match=r"rows of shape \(4, 16\), unlike|expecting 64 features"):
        fitted.predict(np.zeros((2, 4, 15)))


def test_one_class_is_too_few_but_minus_one_and_one_are_two() -> None:
    X, y = digits(20)
    with pytest.raises(ValueError, match="labels of one class besides -1"):
        AdversarialClassifier(2).fit(X, np.where(y == 2, 2, -1))
    coded = AdversarialClassifier(2, changes=QUICK, device="cpu").fit(X, np.where(y == 2, 1, -1))
    assert coded.classes_.tolist() == [-1, 1]
    with pytest.raises(ValueError, match="y has -5, of 1 labels below 0 beside -1"):
        AdversarialClassifier(2).fit(X, np.array([-5, *np.where(y[1:] == 2, -1, y[1:])]))


def test_without_scikit_learn_it_is_said_what_is_missing() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import advnets; advnets.AdversarialClassifier"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "needs scikit-learn 1.6 or newer, which is not installed; install it with: pip install" in done.stderr


def test_classes_of_text_are_unlabelled_by_the_number_among_objects() -> None:
    rows = np.repeat([[0.0, 0.0], [3.0, 3.0]], 20, 0) + np.random.default_rng(0).normal(size=(40, 2)) / 10
    named = np.repeat(np.array(["a", "b"], object), 20)
    named[::2] = -1
    found = AdversarialClassifier(5, random_state=0).fit(rows, named)
    assert found.classes_.tolist() == ["a", "b"]
    assert set(found.predict(rows)) <= {"a", "b"}
    with pytest.raises(ValueError, match=r"y is text, and says '-1', .*; give an array of objects"):
        AdversarialClassifier(5).fit(rows, named.astype(str))
    with pytest.raises(ValueError, match="y has labels of no class besides -1"):
        AdversarialClassifier(5).fit(rows, np.full(40, -1, object))
