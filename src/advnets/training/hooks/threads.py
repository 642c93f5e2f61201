"""Fewer threads while other processes are busy.

The threads of a step wait for each other many times; one that has to share its processor makes all of them wait. Beside
one busy process two threads on two processors are slower than one. What is computed must not depend on who else is at
work: fewer threads are taken only where a trial of steps gave the same bits with them.
"""

from __future__ import annotations

import contextlib
import copy
import os
import time
from collections.abc import Generator

import torch
from torch import Tensor

from advnets.processors import Others, cores
from advnets.training.session import Session
from advnets.training.trainer import Trainer

LOOK_SECONDS = 2.0
_TRIAL = 16  # steps: what is done every so many is among them
_WORTH = 40  # trials' steps that must be left
_LESS, _MORE = 0.5, 0.3  # processors' share of another process at which a thread is given up, or taken back


class Threads:
    """Gives threads up while others are busy and takes them back afterwards.

    Args:
        others: how busy they are.
    """

    def __init__(self, others: Others | None = None) -> None:
        self._others, self._full = others or Others(), torch.get_num_threads()
        self._next = time.perf_counter() + LOOK_SECONDS
        self._same: dict[int, bool] = {self._full: True}

    def after_step(self, session: Session) -> None:
        """See the class."""
        if time.perf_counter() < self._next:
            return
        wanted, now = self._wanted(), torch.get_num_threads()
        if wanted != now and self._settled(wanted, session):
            torch.set_num_threads(wanted)
        self._others.busy()  # what a trial took is not seen as anyone's
        self._next = time.perf_counter() + LOOK_SECONDS

    def _wanted(self) -> int:
        now, busy = torch.get_num_threads(), self._others.busy()
        if busy is None:
            return now
        free = cores() - busy
        fewer, more = int(free + 1 - _LESS), int(free + _MORE)
        wanted = fewer if fewer < now else max(now, more)
        return max(1, min(self._full, wanted))

    def _settled(self, wanted: int, session: Session) -> bool:
        """Whether so many threads give the same bits, tried at most once for each number."""
        trainer, known = session.trainer, self._same.get(wanted)
        if known is not None:
            return known
        if trainer.recipe.steps - trainer.step < _WORTH * _TRIAL:
            return False
        same = self._same[wanted] = same_bits(trainer, wanted)
        doing = (
            "computing with {} of {} threads while they are" if same else "all threads stay: {} of {} round otherwise"
        )
        session.display.say(f"other processes are busy: {doing.format(wanted, self._full)}")
        return same


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

    Someone who says how many threads there are (OMP_NUM_THREADS) has them.
    """
    before = torch.get_num_threads()
    if before == 1 or trainer.device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
        yield None
        return
    try:
        yield Threads()
    finally:
        torch.set_num_threads(before)
