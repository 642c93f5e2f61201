"""checkpoints/: every so many steps."""

from __future__ import annotations

from advnets.training.session import Session


class Keeping:
    """Writes a checkpoint every `checkpoint_every` steps; the one at the end is the loop's."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, recipe = session.trainer, session.trainer.recipe
        if trainer.step % recipe.checkpoint_every == 0 and trainer.step < recipe.steps:
            session.keep()
