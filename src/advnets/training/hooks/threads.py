"""Fewer threads while other processes are busy.

The threads of a step wait for each other many times; one that has to share its processor makes all of them wait. Beside
one busy process two threads on two processors are slower than one. Where a trial of steps gives the same bits with
fewer threads they are changed at once. Elsewhere, as where kernels of convolutions sum in an order of their own for
each number of threads, they are changed with a checkpoint that says how many there are from there on: a training that
goes on from it goes on as this one does.
"""

from __future__ import annotations

import contextlib
import copy
import math
import time
from collections.abc import Generator

import torch
from torch import Tensor

from advnets.processors import Others, free_for_us, threads_are_said
from advnets.training.session import Session
from advnets.training.trainer import Trainer

LOOK_SECONDS = 2.0
_TRIAL = 16  # steps: what is done every so many is among them
_WORTH, _PATIENCE = 40, 20.0  # trials that must be left, seconds of one
_APART = 60.0  # seconds between changes that need a checkpoint
_LESS, _MORE = 0.5, 0.3  # processors' share of another process at which a thread is given up, or taken back


class Threads:
    """Gives threads up while others are busy and takes them back afterwards.

    Args:
        full: how many threads there are where nobody else is busy.
        others: how busy they are.
    """

    def __init__(self, full: int, others: Others | None = None) -> None:
        self._others, self._full = others or Others(), full
        self._next = time.perf_counter() + LOOK_SECONDS
        self._changed = -math.inf
        self._mark: tuple[int, float] = (0, time.perf_counter())
        self._same = {full: True}  # by number of threads: whether all bits are those of `full`

    def after_step(self, session: Session) -> None:
        """See the class."""
        if time.perf_counter() < self._next:
            return
        wanted = self._wanted()
        if wanted != torch.get_num_threads():
            self._change(wanted, session)
        self._others.busy()  # what a trial took is not seen as anyone's
        self._mark = session.trainer.step, time.perf_counter()
        self._next = time.perf_counter() + LOOK_SECONDS

    def _wanted(self) -> int:
        now, busy = torch.get_num_threads(), self._others.busy()
        if busy is None:
            return now
        free = free_for_us(busy)
        fewer, more = int(free + 1 - _LESS), int(free + _MORE)
        wanted = fewer if fewer < now else max(now, more)
        return max(1, min(self._full, wanted))

    def _worth_a_trial(self, trainer: Trainer) -> bool:
        """Whether what is left is long beside a trial, and a trial short enough to wait for."""
        step, then = self._mark
        seconds = 2 * _TRIAL * (time.perf_counter() - then) / max(trainer.step - step, 1)
        budget = trainer.recipe.budget_seconds
        left = trainer.recipe.steps - trainer.step >= _WORTH * _TRIAL
        return left and seconds <= _PATIENCE and (budget is None or _WORTH * seconds <= budget - trainer.seconds)

    def _change(self, wanted: int, session: Session) -> None:
        """Compute with so many threads, where it is worth it."""
        trainer, now = session.trainer, torch.get_num_threads()
        if wanted not in self._same:
            if not self._worth_a_trial(trainer):
                return
            self._same[wanted] = self._same[now] and same_bits(trainer, wanted)
            beside = "" if self._same[wanted] else ", which round otherwise: what follows depends on it"
            session.display.say(
                f"other processes are busy: computing with {wanted} of {self._full} threads while they are{beside}"
            )
        if self._same[now] and self._same[wanted]:
            torch.set_num_threads(wanted)
        elif trainer.step % trainer.recipe.checkpoint_every and time.perf_counter() - self._changed >= _APART:
            # Not at a step that has its checkpoint already: it would not say so.
            self._changed = time.perf_counter()
            torch.set_num_threads(wanted)
            session.keep()


def same_bits(trainer: Trainer, threads: int, steps: int = _TRIAL) -> bool:
    """Whether steps with so many threads end as they do with those that are set; the trainer stays where it is."""
    begin, now, ends = copy.deepcopy(trainer.checkpoint()), torch.get_num_threads(), list[dict[str, Tensor]]()
    try:
        for count in (now, threads):
            torch.set_num_threads(count)
            for _ in range(steps):
                trainer.advance()
            found = trainer.checkpoint().tensors
            ends.append({f"{part}/{name}": each.clone() for part, kept in found.items() for name, each in kept.items()})
            trainer.restore(begin)
    finally:
        torch.set_num_threads(now)
    return all(torch.equal(each, ends[1][name]) for name, each in ends[0].items())


@contextlib.contextmanager
def following(trainer: Trainer) -> Generator[Threads | None]:
    """The hook, where threads can be given up; afterwards there are as many as before.

    Someone who says how many threads there are (OMP_NUM_THREADS) has them, and processes that train together keep
    theirs: what is tried before a change are steps, which one cannot play alone.
    """
    full = trainer.threads
    if full == 1 or trainer.device.type != "cpu" or threads_are_said() or trainer.world.size > 1:
        yield None
        return
    try:
        yield Threads(full)
    finally:
        torch.set_num_threads(full)
