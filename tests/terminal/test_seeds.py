"""Seeds in words, and where their samples go."""

from __future__ import annotations

from pathlib import Path

import pytest

from advnets.errors import UsageError
from advnets.terminal.sampling import read_seeds, targets


def test_numbers_and_ranges() -> None:
    assert read_seeds("1-8") == list(range(1, 9))
    assert read_seeds("1, 3,10-12") == [1, 3, 10, 11, 12]
    assert read_seeds("0") == [0]


@pytest.mark.parametrize("text", ["", "8-1", "a", "1-", "-1", "1,,2", "0-10000", "1.5"])
def test_what_is_no_seeds_is_told_how_they_are_written(text: str) -> None:
    with pytest.raises(UsageError, match="write numbers and ranges of up to 10,000, as in 1-8"):
        read_seeds(text)


def test_a_seed_is_said_once() -> None:
    with pytest.raises(UsageError, match="says 3 twice"):
        read_seeds("1-4,3")
    with pytest.raises(UsageError, match="--seed 2 and --seeds 1-3; say one of them"):
        targets(Path("run"), 2, "1-3", "", None, None)


def test_names_tell_samples_apart() -> None:
    run = Path("run")

    def names(seed: int, seeds: str | None, by: str, step: int | None, out: str | None) -> list[str]:
        return [str(each) for each in targets(run, seed, seeds, by, step, Path(out) if out else None).values()]

    assert names(0, None, "", None, None) == ["run/samples.png"]
    assert names(3, None, "class", 40, None) == ["run/samples-by-class-3-step-40.png"]
    assert names(0, None, "attributes", None, None) == ["run/samples-by-attributes.png"]
    assert names(0, "0-1", "", None, None) == ["run/samples-0.png", "run/samples-1.png"]
    assert names(3, None, "", None, "a/faces.png") == ["a/faces.png"]
    assert names(0, "0,7", "", None, "a/faces.png") == ["a/faces-0.png", "a/faces-7.png"]
    assert names(0, "0,7", "", None, "a/faces") == ["a/faces-0", "a/faces-7"]
