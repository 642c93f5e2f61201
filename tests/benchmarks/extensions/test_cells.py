"""Cells of the extensions: computed once, in their order, each kept; what failed is said and tried again."""

from __future__ import annotations

import importlib
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
