"""The processes that train together or share other work, and all that they tell each other.

Each has every network and its own rows of a minibatch. In a step they gather scores, some numbers a row, so that slopes
are those of the whole minibatch whatever the costs compare, and add up one flat float32 gradient a player. The first
process alone writes, measures and decides; the others play the steps that it orders.

Wrappers such as DistributedDataParallel hang on `backward` into `.grad`, and leave the gradients of a penalty, which
come of a pass of their own, unaveraged in silence.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from advnets.devices import resolve_device
from advnets.errors import AdvnetsError, RecipeError, RunError
from advnets.processors import cores, launched, neighbors, threads_are_said, torchrun_says_threads

T = TypeVar("T")
_TOKEN = "advnets token"
_SAID = 160  # letters of what PyTorch says
_PIECE = 1 << 28  # bytes
_TRIED, _MESSAGES = 1 << 19, 5  # numbers that are sent to find out what sending takes; messages of a step

ADVANCE, END, TAKE_OVER, GATHER, MEASURE = 1, 2, 3, 4, 5
"""What the first process orders."""

_named_before = not hasattr(dist, "reduce_scatter_single")  # PyTorch 2.13
_reduce_scatter = getattr(dist, "reduce_scatter_tensor" if _named_before else "reduce_scatter_single")
_all_gather = getattr(dist, "all_gather_into_tensor" if _named_before else "all_gather_single")
_PATIENCE = datetime.timedelta(days=7)  # while the first one measures; of one that died the launcher ends all at once
_MEETINGS = itertools.count()  # of this process with the others
_MEETING = datetime.timedelta(minutes=5)  # for all to be there


class Sum:
    """A flat gradient that is being added up over all processes: all of it, or this one's shard of it."""

    def __init__(self, flat: Tensor, work: Any) -> None:
        self._flat, self._work = flat, work

    def wait(self) -> Tensor:
        """The sum.

        Raises:
            RunError: another process has died.
        """
        with _together():
            self._work.wait()
        return self._flat


@dataclass(frozen=True)
class World:
    """Where a process stands among those that train together; by default it is alone.

    Args:
        rank: its number.
        size: how many there are.
        store: of their launcher, which outlives them.
    """

    rank: int = 0
    size: int = 1
    store: Any = None

    @property
    def leads(self) -> bool:
        """Whether it is the first, which writes and decides."""
        return self.rank == 0

    def span(self, total: int) -> slice:
        """The rows of a minibatch that are its own: all have as many, or one more."""
        each, more = divmod(total, self.size)
        first = self.rank * each + min(self.rank, more)
        return slice(first, first + each + (self.rank < more))

    def rows(self, own: Tensor, total: int) -> Tensor:
        """All rows of a minibatch, of which each process has its own; those that are all already, as they are."""
        if self.size == 1 or len(own) == total:
            return own
        counts = [len(range(*replace(self, rank=rank).span(total).indices(total))) for rank in range(self.size)]
        padded = own.new_zeros(max(counts), *own.shape[1:])
        padded[: len(own)] = own
        found = [torch.empty_like(padded) for _ in counts]
        with _together():
            dist.all_gather(found, padded)
        return torch.cat([each[:count] for each, count in zip(found, counts, strict=True)])

    def sum(self, flat: Tensor) -> Sum:
        """Begin to add up a flat gradient, in place; other work may go on meanwhile."""
        with _together():
            return Sum(flat, dist.all_reduce(flat, async_op=True))

    def shard(self, size: int) -> slice:
        """The part that is its own of a flat tensor whose size is a multiple of the number of processes."""
        own = size // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def scattered_sum(self, flat: Tensor) -> Sum:
        """Begin to add up this process's shard of a flat gradient, in place; other work may go on meanwhile."""
        own = flat[self.shard(len(flat))]
        with _together():
            return Sum(own, _reduce_scatter(own, flat, async_op=True))

    def gather_shards(self, flat: Tensor) -> None:
        """Fill a flat tensor, of which each process has its shard, with everybody's."""
        with _together():
            _all_gather(flat, flat[self.shard(len(flat))])

    def mean(self, value: Tensor, share: float) -> Tensor:
        """The mean over all rows of what is one over a share of them here."""
        if self.size == 1:
            return value
        total = value.detach().float() * share
        with _together():
            dist.all_reduce(total)
        return total

    def order(self, order: int = 0, asked: bool = False) -> tuple[int, bool]:
        """What the first process orders, and whether any was asked to stop."""
        if self.size == 1:
            return order, asked
        said = torch.tensor([order if self.leads else 0, int(asked)])
        with _together():
            dist.all_reduce(said, dist.ReduceOp.MAX)
        return int(said[0]), bool(said[1])

    def told(self, value: T) -> T:
        """The first process's value, which the others ask for with whatever they have."""
        if self.size == 1:
            return value
        said: list[Any] = [value]
        with _together():
            dist.broadcast_object_list(said, src=0, device=torch.device("cpu"))
        return said[0]

    def arrays(self, own: NDArray[Any] | None, error: AdvnetsError | None = None) -> NDArray[Any]:
        """Everybody's array, one after another along the first axis: of one type and shape but for their rows.

        Args:
            own: this process's; None for no row.
            error: why it has none.

        Raises:
            AdvnetsError: the first process's that has an error, in all.
        """
        said: list[Any] = [None] * self.size
        shape = None if own is None else (own.shape, own.dtype.str)
        with _together():
            dist.all_gather_object(said, (shape, error and (type(error), error.what, error.remedy)))
        for _, failed in said:
            if failed is not None:
                raise failed[0](failed[1], failed[2])
        shapes = [each for each, _ in said]
        known = next(shape for shape in shapes if shape is not None)
        counts = [0 if shape is None else shape[0][0] for shape in shapes]
        found = np.empty((sum(counts), *known[0][1:]), np.dtype(known[1]))
        first = 0
        for rank, count in enumerate(counts):
            rows = found[first : (first := first + count)]
            if rank == self.rank and own is not None:
                rows[...] = own
            self._spread(rows, rank)
        return found

    def _spread(self, rows: NDArray[Any], source: int) -> None:
        """Overwrite an array, which is contiguous, with that of one process, in pieces that messages can be of."""
        values = rows.reshape(-1).view(np.uint8)
        for begin in range(0, len(values), _PIECE):
            with _together():
                dist.broadcast(torch.from_numpy(values[begin : begin + _PIECE]), src=source)

    def total(self, own: NDArray[Any]) -> NDArray[Any]:
        """The sum of everybody's array: of whole numbers, to the last bit that of one process."""
        if self.size == 1:
            return own
        found = torch.from_numpy(own.copy())
        with _together():
            dist.all_reduce(found)
        return found.numpy()

    def all_have(self, value: object) -> bool:
        """Whether all processes have the same value."""
        if self.size == 1:
            return True
        values: list[Any] = [None] * self.size
        with _together():
            dist.all_gather_object(values, value)
        return all(each == value for each in values)

    def exchange(self) -> Callable[[int], float]:
        """What the messages of a step take, in seconds, by the bytes of its gradients: measured now, by all at once."""
        if self.size == 1:
            return lambda size: 0.0
        took: list[float] = []
        for numbers in (1, _TRIED):
            tried = torch.zeros(numbers)
            times: list[float] = []
            for _ in range(5):
                begun = time.perf_counter()
                with _together():
                    dist.all_reduce(tried)
                times.append(time.perf_counter() - begun)
            took.append(sorted(times)[2])
        return lambda size: _MESSAGES * took[0] + size * max(0.0, took[1] - took[0]) / (4 * _TRIED)

    def in_turn(self, make: Callable[[], T]) -> T:
        """What each process makes for itself, after the first has: what it caches the others find."""
        if self.size == 1:
            return make()
        made = make() if self.leads else None
        with _together():
            dist.barrier()
        return made if made is not None else make()

    def share(self, tensor: Tensor) -> None:
        """Take over the first process's tensor, in place."""
        if self.size > 1:
            with _together():
                dist.broadcast(tensor, src=0)

    @property
    def token(self) -> str:
        """What tells a run that these processes began, or those that died before them, from others'; empty alone."""
        if self.store is None:
            return ""
        if not self.store.check([_TOKEN]):
            self.store.set(_TOKEN, uuid.uuid4().hex)
        return bytes(self.store.get(_TOKEN)).decode()

    def leave(self) -> None:
        """Wait for all, and end what holds them together."""
        if self.size > 1:
            with _together():
                dist.barrier()
            dist.destroy_process_group()


ALONE = World()


def join(device: str, batch: int | None = None) -> World:
    """Join the others, where `torchrun` has started some.

    Args:
        device: of the recipe.
        batch: rows of a minibatch, in all; None where nothing is trained.

    Raises:
        RecipeError: there are too few rows.
    """
    if not launched():
        return ALONE
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if batch is not None and 2 * size > batch:
        what = f"{size} processes cannot share {batch} rows, as each needs two"
        raise RecipeError(what, "give a larger --batch, or fewer processes")
    cuda = (chosen := resolve_device(device)).type == "cuda"
    if cuda:
        _check_devices(chosen)
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    elif torchrun_says_threads() or not threads_are_said():
        torch.set_num_threads(max(1, cores() // neighbors()))
    try:
        store = _met(rank, size, cuda)
    except RuntimeError as error:
        what = f"the processes did not meet ({_first_line(error)})"
        raise RunError(what, "see that all of them are started, and reach MASTER_ADDR of torchrun's") from error
    return World(rank, size, store)


def _check_devices(device: torch.device) -> None:
    """See that each process of this machine has a GPU to itself.

    Raises:
        RecipeError: it has none.
    """
    if device.index is not None:  # pyright: ignore[reportUnnecessaryComparison]  # it may be none
        raise RecipeError(f"--device {device} is one GPU, and each process needs one", "say --device cuda")
    if (there := torch.cuda.device_count()) < neighbors():
        what = f"{neighbors()} processes need a GPU each, and this machine has {there}"
        raise RecipeError(what, f"say --nproc-per-node {there}, or --device cpu")


def _met(rank: int, size: int, cuda: bool) -> Any:
    """Where processes meet, who can talk to each other from then on."""
    store = _store(rank, size)
    if not dist.is_initialized():
        # What those that died left there, or a training before this one, are others' addresses.
        apart = dist.PrefixStore(f"advnets {restarts()} {next(_MEETINGS)}", store)  # pyright: ignore[reportPrivateImportUsage]
        # What GPUs hold goes by NCCL; orders and arrays of processors, which no GPU is to wait for, go by gloo.
        backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
        dist.init_process_group(backend, store=apart, rank=rank, world_size=size, timeout=_PATIENCE)
    return store


def _store(rank: int, size: int) -> Any:
    """Where processes meet; what those that died have left lies there still, their addresses as well."""
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    kept = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"  # by the launcher
    return dist.TCPStore(host, port, size, rank == 0 and not kept, _MEETING)  # pyright: ignore[reportPrivateImportUsage]


def restarts() -> int:
    """How often `torchrun` has started these processes anew, after some had died."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) if launched() else 0


def may_restart() -> bool:
    """Whether `torchrun` would start these processes anew."""
    return launched() and int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0")) > 0


@contextlib.contextmanager
def _together() -> Generator[None]:
    """Something that all processes do at once; what PyTorch raises where one has died is one line."""
    try:
        yield
    except RuntimeError as error:
        remedy = "start them again; a training goes on by `torchrun --max-restarts 3` or `advnets resume`"
        raise RunError(f"another process has died, or cannot be heard ({_first_line(error)})", remedy) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:_SAID]
