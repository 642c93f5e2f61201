"""Cells of the extensions: computed once, in their order, each kept; what failed is said and tried again."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import readme
from benchmarks.extensions import cells


def test_every_script_says_what_it_computes() -> None:
    for name in cells.scripts():
        module = importlib.import_module(f"benchmarks.extensions.{name}")
        names = [cell.name for cell in module.CELLS]
        assert len(set(names)) == len(names) > 0
        assert all(callable(getattr(module, cell.function)) for cell in module.CELLS)
        assert all(each in names for cell in module.CELLS for each in cell.after)
        assert callable(module.page)


def test_every_script_has_its_place_among_the_results() -> None:
    assert set(readme.EXTENSIONS) == set(cells.scripts())


def test_what_is_unknown_is_refused_in_one_line() -> None:
    done = subprocess.run([sys.executable, cells.__file__, "nobody"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no script nobody" in done.stderr


def test_a_cell_waits_for_another_and_is_kept(tmp_path: Path) -> None:
    pair = [cells.Cell("second", "f", after=("first",)), cells.Cell("first", "f")]
    assert [cell.name for cell in cells._ready("x", pair, tmp_path)] == ["first"]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "first.json").write_text('{"found": 1}')
    assert [cell.name for cell in cells._ready("x", pair, tmp_path)] == ["second"]
    assert cells.kept("x", "first", tmp_path) == {"found": 1}


def test_recorded_cells_of_the_same_values_are_taken_and_a_whole_result_stays(tmp_path: Path) -> None:
    work, results = tmp_path / "work", tmp_path / "results"
    first, second, *others = cells.cells_of("zoo")
    known = {first.name: {"values": dict(first.values), "found": 1}, second.name: {"values": {"other": 2}, "found": 1}}
    results.mkdir()
    (results / "zoo.json").write_text(whole := json.dumps({"cells": known}))
    assert cells.take_recorded("zoo", work, results) == [first.name]
    assert cells.kept("zoo", first.name, work) == known[first.name]
    assert not cells.report("zoo", work, results)
    assert (results / "zoo.json").read_text() == whole
    (results / "zoo.json").write_text(json.dumps({"cells": {}, "missing": ["some"]}))
    assert not cells.report("zoo", work, results)
    written = json.loads((results / "zoo.json").read_text())
    assert list(written["cells"]) == [first.name]
    assert written["missing"] == [cell.name for cell in (second, *others)]
