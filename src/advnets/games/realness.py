"""How real a discriminator says that rows are, in any game: its scores, turned so that more is more real."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from advnets.games.game import Batch, DataSpec, Game, Seat, begun, slopes

Realness = Callable[[Tensor], Tensor]
"""A discriminator's scores -> a number a row, (N,), that rises with how real it says the row is."""


def realness(game: Game, seats: Mapping[str, Seat], data: DataSpec) -> dict[str, Realness]:
    """How real each discriminator's scores say that rows are.

    Its score, or the one that the game's `logit` finds among several; negative where it is an energy: where a lower one
    lowers the generators' cost of a fake. Of K scores of which none is the one, the logarithm of the summed
    exponentials: the logit of a game of K classes and fakes (Salimans et al. 2016, section 5).

    Args:
        game: whose scores.
        seats: of the game.
        data: what it is played on.
    """
    logit: Realness | None = getattr(game, "logit", None)
    found: dict[str, Realness] = {}
    for name, seat in seats.items():
        if seat.side == "discriminator" and seat.gives and logit is None:
            found[name] = functools.partial(_of_classes, seat.gives[0])
        elif seat.side == "discriminator":
            own = logit or _as_it_is
            found[name] = functools.partial(_turned, own, _direction(game, name, seat, own, data))
    return found


def _direction(game: Game, name: str, seat: Seat, logit: Realness, data: DataSpec) -> float:
    """1 where a higher score is a more real row, -1 where it is an energy."""
    batch = _blank(game, data)
    real = torch.ones(len(batch), *seat.gives)
    return -1.0 if float(logit(slopes(game, name, real, -real, batch).made).sum()) > 0 else 1.0


def _of_classes(classes: int, scores: Tensor) -> Tensor:
    return scores[:, :classes].logsumexp(1)  # a hidden layer may follow them


def _turned(logit: Realness, direction: float, scores: Tensor) -> Tensor:
    return logit(scores) * direction


def _as_it_is(scores: Tensor) -> Tensor:
    return scores


def _blank(game: Game, data: DataSpec, count: int = 2) -> Batch:
    """Rows that stand for any."""
    label = torch.zeros(count, dtype=torch.int64) if data.classes else None
    target = torch.zeros(count, data.vector) if data.vector else None
    return Batch(torch.arange(count), torch.zeros(count, *data.shape), label, target, memory=begun(game, data))
