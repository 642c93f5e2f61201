"""p(x) of a Boltzmann machine: its partition function by annealed importance sampling, and bounds for stacks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from advnets.errors import MeasureError
from advnets.paper.models.dbn import DBN
from advnets.paper.models.rbm import RBM, draw
from advnets.randomness import Stream, generator_for


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
