"""One backward pass: gradients of tensors that fit each other, by the shortest way that there is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from advnets.networks import chain

# What `torch.autograd.grad` ends in: its checks of shapes and types cost as much as the mathematics of a small game.
_run_backward = torch.autograd.Variable._execution_engine.run_backward  # type: ignore[attr-defined]

Gradients = Sequence[Tensor | None]
"""One for each parameter of a player; None where it takes no part."""


def added(first: Gradients | None, second: Gradients) -> Gradients:
    if first is None:
        return second
    return [b if a is None else a if b is None else a + b for a, b in zip(first, second, strict=True)]


def gradients_of(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], cotangents: Sequence[Tensor]
) -> Sequence[Tensor | None]:
    """`torch.autograd.grad` of tensors that fit each other; None for an input that has no part."""
    if len(outputs) == 1 and (found := chain.gradients(outputs[0], inputs, cotangents[0])) is not None:
        return found
    return _run_backward(
        tuple(outputs), tuple(cotangents), False, False, tuple(inputs), allow_unreachable=True, accumulate_grad=False
    )
