"""Which rows come when is a function of (seed, epoch)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from advnets.data import ahead
from advnets.training.batches import Batches, Data


def batches(values: np.ndarray, rows: np.ndarray, batch: int, seed: int = 0, value_range=(0.0, 1.0)) -> Batches:
    return Batches(Data(values, rows), batch, seed, torch.device("cpu"), torch.float32, value_range)


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
    chosen = batches(VALUES, ROWS, 12)(0).image
    assert chosen.shape == (12, 1, 2, 3)
    counts = np.bincount(batches(VALUES, ROWS, 12).indices(0), minlength=7)[ROWS]
    assert counts.min() >= 2


def test_bytes_become_the_value_range() -> None:
    values = np.array([0, 255, 51], np.uint8).reshape(3, 1, 1, 1)
    source = batches(values, np.arange(3), 3, value_range=(-1.0, 1.0))
    made = source(0).image.flatten()[torch.argsort(source.indices(0))]
    torch.testing.assert_close(made, torch.tensor([-1.0, 1.0, -0.6]))


def test_half_of_the_images_are_mirrored_as_seed_and_update_say() -> None:
    values = np.arange(400 * 6, dtype=np.int64).reshape(400, 1, 2, 3).astype(np.uint8)

    def mirrored(seed: int = 0) -> Batches:
        device = torch.device("cpu")
        return Batches(Data(values, np.arange(400)), 100, seed, device, torch.float32, (0.0, 255.0), mirror=True)

    found = [0, 0]
    for update in range(4):
        batch = mirrored()(update)
        plain = torch.from_numpy(values[batch.rows.numpy()]).float()
        same = (batch.image == plain).flatten(1).all(1)
        other = (batch.image == plain.flip(3)).flatten(1).all(1)
        assert bool((same | other).all())
        found[0] += int(same.sum())
        found[1] += int(other.sum())
        assert torch.equal(batch.image, mirrored()(update).image)
    assert 150 < found[0] < 250
    assert torch.equal(mirrored().evenly(5).image, torch.from_numpy(values[::80]).float())


def test_points_stay_as_they_are() -> None:
    values = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    source = batches(values, np.arange(9), 4, value_range=(0.0, 1.0))
    np.testing.assert_array_equal(source(1).image.numpy(), values[source.indices(1)])


def test_the_mean_is_over_the_rows_in_the_value_range() -> None:
    expected = VALUES[ROWS].mean(0) / 255 * 2 - 1
    np.testing.assert_allclose(batches(VALUES, ROWS, 2, value_range=(-1.0, 1.0)).mean(), expected, rtol=1e-6)


def test_a_batch_says_which_rows_it_holds() -> None:
    source = batches(VALUES, ROWS, 4)
    batch = source(3)
    assert torch.equal(batch.rows, source.indices(3))
    torch.testing.assert_close(batch.image * 255, torch.from_numpy(VALUES)[batch.rows].float())
    assert (batch.label, batch.target, batch.first, batch.total) == (None, None, 0, 4)


def test_rows_come_with_their_labels_and_vectors_where_a_game_asks_for_them() -> None:
    labels, vectors = np.array([0, 1, -1, 2, 0, 1, 2]), np.arange(14, dtype=np.float32).reshape(7, 2)
    data = Data(VALUES, ROWS, labels, ("a", "b", "c"), vectors)
    given = Batches(data, 4, 0, torch.device("cpu"), torch.bfloat16, (0.0, 1.0), conditions=True)(0)
    assert given.label is not None
    assert given.target is not None
    np.testing.assert_array_equal(given.label, labels[given.rows])
    np.testing.assert_array_equal(given.target.float(), vectors[given.rows])
    assert given.target.dtype == torch.bfloat16
    assert batches(VALUES, ROWS, 4)(0).label is None


def test_rows_evenly_spaced_are_always_the_same_in_float32() -> None:
    source = batches(VALUES, ROWS, 2)
    assert source.evenly(3).rows.tolist() == [0, 2, 4]
    assert source.evenly(99).rows.tolist() == ROWS.tolist()
    assert source.evenly(3).image.dtype == torch.float32


def test_what_is_known_of_the_data_is_said_of_the_rows_to_train_on() -> None:
    data = Data(VALUES, ROWS, np.array([0, 1, -1, 2, 0, 1, 2]), ("a", "b", "c"))
    assert (data.spec.shape, data.spec.classes, data.spec.counts) == ((1, 2, 3), ("a", "b", "c"), (2, 0, 2))
    assert Data(VALUES, ROWS).spec.classes == ()


def test_the_next_rows_are_read_ahead_and_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LARGE", 1)
    told: list[list[int]] = []
    monkeypatch.setattr(ahead.Ahead, "read", lambda self, rows: told.append(list(rows)))
    (tmp_path / "images.bin").write_bytes(VALUES.tobytes())
    mapped = np.memmap(tmp_path / "images.bin", np.uint8, "r", shape=VALUES.shape)
    large, small = batches(mapped, ROWS, 3), batches(VALUES, ROWS, 3)
    for update in range(6):
        assert torch.equal(large(update).image, small(update).image)
    assert told == [large.indices(update).tolist() for update in range(1, 7)]  # of the small one nothing
