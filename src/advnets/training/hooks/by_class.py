"""What the Helvetica watch sees of a conditional game: a class from many latents, a latent in many classes.

A game may look various and yet make one picture of each class: its images differ, as the classes do. So a fixed grid of
latents and classes goes through G, and its rows and its columns are held beside real images of these classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.games.game import Inputs
from advnets.runs.sampling import Samples
from advnets.training.trainer import Trainer

FIGURES = {
    "within": "mean distance between fakes of a class over real images' of it, each at most 1, averaged over classes",
    "between": "mean distance between fakes of one latent in different classes over that between real images of these",
}
_LATENTS, _CLASSES, _REAL = 8, 8, 16
_VALUES = 1 << 26  # of the real images: fewer, where they are large
_SEED = 11


class ByClass:
    """A grid of latents and classes of one training, and the real images of these classes.

    Args:
        trainer: a game that `can_look` says yes to.
    """

    def __init__(self, trainer: Trainer) -> None:
        numbers = _evenly(_varied(trainer), _CLASSES)
        self.inputs: Inputs = trainer.sampler.inputs_by_class(numbers, _LATENTS, _SEED)
        real = [_real(trainer, number) for number in numbers]
        self._within = torch.stack([_spread(rows) for rows in real])
        self._between = _apart(real)
        self.names = [trainer.data.classes[number] for number in numbers]

    @property
    def able(self) -> bool:
        """Whether real images differ, within some class and between classes: else there is nothing to compare with."""
        return bool((self._within > 0).any()) and bool(self._between > 0)

    def picture(self, trainer: Trainer) -> Samples:
        """The grid as G makes it, not averaged: classes x latents x ..."""
        made = trainer.raw_sampler.decode(self.inputs)
        return made.reshape(len(self.names), _LATENTS, *made.shape[1:])

    def figures(self, fakes: Tensor) -> Tensor:
        """The `FIGURES` of what G makes of `inputs`, on its device."""
        grid = fakes.float().flatten(1).unflatten(0, (len(self.names), _LATENTS))
        varied = self._within > 0
        within = torch.stack([_spread(rows) for rows in grid])[varied] / self._within[varied]
        between = torch.stack([_spread(column) for column in grid.transpose(0, 1)]).mean() / self._between
        return torch.stack([within.clamp_max(1).mean(), between])


def can_look(trainer: Trainer) -> bool:
    """Whether there are two classes or more of several images."""
    return len(_varied(trainer)) > 1


def _varied(trainer: Trainer) -> list[int]:
    """The classes that have several training examples."""
    counts = trainer.data.spec.counts
    return [number for number in trainer.class_numbers if counts[number] > 1]


def _real(trainer: Trainer, number: int) -> Tensor:
    """Real images of a class, evenly spaced among those that are trained on."""
    labels, rows = trainer.data.labels, trainer.data.rows
    assert labels is not None  # or there were no class
    most = max(2, min(_REAL, _VALUES // (_CLASSES * math.prod(trainer.shape))))
    return trainer.real_rows(np.array(_evenly(rows[labels[rows] == number], most))).flatten(1)


def _evenly(values: Sequence[int] | NDArray[np.int64], count: int) -> list[int]:
    """At most `count` of these, evenly spaced."""
    count = min(count, len(values))
    return [int(values[place * len(values) // count]) for place in range(count)]


def _spread(rows: Tensor) -> Tensor:
    """Mean distance between two of the rows."""
    return torch.cdist(rows, rows).sum() / (len(rows) * (len(rows) - 1))


def _apart(groups: Sequence[Tensor]) -> Tensor:
    """Mean distance between rows of two different groups."""
    pairs = [(one, other) for place, one in enumerate(groups) for other in groups[:place]]
    return torch.stack([torch.cdist(one, other).mean() for one, other in pairs]).mean()
