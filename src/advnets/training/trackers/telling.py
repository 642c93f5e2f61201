"""A thread and a process for each tracker: the training hands over what it has, and never waits for an answer."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advnets.config.load import to_dict
from advnets.config.recipe import Recipe
from advnets.errors import DivergedError
from advnets.files import write_whole
from advnets.runs.directory import RunDirectory, writing
from advnets.training.trackers.records import written
from advnets.training.trackers.remote import Remote, TrackerError
from advnets.training.trackers.tracker import Opening, Record

LEDGER = "trackers.json"
"""Of a run directory: of each tracker its run's `key`, the last `step` that it was told, the `rollbacks` by then."""
_PATIENCE = 30.0  # seconds for what is left at the end of a training

Say = Callable[[str], None]


class _Teller(threading.Thread):
    """Tells one tracker, one record after the other; what goes wrong there ends it, and is said once.

    Args:
        name: of the tracker.
        opening: what it is told first.
        missed: what the logs hold after a step, up to where this training goes on.
        told: the last step that it has been told in an earlier sitting.
        note: keeps the last step that it was told.
    """

    def __init__(
        self,
        name: str,
        opening: Opening,
        missed: Callable[[int], list[Record]],
        told: int,
        note: Callable[[str, int], None],
    ) -> None:
        super().__init__(name=f"tracker {name}", daemon=True)
        self.tracker, self.wrong, self.place = name, "", ""
        self._remote: Remote | None = None
        self._opening, self._missed, self._told, self._note = opening, missed, told, note
        self._waiting: queue.SimpleQueue[Record | str] = queue.SimpleQueue()

    def hand(self, what: Record | str) -> None:
        """What is to be told: of a step, or, last, the status."""
        self._waiting.put(what)

    def run(self) -> None:
        """See the class."""
        try:
            self._remote = tracker = Remote(self.tracker)
            tracker.open(self._opening)
            self.place, self._told = tracker.place, max(self._told, tracker.last)
            for record in self._missed(self._told):
                self._tell(tracker, record)
            while isinstance(what := self._waiting.get(), Record):
                self._tell(tracker, what)
            tracker.end(what)
        except (OSError, ValueError, TrackerError) as error:
            self.wrong = str(error) or error.__class__.__name__

    def kill(self) -> None:
        """End its process, and it, whatever it waits for."""
        if self._remote is not None:
            self._remote.kill()

    def _tell(self, tracker: Remote, record: Record) -> None:
        if record.step > self._told:  # else it is played again after a kill, and known there
            tracker.tell(record)
            self._told = record.step
            self._note(self.tracker, record.step)


@dataclass
class Telling:
    """The trackers of one sitting of a training.

    Args:
        say: prints a line.
        tellers: one each.
        status: how the training ended; "failed" until that is known.
    """

    say: Say
    tellers: list[_Teller] = field(default_factory=list[_Teller])
    status: str = "failed"
    _scalars: dict[int, dict[str, float]] = field(default_factory=dict[int, dict[str, float]])
    _pictures: dict[int, list[Path]] = field(default_factory=dict[int, list[Path]])

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Keep figures of a step, to be handed over."""
        if self.tellers:
            self._scalars.setdefault(step, {}).update(values)

    def picture(self, step: int, path: Path) -> None:
        """Keep a picture of a step, to be handed over."""
        if self.tellers:
            self._pictures.setdefault(step, []).append(path)

    def hand_over(self) -> None:
        """Hand over what was kept; say which trackers have failed, and leave them."""
        for step in sorted(self._scalars.keys() | self._pictures.keys()):
            record = Record(step, self._scalars.get(step, {}), self._pictures.get(step, []))
            for teller in self.tellers:
                teller.hand(record)
        self._scalars.clear()
        self._pictures.clear()
        for teller in list(self.tellers):
            self._say_place(teller)
            if teller.wrong:
                self._leave(teller, teller.wrong)

    def end(self) -> None:
        """Hand over the rest and the status, and wait a while until all is told."""
        self.hand_over()
        for teller in self.tellers:
            teller.hand(self.status)
        until = time.monotonic() + _PATIENCE
        for teller in list(self.tellers):
            teller.join(1.0)
            if teller.is_alive():
                self.say(f"telling {teller.tracker} the rest, for {_PATIENCE:.0f} s at the most")
            teller.join(max(0.0, until - time.monotonic()))
            self._say_place(teller)
            if teller.is_alive() or teller.wrong:
                self._leave(teller, teller.wrong or f"no answer in {_PATIENCE:.0f} s")

    def _say_place(self, teller: _Teller) -> None:
        """Where a tracker shows the run, once."""
        if teller.place:
            self.say(f"{teller.tracker}: {teller.place}")
            teller.place = ""

    def _leave(self, teller: _Teller, why: str) -> None:
        self.tellers.remove(teller)
        teller.kill()
        self.say(f"{teller.tracker} is left, the training is not: {why}; `advnets resume` tells it what it has missed")


class _Ledger:
    """trackers.json, which tellers write in turn."""

    def __init__(self, run: RunDirectory, rollbacks: int) -> None:
        self._path, self._rollbacks, self._lock = run.path / LEDGER, rollbacks, threading.Lock()
        self._known: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self._path.read_bytes())
            self._known = found if isinstance(found, dict) else {}

    def of(self, name: str) -> tuple[str, int]:
        """The key and the last step of a tracker's run; of a training that was rolled back it is another one."""
        known: Any = self._known.get(name)
        if not (
            isinstance(known, dict)
            and known.get("rollbacks") == self._rollbacks
            and isinstance(known.get("key"), str)
            and isinstance(known.get("step"), int)
        ):
            self._known[name] = {"key": uuid.uuid4().hex[:12], "step": -1, "rollbacks": self._rollbacks}
            self.note(name, -1)
        return self._known[name]["key"], self._known[name]["step"]

    def note(self, name: str, step: int) -> None:
        """Keep the last step that a tracker was told."""
        with self._lock:
            self._known[name]["step"] = step
            write_whole(self._path, json.dumps(self._known, indent=1).encode(), durable=False)


@contextlib.contextmanager
def telling(names: Sequence[str], run: RunDirectory, recipe: Recipe, step: int, say: Say) -> Generator[Telling]:
    """Trackers that are told of a sitting, from a step on and of what they have missed before it.

    Args:
        names: of the trackers.
        run: whose logs they are told.
        recipe: that is trained.
        step: from where the training goes on.
        say: prints a line.
    """
    ledger, back, told = _Ledger(run, recipe.watch.rollbacks), recipe.watch.rollbacks, Telling(say)
    until = step if step or back else -1  # at its beginning nothing was missed
    title = f"{run.path.resolve().name}{f' (rollback {back})' if back else ''}"
    for name in names:
        with writing(run.path):
            key, last = ledger.of(name)
        opening = Opening(run.path, title, key, to_dict(recipe), [run.path / "recipe.yaml"])
        told.tellers.append(_Teller(name, opening, lambda after: written(run, after, until), last, ledger.note))
    for teller in told.tellers:
        teller.start()
    try:
        yield told
    except DivergedError:
        told.status = "diverged"
        raise
    finally:
        told.end()
