"""Reading many small image files, and looking at them: `advnets data` on 100,000 digits in files.

    python benchmarks/speed/reading.py [--count 100000] [--before COMMIT] [--rounds 7] [--few 3000]

MNIST's 70,000 images are written as PNG, and as many more as are asked for as JPEG of quality 90, in a folder for each
digit. `advnets data` is run twice on them, each time in a process of its own: on an empty cache, where every file is
decoded, and again, where the files are seen to be the same. Of both: seconds on the clock, processor seconds, the most
memory held. With --before, a few of the files are read by that commit's code and by this tree's in turn, on one thread:
the old processor time over the new, median and quartiles over the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import open_table
from benchmarks.machine import machine
from benchmarks.record import record, result_of

ROOT = Path(__file__).resolve().parents[2]
READ = "import sys; from advnets.data import open_table; open_table(sys.argv[1], progress=False)"


def write_files(folder: Path, count: int) -> dict[str, int]:
    """Digits as files; how many of each format."""
    table = open_table("mnist", progress=False)
    assert table.labels is not None
    for name in table.classes:
        (folder / name).mkdir(parents=True)
    made = {"PNG": 0, "JPEG": 0}
    for number in range(count):
        row = number % len(table)
        image, place = Image.fromarray(np.asarray(table.values[row, 0])), folder / table.classes[table.labels[row]]
        kind = "PNG" if number < len(table) else "JPEG"
        options = {"compress_level": 1} if kind == "PNG" else {"quality": 90}
        image.save(place / f"{number:06d}.{kind.lower()}", kind, **options)
        made[kind] += 1
    return made


def run(code: list[str], source: Path, cache: Path) -> dict[str, float]:
    """A Python process: seconds on the clock, processor seconds, and its peak memory in MB."""
    environment = {**os.environ, "PYTHONPATH": str(source / "src"), "ADVNETS_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *code], env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(code)} ended with {process.returncode}")
    return {
        "seconds": round(time.perf_counter() - begin, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "megabytes": round(used.ru_maxrss / 1e3),
    }


def looks(folder: Path) -> dict[str, dict[str, float]]:
    """`advnets data` on an empty cache, and again."""
    with tempfile.TemporaryDirectory() as cache:
        code = ["-m", "advnets", "data", str(folder), "--json"]
        return {name: run(code, ROOT, Path(cache)) for name in ("first", "again")}


def against(commit: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Processor time of reading by a commit's code and by this tree's, in turn."""
    with tempfile.TemporaryDirectory() as place:
        before = Path(place) / "before"
        subprocess.run(["git", "worktree", "add", "--detach", before, commit], cwd=ROOT, check=True)
        try:
            trees, taken = {"old": before, "new": ROOT}, []
            for number in range(rounds):
                found: dict[str, float] = {}
                for name in sorted(trees, reverse=bool(number % 2)):
                    with tempfile.TemporaryDirectory() as cache:
                        found[name] = _reading(trees[name], folder, Path(cache))
                taken.append(found)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", before], cwd=ROOT, check=True)
    low, middle, high = statistics.quantiles([each["old"] / each["new"] for each in taken], n=4)
    return {
        "commit": commit, "times_faster": round(middle, 3), "quartiles": [round(low, 3), round(high, 3)],
        "microseconds_a_file": {name: round(1e6 * statistics.median(each[name] for each in taken)) for name in trees},
    }  # fmt: skip


def _reading(source: Path, folder: Path, cache: Path) -> float:
    """Processor seconds a file, without those of a start."""
    code = ["-c", READ, str(folder)]
    first, again = (run(code, source, cache)["processor_seconds"] for _ in range(2))
    return (first - again) / sum(1 for path in folder.rglob("*") if path.is_file())


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    files = ", ".join(f"{count:,} {kind}" for kind, count in result["files"].items() if count)
    lines = [
        f"`advnets data` on {sum(result['files'].values()):,} digits in files ({files}; 28 x 28, gray):",
        "",
        "| | seconds | processor seconds | peak MB |",
        "|---|---|---|---|",
    ]
    for name, said in (("on an empty cache", "first"), ("again", "again")):
        found = result[said]
        lines.append(f"| {name} | {found['seconds']:.0f} | {found['processor_seconds']:.0f} | {found['megabytes']:,} |")
    if (before := result.get("before")) is not None:
        low, high = before["quartiles"]
        old, new = (before["microseconds_a_file"][name] for name in ("old", "new"))
        lines += [
            "",
            f"Reading alone, processor time of a file at commit {before['commit']}: {old} microseconds; now {new}:"
            f" {before['times_faster']:.2f} ({low:.2f} to {high:.2f}) times faster, in turn.",
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--before", help="a commit whose reading is compared")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--few", type=int, default=3_000, help="files that are read in turn")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as place:
        folder, few = Path(place) / "digits", Path(place) / "few"
        result["files"] = write_files(folder, options.count)
        result |= looks(folder)
        if options.before:
            write_files(few, options.few)
            result["before"] = against(options.before, few, options.rounds)
    record(options.out, result)
    print(page(result))


if __name__ == "__main__":
    main()
