"""Play the game to its last step: log, pictures, checkpoints; stop in order when told to."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from types import FrameType
from typing import Any

from advnets import figures
from advnets.measures.progress import at_rest, best_step
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory, writing
from advnets.training.algorithm import Outcome
from advnets.training.hooks.measuring import Measuring
from advnets.training.hooks.progress import ProgressDisplay, progress_display
from advnets.training.hooks.watch import FIGURES, Watch
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


def play(
    trainer: Trainer,
    run: RunDirectory,
    notes: Sequence[str] = (),
    measuring: Measuring | None = None,
    watch: Watch | None = None,
) -> str:
    """Train from the trainer's step to the recipe's last, keeping everything in `run`.

    Args:
        trainer: the game, new or restored.
        run: where everything is kept.
        notes: lines to show before the first step.
        measuring: what is measured on the way.
        watch: what looks out for a collapse on the way.

    Returns:
        The status: "done", "at rest" when the measure no longer got better, "stopped" when a signal ended it early
        (each with a checkpoint), or "collapsed" when the watch did.

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
        session = _Session(trainer, run, _Clock(trainer), events, display, measuring, watch)
        session.collapsed = watch is not None and watch.unheeded(trainer.step)
        while trainer.step < recipe.steps and not (interrupt.name or session.resting or session.collapsed):
            session.advance()
        if interrupt.name:
            display.say(f"{interrupt.name}: stopping at step {trainer.step:,} with a checkpoint")
        elif session.resting and not session.collapsed:
            judge, patience = recipe.measure.judge, recipe.measure.patience
            display.say(f"{judge} did not get better in {patience} measurements: ending at step {trainer.step:,}")
        if interrupt.name or not (session.collapsed and recipe.watch.doing == "rollback"):
            session.keep()
    if session.collapsed and (recipe.watch.doing == "stop" or not interrupt.name):
        return "collapsed"
    if trainer.step >= recipe.steps:
        return "done"
    return "at rest" if session.resting else "stopped"


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


class _Session:
    """One sitting of a training: what is done after each step, and whether it should end."""

    def __init__(
        self,
        trainer: Trainer,
        run: RunDirectory,
        clock: _Clock,
        events: Any,
        display: ProgressDisplay,
        measuring: Measuring | None,
        watch: Watch | None,
    ) -> None:
        self.trainer, self.run, self.recipe = trainer, run, trainer.recipe
        self._clock, self._events, self._display = clock, events, display
        self._measuring, self._watch = measuring, watch
        self.resting = self._at_rest()
        self.collapsed = False

    def advance(self) -> None:
        """One iteration, and what is due after it: log, picture, look, measurement, checkpoint."""
        trainer, recipe = self.trainer, self.recipe
        outcome = trainer.advance()
        line = None
        if trainer.step % recipe.log_every == 0 or trainer.step == recipe.steps:
            line = self._log(outcome)
        if recipe.sample_every and trainer.step % recipe.sample_every == 0:
            self._picture()
        # Both before the checkpoint, which counts on their lines.
        if self._watch is not None:
            self._attend(self._watch)
        if self._measuring is not None and self._measuring.due(trainer.step):
            self._measure(self._measuring)
        if trainer.step % recipe.checkpoint_every == 0 and trainer.step < recipe.steps:
            self.keep()
        self._display.show(trainer.step, line)

    def keep(self) -> None:
        """Write a checkpoint, unless what it would hold is not worth keeping."""
        self.trainer.check_finite({})
        self._clock.stamp()
        self.run.flush_logs()
        with writing(self.run.path):
            checkpoint.save(
                self.run.checkpoints, self.trainer.checkpoint(), self.recipe.keep_checkpoints, self._worth_keeping()
            )

    def _worth_keeping(self) -> set[int]:
        """The steps whose checkpoints outlive the newest ones: the best by the measure, the last before a fall."""
        judge, watch = self.recipe.measure.judge, self._watch
        best = best_step(self.run.read_measures(), judge) if judge else None
        begun = 0 if watch is not None and not watch.risen else None  # a game that never rises goes back there
        sound = None
        if watch is not None and watch.last_healthy is not None and watch.last_healthy < self.trainer.step:
            sound = checkpoint.newest_step(self.run.checkpoints, watch.last_healthy)
        return {step for step in (best, sound, begun) if step is not None}

    def _log(self, outcome: Outcome) -> dict[str, float]:
        trainer = self.trainer
        measured = trainer.figures(outcome)
        trainer.check_finite(measured)
        line = {
            "step": trainer.step, "images": trainer.images, "seconds": round(self._clock.stamp(), 3),
            "steps_per_second": round(self._clock.lap(), 3), **measured,
        }  # fmt: skip
        self.run.append_metrics(line)
        self._plot(measured)
        return line

    def _measure(self, measuring: Measuring) -> None:
        """Add a line to measures.jsonl, and keep the checkpoint if it is the best so far."""
        trainer = self.trainer
        trainer.check_finite({})
        line = measuring.take(trainer, self._clock.stamp() / trainer.step)
        self.run.append_measures(line)
        said = [f"{name} {found['value']:.4g}" for name, found in line["measures"].items()]
        said += [f"{name} was not taken: {why}" for name, why in line.get("refused", {}).items()]
        self._display.say(f"step {trainer.step:,}: {', '.join(said)} ({line['count']:,} samples)")
        if measuring.warning:
            self._display.say(measuring.warning)
            measuring.warning = ""
        self._plot({f"measures/{name}": found["value"] for name, found in line["measures"].items()})
        if best_step(self.run.read_measures(), self.recipe.measure.judge) == trainer.step:
            self.keep()
        self.resting = self._at_rest()

    def _at_rest(self) -> bool:
        config = self.recipe.measure
        return at_rest(self.run.read_measures(), config.judge, config.patience)

    def _attend(self, watch: Watch) -> None:
        """Look, if it is time to."""
        if watch.due(self.trainer.step):
            self._look(watch)
        watch.prepare(self.trainer)

    def _look(self, watch: Watch) -> None:
        """Add a line to watch.jsonl; on an alarm say so, with a picture, and do what the recipe asks."""
        trainer = self.trainer
        line = watch.look(trainer)
        self.run.append_watch(line)
        self._plot({f"watch/{name}": line[name] for name in FIGURES if line.get(name) is not None})
        if not watch.alarm_at(trainer.step):
            return
        trainer.check_finite({})  # of a training that diverged, that is what to say
        path = self.run.samples / f"helvetica-{trainer.step:08d}.png"
        with writing(self.run.path):
            figures.save_samples(watch.fakes(trainer), path, trainer.data.values)
        for said in watch.alarm(path):
            self._display.say(said)
        self.collapsed = self.recipe.watch.doing in ("stop", "rollback")

    def _plot(self, values: Mapping[str, float]) -> None:
        with writing(self.run.path):
            for name, value in values.items():
                self._events.add_scalar(name, value, self.trainer.step)

    def _picture(self) -> None:
        trainer = self.trainer
        trainer.sync_buffers()
        made = trainer.sampler.draw(_FIXED_LATENTS if len(trainer.shape) == 3 else 2000, _FIXED_SEED)
        with writing(self.run.path):
            figures.save_samples(made, self.run.samples / f"step-{trainer.step:08d}.png", trainer.data.values)


@contextlib.contextmanager
def _events(run: RunDirectory, step: int) -> Generator[Any]:
    from torch.utils.tensorboard.writer import SummaryWriter  # a second: only a training pays it

    with writing(run.path):
        before = any(run.path.glob("events.out.tfevents.*"))  # a rollback may lead back to step 0
        events = SummaryWriter(str(run.path), purge_step=step + 1 if before else None)
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
