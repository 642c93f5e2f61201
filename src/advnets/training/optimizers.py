"""Momentum SGD and Adam on flat parameters; their schedules are functions of the step, never of history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

# The kernels under torch.optim's fused optimizers: the classes around them cost 40 to 80 us a step, more than a
# small game's own mathematics.
_fused_sgd = torch.ops.aten._fused_sgd_.default
_fused_adam = torch.ops.aten._fused_adam_.default


@dataclass(frozen=True)
class OptimizerConfig:
    """How a player moves along its gradient."""

    kind: Literal["adam", "sgd"] = "adam"
    """adam (Kingma and Ba 2015) or sgd with momentum, as in the paper."""
    rate: float = 1e-3
    """Learning rate before its schedule."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's decay of the first and the second moment."""
    epsilon: float = 1e-8
    """Adam's guard against division by zero."""
    momentum: float = 0.5
    """SGD's momentum at the first step."""
    final_momentum: float = 0.5
    """SGD's momentum from `momentum_steps` on; linear in between."""
    momentum_steps: int = 0
    """Steps over which the momentum moves from its first to its final value."""
    schedule: Literal["constant", "cosine", "linear", "exponential"] = "constant"
    """Shape of the learning rate after the warm-up: cosine and linear fall to `floor` at the last step."""
    decay: float = 1.0
    """Exponential schedule: the rate is divided by this at every step (1.000004 in the paper)."""
    decay_from: float = 0.0
    """Cosine and linear schedules: the share of the training at the full rate before the fall begins."""
    floor: float = 0.0
    """The rate never falls below this."""
    warmup: int = 0
    """Steps over which the rate rises linearly from zero."""


def learning_rate(config: OptimizerConfig, step: int, steps: int) -> float:
    """Learning rate of update number `step` (from 0) of `steps`, 0 or more."""
    rate = config.rate
    if config.schedule == "exponential":
        # pylearn2's ExponentialDecay divides after each update: the first one is at the full rate.
        rate = config.rate / config.decay**step
    elif config.schedule != "constant":
        begin = config.decay_from * steps
        progress = min(max((step - begin) / max(steps - begin, 1.0), 0.0), 1.0)
        fall = 0.5 * (1 + math.cos(math.pi * progress)) if config.schedule == "cosine" else 1 - progress
        rate = config.floor + (config.rate - config.floor) * fall
    rate = max(rate, config.floor)
    return rate * min(1.0, (step + 1) / config.warmup) if config.warmup else rate


def momentum(config: OptimizerConfig, step: int) -> float:
    """SGD's momentum at update number `step` (from 0)."""
    if step >= config.momentum_steps:
        return config.final_momentum
    share = step / config.momentum_steps
    return config.momentum + share * (config.final_momentum - config.momentum)


class Optimizer(Protocol):
    """One update of a list of tensors. Its state is flat tensors and nothing else."""

    config: OptimizerConfig

    @property
    def state(self) -> dict[str, Tensor]:
        """The flat state tensors by name."""
        ...

    def update(
        self, parameters: Sequence[Tensor], grads: Sequence[Tensor], spans: Spans, step: int, steps: int
    ) -> None:
        """Move `parameters` (float32, in place) along `grads` as update number `step` of `steps`."""
        ...


Spans = Sequence[slice]
"""Where each tensor of an update lies in the flat state."""


class SGD:
    """Momentum SGD as in pylearn2: v <- mu v - rate g; p <- p + v."""

    def __init__(self, config: OptimizerConfig, size: int, device: torch.device) -> None:
        self.config = config
        self._velocity = torch.zeros(size, device=device)

    @property
    def state(self) -> dict[str, Tensor]:
        return {"velocity": self._velocity}

    def update(
        self, parameters: Sequence[Tensor], grads: Sequence[Tensor], spans: Spans, step: int, steps: int
    ) -> None:
        rate = learning_rate(self.config, step, steps)
        before = learning_rate(self.config, step - 1, steps) if step else rate
        # The fused kernel keeps u = -v / rate; with the ratio of the rates in its momentum it is pylearn2's
        # rule to the letter, also while the rate moves.
        factor = momentum(self.config, step) * (before / rate if rate > 0 else 0.0)
        velocity = _shaped(self._velocity, spans, parameters)
        if factor == 0:  # then the kernel takes no velocity, but a later momentum will ask for it
            for kept, grad in zip(velocity, grads, strict=True):
                kept.copy_(grad)
        _fused_sgd(
            list(parameters), list(grads), velocity if factor else [],
            weight_decay=0.0, momentum=factor, lr=rate, dampening=0.0, nesterov=False, maximize=False,
            is_first_step=False,
        )  # fmt: skip


class Adam:
    """Adam with bias correction, Kingma and Ba 2015, Algorithm 1."""

    def __init__(self, config: OptimizerConfig, size: int, device: torch.device) -> None:
        self.config = config
        self._mean = torch.zeros(size, device=device)
        self._square = torch.zeros(size, device=device)
        self._step = torch.zeros((), device=device)

    @property
    def state(self) -> dict[str, Tensor]:
        return {"mean": self._mean, "square": self._square}

    def update(
        self, parameters: Sequence[Tensor], grads: Sequence[Tensor], spans: Spans, step: int, steps: int
    ) -> None:
        self._step.fill_(step + 1)
        beta1, beta2 = self.config.betas
        _fused_adam(
            list(parameters), list(grads), _shaped(self._mean, spans, parameters),
            _shaped(self._square, spans, parameters), [],
            [self._step] * len(parameters), lr=learning_rate(self.config, step, steps), beta1=beta1, beta2=beta2,
            weight_decay=0.0, eps=self.config.epsilon, amsgrad=False, maximize=False,
        )  # fmt: skip


def _shaped(state: Tensor, spans: Spans, parameters: Sequence[Tensor]) -> list[Tensor]:
    """The flat `state` as one view for each parameter, in its shape: on GPUs the fused kernels refuse any other."""
    return [state[span].view(p.shape) for span, p in zip(spans, parameters, strict=True)]


def build_optimizer(config: OptimizerConfig, size: int, device: torch.device) -> SGD | Adam:
    """The optimizer that `config` names, for `size` parameters."""
    return {"sgd": SGD, "adam": Adam}[config.kind](config, size, device)
