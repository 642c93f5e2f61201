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
from torch.nn.functional import leaky_relu, leaky_relu_, linear

_leaky_relu_backward = torch.ops.aten.leaky_relu_backward.default
_threshold_backward = torch.ops.aten.threshold_backward.default

Layers = Sequence[Tensor]
"""Weight (outputs x inputs) and bias of the first layer, then of the second, and so on."""


def chain(blocks: Sequence[Tensor], layers: Layers, slope: float) -> Tensor:
    """The last layer's values, N x outputs, or (N,) of a single output; leaky rectifiers after all other layers.

    Args:
        blocks: rows, one or more tensors of them, one under the other.
        layers: weights and biases; at least one layer.
        slope: of the rectifiers below zero, 0 or more.
    """
    if not torch.is_grad_enabled():
        return _ended(linear(_values(_stacked(blocks), layers, slope)[-1], layers[-2], layers[-1]))
    return _apply(_Chain, slope, len(blocks), *blocks, *layers)


def gradients(output: Tensor, inputs: Sequence[Tensor], cotangent: Tensor) -> list[Tensor] | None:
    """What `torch.autograd.grad` gives, without its engine, which costs a small network as much as the mathematics.

    None where that cannot be: `output` is not what `chain` returned, or a graph lies under its arguments, or one of
    `inputs` is not among these, or two of these are the same, or somebody hooked a tensor.
    """
    node = output.grad_fn
    if type(node) is not _CHAIN_NODE:
        return None
    given: Sequence[Tensor] = node.given  # type: ignore[union-attr]  # the context of _Chain.forward
    places = {id(each): place for place, each in enumerate(given)}
    wanted = [False] * len(given)
    for each in inputs:
        place = places.get(id(each))
        if place is None or not each.requires_grad:
            return None
        wanted[place] = True
    plain = all(each.grad_fn is None and not each._backward_hooks for each in given)
    if len(places) < len(given) or not plain or output._backward_hooks:
        return None
    with torch.no_grad():
        found = _back(node, cotangent, wanted)
    return [found[places[id(each)]] for each in inputs]  # type: ignore[misc]  # what is wanted is found


def input_gradients(x_NI: Tensor, layers: Layers, slope: float) -> Tensor:
    """The gradient of each row's only output with respect to the row, N x I; differentiable once, in the layers.

    The arguments are those of `chain`, with a last layer of one output. Rectifiers are straight almost everywhere, so
    that neither the rows nor the biases have a part in the derivatives of this.
    """
    return _apply(_InputGradients, slope, x_NI, *layers)


class _Chain(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, slope: float, count: int, *given: Tensor) -> Tensor:
        layers = given[count:]
        values = _values(_stacked(given[:count]), layers, slope)
        ctx.slope, ctx.count, ctx.given = slope, count, given
        ctx.save_for_backward(*values, *layers)
        return _ended(linear(values[-1], layers[-2], layers[-1]))

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():  # somebody will differentiate the gradient
            return None, None, *_plain_gradients(ctx, grad_outputs[0], wanted)
        return None, None, *_back(ctx, grad_outputs[0], wanted)


_CHAIN_NODE = _Chain._backward_cls  # type: ignore[attr-defined]  # the class of the graph's node, and of ctx


def _back(ctx: Any, grad: Tensor, wanted: Sequence[bool]) -> list[Tensor | None]:
    """Gradients of the blocks and layers that are `wanted`, from that of the chain's output."""
    saved, count = ctx.saved_tensors, ctx.count
    depth = len(saved) // 3  # what a layer sees, its weight and its bias
    values, layers = saved[:depth], saved[depth:]
    found = list[Tensor | None]()
    grad = grad.unsqueeze(1) if grad.ndim == 1 else grad
    for place in reversed(range(depth)):
        weight, bias = wanted[count + 2 * place : count + 2 * place + 2]
        found += [grad.sum(0) if bias else None, grad.t().mm(values[place]) if weight else None]
        if place:
            grad = _rectified_back(grad.mm(layers[2 * place]), values[place], ctx.slope)
    blocks: list[Tensor | None] = [None] * count
    if any(wanted[:count]):
        whole, start = grad.mm(layers[0]), 0
        for place in range(count):
            end = start + ctx.given[place].shape[0]
            blocks[place], start = whole[start:end] if wanted[place] else None, end
    return [*blocks, *reversed(found)]


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


def _apply(function: type[torch.autograd.Function], *args: Any) -> Tensor:
    """`function.apply` without its look at functional transforms, which costs a tenth of a small network's step."""
    return super(torch.autograd.Function, function).apply(*args)  # type: ignore[misc]


def _values(x: Tensor, layers: Layers, slope: float) -> list[Tensor]:
    """What each layer sees."""
    values = [x]
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        line = linear(values[-1], weight, bias)
        values.append(leaky_relu_(line, slope) if slope else line.relu_())
    return values


def _rectified_back(gradient: Tensor, values: Tensor, slope: float) -> Tensor:
    """The gradient below a rectifier, from that above it and what it made."""
    if slope:
        return _leaky_relu_backward(gradient, values, slope, True)
    return _threshold_backward(gradient, values, 0)


def _plain_gradients(ctx: Any, grad: Tensor, wanted: Sequence[bool]) -> Iterator[Tensor | None]:
    """The chain's gradients with a graph of their own, where they are `wanted`."""
    layers = ctx.given[ctx.count :]
    line = _stacked(ctx.given[: ctx.count])
    for place in range(0, len(layers), 2):
        line = leaky_relu(line, ctx.slope) if place else line
        line = linear(line, layers[place], layers[place + 1])
    asked = [each for each, want in zip(ctx.given, wanted, strict=True) if want]
    found = iter(torch.autograd.grad(_ended(line), asked, grad, create_graph=True))
    return (next(found) if want else None for want in wanted)


def _stacked(blocks: Sequence[Tensor]) -> Tensor:
    return blocks[0] if len(blocks) == 1 else torch.cat(list(blocks))


def _ended(values: Tensor) -> Tensor:
    """(N,) of N x 1."""
    return values.squeeze(1) if values.shape[1] == 1 else values
