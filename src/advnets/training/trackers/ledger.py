"""What a tracker has been told so far, kept by the process that tells it, which outlives a training that is killed."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

from advnets.errors import AdvnetsError
from advnets.files import held, write_whole

_WAITS = 30.0  # seconds for the process of an earlier sitting to end


class Ledger:
    """`RUN/trackers/NAME/told.json`: the `key` of the tracker's run, the last `step` that it was told, and `rollbacks`.

    Args:
        folder: that it lies in.
        rollbacks: of the training. One that was rolled back is another run, of another key.
    """

    def __init__(self, folder: Path, rollbacks: int) -> None:
        self._path, self._rollbacks = folder / "told.json", rollbacks
        known: Any = None
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(self._path.read_bytes())
        self.key, self.step = uuid.uuid4().hex[:12], -1
        if isinstance(known, dict) and known.get("rollbacks") == rollbacks:
            key, step = known.get("key"), known.get("step")
            if isinstance(key, str) and isinstance(step, int):
                self.key, self.step = key, step
        self.note(self.step)

    def note(self, step: int) -> None:
        """Keep the last step that was told."""
        self.step = step
        said = {"key": self.key, "step": step, "rollbacks": self._rollbacks}
        write_whole(self._path, json.dumps(said).encode(), durable=False)


def folder_of(run: Path, name: str) -> Path:
    """Where a run keeps what a tracker was told."""
    return run / "trackers" / name


@contextlib.contextmanager
def alone(folder: Path) -> Generator[None]:
    """Be the only process that speaks to a tracker: one of a sitting that was killed may have something to end.

    Raises:
        AdvnetsError: it does not come to an end.
    """
    until = time.monotonic() + _WAITS
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(folder))
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise AdvnetsError("an earlier process speaks to it still", f"it holds {folder}/.lock") from None
                time.sleep(0.05)
        yield
