"""An auxiliary classifier: D's scores are its logit and what it tells of the condition, N x (1 + K).

Of classes it tells which, by cross entropy. Of vectors it tells numbers with two values, attributes, by cross entropy,
and others by half the square of the error in standard deviations; the cost of a vector is the mean over its numbers.
Source: Odena et al. 2017, section 3, L_C; the cost of D has the factor 1/2 that its adversarial costs have, too.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from advnets.games.game import Batch, Columns, Costs
from advnets.networks.conditioning import is_given


def logit(scores: Tensor) -> Tensor:
    """What says real or fake: the first of a row's scores."""
    return scores[:, 0]


def costs(real: Tensor, fake: Tensor, batch: Batch, asked: Tensor) -> Costs:
    """What D's telling costs it, of real rows and of the fakes beside them, and what G's fakes cost G.

    Rows without a condition of their own count for nothing with D, on neither side: it learns to tell from what is
    known. G knows the conditions of all its fakes.

    Args:
        real, fake: D's scores, N x (1 + K).
        batch: the real rows.
        asked: the conditions of the fakes; where a real row has a condition it is that.
    """
    of_real, of_fakes = _cost(real[:, 1:], asked, batch.columns), _cost(fake[:, 1:], asked, batch.columns)
    mine = 0.5 * (of_real + of_fakes)
    if batch.asked is None:
        return Costs(mine.mean(), of_fakes.mean())
    given = _given(batch)
    return Costs((mine * given).sum() / given.sum().clamp_min(1), of_fakes.mean())


def figures(real: Tensor, fake: Tensor, batch: Batch, asked: Tensor) -> dict[str, float]:
    """How well D tells conditions of real rows that have one, and those that fakes were made of.

    `class_real`, `class_fake`: the share of the classes, or of attributes of two values, that it tells right.
    `explained_real`, `explained_fake`: the share of the other numbers' variance that it tells.
    """
    found: dict[str, float] = {}
    for name, scores, rows in (("real", real, _given(batch)), ("fake", fake, slice(None))):
        told, condition = scores[rows, 1:], asked[rows]
        if len(condition):
            found |= {f"{what}_{name}": value for what, value in _told(told, condition, batch.columns)}
    return found


def _told(told: Tensor, condition: Tensor, columns: Columns | None) -> list[tuple[str, float]]:
    if columns is None:
        return [("class", float((told.argmax(1) == condition).float().mean()))]
    two, standard = columns.two, columns.standard(condition)
    right, missed = ((told > 0) == (standard > 0)).float()[:, two], (told - standard).square()[:, ~two]
    parts = [("class", right.mean()), ("explained", 1 - missed.mean())]
    return [(name, float(value)) for name, value in parts if not bool(value.isnan())]


def _cost(told: Tensor, condition: Tensor, columns: Columns | None) -> Tensor:
    """Of each row, (N,)."""
    if columns is None:
        return cross_entropy(told, condition, reduction="none")
    standard = columns.standard(condition).to(told.dtype)
    crossed = binary_cross_entropy_with_logits(told, (standard > 0).to(told.dtype), reduction="none")
    return torch.where(columns.two, crossed, 0.5 * (told - standard).square()).mean(1)


def _given(batch: Batch) -> Tensor:
    """Which rows have a condition of their own."""
    condition = batch.condition
    assert condition is not None  # data without conditions have no seats in this game
    return is_given(condition)
