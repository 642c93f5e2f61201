"""What a person sees while a training runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from advnets.figures.scores import score_names
from advnets.runs.durations import in_words

_FIRST_SECONDS, _OTHER_SECONDS = 2.0, 10.0


class ProgressDisplay(Protocol):
    """Something that shows how far a training is; a context manager around its steps."""

    def __enter__(self) -> ProgressDisplay: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def due(self) -> bool:
        """Whether it is time for figures: two seconds after the beginning, then ten after those before."""
        ...

    def show(self, step: int, line: Mapping[str, float] | None) -> None:
        """Step `step` is done; `line` has its figures, if they are known: costs, mean scores, steps a second."""
        ...

    def say(self, text: str) -> None:
        """Print a line above the progress, or before it begins."""
        ...


@dataclass(frozen=True)
class Spent:
    """A budget of time.

    Args:
        whole: seconds of it.
        so_far: how many have been spent.
    """

    whole: float
    so_far: Callable[[], float]

    @property
    def left(self) -> float:
        """Seconds, 0 or more."""
        return max(self.whole - self.so_far(), 0.0)


def progress_display(steps: int, start: int, images_a_step: int, spent: Spent | None = None) -> ProgressDisplay:
    """A bar on a terminal, a line every ten seconds elsewhere, the first after two.

    Args:
        steps: of the training.
        start: the first of them.
        images_a_step: real images in a step.
        spent: the budget that ends it before that, if there is one.
    """
    console = Console(stderr=True)
    return (Bar if console.is_terminal else Lines)(console, steps, start, images_a_step, spent)


class _Due:
    """When the next figures are to be shown."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The first step begins now."""
        self._next = time.perf_counter() + _FIRST_SECONDS

    def __call__(self) -> bool:
        return time.perf_counter() >= self._next

    def shown(self) -> None:
        """Figures were shown now."""
        self._next = time.perf_counter() + _OTHER_SECONDS


class Bar:
    """A progress bar: step, images a second, costs, D(x), D(G(z)), time left."""

    def __init__(
        self, console: Console, steps: int, start: int, images_a_step: int, spent: Spent | None = None
    ) -> None:
        self._images_a_step, self._steps, self._spent = images_a_step, steps, spent
        self._progress = Progress(
            TextColumn("{task.fields[place]}"), BarColumn(),
            TextColumn("{task.fields[figures]}"), TimeRemainingColumn(compact=True), TextColumn("left"),
            console=console, refresh_per_second=4,
        )  # fmt: skip
        whole = steps if spent is None else spent.whole
        self._task = self._progress.add_task("train", total=whole, figures="", place=self._place(start))
        self._progress.update(self._task, completed=start if spent is None else spent.so_far())
        self._shown, self._due = 0.0, _Due()

    def __enter__(self) -> Bar:
        self._progress.start()
        self._due.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def due(self) -> bool:
        return self._due()

    def show(self, step: int, line: Mapping[str, float] | None) -> None:
        now = time.perf_counter()
        if line is not None:
            self._due.shown()
            self._progress.update(self._task, figures=_brief(line, self._images_a_step))
        if line is not None or now - self._shown > 0.25:
            done = step if self._spent is None else self._spent.so_far()
            self._progress.update(self._task, completed=done, place=self._place(step))
            self._shown = now

    def _place(self, step: int) -> str:
        return f"{step:,}" if self._spent is not None else f"{step:,}/{self._steps:,}"

    def say(self, text: str) -> None:
        # Names of files hold brackets, and are to be copied whole.
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


class Lines:
    """One line every ten seconds, for logs and notebooks; the first after two."""

    def __init__(
        self, console: Console, steps: int, start: int, images_a_step: int, spent: Spent | None = None
    ) -> None:
        self._steps, self._images_a_step, self._due, self._spent = steps, images_a_step, _Due(), spent

    def __enter__(self) -> Lines:
        self._due.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def due(self) -> bool:
        return self._due()

    def show(self, step: int, line: Mapping[str, float] | None) -> None:
        if line is None or not (self._due() or step >= self._steps):
            return
        rate, spent = line["steps_per_second"], self._spent
        place = f"step {step:,}" if spent is not None else f"step {step:,} of {self._steps:,}"
        left = spent.left if spent is not None else (self._steps - step) / rate if rate else 0.0
        self.say(f"{place}  {_figures(line, self._images_a_step)}  {in_words(left)} left")
        self._due.shown()

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _brief(line: Mapping[str, float], images_a_step: int) -> str:
    """The same in 80 columns, beside the step and the time left."""
    real, fake = score_names(line)
    return (
        f"{_images_per_second(line, images_a_step):,.0f} img/s D {line['cost_d']:.3f} G {line['cost_g']:.3f}"
        f" {real} {line['d_real']:.2f} {fake} {line['d_fake']:.2f}"
    )


def _figures(line: Mapping[str, float], images_a_step: int) -> str:
    real, fake = score_names(line)
    return (
        f"{_images_per_second(line, images_a_step):,.0f} images/s  cost D {line['cost_d']:.3f} G {line['cost_g']:.3f}"
        f"  {real} {line['d_real']:.2f}  {fake} {line['d_fake']:.2f}"
    )


def _images_per_second(line: Mapping[str, float], images_a_step: int) -> float:
    """Real images; where k is adaptive, at the k of now."""
    return line["steps_per_second"] * images_a_step * line.get("adaptive_k", 1.0)
