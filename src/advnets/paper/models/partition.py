"""p(x) of a Boltzmann machine: its partition function, exact and by annealed importance sampling; mixing of chains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from advnets.errors import MeasureError
from advnets.paper.models.dbn import DBN
from advnets.paper.models.rbm import RBM, draw
from advnets.randomness import Stream, generator_for

_ENUMERABLE = 22
_BLOCK_BITS = 12  # states that are enumerated at once: 4,096
_WINDOW = 5.0  # Sokal's c: the window is at least so many autocorrelation times long
_SERIES = 50  # autocorrelation times that all chains together must be long: below, the estimate is a guess
_LAGS = 3  # windows that each chain must be long
SHORTEST = _LAGS * _WINDOW
"""Autocorrelation times that each chain must be long, where there are some of them; slower ones are refused."""


class SlowChainError(MeasureError):
    """A chain that forgets too slowly for so short a look at it."""


@dataclass(frozen=True)
class PartitionEstimate:
    """log Z by annealed importance sampling.

    Args:
        value: the estimate in nats. exp(value) is unbiased; the value itself is low on average.
        low, high: log(Z - 3 s) and log(Z + 3 s), s the standard error of Z over the chains; low is -inf where 3 s > Z.
            They know only the chains that were run: where few of them carry the weight, both are too low.
        effective: chains of equal weight that would be as good, from 1 to their number.
        chains, temperatures: how it was made.
    """

    value: float
    low: float
    high: float
    effective: float
    chains: int
    temperatures: int


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


def exact_log_partition(machine: RBM) -> float:
    """log Z, by summing over every state of the smaller layer; the other layer is summed in closed form.

    Args:
        machine: of which one layer has at most 22 units.

    Returns:
        Nats, computed in float64.

    Raises:
        MeasureError: both layers are larger.
    """
    wide = machine.to(torch.float64, torch.float64)
    if len(wide.visible_bias) > len(wide.hidden_bias):  # seen from the hidden side it is the same machine
        wide = RBM(wide.weight.t(), wide.hidden_bias, wide.visible_bias)
    units = len(wide.visible_bias)
    if units > _ENUMERABLE:
        raise MeasureError(
            f"2^{units} states to sum over", f"use ais_log_partition: only up to {_ENUMERABLE} units can be enumerated"
        )
    block = 2 ** min(units, _BLOCK_BITS)
    terms = [torch.logsumexp(-wide.free_energy(_states(first, block, units)), 0) for first in range(0, 2**units, block)]
    return float(torch.logsumexp(torch.stack(terms), 0))


def ais_log_partition(
    machine: RBM, chains: int = 100, temperatures: int = 10_000, seed: int = 0, mean: Tensor | None = None
) -> PartitionEstimate:
    """log Z by annealed importance sampling, from a machine without weights to this one.

    p_beta(v) is proportional to exp((1 - beta) a v + beta b v) prod_j (1 + exp(beta (c_j + v W_j))), with beta rising
    evenly from 0, where units are independent with log odds a and Z is known, to 1.

    Args:
        machine: any; products are in the dtype of its weights.
        chains: independent runs, at least 2.
        temperatures: values of beta after 0, at least 1: the more, the nearer is each distribution to the next.
        seed: of the chains.
        mean: the training rows' mean, D, whose log odds are a; the nearer the start, the better the estimate. By
            default a is the machine's own visible biases.

    Returns:
        The estimate and its interval of three standard errors.

    Raises:
        MeasureError: too few chains or temperatures.

    Source: Neal 2001; Salakhutdinov and Murray 2008, *On the Quantitative Analysis of Deep Belief Networks*.
    """
    if chains < 2 or temperatures < 1:
        raise MeasureError(f"{chains} chains, {temperatures} temperatures", "give at least 2 and 1")
    base = machine.visible_bias if mean is None else torch.logit(mean.to(machine.visible_bias), 1e-3)
    log_weights = _anneal(machine, base, chains, temperatures, generator_for(seed, 0, Stream.SAMPLES))
    log_base = float(softplus(base.double()).sum()) + len(machine.hidden_bias) * math.log(2)
    return _estimate(log_weights + log_base, temperatures)


def log_probability(machine: RBM, v_ND: Tensor, log_partition: float) -> Tensor:
    """log p(v) of rows of zeros and ones, N, in nats: -F(v) - log Z.

    Raises:
        MeasureError: other values than 0 and 1: the machine has no density between them.
    """
    _check_binary(v_ND)
    return -machine.free_energy(v_ND) - log_partition


def log_probability_bound(
    network: DBN, v_ND: Tensor, log_partition: float, draws: int = 10, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """A lower bound on log p(v): E_q[log p(v | h1) + ... - F(top) - log Z - log q(h | v)], q the upward pass.

    Args:
        network: of one machine or more; for one the bound is log p(v) itself.
        v_ND: rows of zeros and ones.
        log_partition: log Z of the top machine. An estimate that may be too low, as annealed importance sampling gives
            it, makes of the bound an estimate that may lie above log p(v).
        draws: how often the upward pass is drawn for each row, at least 2.
        seed: of the draws.

    Returns:
        The mean over the draws and its standard error, each N, in nats. The mean estimates the bound without bias.

    Raises:
        MeasureError: other values than 0 and 1, or fewer than 2 draws.

    Source: Salakhutdinov and Murray 2008; Hinton et al. 2006.
    """
    _check_binary(v_ND)
    if draws < 2:
        raise MeasureError(f"{draws} draws", "give at least 2")
    found = torch.stack([
        _one_bound(network.machines, v_ND, generator_for(seed, number, Stream.SAMPLES)) for number in range(draws)
    ])  # fmt: skip
    return found.mean(0) - log_partition, found.std(0) / math.sqrt(draws)


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


def _series(series: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """A figure of chains that says something: chains x steps."""
    values = np.atleast_2d(np.asarray(series, np.float64))
    if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
        raise MeasureError(f"a series of shape {values.shape}", "give finite values, chains x steps or steps")
    if np.ptp(values) == 0:
        raise MeasureError("a constant series", "observe what changes from step to step")
    return values


def _states(first: int, count: int, units: int) -> Tensor:
    """The binary numbers from `first` on, count x units, float64."""
    numbers = torch.arange(first, first + count)
    return (numbers[:, None] >> torch.arange(units)).bitwise_and(1).double()


def _anneal(machine: RBM, base: Tensor, chains: int, temperatures: int, generator: torch.Generator) -> Tensor:
    """log of the importance weights p_beta(v) / p_beta'(v), multiplied over all temperatures; chains, float64."""
    weight, bias = machine.weight, machine.visible_bias
    v_ND = draw(base.sigmoid().expand(chains, -1), generator, weight.dtype)
    log_weights = torch.zeros(chains, dtype=torch.float64)
    step = 1 / temperatures
    for number in range(1, temperatures + 1):
        beta = number * step
        inputs = machine.hidden_input(v_ND)
        moved = softplus(inputs * beta).sub_(softplus(inputs * (beta - step))).sum(1)
        log_weights += (v_ND.to(bias.dtype) @ (bias - base) * step + moved).double()
        if number < temperatures:  # what follows the last ratio would not be used
            h_NH = draw(inputs.mul_(beta).sigmoid_(), generator, weight.dtype)
            odds = machine.visible_input(h_NH).mul_(beta).add_(base, alpha=1 - beta)
            v_ND = draw(odds.sigmoid_(), generator, weight.dtype)
    return log_weights


def _estimate(log_weights: Tensor, temperatures: int) -> PartitionEstimate:
    chains, largest = len(log_weights), float(log_weights.max())
    ratios = torch.exp(log_weights - largest)
    mean, error = float(ratios.mean()), float(ratios.std()) / math.sqrt(chains)
    low = math.log(mean - 3 * error) if mean > 3 * error else -math.inf
    return PartitionEstimate(
        value=largest + math.log(mean),
        low=largest + low,
        high=largest + math.log(mean + 3 * error),
        effective=float(ratios.sum().square() / ratios.square().sum()),
        chains=chains,
        temperatures=temperatures,
    )


def _one_bound(machines: Sequence[RBM], v_ND: Tensor, generator: torch.Generator) -> Tensor:
    """log p*(v, h) - log q(h | v) for one draw of all h but the top machine's hidden units, which are summed over."""
    kind = machines[0].visible_bias.dtype
    below, total = v_ND.to(kind), torch.zeros(len(v_ND), dtype=kind)
    for machine in machines[:-1]:
        inputs = machine.hidden_input(below)
        above = draw(inputs.sigmoid(), generator, kind)
        total += _log_probability(machine.visible_input(above), below) - _log_probability(inputs, above)
        below = above
    return total - machines[-1].free_energy(below)


def _log_probability(odds: Tensor, states: Tensor) -> Tensor:
    """log of the probability of each row of states, N, of independent units with these log odds."""
    return -binary_cross_entropy_with_logits(odds, states, reduction="none").sum(1)


def _check_binary(v_ND: Tensor) -> None:
    if not bool(((v_ND == 0) | (v_ND == 1)).all()):
        raise MeasureError("values between 0 and 1", "round or draw them: p(v) is of zeros and ones")


def _correlations(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """rho(t) of lags 0 to T - 1, averaged over the chains, by a Fourier transform padded against wrapping."""
    steps = values.shape[1]
    spectrum = np.fft.rfft(values - values.mean(), n=2 * steps, axis=1)
    products = np.fft.irfft(np.square(np.abs(spectrum)).mean(0))[:steps]
    return products / products[0]
