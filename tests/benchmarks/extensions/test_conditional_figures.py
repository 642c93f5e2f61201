"""Slant and width of strokes, measured on strokes that are drawn with them; labels that are taken away."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.extensions import conditional_further


@pytest.mark.parametrize("slant", [-30.0, 0.0, 20.0])
@pytest.mark.parametrize("width", [2.0, 4.0])
def test_slant_and_width_are_those_of_a_stroke(slant: float, width: float) -> None:
    down, across = np.mgrid[:28, :28]
    middle = 14 - (down - 14) * np.tan(np.radians(slant))  # to the right at the top where the slant is above 0
    beside = np.abs(across - middle) * np.cos(np.radians(slant))
    ink = np.clip(width / 2 + 0.5 - beside, 0, 1) * (np.abs(down - 14) < 11)
    ((found, measured),) = conditional_further.slant_and_width((255 * ink[None]).astype(np.uint8))
    assert found == pytest.approx(slant, abs=2)
    assert measured == pytest.approx(width, rel=0.3)  # its two ends are edge, too


def test_r2_is_one_for_what_was_asked_and_zero_for_its_mean() -> None:
    asked = np.arange(5.0)
    assert conditional_further.explained(asked, asked) == 1
    assert conditional_further.explained(np.full(5, 2.0), asked) == 0


def test_so_many_of_each_digit_keep_their_label() -> None:
    table = conditional_further.few_labels(0.01, seed=0)
    known = table.labels[table.rows("train")]
    assert np.bincount(known[known >= 0]).tolist() == [50] * 10
    assert (table.labels[table.rows("test")] >= 0).all()
    alone = conditional_further.few_labels(0.01, seed=0, alone=True)
    assert len(alone.rows("train")) == 500
    assert table.fingerprint != alone.fingerprint
