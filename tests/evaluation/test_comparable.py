"""What will not compare is refused before anything is measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_games import ring

import advnets
from advnets.data import open_points
from advnets.errors import MeasureError
from advnets.evaluation import compare as comparison
from advnets.evaluation.compare import compare


@pytest.fixture
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "evaluate", lambda *_, **__: pytest.fail("measured"))


def noise(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Path]:
    """Samples of several counts and sizes, and the answers of one."""
    paths = {name: tmp_path / f"{name}.npy" for name in ("some", "more", "large")}
    np.save(paths["some"], noise(30, 28, 28))
    np.save(paths["more"], noise(50, 28, 28))
    np.save(paths["large"], noise(30, 32, 32))
    stored = advnets.evaluate(paths["some"], "mnist", "total_variation,two_sample").measures
    paths["stored"] = tmp_path / "stored.json"
    paths["stored"].write_text(json.dumps(stored))
    return paths


@pytest.mark.usefixtures("_unmeasured")
@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        ("some more", {}, "count 30 of .*some.npy, 50 of .*more.npy; measure as many of each with --count"),
        ("stored more", {}, "count 30 of .*stored.json, 50 of"),
        ("some large", {}, "fingerprint [0-9a-f]{12} of .*; measure all against one --data, at one --size"),
        ("stored some", {"real": "valid"}, "does not compare: real"),
        ("stored some", {"metrics": "recall"}, "no measure in common"),
        ("stored some", {"metrics": "two_sample", "features": "classifier"}, "features pixels of .*, classifier of"),
        ("some some", {}, "2 to compare, 1 different"),
        ("some more", {"metrics": "nonsense"}, "unknown measure 'nonsense'"),
        ("some more", {"seed": -1}, "seed -1"),
    ],
)
def test_what_is_known_before_is_refused_before(
    made: dict[str, Path], names: str, options: dict[str, Any], says: str
) -> None:
    sources = [made[name] for name in names.split()]
    with pytest.raises(MeasureError, match=says):
        compare(sources, **{"data": "mnist", "metrics": "total_variation", **options})


@pytest.mark.usefixtures("_unmeasured")
def test_one_source_under_two_names_is_one(made: dict[str, Path]) -> None:
    again = made["some"].parent / ".." / made["some"].parent.name / "some.npy"
    with pytest.raises(MeasureError, match="2 to compare, 1 different; name two or more, each once"):
        compare([made["some"], again], data="mnist")


@pytest.mark.usefixtures("_unmeasured", "no_report")
def test_runs_that_were_trained_on_different_data_need_one_to_be_measured_against(
    finished: Path, tmp_path: Path
) -> None:
    grid = advnets.train(ring(data="grid", steps=2), run=tmp_path / "grid")
    with pytest.raises(MeasureError, match=r"data ring of .*, grid of .*; measure all against one --data"):
        compare([finished, grid], metrics="recall")
    with pytest.raises(MeasureError, match=r"data ring of .*, grid of"):
        compare([finished, grid])


@pytest.mark.usefixtures("_unmeasured")
def test_a_run_and_fewer_samples_are_not_compared(finished: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "points.npy", open_points("ring").values[:30])
    with pytest.raises(MeasureError, match=r"count 10,000 of .*run, 30 of .*points.npy"):
        compare([finished, tmp_path / "points.npy"], data="ring", metrics="recall")


def test_what_compares_is_measured_and_said(made: dict[str, Path]) -> None:
    lines: list[str] = []
    found = compare([made["stored"], made["more"]], say=lines.append, data="mnist", metrics="total_variation", count=30)
    assert lines == [f"{made['more']} is measured, 2 of 2"]
    assert list(found.answers) == [str(made["stored"]), str(made["more"])]
    of = found.answers[str(made["more"])]["total_variation"]["of"]
    assert (of["count"], of["real_images"]) == (30, 10_000)
