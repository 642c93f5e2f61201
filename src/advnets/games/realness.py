"""How real a discriminator says that rows are, in any game: its scores, turned so that more is more real."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from advnets.games.game import Batch, DataSpec, Game, Seat, slopes


def directions(game: Game, seats: Mapping[str, Seat], data: DataSpec) -> dict[str, float]:
    """Of each discriminator: 1 where a higher score is a more real row, -1 where it is an energy.

    It is what lowers the generators' cost of a fake that D knows to be one. Of several scores a row, 1: see `realness`.

    Args:
        game: whose scores.
        seats: of the game.
        data: what it is played on.
    """
    batch = _blank(data)
    found: dict[str, float] = {}
    for name, seat in seats.items():
        if seat.side != "discriminator":
            continue
        found[name] = 1.0
        if not seat.gives:
            rule = slopes(game, name, torch.ones(len(batch)), -torch.ones(len(batch)), batch)
            found[name] = -1.0 if float(rule.made.sum()) > 0 else 1.0
    return found


def realness(scores: Tensor, direction: float) -> Tensor:
    """A number a row, (N,), that rises with how real D says the row is.

    Args:
        scores: (N,), or (N, K), of which the logarithm of the summed exponentials counts: the logit of a game of K
            classes and fakes (Salimans et al. 2016, section 5).
        direction: of the discriminator, as `directions` has it.
    """
    return scores.logsumexp(1) if scores.ndim > 1 else scores * direction


def _blank(data: DataSpec, count: int = 2) -> Batch:
    """Rows that stand for any."""
    label = torch.zeros(count, dtype=torch.int64) if data.classes else None
    target = torch.zeros(count, data.vector) if data.vector else None
    return Batch(torch.arange(count), torch.zeros(count, *data.shape), label, target)
