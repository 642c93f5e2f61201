"""Batches that grow while the training goes on: their sizes and places are functions of the update's number."""

from __future__ import annotations

from dataclasses import dataclass

from advnets.config.recipe import Recipe


@dataclass(frozen=True)
class Growth:
    """Sizes in stages, each for an equal part of the updates and a constant factor above the last.

    Source: Smith et al. 2018, "Don't decay the learning rate, increase the batch size".

    Args:
        first, last: rows of a batch in the first and in the last stage.
        stages: 2 or more.
        updates: of the discriminators in the whole training.
    """

    first: int
    last: int
    stages: int
    updates: int

    def size(self, update: int) -> int:
        """Rows of the batch of an update; of those after the last, rows of the last stage."""
        return self._of_stage(self._stage(update))

    def before(self, update: int) -> int:
        """Rows of all batches before that of an update."""
        stage = self._stage(update)
        rows = sum(self._of_stage(each) * (self._begin(each + 1) - self._begin(each)) for each in range(stage))
        return rows + self._of_stage(stage) * (update - self._begin(stage))

    def _stage(self, update: int) -> int:
        return min(update * self.stages // self.updates, self.stages - 1)

    def _begin(self, stage: int) -> int:
        """The first update of a stage."""
        return -(-stage * self.updates // self.stages)

    def _of_stage(self, stage: int) -> int:
        return round(self.first * (self.last / self.first) ** (stage / (self.stages - 1)))


def updates_a_step(recipe: Recipe) -> int:
    """Updates of the discriminators in a step; of an adaptive k, the fewest."""
    if recipe.coordination.most_discriminator_steps:
        return 1
    return recipe.discriminator_steps if recipe.schedule == "alternating" else 1


def growth_of(recipe: Recipe) -> Growth | None:
    """How batches grow; None where they do not."""
    config, updates = recipe.coordination, recipe.steps * updates_a_step(recipe)
    last = config.final_batch
    return Growth(recipe.batch, last, config.batch_stages, updates) if last else None


def images_a_step(recipe: Recipe) -> int:
    """Real images that the discriminators see in a step.

    Of batches that grow, on the average over the training; of an adaptive k, in the shortest step.
    """
    growth, updates = growth_of(recipe), recipe.steps * updates_a_step(recipe)
    return recipe.batch * updates_a_step(recipe) if growth is None else round(growth.before(updates) / recipe.steps)
