"""Trainings in this room write no reports."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_report(no_report: None) -> None:
    """See `no_report`."""
