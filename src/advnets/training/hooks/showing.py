"""How a training goes, shown between the lines of its log: a slow one has none for minutes."""

from __future__ import annotations

import time

from advnets.runs.durations import in_words
from advnets.training.growth import images_a_step
from advnets.training.session import Session


class Showing:
    """Says once how fast it goes, and gives the display figures whenever that has room for a line and the log has none.

    They are shown and not recorded: what metrics.jsonl holds does not depend on the clock.
    """

    def __init__(self, begin: int) -> None:
        self._begin, self._mark = begin, (begin, time.perf_counter())
        self._waited = self._said = False

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, now, due = session.trainer, time.perf_counter(), session.display.due()
        (step, then), first = self._mark, trainer.step == self._begin + 1
        rate = (trainer.step - step) / max(now - then, 1e-9)
        self._waited = self._waited or due
        if due or first:
            self._mark = (trainer.step, now)
        if trainer.step >= trainer.recipe.steps:
            return
        if self._waited and not self._said and not first:  # which takes longer than others
            recipe = trainer.recipe
            left = None if recipe.budget_seconds is None else recipe.budget_seconds - session.clock.stamp()
            session.display.say(speed(rate, images_a_step(recipe), recipe.steps, trainer.step, left))
            self._said = True
        if due and session.line is None:
            session.line = {"steps_per_second": rate, **trainer.figures(session.outcomes)}


def speed(rate: float, images_a_step: int, steps: int, step: int, seconds: float | None = None) -> str:
    """What a step takes and when the training will end, in words.

    Args:
        rate: steps a second.
        images_a_step: real images in a step.
        steps: of the training.
        step: how many of them are done.
        seconds: that are left of its budget, if it has one.
    """
    took = 1 / max(rate, 1e-9)
    each = f"{took:.2g} s" if took >= 0.01 else f"{1000 * took:.2g} ms"
    spoken = f"speed: {each} a step, {rate * images_a_step:,.0f} images/s"
    if seconds is not None:
        return f"{spoken}; {in_words(max(seconds, 0))} left, about {seconds * rate:,.0f} steps"
    return f"{spoken}; about {in_words((steps - step) * took)} to the end at step {steps:,}"
