"""A training killed at any instant, and resumed, ends as one never killed: bit for bit."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest
from live import (
    MNIST,
    RING,
    Live,
    assert_same_training,
    damage_newest,
    half_written,
    kill,
    logged_step,
    wait_until,
)


def killed_and_resumed(live: Live, run: Path, flags: tuple[str, ...], steps: int, plan: list[str], seed: int) -> int:
    """Train with a kill of each kind in `plan`, the later the further; returns how many kills found it alive."""
    rng, landed = Random(seed), 0
    for number, kind in enumerate(plan):
        process = _begin_or_resume(live, run, flags, steps)
        target = int(steps * (number + rng.random()) / (len(plan) + 1))
        if kind == "start":
            time.sleep(rng.uniform(0.1, 4.0))
        elif wait_until(lambda target=target: logged_step(run) >= target, process):
            if kind == "checkpoint":
                wait_until(lambda: half_written(run), process)
                time.sleep(rng.choice([0, 0.001, 0.003, 0.01]))
            else:
                time.sleep(rng.uniform(0, 0.05))
        landed += process.poll() is None
        kill(process)
        if kind in ("truncate", "flip"):
            damage_newest(run, rng, kind)
    process = _begin_or_resume(live, run, flags, steps)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return landed


def _begin_or_resume(live: Live, run: Path, flags: tuple[str, ...], steps: int):
    # Killed before run.json exists, nothing was begun: the same command simply starts again.
    if (run / "run.json").exists():
        return live.start("resume", run)
    return live.start("train", *flags, "--steps", steps, "--run", run)


def test_four_kills_leave_no_trace(live: Live, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    landed = killed_and_resumed(live, run, MNIST, 240, ["step", "checkpoint", "truncate", "flip"], seed=1)
    assert landed == 4
    assert_same_training(run, undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("flags", [MNIST, RING], ids=["mnist", "ring"])
def test_twenty_kills_leave_no_trace(live: Live, flags: tuple[str, ...], tmp_path: Path) -> None:
    reference, run = tmp_path / "reference", tmp_path / "run"
    live.succeed("train", *flags, "--steps", 1200, "--run", reference)
    plan = ["step", "checkpoint", "start", "truncate", "flip"] * 4
    Random(0).shuffle(plan)
    assert killed_and_resumed(live, run, flags, 1200, plan, seed=2) >= 16
    assert_same_training(run, reference)
