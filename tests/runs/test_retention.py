"""Checkpoints are kept by rules: the newest, every so many steps, the best; whatever stopped it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from small_games import ring, saved

import advnets
from advnets import cli
from advnets.errors import RecipeError
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory
from advnets.runs.retention import due, most_kept, reasons
from advnets.training.hooks.log import Log

RULES: dict[str, Any] = {
    "steps": 60, "checkpoint_every": 10, "keep_checkpoints": 2, "keep_every": 25, "keep_best": 2,
    "measure": {"metrics": "frechet", "every": 5, "count": 500},
}  # fmt: skip


def kept(run: advnets.Run | Path) -> list[int]:
    return checkpoint.steps((run if isinstance(run, Path) else run.path) / "checkpoints")


def lines(*values: float) -> list[dict[str, Any]]:
    return [{"step": 5 * (n + 1), "measures": {"frechet": {"value": each}}} for n, each in enumerate(values)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training under all rules that nothing stopped."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("advnets.api.write_report", lambda run: None)
        return advnets.train(ring(**RULES), run=tmp_path_factory.mktemp("whole") / "run").path


def test_each_rule_keeps_its_own() -> None:
    recipe = ring(**RULES)
    found = reasons([5, 10, 20, 25, 30, 35], recipe.replace(keep_checkpoints=1), lines(3, 1, 4, 1.5, 9, 2, 6))
    assert found == {
        10: ["best by frechet"],
        20: ["number 2 by frechet"],
        25: ["every 25"],
        30: ["newest"],
        35: ["newest"],  # due by no rule, but a training goes on from it
    }
    assert reasons([5, 10], ring(), lines(1, 2)) == {10: ["newest"]}  # 5 was due by no rule, nothing is judged


def test_where_a_training_stopped_is_kept_until_the_next_is_due() -> None:
    recipe = ring(checkpoint_every=10, keep_checkpoints=2, steps=60)
    assert list(reasons([20, 30, 33], recipe, ())) == [20, 30, 33]
    assert list(reasons([20, 30, 33, 40], recipe, ())) == [30, 40]


def test_the_last_step_and_those_for_good_have_one() -> None:
    recipe = ring(**RULES | {"steps": 63})
    assert [step for step in range(64) if due(recipe, step)] == [0, 10, 20, 25, 30, 40, 50, 60, 63]


def test_no_more_are_kept_than_is_said(whole: Path) -> None:
    assert len(kept(whole)) <= most_kept(RunDirectory.open(whole).recipe)
    assert most_kept(ring(steps=10, checkpoint_every=20)) == 2
    assert most_kept(ring(steps=1000, checkpoint_every=10, keep_every=100, **{"watch.action": "off"})) == 3 + 1 + 10


def test_a_training_keeps_by_its_rules(whole: Path) -> None:
    run = RunDirectory.open(whole)
    values = {line["step"]: line["measures"]["frechet"]["value"] for line in run.read_measures()}
    best = sorted(values, key=lambda step: (values[step], step))[:2]
    assert kept(whole) == sorted({25, 50, 60, *best})
    for step in kept(whole):
        assert advnets.load(whole).path == whole
        assert checkpoint.of_step(run.checkpoints, step)[0].step == step


class Killed(BaseException):
    """What nothing catches, as nothing outlives a kill."""


@pytest.mark.parametrize("place", ["write", "rename", "remove", "step"])
@pytest.mark.usefixtures("no_report")
def test_a_kill_at_any_place_changes_nothing_of_what_is_kept(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    def at_step(_: Log, session: Any) -> None:
        if session.trainer.step == 47:
            raise Killed

    with monkeypatch.context() as patched:
        if place == "write":  # the new one is half there
            real = checkpoint.write_whole
            patched.setattr(
                checkpoint, "write_whole", lambda path, data: (real(path, data), len(kept(run)) > 4 and die())
            )
        elif place == "rename":  # the new one is there, the old ones are, too
            patched.setattr(checkpoint, "_remove", die)
        elif place == "remove":  # an old one is half gone
            patched.setattr(shutil, "rmtree", lambda path, **known: None if known else die())
        else:
            patched.setattr(Log, "after_step", at_step)
        run = tmp_path / "run"
        with pytest.raises(Killed):
            advnets.train(ring(**RULES), run=run)
    advnets.resume(run)
    assert kept(run) == kept(whole)
    assert saved(run, 60) == saved(whole, 60)
    assert not list((run / "checkpoints").glob(".*"))


def test_a_kill_after_the_last_step_is_cleaned_by_a_resume(whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    shutil.copytree(run / "checkpoints" / "step-00000060", run / "checkpoints" / "step-00000040")
    (run / "checkpoints" / ".step-00000030.removed").mkdir()
    advnets.resume(run)
    assert kept(run) == kept(whole)
    assert not list((run / "checkpoints").glob(".*"))


@pytest.mark.usefixtures("no_report")
def test_a_stop_leaves_no_trace_either(whole: Path, tmp_path: Path) -> None:
    part = advnets.train(ring(**RULES | {"steps": 43}), run=tmp_path / "run")
    assert 43 in kept(part)
    measured = part.path / "measures.jsonl"
    measured.write_text("".join(line for line in measured.read_text().splitlines(True) if '"step": 43' not in line))
    assert kept(advnets.resume(part, steps=60)) == kept(whole)


@pytest.mark.usefixtures("no_report")
def test_the_best_is_one_that_is_there(whole: Path, tmp_path: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run")
    first, second = (step for step, _ in sorted(best_of(run).items(), key=lambda each: each[1]))
    assert advnets.load(run).best.step == first
    shutil.rmtree(run / "checkpoints" / checkpoint.folder_name(first))  # as where a rollback led back before it
    assert advnets.load(run).best.step == second


def best_of(run: Path) -> dict[int, float]:
    """The two best that are kept."""
    values = {line["step"]: line["measures"]["frechet"]["value"] for line in RunDirectory.open(run).read_measures()}
    there = sorted((step for step in values if step in kept(run)), key=values.__getitem__)
    return {step: values[step] for step in there[:2]}


def test_info_says_why_each_is_kept(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(whole), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["checkpoints"]
    assert [each["step"] for each in found] == kept(whole)
    assert {each["step"]: each["why"] for each in found}[25][0] == "every 25"
    for each in found:
        folder = whole / "checkpoints" / checkpoint.folder_name(each["step"])
        assert each["bytes"] == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert cli.main(["info", str(whole)]) == 0
    said = capsys.readouterr().out
    assert f"checkpoints: {len(found)}, " in said
    assert "  step 60: newest" in said
    assert "number 2 by frechet" in said


def test_the_opening_says_what_checkpoints_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = advnets.train(ring(steps=20), run=tmp_path / "run").path
    said = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("checkpoints: "))
    size = float(said.split()[1])  # of the tensors; names and digests come on top
    (step,) = kept(run)
    assert 0.3 < size * 1024 / checkpoint.size(run / "checkpoints", step) <= 1
    assert "KiB each, at most 3 at once: " in said


def test_rules_without_effect_are_refused_or_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RecipeError, match=r"keep_best changes nothing: nothing is measured in training; give measure"):
        advnets.train(ring(), keep_best=3, run=tmp_path / "run")
    with pytest.raises(RecipeError, match="keep_every cannot be -5"):
        ring(keep_every=-5)
    with pytest.raises(RecipeError, match="keep_best cannot be 0"):
        ring(keep_best=0)
    advnets.train(ring(steps=2), keep_every=100, run=tmp_path / "run")
    assert (
        "no checkpoint is kept for good: the training has 2 steps, fewer than --keep-every" in capsys.readouterr().err
    )
