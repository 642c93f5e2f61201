"""Play the game to its last step: log, pictures, checkpoints; stop in order when told to."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from advnets import figures
from advnets.data.toys import open_points
from advnets.training import checkpoint
from advnets.training.directory import RunDirectory, writing
from advnets.training.measuring import Measuring, at_rest, best_step
from advnets.training.progress import ProgressDisplay, progress_display
from advnets.training.trainer import Trainer

_FIXED_LATENTS = 64
_FIXED_SEED = 0


class Interrupt:
    """Set once the process is asked to stop (Ctrl-C, SIGTERM)."""

    def __init__(self) -> None:
        self.name = ""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.name:  # asked twice: the person means now
            raise KeyboardInterrupt
        self.name = signal.Signals(number).name


def play(trainer: Trainer, run: RunDirectory, notes: Sequence[str] = (), measuring: Measuring | None = None) -> str:
    """Train from the trainer's step to the recipe's last, keeping everything in `run`.

    Args:
        trainer: the game, new or restored.
        run: where everything is kept.
        notes: lines to show before the first step.
        measuring: what is measured on the way.

    Returns:
        The status: "done", "at rest" when the measure no longer got better, or "stopped" when a signal ended it early
        (each with a checkpoint).

    Raises:
        DivergedError: a cost or weight is not finite. The checkpoints are those of before.
        RunError: the run directory cannot be written.
    """
    recipe = trainer.recipe
    k = recipe.discriminator_steps if recipe.schedule == "alternating" else 1
    display = progress_display(recipe.steps, trainer.step, recipe.batch * k)
    with run.lock(), _interruptible() as interrupt, _events(run, trainer.step) as events, display:
        for note in notes:
            display.say(note)
        clock = _Clock(trainer)
        resting = at_rest(run.read_measures(), recipe.measure)
        while trainer.step < recipe.steps and not interrupt.name and not resting:
            _one_step(trainer, run, clock, events, display, measuring)
            if measuring is not None and measuring.due(trainer.step):
                resting = at_rest(run.read_measures(), recipe.measure)
        if interrupt.name:
            display.say(f"{interrupt.name}: stopping at step {trainer.step:,} with a checkpoint")
        elif resting:
            judge, patience = recipe.measure.judge, recipe.measure.patience
            display.say(f"{judge} did not get better in {patience} measurements: ending at step {trainer.step:,}")
        _keep(trainer, run, clock)
    if trainer.step >= recipe.steps:
        return "done"
    return "at rest" if resting else "stopped"


class _Clock:
    """Seconds of training, and the speed since the last line of the log."""

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


def _one_step(
    trainer: Trainer,
    run: RunDirectory,
    clock: _Clock,
    events: Any,
    display: ProgressDisplay,
    measuring: Measuring | None,
) -> None:
    recipe = trainer.recipe
    outcome = trainer.advance()
    line: dict[str, float] | None = None
    if trainer.step % recipe.log_every == 0 or trainer.step == recipe.steps:
        measured = trainer.figures(outcome)
        trainer.check_finite(measured)
        line = {
            "step": trainer.step, "images": trainer.images, "seconds": round(clock.stamp(), 3),
            "steps_per_second": round(clock.lap(), 3), **measured,
        }  # fmt: skip
        run.append_metrics(line)
        with writing(run.path):
            for name, value in measured.items():
                events.add_scalar(name, value, trainer.step)
    if recipe.sample_every and trainer.step % recipe.sample_every == 0:
        _picture(trainer, run)
    if measuring is not None and measuring.due(trainer.step):  # before the checkpoint, which counts on its line
        _measure(trainer, run, clock, measuring, events, display)
    if trainer.step % recipe.checkpoint_every == 0 and trainer.step < recipe.steps:
        _keep(trainer, run, clock)
    display.show(trainer.step, line)


def _measure(
    trainer: Trainer, run: RunDirectory, clock: _Clock, measuring: Measuring, events: Any, display: ProgressDisplay
) -> None:
    """Add a line to measures.jsonl, and keep the checkpoint if it is the best so far."""
    trainer.check_finite({})
    line = measuring.take(trainer, clock.stamp() / trainer.step)
    run.append_measures(line)
    said = [f"{name} {found['value']:.4g}" for name, found in line["measures"].items()]
    said += [f"{name} was not taken: {why}" for name, why in line.get("refused", {}).items()]
    display.say(f"step {trainer.step:,}: {', '.join(said)} ({line['count']:,} samples)")
    with writing(run.path):
        for name, found in line["measures"].items():
            events.add_scalar(f"measures/{name}", found["value"], trainer.step)
    if best_step(run.read_measures(), trainer.recipe.measure.judge) == trainer.step:
        _keep(trainer, run, clock)


def _keep(trainer: Trainer, run: RunDirectory, clock: _Clock) -> None:
    """Write a checkpoint, unless what it would hold is not worth keeping."""
    trainer.check_finite({})
    clock.stamp()
    run.flush_logs()
    judge = trainer.recipe.measure.judge
    best = best_step(run.read_measures(), judge) if judge else None
    with writing(run.path):
        checkpoint.save(run.checkpoints, trainer.checkpoint(), trainer.recipe.keep_checkpoints, best)


def _picture(trainer: Trainer, run: RunDirectory) -> None:
    trainer.sync_buffers()
    made = trainer.sampler.draw(_FIXED_LATENTS if len(trainer.shape) == 3 else 2000, _FIXED_SEED)
    with writing(run.path):
        save_samples(made, run.samples / f"step-{trainer.step:08d}.png", trainer.recipe.data)


def save_samples(made: np.ndarray[Any, Any], path: Path, data: str) -> None:
    """A picture of samples: a grid of images, or points in the plane above those of the toy `data`.

    Raises:
        OSError: it cannot be written.
    """
    if made.dtype == np.uint8:
        figures.save(figures.grid(made), path)
    else:
        figures.scatter(made, open_points(data).points[: len(made)], path)


@contextlib.contextmanager
def _events(run: RunDirectory, step: int) -> Generator[Any]:
    from torch.utils.tensorboard.writer import SummaryWriter  # a second: only a training pays it

    with writing(run.path):
        events = SummaryWriter(str(run.path), purge_step=step + 1 if step else None)
    try:
        yield events
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong first is what the user hears of
            events.close()
        raise
    with writing(run.path):
        events.close()


@contextlib.contextmanager
def _interruptible() -> Generator[Interrupt]:
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
