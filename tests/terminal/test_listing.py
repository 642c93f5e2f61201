"""A folder of runs: all that are in it or below it, whatever state they are in."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from advnets import cli
from advnets.runs.directory import RunDirectory
from advnets.terminal.listed import Listed, Measured, runs_below
from advnets.terminal.listing import table


def test_a_table_has_a_row_a_run_and_columns_as_wide_as_they_need() -> None:
    measure = Measured("frechet", 12.3456, 3500)
    runs = [
        Listed("runs/photos", "images", "photos", 4000, 20_000, "running", measure, "2026-01-01T00:00:00+00:00"),
        Listed("runs/b", "", "", 20, 0, "damaged", None, "2025-12-31T23:00:00+00:00", "runs/b/run.json is damaged"),
    ]
    assert table(runs, now=1_767_225_600.0 + 45) == [
        "run          recipe  data    step             status   last measured               changed",
        "runs/photos  images  photos  4,000 of 20,000  running  frechet 12.35 (step 3,500)  45 s ago",
        "runs/b       -       -       20               damaged  -                           61 min ago",
    ]


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """Two runs, one of them deeper, one that is damaged, and much that is none; the newest is the deeper one."""
    for number, name in enumerate(("damaged", "whole", "sweep/deep")):
        copied = shutil.copytree(finished, tmp_path / name)
        for file in copied.iterdir():
            os.utime(file, (1000.0 * (number + 1),) * 2)
    (tmp_path / "damaged" / "run.json").write_text("{}")
    os.utime(tmp_path / "damaged" / "run.json", (500.0, 500.0))
    shutil.copytree(finished, tmp_path / ".hidden")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "sweep" / "back").symlink_to(tmp_path, target_is_directory=True)
    lines = [{"step": 20, "measures": {"modes": {"value": 3.0}}}, {"step": 40, "measures": {}}]
    (tmp_path / "whole" / "measures.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(tmp_path / "whole" / "measures.jsonl", (2000.0, 2000.0))
    recipe = tmp_path / "whole" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("metrics: ''", "metrics: modes"))
    evaluated = {"recall": {"value": 0.25, "of": {"step": 40}}}
    (tmp_path / "sweep" / "deep" / "evaluation.json").write_text(json.dumps(evaluated))
    os.utime(tmp_path / "sweep" / "deep" / "evaluation.json", (3000.0, 3000.0))
    return tmp_path


def test_runs_are_found_below_a_folder_once_each(folder: Path) -> None:
    assert [path.relative_to(folder).as_posix() for path in runs_below(folder)] == ["damaged", "sweep/deep", "whole"]


def test_info_lists_them_the_newest_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [Path(run["run"]).relative_to(folder).as_posix() for run in found]
    assert names == ["sweep/deep", "whole", "damaged"]
    deep, whole, damaged = found
    assert deep["measure"] == {"name": "recall", "value": 0.25, "step": 40}
    assert whole["measure"] == {"name": "modes", "value": 3.0, "step": 20}
    assert (whole["recipe"], whole["data"], whole["step"], whole["steps"], whole["status"]) == (
        "ring", "ring", 40, 40, "done",
    )  # fmt: skip
    assert (damaged["status"], damaged["step"]) == ("damaged", 40)
    assert damaged["problem"] == f"{folder / 'damaged'}/run.json is damaged; restore it, or train anew"
    assert cli.main(["info", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == [str(folder / name) for name in names]
    assert lines[4] == damaged["problem"]


def test_a_running_one_is_as_far_as_its_log(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunDirectory.open(folder / "whole")
    run.write_facts({**run.facts, "status": "running"})
    with run.lock():
        run.append_metrics({"step": 70})
        with run.metrics.open("a") as file:
            file.write('{"step": 8')  # being written
        assert cli.main(["info", str(folder), "--json"]) == 0
    found = {Path(each["run"]).name: each for each in json.loads(capsys.readouterr().out)}
    assert (found["whole"]["step"], found["whole"]["status"]) == (70, "running")


def test_a_folder_without_runs_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
