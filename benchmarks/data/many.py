"""A million small images: their reading, a kill in the midst of it, a second start, training from disk.

    python benchmarks/data/many.py --place FOLDER [--count 1000000] [--rounds 9]

Makes the images (`many_made.py`) below FOLDER, as WebDataset's shards and as parquet files; with the caches it takes
some 16 GB of disk. Of each:

reading     a process reads a tenth of them, another one all, into empty caches: images a second, and the most
            anonymous memory that it holds; of the difference what a row takes beside its pixels
kill        a third is killed half way, a fourth takes it up: how many images the fourth found, its seconds, and whether
            the table is the same
second      a process that finds the table in the cache: seconds until the table is open, and until its first step
training    steps of `images` and of a small dense game from the table in memory, and from the mapped one: where the
            system holds all of it; where it holds nothing but what it was told to read for the next step, as of a table
            much larger than memory; and where it is not told. In turn, medians
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.data import ahead, open_table
from advnets.training.trainer import Trainer
from benchmarks.data.many_made import write
from benchmarks.machine import machine
from benchmarks.record import record, result_of

ROOT = Path(__file__).resolve().parents[2]
READ = """
import json, sys, time
from advnets.data import open_table
begin = time.perf_counter()
table = open_table(sys.argv[1], progress=False)
print(json.dumps([time.perf_counter() - begin, len(table), table.fingerprint]))
"""
KINDS = {"webdataset": "tar", "parquet": "parquet"}
GAMES = {
    "images": ("images", {}),
    "small dense": ("mnist-dense", {"generator.hidden": [64], "discriminator.units": [32]}),
}


class Process:
    """A reading in a process of its own; its anonymous memory is watched.

    Attributes:
        megabytes: the most of it.
    """

    def __init__(self, source: str, cache: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ADVNETS_CACHE": str(cache)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", READ, source], env=environment, stdout=subprocess.PIPE, text=True
        )
        self.megabytes = 0.0

    def wait(self, until: Callable[[], bool] = lambda: False) -> list[Any]:
        """What it found; nothing where it was killed."""
        while self._process.poll() is None:
            self.megabytes = max(self.megabytes, _anonymous(self._process.pid))
            if until():
                self._process.kill()
            time.sleep(0.01)
        said = self._process.communicate()[0]
        return json.loads(said) if said else []


def _anonymous(process: int) -> float:
    """Megabytes that a process holds beside what is mapped from files."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("RssAnon:")), 0.0)


def pattern(place: Path, kind: str, count: int, a_shard: int) -> str:
    """The first shards."""
    return str(place / kind / f"{{000000..{-(-count // a_shard) - 1:06d}}}.{KINDS[kind]}")


def reading(place: Path, kind: str, count: int, a_shard: int) -> dict[str, Any]:
    """Reading, a kill, a second start."""
    found: dict[str, Any] = {}
    held: dict[int, float] = {}
    few, cache = count // 10, place / f"cache-{kind}"
    for number in (few, count):
        shutil.rmtree(cache, ignore_errors=True)
        process = Process(pattern(place, kind, number, a_shard), cache)
        seconds, rows, fingerprint = process.wait()
        assert rows == number
        held[number] = process.megabytes
        found[f"images a second, {number:,}"] = round(number / seconds)
        found[f"MB, {number:,}"] = round(process.megabytes, 1)
        found["seconds"] = round(seconds, 1)
    found["bytes a row"] = round(1e6 * (held[count] - held[few]) / (count - few), 1)
    source = pattern(place, kind, count, a_shard)
    found["open again, seconds"] = [round(Process(source, cache).wait()[0], 2) for _ in range(3)]
    aside = place / "cache-killed"
    shutil.rmtree(aside, ignore_errors=True)
    end = time.perf_counter() + found["seconds"] / 2
    Process(source, aside).wait(lambda: time.perf_counter() > end)
    (kept,) = aside.glob("building/*/journal.json")
    found["killed at, images"] = json.loads(kept.read_text())["facts"]["rows"]["count"]
    again = Process(source, aside)
    seconds, _, same = again.wait()
    found["taken up, seconds"], found["the same"] = round(seconds, 1), same == fingerprint
    shutil.rmtree(aside)
    return found


def first_steps(place: Path, count: int, a_shard: int) -> dict[str, float]:
    """Seconds of `advnets train ... --steps 1`, start to end, on tables in the cache: of a tenth, and of all."""
    found: dict[str, list[float]] = {}
    cache, run = place / "cache-parquet", place / "run"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ADVNETS_CACHE": str(cache)}
    for number in range(6):
        for images in (count // 10, count):
            source = pattern(place, "parquet", images, a_shard)
            words = ["mnist-dense", "--data", source, "--steps", "1", "--sample-every", "0", "--run", str(run)]
            line = [sys.executable, "-m", "advnets", "train", *words]
            begin = time.perf_counter()
            subprocess.run(line, env=environment, check=True, capture_output=True)
            if number:  # the first reads the tenth
                found.setdefault(f"{images:,}", []).append(time.perf_counter() - begin)
            shutil.rmtree(run)
    return {name: round(statistics.median(each), 2) for name, each in found.items()}


def training(source: str, cache: Path, rounds: int, steps: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a step, by game and by where the table is: in turn, medians over rounds."""
    table = open_table(source, cache=cache, progress=False)
    assert isinstance(table.values, np.memmap)
    held = dataclasses.replace(table, values=np.array(table.values))  # and so the system holds all of it
    found: dict[str, dict[str, float]] = {}
    for game in GAMES:
        in_memory, mapped = (_trainer(game, each) for each in (held, table))
        found[game] = in_turn({"in memory": in_memory.advance, "mapped": mapped.advance}, rounds, steps)
    del in_memory, mapped
    for game in GAMES:
        in_memory, forgotten = (_trainer(game, each) for each in (held, table))
        with unasked():
            alone = _trainer(game, table)
        maps = [table.values.base, forgotten._batches._coming._map]
        ways = {
            "in memory": in_memory.advance,
            "forgotten": forgetting(forgotten, maps, table.values),
            "forgotten, not read ahead": forgetting(alone, maps, table.values),
        }
        found[f"{game}, from disk"] = in_turn(ways, rounds, steps)
        del forgotten, alone
    return found


def _trainer(game: str, table: Any) -> Trainer:
    name, changes = GAMES[game]
    return Trainer(load_recipe(name).replace(**changes, device="cpu"), training_data(table))


def in_turn(ways: dict[str, Callable[[], object]], rounds: int, steps: int) -> dict[str, float]:
    """Milliseconds of a step of each way, a first round aside; and the median of what each takes beside the first."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way in sorted(ways, reverse=bool(number % 2)):
            spent = [seconds(ways[way]) for _ in range(steps)]
            if number:
                taken[way].append(1e3 * statistics.median(spent))
    first = next(iter(taken.values()))
    found = {way: round(statistics.median(each), 3) for way, each in taken.items()}
    for way, each in list(taken.items())[1:]:
        found[f"{way}: rate"] = round(statistics.median(a / b for a, b in zip(first, each, strict=True)), 3)
    return found


def seconds(act: Callable[[], object]) -> float:
    """What something takes; of a step from a forgotten table without what the forgetting takes."""
    begin = time.perf_counter()
    aside = act()
    return time.perf_counter() - begin - (aside if isinstance(aside, float) else 0.0)


@contextlib.contextmanager
def unasked() -> Iterator[None]:
    """Tables are left to the system's own reading."""
    before, ahead.LARGE = ahead.LARGE, 1 << 60
    try:
        yield
    finally:
        ahead.LARGE = before


def forgetting(trainer: Trainer, maps: list[mmap.mmap], values: np.memmap) -> Callable[[], float]:
    """A step after which the system holds nothing of a table but what it was told to read for the next one."""
    coming = trainer._batches._coming
    read, aside = coming.read, 0.0

    def forget() -> None:
        nonlocal aside
        begin = time.perf_counter()
        for each in maps:
            each.madvise(mmap.MADV_DONTNEED)
        with Path(str(values.filename)).open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        aside += time.perf_counter() - begin

    def forget_and_read(rows: list[int]) -> None:
        forget()
        read(rows)

    def step() -> float:
        nonlocal aside
        aside = 0.0
        if not coming.large:
            forget()
        trainer.advance()
        return aside

    coming.read = forget_and_read  # type: ignore[method-assign]
    return step


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    count, kinds = result["count"], result["reading"]
    lines = [
        f"{count:,} images of 32 x 32 in color, made of {result['made of']}, {result['MB of PNG']:,} MB as PNG,"
        f" {result['MB of pixels']:,} MB in the table.",
        "",
        "| | " + " | ".join(kinds) + " |",
        "|---" * (1 + len(kinds)) + "|",
    ]
    for fact in next(iter(kinds.values())):
        cells = (each[fact] for each in kinds.values())
        lines.append(f"| {fact} | " + " | ".join(_cell(each) for each in cells) + " |")
    starts = result["first step, seconds"]
    lines += [
        "",
        "`advnets train mnist-dense --steps 1`, start to end, with the table in the cache: "
        + "; ".join(f"of {images} images {seconds} s" for images, seconds in starts.items())
        + ".",
        "",
        "| a step, ms (its rate, of that beside it in memory) | in memory | mapped | and not read ahead |",
        "|---|---|---|---|",
    ]
    for game in GAMES:
        near, far = result["training"][game], result["training"][f"{game}, from disk"]
        lines.append(f"| {game}, all held by the system | {near['in memory']} | {_rated(near, 'mapped')} | |")
        cells = " | ".join(_rated(far, way) for way in ("forgotten", "forgotten, not read ahead"))
        lines.append(f"| {game}, all forgotten before each step | {far['in memory']} | {cells} |")
    lines += ["", f"The disk's read-ahead is {result['read-ahead, kB']:,} kB."]
    return "\n".join(lines)


def _rated(found: dict[str, float], way: str) -> str:
    return f"{found[way]} ({found[f'{way}: rate']:.1%})"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--place", type=Path, required=True, help="where images and caches may lie")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--shard", type=int, default=10_000, help="images a shard")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20, help="of a round")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    place, count = options.place, options.count
    result: dict[str, Any] = {"machine": machine(), "count": count}
    kinds = write(place, count, options.shard)
    result["made of"] = ", ".join(f"{len(each.images):,} {each.name}" for each in kinds)
    result["MB of PNG"] = round(sum(path.stat().st_size for path in (place / "parquet").iterdir()) / 1e6)
    result["MB of pixels"] = round(count * 3 * 32 * 32 / 1e6)
    result["reading"] = {kind: reading(place, kind, count, options.shard) for kind in KINDS}
    result["first step, seconds"] = first_steps(place, count, options.shard)
    source = pattern(place, "parquet", count, options.shard)
    result["training"] = training(source, place / "cache-parquet", options.rounds, options.steps)
    result["read-ahead, kB"] = _read_ahead(place)
    record(options.out, result)
    print(page(result))


def _read_ahead(place: Path) -> int:
    """What the disk of a folder reads at once, in kB; 0 where that is not said."""
    device = place.stat().st_dev
    path = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/queue/read_ahead_kb")
    return int(path.read_text()) if path.exists() else 0


if __name__ == "__main__":
    main()
