"""Momentum SGD and Adam on flat parameters; their schedules are functions of the step, never of history."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from advnets.config.players import AdamConfig, OptimizerConfig, SGDConfig
from advnets.errors import RecipeError

# The kernels under torch.optim's fused optimizers: the classes around them cost 40 to 80 us a step, more than a
# small game's own mathematics.
_fused_sgd = torch.ops.aten._fused_sgd_.default
_fused_adam = torch.ops.aten._fused_adam_.default

Tensors = Sequence[Tensor]
Like = Callable[[Tensor], list[Tensor]]
"""A flat tensor -> its views in the shapes of what is updated: on GPUs the fused kernels refuse any others."""


def learning_rate(config: OptimizerConfig, step: int, steps: int) -> float:
    """Learning rate of update number `step` (from 0) of `steps`, 0 or more."""
    rate = config.rate
    if config.schedule == "exponential":
        # pylearn2's ExponentialDecay divides after each update: the first one is at the full rate.
        try:
            rate = config.rate / config.decay**step
        except OverflowError:  # no float is as large: nothing is left
            rate = 0.0
    elif config.schedule != "constant":
        begin = config.decay_from * steps
        progress = min(max((step - begin) / max(steps - begin, 1.0), 0.0), 1.0)
        fall = 0.5 * (1 + math.cos(math.pi * progress)) if config.schedule == "cosine" else 1 - progress
        rate = config.floor + (config.rate - config.floor) * fall
    rate = max(rate, config.floor)
    return rate * min(1.0, (step + 1) / config.warmup) if config.warmup else rate


def momentum(config: SGDConfig, step: int) -> float:
    """SGD's momentum at update number `step` (from 0)."""
    if step >= config.momentum_steps:
        return config.final_momentum
    share = step / config.momentum_steps
    return config.momentum + share * (config.final_momentum - config.momentum)


class SGD:
    """Momentum SGD as in pylearn2: v <- mu v - rate g; p <- p + v.

    Args:
        config: rate, momentum and their schedules.
        parameters: float32, moved in place.
        flat: one tensor of the size of the state.
        like: gives the state's views in the shapes of `parameters`.
    """

    def __init__(self, config: SGDConfig, parameters: Tensors, flat: Tensor, like: Like) -> None:
        self.config, self._parameters = config, list(parameters)
        self.state = {"velocity": torch.zeros_like(flat)}
        self._velocity = like(self.state["velocity"])

    def update(self, grads: Tensors, step: int, steps: int) -> None:
        """Move along gradients of the parameters' shapes and strides as update number `step` of `steps`."""
        rate = learning_rate(self.config, step, steps)
        before = learning_rate(self.config, step - 1, steps) if step else rate
        # The fused kernel keeps u = -v / rate; with the ratio of the rates in its momentum it is pylearn2's
        # rule to the letter, also while the rate moves.
        factor = momentum(self.config, step) * (before / rate if rate > 0 else 0.0)
        if factor == 0:  # then the kernel takes no velocity, but a later momentum will ask for it
            for kept, grad in zip(self._velocity, grads, strict=True):
                kept.copy_(grad)
        _fused_sgd(
            self._parameters, list(grads), self._velocity if factor else [],
            weight_decay=0.0, momentum=factor, lr=rate, dampening=0.0, nesterov=False, maximize=False,
            is_first_step=False,
        )  # fmt: skip


class Adam:
    """Adam with bias correction, Kingma and Ba 2015, Algorithm 1; the arguments are those of `SGD`."""

    def __init__(self, config: AdamConfig, parameters: Tensors, flat: Tensor, like: Like) -> None:
        self.config, self._parameters = config, list(parameters)
        self.state = {"mean": torch.zeros_like(flat), "square": torch.zeros_like(flat)}
        self._mean, self._square = like(self.state["mean"]), like(self.state["square"])
        self._step = torch.zeros((), device=flat.device)
        self._steps = [self._step] * len(self._parameters)

    def update(self, grads: Tensors, step: int, steps: int) -> None:
        """Move along gradients of the parameters' shapes and strides as update number `step` of `steps`."""
        self._step.fill_(step + 1)
        beta1, beta2 = self.config.betas
        _fused_adam(
            self._parameters, list(grads), self._mean, self._square, [], self._steps,
            lr=learning_rate(self.config, step, steps), beta1=beta1, beta2=beta2,
            weight_decay=0.0, eps=self.config.epsilon, amsgrad=False, maximize=False,
        )  # fmt: skip


def build_optimizer(config: OptimizerConfig, parameters: Tensors, flat: Tensor, like: Like) -> SGD | Adam:
    """The optimizer that `config` names; the other arguments are those of `SGD`.

    Raises:
        RecipeError: there is none of its kind.
    """
    if isinstance(config, SGDConfig):
        return SGD(config, parameters, flat, like)
    if isinstance(config, AdamConfig):
        return Adam(config, parameters, flat, like)
    raise RecipeError(f"no optimizer {config.kind!r}", f"choose one of {', '.join(OptimizerConfig.kinds)}")
