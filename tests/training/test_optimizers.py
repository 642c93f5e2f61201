"""The optimizers against literal recursions, and the schedules against their formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from advnets.config.players import AdamConfig, OptimizerConfig, SGDConfig
from advnets.training import optimizers
from advnets.training.optimizers import SGD, Adam, build_optimizer, learning_rate, momentum

STEPS = 60
SIZES = (7, 5)
SPANS = [slice(0, 7), slice(64, 69)]


def gradients(step: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(step)
    return [torch.randn(size, generator=rng) for size in SIZES]


def apart(flat: torch.Tensor) -> list[torch.Tensor]:
    return [flat[span] for span in SPANS]


class Moved:
    """Two parameters in one flat tensor, and the optimizer that moves them; or the flat tensor as one."""

    def __init__(self, config: OptimizerConfig, start: float = -1.0, like: optimizers.Like = apart) -> None:
        self.flat, self.grad, self._like = torch.zeros(128), torch.zeros(128), like
        for view in apart(self.flat):
            view.copy_(torch.linspace(start, 1, len(view)))
        self.optimizer: SGD | Adam = build_optimizer(config, like(self.flat), self.flat, like)

    def update(self, step: int) -> np.ndarray:
        """The parameters after update number `step`."""
        for view, gradient in zip(apart(self.grad), gradients(step), strict=True):
            view.copy_(gradient)
        self.optimizer.update(self._like(self.grad), step, STEPS)
        return torch.cat(apart(self.flat)).double().numpy()


def trajectory(config: OptimizerConfig) -> list[np.ndarray]:
    """The parameters after each update."""
    moved = Moved(config)
    return [moved.update(step) for step in range(STEPS)]


AUTHORS = SGDConfig(
    rate=0.1, momentum=0.5, final_momentum=0.7, momentum_steps=40, schedule="exponential", decay=1.02,
    floor=0.05,
)  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        AUTHORS,
        SGDConfig(rate=0.2, momentum=0.0, final_momentum=0.0),
        SGDConfig(rate=0.1, momentum=0.0, final_momentum=0.9, momentum_steps=30),
        SGDConfig(rate=0.1, momentum=0.9, final_momentum=0.9, schedule="cosine"),
        SGDConfig(rate=0.1, momentum=0.9, final_momentum=0.9, warmup=10, schedule="linear"),
    ],
)
def test_sgd_is_pylearn2s_momentum(config: OptimizerConfig) -> None:
    # pylearn2, learning_rule.Momentum: inc <- momentum * inc - rate * grad; param <- param + inc.
    parameters = torch.cat([torch.linspace(-1, 1, size) for size in SIZES]).double().numpy()
    increment = np.zeros_like(parameters)
    for step, ours in enumerate(trajectory(config)):
        gradient = torch.cat(gradients(step)).double().numpy()
        increment = momentum(config, step) * increment - learning_rate(config, step, STEPS) * gradient
        parameters = parameters + increment
        np.testing.assert_allclose(ours, parameters, rtol=1e-6, atol=3e-6)


def test_adam_is_torchs_adam() -> None:
    config = AdamConfig(rate=3e-3, betas=(0.5, 0.99), epsilon=1e-8)
    theirs = [torch.linspace(-1, 1, size).requires_grad_() for size in SIZES]
    adam = torch.optim.Adam(theirs, lr=3e-3, betas=(0.5, 0.99), eps=1e-8)
    for step, ours in enumerate(trajectory(config)):
        for parameter, gradient in zip(theirs, gradients(step), strict=True):
            parameter.grad = gradient
        adam.step()
        np.testing.assert_allclose(ours, torch.cat(theirs).detach().double().numpy(), rtol=0, atol=1e-6)


def test_one_flat_update_is_the_update_of_its_parts() -> None:
    config = AdamConfig(rate=1e-2)
    parts, whole = Moved(config), Moved(config, like=lambda flat: [flat])
    for step in range(5):
        np.testing.assert_allclose(parts.update(step), whole.update(step), rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_the_kernels_are_given_tensors_of_one_layout(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On processors the fused kernels take flat state beside matrices; on GPUs they refuse it."""
    kernel, seen = getattr(optimizers, f"_fused_{kind}"), []

    def watched(*lists: list[torch.Tensor], **settings: Any) -> None:
        seen.append([[(t.shape, t.stride()) for t in tensors if t.ndim] for tensors in lists])
        kernel(*lists, **settings)

    monkeypatch.setattr(optimizers, f"_fused_{kind}", watched)

    def like(flat: torch.Tensor) -> list[torch.Tensor]:
        return [flat[:8].view(4, 2), flat[8:11]]

    flat, config = torch.zeros(64), SGDConfig(momentum=0.5) if kind == "sgd" else AdamConfig()
    optimizer = build_optimizer(config, like(flat), flat, like)
    for step in range(2):
        optimizer.update(like(torch.ones(64)), step, STEPS)
    layouts = [(p.shape, p.stride()) for p in like(flat)]
    assert len(seen) == 2
    assert all([each for each in lists if each] == [layouts] * (4 if kind == "adam" else 3) for lists in seen)


@pytest.mark.parametrize("config", [AUTHORS, AdamConfig(rate=1e-2, schedule="linear")])
def test_the_state_is_all_there_is(config: OptimizerConfig) -> None:
    first, second = Moved(config), Moved(config)
    for step in range(10):
        first.update(step)
    second.flat.copy_(first.flat)
    for name, value in second.optimizer.state.items():
        value.copy_(first.optimizer.state[name])
    for step in range(10, 20):
        np.testing.assert_array_equal(first.update(step), second.update(step))


def test_the_rate_follows_its_schedule() -> None:
    def rates(**fields) -> list[float]:
        return [learning_rate(AdamConfig(rate=1.0, **fields), step, 100) for step in range(101)]

    assert set(rates()) == {1.0}
    cosine = rates(schedule="cosine", floor=0.1, decay_from=0.5)
    assert cosine[:51] == [1.0] * 51
    assert cosine[75] == pytest.approx(0.1 + 0.9 * 0.5)
    assert cosine[100] == pytest.approx(0.1)
    linear = rates(schedule="linear", warmup=10)
    assert linear[4] == pytest.approx(0.5 * 0.96)
    assert linear[50] == pytest.approx(0.5)
    assert linear[100] == 0.0
    exponential = rates(schedule="exponential", decay=1.1, floor=0.01)
    assert exponential[0] == 1.0
    assert exponential[9] == pytest.approx(1.1**-9)
    assert exponential[100] == 0.01
    assert learning_rate(AdamConfig(schedule="exponential", decay=1.01, floor=1e-5), 10**6, 10**7) == 1e-5


def test_the_authors_momentum_and_rate() -> None:
    config = SGDConfig(
        rate=0.1, momentum=0.5, final_momentum=0.7, momentum_steps=125_000, schedule="exponential",
        decay=1.000004, floor=1e-6,
    )  # fmt: skip
    assert momentum(config, 0) == 0.5
    assert momentum(config, 62_500) == pytest.approx(0.6)
    assert momentum(config, 200_000) == 0.7
    assert learning_rate(config, 500, 200_000) == pytest.approx(0.1 * math.exp(-500 * math.log(1.000004)))
