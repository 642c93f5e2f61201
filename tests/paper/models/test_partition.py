"""Partition functions against brute force, annealed importance sampling against them, autocorrelation against AR(1)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from small_machines import all_states, machine

from advnets.errors import MeasureError
from advnets.paper.models.dbn import DBN
from advnets.paper.models.partition import (
    ais_log_partition,
    autocorrelation_time,
    exact_log_partition,
    log_probability,
    log_probability_bound,
    scale_reduction,
)
from advnets.paper.models.rbm import RBM


def autoregression(phi: float, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Chains of x_t = phi x_(t-1) + noise, started at their stationary distribution."""
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[:, 0] /= math.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)


def test_the_exact_partition_function_is_the_sum_over_all_pairs_of_states() -> None:
    rbm = machine(6, 4, 1.5)
    total = sum(
        math.exp(float(v @ rbm.weight @ h + v @ rbm.visible_bias + h @ rbm.hidden_bias))
        for v in all_states(6)
        for h in all_states(4)
    )
    assert exact_log_partition(rbm) == pytest.approx(math.log(total), abs=1e-12)


def test_it_does_not_matter_which_layer_is_enumerated() -> None:
    rbm = machine(14, 13)
    other = RBM(rbm.weight.t(), rbm.hidden_bias, rbm.visible_bias)
    assert exact_log_partition(rbm) == pytest.approx(exact_log_partition(other), abs=1e-10)


def test_without_weights_it_has_a_closed_form() -> None:
    rbm = machine(700, 15)
    free = RBM(torch.zeros_like(rbm.weight), rbm.visible_bias, rbm.hidden_bias)
    biases = torch.cat([rbm.visible_bias, rbm.hidden_bias])
    assert exact_log_partition(free) == pytest.approx(float(torch.log1p(biases.exp()).sum()), abs=1e-9)


def test_probabilities_sum_to_one() -> None:
    rbm = machine(8, 5)
    logs = log_probability(rbm, all_states(8), exact_log_partition(rbm))
    assert float(logs.exp().sum()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("based", [False, True])
def test_annealed_importance_sampling_agrees_with_enumeration(seed: int, based: bool) -> None:
    rbm = machine(30, 12, 0.7, seed)
    mean = torch.full((30,), 0.3) if based else None
    found = ais_log_partition(rbm.to(torch.float32), 100, 1000, seed, mean)
    assert found.low < exact_log_partition(rbm) < found.high
    assert found.low < found.value < found.high < found.low + 0.3
    assert 50 < found.effective <= 100


def test_more_temperatures_bring_the_chains_closer_together() -> None:
    rbm = machine(30, 12, 0.7)
    few, many = (ais_log_partition(rbm, 100, temperatures) for temperatures in (5, 500))
    assert many.high - many.low < few.high - few.low
    assert many.effective > few.effective


def test_the_start_is_exact_where_there_are_no_weights() -> None:
    rbm = machine(10, 5)
    free = RBM(torch.zeros_like(rbm.weight), rbm.visible_bias, torch.zeros(5, dtype=torch.float64))
    found = ais_log_partition(free, 10, 3)
    assert found.value == pytest.approx(exact_log_partition(free), abs=1e-6)
    assert found.high - found.low < 1e-6


def test_the_bound_of_a_stack_is_below_its_exact_probability_and_not_far() -> None:
    lower, top = machine(5, 4, 0.8), machine(4, 3, 0.8, 1)
    v, h = all_states(5), all_states(4)
    prior = torch.softmax(-top.free_energy(h), 0)
    odds = h @ lower.weight.t() + lower.visible_bias
    given = torch.where(v[:, None] == 1, odds.sigmoid(), 1 - odds.sigmoid()).prod(2)  # p(v | h)
    exact = (given @ prior).log()
    assert float(exact.exp().sum()) == pytest.approx(1, abs=1e-12)
    posterior = torch.where(h == 1, lower.hidden(v)[:, None], 1 - lower.hidden(v)[:, None]).prod(2)  # q(h | v)
    bound = (posterior * (given.log() + prior.log() - posterior.log())).sum(1)
    found, error = log_probability_bound(DBN([lower, top]), v, exact_log_partition(top), draws=1000)
    assert bool((bound <= exact + 1e-12).all())
    assert float(((found - bound) / error).abs().max()) < 4
    assert bool((found < exact + 4 * error).all())
    assert float(error.max()) < 0.1


def test_the_bound_of_one_machine_is_its_probability() -> None:
    rbm = machine(5, 4)
    found, error = log_probability_bound(DBN([rbm]), all_states(5), exact_log_partition(rbm))
    torch.testing.assert_close(found, log_probability(rbm, all_states(5), exact_log_partition(rbm)))
    assert float(error.max()) < 1e-12


@pytest.mark.parametrize(("phi", "shape"), [(0.9, (1, 1_000_000)), (0.5, (1, 50_000)), (0.8, (100, 1000))])
def test_an_autoregression_has_its_closed_form_time(phi: float, shape: tuple[int, int]) -> None:
    found = autocorrelation_time(autoregression(phi, shape))
    expected = (1 + phi) / (1 - phi)
    assert abs(found.time - expected) < 3 * found.standard_error + 0.01 * expected
    assert found.standard_error < 0.1 * expected
    assert found.length == shape[0] * shape[1]


def test_independent_draws_take_one_step_each() -> None:
    found = autocorrelation_time(np.random.default_rng(0).normal(size=50_000))
    assert found.time == pytest.approx(1, abs=3 * found.standard_error)


def test_chains_that_stay_where_they_are_count_as_slow() -> None:
    mixed = autoregression(0.5, (20, 2000))
    stuck = mixed + np.arange(20)[:, None]
    assert autocorrelation_time(mixed).time < 5
    with pytest.raises(MeasureError, match="give at least"):
        autocorrelation_time(stuck)


def test_a_partition_function_that_is_too_low_makes_the_bound_too_high() -> None:
    rbm = machine(5, 4)
    v, exact = all_states(5), exact_log_partition(rbm)
    found, _ = log_probability_bound(DBN([rbm]), v, exact - 0.5)
    torch.testing.assert_close(found, log_probability(rbm, v, exact) + 0.5)


@pytest.mark.parametrize("apart", [0.0, 0.1, 1.0, 10.0])
def test_scale_reduction_tells_how_far_chains_stay_apart(apart: float) -> None:
    places = apart * np.arange(20)[:, None]
    found = scale_reduction(np.random.default_rng(0).normal(size=(20, 20_000)) + places)
    assert found == pytest.approx(math.sqrt(1 + apart**2 * 35), rel=0.01)  # 0 to 19 have a variance of 35


def test_scale_reduction_sees_slow_chains_that_autocorrelation_sees() -> None:
    fast, slow = (scale_reduction(autoregression(phi, (20, 2_000))) for phi in (0.5, 0.999))
    assert 0.999 < fast < 1.003
    assert slow > 1.1


def test_chains_that_never_move_are_infinitely_far_apart() -> None:
    assert scale_reduction(np.repeat([[1.0], [2.0]], 10, axis=1)) == math.inf


@pytest.mark.parametrize("series", [np.arange(100.0), np.ones((3, 10)), np.ones((3, 1)), [[1.0, math.nan]] * 2])
def test_what_tells_nothing_of_mixing_is_refused(series: np.ndarray) -> None:
    with pytest.raises(MeasureError):
        scale_reduction(series)


@pytest.mark.parametrize("series", [np.zeros(100), [1.0], [1.0, math.nan, 2.0], np.arange(100.0)])
def test_a_series_that_tells_nothing_is_refused(series: np.ndarray) -> None:
    with pytest.raises(MeasureError):
        autocorrelation_time(series)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(MeasureError, match="ais_log_partition"):
        exact_log_partition(machine(25, 24))
    with pytest.raises(MeasureError, match="1 chains"):
        ais_log_partition(machine(3, 2), chains=1)
    with pytest.raises(MeasureError, match="between 0 and 1"):
        log_probability(machine(3, 2), torch.full((1, 3), 0.5), 0.0)
    with pytest.raises(MeasureError, match="1 draws"):
        log_probability_bound(DBN([machine(3, 2)]), torch.zeros(1, 3), 0.0, draws=1)
