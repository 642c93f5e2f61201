"""A thread and a process for each tracker: the training hands over what it has, and never waits for an answer."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from advnets.config.load import to_dict
from advnets.config.recipe import Recipe
from advnets.errors import DivergedError
from advnets.runs.directory import RunDirectory
from advnets.training.trackers.records import written
from advnets.training.trackers.remote import Remote, TrackerError
from advnets.training.trackers.tracker import Record

_PATIENCE = 30.0  # seconds for what is left at the end of a training

Say = Callable[[str], None]


class _Teller(threading.Thread):
    """Tells one tracker, one record after the other; what goes wrong there ends it, and is said once.

    Args:
        name: of the tracker.
        run: whose logs it is told.
        recipe: that is trained.
        until: up to which step it is told what it has missed.
    """

    def __init__(self, name: str, run: RunDirectory, recipe: Recipe, until: int) -> None:
        super().__init__(name=f"tracker {name}", daemon=True)
        self.tracker, self.wrong, self.place = name, "", ""
        self._run, self._recipe, self._until = run, recipe, until
        self._remote: Remote | None = None
        self._waiting: queue.SimpleQueue[Record | str] = queue.SimpleQueue()

    def hand(self, what: Record | str) -> None:
        """What is to be told: of a step, or, last, the status."""
        self._waiting.put(what)

    def run(self) -> None:
        """See the class."""
        try:
            self._remote = tracker = Remote(self.tracker)
            back = self._recipe.watch.rollbacks
            title = f"{self._run.path.resolve().name}{f' (rollback {back})' if back else ''}"
            tracker.open(self._run.path, title, back, to_dict(self._recipe))
            self.place = tracker.place
            for record in written(self._run, tracker.last, self._until):
                tracker.tell(record)
            while isinstance(what := self._waiting.get(), Record):
                tracker.tell(what)
            tracker.end(what)
        except (OSError, ValueError, TrackerError) as error:
            self.wrong = str(error) or error.__class__.__name__

    def kill(self) -> None:
        """End its process, and it, whatever it waits for."""
        if self._remote is not None:
            self._remote.kill()


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
    until = step if step or recipe.watch.rollbacks else -1  # at its beginning nothing was missed
    told = Telling(say, [_Teller(name, run, recipe, until) for name in names])
    for teller in told.tellers:
        teller.start()
    try:
        yield told
    except DivergedError:
        told.status = "diverged"
        raise
    finally:
        told.end()
