"""Adaptive k: how many updates D has for each of G follows from its accuracy on rows that it was never trained on.

Algorithm 1 leaves k to who trains. D should stay near its best answer to G (Goodfellow et al. 2014, section 4): where
held-out rows say that it is not, it has more updates; where it is far ahead, fewer, which cost less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Pace:
    """The k of the next step, and how many updates the discriminators have had.

    Args:
        k: to begin with.
        most: k goes from 1 to this.
        wanted: accuracy below which k rises by one; else it falls by one.
        every: steps between decisions; the first comes after so many.
        measure: step -> accuracy on held-out rows, between 0.5 and 1.
    """

    def __init__(self, k: int, most: int, wanted: float, every: int, measure: Callable[[int], float]) -> None:
        self.k, self.updates, self.accuracy = k, 0, None
        self._most, self._wanted, self._every, self._measure = most, wanted, every, measure

    k: int
    updates: int
    accuracy: float | None

    def begin(self, step: int) -> tuple[int, int]:
        """The number of the discriminators' first update in a step, and how many updates they have in it.

        To be asked once a step, at its beginning.
        """
        if step and step % self._every == 0:
            self.accuracy = self._measure(step)
            self.k = min(self.k + 1, self._most) if self.accuracy < self._wanted else max(self.k - 1, 1)
        first, self.updates = self.updates, self.updates + self.k
        return first, self.k

    def planned(self, step: int, steps: int) -> int:
        """Updates of the discriminators in the whole training, were they as many a step as so far: for their rates."""
        return max(self.updates, round(steps * self.updates / (step + 1)))

    @property
    def figures(self) -> dict[str, float]:
        """What the log says: k, by a name that no game's own figure has, and the accuracy that it follows from."""
        known = {} if self.accuracy is None else {"held_out_accuracy": self.accuracy}
        return {"adaptive_k": float(self.k), **known}

    @property
    def state(self) -> dict[str, Any]:
        """Plain values that a checkpoint keeps."""
        return {"k": self.k, "updates": self.updates, "accuracy": self.accuracy}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.k, self.updates, self.accuracy = saved["k"], saved["updates"], saved["accuracy"]
