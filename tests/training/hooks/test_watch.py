"""The Helvetica watch: what it sees, when it cries, what it does then; exact on resume, and no one's training."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_games import images, points, ring
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError, RunError
from advnets.measures.alarms import ALARMS, COLLAPSED, STUCK, UNSTEADY, alarm_steps, is_alarm
from advnets.runs import checkpoint
from advnets.training.hooks.rollback import gentler, roll_back, way_back
from advnets.training.hooks.watch import (
    ALWAYS_WILD,
    FALL,
    GROWN,
    LEAST_WILD,
    LONG,
    SETTLED,
    SOUND,
    SUDDEN,
    VAIN,
    WILD,
    Watch,
    evaluating,
    judge,
)
from advnets.training.loop import play
from advnets.training.trainer import Data, Trainer

HARSH = {"kind": "adam", "rate": 0.05, "betas": [0.0, 0.99]}


def collapsing(
    tmp_path: Path, action: str, steps: int = 400, harsh: dict[str, Any] = HARSH, **changes: Any
) -> advnets.Run:
    """A ring game that covers the ring in 300 steps and goes on, resumed, with rates far too high."""
    game = load_recipe("ring").replace(
        steps=300, checkpoint_every=50, log_every=50, sample_every=0, watch={"action": action}, **changes
    )
    run = advnets.train(game, run=tmp_path)
    wrecked = run.recipe.replace(generator_optimizer=harsh, discriminator_optimizer=harsh, steps=steps)
    run.directory.write_recipe(wrecked)
    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "watch.jsonl").read_text("utf-8").splitlines()]


def history(*diversities: float, movements: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Looks of these diversities, and of these movements, if they are told."""
    found: list[dict[str, Any]] = []
    for step, (diversity, movement) in enumerate(zip(diversities, movements or [0.1] * len(diversities), strict=True)):
        look = {"spread": diversity, "clusters": diversity, "movement": movement}
        found.append({"step": 5 * step + 5, **judge(look, found, 5 * step + 5)})
    return found


class Fixed(nn.Module):
    """A generator that makes what it is told to, whatever z is."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = nn.Parameter(rows)

    def forward(self, z: Tensor) -> Tensor:
        return self.rows[torch.arange(len(z)).to(z.device) % len(self.rows)] + 0 * z.sum()


def look_at(rows: np.ndarray[Any, Any], data: Data) -> dict[str, Any]:
    trainer = Trainer(ring(watch={"every": 1}, batch=64), data)
    trainer.generator.worker = Fixed(torch.from_numpy(rows).to(trainer.device))  # type: ignore[assignment]
    return Watch(trainer).look(trainer)


def test_real_points_have_the_diversity_of_real_points() -> None:
    data = points()
    line = look_at(data.values[np.arange(64) * 6 + 1].astype(np.float32), data)
    assert 0.85 < line["spread"] < 1.15
    assert 0.75 < line["clusters"] < 1.25


def test_one_point_has_none() -> None:
    line = look_at(np.ones((1, 2), np.float32), points())
    assert line["spread"] == pytest.approx(0, abs=1e-5)
    assert line["clusters"] < 0.1
    assert line["diversity"] < 0.01


def test_spread_is_a_ratio_of_mean_distances() -> None:
    data = points()
    real = data.values[np.arange(64) * 400 // 64].astype(np.float64)
    rows = np.random.default_rng(1).normal(size=(64, 2)).astype(np.float32)

    def mean_distance(x: np.ndarray[Any, Any]) -> float:
        return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]))

    assert look_at(rows, data)["spread"] == pytest.approx(mean_distance(rows) / mean_distance(real), rel=1e-4)


def test_values_that_are_not_finite_are_no_diversity_and_plain_json() -> None:
    line = look_at(np.full((1, 2), np.nan, np.float32), points())
    assert line["spread"] is None
    assert line["diversity"] == 0
    json.loads(json.dumps(line, allow_nan=False))


def test_a_fall_is_an_alarm_once() -> None:
    found = history(0.1, 0.5, *[0.9] * 20, *[0.9 * FALL[GROWN] * 0.9] * 30)
    states = [line["state"] for line in found]
    assert states[20] == "healthy"
    assert states.count(COLLAPSED) > 5
    first = states.index(COLLAPSED)
    assert set(states[first:]) == {COLLAPSED}


def test_a_game_that_has_not_begun_to_spread_has_nothing_to_lose() -> None:
    assert {line["state"] for line in history(0.05, 0.02, 0.1, 0.01, 0.2)} == {"rising"}


def test_one_look_a_little_low_is_no_alarm() -> None:
    assert COLLAPSED not in {line["state"] for line in history(*[0.9] * 20, 0.9 * SUDDEN[GROWN] * 1.02, *[0.9] * 5)}


def test_a_recovery_ends_the_collapse_and_a_second_fall_is_a_second_alarm() -> None:
    states = [line["state"] for line in history(*[0.9] * 20, *[0.01] * 30, *[0.9] * 60, *[0.01] * 30)]
    changes = [new for old, new in itertools.pairwise(states) if old != new]
    assert changes.count(COLLAPSED) == 2


LOOKS = SETTLED["steps"] // 5  # until a game that is looked at every five steps has settled


def states_of_movement(*parts: tuple[float, int]) -> list[str]:
    """The states, once it has risen, of a game as diverse as ever whose images move by so much for so many looks."""
    movements = [movement for movement, count in parts for _ in range(count)]
    states = [line["state"] for line in history(*[0.9] * len(movements), movements=movements)]
    return [state for state in states if state != "rising"]


def test_images_thrown_about_are_an_alarm_before_diversity_falls() -> None:
    states = states_of_movement((0.1, LOOKS), (0.1 * WILD * 1.3, 30))
    assert set(states[: LOOKS - 5]) == {"healthy"}
    assert states[-1] == UNSTEADY
    assert states_of_movement((0.1, LOOKS), (0.1 * WILD * 0.9, 30))[-1] == "healthy"


def test_a_calm_game_may_move_a_little_more() -> None:
    assert set(states_of_movement((0.001, LOOKS), (LEAST_WILD * 0.95, 100))) == {"healthy"}


def test_unrest_at_the_start_is_no_alarm() -> None:
    assert set(states_of_movement((0.1, 5), (0.9, LOOKS - 6))) == {"healthy"}


def test_a_game_thrown_about_from_the_beginning_is_an_alarm_once_it_should_have_settled() -> None:
    found = history(*[0.1] * 80, movements=[2 * ALWAYS_WILD] * 80)
    assert alarm_steps(found) == [SETTLED["steps"]]
    assert {line["state"] for line in history(*[0.1] * 80, movements=[0.9 * ALWAYS_WILD] * 80)} == {"rising"}


def test_unrest_that_ends_and_comes_again_is_a_second_alarm() -> None:
    states = states_of_movement((0.1, LOOKS), (0.5, 30), (0.1, 60), (0.5, 30))
    changes = [new for old, new in itertools.pairwise(states) if old != new]
    assert changes.count(UNSTEADY) == 2


def test_a_collapse_after_unrest_is_an_alarm_of_its_own() -> None:
    calm, wild = LOOKS, 30
    found = history(*[0.9] * (calm + wild), *[0.01] * 30, movements=[0.1] * calm + [0.5] * wild + [0.0] * 30)
    alarms = [line["state"] for place, line in enumerate(found) if is_alarm(found[: place + 1])]
    assert alarms == [UNSTEADY, COLLAPSED]


def test_a_game_that_never_rises_is_an_alarm_in_the_end_and_may_still_rise() -> None:
    long = LONG["steps"] // 5
    found = history(*[0.1] * 20, *[0.0] * long, *[0.9] * 30)
    assert alarm_steps(found) == [LONG["steps"]]
    assert found[long - 1]["state"] == STUCK
    assert found[-1]["state"] == "healthy"
    assert {line["state"] for line in history(*[2 * VAIN] * 2 * long)} == {"rising"}
    assert STUCK not in {line["state"] for line in history(*[0.9] * 20, *[0.0] * long)}  # that one collapsed
    uneven = [0.0] * long + [VAIN * (1 + 0.4 * (-1) ** (look // 9)) for look in range(200)]
    assert alarm_steps(history(*uneven)) == [LONG["steps"]]


def test_a_stuck_game_begins_anew_with_gentler_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    still = {"kind": "adam", "rate": 1e-12}
    run = advnets.train(ring(batch=64, generator_optimizer=still, generator={"init": 1e-9}), run=tmp_path / "run")
    watch = {"action": "rollback", "rollbacks": 3}
    run.directory.write_recipe(run.directory.recipe.replace(steps=1010, checkpoint_every=500, watch=watch))
    run = advnets.resume(run)
    said = capsys.readouterr().err
    assert run.facts["rollbacks"] == [{"at": 1000, "to": 0, "rates": [5e-13, ring().discriminator_optimizer.rate / 2]}]
    assert (run.step, run.directory.status) == (1000, COLLAPSED)
    events = EventAccumulator(str(run.path), size_guidance={"scalars": 0}).Reload().Scalars("watch/diversity")
    assert [event.step for event in events] == list(range(5, 1001, 5))  # nothing of the game that was given up
    assert said.count("step 1,000: the generator has learned nothing so far") == 2
    assert "rolled back to step 0" in said
    assert "last healthy" not in said


def test_a_stuck_game_of_own_modules_begins_anew_with_their_first_weights(tmp_path: Path) -> None:
    still = {"kind": "adam", "rate": 1e-12}
    recipe = ring(batch=64, generator_optimizer=still, checkpoint_every=10, keep_checkpoints=1)
    run = advnets.train(recipe, run=tmp_path / "run", generator=Fixed(torch.zeros(1, 2)))
    longer = {"steps": 1010, "checkpoint_every": 400, "watch": {"action": "rollback", "rollbacks": 3}}
    run.directory.write_recipe(run.directory.recipe.replace(**longer))
    run = advnets.resume(run.path, generator=Fixed(torch.zeros(1, 2)))
    assert [each["to"] for each in run.facts["rollbacks"]] == [0]
    assert (run.step, run.directory.status) == (1000, COLLAPSED)


def test_movement_is_the_mean_way_of_an_image_in_one_step() -> None:
    trainer = Trainer(ring(watch={"every": 1}, batch=64), points())
    rows = torch.zeros(64, 2, device=trainer.device)
    trainer.generator.worker = Fixed(rows)  # type: ignore[assignment]
    watch = Watch(trainer)
    trainer.generator.worker = Fixed(rows + rows.new_tensor([3.0, 4.0]))  # type: ignore[assignment]
    real = trainer.real_images(64).cpu().numpy().astype(np.float64)
    apart = np.linalg.norm(real[:, None] - real, axis=2).sum() / (64 * 63)
    assert watch.look(trainer)["movement"] == pytest.approx(5 / apart, rel=1e-4)


@given(st.lists(st.floats(SOUND, 1), min_size=2, max_size=40))
def test_what_stays_sound_never_alarms(diversities: list[float]) -> None:
    assert {line["state"] for line in history(*diversities)} <= {"rising", "healthy"}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 39))
def test_a_look_depends_on_what_was_written(diversities: list[float], cut: int) -> None:
    whole = history(*diversities)
    before = json.loads(json.dumps(whole[:cut]))
    for line in whole[cut:]:
        diversity = diversities[line["step"] // 5 - 1]
        look = {"spread": diversity, "clusters": diversity, "movement": 0.1}
        before.append({"step": line["step"], **judge(look, before, line["step"])})
    assert before == whole


def test_watching_does_not_change_the_training(tmp_path: Path) -> None:
    off = advnets.train(ring(watch={"action": "off"}, batch=64), run=tmp_path / "off")
    on = advnets.train(ring(watch={"every": 1}, batch=64), run=tmp_path / "on")
    assert not (off.path / "watch.jsonl").exists()
    assert len(lines(on.path)) == 40
    for name in ("generator", "discriminator", "average", "optimizers"):
        file = f"checkpoints/step-00000040/{name}.safetensors"
        assert (off.path / file).read_bytes() == (on.path / file).read_bytes()


def test_modes_of_modules_stay_as_they_were() -> None:
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2), nn.Linear(2, 1))
    network[1].eval()
    with evaluating(network):
        assert not any(module.training for module in network.modules())
    assert [module.training for module in network] == [True, False, True]


def test_a_resumed_training_watches_as_one_never_stopped(tmp_path: Path) -> None:
    whole = advnets.train(ring(watch={"every": 3}, batch=64), run=tmp_path / "whole")
    part = advnets.train(ring(watch={"every": 3}, steps=25, batch=64), run=tmp_path / "part")
    log = part.path / "watch.jsonl"
    log.write_text(log.read_text("utf-8") + '{"step": 27, "spre')
    assert lines(advnets.resume(part, steps=40).path) == lines(whole.path)


def test_too_few_images_are_not_watched(tmp_path: Path) -> None:
    trainer = Trainer(ring(batch=64), points(8))
    assert not any(Watch(trainer).due(step) for step in range(1, 100))


def test_d_says_what_it_thinks_where_it_is_asked() -> None:
    recipe = Recipe(
        latent=5, batch=64, generator_optimizer=ring().generator_optimizer, watch=ring(watch={"every": 1}).watch
    )
    trainer = Trainer(recipe, images())
    watch = Watch(trainer)
    seen = []
    for _ in range(20):
        trainer.advance()
        seen.append(watch.look(trainer))
    assert [("accuracy" in line) for line in seen] == [False] * 19 + [True]
    assert 0 <= seen[-1]["accuracy"] <= 1
    assert seen[-1]["slope"] > 0
    assert seen[-1]["spread_features"] >= 0


@pytest.mark.parametrize(("value", "what"), [({"every": 0}, "watch.every"), ({"action": "cry"}, "watch")])
def test_settings_that_mean_nothing_are_refused(value: dict[str, Any], what: str) -> None:
    with pytest.raises(RecipeError, match=what):
        ring(watch=value)


def alarms(path: Path) -> list[int]:
    return alarm_steps(lines(path))


def test_a_warning_has_a_picture_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = advnets.resume(collapsing(tmp_path / "run", "warn"))
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
    assert "watch.png" in (run.path / "report.md").read_text("utf-8")


def test_a_stop_keeps_the_checkpoint_and_a_resume_goes_on(tmp_path: Path) -> None:
    run = advnets.resume(collapsing(tmp_path / "run", "stop"))
    (alarm,) = alarms(run.path)
    assert (run.step, run.directory.status) == (alarm, COLLAPSED)
    assert advnets.resume(run).step == 400


def test_a_stop_that_is_killed_before_its_end_stops_on_resume(tmp_path: Path, monkeypatch: Any) -> None:
    class Killed(BaseException):
        """What no handler catches."""

    def dying(*_: Any) -> None:
        raise Killed

    run = collapsing(tmp_path / "run", "stop")
    with monkeypatch.context() as patched:
        patched.setattr("advnets.api.play", lambda *args: (play(*args), dying()))
        with pytest.raises(Killed):
            advnets.resume(run)
    (alarm,) = alarms(run.path)
    stopped = advnets.resume(run)
    assert (stopped.step, stopped.directory.status) == (alarm, COLLAPSED)
    with monkeypatch.context() as patched:  # whoever goes on all the same is killed before the next checkpoint
        patched.setattr("advnets.api.play", dying)
        with pytest.raises(Killed):
            advnets.resume(stopped)
    assert advnets.resume(stopped).step == 400


def test_a_rollback_goes_back_to_health_with_gentler_settings(tmp_path: Path) -> None:
    too_fast = {**HARSH, "rate": 0.01}
    run = advnets.resume(collapsing(tmp_path / "run", "rollback", harsh=too_fast))
    rollbacks = run.facts["rollbacks"]
    assert rollbacks[0]["to"] <= 300 < rollbacks[0]["at"]
    assert run.recipe.watch.rollbacks == len(rollbacks)
    assert run.recipe.generator_optimizer.rate == too_fast["rate"] / 2 ** len(rollbacks)
    steps = [line["step"] for line in lines(run.path)]
    assert steps == sorted(set(steps))
    assert run.directory.status == "done"
    assert lines(run.path)[-1]["state"] not in ALARMS


@pytest.mark.parametrize("where", ["before", "between", "after"])
def test_a_rollback_that_is_killed_is_done_on_resume(tmp_path: Path, where: str, monkeypatch: Any) -> None:
    whole = advnets.resume(collapsing(tmp_path / "whole", "rollback"))
    part = collapsing(tmp_path / "part", "rollback")

    class Killed(BaseException):
        """What no handler catches."""

    def dying(directory: Any, target: int | None, recipe: Recipe) -> None:
        if where == "between":
            checkpoint.discard_after(directory.checkpoints, -1 if target is None else target)
        if where == "after":
            roll_back(directory, target, recipe)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("advnets.api.roll_back", dying)
        with pytest.raises(Killed):
            advnets.resume(part)
    resumed = advnets.resume(part)
    assert lines(resumed.path) == lines(whole.path)
    assert resumed.facts["rollbacks"] == whole.facts["rollbacks"]
    for name in ("generator", "discriminator", "average", "optimizers"):
        file = f"checkpoints/step-{whole.step:08d}/{name}.safetensors"
        assert (resumed.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_after_the_fourth_rollback_the_training_stops(tmp_path: Path) -> None:
    run = collapsing(tmp_path / "run", "rollback")
    recipe = run.directory.recipe.replace(watch={"action": "rollback", "rollbacks": 4})
    run.directory.write_recipe(recipe)
    stopped = advnets.resume(run)
    assert stopped.directory.status == COLLAPSED
    assert "rollbacks" not in stopped.facts


def test_gentler_is_half_the_rates_and_one_step_of_g() -> None:
    recipe = ring(schedule="alternating", generator_steps=5)
    slower = gentler(recipe)
    assert slower.generator_optimizer.rate == recipe.generator_optimizer.rate / 2
    assert slower.discriminator_optimizer.rate == recipe.discriminator_optimizer.rate / 2
    assert (slower.generator_steps, slower.watch.rollbacks) == (1, 1)


def test_gentler_lets_d_catch_up_with_a_g_that_ran_ahead() -> None:
    slower = gentler(ring(generator_optimizer={"rate": 0.008}, discriminator_optimizer={"rate": 0.002}))
    assert (slower.generator_optimizer.rate, slower.discriminator_optimizer.rate) == (0.004, 0.002)


def test_the_last_checkpoint_before_a_fall_outlives_the_newest(tmp_path: Path) -> None:
    run = collapsing(tmp_path / "run", "warn", steps=500, keep_checkpoints=1)
    resumed = advnets.resume(run)
    assert {300, 500} <= set(checkpoint.steps(resumed.directory.checkpoints)) <= {300, 350, 500}


def test_off_is_off_in_a_recipe_file(tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text("data: ring\nwatch: {action: off}\n")
    assert load_recipe(tmp_path / "quiet.yaml").watch.action == "off"


def test_images_all_alike_are_not_watched() -> None:
    same = Data(np.ones((200, 2), np.float32), np.arange(200))
    assert not Watch(Trainer(ring(watch={"every": 1}, batch=64), same)).due(1)


def test_small_batches_are_looked_at_in_parts_and_seldom() -> None:
    trainer = Trainer(ring(batch=4, watch={"every": 1}), points())
    watch = Watch(trainer)
    assert [step for step in range(1, 40) if watch.due(step)] == [16, 32]
    assert watch.look(trainer)["spread"] > 0


def test_no_checkpoint_leads_back_and_nothing_is_removed(tmp_path: Path) -> None:
    run = advnets.train(ring(), run=tmp_path / "run")
    before = checkpoint.steps(run.directory.checkpoints)
    with pytest.raises(RunError, match="before the collapse"):
        way_back(run.directory, 0, custom=True)
    assert checkpoint.steps(run.directory.checkpoints) == before


def test_a_checkpoint_off_the_grid_of_looks_leaves_a_healthy_one(tmp_path: Path) -> None:
    run = collapsing(tmp_path / "run", "rollback")
    recipe = run.directory.recipe.replace(keep_checkpoints=1, checkpoint_every=7)
    run.directory.write_recipe(recipe)
    assert all(each["to"] > 200 for each in advnets.resume(run).facts["rollbacks"])
