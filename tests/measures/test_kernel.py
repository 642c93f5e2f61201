"""The kernel distance: scikit-learn's kernels summed plainly, no bias, and an error about the data."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from advnets.errors import MeasureError
from advnets.measures import kernel as module
from advnets.measures.kernel import kernel


def plain(x: np.ndarray, y: np.ndarray, gram) -> float:
    n, m = len(x), len(y)
    within = sum(gram(x[i : i + 1], x[j : j + 1])[0, 0] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within += sum(gram(y[i : i + 1], y[j : j + 1])[0, 0] for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within - 2 * gram(x, y).mean()


def test_one_subset_of_everything_is_the_double_sum():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 5)).astype(np.float32), (rng.normal(size=(30, 5)) + 0.5).astype(np.float32)
    found = kernel(x, y, subsets=1, subset_size=30)
    expected = plain(x.astype(np.float64), y.astype(np.float64), lambda a, b: polynomial_kernel(a, b, 3, 1 / 5, 1))
    assert found.value == pytest.approx(expected, rel=1e-9)
    gaussian = kernel(x, y, kind="rbf", bandwidth=1.5, subsets=1, subset_size=30)
    expected = plain(x.astype(np.float64), y.astype(np.float64), lambda a, b: rbf_kernel(a, b, 1 / (2 * 1.5**2)))
    assert gaussian.value == pytest.approx(expected, rel=1e-9)


def test_subsets_are_drawn_in_torch_fidelitys_order():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 4)), rng.normal(size=(70, 4)) + 0.3
    draw, values = np.random.RandomState(7), []
    for _ in range(5):
        a, b = x[draw.choice(80, 20, replace=False)], y[draw.choice(70, 20, replace=False)]
        values.append(plain(a, b, lambda p, q: polynomial_kernel(p, q, 3, 1 / 4, 1)))
    found = kernel(x, y, subsets=5, subset_size=20, seed=7)
    assert found.value == pytest.approx(np.mean(values), rel=1e-5)
    assert found.details["spread"] == pytest.approx(np.std(values), rel=1e-5)


def test_equal_distributions_give_zero_on_average():
    rng = np.random.default_rng(2)
    values = [kernel(rng.normal(size=(200, 3)), rng.normal(size=(200, 3)), subsets=2).value for _ in range(100)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 10
    assert min(values) < 0


@pytest.mark.parametrize("kind", ["polynomial", "rbf"])
@pytest.mark.parametrize(
    ("count", "subsets", "size"), [(100, 1, 100), (200, 50, 50), (2000, 5, 100)], ids=["all", "overlapping", "few"]
)
def test_the_error_is_that_of_repeated_draws(kind, count, subsets, size):
    rng = np.random.default_rng(3)
    options = {"kind": kind, "subsets": subsets, "subset_size": size, "bandwidth": 2.0}
    found = [
        kernel(rng.normal(size=(count, 4)), rng.normal(size=(count, 4)) + 0.5, **options, seed=seed)
        for seed in range(200)
    ]
    values = np.array([each.value for each in found])
    errors = np.sqrt(np.mean([each.standard_error**2 for each in found]))
    assert errors == pytest.approx(values.std(), rel=0.2)
    assert np.mean([low <= values.mean() <= high for low, high in (each.interval for each in found)]) > 0.89


def test_near_zero_the_error_is_wide_rather_than_narrow():
    rng = np.random.default_rng(4)
    found = [kernel(rng.normal(size=(100, 4)), rng.normal(size=(100, 4))) for _ in range(200)]
    spread = np.std([each.value for each in found])
    assert spread < np.sqrt(np.mean([each.standard_error**2 for each in found])) < 2 * spread


def test_the_order_of_rows_changes_nothing_where_every_row_is_used():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(100, 4)), np.sort(rng.normal(size=(100, 4)) + 0.5, axis=0)
    straight, turned = kernel(x, y), kernel(x, rng.permutation(y))
    assert straight.value == pytest.approx(turned.value, rel=1e-9)
    assert straight.standard_error == pytest.approx(turned.standard_error, rel=1e-9)


def test_fewer_rows_make_smaller_subsets():
    found = kernel(np.random.default_rng(0).normal(size=(60, 3)), np.random.default_rng(1).normal(size=(500, 3)))
    assert found.details["subset_size"] == 60


def test_what_cannot_be_measured_is_refused():
    for arguments, options in (((3, 9), {}), ((9, 9), {"subset_size": 1}), ((9, 9), {"subsets": 0})):
        with pytest.raises(MeasureError):
            kernel(np.zeros((arguments[0], 2)), np.zeros((arguments[1], 2)), **options)
    for options in ({"kind": "cubic"}, {"degree": 0}, {"kind": "rbf", "bandwidth": 0.0}):
        with pytest.raises(MeasureError, match="positive"):
            kernel(np.zeros((9, 2)), np.ones((9, 2)), **options)
    with pytest.raises(MeasureError, match="bandwidth"):
        kernel(np.zeros((9, 2)), np.zeros((9, 2)), kind="rbf")


@pytest.mark.parametrize("kind", ["polynomial", "rbf"])
def test_all_pairs_at_once_are_the_subsets_one_after_another(kind, monkeypatch):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(90, 6)), rng.normal(size=(70, 6)) + 0.2
    options = {"kind": kind, "subsets": 7, "subset_size": 60}
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 1000)  # eleven rows a block
    found = kernel(x, y, **options)
    monkeypatch.setattr(module, "_VALUES", 0)  # no room for all pairs
    plainly = kernel(x, y, **options)
    assert found.value == pytest.approx(plainly.value, rel=1e-10)
    assert found.standard_error == pytest.approx(plainly.standard_error, rel=1e-10)
    assert found.details["spread"] == pytest.approx(plainly.details["spread"], rel=1e-10)
