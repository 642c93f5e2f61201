"""What a training shows before its first step, and between the lines of its log: and that nothing changes by it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_games import images, points, ring, saved, seeded_discriminator, seeded_generator

import advnets
from advnets.config.recipe import Recipe
from advnets.training.hooks import progress
from advnets.training.hooks.beginning import warnings
from advnets.training.hooks.showing import speed
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("no_report")
SMALL = {"generator.hidden": [4], "discriminator.units": [4], "log_every": 5, "checkpoint_every": 5, "steps": 10}


def pictures(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "samples").iterdir())


def figures(run: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl without what the clock says."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: line[name] for name in line if not name.startswith(("seconds", "steps_per"))} for line in lines]


def test_pictures_and_early_figures_change_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8), np.arange(40) % 2)
    changes = {**SMALL, "game.kind": "conditional", "augment": ["color"], "batch": 8}
    plain = advnets.train("mnist-dense", data=data, run=tmp_path / "plain", sample_every=0, **changes)
    assert pictures(plain.path) == []
    capsys.readouterr()
    monkeypatch.setattr(progress, "_FIRST_SECONDS", -1.0)
    monkeypatch.setattr(progress, "_OTHER_SECONDS", -1.0)  # figures after every step
    shown = advnets.train("mnist-dense", data=data, run=tmp_path / "shown", sample_every=10, **changes)
    assert pictures(shown.path) == ["reals.png", "step-00000000.png", "step-00000010.png"]
    assert saved(shown.path) == saved(plain.path)
    assert figures(shown.path) == figures(plain.path)
    said = capsys.readouterr().err
    assert [f"step {step} of 10 " in said for step in range(1, 11)] == [True] * 10
    assert said.count("speed: ") == 1


def test_reals_are_training_images_as_discriminators_see_them(tmp_path: Path) -> None:
    shades = np.repeat(np.arange(0, 250, 10, dtype=np.uint8), 64).reshape(25, 8, 8)
    changes = {**SMALL, "sample_every": 100, "holdout": 0, "batch": 5}
    run = advnets.train("mnist-dense", data=shades, run=tmp_path / "run", **changes)
    seen = np.asarray(Image.open(run.path / "samples" / "reals.png"))
    assert set(np.unique(seen)) == {*range(0, 250, 10), 255}  # between them it is white


def test_rows_are_seen_augmented_and_by_class(tmp_path: Path) -> None:
    data = (np.full((12, 8, 8), 90, np.uint8), ["a", "b"] * 6)
    changes = {**SMALL, "sample_every": 100, "holdout": 0, "batch": 4, "game.kind": "conditional"}
    run = advnets.train("mnist-dense", data=data, run=tmp_path / "run", **{"game.augment": ["color"]}, **changes)
    seen = Image.open(run.path / "samples" / "reals.png")
    assert seen.size[0] > 4 * seen.size[1]  # two rows of ten
    assert len(np.unique(np.asarray(seen))) > 8


def said(recipe: Recipe, count: int = 400, watched: bool = True) -> list[str]:
    trainer = Trainer(recipe, points(count))
    return list(warnings(trainer, Watch(trainer) if watched else None))


def test_what_matters_is_warned_of() -> None:
    assert said(ring()) == []
    assert said(ring(), watched=False)[0].startswith("the watch is off: ")
    few = said(ring(), 20)
    assert few == [
        "a batch of 32 is more than the 20 points to train on, and holds them several times;"
        " say --batch 20, or find more points"
    ]
    assert said(ring(batch=8), 12)[0].startswith("the watch sees nothing: there are fewer than 16 training images")
    replaying = {"coordination.replayed": 0.25, "coordination.replay_size": 312}  # 8 of the 32 in each of 40 steps
    assert said(ring(**replaying)) == []
    assert said(ring(**{**replaying, "coordination.replay_size": 313}))[0].startswith(
        "no fakes are replayed: the buffer of 313 is not full after 40 updates of D, 8 in each; use a smaller"
    )
    slow = ring(**{"generator.warmup": 41, "discriminator.warmup": 40})
    assert said(slow) == [
        "the rate of the generator rises over 41 updates, and the training has 40: it never reaches 0.001"
    ]
    own = {"generator": seeded_generator(), "discriminator": seeded_discriminator()}
    recipe = Recipe().replace(latent=5, batch=12, precision="float32", **{"game.generator.network": {"kind": "own"}})
    own["generator"].output_range = (-1.0, 1.0)
    trainer = Trainer(recipe, images(), own)
    assert "from 0 to 1, but its output_range is -1 to 1" in next(warnings(trainer, Watch(trainer)))


def test_the_first_step_says_nothing_of_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_FIRST_SECONDS", -1.0)  # as if the first step took longer than that
    advance = Trainer.advance

    def slow_at_first(trainer: Trainer) -> object:
        if trainer.step == 0:
            time.sleep(0.5)
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", slow_at_first)
    data = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    advnets.train("mnist-dense", data=data, run=tmp_path / "run", sample_every=0, batch=8, **SMALL)
    lines = capsys.readouterr().err.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("step 1 of 10 "))
    took, unit = lines[first + 1].removeprefix("speed: ").split()[:2]
    assert unit == "ms" or float(took) < 0.5  # that of the second step


def test_speed_in_words() -> None:
    assert speed(0.5, 64, 1000, 10) == "speed: 2 s a step, 32 images/s; about 33 min to the end at step 1,000"
    assert speed(400.0, 128, 1000, 800).startswith("speed: 2.5 ms a step, 51,200 images/s; about 0 s to the end")
