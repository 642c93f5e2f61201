"""Ctrl-C and SIGTERM end a training in order; a run belongs to one process at a time."""

from __future__ import annotations

import signal
from pathlib import Path

from live import MNIST, TIMEOUT, Live, assert_same_training, logged_step, wait_until

from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory


def test_a_signal_stops_with_a_checkpoint_what_nobody_else_may_train(live: Live, tmp_path: Path) -> None:
    signals = {signal.SIGTERM: tmp_path / "term", signal.SIGINT: tmp_path / "int"}
    started = {run: live.start("train", *MNIST, "--steps", 100_000, "--run", run) for run in signals.values()}
    for run, process in started.items():
        assert wait_until(lambda run=run: logged_step(run) >= 20, process)
        assert RunDirectory.open(run).status == "running"
    second = live.run("resume", tmp_path / "term")
    assert second.returncode == 2
    assert "being trained by another process" in second.stderr
    for number, run in signals.items():
        assert started[run].poll() is None
        started[run].send_signal(number)
    for run, process in started.items():
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
    assert_same_training(run, undisturbed)
