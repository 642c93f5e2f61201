"""Dense layers with rectifiers between them as one node of the graph.

A small network is all overhead: a node for each product, each bias and each rectifier costs as much as its mathematics.
Here whole chains go forward, back, and back through their own gradient by hand, with the very kernels that autograd
would call, so that no bit differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_leaky_relu_backward = torch.ops.aten.leaky_relu_backward.default
_threshold_backward = torch.ops.aten.threshold_backward.default

Layers = Sequence[Tensor]
"""Weight (outputs x inputs) and bias of the first layer, then of the second, and so on."""


def chain(x_NI: Tensor, layers: Layers, slope: float) -> Tensor:
    """The last layer's values, N x outputs, with a leaky rectifier after every layer but that one.

    Args:
        x_NI: rows.
        layers: weights and biases; at least one layer.
        slope: of the rectifiers below zero, 0 or more.
    """
    if not torch.is_grad_enabled():
        return torch.addmm(layers[-1], _values(x_NI, layers, slope)[-1], layers[-2].t())
    return _Chain.apply(slope, x_NI, *layers)  # type: ignore[no-any-return]  # torch has no type for it


def input_gradients(x_NI: Tensor, layers: Layers, slope: float) -> Tensor:
    """The gradient of each row's only output with respect to the row, N x I; differentiable once, in the layers.

    The arguments are those of `chain`, with a last layer of one output. Rectifiers are straight almost everywhere, so
    that neither the rows nor the biases have a part in the derivatives of this.
    """
    return _InputGradients.apply(slope, x_NI, *layers)  # type: ignore[no-any-return]


class _Chain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slope: float, x: Tensor, *layers: Tensor) -> Tensor:
        values = _values(x, layers, slope)
        ctx.slope = slope
        ctx.save_for_backward(*values, *layers)
        return torch.addmm(layers[-1], values[-1], layers[-2].t())

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        depth = len(ctx.saved_tensors) // 3  # what a layer sees, its weight and its bias
        values, layers = ctx.saved_tensors[:depth], ctx.saved_tensors[depth:]
        if torch.is_grad_enabled():  # somebody will differentiate the gradient
            return None, *_plain_gradients(values[0], layers, ctx.slope, grad_outputs[0], ctx.needs_input_grad[1:])
        grad, found = grad_outputs[0], list[Tensor | None]()
        for place in reversed(range(depth)):
            found += [grad.sum(0), grad.t().mm(values[place])]
            if place:
                grad = _rectified_back(grad.mm(layers[2 * place]), values[place], ctx.slope)
        for_rows = grad.mm(layers[0]) if ctx.needs_input_grad[1] else None
        return None, for_rows, *reversed(found)


class _InputGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slope: float, x: Tensor, *layers: Tensor) -> Tensor:
        values, weights = _values(x, layers, slope), layers[::2]
        gradient, gradients = weights[-1].expand(len(x), -1), list[Tensor]()
        for weight, seen in zip(reversed(weights[:-1]), reversed(values[1:]), strict=True):
            gradients.append(_rectified_back(gradient, seen, slope))
            gradient = gradients[-1].mm(weight)
        ctx.slope = slope
        ctx.save_for_backward(*values[1:], *reversed(gradients), *weights)
        return gradient.clone() if len(weights) == 1 else gradient

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides ctx's name
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Tensor | None, ...]:
        hidden = len(ctx.saved_tensors) // 3  # layers: what they make, the gradient there, the weight
        saved, way = ctx.saved_tensors, grad_outputs[0]
        found = list[Tensor | None]()
        for values, gradient, weight in zip(saved[:hidden], saved[hidden:-1], saved[2 * hidden :], strict=False):
            found += [gradient.t().mm(way), None]
            way = _rectified_back(way.mm(weight.t()), values, ctx.slope)
        ones = way.new_ones(1, len(way))
        return None, None, *found, ones.mm(way), None


def _values(x: Tensor, layers: Layers, slope: float) -> list[Tensor]:
    """What each layer sees."""
    values = [x]
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        line = torch.addmm(bias, values[-1], weight.t())
        values.append(torch.nn.functional.leaky_relu_(line, slope) if slope else line.relu_())
    return values


def _rectified_back(gradient: Tensor, values: Tensor, slope: float) -> Tensor:
    """The gradient below a rectifier, from that above it and what it made."""
    if slope:
        return _leaky_relu_backward(gradient, values, slope, True)
    return _threshold_backward(gradient, values, 0)


def _plain_gradients(
    x: Tensor, layers: Layers, slope: float, grad: Tensor, needed: Sequence[bool]
) -> Iterator[Tensor | None]:
    """The chain's gradients with a graph of their own, where they are `needed`."""
    line = x
    for place in range(0, len(layers), 2):
        line = torch.nn.functional.leaky_relu(line, slope) if place else line
        line = torch.addmm(layers[place + 1], line, layers[place].t())
    wanted = [each for each, need in zip((x, *layers), needed, strict=True) if need]
    found = iter(torch.autograd.grad(line, wanted, grad, create_graph=True))
    return (next(found) if need else None for need in needed)
