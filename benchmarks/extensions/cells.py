"""Figures of the paper's extensions in cells: each trained and measured in a process of its own, and kept when done.

    python benchmarks/extensions/cells.py [NAME...] [--processes 2] [--recorded]   (what `make extensions` runs)

A room's script, NAME.py, has `CELLS`, a list of `Cell`, and `page(result)`, its table in words. A cell is a function
of JSON values and a folder of its own: what it trains there goes on where it was stopped (`trained`), what it returns
is kept in runs/extensions/NAME/CELL.json. A script's result, results/NAME.json, has the cells that are there, and its
page once all are; pictures that cells leave in their folders as CELL.png are copied beside it. With --recorded cells
that the result has with the same values are not computed again: for a script that has got more of them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.files import write_whole

HERE = Path(__file__).parent
WORK = HERE.parents[1] / "runs" / "extensions"
RESULTS = HERE / "results"


@dataclass(frozen=True)
class Cell:
    """One figure, or several of one training.

    Args:
        name: of the cell, unlike all others of its script: letters, digits and -.
        function: in the script; called as function(folder, **values), it returns what JSON can hold.
        values: its arguments.
        after: names of cells of the same script that must be there before.
    """

    name: str
    function: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    after: tuple[str, ...] = ()


def scripts() -> list[str]:
    """The names of all scripts with cells."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("cells", "__init__"))


def cells_of(name: str) -> Sequence[Cell]:
    """A script's cells."""
    return importlib.import_module(f"benchmarks.extensions.{name}").CELLS


def kept(name: str, cell: str, work: Path = WORK) -> dict[str, Any] | None:
    """What a cell found, with its seconds; None where it has not been computed."""
    path = work / name / f"{cell}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def folder_of(name: str, cell: str, work: Path = WORK) -> Path:
    """Where a cell's trainings lie."""
    return work / name / cell


def compute(name: str, cell: Cell, work: Path = WORK) -> None:
    """Compute one cell in this process and keep what it found."""
    begun, folder = time.perf_counter(), folder_of(name, cell.name, work)
    folder.mkdir(parents=True, exist_ok=True)
    function = getattr(importlib.import_module(f"benchmarks.extensions.{name}"), cell.function)
    found = function(folder, **cell.values)
    found = {"values": dict(cell.values), "found": found, "seconds": round(time.perf_counter() - begun, 1)}
    write_whole(work / name / f"{cell.name}.json", (json.dumps(found, indent=1) + "\n").encode())


def trained(recipe: str, folder: Path, data: Any = None, **changes: Any) -> Any:
    """The run in `folder`: trained, or gone on with, or as it is where it is finished.

    Args:
        recipe: a built-in name.
        folder: the run's.
        data: what to train on where it is not the recipe's.
        **changes: fields of the recipe.

    Raises:
        SystemExit: it was stopped; what has not come to its end is not measured.
    """
    import advnets

    if not (folder / "run.json").exists():
        shutil.rmtree(folder, ignore_errors=True)  # killed before anything was begun
        advnets.train(recipe, data=data, run=folder, **changes)
    elif not _finished(folder):
        advnets.resume(folder, data=None if data is None or isinstance(data, str | Path) else data)
    if not _finished(folder):
        raise SystemExit(f"{folder} was stopped before its end")  # and is not measured: the next call goes on with it
    return advnets.load(folder)


def _finished(folder: Path) -> bool:
    return json.loads((folder / "run.json").read_text("utf-8"))["status"] in ("done", "at rest", "collapsed")


def processor_seconds(run: Any) -> float:
    """How long a run's training took by its own log, sittings added up; one thread makes it processor time, nearly."""
    return float(run.metrics[-1]["seconds"])


def _ready(name: str, cells: Sequence[Cell], work: Path) -> Iterator[Cell]:
    """Cells that are missing and wait for nothing that is."""
    for cell in cells:
        waits = any(kept(name, each, work) is None for each in cell.after)
        if kept(name, cell.name, work) is None and not waits:
            yield cell


def run_all(names: Sequence[str], processes: int, work: Path = WORK) -> list[str]:
    """Compute what is missing, so many cells side by side; the names of those that failed."""
    failed: list[str] = []
    while True:
        missing = [(name, cell) for name in names for cell in _ready(name, cells_of(name), work)]
        missing = [each for each in missing if f"{each[0]}/{each[1].name}" not in failed]
        if not missing:
            return failed
        with ThreadPoolExecutor(processes) as pool:
            said = pool.map(lambda each: _in_process(*each, work), missing)
            failed += [f"{name}/{cell.name}" for (name, cell), ok in zip(missing, said, strict=True) if not ok]


def _in_process(name: str, cell: Cell, work: Path) -> bool:
    begun = time.perf_counter()
    command = [sys.executable, __file__, name, "--cell", cell.name, "--work", str(work)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    said = "done" if done.returncode == 0 else f"FAILED\n{done.stderr[-2000:]}"
    print(f"{name}/{cell.name}: {said}, {time.perf_counter() - begun:.0f} s", flush=True)
    return done.returncode == 0


def take_recorded(name: str, work: Path = WORK, results: Path = RESULTS) -> list[str]:
    """Keep what a script's result has of cells that are missing and whose values are the same; their names."""
    path = results / f"{name}.json"
    found = json.loads(path.read_text("utf-8"))["cells"] if path.exists() else {}
    missing = [cell for cell in cells_of(name) if cell.name in found and kept(name, cell.name, work) is None]
    same = [cell.name for cell in missing if found[cell.name]["values"] == json.loads(json.dumps(dict(cell.values)))]
    for cell in same:
        folder_of(name, cell, work).mkdir(parents=True, exist_ok=True)
        write_whole(work / name / f"{cell}.json", (json.dumps(found[cell], indent=1) + "\n").encode())
    return same


def report(name: str, work: Path = WORK, results: Path = RESULTS) -> bool:
    """Write a script's result, of those cells that there are, and copy their pictures; whether all are there."""
    from benchmarks.machine import machine
    from benchmarks.record import record

    cells = cells_of(name)
    known = {cell.name: kept(name, cell.name, work) for cell in cells}
    found = {cell: each for cell, each in known.items() if each is not None}
    if not found:
        return False
    missing, path = [cell for cell in known if cell not in found], results / f"{name}.json"
    if missing:
        print(f"{name}: without {', '.join(missing)}")
        if path.exists() and not json.loads(path.read_text("utf-8")).get("missing"):
            return False  # what is whole is not replaced by what is not
    for cell in cells:
        for picture in sorted(folder_of(name, cell.name, work).glob("*.png")):
            results.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, results / f"{name}-{picture.name}")
    record(path, {"machine": machine(), "cells": found, "missing": missing})
    return not missing


def main() -> int:
    """Compute, or go on computing, and report; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="scripts; by default all")
    parser.add_argument("--processes", type=int, default=2, help="cells side by side, one thread each")
    parser.add_argument("--recorded", action="store_true", help="keep what results/ has of the same values")
    parser.add_argument("--cell", help="compute this one in this process")
    parser.add_argument("--work", type=Path, default=WORK, help="where trainings and cells are kept")
    said = parser.parse_args()
    if unknown := [name for name in said.names if name not in scripts()]:
        parser.error(f"no script {', '.join(unknown)}; there are {', '.join(scripts())}")
    names = said.names or scripts()
    if said.cell:
        (name,) = names
        compute(name, next(cell for cell in cells_of(name) if cell.name == said.cell), said.work)
        return 0
    for name in names if said.recorded else []:
        take_recorded(name, said.work)
    failed = run_all(names, said.processes, said.work)
    written = [report(name, said.work) for name in names]
    return 0 if not failed and all(written) else 1


if __name__ == "__main__":
    sys.exit(main())
