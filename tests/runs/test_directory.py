"""The run directory: made once, held by one process, its log without torn lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from advnets.config.load import load_recipe
from advnets.errors import RunError
from advnets.runs.directory import RunDirectory, surroundings, writing

RECIPE = load_recipe("ring")
FACTS = {"status": "running", "data": {"name": "ring", "fingerprint": "f"}}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run", RECIPE, FACTS)


def test_what_is_made_is_opened(run: RunDirectory) -> None:
    opened = RunDirectory.open(run.path)
    assert opened.recipe == RECIPE
    assert opened.facts == FACTS
    assert opened.read_metrics() == []


def test_a_run_is_never_overwritten(run: RunDirectory) -> None:
    with pytest.raises(RunError, match=r"already holds a run; .*advnets resume"):
        RunDirectory.create(run.path, RECIPE, FACTS)


@pytest.mark.parametrize("name", ["holiday.jpg", "recipe.yaml", "checkpoints"])
def test_a_folder_of_the_users_own_is_never_written_to(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match="is not a run; name another --run"):
        RunDirectory.create(tmp_path, RECIPE, FACTS)
    assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_not_a_run_directory(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="is not a run"):
        RunDirectory.create(tmp_path / "run", RECIPE, FACTS)


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert RunDirectory.create(tmp_path, RECIPE, FACTS).recipe == RECIPE


def test_what_a_kill_left_of_the_making_is_made_anew(run: RunDirectory) -> None:
    (run.path / "run.json").rename(run.path / ".run.json.123.part")  # it is written last
    assert RunDirectory.create(run.path, RECIPE, FACTS).facts == FACTS


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": "done"}', '{"status": "done", "data": []}'])
def test_damaged_facts_are_the_users_business(run: RunDirectory, text: str) -> None:
    (run.path / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        _ = run.facts


def test_one_process_at_a_time(run: RunDirectory) -> None:
    other = RunDirectory.open(run.path)
    assert other.status == "interrupted"
    with run.lock():
        with pytest.raises(RunError, match="being trained by another process"), other.lock():
            pass
        assert other.status == run.status == "running"
        with run.lock():  # the holder may ask again
            pass
        assert other.status == "running"
    with other.lock():
        pass


def test_an_error_within_the_lock_is_no_error_of_writing(run: RunDirectory) -> None:
    with pytest.raises(FileNotFoundError), run.lock():
        raise FileNotFoundError("a bug of ours")
    with run.lock():  # and the lock is free again
        pass


@pytest.mark.parametrize("tear", ['{"step": 30, "cost_d": 0.1', '{"step"', "\0\0\0", "\xff\xfe"])
def test_a_torn_line_is_left_out_and_written_anew(run: RunDirectory, tear: str) -> None:
    for step in (10, 20):
        run.append_metrics({"step": step, "cost_d": 0.1 + 0.2})
    with run.metrics.open("ab") as file:
        file.write(tear.encode("latin-1"))
    assert [line["step"] for line in run.read_metrics()] == [10, 20]
    run.rewind(20)
    run.append_metrics({"step": 30, "cost_d": 1 / 3})
    lines = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    assert lines == [
        {"step": 10, "cost_d": 0.1 + 0.2},
        {"step": 20, "cost_d": 0.1 + 0.2},
        {"step": 30, "cost_d": 1 / 3},
    ]


def test_rewinding_drops_later_lines_and_half_written_files(run: RunDirectory) -> None:
    for step in (10, 20, 30):
        run.append_metrics({"step": step})
    parts = [run.path / ".run.json.99.part", run.samples / ".step-00000030.png.ab.part"]
    for part in parts:
        part.write_bytes(b"half")
    run.rewind(20)
    assert [line["step"] for line in run.read_metrics()] == [10, 20]
    assert not any(part.exists() for part in parts)


def test_a_refused_write_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot write to .*: no space left on device; make room"), writing(tmp_path):
        raise OSError(28, "No space left on device")
    with pytest.raises(RunError, match="; permit writing, or choose"), writing(tmp_path, "or choose another place"):
        raise OSError(30, "Read-only file system")


def test_a_file_in_the_place_of_a_folder_is_to_be_moved(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(RunError, match=r"; move what is in the way, then `advnets resume"), writing(folder):
            folder.mkdir(parents=True)


@pytest.mark.parametrize(
    ("program", "noted"), [("/some/bin/advnets", "advnets"), ("src/advnets/__main__.py", "advnets"), ("my.py", "my.py")]
)
def test_the_command_is_noted_as_it_is_typed(program: str, noted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [program, "resume", "runs/mine"])
    assert surroundings()["command"] == [noted, "resume", "runs/mine"]
    assert surroundings(["advnets", "train"])["command"] == ["advnets", "train"]


def test_data_are_those_it_was_started_with(tmp_path: Path) -> None:
    facts = {"status": "running", "data": {"name": "photos", "fingerprint": "f", "classes": ["a1", "a10", "a2"]}}
    run = RunDirectory.create(tmp_path / "run", RECIPE, facts)
    run.check_data("f", ("a1", "a10", "a2"))
    with pytest.raises(RunError, match=r"another order than when it was started: a1, a10, a2 then, a1, a2, a10 now; t"):
        run.check_data("g", ("a1", "a2", "a10"))
    for classes in (("a1", "a10", "a2"), ("a1", "b")):
        with pytest.raises(RunError, match="have changed since it was started"):
            run.check_data("g", classes)
    for kept, now, said in (
        ({"fingerprint": "s"}, "other", "the sources of .*, say where they are now with --sources, or"),
        ({"fingerprint": "s"}, "s", "the data of .*, say where they are now with --data, or"),
        ({}, "s", "the data, or their sources, of .* with --data and --sources, or"),  # a run of an earlier version
    ):
        run.write_facts({**facts, "data": {**facts["data"], "sources": kept}})
        with pytest.raises(RunError, match=said):
            run.check_data("g", ("a1", "a10", "a2"), now)
