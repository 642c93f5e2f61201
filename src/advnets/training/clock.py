"""Seconds of training, and the speed since the last line of the log."""

from __future__ import annotations

import time

from advnets.training.trainer import Trainer


class Clock:
    """Of one sitting; seconds of those before it count on."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._begin = time.perf_counter() - trainer.seconds
        self._mark = (trainer.step, time.perf_counter())

    def lap(self) -> float:
        """Steps a second since the last lap."""
        step, then = self._mark
        now = time.perf_counter()
        self._mark = (self._trainer.step, now)
        return (self._trainer.step - step) / max(now - then, 1e-9)

    def stamp(self) -> float:
        """Seconds of training so far, those before a resume included."""
        self._trainer.seconds = time.perf_counter() - self._begin
        return self._trainer.seconds
