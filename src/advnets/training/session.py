"""One sitting of a training: what its hooks share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory, writing
from advnets.runs.retention import reasons
from advnets.training.clock import Clock
from advnets.training.gradients import Outcome
from advnets.training.hooks.progress import ProgressDisplay
from advnets.training.trackers.telling import Telling
from advnets.training.trainer import Trainer


class Hook(Protocol):
    """Something that is done after steps. Hooks come one after another, each in its place in `loop._hooks`."""

    def after_step(self, session: Session) -> None:
        """The session's trainer has just played a step."""
        ...


@dataclass
class Session:
    """What hooks share.

    Args:
        trainer: the game.
        run: where everything is kept.
        display: what the user sees.
        events: the curves' file.
        told: the trackers that are told, too.
        clock: seconds of training.
        outcomes: what the discriminators said in the last step.
        line: of the log, where the last step has one.
        ending: why the training ends before its last step: "at rest", "pruned", "collapsed"; empty while it goes on.
        spares: the hooks' say on which steps' checkpoints are kept beside those of the recipe's rules.
    """

    trainer: Trainer
    run: RunDirectory
    display: ProgressDisplay
    events: Any
    told: Telling
    clock: Clock
    outcomes: Sequence[Outcome] = ()
    line: Mapping[str, float] | None = None
    ending: str = ""
    spares: list[Callable[[], Collection[int]]] = field(default_factory=list[Callable[[], Collection[int]]])

    def keep(self) -> None:
        """Write a checkpoint, unless what it would hold is not finite, and remove those that no rule keeps.

        Raises:
            DivergedError: a weight is not finite.
            RunError: it cannot be written.
        """
        self.trainer.check_finite({})
        self.clock.stamp()
        self.run.flush_logs()
        with writing(self.run.path):
            checkpoint.write(self.run.checkpoints, self.trainer.checkpoint())
        kept = reasons(checkpoint.steps(self.run.checkpoints), self.trainer.recipe, self.run.read_measures())
        spared = {step for spare in self.spares for step in spare()}
        checkpoint.retain(self.run.checkpoints, kept.keys() | spared)

    def plot(self, values: Mapping[str, float]) -> None:
        """Add a point to each of these curves."""
        with writing(self.run.path):
            for name, value in values.items():
                self.events.add_scalar(name, value, self.trainer.step)
        self.told.scalars(self.trainer.step, values)
