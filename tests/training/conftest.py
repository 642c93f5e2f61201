"""Trainings without their reports, which would take nine tenths of the time of these small ones."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advnets.api.write_report", lambda run: None)
