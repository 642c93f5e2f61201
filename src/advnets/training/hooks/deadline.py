"""The end of a budget of time."""

from __future__ import annotations

from advnets.training.session import Session

_ENDING = 0.01  # of the budget that what comes after the last step is left


class Deadline:
    """Ends a training when its budget is spent: the step that it has reached becomes its last one."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, budget = session.trainer, session.trainer.recipe.budget_seconds
        if budget is None or trainer.step >= trainer.recipe.steps or session.clock.stamp() < (1 - _ENDING) * budget:
            return
        trainer.recipe = trainer.recipe.replace(steps=trainer.step)
        session.run.write_recipe(trainer.recipe)
