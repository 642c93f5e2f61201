"""The paper's theorems hold in numbers, and what could break them would be seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets import theory
from advnets.paper.theory import densities, exact


def figures(exhibits: Path) -> dict[str, Any]:
    return json.loads((exhibits / "theory.json").read_text("utf-8"))["figures"]


def test_the_theory_holds(exhibits: Path) -> None:
    found = figures(exhibits)
    theorem, learned = found["Proposition 1 and Theorem 1"], found["A D that is trained"]
    assert 0 < theorem["identity"] < 1e-9
    assert theorem["better"] == 0
    assert found["Maximum likelihood is minimizing a divergence"]["identity"] < 1e-9
    descent = found["Proposition 2"]
    assert 0 < descent["largest share of what is promised"] <= 1
    assert 0 <= descent["largest rise"] <= 1e-15
    fits = [fit for group in learned["fits"].values() for fit in group]
    assert all(fit["gap"] > 0 and fit["bound"] < learned["true JSD"] for fit in fits)


def test_a_descent_begins_where_it_says(exhibits: Path) -> None:
    courses = figures(exhibits)["Proposition 2"]["JSD"]
    p, start = densities.DATA.density(), densities.Mixture((1.0,), (0.3,)).density()
    assert courses["narrow"][0] == pytest.approx(theory.jensen_shannon_divergence(p, start, densities.SPACING))


def test_a_wrong_best_d_loses_to_its_neighbors(monkeypatch: pytest.MonkeyPatch) -> None:
    found = exact.on_random_pairs(100, 0)
    assert found["better"] == 0
    assert found["better than a wrong D"] > found["perturbed"] / 4
    monkeypatch.setattr(exact, "optimal_discriminator", lambda p, q: p / np.maximum(p + 1.1 * q, 1e-300))
    found = exact.on_random_pairs(100, 0)
    assert found["better"] > found["perturbed"] / 4


def test_only_bounds_that_could_fail_are_counted(exhibits: Path) -> None:
    found = figures(exhibits)["A D that is trained"]
    fits = [fit for group in found["fits"].values() for fit in group]
    assert found["samples that can prove"] == [10_000]
    assert found["more than 0"] == sum(fit["bound"] > 0 for fit in fits) < len(fits)
    assert found["of these above"] == 0
    text = (exhibits / "theory.md").read_text("utf-8")
    assert f"| {found['more than 0']} of {len(fits)} | with 100 samples none can |" in text
    assert "bound with 95 % confidence" in text
    assert "| 5 % may be; widths share data sets |" in text
    assert f"| 0 of {found['more than 0']} |" in text
