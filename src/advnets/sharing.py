"""Work that processes share: each does some parts of it, and all have the whole.

Drawing samples, features and distances come in blocks that do not depend on each other. Within `shared_among` each
process does its share of them and is given everybody's, so that all of them go through the same code, to the same
answers: nothing may depend on what one of them alone finds, as in a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from advnets.errors import AdvnetsError
from advnets.world import ALONE, World, join

T = TypeVar("T")
_sharing: ContextVar[World] = ContextVar("the processes that share work", default=ALONE)


@contextmanager
def shared_among(world: World) -> Generator[None]:
    """Meanwhile these processes share work, and all of them come by here; `ALONE` ends that for a while."""
    before = _sharing.set(world)
    try:
        yield
    finally:
        _sharing.reset(before)


@contextmanager
def shared() -> Generator[bool]:
    """Share work with the processes that `torchrun` has started beside this one; whether this is the first of them."""
    world = join("auto")
    with shared_among(world):
        yield world.leads
    world.leave()


def sharers() -> int:
    """How many processes share work."""
    return _sharing.get().size


def leads() -> bool:
    """Whether this is the first of the processes that share work, or the only one."""
    return _sharing.get().leads


def in_blocks(blocks: Sequence[T], work: Callable[[T], NDArray[Any]], rows: int) -> NDArray[Any]:
    """What `work` makes of each block, one after another along the first axis.

    Args:
        blocks: at least one.
        work: whose arrays differ in nothing but their numbers of rows, whoever makes them.
        rows: how many there will be in all.

    Raises:
        AdvnetsError: what `work` raised, in any of the processes, is raised in all.
    """
    world = _sharing.get()
    if world.size == 1:
        return _one_after_another(map(work, blocks), rows)
    own, error = list[NDArray[Any]](), None
    try:
        own += [work(block) for block in blocks[world.span(len(blocks))]]
    except AdvnetsError as found:  # all raise it, or they would go on with different things
        error = found
    return world.arrays(np.concatenate(own) if own else None, error)


def _one_after_another(parts: Iterator[NDArray[Any]], rows: int) -> NDArray[Any]:
    """Parts in one array, which is made once."""
    first = next(parts)
    found = np.empty((rows, *first.shape[1:]), first.dtype)
    found[: (done := len(first))] = first
    for part in parts:
        found[done : (done := done + len(part))] = part
    return found


def own_share(parts: Iterator[T]) -> Iterator[T]:
    """Of some parts every n-th, where there are n processes; what comes of them is to be `total`."""
    world = _sharing.get()
    return (part for number, part in enumerate(parts) if number % world.size == world.rank)


def total(own: NDArray[Any]) -> NDArray[Any]:
    """The sum of everybody's array: of whole numbers, to the last bit that of one process."""
    return _sharing.get().total(own)


def beside(own: NDArray[Any], axis: int) -> NDArray[Any]:
    """Everybody's array, all of one shape, beside each other along an axis, not the first."""
    world = _sharing.get()
    if world.size == 1:
        return own
    stacked = world.arrays(own[None])
    return np.concatenate(list(stacked), axis)


def agreed(value: object) -> bool:
    """Whether all processes have the same."""
    return _sharing.get().all_have(value)


def everybody(has: bool) -> bool:
    """Whether all processes have something."""
    return int(total(np.array([has], np.int64))[0]) == sharers()


def in_turn(make: Callable[[], T]) -> T:
    """What each process makes for itself, the first one before the others: what it caches they find."""
    world = _sharing.get()
    with shared_among(ALONE):
        return world.in_turn(make)


def told(value: T) -> T:
    """The first process's value."""
    return _sharing.get().told(value)
