"""Which processors this process may use, and how busy other processes keep them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OF_THIS_PROCESS = Path("/proc/self/cgroup")
TIMES = Path("/proc/stat")
_NAME = "OMP_NUM_THREADS"
_LAUNCHED = "RANK", "LOCAL_RANK", "WORLD_SIZE"
_ours: set[str] = set()
"""Numbers of threads that we said ourselves."""
_BUSY = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq; neither idle nor what a hypervisor keeps


def launched() -> bool:
    """Whether `torchrun` has started this process beside others."""
    return all(name in os.environ for name in _LAUNCHED) and int(os.environ["WORLD_SIZE"]) > 1


def rank() -> int:
    """The number of this process among those that `torchrun` started; 0 of one alone."""
    return int(os.environ["RANK"]) if launched() else 0


def processes() -> int:
    """How many processes `torchrun` started, on all machines; 1 of one alone."""
    return int(os.environ["WORLD_SIZE"]) if launched() else 1


def neighbors() -> int:
    """How many processes `torchrun` started on this machine; 1 of one alone."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if launched() else 1


def cores() -> int:
    """The processors this process may use: those of its affinity, or fewer where its control group has a quota."""
    allowed, quota = _allowed(), min(_quotas(), default=math.inf)
    return allowed if quota >= allowed else max(1, int(quota))


def obey_quota() -> None:
    """Let libraries that are loaded from now on compute with no more threads than a quota has processors for."""
    if cores() < _allowed() and _NAME not in os.environ:
        os.environ[_NAME] = str(cores())
        _ours.add(os.environ[_NAME])


def threads_are_said() -> bool:
    """Whether the user says how many threads there are."""
    return _NAME in os.environ and os.environ[_NAME] not in _ours


def torchrun_says_threads() -> bool:
    """Whether the one thread that the environment says is torchrun's own choice, where the user has said nothing.

    Of that the environment that it was itself started with tells, on Linux.
    """
    try:
        begun = Path(f"/proc/{os.getppid()}/environ").read_bytes()
    except OSError:
        return False
    return launched() and not any(each.startswith(f"{_NAME}=".encode()) for each in begun.split(b"\0"))


def free_for_us(busy: float) -> float:
    """Processors that are left where others keep so many busy, of all that there are."""
    return min(float(cores()), _allowed() - busy)


def limit_threads() -> None:
    """See that PyTorch computes with no more threads than there are processors for: containers have fewer at times."""
    import torch

    if torch.get_num_threads() > cores():
        torch.set_num_threads(cores())


class Others:
    """How many processors are busy with other processes; None where the system does not say (it is not Linux)."""

    def __init__(self) -> None:
        self._before = self._taken()

    def busy(self) -> float | None:
        """Since the last call, on average: 0 to the number of processors of this process's affinity."""
        (then, theirs_then), (now, theirs_now) = self._before, self._taken()
        self._before = now, theirs_now
        if theirs_then is None or theirs_now is None or now <= then:
            return None
        return max(0.0, (theirs_now - theirs_then) / (now - then))

    @staticmethod
    def _taken() -> tuple[float, float | None]:
        """Seconds of a clock, and processor seconds of others."""
        try:
            lines = [line.split() for line in TIMES.read_text(encoding="ascii").splitlines()]
            names = {f"cpu{number}" for number in os.sched_getaffinity(0)}
            ticks = sum(int(words[1 + place]) for words in lines if words[0] in names for place in _BUSY)
        except (OSError, AttributeError, ValueError, IndexError):
            return time.perf_counter(), None
        return time.perf_counter(), ticks / os.sysconf("SC_CLK_TCK") - time.process_time()


def _allowed() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quotas() -> Iterator[float]:
    """Processors that the control groups of this process allow it: version 2 writes cpu.max, version 1 two files."""
    try:
        lines = OF_THIS_PROCESS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = GROUPS / controllers
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):  # a container's own group may be the root, whatever the path says
            yield from _quota(folder)
            if folder == root:
                break


def _quota(folder: Path) -> Iterator[float]:
    for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            words = " ".join((folder / name).read_text(encoding="ascii") for name in files).split()
            quota, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):  # "max 100000": no limit
            continue
        if quota > 0 and period > 0:
            yield quota / period
