"""Training beside busy processes: threads that follow them, and threads that do not.

    python benchmarks/speed/contention.py [--rounds 3] [--seconds 15]

`advnets train` is run for so many seconds, quiet and beside one or two processes that do nothing but compute: as it is,
and with OMP_NUM_THREADS set to the number of processors, which keeps all threads. Steps a second are those of the
second half of a run's log. Under an affinity of one processor: as it is, and with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.processors import cores
from benchmarks.machine import machine
from benchmarks.record import record, result_of
from benchmarks.speed.contests import COLOR_IMAGES

LOG_EVERY = 10


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that only compute."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def steps_a_second(game: str, seconds: float, environment: dict[str, str], processors: set[int]) -> float:
    """Of a real training that is told to stop after so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-m", "advnets", "train", game, "--run", str(run), "--steps", "1000000"]
        command += ["--log-every", str(LOG_EVERY), "--watch.action", "off"]
        command += ["--data", os.environ[COLOR_IMAGES]] if game == "images" else []
        kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        training = subprocess.Popen(
            command, env=kept | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not (run / "metrics.jsonl").is_file() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(seconds)
        training.send_signal(signal.SIGTERM)
        training.wait()
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    half = lines[len(lines) // 2 :]
    return (half[-1]["step"] - half[0]["step"]) / (half[-1]["seconds"] - half[0]["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    everywhere = os.sched_getaffinity(0)
    all_threads = {"OMP_NUM_THREADS": str(cores())}
    ways: dict[tuple[int, str], tuple[dict[str, str], set[int]]] = {
        (beside, name): (environment, everywhere)
        for beside in (0, 1, 2)
        for name, environment in (("following", {}), ("all threads", all_threads))
    }
    one = {min(everywhere)}
    ways |= {(0, "one processor"): ({}, one), (0, "one processor, one thread said"): ({"OMP_NUM_THREADS": "1"}, one)}
    found: list[dict[str, Any]] = []
    surroundings = machine()
    games = ("mnist", "images") if COLOR_IMAGES in os.environ else ("mnist",)
    for game in games:
        taken: dict[tuple[int, str], list[float]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for (beside, name), (environment, processors) in ways.items():
                with busy(beside):
                    taken[beside, name].append(steps_a_second(game, options.seconds, environment, processors))
                print(game, beside, name, f"{taken[beside, name][-1]:.1f}", flush=True)
        quiet = statistics.median(taken[0, "all threads"])
        for (beside, name), rates in taken.items():
            rate = statistics.median(rates)
            found.append({"game": game, "beside": beside, "way": name, "rate": rate, "of_quiet": rate / quiet})
    record(options.out, {"machine": surroundings, "rounds": options.rounds, "found": found})


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        "Steps a second, and as a share of those of all threads in quiet. In the last two rows of a game the process"
        " may use one processor.",
        "",
        "| game | busy processes beside | threads | steps a second | of quiet |",
        "|---|---|---|---|---|",
    ]
    for row in result["found"]:
        lines.append(
            f"| {row['game']} | {row['beside']} | {row['way']} | {row['rate']:.3g} | {100 * row['of_quiet']:.0f} % |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
