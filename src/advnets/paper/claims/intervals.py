"""95 % t-intervals over the seeds of an experiment, of ratios too, and what is left where games are lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.figures import Line
from advnets.paper.workspace import Workspace

_SEEDS, _QUICK_SEEDS = 5, 2


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return "unknown (too few games)"
        return f"{_short(self.mean)} ({_short(self.low)} to {_short(self.high)})"

    def map(self, function: Callable[[float], float]) -> Interval:
        """The interval on another, increasing scale."""
        return Interval(function(self.mean), function(self.low), function(self.high))


UNKNOWN = Interval(math.nan, math.nan, math.nan)
"""Of too few games. It is neither above nor below anything, so that every verdict of it is undecided."""


def seeds(workspace: Workspace) -> range:
    """The seeds of an experiment: five, or two where it is quick."""
    return range(workspace.seed, workspace.seed + (_QUICK_SEEDS if workspace.quick else _SEEDS))


def t_interval(values: npt.ArrayLike) -> Interval:
    """Mean and 95 % interval of what each seed gave, by Student's t with n - 1 degrees of freedom.

    Args:
        values: one a seed, at least 2, finite.

    Raises:
        MeasureError: fewer, or not finite.

    Source: Student 1908.
    """
    from scipy.stats import t

    x = np.asarray(values, np.float64)
    if x.ndim != 1 or len(x) < 2 or not np.isfinite(x).all():
        raise MeasureError(f"an interval of {x.tolist()}", "give one finite value a seed, of at least two seeds")
    half = float(t.ppf(0.975, len(x) - 1)) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean()) - half, float(x.mean()) + half)


def geometric(values: npt.ArrayLike) -> Interval:
    """Geometric mean and its 95 % interval: of ratios, and of what is positive and spans decades.

    Raises:
        MeasureError: fewer than 2 values, or one not above 0.
    """
    x = np.asarray(values, np.float64)
    if not (x > 0).all():
        raise MeasureError(f"a geometric mean of {x.tolist()}", "give values above 0")
    return t_interval(np.log(x)).map(math.exp)


def left(values: npt.ArrayLike, interval: Callable[[npt.ArrayLike], Interval] = t_interval) -> Interval:
    """The interval over the games that are left: of a lost one the value is not finite. Unknown from half lost on."""
    x = np.asarray(values, np.float64)
    finite = x[np.isfinite(x)]
    return interval(finite) if len(finite) > max(1, len(x) / 2) else UNKNOWN


def ratios(over: npt.ArrayLike, under: npt.ArrayLike) -> Interval:
    """Geometric mean of the ratios over / under, seed by seed, with its interval; lost games are left out."""
    return left(np.asarray(over, np.float64) / np.asarray(under, np.float64), geometric)


def band(
    label: str,
    x: Sequence[float],
    histories: npt.ArrayLike,
    *,
    log: bool = False,
    style: Literal["solid", "dashed", "points"] = "solid",
    color: str | None = None,
) -> Line:
    """A line through the means over seeds, with the band of their intervals.

    Args:
        label: in the legend.
        x: K places.
        histories: seeds x K; what is not finite is left out.
        log: geometric means, for a logarithmic axis.
        style, color: of the line.
    """
    columns = np.asarray(histories, np.float64).T
    found = [left(column, geometric if log else t_interval) for column in columns]
    mean, low, high = ([getattr(each, part) for each in found] for part in ("mean", "low", "high"))
    return Line(label, x, mean, style, low, high, color)


def plain(interval: Interval) -> list[float | None]:
    """Mean, low and high, for JSON."""
    return known([interval.mean, interval.low, interval.high])


def known(values: Sequence[float]) -> list[float | None]:
    """Values for JSON, which has none that are not finite."""
    return [value if math.isfinite(value) else None for value in values]


def column(lines: Sequence[Sequence[Mapping[str, Any]]], key: str) -> npt.NDArray[np.float64]:
    """One figure of each seed's lines: seeds x looks; nan where there is none."""
    return np.array([[line[key] for line in history] for history in lines], np.float64)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
