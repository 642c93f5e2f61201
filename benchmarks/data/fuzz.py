"""Damaged, truncated and lying files of every format: each is read or refused in one line, and nothing else happens.

    python benchmarks/data/fuzz.py --count 10000

A case is a function of its number: a sound file of one format (good_files.py), damaged in one to four ways. It is
opened in a process that may take so much memory and no more, and in which starting a program, connecting anywhere,
unpickling and writing outside the cache count as faults. A process that dies is a fault of the case that it was at.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.data.good_files import MAKERS, sound
from benchmarks.machine import machine
from benchmarks.record import record, result_of

MEMORY = 4 << 30
"""Bytes of address space that a process may take besides its imports: packed files may unpack to 1 GiB."""
SECONDS = 60
"""Within which a case must come to its end; its process dies then."""
FORBIDDEN = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "socket.connect",
    "pickle.find_class",
}
WORDS = ("0", "-1", "1e39", "1e308", "1e999", "NaN", "null", '""', "[]", "9" * 20, "9" * 5000, "²")
"""What is put in the place of a number that is written in digits."""
_NUMBER = re.compile(rb"-?[0-9.]+|\Z")


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The content damaged in one to four ways."""
    for _ in range(int(rng.integers(1, 5))):
        content = _damage(bytearray(content), rng)
    return content


def _damage(content: bytearray, rng: np.random.Generator) -> bytes:
    if not content:
        return bytes(content)
    start, size = _place(len(content), rng), int(rng.integers(1, 65))
    kind = rng.integers(8)
    if kind == 0:
        content[start] ^= int(rng.integers(1, 256))
    elif kind == 1:
        del content[start:]
    elif kind == 2:
        content[start : start + size] = rng.bytes(size)
    elif kind == 3:
        content[start : start + size] = bytes(min(size, len(content) - start))
    elif kind == 4:
        del content[start : start + size]
    elif kind == 5:
        content[start:start] = content[start : start + size]
    elif kind == 6:
        found = _NUMBER.search(content, start)
        assert found is not None
        content[found.start() : found.end()] = WORDS[int(rng.integers(len(WORDS)))].encode()
    else:
        lie = int(rng.choice([0, 1, 255, 65_535, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1]))
        form = str(rng.choice(["<Q", ">Q", "<I", ">I", "<H", ">H"]))
        packed = struct.pack(form, lie & (256 ** struct.calcsize(form) - 1))
        content[start : start + len(packed)] = packed
    return bytes(content)


def _place(length: int, rng: np.random.Generator) -> int:
    """Where damage begins: most often in what a file has at its head, or as zips and parquet files at its end."""
    start, where = int(rng.integers(length)), rng.random()
    if where < 0.5:
        return min(start, int(rng.integers(512)))
    return max(start, length - 1 - int(rng.integers(512))) if where < 0.7 else start


def make_case(number: int, folder: Path) -> tuple[str, Path]:
    """A format, and a source in the folder with one file of it damaged."""
    rng = np.random.default_rng([2014, number])
    name = list(MAKERS)[number % len(MAKERS)]
    return name, sound(name).lay(folder, lambda content: damaged(content, rng))


def outcome(source: Path) -> str:
    """What comes of opening a source: "read", "refused", or what is wrong in words."""
    from advnets.errors import AdvnetsError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # it would be a second line
            _open(source)
    except AdvnetsError as error:
        if _wants_memory(error):
            return f"takes more memory than it may: {error!r}"
        return "refused" if str(error) and "\n" not in str(error) else f"several lines: {error!r}"
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return "read"


def _wants_memory(error: BaseException | None) -> bool:
    """Whether an error came of one that memory was too small."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def _open(source: Path) -> None:
    """Open a source as the commands do: as images or numbers for `train`, or as statistics for `evaluate`."""
    from advnets.config.recipe import Recipe
    from advnets.data import open_data
    from advnets.evaluation.statistics import statistics_of

    statistics = statistics_of(source)
    if statistics is None or statistics.has_images:
        open_data(Recipe(data=str(source)))
    if statistics is not None:
        statistics.read("its features", statistics.width)


class _Guard:
    """Notes what reading a file must not do; an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.writable = ""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.writable:
            return
        if event in FORBIDDEN and not _is_reader(event, args):
            self.seen.append(event)
        if event == "open" and isinstance(args[0], str | bytes) and isinstance(args[2], int):
            path = os.fsdecode(args[0])
            if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not path.startswith((self.writable, "/dev/")):
                self.seen.append(f"wrote {path}")


def _is_reader(event: str, args: tuple[Any, ...]) -> bool:
    """Whether a program that is started is ours that reads LMDB, under the same limits."""
    from advnets.data.formats import lmdb_values

    return event == "subprocess.Popen" and list(args[1][:3]) == [sys.executable, "-P", lmdb_values.__file__]


def _work() -> None:
    """Reads numbers of cases, writes their outcomes, a line each."""
    with tempfile.TemporaryDirectory() as place:  # every library is there before the memory is limited
        os.environ["ADVNETS_CACHE"] = str(Path(place, "cache"))
        for name in MAKERS:
            outcome(sound(name).lay(Path(place, name)))
    guard = _Guard()
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as place:
            folder, cache = Path(place, "data"), Path(place, "cache")
            folder.mkdir()
            name, source = make_case(int(line), folder)
            os.environ["ADVNETS_CACHE"] = str(cache)
            before = sorted(str(path) for path in folder.rglob("*"))
            guard.seen, guard.writable = [], str(cache)
            signal.alarm(SECONDS)
            found = outcome(source)
            signal.alarm(0)
            guard.writable = ""
            if guard.seen or sorted(str(path) for path in folder.rglob("*")) != before:
                found = f"did what it must not: {guard.seen or 'wrote beside the data'}"
        print(json.dumps([int(line), name, found]), flush=True)


def run(numbers: list[int]) -> list[tuple[int, str, str]]:
    """The outcomes of cases: (number, format, outcome)."""
    found: list[tuple[int, str, str]] = []
    left = list(numbers)
    while left:
        command = [sys.executable, __file__, "--work"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdin is not None
            assert worker.stdout is not None
            while left:
                try:
                    worker.stdin.write(f"{left[0]}\n")
                    worker.stdin.flush()
                except BrokenPipeError:
                    line = ""
                else:
                    line = worker.stdout.readline()
                number = left.pop(0)
                if not line:
                    name = list(MAKERS)[number % len(MAKERS)]
                    found.append((number, name, f"the process died ({worker.wait()})"))
                    break
                found.append(tuple(json.loads(line)))
                if len(found) % 500 == 0:
                    print(f"{len(found):,} of {len(numbers):,} files", file=sys.stderr, flush=True)
            worker.stdin.close()
    return found


def main() -> None:
    """Run so many cases, print the faults, and keep the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        _work()
        return
    found = run(list(range(asked.first, asked.first + asked.count)))
    faults = [each for each in found if each[2] not in ("read", "refused")]
    for number, name, what in faults:
        print(f"case {number} ({name}): {what}")
    table = {
        name: dict(Counter(what if what in ("read", "refused") else "fault" for _, each, what in found if each == name))
        for name in MAKERS
    }
    facts = {"count": asked.count, "first": asked.first, "formats": table, "faults": [list(each) for each in faults]}
    record(result_of(__file__), {**facts, "machine": machine()})
    print(f"{len(found):,} files: {len(faults)} faults")


def page(result: dict[str, Any]) -> str:
    """The result in words and a table."""
    faults = len(result["faults"])
    lines = [
        f"{result['count']:,} damaged, truncated or lying files of {len(result['formats'])} formats: each read or"
        f" refused in one line, {faults} otherwise. A case had {MEMORY >> 30} GiB and {SECONDS} seconds; the end of its"
        " process, starting programs (but our own reader of LMDB), connecting, unpickling, NumPy's warnings and writing"
        " outside the cache would have counted. What is called packed sound was damaged before it was packed; what has"
        " right checksums was given them after the damage.",
        "",
        "| format | read | refused | otherwise |",
        "|---|---|---|---|",
    ]
    kinds = "read", "refused", "fault"
    for name, each in result["formats"].items():
        lines.append(f"| {name} | {' | '.join(f'{each.get(kind, 0):,}' for kind in kinds)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
