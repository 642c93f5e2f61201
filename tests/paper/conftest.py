"""Fixtures of the tests of exhibits."""

from __future__ import annotations

import pytest

from advnets import figures


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "panels", lambda *_, **__: None)
