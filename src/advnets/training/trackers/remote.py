"""A tracker as the training sees it: a process that is asked, and answers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advnets.errors import AdvnetsError
from advnets.training.trackers.tracker import Record


class TrackerError(AdvnetsError):
    """A tracker does not do what it should."""


class Remote:
    """A `Tracker` in a process of its own, which `child` is.

    Args:
        name: of the tracker.
    """

    last: int
    place: str

    def __init__(self, name: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "advnets.training.trackers.child", name], text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def open(self, run: Path, title: str, rollbacks: int, config: Mapping[str, Any]) -> None:
        """Begin, or go on; then `last` is the last step that it knows, and `place` where the run can be looked at.

        Args:
            run: the run directory.
            title: what the tracker's run is called.
            rollbacks: of the training so far.
            config: the recipe, nested.

        Raises:
            TrackerError: that failed; so do the others.
        """
        files = [str(run / "recipe.yaml")]
        found = self._ask(run=str(run), name=title, rollbacks=rollbacks, config=config, files=files)
        self.last, self.place = found["last"], found["place"]

    def tell(self, record: Record) -> None:
        """See `Tracker`."""
        self._ask(step=record.step, scalars=record.scalars, pictures=[str(each) for each in record.pictures])

    def end(self, status: str) -> None:
        """See `Tracker`."""
        self._ask(status=status)
        self._child.wait()

    def kill(self) -> None:
        """End it at once, wherever it hangs."""
        self._child.kill()
        self._child.wait()

    def _ask(self, **said: Any) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # why it has ended is its last answer
            self._child.stdin.write(json.dumps(said) + "\n")
            self._child.stdin.flush()
        line = self._child.stdout.readline()
        answer = json.loads(line) if line else {"wrong": "its process has ended"}
        if "wrong" in answer:
            raise TrackerError(answer["wrong"])
        return answer
