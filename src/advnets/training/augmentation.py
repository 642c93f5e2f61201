"""How what a discriminator is shown is changed: always alike, or as likely as its overfitting asks for; and noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.games.augment import augmented, noisy
from advnets.games.game import Batch, Inputs, RowNoise, Seat
from advnets.games.realness import realness
from advnets.randomness import StepNoise, Stream, seed_for
from advnets.training.batches import Data
from advnets.training.gradients import Match
from advnets.training.held_out import Part, overfitting, parts_of

SAFE = 0.8
"""The most likely that a change may be if nothing of it is to leak into what is made (Karras et al. 2020 (ADA))."""
_EVERY = 16  # steps between looks
_ROWS = 128  # of either kind that a look takes, at most
_MEMORY = 0.8  # of the running mean of what looks find
_PASSES, _LEAST, _MOST = 20, 50_000, 500_000  # through the training images, and images, in which it goes from 0 to 1


@dataclass
class Augmentation:
    """What is done to a view's rows before a discriminator sees them.

    Args:
        changes: keys of `advnets.games.augment.CHANGES`.
        span: white less black.
        probability: of each.
        instance_noise: standard deviation of what is added to them at the start, in their values.
        until: share of the training in which it falls to 0, linearly.
    """

    changes: Sequence[str]
    span: float
    probability: float = 1.0
    instance_noise: float = 0.0
    until: float = 1.0
    done: float = 0.0
    """Share of the training that has been played."""

    def __call__(self, inputs: Inputs, noise: RowNoise) -> Inputs:
        changed = augmented(inputs, self.changes, noise, self.span, self.probability)
        deviation = self.instance_noise * (1 - self.done / self.until)
        return noisy(changed, noise, deviation) if deviation > 0 else changed


class Adaptation:
    """Moves the probability up where D overfits more than it is to, else down, a step at a look.

    Source: Karras et al. 2020 (ADA), section 3.1; r_v, by held-out rows, and not r_t, since scores of relativistic
    games and of critics have no zero. Faster than there, where there are few images: each pass through them counts.

    Args:
        augmentation: whose probability.
        target: overfitting that is wanted, between 0 and 1.
        most: the probability never rises above this.
        pace: how far it moves at a look.
        measure: step -> overfitting, by the probability as it is.
    """

    def __init__(
        self, augmentation: Augmentation, target: float, most: float, pace: float, measure: Callable[[int], float]
    ) -> None:
        self._augmentation, self._target, self._most, self._pace = augmentation, target, most, pace
        self._measure = measure
        self.overfitting = 0.0

    def begin(self, step: int) -> None:
        """Look, where it is time to, before a step is played."""
        if step == 0 or step % _EVERY:
            return
        self.overfitting = _MEMORY * self.overfitting + (1 - _MEMORY) * self._measure(step)
        moved = self._augmentation.probability + (self._pace if self.overfitting > self._target else -self._pace)
        self._augmentation.probability = min(max(moved, 0.0), self._most)

    @property
    def figures(self) -> dict[str, float]:
        """What the log says."""
        return {"augment_probability": self._augmentation.probability, "overfitting": self.overfitting}

    @property
    def state(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"probability": self._augmentation.probability, "overfitting": self.overfitting}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take over what `state` gave.

        Raises:
            RecipeError: nothing was kept, of a training whose probability stayed.
        """
        if not saved:
            what = "the checkpoint is of a training whose augmentation did not adapt"
            raise RecipeError(what, "use the recipe it was saved with")
        self._augmentation.probability, self.overfitting = float(saved["probability"]), float(saved["overfitting"])


def augmentation_of(recipe: Recipe, span: float) -> Augmentation | None:
    """What a recipe does to images before D sees them, to begin with; None for nothing."""
    changes: tuple[str, ...] = getattr(recipe.game, "augment", ())
    deviation: float = getattr(recipe.game, "instance_noise", 0.0)
    if not changes and not deviation:
        return None
    adaptive, said = getattr(recipe.game, "augment_target", 0.0) > 0, getattr(recipe.game, "augment_probability", None)
    likely = 0.0 if adaptive else 1.0 if said is None else said
    return Augmentation(changes, span, likely, deviation * span, getattr(recipe.game, "instance_noise_until", 1.0))


def adaptation_of(
    match: Match,
    augmentation: Augmentation | None,
    recipe: Recipe,
    seats: Mapping[str, Seat],
    data: Data,
    networks: Mapping[str, nn.Module],
    rows: Callable[[NDArray[np.int64]], Batch],
) -> Adaptation | None:
    """How a recipe lets the probability follow D's overfitting; None where it stays.

    Args:
        match: who plays.
        augmentation: whose probability.
        recipe: what is played.
        seats: of its game.
        data: what it is played on.
        networks: float32.
        rows: numbers of rows -> these, as discriminators see them before they are augmented, float32.

    Raises:
        RecipeError: the data have no rows that D is not trained on.
    """
    target, said = getattr(recipe.game, "augment_target", 0.0), getattr(recipe.game, "augment_probability", None)
    if augmentation is None or not augmentation.changes or not target:
        return None
    if not len(data.valid):
        what = "game.augment_target: the data have no rows for validation, by which D's overfitting is known"
        raise RecipeError(what, "use data with some, as --holdout 0.1 leaves them, or 0 for a probability that stays")
    of_scores = realness(match.game, seats, data.spec)

    def measure(step: int) -> float:
        def parts(known: NDArray[np.int64], index: int) -> Iterator[Part]:
            chosen = _some(known, seed_for(recipe.seed, step, Stream.HELD_OUT_NOISE, index))
            return parts_of(match.game, rows, chosen, recipe.batch, recipe.seed, step)

        def shown(inputs: Inputs, side: str) -> Inputs:
            count, device = len(inputs["image"]), inputs["image"].device
            noise = StepNoise(recipe.seed, step, Stream.HELD_OUT_NOISE, 0, count, count, device)
            return augmentation(inputs, lambda name, draw: noise(f"{side} {name}", draw))

        sides = parts(data.rows, 1), parts(data.valid, 2)
        return overfitting(match.game, networks, *sides, of_scores, shown)

    images = min(max(_PASSES * len(data.rows), _LEAST), _MOST)
    return Adaptation(augmentation, target, SAFE if said is None else said, _EVERY * recipe.batch / images, measure)


def _some(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).choice(rows, min(_ROWS, len(rows)), replace=False)
