"""Training by epochs, with a checkpoint after each: what is common to the rivals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from advnets.training import checkpoint
from advnets.training.checkpoint import Checkpoint

_KEPT = 2


class Learner(Protocol):
    """What learns. An epoch is a function of the state before it and of its number, which seeds all its randomness."""

    def epoch(self, number: int) -> Mapping[str, float]:
        """Go once through the data; returns figures of the course. The first epoch is number 0."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything that later epochs depend on, optimizer included."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Become what `state` is of."""
        ...


def learn(
    learner: Learner, epochs: int, folder: Path | None, say: Callable[[str], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Train to the end of epoch `epochs`, from the newest sound checkpoint in `folder` on.

    Args:
        learner: what learns.
        epochs: how many in all.
        folder: where checkpoints lie; None: nothing is kept.
        say: is told the figures of each epoch.

    Returns:
        A line of figures for each epoch, those before a kill included.

    Raises:
        RunError: a checkpoint of a later version.
        OSError: the folder cannot be written.
    """
    lines: list[dict[str, Any]] = []
    if folder is not None:
        found, _ = checkpoint.newest(folder)
        if found is not None:
            learner.restore(found.tensors["state"])
            lines = json.loads(found.state["lines"])
    for number in range(len(lines), epochs):
        lines.append({"epoch": number + 1, **learner.epoch(number)})
        say(", ".join(f"{name} {value:,.5g}" for name, value in lines[-1].items()))
        if folder is not None:
            facts = {"lines": json.dumps(lines)}
            checkpoint.save(folder, Checkpoint(number + 1, {"state": learner.state()}, facts), _KEPT)
    return lines
