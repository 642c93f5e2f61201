"""Fakes of before, shown to D again: a buffer of bounded size, part of the training's state.

Source: Shrivastava et al. 2017, "Learning from simulated and unsupervised images", section 2.3.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from advnets.games.game import Inputs, View
from advnets.randomness import Stream, generator_for


@dataclass
class Buffer:
    """Fakes of one view: rows of all its inputs; the first `filled` of them hold something."""

    rows: dict[str, Tensor]
    filled: int = 0

    def fill(self, fresh: Inputs) -> None:
        """Keep these, or as many of them as there is room for."""
        room = len(next(iter(self.rows.values()))) - self.filled
        count = min(room, len(next(iter(fresh.values()))))
        for name, rows in self.rows.items():
            rows[self.filled : self.filled + count] = fresh[name][:count]
        self.filled += count

    def exchange(self, fresh: Inputs, places: Tensor) -> dict[str, Tensor]:
        """What lay at these places, where the new ones lie now."""
        old = {name: rows[places] for name, rows in self.rows.items()}
        for name, rows in self.rows.items():
            rows[places] = fresh[name]
        return old


class Replay:
    """The buffers of a training, one for each view.

    Args:
        share: of the fakes that a discriminator is shown out of the buffer, once this is full.
        size: rows of a buffer.
        seed: of the training.
        views: numbers of the views whose fakes the generators' side makes.
    """

    def __init__(self, share: float, size: int, seed: int, views: Collection[int]) -> None:
        self._share, self._size, self._seed, self._views = share, size, seed, views
        self._buffers: dict[int, Buffer] = {}

    def mixed(self, number: int, view: View, update: int) -> tuple[View, int]:
        """A view whose first fakes are old ones, and how many these are: none until the buffer is full.

        The new fakes that give way are kept instead of those that are shown.

        Args:
            number: of the view among those of the game.
            view: what the game shows; as it is where the generators' side made nothing of its fakes.
            update: number of the discriminators' update.
        """
        if number not in self._views:
            return view, 0
        first = next(iter(view.fake.values()))
        count = min(round(self._share * len(first)), self._size)
        fresh = {name: each.detach()[:count] for name, each in view.fake.items()}
        buffer = self._buffers.setdefault(number, _empty(fresh, self._size))
        if buffer.filled < self._size:
            buffer.fill(fresh)
            return view, 0
        rng = generator_for(self._seed, update, Stream.REPLAY, number)
        old = buffer.exchange(fresh, torch.randperm(self._size, generator=rng)[:count].to(first.device))
        return replace(
            view, fake={name: torch.cat([old[name], each[count:]]) for name, each in view.fake.items()}
        ), count

    @property
    def state(self) -> dict[str, dict[str, Tensor]]:
        """What a checkpoint keeps: file name without its ending to tensors."""
        return {
            f"replay/{number}": {**each.rows, "filled": torch.tensor(each.filled)}
            for number, each in self._buffers.items()
        }

    def restore(self, saved: Mapping[str, Mapping[str, Tensor]], device: torch.device) -> None:
        """Take over what `state` gave; empty buffers where there is nothing."""
        self._buffers = {}
        for name, tensors in saved.items():
            if name.startswith("replay/"):
                rows = {each: tensor.to(device) for each, tensor in tensors.items() if each != "filled"}
                self._buffers[int(name.removeprefix("replay/"))] = Buffer(rows, int(tensors["filled"]))


def _empty(like: Inputs, size: int) -> Buffer:
    return Buffer({name: each.new_zeros(size, *each.shape[1:]) for name, each in like.items()})
