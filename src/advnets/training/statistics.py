"""Batch normalization where several processes share a minibatch: its statistics are those of all rows.

PyTorch's own SyncBatchNorm is for GPUs, takes networks apart and can be differentiated once. Here the function that
all batch normalization comes down to is another one while a step is played, in whatever module calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _Instead(TorchFunctionMode):
    """Meanwhile `batch_norm` is another function of the same arguments."""

    def __init__(self, normalize: Callable[..., Tensor]) -> None:
        super().__init__()
        self._normalize = normalize

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return (self._normalize if func is F.batch_norm else func)(*args, **(kwargs or {}))


def global_statistics() -> TorchFunctionMode:
    """Meanwhile `batch_norm` in training takes mean and variance of the rows of all processes, which all call it."""
    return _Instead(_of_all_rows)


def without_statistics() -> TorchFunctionMode:
    """Meanwhile `batch_norm` scales and shifts and does nothing else: what is left of a network may be row by row."""
    return _Instead(_of_no_rows)


def _of_all_rows(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`torch.nn.functional.batch_norm`, N x C x ..., whose rows are those of all processes."""
    if not training:
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    values, axes = x.float(), [0, *range(2, x.ndim)]
    count = _summed(values.new_tensor([x.numel() / x.shape[1]]))
    mean = _summed(values.sum(axes)) / count
    centered = values - _along(mean, x)
    variance = _summed(centered.square().sum(axes)) / count
    if running_mean is not None and running_var is not None:
        with torch.no_grad():
            running_mean.lerp_(mean.to(running_mean), momentum)
            running_var.lerp_((variance * count / (count - 1)).to(running_var), momentum)
    return _affine(centered * _along((variance + eps).rsqrt(), x), weight, bias).to(x.dtype)


def _of_no_rows(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *_: Any,
    **__: Any,
) -> Tensor:
    return _affine(x, weight, bias)


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * _along(weight, x)
    return x if bias is None else x + _along(bias, x)


def _along(channels: Tensor, x: Tensor) -> Tensor:
    """A number a channel in the axes of N x C x ... ."""
    return channels.view(-1, *[1] * (x.ndim - 2))


class _Sum(torch.autograd.Function):
    """The sum over all processes, differentiable as often as one likes: what all have of it comes back to each."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, own: Tensor) -> Tensor:
        total = own.detach().clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grad_outputs: Tensor) -> Tensor:
        return _summed(grad_outputs[0])


def _summed(own: Tensor) -> Tensor:
    total = _Sum.apply(own)
    assert isinstance(total, Tensor)
    return total
