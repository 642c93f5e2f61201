"""checkpoints/: at the steps that the recipe has one at."""

from __future__ import annotations

from advnets.runs.retention import due
from advnets.training.session import Session


class Keeping:
    """Writes a checkpoint every `checkpoint_every` and every `keep_every` steps; the one at the end is the loop's."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        step, recipe = session.trainer.step, session.trainer.recipe
        if step < recipe.steps and due(recipe, step):
            session.keep()
