"""Learning by epochs, with a checkpoint after each: what is common to the rivals."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
import zlib
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.devices import resolve_precision
from advnets.errors import RecipeError, RunError
from advnets.files import held
from advnets.runs import checkpoint
from advnets.runs.checkpoint import Checkpoint

_KEPT = 2
Say = Callable[[str], None]
"""Is told how far a training is."""


def silent(text: str) -> None:
    """Tells nobody."""
    del text


class Learner(Protocol):
    """What learns. An epoch is a function of the state before it and of its number, which seeds all its randomness."""

    def epoch(self, number: int) -> Mapping[str, float]:
        """Go once through the data; returns its figures. The first epoch is number 0."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Everything that later epochs depend on, optimizer included."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Become what `state` is of."""
        ...


def products_of(precision: str) -> torch.dtype:
    """The dtype of a rival's matrix products on this machine.

    Raises:
        RecipeError: there is no such precision.
    """
    if precision not in ("auto", "float32", "bfloat16"):
        raise RecipeError(f"unknown precision {precision!r}", "use auto, float32 or bfloat16")
    return resolve_precision(precision, torch.device("cpu"))


def identity(config: Any, seed: int, images: npt.NDArray[Any]) -> dict[str, Any]:
    """What a rival's training is of, as JSON: `learn` goes on from checkpoints of the same alone.

    Args:
        config: its settings, a dataclass with a `precision`; "auto" counts as what it means on this machine.
        seed: of all that it draws.
        images: what it learns from, to the byte and in this order.
    """
    settings = {**dataclasses.asdict(config), "precision": str(products_of(config.precision))}
    data = {"shape": list(images.shape), "bytes": zlib.crc32(np.ascontiguousarray(images).data)}
    return {"config": settings, "seed": seed, "images": data}


def learn(
    learner: Learner,
    epochs: int,
    folder: Path | None,
    say: Say = silent,
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
        RunError: a checkpoint of a later version or of another training, or another process is at it.
        OSError: the folder cannot be written.
    """
    lines: list[dict[str, Any]] = []
    seconds, key = 0.0, json.dumps(of, sort_keys=True)
    with contextlib.nullcontext() if folder is None else _alone(folder):
        if folder is not None:
            lines, seconds = _taken_up(folder, learner, key)
        for number in range(len(lines), epochs):
            begun = time.perf_counter()
            lines.append({"epoch": number + 1, **learner.epoch(number)})
            seconds += time.perf_counter() - begun
            say(", ".join(f"{name} {value:,.5g}" for name, value in lines[-1].items()))
            if folder is not None:
                facts = {"lines": json.dumps(lines), "of": key, "seconds": seconds}
                checkpoint.save(folder, Checkpoint(number + 1, {"state": learner.state()}, facts), _KEPT)
    return lines


def of_layer(place: int, folder: Path | None, say: Say) -> tuple[Path | None, Say]:
    """Where the checkpoints of a stack's layer lie, and who is told of it.

    Args:
        place: the layer's, from 0 up.
        folder: the stack's; None: nothing is kept.
        say: is told of the stack.
    """
    name = f"layer {place + 1}"
    return None if folder is None else folder / name.replace(" ", "-"), lambda text: say(f"{name}, {text}")


def _taken_up(folder: Path, learner: Learner, key: str) -> tuple[list[dict[str, Any]], float]:
    """Bring the learner to where the newest sound checkpoint is; the lines and seconds of the epochs until there."""
    found, _ = checkpoint.newest(folder)
    if found is not None and found.state.get("of") != key:
        raise RunError(f"{folder} has checkpoints of another training", "give another folder, or remove it")
    checkpoint.discard_after(folder, -1 if found is None else found.step)  # what is damaged is written again
    if found is None:
        return [], 0.0
    learner.restore(found.tensors["state"])
    return json.loads(found.state["lines"]), found.state.get("seconds", 0.0)


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the folder for this process: exhibits share trainings."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(folder))
        except BlockingIOError:
            raise RunError(f"{folder} is being trained by another process", "wait for it or stop it") from None
        yield


def trained_seconds(folder: Path) -> float:
    """Seconds of training of all that was learned in `folder` and the folders in it, those before a kill included."""
    found = (checkpoint.newest(place)[0] for place in (folder, *(each for each in folder.iterdir() if each.is_dir())))
    return sum(float(each.state.get("seconds", 0.0)) for each in found if each is not None)
