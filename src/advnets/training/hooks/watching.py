"""The Helvetica watch while a training runs: looks, alarms, and what follows from them."""

from __future__ import annotations

from pathlib import Path

from advnets.figures import by_class, save, save_samples
from advnets.runs import checkpoint
from advnets.runs.directory import writing
from advnets.training.hooks.watch import FIGURES, Watch
from advnets.training.session import Session
from advnets.training.trainer import Trainer


class Watching:
    """Looks when it is time to; on an alarm says so, with a picture, and does what the recipe asks."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def after_step(self, session: Session) -> None:
        """See the class."""
        if self._watch.due(session.trainer.step):
            self._look(session)
        self._watch.prepare(session.trainer)

    def worth_keeping(self, session: Session) -> set[int]:
        """The steps to go back to: the last sound one, and the beginning of a game that never rose."""
        watch = self._watch
        kept = set[int]() if watch.risen else {0}
        if watch.last_healthy is not None and watch.last_healthy < session.trainer.step:
            sound = checkpoint.newest_step(session.run.checkpoints, watch.last_healthy)
            kept |= set() if sound is None else {sound}
        return kept

    def _look(self, session: Session) -> None:
        trainer = session.trainer
        line = self._watch.look(trainer)
        session.run.append_watch(line)
        if self._watch.thorough(trainer.step):  # a point of a curve costs as much as a look
            session.plot({f"watch/{name}": line[name] for name in FIGURES if line.get(name) is not None})
        if not self._watch.alarm_at(trainer.step):
            return
        trainer.check_finite({})  # of a training that diverged, that is what to say
        path = session.run.samples / f"helvetica-{trainer.step:08d}.png"
        with writing(session.run.path):
            self._draw(trainer, path)
        session.told.picture(trainer.step, path)
        for said in self._watch.alarm(path):
            session.display.say(said)
        if trainer.recipe.watch.doing in ("stop", "rollback"):
            session.ending = "collapsed"

    def _draw(self, trainer: Trainer, path: Path) -> None:
        """The fakes of the alarm; in rows by class where something is amiss with the classes."""
        grid = self._watch.classes
        if grid is None or len(trainer.shape) != 3:
            fakes = self._watch.fakes(trainer)
            save_samples(fakes, path, trainer.data.points(len(fakes)), trainer.data.columns)
        else:
            save(by_class(grid.picture(trainer), grid.names), path)  # type: ignore[arg-type]  # images are bytes
