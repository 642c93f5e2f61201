"""Stacked MNIST: three digits of one split an image, their classes the digits of its label, always the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from advnets.data import ImageTable, named, open_table, stacked
from advnets.data.named import NAMED
from advnets.data.stacked import STACKED_MNIST, Stacked
from advnets.errors import DataError

SMALL = Stacked("stacked-mnist", "mnist", {"train": 300, "valid": 80, "test": 120}, seed=1)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Stacked:
    """A few images under the name of stacked-mnist, made of all of MNIST."""
    monkeypatch.setitem(NAMED, "stacked-mnist", SMALL)
    return SMALL


def places(table: ImageTable) -> dict[bytes, tuple[str, int]]:
    """Each of MNIST's images: its split and its label."""
    assert table.labels is not None
    return {
        table.values[row].tobytes(): (split, int(table.labels[row]))
        for split in ("train", "valid", "test")
        for row in table.rows(split)
    }


def test_channels_are_digits_of_the_same_split_and_labels_say_which(small: Stacked) -> None:
    table, known = open_table("stacked-mnist"), places(open_table("mnist"))
    assert (table.name, len(table), table.shape) == ("stacked-mnist", 500, (3, 28, 28))
    assert table.labels is not None
    for split, count in small.counts.items():
        assert len(table.rows(split)) == count
        for row in table.rows(split):
            found = [known[plane.tobytes()] for plane in table.values[row]]
            assert [where for where, _ in found] == [split] * 3
            a, b, c = (label for _, label in found)
            assert table.labels[row] == 100 * a + 10 * b + c
            assert table.classes[table.labels[row]] == f"{a}{b}{c}"
    assert len(table.classes) == 1000


def test_it_is_made_once_and_always_the_same(
    small: Stacked, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_table("stacked-mnist")
    (folder,) = (cache / "tables").iterdir()
    assert {path.name for path in folder.iterdir()} == {"images.bin", "labels.npy", "table.json", "stamps.json"}
    with monkeypatch.context() as patch:
        patch.setattr(named, "SHIPPED", tmp_path / "gone")
        assert open_table("stacked-mnist").fingerprint == first.fingerprint
    again = open_table("stacked-mnist", cache=tmp_path / "another")
    assert again.fingerprint == first.fingerprint


def test_other_draws_are_other_data(small: Stacked, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_table("stacked-mnist").fingerprint
    monkeypatch.setitem(NAMED, "stacked-mnist", Stacked("stacked-mnist", "mnist", SMALL.counts, seed=2))
    assert open_table("stacked-mnist").fingerprint != first


def test_the_whole_set_has_every_class_in_every_split() -> None:
    table = open_table("mnist")
    assert table.labels is not None
    splits = {"train": (0, 50_000), "valid": (50_000, 60_000), "test": (60_000, 70_000)}
    rows, ranges = stacked._draw(STACKED_MNIST, splits)
    assert ranges == {"train": (0, 128_000), "valid": (128_000, 153_600), "test": (153_600, 179_200)}
    labels = table.labels[rows] @ [100, 10, 1]
    for start, stop in ranges.values():
        assert len(np.unique(labels[start:stop])) == 1000
        assert len(np.unique(labels[start : start + 10_000])) == 1000  # as many as are used in training
    # The same whatever the machine and the version of NumPy: figures of stacked-mnist compare.
    digest = hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()
    assert digest == "db9818583798914d06fa55d4656b72e5e15734f5c3715a514fe231798d395d62"


def test_it_comes_in_any_size_and_opens_its_digits(few_digits: Stacked) -> None:
    table = open_table("stacked-mnist", size=(8, 20), fit="stretch")
    assert table.shape == (3, 8, 20)
    assert table.stack_of is not None
    digits = table.stack_of()
    assert (digits.name, digits.shape) == ("mnist", (1, 8, 20))
    known = places(digits)
    assert all(plane.tobytes() in known for image in table.values for plane in image)
    assert digits.stack_of is None


def test_labels_can_be_left_out(small: Stacked) -> None:
    table = open_table("stacked-mnist", labels="none")
    assert (table.labels, table.classes) == (None, ())
    assert np.array_equal(table.values, open_table("stacked-mnist").values)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("stacked-mnist", {"channels": 1}, "cannot become 1 channel.*; use images of 3 channels, or mnist"),
        ("stacked-mnist", {"labels": "folder"}, "labels by folder need image files"),
        ("stacked_mnist", {}, "perhaps you mean stacked-mnist"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    small: Stacked, source: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        open_table(source, **options)
    assert "\n" not in str(caught.value)
