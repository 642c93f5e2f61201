"""Real trainings in processes of their own: start them, kill them, compare what they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from small_games import saved

from advnets.runs import checkpoint

TIMEOUT = 120.0

MNIST = (
    "mnist-dense", "--generator.hidden", "32", "--discriminator.units", "16", "--batch", "20",
    "--checkpoint-every", "20", "--keep-every", "60", "--log-every", "5", "--sample-every", "100",
)  # fmt: skip
RING = (
    "ring", "--generator.hidden", "32", "--generator.activations", "relu", "--discriminator.units", "32",
    "--batch", "32", "--checkpoint-every", "20", "--log-every", "5", "--sample-every", "0",
)  # fmt: skip


class Live:
    """Runs `advnets` in processes of one thread each, with a cache of their own."""

    def __init__(self, cache: Path) -> None:
        self._env = {**os.environ, "OMP_NUM_THREADS": "1", "ADVNETS_CACHE": str(cache), "PYTHONUNBUFFERED": "1"}

    def start(self, *args: object, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        """Start `advnets ARGS` and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "advnets", *map(str, args)], env=self._env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before,
        )  # fmt: skip

    def run(self, *args: object, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `advnets ARGS` to its end."""
        process = self.start(*args, before=before)
        out, err = process.communicate(timeout=TIMEOUT)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def succeed(self, *args: object) -> str:
        """Run `advnets ARGS`, insist on exit status 0 and return what it printed."""
        done = self.run(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Poll until `holds` (True) or the process ends (False)."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        if process.poll() is not None:
            return False
        assert time.monotonic() < end, "the training does not get on"
        time.sleep(0.0005)
    return True


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL: the process gets no chance to tidy up."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=TIMEOUT)


def logged_step(run: Path) -> int:
    """The last step in metrics.jsonl."""
    path = run / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    for line in reversed(lines):
        if line.endswith("}"):
            return int(json.loads(line)["step"])
    return 0


def half_written(run: Path) -> bool:
    """Whether a checkpoint is being written at this instant."""
    return any((run / "checkpoints").glob(".step-*"))


def damage_newest(run: Path, rng: Random, how: str) -> bool:
    """Truncate, or flip a bit of, a file of the newest checkpoint. False where there is none."""
    kept = sorted((run / "checkpoints").glob("step-*"))
    if not kept:
        return False
    file = rng.choice(sorted(path for path in kept[-1].rglob("*") if path.is_file()))
    data = bytearray(file.read_bytes())
    if how == "truncate":
        data = data[: rng.randrange(len(data))]
    else:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    file.write_bytes(data)
    return True


def metrics(run: Path) -> list[dict[str, Any]]:
    """The log without what the clock says."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "steps_per_second")} for line in lines]


def assert_same_training(run: Path, reference: Path) -> None:
    """Same weights, averages, optimizer states, metrics and pictures, bit for bit; the same checkpoints."""
    assert saved(run) == saved(reference)
    assert checkpoint.steps(run / "checkpoints") == checkpoint.steps(reference / "checkpoints")
    assert metrics(run) == metrics(reference)
    for picture in (reference / "samples").iterdir():
        assert (run / "samples" / picture.name).read_bytes() == picture.read_bytes()
    leftovers = [p for p in run.rglob(".*") if p.name != ".lock"]
    assert not leftovers
