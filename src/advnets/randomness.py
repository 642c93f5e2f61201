"""Every random number is a function of (seed, step, stream): nothing depends on what was drawn before."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

_MASK = (1 << 64) - 1


class Stream(IntEnum):
    """What a draw is for. Numbers are part of the format: a run resumed by a later version keeps its noise."""

    INITIAL_WEIGHTS = 1
    DATA_ORDER = 2
    DISCRIMINATOR_NOISE = 3
    GENERATOR_NOISE = 4
    LAYERS = 5  # dropout masks, and whatever else a network draws inside its forward pass
    PENALTY = 6
    SAMPLES = 7
    AUGMENTATION = 8
    SAMPLE_CONDITIONS = 9
    LABELS = 10  # which labels a game uses
    LABELLED_ORDER = 11
    CONDITIONS = 12  # of fakes beside rows that have none
    SOURCE_ORDER = 20
    SAMPLE_SOURCES = 21
    INFERENCE = 30  # latents of own samples that an encoder is trained on
    REPLAY = 40  # which old fakes are shown again
    HELD_OUT_NOISE = 41
    MIRRORED = 42


def seed_for(seed: int, step: int, stream: Stream, index: int = 0) -> int:
    """A 63-bit seed mixed from its arguments by SplitMix64's finalizer (Steele et al. 2014)."""
    state = 0
    for word in (seed, step, int(stream), index):
        state = _mix((state + (word & _MASK) + 0x9E3779B97F4A7C15) & _MASK)
    return state >> 1


def generator_for(
    seed: int, step: int, stream: Stream, index: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A fresh `torch.Generator` on `device`, seeded by `seed_for`."""
    return torch.Generator(device).manual_seed(seed_for(seed, step, stream, index))


@dataclass(frozen=True)
class StepNoise:
    """Random numbers of an update by global row.

    Args:
        seed: of the training.
        update: number of the update.
        stream: what the draws are for.
        first, count: which rows of the whole batch are wanted.
        total: rows of the whole batch.
        device: where they are drawn.
    """

    seed: int
    update: int
    stream: Stream
    first: int
    count: int
    total: int
    device: torch.device

    def __call__(self, name: str, draw: Callable[[int, torch.Generator], Tensor]) -> Tensor:
        """These rows of what `draw` makes for the whole batch. "z" has the stream itself, other names their own."""
        index = 0 if name == "z" else zlib.crc32(name.encode())
        whole = draw(self.total, generator_for(self.seed, self.update, self.stream, index, self.device))
        return whole if self.count == self.total else whole[self.first : self.first + self.count]


def seed_layers(seed: int, step: int, index: int, device: torch.device) -> None:
    """Seed the default generator of `device`, from which dropout and users' own layers draw."""
    value = seed_for(seed, step, Stream.LAYERS, index)
    # The default generators themselves: torch.manual_seed would also visit every other backend, each step.
    if device.type == "cpu":
        torch.default_generator.manual_seed(value)
    else:
        backend = torch.get_device_module(device)
        with backend.device(device):  # the seed of this device, be it the current one or not
            backend.manual_seed(value)


def _mix(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    return word ^ (word >> 31)
