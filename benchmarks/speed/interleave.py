"""Time contenders in turn: blocks of steps, round after round, so that a slow minute slows them all."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Advance = Callable[[], object]
"""Play one step: one update of the generator and one of the discriminator."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a step: the median over rounds, the quartiles, and the steps of a block."""

    milliseconds: float
    quartiles: tuple[float, float]
    steps: int
    rounds: tuple[float, ...]

    def times_faster_than(self, other: Timing) -> float:
        """Median over rounds of the other's time by this one's, each pair from the same round."""
        return statistics.median(b / a for a, b in zip(self.rounds, other.rounds, strict=True))


def interleave(
    contenders: Mapping[str, Advance],
    rounds: int,
    block_seconds: float,
    warm: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time every contender's step in each of `rounds` rounds; who begins moves on by one each round.

    Args:
        contenders: name to a function that plays one step.
        rounds: blocks of each contender.
        block_seconds: about how long a block takes; at least one step.
        warm: steps before the clock starts.
        clock: seconds; `time.process_time` with one thread tells more on a machine that has other work.
    """
    steps: dict[str, int] = {}
    for name, advance in contenders.items():
        _seconds(advance, warm, clock)
        steps[name] = max(1, math.ceil(block_seconds / max(_seconds(advance, max(warm, 1), clock), 1e-6)))
    names = list(contenders)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            _seconds(contenders[name], 1, clock)  # the caches held another's weights
            taken[name].append(1000 * _seconds(contenders[name], steps[name], clock))
    return {name: _timing(times, steps[name]) for name, times in taken.items()}


def _seconds(advance: Advance, steps: int, clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(steps):
        advance()
    return (clock() - begin) / max(steps, 1)


def _timing(times: list[float], steps: int) -> Timing:
    low, middle, high = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
    return Timing(middle, (low, high), steps, tuple(times))
