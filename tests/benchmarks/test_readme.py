"""benchmarks/README.md has every result, with its command and date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import readme, record

ROOMS = ("data", "speed", "quality", "measures", "paper")
FOUND = sorted(path for room in ROOMS for path in (readme.HERE / room / "results").glob("*.json"))


def test_the_page_is_what_the_results_make_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = (readme.HERE / "README.md").read_text("utf-8")
    monkeypatch.setattr(readme, "write_whole", lambda path, content: (tmp_path / path.name).write_bytes(content))
    assert readme.write().name == "README.md"
    assert (tmp_path / "README.md").read_text("utf-8") == written


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_every_result_is_there_with_its_command_and_date(path: Path) -> None:
    room, result = path.parents[1].name, json.loads(path.read_text("utf-8"))
    section = readme.section(f"{room}/{path.stem}", result)
    assert section in (readme.HERE / "README.md").read_text("utf-8")
    assert f"python benchmarks/{room}/{path.stem}.py" in section
    assert result["date"] in section


def test_a_result_is_stamped_and_names_no_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = readme.HERE / "speed" / "parzen.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--rounds", "3", str(tmp_path)])
    record.record(tmp_path / "result.json", {"found": 1})
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["command"] == "python benchmarks/speed/parzen.py --rounds 3 PATH"
    assert result["found"] == 1
    assert len(result["date"]) == 10


def test_scripts_find_their_results_in_their_rooms() -> None:
    assert record.result_of(str(readme.HERE / "speed" / "parzen.py")) in FOUND
