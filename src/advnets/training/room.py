"""Whether a step fits in memory: what it will hold at once is counted on a few rows, before the first one is played."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import torch
from torch import Tensor

from advnets.devices import free_memory
from advnets.errors import RecipeError
from advnets.files import bytes_in_words
from advnets.games.game import Batch
from advnets.processors import neighbors
from advnets.randomness import StepNoise, Stream
from advnets.training.gradients import Match, both_sides
from advnets.training.rehearsal import undisturbed
from advnets.training.schedules import as_computed
from advnets.world import ALONE

_MORE = 8  # rows, the most that are tried; half as many are tried beside them


class NoRoomError(RecipeError):
    """A step does not fit in memory."""


def check_room(match: Match, batch: Batch, most: int = 0, in_parts: bool = False) -> None:
    """See that a step's graphs and gradients fit in the memory that is free.

    What is counted is what the graphs keep for the backward pass, of all players and of the penalties, and the
    gradients: the least that a step needs. Copies on the way come on top: what is refused would not have fitted.

    Args:
        match: who plays.
        batch: a whole minibatch.
        most: rows of the largest one that comes later, where they grow.
        in_parts: whether a minibatch may go through the networks in parts.

    Raises:
        NoRoomError: it does not fit; with the minibatch that does.
    """
    size = match.world.size
    match = replace(match, world=ALONE)  # nothing is asked of other processes
    free, count = free_memory(batch.image.device), max(len(batch), -(-most // size))
    if free is None:
        return
    free //= neighbors() if batch.image.device.type == "cpu" else 1
    large = min(_MORE, len(batch))
    more, small = _kept(match, batch, large), large // 2
    if small > 1:  # of a single row there are no statistics
        few = _kept(match, batch, small)
        a_row = max(0.0, (more - few) / (large - small))
        always = max(0.0, few - small * a_row)
    else:
        a_row, always = more / large, 0.0
    always += sum(_gradients(match))
    needed = always + a_row * -(-count // match.parts)
    if needed <= free:
        return
    least = f"at least {bytes_in_words(needed)} of memory, and {bytes_in_words(free)} are free"
    whose = f", {count:,} for each process," if size > 1 else ""
    what = f"a step of {max(batch.total, most):,} examples{whose} needs {least}"
    fitting = int((0.7 * free - always) / a_row) if a_row else 0  # with room for copies
    smaller = "narrower networks (as --generator.base 16) or smaller images (--size)"
    if fitting < 1:
        raise NoRoomError(what, f"use {smaller}")
    flag = "--batch" if count == len(batch) else "--final-batch"
    fitting, count = fitting * size, count * size
    parts = f", --accumulate {1 << (-(-count // fitting) - 1).bit_length()}" if in_parts else ""
    raise NoRoomError(what, f"use {flag} {1 << (fitting.bit_length() - 1)}{parts}, {smaller}")


def _kept(match: Match, batch: Batch, rows: int) -> float:
    """Bytes that the graphs of a step of so many rows keep at once, at the most; weights apart."""
    some = replace(batch.part(slice(rows)), first=0, whole=0, everyone=None)
    weights = {each.data_ptr() for player in match.players.values() for each in player.parameters}
    held = _Held(weights)
    noise = StepNoise(match.seed, 0, Stream.DISCRIMINATOR_NOISE, 0, rows, rows, batch.image.device)
    with (
        undisturbed(match.nets.values(), batch.image.device),
        torch.enable_grad(),
        torch.autograd.graph.saved_tensors_hooks(held.keep, lambda tensor: tensor),
    ):
        drawn = match.game.draw(some, noise)
        both_sides(match, some, {name: as_computed(each, some.image.dtype) for name, each in drawn.items()}, 0)
    return float(held.most)


class _Held:
    """Storages that graphs keep, from the time that the first of them does until the last is freed.

    Args:
        apart: addresses that are not counted.
    """

    def __init__(self, apart: Collection[int]) -> None:
        self._apart, self._holders, self._now, self.most = apart, Counter[int](), 0, 0

    def keep(self, tensor: Tensor) -> Tensor:
        """A graph keeps a tensor."""
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if place in self._apart:
            return tensor
        self._holders[place] += 1
        self._now += size if self._holders[place] == 1 else 0
        self.most = max(self.most, self._now)
        weakref.finalize(tensor, self._free, place, size).atexit = False
        return tensor

    def _free(self, place: int, size: int) -> None:
        self._holders[place] -= 1
        self._now -= size if self._holders[place] == 0 else 0


def _gradients(match: Match) -> list[int]:
    return [each.numel() * each.element_size() for player in match.players.values() for each in player.parameters]
