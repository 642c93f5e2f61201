"""The exhibits that train: quick ones of Figures 2 and 3 and of both tables, and what they hold."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets import paper
from advnets.config.load import load_recipe, to_yaml
from advnets.data import open_table
from advnets.errors import RunError
from advnets.paper import rivals
from advnets.paper.fig3 import longest_step
from advnets.paper.rivals import MNIST, folder
from advnets.paper.shared_runs import directory_of, trained
from advnets.paper.table1 import exhibit as table1
from advnets.paper.table1 import rewards as table1_rewards
from advnets.paper.table1.rewards import averaged_early, stands
from advnets.paper.workspace import PARTS, RUNS, Workspace
from advnets.runs.directory import RunDirectory
from advnets.training.averages import decay_at


def facts(exhibits: Path, name: str) -> dict[str, Any]:
    return json.loads((exhibits / f"{name}.json").read_text("utf-8"))


def test_table_1_has_the_papers_models_and_figures(exhibits: Path) -> None:
    rows = {row["what"]: row for row in facts(exhibits, "table1")["rows"]}
    assert [row["paper"] for row in rows.values()] == ["138 ± 2", "121 ± 1.6", "214 ± 1.1", *["225 ± 2"] * 3, "-"]
    assert all(row["note"] for row in rows.values())
    found = facts(exhibits, "table1")["figures"]["models"]
    assert list(found) == list(rows)[:-1]  # the last are real images
    assert all(np.isfinite(model["parzen"][0]) for model in found.values())
    assert all(model["seconds"] > 0 for name, model in found.items() if name != table1.RAW)
    # In so few steps G has not moved away from its average.
    assert len({model["parzen"][0] for name, model in found.items() if name != table1.RAW}) == 5


def test_the_authors_g_itself_is_not_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Sampled:
        def sample(self, count: int, seed: int, averaged: bool = True) -> np.ndarray:
            asked.append(averaged)
            return np.full((count, 1, 28, 28), 7, np.uint8)

    monkeypatch.setattr(rivals, "adversarial", lambda *_: Sampled())
    assert (rivals.raw_draws(Workspace("table1", tmp_path, quick=True))() == 7).all()
    assert asked == [False]


def test_the_main_table_says_what_counts(exhibits: Path) -> None:
    said = [table1._counts(answer(230, *each), answer(241.6, 1, 0.85)) for each in ((1, 0.8), (0.9, 0.3), (1.1, 0.8))]
    assert said == ["yes", "no: blurred, covers little", "no: noisy"]
    text = (exhibits / "table1.md").read_text("utf-8")
    assert "\n| Real images: 1,000 training images | - |" in text
    assert text.index("Real images' own row is the goal") < text.index("![")


def test_the_second_table_shows_that_averages_win(exhibits: Path) -> None:
    rewards = facts(exhibits, "table1")["figures"]["rewards"]
    real = rewards["1,000 training images"]
    average = rewards["each the mean of its 10 nearest"]
    assert real["total_variation"] == pytest.approx(1, abs=0.05)
    assert average["parzen"][0] > real["parzen"][0] + 50
    assert average["total_variation"] < 0.95
    early = rewards["generator averaged too long, early in training (100 steps)"]
    assert np.isfinite(early["parzen"][0])


def test_the_averaged_generator_is_of_the_default_game_and_its_whole_training() -> None:
    early, whole = averaged_early(quick=False), load_recipe("mnist-dense")
    assert early.steps < whole.steps / 2
    average = early.players["generator"].average
    assert 1 - decay_at(average, early.steps) ** (1 / average.every) == pytest.approx(1 / early.steps)
    assert early == whole.replace(name=early.name, steps=early.steps, **{"generator.average": average})


def test_stand_ins_are_kept_under_what_they_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = open_table("mnist")
    before = {what: json.dumps(stand.of) for what, stand in stands(Workspace("table1", tmp_path), digits).items()}
    monkeypatch.setattr(table1_rewards, "_START", 6)
    monkeypatch.setattr(table1_rewards, "_ROUNDS", 13)
    after = {what: json.dumps(stand.of) for what, stand in stands(Workspace("table1", tmp_path), digits).items()}
    assert {what for what in before if before[what] != after[what]} == {what for what in before if "k-means" in what}


def answer(nats: float, sharp: float, recall: float = 0.8) -> table1._Answer:
    return table1._Answer((nats, 2.0), 0.2, False, sharp, table1._Share(0.7, 0, 1), table1._Share(recall, 0, 1))


def note(name: str, made: table1._Answer) -> str:
    return table1.note(name, made, answer(241.6, 1, 0.85))


def test_notes_say_what_came_out() -> None:
    below = note(table1.AUTHORS, answer(212.1, 0.983))
    assert "(why: docs/explanation/paper-mnist.md); 12.9 below the paper's" in below
    assert "count" not in below
    assert "covers" not in below
    assert "not sharp enough to count" in note(table1.OURS, answer(230, 0.94))
    assert "too noisy to count" in note(table1.OURS, answer(230, 1.06))
    assert "; 11.6 below real images' own; too noisy" in note(table1.OURS, answer(230, 1.06))
    assert "below" not in note(table1.AUTHORS, answer(230, 1.06))
    assert "8.0 below the paper's" in note("DBN", answer(130, 1))
    high = note("DBN", answer(246.3, 1.018, 0.4))
    assert "above real images' own 241.6; covers little of the data: recall 0.40, real images 0.85" in high
    for model in (table1.AUTHORS, table1.OURS):
        (place,) = re.findall(r"why: (\S+)\)", note(model, answer(0, 1)))
        assert table1.MODELS[model] in (Path(__file__).parents[2] / place).read_text("utf-8")


def test_the_measure_is_followed_along_the_rivals_chains(exhibits: Path) -> None:
    figures = facts(exhibits, "table1")["figures"]
    for name, course in figures["chains"].items():
        assert list(course) == ["5", "20"]
        assert course["20"] == [figures["models"][name]["parzen"][0], figures["models"][name]["total_variation"]]
        assert course["5"] != course["20"]
    assert "(table1-chains.png)" in (exhibits / "table1.md").read_text("utf-8")


def test_the_page_tells_the_numbers_of_its_pace(exhibits: Path) -> None:
    quick = (exhibits / "table1.md").read_text("utf-8")
    for said in ("500 samples of each", "1,000 validation", "10,000 test", "rounded to bytes", "only on 3,000 of them"):
        assert said in quick
    full = table1._opening(Workspace("table1", exhibits), open_table("mnist"))
    assert "10,000 samples of each" in full
    assert "All models train on the same 50,000 images." in full


@pytest.mark.parametrize("damage", ["figures", "samples", "other samples"])
def test_a_damaged_row_is_made_anew_and_not_trained_anew(exhibits: Path, damage: str) -> None:
    part = exhibits / PARTS / "table1" / "deep-gsn.json"
    kept = json.loads(part.read_text("utf-8"))
    if damage == "figures":
        part.write_text(json.dumps({**kept, "value": {"parzen": 1}}))
    elif damage == "samples":
        np.save(part.with_suffix(".npy"), np.zeros((3, 28, 28)))
    else:  # as another seed's training leaves them, killed before its figures are kept
        np.save(part.with_suffix(".npy"), np.zeros((60, 1, 28, 28), np.uint8))
    said: list[str] = []
    text = (exhibits / "table1.md").read_text("utf-8")
    paper.make("table1", exhibits, quick=True, say=said.append)
    assert said == ["table1: deep-gsn"]
    assert (exhibits / "table1.md").read_text("utf-8") == text


def test_what_lies_in_a_trainings_place_is_named_with_the_commands_own_remedy(tmp_path: Path) -> None:
    workspace = Workspace("table1", tmp_path, quick=True, say=lambda _: None)
    path = directory_of(workspace, load_recipe("mnist-dense"))
    path.mkdir(parents=True)
    (path / "notes.txt").write_text("")
    with pytest.raises(RunError, match=r"exists and is not a run; remove .*mnist-.*-quick-0, or give another --out$"):
        trained(workspace, load_recipe("mnist-dense"))
    (path / "run.json").write_text("torn")
    (path / "recipe.yaml").write_text(to_yaml(load_recipe("mnist-dense")))
    with pytest.raises(RunError, match=r"run\.json is damaged; remove .*mnist-.*-quick-0, or give another --out$"):
        trained(workspace, load_recipe("mnist-dense"))


def test_a_disk_that_takes_nothing_is_not_to_be_emptied_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RunError("cannot write to x: no space", "make room, or name another --run") from OSError("full")

    monkeypatch.setattr("advnets.api.train", full)
    with pytest.raises(RunError, match=r"no space; make room or permit writing, .* or give another --out$"):
        trained(Workspace("table1", tmp_path, say=lambda _: None), load_recipe("mnist-dense"))


def test_table_2_measures_chains_passes_and_probabilities(exhibits: Path) -> None:
    found = facts(exhibits, "table2")["figures"]
    assert found["vae"]["bound"] < found["vae"]["estimate"] < 0
    assert found["dbn"]["low"] <= found["dbn"]["log Z"] <= found["dbn"]["high"]
    assert found["dbn"]["bound"] < 0
    for chain in ("dbn", "cae", "gsn"):
        for figure in found[chain]["figures"]:
            assert (figure["steps"] or found[chain]["more than"]) > 0
            assert figure["R-hat"] > 0.9
        assert found[chain]["seconds"] > 0
    assert "figures" not in found["mnist-best"]


def test_trainings_are_shared_and_not_repeated(exhibits: Path) -> None:
    runs = exhibits / PARTS / RUNS
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("state.json")}
    workspace = Workspace("table1", exhibits, quick=True)
    rivals = {folder(workspace, name).name for name in ("dbn", "cae", "gsn", "vae")}
    names = [re.sub("-[0-9a-f]{8}-quick-0$", "", path.name) for path in runs.iterdir() if path.name not in rivals]
    assert {"paper-mnist", "mnist-best", "mnist-averaged-early"} <= set(names)
    assert len(names) == len(set(names))
    recipe = load_recipe("mnist-best")
    assert directory_of(workspace, recipe.replace(batch=7)) != directory_of(workspace, recipe)
    noted = recipe.replace(log_every=7)  # the game is the same
    assert directory_of(workspace, noted) == directory_of(workspace, recipe)
    other = dataclasses.replace(MNIST, dbn=dataclasses.replace(MNIST.dbn, precision="float32"))
    assert folder(workspace, "dbn", other) != folder(workspace, "dbn")
    said: list[str] = []
    paper.make("table2", exhibits, quick=True, say=said.append)
    assert said == []
    assert before == {path: path.stat().st_mtime_ns for path in runs.rglob("state.json")}


def test_a_killed_training_is_taken_up_and_another_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper.make("fig3", tmp_path, quick=True, say=lambda _: None)
    directory = RunDirectory(next((tmp_path / PARTS / RUNS).glob("paper-mnist-*-quick-0")))
    whole = (directory.checkpoints / "step-00000100" / "players" / "generator" / "weights.safetensors").read_bytes()
    (directory.checkpoints / "step-00000100" / "state.json").write_text("torn")
    directory.write_facts({**json.loads((directory.path / "run.json").read_text()), "status": "running"})
    paper.make("fig3", tmp_path, quick=True, say=lambda _: None)
    assert (
        directory.checkpoints / "step-00000100" / "players" / "generator" / "weights.safetensors"
    ).read_bytes() == whole
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
