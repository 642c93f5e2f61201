"""A budget of time: what is chosen for it, that what was said stays, and that a training ends on time and goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from small_games import points, ring, saved

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe, parse_duration
from advnets.errors import RecipeError
from advnets.terminal.flags import train_flags
from advnets.training import budget
from advnets.training.batches import Data
from advnets.training.budget import extended, planned
from advnets.training.room import NoRoomError


def photos(time: str = "10m", **changes: Any) -> Recipe:
    return load_recipe("images").replace(data="x.npy", budget=time, **changes)


def rows(count: int = 4000, held_out: int = 200) -> Data:
    values = np.zeros((count, 3, 32, 32), np.uint8)
    return Data(values, np.arange(count - held_out), valid=np.arange(count - held_out, count))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """A machine on which a step's time is that of the square of the width."""
    known = {"at 32": 0.05}

    def seconds(recipe: Recipe, *_: Any) -> float:
        return known["at 32"] * (recipe.players["generator"].network.base / 32) ** 2  # type: ignore[union-attr]

    monkeypatch.setattr(budget, "_step_seconds", seconds)
    return known


@pytest.mark.parametrize(
    ("time", "at_32", "width"),
    [
        ("10m", 0.025, 32),
        ("1h", 0.025, 48),
        ("10m", 0.0005, 128),
        ("10m", 0.1, 16),
        ("3m", 0.05, 16),
        ("20m", 0.075, 32),
    ],
)
def test_the_widest_networks_are_chosen_with_which_enough_images_are_seen(
    machine: dict[str, float], time: str, at_32: float, width: int
) -> None:
    machine["at 32"] = at_32
    found = planned(photos(time), rows(), set())
    assert {player.network.base for player in found.recipe.players.values()} == {width}  # type: ignore[union-attr]
    took = at_32 * (width / 32) ** 2
    assert f"about {int(parse_duration(time) / took):,} steps" in found.reasons[0]  # type: ignore[operator]
    assert f"width: {width} maps" in found.reasons[1]
    assert found.recipe.steps > 2 * parse_duration(time) / took  # type: ignore[operator]  # time ends it, not its steps


@pytest.mark.usefixtures("machine")
def test_the_best_checkpoint_is_kept_by_a_measure_that_every_set_can_be_taken_by() -> None:
    found = planned(photos(), rows(), set())
    assert (found.recipe.measure.names, found.recipe.measure.features) == (["frechet"], "random")
    assert found.recipe.measure.every == found.recipe.checkpoint_every
    why = "best checkpoint: by the Frechet distance in random convolutions to 200 held-out images, every"
    assert any(reason.startswith(why) for reason in found.reasons)
    own = photos(**{"measure.metrics": "recall", "measure.every": 7})
    assert planned(own, rows(), {"measure.metrics", "measure.every"}).recipe.measure == own.measure
    few = planned(photos(), rows(held_out=99), set())
    assert not few.recipe.measure.names
    assert "best checkpoint: none but the last, as 99 held-out images are too few to judge by" in few.reasons


@pytest.mark.usefixtures("machine")
def test_few_images_are_not_mirrored() -> None:
    reasons = planned(photos(), rows(60, 20), set()).reasons
    assert "mirror: off: 40 images are too few to see whether mirror images belong to the set" in reasons


@pytest.mark.usefixtures("machine")
def test_what_was_said_stays_and_the_rest_follows() -> None:
    width = {"generator.base"}
    kept = planned(photos().replace(**{"generator.base": 48}), rows(), width).recipe
    assert [player.network.base for player in kept.players.values()] == [48, 32]  # type: ignore[union-attr]
    assert kept.game == photos().replace(**{"generator.base": 48}).game  # augmented: 101 times through 3,800 images
    rarely = planned(photos("15s"), rows(), set())
    assert not rarely.recipe.game.augment  # type: ignore[union-attr]
    assert any(reason.startswith("augmentation: none, as each image is seen ") for reason in rarely.reasons)
    for field in ("game.augment", "game.augment_target"):
        assert planned(photos("15s"), rows(), {field}).recipe.game.augment == photos().game.augment  # type: ignore[union-attr]
    assert not planned(photos().replace(**{"game.augment": ()}), rows(), set()).recipe.game.augment  # type: ignore[union-attr]
    steps = {"steps", "checkpoint_every"}
    assert planned(photos(steps=70, checkpoint_every=9), rows(), steps).recipe.steps == 70


@pytest.mark.parametrize("most", [32, 16, 0])
def test_widths_without_room_are_passed_over(
    most: int, machine: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, machine["at 32"] = budget._step_seconds, 0.0005

    def seconds(recipe: Recipe, *_: Any) -> float:
        if recipe.players["generator"].network.base > most:  # type: ignore[union-attr]
            raise NoRoomError("a step needs 2 GiB", "use less")
        return known(recipe, *_)

    monkeypatch.setattr(budget, "_step_seconds", seconds)
    if not most:
        with pytest.raises(RecipeError, match="a step needs 2 GiB; use less"):
            planned(photos(), rows(), set())
        return
    found = planned(photos(), rows(), set())
    assert found.recipe.players["generator"].network.base == most  # type: ignore[union-attr]
    assert found.reasons[1].endswith(f"; {24 if most < 32 else 48} do not fit in memory")


def test_a_run_that_a_training_begins_with_says_the_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_step_seconds", lambda *_: 0.0005)
    small = {"generator.base": 24, "discriminator.base": 16, "batch": 4, "steps": 1, "sample_every": 0}
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    run = advnets.train("images", data=images, run=tmp_path / "run", **small)  # type: ignore[arg-type]
    found = planned(photos(from_run=str(run.path)), rows(), set())
    bases = {name: player.network.base for name, player in found.recipe.players.items()}  # type: ignore[union-attr]
    assert bases == {"generator": 24, "discriminator": 16}
    assert found.reasons[1] == f"width: 16, 24 maps at half the images' size, as in {run.path}"


def test_of_batches_that_grow_a_mean_one_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Timed:
        players: ClassVar[dict[str, Any]] = {}

        def __init__(self, recipe: Recipe, *_: Any) -> None:
            seen.append(recipe.batch)
            assert recipe.coordination.final_batch == 0

        def advance(self) -> None:
            time.sleep(0.2)

    monkeypatch.setattr(budget, "Trainer", Timed)
    recipe = photos(**{"coordination.final_batch": 128, "coordination.batch_stages": 3})
    for processes, exchange in ((1, 0.0), (2, 0.5)):
        took = budget._step_seconds(recipe, rows(), None, budget._Sharing(processes, lambda size, each=exchange: each))
        assert took >= 0.2 + exchange
    assert seen == [75, 38]  # (32 + 64 + 128) / 3, and of two processes half


def test_what_depends_on_the_last_step_has_as_many_as_fit(machine: dict[str, float]) -> None:
    falling = {"generator.optimizer.schedule": "linear", "discriminator.optimizer.schedule": "linear"}
    for changes in (falling, {"coordination.final_batch": 128}, {"coordination.top_share": 0.5}):
        found = planned(photos().replace(**changes), rows(), {"generator.base"}).recipe
        assert found.steps == round(0.8 * int(600 / machine["at 32"]))  # the rest is for what is not a step
    noisy = photos().replace(**{"game.instance_noise": 1.0, "game.instance_noise_until": 0.6})
    assert planned(noisy, rows(), {"generator.base"}).recipe.game.instance_noise_until == 0.3  # type: ignore[union-attr]
    said = planned(noisy, rows(), {"generator.base", "game.instance_noise_until"}).recipe
    assert said.game.instance_noise_until == 0.6  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("said", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("3d", 259_200), (None, None)]
)
def test_lengths_of_time(said: str | None, seconds: float | None) -> None:
    assert parse_duration(said) == seconds


@pytest.mark.parametrize("said", ["10", "m", "-1m", "0m", "10 minutes", "1h30m"])
def test_what_is_no_length_of_time_is_refused(said: str) -> None:
    with pytest.raises(RecipeError, match="write 90s, 10m, 2h or 3d"):
        photos(said)


def test_a_training_ends_on_time_and_may_be_given_more(tmp_path: Path) -> None:
    run = advnets.train(ring(budget="2s"), data=points().values, run=tmp_path / "run")
    assert run.directory.status == "done"
    assert run.step == run.recipe.steps == run.metrics[-1]["step"]
    assert 1.9 < run.metrics[-1]["seconds"] < 2.5
    longer = advnets.resume(run, budget="3s", data=points().values)
    assert longer.step == longer.recipe.steps > run.step
    assert 2.9 < longer.metrics[-1]["seconds"] < 3.5
    further = advnets.resume(longer, steps=longer.step + 3, data=points().values)
    assert further.step == longer.step + 3
    assert further.recipe.budget is None
    with pytest.raises(RecipeError, match="both steps and a budget"):
        advnets.resume(further, steps=10**6, budget="1h")


def test_a_budget_that_choosing_takes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"a budget of 0 s was spent on choosing how, .*; give more, or --steps"):
        advnets.train(ring(budget="0.1s"), data=points().values, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_more_time_is_more_than_it_has_had(tmp_path: Path) -> None:
    run = advnets.train(ring(budget="2s"), data=points().values, run=tmp_path / "run")
    before = run.directory.read_metrics()
    with pytest.raises(RecipeError, match=r"has had 2 s already; --budget 2s is the time in all: give more"):
        advnets.resume(run, budget="2s", data=points().values)
    assert advnets.load(run.path).step == run.step
    assert run.directory.read_metrics() == before
    assert run.directory.status == "done"


def test_how_many_steps_there_will_be_nobody_knows_before_the_time_is_over() -> None:
    recipe = photos("10m", steps=4000)
    assert (recipe.place(806), recipe.place(4000)) == ("step 806 in 10m in all", "step 4,000 of 4,000")
    assert photos(None, steps=4000).place(806) == "step 806 of 4,000"  # type: ignore[arg-type]


def test_a_training_by_time_is_the_one_of_as_many_steps(tmp_path: Path) -> None:
    timed = advnets.train(ring(budget="2s"), data=points().values, run=tmp_path / "timed", log_every=1)
    same = ring(steps=timed.step, checkpoint_every=timed.recipe.checkpoint_every)
    counted = advnets.train(same, data=points().values, run=tmp_path / "counted", log_every=1)
    assert saved(timed.path, timed.step) == saved(counted.path, timed.step)


def test_more_time_has_room_for_more_steps() -> None:
    longer = extended(photos("10m", steps=1000), "20m", 1000, 600)
    assert longer.budget_seconds == 1200
    assert longer.steps >= 4000
    falling = photos("10m", steps=1000).replace(**{"game.instance_noise": 1.0})
    assert extended(falling, "20m", 1000, 600).steps == 2000


def test_flags_say_what_a_budget_leaves_alone() -> None:
    assert set(train_flags(["mnist-dense", "--budget", "10m", "--steps", "9"]).said) == {"budget", "steps"}
    assert planned(photos(None), rows(), set()) == budget.Planned(photos(None), (), 0.0)  # type: ignore[arg-type]


def test_a_measure_that_was_named_is_taken_a_fortieth_of_the_time_apart(machine: dict[str, float]) -> None:
    found = planned(photos(**{"measure.metrics": "recall"}), rows(), {"measure"}).recipe
    assert found.measure.metrics == "recall"
    assert found.measure.every == found.checkpoint_every
    assert planned(photos(**{"measure.metrics": "recall", "measure.every": 7}), rows(), set()).recipe.measure.every == 7
