"""Durations in the unit that fits them."""

from __future__ import annotations

import pytest

from advnets.runs.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (119, "119 s"), (121, "2 min"), (7_000, "117 min"), (7_200, "2 h"), (12_000, "3 h 20 min"),
        (172_799, "48 h"), (432_000, "5 days"),
    ],
)  # fmt: skip
def test_a_duration_in_words(seconds: float, said: str) -> None:
    assert in_words(seconds) == said
