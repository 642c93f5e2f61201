"""Annealed importance sampling and bounds against the enumeration of every state."""

from __future__ import annotations

import math

import pytest
import torch
from small_machines import all_states, exact_log_partition, log_probability, machine

from advnets.errors import MeasureError
from advnets.paper.models.dbn import DBN
from advnets.paper.models.partition import ais_log_partition, log_probability_bound
from advnets.paper.models.rbm import RBM


def test_the_exact_partition_function_is_the_sum_over_all_pairs_of_states() -> None:
    rbm = machine(6, 4, 1.5)
    total = sum(
        math.exp(float(v @ rbm.weight @ h + v @ rbm.visible_bias + h @ rbm.hidden_bias))
        for v in all_states(6)
        for h in all_states(4)
    )
    assert exact_log_partition(rbm) == pytest.approx(math.log(total), abs=1e-12)


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


def test_a_partition_function_that_is_too_low_makes_the_bound_too_high() -> None:
    rbm = machine(5, 4)
    v, exact = all_states(5), exact_log_partition(rbm)
    found, _ = log_probability_bound(DBN([rbm]), v, exact - 0.5)
    torch.testing.assert_close(found, log_probability(rbm, v, exact) + 0.5)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(MeasureError, match="1 chains"):
        ais_log_partition(machine(3, 2), chains=1)
    with pytest.raises(MeasureError, match="between 0 and 1"):
        log_probability_bound(DBN([machine(3, 2)]), torch.full((1, 3), 0.5), 0.0)
    with pytest.raises(MeasureError, match="1 draws"):
        log_probability_bound(DBN([machine(3, 2)]), torch.zeros(1, 3), 0.0, draws=1)
