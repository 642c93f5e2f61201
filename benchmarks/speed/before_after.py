"""The step, the watch and the start of this tree beside those of a commit before it.

    python benchmarks/speed/before_after.py COMMIT [--only ring,images] [--rounds 15] [--out FILE]

Two processes, one with each tree's code, play the same games in turn, block by block, who begins changing each round;
what is counted is the processor time of one thread, so that other work on the machine disturbs both alike. Of every
recipe and schedule, in float32: the old time over the new, median and quartiles over the rounds; the same of a game as
it is trained, with the watch beside it (its pace is the tree's own); the share that the new tree's watch adds, by looks
and lines; and of both trees the seconds from the start of `advnets train` to its first step and the most memory held.
Result: results/before_after.json. On a machine that does nothing else it takes some ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from benchmarks.machine import machine
from benchmarks.record import record, result_of

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ("ring", "grid", "mnist", "paper-mnist", "images")
SCHEDULES = ("simultaneous", "alternating")
BLOCK_SECONDS = 0.4
LOOKS = 15
"""Steps: both trees' looks come out even in them."""


class Tree:
    """A process that plays with one tree's code; see `before_after_player.py`."""

    def __init__(self, source: Path) -> None:
        self._environment = {**os.environ, "PYTHONPATH": str(source / "src"), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("before_after_player.py"))],
            env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def seconds(self, recipe: str, schedule: str, steps: int, watched: bool = False) -> tuple[float, float]:
        """Processor seconds of a step over so many of them, and how many of these are the watch's."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([recipe, schedule, steps, watched]) + "\n")
        self._process.stdin.flush()
        step, watch = self._process.stdout.readline().split()
        return float(step), float(watch)

    def alone(self, *flags: str) -> tuple[float, float]:
        """`advnets train` with these flags: processor seconds from its start to its end, and its peak memory in MB."""
        with tempfile.TemporaryDirectory() as place:
            command = [sys.executable, "-m", "advnets", "train", *flags, "--run", f"{place}/run"]
            process = subprocess.Popen(
                command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def compare(old: Tree, new: Tree, recipe: str, schedule: str, rounds: int, watched: bool = False) -> dict[str, Any]:
    """Times of one game by both trees, in turn."""
    trees = {"old": old, "new": new}
    for tree in trees.values():
        tree.seconds(recipe, schedule, 2, watched)  # it is built
    steps = max(1, round(BLOCK_SECONDS / old.seconds(recipe, schedule, 5)[0]))
    if watched:  # whole rounds of looks
        steps = -(-steps // LOOKS) * LOOKS
    taken: dict[str, list[float]] = {name: [] for name in trees}
    for number in range(rounds):
        for name in sorted(trees, reverse=bool(number % 2)):
            taken[name].append(trees[name].seconds(recipe, schedule, steps, watched)[0])
    ratios = [before / after for before, after in zip(taken["old"], taken["new"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {
        "milliseconds": {name: round(1000 * statistics.median(times), 3) for name, times in taken.items()},
        "times_faster": round(middle, 3), "quartiles": [round(low, 3), round(high, 3)], "steps_a_block": steps,
    }  # fmt: skip


def watch_share(tree: Tree, recipe: str, rounds: int) -> dict[str, Any]:
    """What the watch adds to a recipe's time, as a share of it, over blocks of whole rounds of looks."""
    tree.seconds(recipe, "simultaneous", 2, watched=True)
    steps = 20 * LOOKS if recipe in ("ring", "grid") else 2 * LOOKS
    taken = [tree.seconds(recipe, "simultaneous", steps, watched=True) for _ in range(rounds)]
    low, middle, high = statistics.quantiles([watch / (step - watch) for step, watch in taken], n=4)
    return {"share": round(middle, 4), "quartiles": [round(low, 4), round(high, 4)]}


def alone(old: Tree, new: Tree, recipe: str, steps: int) -> dict[str, Any]:
    """Start, so many steps and end of a training by both trees in turn: processor seconds and peak memory."""
    flags = recipe, "--steps", str(steps), "--precision", "float32"
    taken = [(old.alone(*flags), new.alone(*flags)) for _ in range(5)]
    found: dict[str, Any] = {"steps": steps}
    for name, each in zip(("old", "new"), zip(*taken, strict=True), strict=True):
        seconds, megabytes = (statistics.median(values) for values in zip(*each, strict=True))
        found[name] = {"seconds": round(seconds, 2), "megabytes": round(megabytes)}
    return found


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        f"Processor time of a step on one thread in float32, at commit {result['commit']} over now: medians over"
        " interleaved rounds, quartiles in brackets.",
        "",
        "| game | before, ms | now, ms | times faster |",
        "|---|---|---|---|",
    ]
    for name, game in result["games"].items():
        low, high = game["quartiles"]
        before, now = game["milliseconds"]["old"], game["milliseconds"]["new"]
        lines.append(f"| {name} | {before:.3g} | {now:.3g} | {game['times_faster']:.2f} ({low:.2f} to {high:.2f}) |")
    shares = ", ".join(f"{name} {watch['share']:.1%}" for name, watch in result["watch"].items())
    lines += ["", f"What the watch adds to a step now: {shares}.", ""]
    for recipe in ("ring", "mnist"):
        if (found := result.get(f"{recipe} alone")) is not None:
            old, new = found["old"], found["new"]
            lines.append(
                f"`advnets train {recipe} --steps {found['steps']}`, start to end: {old['seconds']} processor seconds"
                f" before, {new['seconds']} now; {old['megabytes']:,} MB at the peak before, {new['megabytes']:,} now."
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="whose code is the old one")
    parser.add_argument("--only", default=",".join(RECIPES), help="recipes, joined by commas")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        subprocess.run(["git", "worktree", "add", "--detach", before, options.commit], cwd=ROOT, check=True)
        try:
            found = measured(before, options)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", before], cwd=ROOT, check=True)
    record(options.out, {"machine": machine(), **found})


def measured(before: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything, said as it comes."""
    old, new = Tree(before), Tree(ROOT)
    found: dict[str, Any] = {"commit": options.commit, "games": {}, "watch": {}}
    for recipe in options.only.split(","):
        for schedule in SCHEDULES:
            found["games"][f"{recipe} {schedule}"] = said = compare(old, new, recipe, schedule, options.rounds)
            print(f"{recipe} {schedule}: {said}", flush=True)
        found["games"][f"{recipe} watched"] = said = compare(
            old, new, recipe, SCHEDULES[0], options.rounds, watched=True
        )
        print(f"{recipe}, watched: {said}", flush=True)
        found["watch"][recipe] = said = watch_share(new, recipe, options.rounds)
        print(f"the watch of {recipe}: {said}", flush=True)
    for recipe, steps in (("ring", 1), ("mnist", 40)):
        found[f"{recipe} alone"] = said = alone(old, new, recipe, steps)
        print(f"advnets train {recipe} --steps {steps}: {said}", flush=True)
    for tree in (old, new):
        tree.close()
    return found


if __name__ == "__main__":
    main()
