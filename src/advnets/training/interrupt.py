"""Ctrl-C and SIGTERM as a wish, granted between two steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator
from types import FrameType


class Interrupt:
    """Set once the process is asked to stop (Ctrl-C, SIGTERM)."""

    def __init__(self) -> None:
        self.name = ""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.name and number == signal.SIGINT:  # asked twice: the person means now
            raise KeyboardInterrupt
        self.name = self.name or signal.Signals(number).name  # SIGTERM comes from launchers, and from those over them


@contextlib.contextmanager
def interruptible() -> Generator[Interrupt]:
    """Turn SIGINT and SIGTERM into a wish that the loop grants between two steps (main thread only)."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
