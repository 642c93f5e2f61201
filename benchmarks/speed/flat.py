"""Memory over a long training: whether what a process holds after 20,000 steps is what it held after 2,000.

    python benchmarks/speed/flat.py [--steps 20000] [--from-step 2000]

`advnets train` with small networks, the watch, measures, logs, pictures and checkpoints on, all of them more often than
anybody would have them, in a process of its own. What it holds is read some times a second; each row is the median over
some hundred steps after the one that it is named by.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from benchmarks.machine import machine
from benchmarks.record import record, result_of

ROOT = Path(__file__).resolve().parents[2]
GAMES = {
    "mnist-dense": ("--generator.hidden", "64", "--discriminator.units", "32", "--batch", "32"),
    "images": (
        "--data",
        "mnist",
        "--size",
        "16",
        "--generator.base",
        "8",
        "--discriminator.base",
        "8",
        "--batch",
        "16",
    ),
}
OFTEN = (
    "--log-every", "20", "--sample-every", "500", "--checkpoint-every", "1000", "--watch.every", "100",
    "--measure.every", "500", "--measure.metrics", "frechet,precision,recall", "--measure.count", "500",
)  # fmt: skip
FIELDS = ("RssAnon", "VmRSS")


def held(process: int) -> dict[str, float]:
    """Megabytes that a process holds: of its own, and with what is mapped from files; nothing of one that ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(FIELDS)}
    return found if len(found) == len(FIELDS) else {}


def step_of(run: Path) -> int:
    """The last step of a training's log."""
    try:
        with (run / "metrics.jsonl").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4096))
            lines = file.read().splitlines()
        return int(json.loads(lines[-1])["step"])
    except (OSError, ValueError, IndexError, KeyError):
        return 0


def course(game: str, steps: int, run: Path) -> list[tuple[int, dict[str, float]]]:
    """What a training held at which step."""
    line = [sys.executable, "-m", "advnets", "train", game, *GAMES[game], *OFTEN, "--steps", str(steps)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        [*line, "--run", str(run)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    found: list[tuple[int, dict[str, float]]] = []
    while process.poll() is None:
        if facts := held(process.pid):
            found.append((step_of(run), facts))
        time.sleep(0.1)
    assert process.stderr is not None
    said = process.stderr.read()
    if process.returncode:
        raise SystemExit(said)
    return found


def at(found: list[tuple[int, dict[str, float]]], step: int, window: int) -> dict[str, float]:
    """The median of what was held in the steps after one."""
    near = [facts for each, facts in found if step <= each < step + window]
    return {field: round(statistics.median(facts[field] for facts in near), 1) for field in FIELDS}


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    first, last = result["from step"], result["steps"]
    lines = ["| step | " + " | ".join(f"`{game}`, MB | with mapped files" for game in result["held"]) + " |"]
    lines.append("|---" * (1 + 2 * len(result["held"])) + "|")
    for step in next(iter(result["held"].values())):
        cells = (f"{each[step]['RssAnon']:.1f} | {each[step]['VmRSS']:.1f}" for each in result["held"].values())
        lines.append(f"| {int(step):,} | " + " | ".join(cells) + " |")
    grown = ", ".join(f"`{game}` {share - 1:+.2%}" for game, share in result["grown"].items())
    return "\n".join([*lines, "", f"From step {first:,} to step {last:,}: {grown}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--from-step", type=int, default=2_000)
    parser.add_argument("--games", default=",".join(GAMES))
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    steps, first = options.steps, options.from_step
    result: dict[str, Any] = {"machine": machine(), "steps": steps, "from step": first, "held": {}, "grown": {}}
    for game in options.games.split(","):
        with tempfile.TemporaryDirectory() as place:
            found = course(game, steps + first // 4, Path(place) / "run")
        rows = {str(step): at(found, step, first // 4) for step in range(first, steps + 1, first)}
        result["held"][game] = rows
        result["grown"][game] = rows[str(steps)]["RssAnon"] / rows[str(first)]["RssAnon"]
    record(options.out, result)
    print(page(result))


if __name__ == "__main__":
    main()
