"""How fast Markov chains mix: the steps that an independent sample takes, and how far chains stay apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError

_WINDOW = 5.0  # Sokal's c: the window is at least so many autocorrelation times long
_SERIES = 50  # autocorrelation times that all chains together must be long: below, the estimate is a guess
_LAGS = 3  # windows that each chain must be long
SHORTEST = _LAGS * _WINDOW
"""Autocorrelation times that each chain must be long, where there are some of them; slower ones are refused."""


class SlowChainError(MeasureError):
    """A chain that forgets too slowly for so short a look at it."""


@dataclass(frozen=True)
class Autocorrelation:
    """How slowly a chain forgets.

    Args:
        time: the integrated autocorrelation time, in steps: Markov steps for each independent sample; 1 where all are
            independent.
        standard_error: of the time.
        window: lags that were summed.
        length: steps of the series, all chains together.
    """

    time: float
    standard_error: float
    window: int
    length: int


def autocorrelation_time(series: npt.ArrayLike) -> Autocorrelation:
    """The integrated autocorrelation time 1 + 2 sum_t rho(t), summed up to Sokal's window.

    The window is the smallest lag M of at least 5 times the time summed up to M.

    Args:
        series: a figure of the chain's state, step by step: T, or C x T for C chains of one law. Their mean is taken
            over all chains, so that chains stuck in places of their own count as slow, as they are.

    Returns:
        The time and its standard error, sqrt(2 (2 M + 1) / n) times the time.

    Raises:
        MeasureError: a constant series, not finite values, or too short for an estimate.

    Source: Sokal 1997, *Monte Carlo Methods in Statistical Mechanics*.
    """
    values = _series(series)
    times = 2 * np.cumsum(_correlations(values)) - 1
    enough = np.flatnonzero(np.arange(len(times)) >= _WINDOW * times)
    window = int(enough[0]) if len(enough) else len(times) - 1
    time = float(times[window])
    if values.size < _SERIES * time or values.shape[1] < _LAGS * window:
        raise SlowChainError(
            f"a series of {values.shape[0]} x {values.shape[1]} steps with an autocorrelation time of about {time:.3g}",
            f"give at least {_SERIES} times as many steps in all, and {_LAGS * _WINDOW:g} times as many in a chain",
        )
    return Autocorrelation(time, time * math.sqrt(2 * (2 * window + 1) / values.size), window, values.size)


def scale_reduction(series: npt.ArrayLike) -> float:
    """R-hat, the potential scale reduction factor: how much wider a figure spreads over all chains than within each.

    sqrt((T - 1) / T + B / W): W is the mean variance within a chain, B the variance of the chains' means.

    Args:
        series: a figure of the state of C chains of one law, step by step: C x T, at least 2 of both.

    Returns:
        About 1 where every chain went through all that the others did, the larger the more each keeps to a place of its
        own; infinite where none moves at all. It knows only places where some chain has been.

    Raises:
        MeasureError: one chain only, one step, a constant series or not finite values.

    Source: Gelman and Rubin 1992, *Inference from Iterative Simulation Using Multiple Sequences*, without their factors
    for few chains.
    """
    values = _series(series)
    chains, steps = values.shape
    if chains < 2:
        raise MeasureError("one chain", "give two or more, from starts of their own")
    within, between = values.var(1, ddof=1).mean(), values.mean(1).var(ddof=1)
    return math.sqrt((steps - 1) / steps + between / within) if within > 0 else math.inf


def mixing(seen: npt.NDArray[Any], a_step: float, shortest: float) -> dict[str, Any]:
    """Of chains x steps x figures: how fast each figure forgets; the seconds of a step, and of an independent sample.

    What does not fit `shortest` times into a chain takes longer than a chain's steps / `shortest`: nothing is measured.
    """
    figures = [forgetting(seen[:, :, place]) for place in range(seen.shape[2])]
    times, least = [each["steps"] for each in figures], seen.shape[1] / shortest
    return {
        "figures": figures, "more than": least, "a step": a_step,
        "seconds": a_step * (least if None in times else max(times)),
    }  # fmt: skip


def forgetting(series: npt.NDArray[Any]) -> dict[str, Any]:
    """Of a figure of chains, chains x steps: its autocorrelation time, where it can be measured, and R-hat."""
    found: dict[str, Any] = {"steps": None, "R-hat": scale_reduction(series)}
    try:
        forgets = autocorrelation_time(series)
    except SlowChainError:
        return found
    return {**found, "steps": forgets.time, "error": forgets.standard_error}


def _series(series: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """A figure of chains that says something: chains x steps."""
    values = np.atleast_2d(np.asarray(series, np.float64))
    if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        raise MeasureError(f"a series of shape {values.shape}", "give finite values, chains x steps or steps")
    if np.ptp(values) == 0:
        raise MeasureError("a constant series", "observe what changes from step to step")
    return values


def _correlations(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """rho(t) of lags 0 to T - 1, averaged over the chains, by a Fourier transform padded against wrapping."""
    steps = values.shape[1]
    spectrum = np.fft.rfft(values - values.mean(), n=2 * steps, axis=1)
    products = np.fft.irfft(np.square(np.abs(spectrum)).mean(0))[:steps]
    return products / products[0]
