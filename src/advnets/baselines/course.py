"""Training by epochs, with a checkpoint after each: what is common to the rivals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from advnets.errors import RunError
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
    learner: Learner,
    epochs: int,
    folder: Path | None,
    say: Callable[[str], None] = lambda _: None,
    of: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Train to the end of epoch `epochs`, from the newest sound checkpoint in `folder` on.

    Args:
        learner: what learns.
        epochs: how many in all.
        folder: where checkpoints lie; None: nothing is kept.
        say: is told the figures of each epoch.
        of: what the training depends on, as JSON: checkpoints of another training are refused.

    Returns:
        A line of figures for each epoch, those before a kill included.

    Raises:
        RunError: a checkpoint of a later version or of another training.
        OSError: the folder cannot be written.
    """
    lines: list[dict[str, Any]] = []
    seconds = 0.0
    key = json.dumps(of, sort_keys=True)
    if folder is not None:
        found, _ = checkpoint.newest(folder)
        checkpoint.discard_after(folder, -1 if found is None else found.step)  # what is damaged is written again
        if found is not None:
            if found.state.get("of") != key:
                raise RunError(f"{folder} has checkpoints of another training", "give another folder, or remove it")
            learner.restore(found.tensors["state"])
            lines, seconds = json.loads(found.state["lines"]), found.state.get("seconds", 0.0)
    for number in range(len(lines), epochs):
        begun = time.perf_counter()
        lines.append({"epoch": number + 1, **learner.epoch(number)})
        seconds += time.perf_counter() - begun
        say(", ".join(f"{name} {value:,.5g}" for name, value in lines[-1].items()))
        if folder is not None:
            facts = {"lines": json.dumps(lines), "of": key, "seconds": seconds}
            checkpoint.save(folder, Checkpoint(number + 1, {"state": learner.state()}, facts), _KEPT)
    return lines


def trained_seconds(folder: Path) -> float:
    """Seconds of training of all that was learned in `folder` and the folders in it, those before a kill included."""
    found = (checkpoint.newest(place)[0] for place in (folder, *(each for each in folder.iterdir() if each.is_dir())))
    return sum(float(each.state["seconds"]) for each in found if each is not None)
