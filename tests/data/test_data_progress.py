"""Progress where there is no terminal: lines of what takes long, nothing of what does not."""

from __future__ import annotations

import pytest

from advnets.data import parallel
from advnets.data.parallel import progress_bar


def test_a_log_has_lines_of_what_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(parallel.time, "perf_counter", lambda: now[0])
    with progress_bar("Reading photos", 1200, shown=True) as advance:
        for _ in range(12):
            now[0] += 4.0
            advance(100)
    assert capsys.readouterr().err.splitlines() == [
        "Reading photos: 100 of 1,200 images", "Reading photos: 900 of 1,200 images",
    ]  # fmt: skip


def test_what_is_short_or_not_to_be_shown_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    for shown in (True, False):
        with progress_bar("Reading photos", 1200, shown=shown) as advance:
            advance(1200)
    assert capsys.readouterr().err == ""


def test_a_terminal_has_a_bar_of_what_takes_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    now = [0.0]
    monkeypatch.setattr(parallel.time, "perf_counter", lambda: now[0])
    for seconds in (0.1, 0.3):
        with progress_bar("Reading photos", 8, shown=True) as advance:
            for _ in range(4):
                now[0] += seconds
                advance(2)
        said = capsys.readouterr().err
        assert ("Reading photos" in said) == ("8/8" in said) == (seconds > 0.125)
