"""Trainings that are made worse step by step, as by a user who edits a recipe and resumes; what is left of classes.

Both rates, or G's alone, grow by a factor every 25 steps; or G takes ever more steps for each of D's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import Table
from advnets.measures.features import extractor
from advnets.training.trainer import Trainer
from benchmarks.speed.contests import data_of

STAGE, FAKES = 25, 500

Worse = Callable[[Recipe, int], Recipe]


def rates(factor: float) -> Worse:
    """Both players' rates grow by `factor` at each stage."""
    return lambda recipe, stage: _faster(recipe, factor**stage, factor**stage)


def rate_of_g(factor: float) -> Worse:
    """G's rate grows by `factor` at each stage."""
    return lambda recipe, stage: _faster(recipe, factor**stage, 1.0)


def ahead(more: int, factor: float = 1.0) -> Worse:
    """G takes `more` further steps for each of D's at each stage, and its rate grows by `factor`."""
    return lambda recipe, stage: _faster(recipe, factor**stage, 1.0).replace(
        schedule="alternating", generator_steps=1 + more * stage
    )


def _faster(recipe: Recipe, g: float, d: float) -> Recipe:
    rates = {name: player.optimizer.rate for name, player in recipe.players.items()}
    return recipe.replace(
        **{"generator.rate": rates["generator"] * g, "discriminator.rate": rates["discriminator"] * d}
    )


@dataclass(frozen=True)
class Case:
    """One run: a recipe with changes, and for a collapsing one how it gets worse from which step on."""

    kind: str
    name: str
    recipe: str
    steps: int
    seed: int
    changes: dict[str, Any] = field(default_factory=dict)
    worse: Worse | None = None
    switch: int = 0

    @property
    def resolved(self) -> Recipe:
        """The recipe that it begins with."""
        return load_recipe(self.recipe).replace(steps=self.steps, seed=self.seed, **self.changes)


def trained(case: Case, table: Table) -> Iterator[Trainer]:
    """The case's trainer, after each of its steps."""
    recipe, data = case.resolved, data_of(table)
    trainer = Trainer(recipe, data)
    while trainer.step < case.steps:
        stage, rest = divmod(trainer.step - case.switch, STAGE)
        if case.worse is not None and trainer.step >= case.switch and not rest:
            changed = Trainer(case.worse(recipe, stage + 1), data)
            changed.restore(trainer.checkpoint())
            trainer = changed
        trainer.advance()
        yield trainer


def class_counter(table: Table) -> Callable[[Trainer], tuple[int, int]]:
    """What counts the classes that are there in 500 fakes of a trainer's generator, not averaged."""
    if (modes := table.modes) is not None:
        return lambda trainer: _there(_nearest(trainer.raw_sampler.draw(FAKES, 3), modes), len(modes))
    features = extractor("classifier", table)
    classify = features.classify
    assert classify is not None
    return lambda trainer: _there(
        classify(features.extract(np.asarray(trainer.raw_sampler.draw(FAKES, 3), np.uint8))).argmax(1),
        len(table.classes),
    )


def _nearest(points: np.ndarray, modes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - modes, axis=2).argmin(1)


def _there(labels: np.ndarray, classes: int) -> tuple[int, int]:
    return int((np.bincount(labels, minlength=classes) >= 0.1 * len(labels) / classes).sum()), classes
