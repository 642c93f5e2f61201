"""The exhibits that train: quick ones of Figures 2 and 3 and of both tables, and what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets import paper
from advnets.errors import RunError
from advnets.paper.exhibit import PARTS, RUNS
from advnets.paper.fig3 import longest_step
from advnets.training.directory import RunDirectory

TRAINED = ("fig3", "table1", "table2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    for name in TRAINED:
        paper.make(name, folder, quick=True, say=lambda _: None)
    return folder


def facts(made: Path, name: str) -> dict[str, Any]:
    return json.loads((made / f"{name}.json").read_text("utf-8"))


def test_table_1_has_the_papers_models_and_figures(made: Path) -> None:
    rows = {row["what"]: row for row in facts(made, "table1")["rows"]}
    assert [row["paper"] for row in rows.values()] == ["138 ± 2", "121 ± 1.6", "214 ± 1.1", "225 ± 2", "225 ± 2"]
    found = facts(made, "table1")["figures"]
    assert all(np.isfinite(model["parzen"][0]) and model["seconds"] > 0 for model in found["models"].values())
    assert len({model["parzen"][0] for model in found["models"].values()}) == 5


def test_the_second_table_shows_that_averages_win(made: Path) -> None:
    rewards = facts(made, "table1")["figures"]["rewards"]
    real = rewards["1,000 training images"]
    average = rewards["each the mean of its 10 nearest"]
    assert real["total_variation"] == pytest.approx(1, abs=0.05)
    assert average["parzen"][0] > real["parzen"][0] + 50
    assert average["total_variation"] < 0.95


def test_table_2_measures_chains_passes_and_probabilities(made: Path) -> None:
    found = facts(made, "table2")["figures"]
    assert found["vae"]["bound"] < found["vae"]["estimate"] < 0
    assert found["dbn"]["low"] <= found["dbn"]["log Z"] <= found["dbn"]["high"]
    assert found["dbn"]["bound"] < 0
    for chain in ("dbn", "cae", "gsn"):
        assert (found[chain]["steps"] or found[chain]["more than"]) >= 0.9
        assert found[chain]["seconds"] > 0
    assert "steps" not in found["mnist"]


def test_trainings_are_shared_and_not_repeated(made: Path) -> None:
    runs = made / PARTS / RUNS
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("state.json")}
    assert {path.name for path in runs.iterdir()} == {
        f"{name}-quick-0" for name in ("paper-mnist", "mnist", "dbn", "cae", "gsn", "vae")
    }
    said: list[str] = []
    paper.make("table2", made, quick=True, say=said.append)
    assert said == []
    assert before == {path: path.stat().st_mtime_ns for path in runs.rglob("state.json")}


def test_a_killed_training_is_taken_up_and_another_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.make("fig3", tmp_path, quick=True, say=lambda _: None)
    directory = RunDirectory(tmp_path / PARTS / RUNS / "paper-mnist-quick-0")
    whole = (directory.checkpoints / "step-00000100" / "generator.safetensors").read_bytes()
    (directory.checkpoints / "step-00000100" / "state.json").write_text("torn")
    directory.write_facts({**json.loads((directory.path / "run.json").read_text()), "status": "running"})
    paper.make("fig3", tmp_path, quick=True, say=lambda _: None)
    assert (directory.checkpoints / "step-00000100" / "generator.safetensors").read_bytes() == whole
    directory.write_facts({**json.loads((directory.path / "run.json").read_text()), "status": "running"})
    with monkeypatch.context() as patched:  # Ctrl-C in a training ends it with a checkpoint, and no exhibit is drawn
        patched.setattr("advnets.api.resume", advnets.load)
        with pytest.raises(RunError, match=r"stopped at step 100 of 100 .*; give the same command again"):
            paper.make("fig3", tmp_path, quick=True, say=lambda _: None)
    directory.write_recipe(directory.recipe.replace(batch=7))
    with pytest.raises(RunError, match="other settings"):
        paper.make("fig3", tmp_path, quick=True, say=lambda _: None)


def test_the_longest_step_of_an_even_walk_is_a_share_of_one() -> None:
    even = np.arange(0, 50, 10, dtype=np.uint8).reshape(1, 5, 1, 1, 1)
    jump = np.array([0, 0, 200, 200, 200], np.uint8).reshape(1, 5, 1, 1, 1)
    assert longest_step(even) == pytest.approx(0.25)
    assert longest_step(np.concatenate([even, jump])) == pytest.approx((0.25 + 1) / 2)
