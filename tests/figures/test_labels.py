"""Rows with their names: every count of classes up to a hundred, long names, gray and color."""

from __future__ import annotations

import numpy as np
import pytest

from advnets import figures
from advnets.errors import DataError


@pytest.mark.parametrize(("classes", "channels", "side"), [(2, 1, 28), (10, 3, 8), (100, 1, 4), (100, 3, 64)])
def test_every_row_has_its_name_beside_it(classes: int, channels: int, side: int) -> None:
    rows = np.full((classes, 3, channels, side, side), 40, np.uint8)
    names = [f"a name of some length, number {number}" for number in range(classes)]
    picture = figures.by_class(rows, names)
    assert picture.shape[2] == channels
    pitch = (len(picture) - 2) // classes
    beside = picture[2:, : np.flatnonzero((picture == 40).any((0, 2)))[0]]
    assert all((beside[place * pitch : (place + 1) * pitch] < 128).any() for place in range(classes))
    assert beside.shape[1] < 200


def test_pixels_stay_what_they_are() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (3, 4, 1, 20, 20), np.uint8)
    picture = figures.by_class(rows, list("abc"), padding=0, scale=1)
    assert np.array_equal(picture[:20, -20:], rows[0, 3].transpose(1, 2, 0))
    assert np.array_equal(figures.walks_by_class(rows, list("abc"), 0, 1)[20:40, -80:-60, 0], rows[1, 0, 0])


def test_more_classes_than_fit_are_refused() -> None:
    rows = np.zeros((101, 1, 1, 4, 4), np.uint8)
    with pytest.raises(DataError, match="101 classes do not fit"):
        figures.by_class(rows, [""] * 101)
    with pytest.raises(DataError, match="2 names for 3 rows"):
        figures.by_class(rows[:3], ["a", "b"])
