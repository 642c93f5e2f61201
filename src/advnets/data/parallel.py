"""Work on all cores, in order, within bounded memory.

Threads, because Pillow releases the interpreter lock while it decodes and resizes, and because worker
processes would re-import the main module of a user's script or notebook.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from advnets.processors import cores, rank

if TYPE_CHECKING:
    from rich.console import Console

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT_PER_WORKER = 4
_FIRST_LINE, _OTHER_LINES = 2.0, 30.0  # seconds
_MOMENT = 0.5  # seconds without a bar, so that what is short leaves nothing on the terminal


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """Applies a function on all cores and yields the results in the order of the items.

    At most four items a core are in flight, so neither items nor results pile up when the consumer is slow.
    Closing the generator early drops what has not begun.
    """
    workers = cores()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="advnets-decode")
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) >= IN_FLIGHT_PER_WORKER * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Lines:
    """Progress in a log: a line after two seconds, then every half minute."""

    def __init__(self, label: str, total: int | None, unit: str) -> None:
        self._label, self._whole, self._unit = label, "" if total is None else f" of {total:,}", unit
        self._done, self._next, self._total = 0, time.perf_counter() + _FIRST_LINE, total

    def __call__(self, count: int) -> None:
        self._done += count
        if self._total is not None:
            self._done = min(self._done, self._total)  # of shares that are not equal
        if time.perf_counter() >= self._next:
            print(f"{self._label}: {self._done:,}{self._whole} {self._unit}", file=sys.stderr, flush=True)
            self._next = time.perf_counter() + _OTHER_LINES


class _Bar:
    """Progress on a terminal: a bar of what takes longer than a moment.

    Args:
        stack: what is entered for the bar is left with it.
    """

    def __init__(self, label: str, total: int | None, unit: str, console: Console, stack: ExitStack) -> None:
        self._label, self._total, self._unit, self._console, self._stack = label, total, unit, console, stack
        self._done, self._due = 0, time.perf_counter() + _MOMENT
        self._advance: Callable[[int], None] | None = None

    def __call__(self, count: int) -> None:
        if self._advance is not None:
            self._advance(count)
            return
        self._done += count
        if time.perf_counter() >= self._due:
            self._advance = self._shown()
            self._advance(self._done)

    def _shown(self) -> Callable[[int], None]:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        counts = DownloadColumn() if self._unit == "bytes" else MofNCompleteColumn()
        columns = TextColumn("{task.description}"), BarColumn(), counts, TimeRemainingColumn()
        progress = self._stack.enter_context(Progress(*columns, console=self._console))
        task = progress.add_task(self._label, total=self._total)
        return lambda count: progress.advance(task, count)


@contextmanager
def progress_bar(
    label: str, total: int | None, *, unit: str = "images", shown: bool
) -> Generator[Callable[[int], None]]:
    """A progress bar on the terminal's error stream; where that is no terminal, lines. Of what takes long only.

    Args:
        unit: what is counted: "images", "steps", or "bytes" of a transfer.

    Yields:
        A function that advances the bar by so many units.
    """
    if not shown or rank():
        yield lambda count: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(label, total, unit)
        return
    with ExitStack() as stack:
        yield _Bar(label, total, unit, console, stack)
