"""Trackers are told what a training logs, and never stop it: whether they fail, hang or are not there."""

from __future__ import annotations

import importlib.util
import json
import shutil
import threading
import time
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from small_games import ring, saved

import advnets
from advnets.errors import AdvnetsError, RecipeError
from advnets.training.trackers import child, telling
from advnets.training.trackers.ledger import alone
from advnets.training.trackers.remote import Remote, TrackerError
from advnets.training.trackers.tracker import Opening, Record, check_installed, flat

TRACKED: dict[str, Any] = {
    "track": ("wandb",), "sample_every": 20, "measure": {"metrics": "modes", "every": 20, "count": 500},
}  # fmt: skip


class Fake:
    """A tracker that keeps what it is told, all of one key in one list; it may fail or hang at a step."""

    told: dict[str, list[Record]]
    ended: list[str]
    fails_at: int | None
    hangs: threading.Event | None

    def __init__(self, opening: Opening) -> None:
        self.opening, self.last, self.place = opening, -1, "there"
        self.told, self.ended = Fake.told, Fake.ended  # of this test, whenever its thread ends
        self.told.setdefault(opening.key, [])

    def tell(self, record: Record) -> None:
        if self.fails_at == record.step:
            raise ConnectionError("no network,\nnowhere")
        if self.hangs is not None:
            self.hangs.wait()
        self.told[self.opening.key].append(record)

    def end(self, status: str) -> None:
        self.ended.append(status)


class Lines:
    """A pipe: lines as they come, then its end."""

    def __init__(self, *said: dict[str, Any]) -> None:
        self.waiting = [json.dumps(each) for each in said]

    def readline(self) -> str:
        return self.waiting.pop(0)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if not self.waiting:
            raise StopIteration
        return self.readline()


class Near(Remote):
    """What a process does, in this one."""

    def __init__(self, name: str) -> None:
        self._lines = Lines()
        self._told = child.told(name, Fake, self._lines)  # type: ignore[arg-type]
        self._child = Mock()

    def _ask(self, **said: Any) -> dict[str, Any]:
        self._lines.waiting.append(json.dumps(said))
        try:
            return next(self._told)
        except ConnectionError as error:
            raise TrackerError(" ".join(str(error).split())) from None

    def end(self, status: str) -> None:
        super().end(status)
        self._told.close()  # as the process ends

    def kill(self) -> None:
        if Fake.hangs is not None:
            Fake.hangs.set()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, no_report: None) -> Iterator[type[Fake]]:
    Fake.told, Fake.ended, Fake.fails_at, Fake.hangs = {}, [], None, None
    monkeypatch.setattr(telling, "Remote", Near)
    monkeypatch.setattr("advnets.api.check_installed", lambda names: None)
    yield Fake
    if Fake.hangs is not None:
        Fake.hangs.set()


def ledger(run: Path) -> Path:
    return run / "trackers" / "wandb" / "told.json"


def steps(records: list[Record]) -> list[int]:
    return [record.step for record in records]


def test_all_that_is_logged_is_told_and_the_training_is_the_same(
    fake: type[Fake], finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = advnets.train(ring(**TRACKED), run=tmp_path / "run")
    assert saved(run.path, 40) == saved(finished, 40)
    ((key, records),) = fake.told.items()
    assert steps(records) == [0, 10, 20, 30, 40]
    by_step = {record.step: record for record in records}
    for line in run.metrics:
        assert {name: each for name, each in line.items() if name != "step"}.items() <= (
            by_step[line["step"]].scalars.items()
        )
    low, high = run.measures[0]["measures"]["modes"]["interval"]
    assert (by_step[20].scalars["measures/modes/low"], by_step[20].scalars["measures/modes/high"]) == (low, high)
    assert [path.name for path in by_step[0].pictures] == ["reals.png", "step-00000000.png"]
    assert [path.name for path in by_step[40].pictures] == ["step-00000040.png"]
    assert fake.ended == ["done"]
    assert json.loads(ledger(run.path).read_text()) == {"key": key, "step": 40, "rollbacks": 0}
    assert "wandb: there" in capsys.readouterr().err


def test_what_is_played_again_is_not_told_again_and_what_was_missed_is(fake: type[Fake], tmp_path: Path) -> None:
    run = advnets.train(ring(**TRACKED), run=tmp_path / "run").path
    (records,) = fake.told.values()
    told = list(records)
    for last in (40, 10, -1):  # it knows what a lost checkpoint makes be played again; it missed some; it missed all
        known = json.loads(ledger(run).read_text())
        ledger(run).write_text(json.dumps({**known, "step": last}))
        del records[:]
        for checkpoint in (run / "checkpoints").glob("step-00000040"):
            checkpoint.rename(run / "lost")
        advnets.resume(run)
        wanted = [record for record in told if record.step > last]
        assert steps(records) == steps(wanted)
        clock = ("seconds", "steps_per_second")
        for record, before in zip(records, wanted, strict=True):
            same = {name for name in before.scalars if name not in clock and not name.startswith("watch/")}
            assert {name: record.scalars[name] for name in same} == {name: before.scalars[name] for name in same}
        shutil.rmtree(run / "lost")


def test_a_training_that_went_back_is_another_run_with_all_of_its_past(fake: type[Fake], tmp_path: Path) -> None:
    run = advnets.train(ring(**TRACKED), run=tmp_path / "run").path
    directory = advnets.load(run).directory
    directory.write_recipe(directory.recipe.replace(**{"watch.rollbacks": 1}))
    advnets.resume(run, steps=60)
    first, second = fake.told.values()
    assert (steps(first), steps(second)) == ([0, 10, 20, 30, 40], [0, 10, 20, 30, 40, 50, 60])


def test_a_tracker_that_fails_is_named_once_and_left(
    fake: type[Fake], finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fails_at = 20
    run = advnets.train(ring(**TRACKED), run=tmp_path / "run")
    assert saved(run.path, 40) == saved(finished, 40)
    said = [line for line in capsys.readouterr().err.splitlines() if "is left" in line]
    assert said == [
        "wandb is left, the training is not: no network, nowhere; `advnets resume` tells it what it has missed"
    ]
    fake.fails_at = None
    advnets.resume(run)
    assert steps(next(iter(fake.told.values()))) == [0, 10, 20, 30, 40]


def test_nothing_waits_for_a_tracker_that_hangs(
    fake: type[Fake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.hangs = threading.Event()
    monkeypatch.setattr(telling, "_PATIENCE", 0.1)
    begun = time.perf_counter()
    run = advnets.train(ring(**TRACKED), run=tmp_path / "run")
    assert (run.step, run.directory.status) == (40, "done")
    assert time.perf_counter() - begun < 20
    assert "wandb is left, the training is not: no answer in 0 s" in capsys.readouterr().err


def test_the_end_is_told_as_it_was(fake: type[Fake], tmp_path: Path) -> None:
    hot = {"generator.rate": 1e30, "discriminator.rate": 1e30}
    with pytest.raises(AdvnetsError):
        advnets.train(ring(**TRACKED | {"measure": {}}, **hot), run=tmp_path / "run")
    assert fake.ended == ["diverged"]


def test_a_package_that_is_not_there_is_one_line_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for there in (None, ModuleSpec("wandb", None)):  # nothing, or a folder that wandb itself has left
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, there=there: there)
        with pytest.raises(RecipeError, match="which is not installed"):
            check_installed(["wandb"])
    with pytest.raises(
        RecipeError, match=r"wandb, which is not installed; install it with: pip install 'advnets\[wandb\]'"
    ):
        advnets.train(ring(track=("wandb",)), run=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    check_installed(())


@pytest.mark.parametrize("track", [("tensorboard",), ("wandb", "wandb"), ("mlfow",)])
def test_other_trackers_are_refused(track: tuple[str, ...]) -> None:
    with pytest.raises(RecipeError, match="use wandb, mlflow, each once"):
        ring(track=track)


def test_the_process_answers_each_line_and_ends_what_was_killed(tmp_path: Path) -> None:
    Fake.told, Fake.ended, Fake.fails_at, Fake.hangs = {}, [], None, None
    opened: list[Opening] = []

    def begin(opening: Opening) -> Fake:
        opened.append(opening)
        return Fake(opening)

    first = {"run": str(tmp_path), "name": "n", "rollbacks": 0, "config": {"a": {"b": 1}}, "files": ["f"]}
    record = {"step": 3, "scalars": {"x": 1.0}, "pictures": ["p.png"]}

    def answers(*said: dict[str, Any]) -> list[dict[str, Any]]:
        return list(child.told("wandb", begin, Lines(first, *said)))  # type: ignore[arg-type]

    assert answers(record) == [{"last": -1, "place": "there"}, {}]  # and then its training was killed
    assert answers(record, {**record, "step": 4}, {"status": "done"}) == [{"last": 3, "place": "there"}, {}, {}, {}]
    assert opened[0] == opened[1] == Opening(tmp_path, "n", opened[0].key, {"a": {"b": 1}}, [Path("f")])
    assert Fake.told[opened[0].key] == [Record(step, {"x": 1.0}, [Path("p.png")]) for step in (3, 4)]
    assert Fake.ended == ["interrupted", "done"]


def test_two_processes_never_speak_to_one_tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advnets.training.trackers.ledger._WAITS", 0.1)
    with alone(tmp_path), pytest.raises(AdvnetsError, match="an earlier process speaks to it still"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


@pytest.mark.parametrize(("mode", "said"), [("online", "No API key"), ("nonsense", "mode")])
def test_the_real_one_fails_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, said: str) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    remote = Remote("wandb")
    try:
        with pytest.raises(TrackerError, match=said) as error:
            remote.open(tmp_path, "n", 0, {})
        assert "\n" not in str(error.value)
    finally:
        remote.kill()


def test_nested_settings_have_dotted_names() -> None:
    assert flat({"a": {"b": 1, "c": {"d": [2]}}, "e": None}) == {"a.b": 1, "a.c.d": [2], "e": None}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rollbacks": 0}', '{"rollbacks": 0, "key": 3, "step": 1}'])
def test_a_damaged_ledger_begins_anew(fake: type[Fake], run: Path, text: str) -> None:
    ledger(run).parent.mkdir(parents=True)
    ledger(run).write_text(text)
    with telling.telling(["wandb"], advnets.load(run).directory, ring(), 40, print) as told:
        told.status = "done"
    (records,) = fake.told.values()
    assert steps(records) == [0, 10, 20, 30, 40]
    assert json.loads(ledger(run).read_text())["step"] == 40
