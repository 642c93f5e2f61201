"""metrics.jsonl: costs and mean scores, every so many steps."""

from __future__ import annotations

from advnets.training.session import Session
from advnets.training.trackers.records import of_log


class Log:
    """Adds a line every `log_every` steps and after the last one; a figure that is not finite ends the training."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, recipe = session.trainer, session.trainer.recipe
        session.line = None
        if trainer.step % recipe.log_every and trainer.step != recipe.steps:
            return
        measured = trainer.figures(session.outcomes)
        trainer.check_finite(measured)
        session.line = {
            "step": trainer.step, "images": trainer.images, "seconds": round(session.clock.stamp(), 3),
            "steps_per_second": round(session.clock.lap(), 3), **measured,
        }  # fmt: skip
        session.run.append_metrics(session.line)
        session.plot(measured)
        session.told.scalars(trainer.step, of_log(session.line))
