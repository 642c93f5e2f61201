"""What checkpoints keep of the data: what a finished run makes samples of, without the data."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from advnets.games.game import Game, Seat, sampled, source_of, translates
from advnets.training.batches import Batches, Data

_CONDITIONS = 1000  # vectors of training rows that are kept for sampling
_SOURCES, _SOURCE_VALUES = 1000, 4_000_000  # images, and values of them, that are kept to be translated as samples
_FEWEST_HELD_OUT = 16  # with fewer images held out samples are made of those that are trained on


def kept_vectors(data: Data, seats: Mapping[str, Seat]) -> Tensor | None:
    """Vectors of at most 1,000 training rows, evenly spaced, float32 K x V; None where no player takes them."""
    if data.vectors is None or not any("condition" in seat.takes for seat in seats.values()):
        return None
    rows = data.rows[~np.isnan(data.vectors[data.rows]).any(1)]
    rows = rows[:: max(1, len(rows) // _CONDITIONS)][:_CONDITIONS]
    return torch.from_numpy(np.asarray(data.vectors[rows], np.float32))


def held_out_to_translate(data: Data) -> bool:
    """Whether samples are made of images that are not trained on, as there are enough."""
    return len(data.to_translate) >= _FEWEST_HELD_OUT


def kept_sources(
    data: Data, seats: Mapping[str, Seat], game: Game, batches: Batches, value_range: tuple[float, float]
) -> Tensor | None:
    """Images of which samples are made, evenly spaced, uint8 K x C x h x w on the CPU; None where a game takes none.

    Args:
        data: what is trained on.
        seats, game: who plays what.
        batches: of the data.
        value_range: the values that bytes 0 and 255 have in them.
    """
    if not translates(seats):
        return None
    values = math.prod(seats[sampled(seats)].takes["source"].shape)
    count = max(1, min(_SOURCES, _SOURCE_VALUES // values))
    with torch.no_grad():
        rows = source_of(game, batches.to_translate(count, held_out_to_translate(data)))
    low, high = value_range
    return rows.sub(low).mul_(255.0 / (high - low)).round_().clamp_(0, 255).to(torch.uint8).cpu()
