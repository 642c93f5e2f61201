"""What follows from an alarm of the Helvetica watch: a warning, a stop, or the way back to health; killed or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small_games import ring, saved
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import RunError
from advnets.evaluation.report import write_report
from advnets.measures.alarms import ALARMS, COLLAPSED, alarm_steps
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory
from advnets.training.hooks.rollback import gentler, roll_back, way_back
from advnets.training.hooks.verdict import LONG
from advnets.training.loop import play

HARSH = {"kind": "adam", "rate": 0.05, "betas": [0.0, 0.99], "schedule": "constant"}


class Killed(BaseException):
    """What no handler catches."""


@pytest.fixture(scope="module")
def risen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ring game that covers the ring in 300 steps."""
    game = load_recipe("ring").replace(steps=300, checkpoint_every=50, log_every=50, sample_every=0)
    return advnets.train(game, run=tmp_path_factory.mktemp("risen") / "run").path


def collapsing(risen: Path, to: Path, action: str, harsh: dict[str, Any] = HARSH, **changes: Any) -> Path:
    """The same game, to go on with rates far too high until step 400."""
    run = RunDirectory.open(shutil.copytree(risen, to))
    wrecked = {"generator.optimizer": harsh, "discriminator.optimizer": harsh, "watch.action": action, "steps": 400}
    run.write_recipe(run.recipe.replace(**{**wrecked, **changes}))
    return run.path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "watch.jsonl").read_text("utf-8").splitlines()]


def alarms(path: Path) -> list[int]:
    return alarm_steps(lines(path))


def test_a_warning_has_a_picture_and_goes_on(risen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = advnets.resume(collapsing(risen, tmp_path / "run", "warn"))
    (alarm, *_) = alarms(run.path)
    assert 300 < alarm < 400
    assert run.step == 400
    assert run.directory.status == "done"
    said = capsys.readouterr().err
    assert f"step {alarm:,}: the generator collapses" in said
    assert "what to try" in said
    picture = run.path / "samples" / f"helvetica-{alarm:08d}.png"
    assert str(picture) in said
    assert picture.read_bytes().startswith(b"\x89PNG")
    write_report(run)
    assert "watch.png" in (run.path / "report.md").read_text("utf-8")


def test_a_stop_keeps_the_checkpoint_and_a_resume_goes_on(risen: Path, tmp_path: Path) -> None:
    run = advnets.resume(collapsing(risen, tmp_path / "run", "stop"))
    (alarm,) = alarms(run.path)
    assert (run.step, run.directory.status) == (alarm, COLLAPSED)
    assert advnets.resume(run).step == 400


def test_a_stop_that_is_killed_before_its_end_stops_on_resume(
    risen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_: Any) -> None:
        raise Killed

    run = collapsing(risen, tmp_path / "run", "stop")
    with monkeypatch.context() as patched:
        patched.setattr("advnets.api.play", lambda *args: (play(*args), dying()))
        with pytest.raises(Killed):
            advnets.resume(run)
    (alarm,) = alarms(run)
    stopped = advnets.resume(run)
    assert (stopped.step, stopped.directory.status) == (alarm, COLLAPSED)
    with monkeypatch.context() as patched:  # whoever goes on all the same is killed before the next checkpoint
        patched.setattr("advnets.api.play", dying)
        with pytest.raises(Killed):
            advnets.resume(stopped)
    assert advnets.resume(stopped).step == 400


def test_a_rollback_goes_back_to_health_with_gentler_settings(risen: Path, tmp_path: Path) -> None:
    too_fast = {**HARSH, "rate": 0.01}
    run = advnets.resume(collapsing(risen, tmp_path / "run", "rollback", harsh=too_fast))
    rollbacks = run.facts["rollbacks"]
    assert rollbacks[0]["to"] <= 300 < rollbacks[0]["at"]
    assert run.recipe.watch.rollbacks == len(rollbacks)
    assert run.recipe.players["generator"].optimizer.rate == too_fast["rate"] / 2 ** len(rollbacks)
    assert rollbacks[-1]["rates"] == {name: player.optimizer.rate for name, player in run.recipe.players.items()}
    steps = [line["step"] for line in lines(run.path)]
    assert steps == sorted(set(steps))
    assert run.directory.status == "done"
    assert lines(run.path)[-1]["state"] not in ALARMS


@pytest.fixture(scope="module")
def rolled_back(risen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collapsing game, rolled back without a kill."""
    return advnets.resume(collapsing(risen, tmp_path_factory.mktemp("whole") / "run", "rollback")).path


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_a_rollback_that_is_killed_is_done_on_resume(
    risen: Path, rolled_back: Path, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(directory: Any, target: int | None, recipe: Recipe) -> None:
        if where == "between":
            checkpoint.discard_after(directory.checkpoints, -1 if target is None else target)
        if where == "after":
            roll_back(directory, target, recipe)
        raise Killed

    part = collapsing(risen, tmp_path / "part", "rollback")
    with monkeypatch.context() as patched:
        patched.setattr("advnets.api.roll_back", dying)
        with pytest.raises(Killed):
            advnets.resume(part)
    resumed = advnets.resume(part)
    assert lines(resumed.path) == lines(rolled_back)
    assert resumed.facts["rollbacks"] == RunDirectory.open(rolled_back).facts["rollbacks"]
    assert saved(resumed.path, resumed.step) == saved(rolled_back, resumed.step)


def test_after_the_fourth_rollback_the_training_stops(risen: Path, tmp_path: Path) -> None:
    stopped = advnets.resume(collapsing(risen, tmp_path / "run", "rollback", **{"watch.rollbacks": 4}))
    assert stopped.directory.status == COLLAPSED
    assert "rollbacks" not in stopped.facts


def rates(recipe: Recipe) -> list[float]:
    return [player.optimizer.rate for player in recipe.players.values()]


def test_gentler_is_half_the_rates_and_one_step_of_g() -> None:
    recipe = ring(schedule="alternating", generator_steps=5)
    slower = gentler(recipe)
    assert rates(slower) == [rate / 2 for rate in rates(recipe)]
    assert (slower.generator_steps, slower.watch.rollbacks) == (1, 1)


def test_gentler_halves_what_a_rate_never_falls_below() -> None:
    falling = {"rate": 5e-4, "schedule": "linear", "floor": 2.5e-4}
    recipe = load_recipe("mnist-dense").replace(**{"generator.optimizer": falling, "discriminator.optimizer": falling})
    for times in (2, 4, 8):
        recipe = gentler(recipe)
        for player in recipe.players.values():
            assert (player.optimizer.rate, player.optimizer.floor) == (5e-4 / times, 2.5e-4 / times)


def test_gentler_lets_d_catch_up_with_a_g_that_ran_ahead() -> None:
    slower = gentler(ring(**{"generator.rate": 0.008, "discriminator.rate": 0.002}))
    assert rates(slower) == [0.004, 0.002]


def test_the_last_checkpoint_before_a_fall_outlives_the_newest(risen: Path, tmp_path: Path) -> None:
    run = advnets.resume(collapsing(risen, tmp_path / "run", "warn", steps=500, keep_checkpoints=1))
    assert {300, 500} <= set(checkpoint.steps(run.directory.checkpoints)) <= {300, 350, 500}


def test_no_checkpoint_leads_back_and_nothing_is_removed(run: Path) -> None:
    directory = RunDirectory.open(run)
    before = checkpoint.steps(directory.checkpoints)
    with pytest.raises(RunError, match="before the collapse"):
        way_back(directory, 0, custom=True)
    assert checkpoint.steps(directory.checkpoints) == before


def test_a_checkpoint_off_the_grid_of_looks_leaves_a_healthy_one(risen: Path, tmp_path: Path) -> None:
    run = collapsing(risen, tmp_path / "run", "rollback", keep_checkpoints=1, checkpoint_every=7)
    assert all(each["to"] > 200 for each in advnets.resume(run).facts["rollbacks"])


# A game that never rises


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> int:
    """The step at which a game that never rose is stuck: sooner than it is, for the test's sake."""
    monkeypatch.setitem(LONG, "steps", 200)
    return 200


STILL = {"generator.optimizer": {"kind": "adam", "rate": 1e-12}, "batch": 64}


def test_a_stuck_game_begins_anew_with_gentler_settings(
    tmp_path: Path, soon: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = advnets.train(ring(**STILL, **{"generator.init": 1e-9}), run=tmp_path / "run")
    watch = {"action": "rollback", "rollbacks": 3, "every": 5}
    run.directory.write_recipe(run.recipe.replace(steps=soon + 10, checkpoint_every=100, watch=watch))
    run = advnets.resume(run)
    said = capsys.readouterr().err
    gentle = {"generator": 5e-13, "discriminator": ring().players["discriminator"].optimizer.rate / 2}
    assert run.facts["rollbacks"] == [{"at": soon, "to": 0, "rates": gentle}]
    assert (run.step, run.directory.status) == (soon, COLLAPSED)
    events = EventAccumulator(str(run.path), size_guidance={"scalars": 0}).Reload().Scalars("watch/diversity")
    assert [event.step for event in events] == [100, 200]  # nothing of the game that was given up
    assert said.count(f"step {soon:,}: the generator has learned nothing so far") == 2
    assert "rolled back to step 0" in said
    assert "last healthy" not in said


class Fixed(nn.Module):
    """A generator that makes what it is told to, whatever z is."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(1, 2))

    def forward(self, z: Tensor) -> Tensor:
        return self.rows.expand(len(z), 2) + 0 * z.sum()


def test_a_stuck_game_of_own_modules_begins_anew_with_their_first_weights(tmp_path: Path, soon: int) -> None:
    recipe = ring(**STILL, checkpoint_every=10, keep_checkpoints=1)
    run = advnets.train(recipe, run=tmp_path / "run", generator=Fixed())
    longer = {"steps": soon + 10, "checkpoint_every": 150, "watch": {"action": "rollback", "rollbacks": 3, "every": 5}}
    run.directory.write_recipe(run.recipe.replace(**longer))
    run = advnets.resume(run.path, generator=Fixed())
    assert [each["to"] for each in run.facts["rollbacks"]] == [0]
    assert (run.step, run.directory.status) == (soon, COLLAPSED)
