"""Damaged files of every format are read or refused in one line; benchmarks/data/fuzz.py runs 10,000 of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.data.fuzz import outcome, run
from benchmarks.data.good_files import MAKERS, sound


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_damaged_was_sound(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    assert outcome(sound(name).lay(tmp_path / "data")) == "read"


def test_three_hundred_damaged_files_are_read_or_refused_in_one_line() -> None:
    found = run(list(range(300)))
    assert len(found) == 300
    assert {name for _, name, _ in found} == set(MAKERS)
    assert [each for each in found if each[2] not in ("read", "refused")] == []
    assert {what for _, _, what in found} == {"read", "refused"}
