"""The exponential average of a player's weights."""

from __future__ import annotations

import pytest
import torch

from advnets.config.players import AverageConfig
from advnets.training.averages import decay_at, update_average


def averaged(config: AverageConfig, path: list[float]) -> float:
    average = torch.zeros(1)
    for step, weight in enumerate(path, 1):
        update_average(average, torch.tensor([weight]), config, step)
    return float(average)


def test_the_memory_is_a_tenth_of_the_steps_until_it_is_full() -> None:
    config = AverageConfig(decay=0.999, every=1)
    assert decay_at(config, 100) == pytest.approx(1 - 1 / 10)
    assert decay_at(config, 5_000) == pytest.approx(1 - 1 / 500)
    assert decay_at(config, 10_000) == decay_at(config, 10**6) == pytest.approx(0.999)


def test_the_first_weights_are_taken_whole() -> None:
    assert averaged(AverageConfig(every=1), [3.0]) == 3.0
    assert averaged(AverageConfig(every=8), [9.0] * 7 + [3.0]) == 3.0


def test_constant_weights_are_their_average() -> None:
    assert averaged(AverageConfig(), [2.5] * 800) == pytest.approx(2.5)


def test_it_lags_by_its_memory() -> None:
    # Weights that grow by one a step: an exponential average lags by its memory (less one).
    lag = 20_000 - averaged(AverageConfig(decay=0.99, every=1), [float(n) for n in range(1, 20_001)])
    assert lag == pytest.approx(99, rel=0.01)
    rare = 20_000 - averaged(AverageConfig(decay=0.99, every=8), [float(n) for n in range(1, 20_001)])
    assert rare == pytest.approx(95.6, rel=0.03)


def test_a_share_of_the_training_is_a_power_function() -> None:
    config = AverageConfig(share=0.1, every=1)
    lags = [n - averaged(config, [float(k) for k in range(1, n + 1)]) for n in (1_000, 4_000)]
    assert lags[1] / lags[0] == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("step", [1, 3, 7])
def test_a_training_of_few_steps_has_an_average(step: int) -> None:
    average = torch.zeros(1)
    for at in range(1, step + 1):
        update_average(average, torch.full((1,), float(at)), AverageConfig(), at)
    assert average == step  # the memory is not yet longer than a step
