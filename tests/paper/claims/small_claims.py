"""What tests of the claims share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets.data.toys import ring_modes
from advnets.paper.workspace import Workspace

POINTS = ring_modes().astype(np.float64)


def workspace(folder: Path, said: list[str] | None = None) -> Workspace:
    return Workspace("claims", folder, quick=True, say=(said if said is not None else []).append)


def straight(*distances: float | None, pace: float = 1.0, updates: int = 1) -> list[dict[str, Any]]:
    """A history with these distances at looks ten steps apart."""
    return [
        {"step": 10 * n, "updates": 10 * n * updates, "seconds": pace * n, "distance": each, "near": 1.0, "modes": 8}
        for n, each in enumerate(distances)
    ]  # fmt: skip


def given(monkeypatch: pytest.MonkeyPatch, module: Any, histories: Mapping[str, Any]) -> None:
    """Let the module find these histories, by name, with both seeds."""
    monkeypatch.setattr(module, "games", lambda _, name, *__, **___: [histories[name]] * 2)
