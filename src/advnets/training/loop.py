"""Play the game to its last step: hooks after each step; stop in order when told to."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import Any

from advnets.measures.progress import at_rest
from advnets.runs.directory import RunDirectory, writing
from advnets.training.clock import Clock
from advnets.training.growth import images_a_step
from advnets.training.hooks.beginning import begin
from advnets.training.hooks.deadline import Deadline
from advnets.training.hooks.keeping import Keeping
from advnets.training.hooks.log import Log
from advnets.training.hooks.measuring import Measuring
from advnets.training.hooks.pictures import Pictures
from advnets.training.hooks.progress import Spent, progress_display
from advnets.training.hooks.showing import Showing
from advnets.training.hooks.threads import following
from advnets.training.hooks.tracking import Tracking
from advnets.training.hooks.watch import Watch
from advnets.training.hooks.watching import Watching
from advnets.training.interrupt import Interrupt, interruptible
from advnets.training.session import Hook, Session
from advnets.training.trackers.telling import telling
from advnets.training.trainer import Trainer
from advnets.world import ADVANCE


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
        The status: "done", "at rest" when the measure no longer got better, "pruned" when it was found hopeless,
        "stopped" when a signal ended it early (each with a checkpoint), or "collapsed" when the watch did.

    Raises:
        DivergedError: a cost or weight is not finite. The checkpoints are those of before.
        RunError: the run directory cannot be written.
    """
    recipe = trainer.recipe
    clock, budget = Clock(trainer), recipe.budget_seconds
    spent = None if budget is None else Spent(budget, clock.stamp)
    display = progress_display(recipe.steps, trainer.step, images_a_step(recipe), spent)
    with run.lock(), interruptible() as interrupt:
        for note in notes:  # before what takes a second
            display.say(note)
        told = telling(recipe.track, run, recipe, trainer.step, display.say)
        with _events(run, trainer.step) as events, told as trackers:
            session = Session(trainer, run, display, events, trackers, clock)
            hooks = _hooks(session, measuring, watch)
            session.ending = _ended_before(session, measuring, watch)
            if trainer.step == 0 and not recipe.watch.rollbacks:  # else it has been said
                begin(session, watch)
            with display, following(trainer) as threads:
                last = [] if threads is None else [threads]
                _advance(session, [*hooks, Showing(trainer.step), *last], interrupt)
                trackers.status = _end(session, interrupt.name)
                return trackers.status


def _advance(session: Session, hooks: Sequence[Hook], interrupt: Interrupt) -> None:
    """Play steps until the last one is done, or something ends the training before it."""
    trainer, world = session.trainer, session.trainer.world
    while trainer.step < trainer.recipe.steps and not (interrupt.name or session.ending):
        if world.order(ADVANCE, bool(interrupt.name))[1]:
            interrupt.name = interrupt.name or "SIGTERM"  # another process was asked to stop
        session.outcomes = trainer.advance()
        for hook in hooks:
            hook.after_step(session)
        session.display.show(trainer.step, session.line)


def _hooks(session: Session, measuring: Measuring | None, watch: Watch | None) -> list[Hook]:
    """What is done after each step, in this order: the checkpoint counts on the lines of those before it."""
    watching = None if watch is None else Watching(watch)
    if watching is not None:
        session.spares.append(lambda: watching.worth_keeping(session))
    budget = session.trainer.recipe.budget_seconds
    deadline = None if budget is None else Deadline(budget)
    hooks: list[Hook | None] = [deadline, Log(), Pictures(), watching, measuring, Keeping(), Tracking()]
    return [hook for hook in hooks if hook is not None]


def _ended_before(session: Session, measuring: Measuring | None, watch: Watch | None) -> str:
    """Why a training that goes on from a checkpoint ends there: what was due when it was killed."""
    if watch is not None and watch.unheeded(session.trainer.step):
        return "collapsed"
    measure = session.trainer.recipe.measure
    if at_rest(session.run.read_measures(), measure.judge, measure.patience):
        return "at rest"
    return "pruned" if measuring is not None and measuring.hopeless(session) else ""


def _end(session: Session, interrupted: str) -> str:
    """Say how it ended, keep a checkpoint unless the way back leads elsewhere, and return the status."""
    trainer, recipe = session.trainer, session.trainer.recipe
    collapsed, doing = session.ending == "collapsed", recipe.watch.doing
    if interrupted:
        session.display.say(f"{interrupted}: stopping at step {trainer.step:,} with a checkpoint")
    elif session.ending == "at rest":
        judge, patience = recipe.measure.judge, recipe.measure.patience
        session.display.say(f"{judge} did not get better in {patience} measurements: ending at step {trainer.step:,}")
    elif session.ending == "pruned":
        session.display.say(f"pruned at step {trainer.step:,}")
    if interrupted or not (collapsed and doing == "rollback"):
        session.keep()
    if collapsed and (doing == "stop" or not interrupted):
        return "collapsed"
    if trainer.step >= recipe.steps:
        return "done"
    return session.ending if session.ending and not collapsed else "stopped"


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
