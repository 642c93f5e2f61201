"""Top-k updates: the generators' side learns from the fakes that D scores best. Sinha et al. 2020, section 3."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from advnets.games.game import Batch, Game, Slopes, slopes
from advnets.games.realness import Realness


@dataclass(frozen=True)
class TopK:
    """How large a share of the fakes the generators' side learns from.

    Args:
        share: from `annealed` on.
        annealed: share of the training in which it falls from 1, linearly.
    """

    share: float
    annealed: float

    def at(self, update: int, updates: int) -> float:
        """The share at update number `update` of `updates` of the generators' side."""
        annealing = updates * self.annealed
        return 1 - (1 - self.share) * (update / annealing if update < annealing else 1.0)


def learned_from(
    game: Game, name: str, real: Tensor, fake: Tensor, batch: Batch, share: float, realness: Realness, old: int = 0
) -> Slopes:
    """Slopes of a view of whose fakes the generators' side learns from some alone: those of the others are zero.

    D's own slopes are of all rows. The generators' cost is the game's cost of the chosen fakes, not the mean over all
    with some left out, so that gradients keep their size.

    Args:
        game: whose costs.
        name: the discriminator.
        real, fake: its scores.
        batch: what it saw.
        share: of the fakes that count, above 0, up to 1: those that it finds most real.
        realness: of the discriminator's scores.
        old: how many of the first fakes are replayed ones, from which nobody can learn.
    """
    rule, count = slopes(game, name, real, fake, batch), fake.shape[0]
    kept = max(1, math.ceil(share * (count - old)))
    if kept == count:
        return rule
    rows = realness(fake[old:]).topk(kept).indices + old
    beside = real.shape[0] == count  # row by row, as a paired objective compares them
    some = (
        slopes(game, name, real[rows], fake[rows], _rows_of(batch, rows, count))
        if beside
        else slopes(game, name, real, fake[rows], batch)  # all real rows, and the batch that they are of
    )
    return replace(rule, made=torch.zeros_like(rule.made).index_copy(0, rows, some.made))


def _rows_of(batch: Batch, rows: Tensor, count: int) -> Batch:
    """These rows of a batch; the batch itself where it has others than the fakes."""
    if len(batch) != count:
        return batch
    chosen: dict[str, Any] = {name: each[rows.to(each.device)] for name, each in batch.by_row().items()}
    return replace(batch, whole=0, **chosen)
