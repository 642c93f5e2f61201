"""The floor: the matrix products and convolutions that a game's step cannot do without, and nothing else.

For layer y = x W' of m rows: forward (m, k, n), the weights' gradient, the input's gradient. Left out are what no
optimizer uses (the gradient of z, of real images, of D's weights in G's turn), biases, and the matrix-vector
products of the one-logit head. Real and fake images go through D together, and in the simultaneous schedule one
backward pass through D serves both players. Weights and batches are laid out as in PyTorch's layers, results go
to memory that is there already.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advnets.config.games import AdversarialConfig
from advnets.config.recipe import Recipe
from advnets.networks.build import build_discriminator, build_generator

Work = Callable[[], object]


@dataclass(frozen=True)
class Pass:
    """Which products of a layer a step needs, and of how many rows.

    Args:
        forward: rows of the forward product.
        weights: rows of the weights' gradient.
        inputs: rows of the input's gradient.
    """

    forward: int
    weights: int = 0
    inputs: int = 0


def passes(recipe: Recipe, layers_g: int, layers_d: int) -> tuple[list[list[Pass]], list[list[Pass]]]:
    """For each layer of G and of D the passes of one step (k = 1): one G update and one D update."""
    m = recipe.batch
    if recipe.schedule == "simultaneous":
        of_g = [[Pass(m, m, m if layer else 0)] for layer in range(layers_g)]
        of_d = [[Pass(2 * m, 2 * m, 2 * m if layer else m)] for layer in range(layers_d)]
        return of_g, of_d
    of_g = [[Pass(m), Pass(m, m, m if layer else 0)] for layer in range(layers_g)]
    of_d = [[Pass(2 * m, 2 * m, 2 * m if layer else 0), Pass(m, 0, m)] for layer in range(layers_d)]
    return of_g, of_d


class Floor:
    """The products of one step of a recipe's game, ready to be run.

    Args:
        recipe: its networks, batch and schedule; k = 1.
        shape: of one example.
        dtype: of the products.

    Attributes:
        gigaflops: floating-point operations of a step, in 10^9 (two for a multiplication and its addition).
    """

    def __init__(self, recipe: Recipe, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        assert recipe.discriminator_steps == 1
        game = recipe.game
        assert isinstance(game, AdversarialConfig)
        G = build_generator(game.generator.network, game.latent, shape)
        D = build_discriminator(game.discriminator.network, shape)
        shapes_g = _layer_inputs(G, torch.zeros(2, game.latent))
        shapes_d = _layer_inputs(D, torch.zeros(2, *shape))
        of_g, of_d = passes(recipe, len(shapes_g), len(shapes_d))
        self._work: list[Work] = []
        self.gigaflops = 0.0
        for (layer, size), todo in zip(shapes_g + shapes_d, of_g + of_d, strict=True):
            for each in todo:
                if isinstance(layer, nn.Linear) and layer.out_features == 1:
                    continue
                works, operations = _products(layer, size, each, dtype)
                self._work += works
                self.gigaflops += operations * 1e-9

    def run(self) -> None:
        """One step's products."""
        for work in self._work:
            work()


def _layer_inputs(network: nn.Module, x: Tensor) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """Layers with weights, from the input on, with the shape of one input; dense ones need not be called to know it."""
    layers = [each for each in network.modules() if isinstance(each, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    shapes: dict[nn.Module, tuple[int, ...]] = {
        layer: (layer.in_features,) for layer in layers if isinstance(layer, nn.Linear)
    }

    def note(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        shapes[layer] = tuple(args[0].shape[1:])

    hooks = [layer.register_forward_pre_hook(note) for layer in layers if layer not in shapes]
    with torch.no_grad():
        network(x)
    for hook in hooks:
        hook.remove()
    return [(layer, shapes[layer]) for layer in layers]


def _products(layer: nn.Module, size: tuple[int, ...], todo: Pass, dtype: torch.dtype) -> tuple[list[Work], float]:
    if isinstance(layer, nn.Linear):
        return _matrix_products(layer, todo, dtype)
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    return _convolutions(layer, size, todo, dtype)


def _matrix_products(layer: nn.Linear, todo: Pass, dtype: torch.dtype) -> tuple[list[Work], float]:
    k, n = layer.in_features, layer.out_features
    weight = torch.randn(n, k).to(dtype)
    most = max(todo.forward, todo.weights, todo.inputs)
    rows, grads = torch.randn(most, k).to(dtype), torch.randn(most, n).to(dtype)
    operands = [(rows[: todo.forward], weight.t())]
    if todo.weights:
        operands.append((grads[: todo.weights].t(), rows[: todo.weights]))
    if todo.inputs:
        operands.append((grads[: todo.inputs], weight))
    works = [_product(a, b) for a, b in operands]
    return works, 2.0 * k * n * (todo.forward + todo.weights + todo.inputs)


def _product(a: Tensor, b: Tensor) -> Work:
    out = torch.empty(a.shape[0], b.shape[1], dtype=a.dtype)
    return lambda: torch.mm(a, b, out=out)


def _convolutions(
    layer: nn.Conv2d | nn.ConvTranspose2d, size: tuple[int, ...], todo: Pass, dtype: torch.dtype
) -> tuple[list[Work], float]:
    """The faster of both memory formats, tried on the spot."""
    choices = [_conv_work(layer, size, todo, dtype, f) for f in (torch.channels_last, torch.contiguous_format)]
    works = min(choices, key=_seconds)
    with torch.no_grad():
        places = math.prod(layer(torch.zeros(1, *size)).shape[2:])
    if isinstance(layer, nn.ConvTranspose2d):
        places = math.prod(size[1:])
    return works, 2.0 * layer.weight.numel() * places * (todo.forward + todo.weights + todo.inputs)


def _conv_work(
    layer: nn.Conv2d | nn.ConvTranspose2d,
    size: tuple[int, ...],
    todo: Pass,
    dtype: torch.dtype,
    memory: torch.memory_format,
) -> list[Work]:
    weight = layer.weight.detach().to(dtype, memory_format=memory)
    most = max(todo.forward, todo.weights, todo.inputs)
    rows = torch.randn(most, *size).to(dtype, memory_format=memory)
    transposed = isinstance(layer, nn.ConvTranspose2d)
    rule = (layer.stride, layer.padding, layer.dilation, transposed, layer.output_padding, layer.groups)
    with torch.no_grad():
        grads = torch.randn_like(torch.convolution(rows, weight, None, *rule))

    def backward(count: int, mask: list[bool]) -> Work:
        return lambda: torch.ops.aten.convolution_backward(
            grads[:count], rows[:count], weight, [0], *rule, [*mask, False]
        )

    works: list[Work] = [lambda: torch.convolution(rows[: todo.forward], weight, None, *rule)]
    if todo.weights and todo.weights == todo.inputs:
        works.append(backward(todo.weights, [True, True]))
    else:
        works += [backward(todo.weights, [False, True])] if todo.weights else []
        works += [backward(todo.inputs, [True, False])] if todo.inputs else []
    return works


def _seconds(works: list[Work], tries: int = 5) -> float:
    best = math.inf
    for _ in range(tries):
        begin = time.perf_counter()
        for work in works:
            work()
        best = min(best, time.perf_counter() - begin)
    return best
