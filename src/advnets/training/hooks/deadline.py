"""The end of a budget of time."""

from __future__ import annotations

from advnets.training.session import Session

ENDING = 0.01
"""Share of a budget that is left to what comes after the last step."""


class Deadline:
    """Ends a training when its budget is spent: the step that it has reached becomes its last one.

    Args:
        budget: seconds of it.
    """

    def __init__(self, budget: float) -> None:
        self._end = (1 - ENDING) * budget

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer = session.trainer
        if trainer.step < trainer.recipe.steps and session.clock.stamp() >= self._end:
            trainer.recipe = trainer.recipe.replace(steps=trainer.step)
            session.run.write_recipe(trainer.recipe)
