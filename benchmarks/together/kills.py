"""Random kills of random processes of a training: is the end that of one that nobody killed?

    python benchmarks/together/kills.py [--processes 3] [--kills 20] [--seed 0]

A training on the ring by torchrun with --max-restarts; at random moments, starts and restarts among them, one of its
processes is sent SIGKILL. At the end every tensor of its last checkpoint and every line of its log and measures is
compared with those of a training of as many processes that was left alone.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory
from benchmarks.machine import machine
from benchmarks.record import record, result_of

GAME = (
    "train", "ring", "--batch", "48", "--checkpoint-every", "200", "--sample-every", "0", "--shard-optimizer",
    "--watch.every", "100", "--measure", "modes@every=2000,count=500",
)  # fmt: skip
_TIMES = "seconds", "measure_seconds", "steps_per_second"  # of a log, which no two trainings share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        whole, killed = Path(place) / "whole", Path(place) / "killed"
        game = (*GAME, "--steps", str(args.steps))
        said, _ = (process := launched(game, whole, args.processes, 0)).communicate()
        assert process.returncode == 0, said
        kills = undisturbed_but_for(game, killed, args)
        result = {"machine": machine(), "processes": args.processes, "steps": args.steps, "kills": kills}
        record(args.out, {**result, **compared(whole, killed)})


def undisturbed_but_for(game: tuple[str, ...], run: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Play a game during which processes are killed: when, which, and at which step its log was."""
    dice, kills = random.Random(args.seed), list[dict[str, Any]]()
    process = launched(game, run, args.processes, args.kills)
    while process.poll() is None and len(kills) < args.kills:
        _wait(dice, run, process)
        there = workers(process.pid)
        if not there:
            continue
        rank = dice.choice(sorted(there))
        try:
            os.kill(there[rank], signal.SIGKILL)
        except ProcessLookupError:
            continue
        kills.append({"rank": rank, "checkpoint": max(checkpoint.steps(run / "checkpoints"), default=0)})
        print(f"kill {len(kills)}: rank {rank}, newest checkpoint {kills[-1]['checkpoint']}", flush=True)
        time.sleep(2)  # for torchrun to see it
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return kills


def _wait(dice: random.Random, run: Path, process: subprocess.Popen[str]) -> None:
    """For some seconds: half of the times from the next checkpoint on, else from wherever it is."""
    if dice.random() < 0.5:
        before = checkpoint.steps(run / "checkpoints")
        while process.poll() is None and checkpoint.steps(run / "checkpoints") == before:
            time.sleep(0.05)
        time.sleep(dice.uniform(0, 2))
    else:
        time.sleep(dice.uniform(0.5, 9))


def launched(game: tuple[str, ...], run: Path, processes: int, restarts: int) -> subprocess.Popen[str]:
    """A training by torchrun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes))
    line = (*torchrun, "--max-restarts", str(restarts), "--master-port", port, "-m", "--", "advnets", *game)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    out = subprocess.PIPE if restarts == 0 else subprocess.DEVNULL
    return subprocess.Popen((*line, "--run", str(run)), stdout=out, stderr=out, text=True, env=environment)


def workers(launcher: int) -> dict[int, int]:
    """The processes of a launcher that are alive, by rank."""
    found: dict[int, int] = {}
    for child in map(int, Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()):
        try:
            said = Path(f"/proc/{child}/environ").read_text().split("\0")
        except OSError:
            continue
        ranks = [each.removeprefix("RANK=") for each in said if each.startswith("RANK=")]
        if ranks:
            found[int(ranks[0])] = child
    return found


def compared(whole: Path, killed: Path) -> dict[str, Any]:
    """What is not the same in two runs."""
    (mine, _), (theirs, _) = (checkpoint.newest(run / "checkpoints") for run in (whole, killed))
    assert mine is not None
    assert theirs is not None
    tensors = [(part, name) for part, all_of in mine.tensors.items() for name in all_of]
    other = [
        each for each in tensors if not torch.equal(mine.tensors[each[0]][each[1]], theirs.tensors[each[0]][each[1]])
    ]
    logs = {name: [_lines(run, name) for run in (whole, killed)] for name in ("metrics", "measures", "watch")}
    return {
        "step": [mine.step, theirs.step], "tensors": len(tensors), "other_tensors": len(other),
        "lines": {name: len(both[0]) for name, both in logs.items()},
        "other_logs": [name for name, both in logs.items() if both[0] != both[1]],
    }  # fmt: skip


def _lines(run: Path, log: str) -> list[dict[str, Any]]:
    lines = getattr(RunDirectory.open(run), f"read_{log}")()
    return [{name: value for name, value in line.items() if name not in _TIMES} for line in lines]


def page(result: dict[str, Any]) -> str:
    kills = result["kills"]
    early = sum(each["checkpoint"] == 0 for each in kills)
    lines = ", ".join(f"{count} of {name}" for name, count in result["lines"].items())
    same = "the same bit for bit" if not result["other_tensors"] and not result["other_logs"] else "**not the same**"
    return (
        f"{len(kills)} kills of random processes of {result['processes']} at random moments, {early} of them before "
        f"the first checkpoint, in {result['steps']:,} steps on the ring with sharded optimizers. The end is {same}: "
        f"{result['tensors']} tensors ({result['other_tensors']} others), and all lines of the logs ({lines}; others: "
        f"{', '.join(result['other_logs']) or 'none'}) but for times."
    )


if __name__ == "__main__":
    main()
