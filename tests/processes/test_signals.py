"""Ctrl-C and SIGTERM end a training in order; a run belongs to one process at a time."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from live import MNIST, TIMEOUT, Live, assert_same_training, logged_step, wait_until

from advnets.training import checkpoint
from advnets.training.directory import RunDirectory


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_with_a_checkpoint(live: Live, tmp_path: Path, number: int) -> None:
    run = tmp_path / "run"
    process = live.start("train", *MNIST, "--steps", 100_000, "--run", run)
    assert wait_until(lambda: logged_step(run) >= 20, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    assert f"advnets resume {run}" in out
    assert RunDirectory.open(run).status == "stopped"
    last = checkpoint.steps(run / "checkpoints")[-1]
    assert f"stopped at step {last:,}" in out


def test_a_stopped_training_goes_on_as_if_it_had_not(live: Live, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = live.start("train", *MNIST, "--steps", 240, "--run", run)
    if wait_until(lambda: logged_step(run) >= 50, process):
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    live.succeed("resume", run)
    kept = {path.name for path in (undisturbed / "checkpoints").iterdir()}
    assert kept == {path.name for path in (run / "checkpoints").iterdir()}
    assert_same_training(run, undisturbed)


def test_a_run_that_is_being_trained_is_left_alone(live: Live, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = live.start("train", *MNIST, "--steps", 100_000, "--run", run)
    assert wait_until(lambda: logged_step(run) >= 20, process)
    second = live.run("resume", run)
    assert second.returncode == 2
    assert "being trained by another process" in second.stderr
    assert RunDirectory.open(run).status == "running"
    assert process.poll() is None
    process.kill()
    process.communicate(timeout=TIMEOUT)
    assert RunDirectory.open(run).status == "interrupted"
