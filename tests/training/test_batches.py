"""Which rows come when is a function of (seed, epoch)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from advnets.training.batches import Batches


def batches(values: np.ndarray, rows: np.ndarray, batch: int, seed: int = 0, value_range=(0.0, 1.0)) -> Batches:
    return Batches(values, rows, batch, seed, torch.device("cpu"), torch.float32, value_range)


VALUES = np.arange(7 * 6, dtype=np.uint8).reshape(7, 1, 2, 3)
ROWS = np.array([0, 2, 3, 4, 6])


def stream(source: Batches, updates: range) -> list[int]:
    return torch.cat([source.indices(u) for u in updates]).tolist()


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 13])
def test_every_epoch_holds_every_row_once(batch: int) -> None:
    rows = stream(batches(VALUES, ROWS, batch), range(30))
    for epoch in range(len(rows) // len(ROWS)):
        assert sorted(rows[epoch * len(ROWS) : (epoch + 1) * len(ROWS)]) == ROWS.tolist()


def test_the_order_is_a_function_of_seed_and_epoch_alone() -> None:
    first, again = batches(VALUES, ROWS, 2), batches(VALUES, ROWS, 2)
    straight = [first.indices(u).tolist() for u in range(40)]
    backwards = [again.indices(u).tolist() for u in reversed(range(40))]
    assert straight == backwards[::-1]
    # The batch cuts the same stream elsewhere.
    assert stream(batches(VALUES, ROWS, 7), range(10)) == stream(batches(VALUES, ROWS, 5), range(14))


def test_seeds_and_epochs_differ() -> None:
    rows = np.arange(7)
    zero, one = batches(VALUES, rows, 7, seed=0), batches(VALUES, rows, 7, seed=1)
    orders = {tuple(source.indices(u).tolist()) for source in (zero, one) for u in range(4)}
    assert len(orders) == 8


def test_a_batch_may_exceed_the_table() -> None:
    chosen = batches(VALUES, ROWS, 12)(0)
    assert chosen.shape == (12, 1, 2, 3)
    counts = np.bincount(batches(VALUES, ROWS, 12).indices(0), minlength=7)[ROWS]
    assert counts.min() >= 2


def test_bytes_become_the_value_range() -> None:
    values = np.array([0, 255, 51], np.uint8).reshape(3, 1, 1, 1)
    source = batches(values, np.arange(3), 3, value_range=(-1.0, 1.0))
    made = source(0).flatten()[torch.argsort(source.indices(0))]
    torch.testing.assert_close(made, torch.tensor([-1.0, 1.0, -0.6]))


def test_points_stay_as_they_are() -> None:
    values = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    source = batches(values, np.arange(9), 4, value_range=(0.0, 1.0))
    np.testing.assert_array_equal(source(1).numpy(), values[source.indices(1)])


def test_the_mean_is_over_the_rows_in_the_value_range() -> None:
    expected = VALUES[ROWS].mean(0) / 255 * 2 - 1
    np.testing.assert_allclose(batches(VALUES, ROWS, 2, value_range=(-1.0, 1.0)).mean(), expected, rtol=1e-6)
