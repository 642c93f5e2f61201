"""The paper's deconvolutional generator and convolutional discriminator, against sums written out in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from advnets.config.networks import PaperConvDiscriminatorConfig, PaperConvGeneratorConfig
from advnets.networks.build import build_discriminator, build_generator
from advnets.networks.paper_convolutional import MaxoutConv, PaperConvDiscriminator, PaperConvGenerator


def deconvolved(maps_KHW: np.ndarray, weight_KCAB: np.ndarray, stride: int) -> np.ndarray:
    """Every map puts its kernel, times its value, at `stride` times its place."""
    _, height, width = maps_KHW.shape
    _, channels, rows, columns = weight_KCAB.shape
    out = np.zeros((channels, (height - 1) * stride + rows, (width - 1) * stride + columns))
    for k, i, j in np.ndindex(*maps_KHW.shape):
        out[:, i * stride : i * stride + rows, j * stride : j * stride + columns] += maps_KHW[k, i, j] * weight_KCAB[k]
    return out


def test_ten_by_ten_maps_become_thirty_two_by_thirty_two() -> None:
    maps, weight = np.ones((2, 10, 10)), np.ones((2, 3, 5, 5))
    assert deconvolved(maps, weight, 3).shape == (3, (10 - 1) * 3 + 5, 32) == (3, 32, 32)


def test_the_generator_deconvolves_its_sigmoid_units() -> None:
    torch.manual_seed(0)
    generator = PaperConvGenerator(7, 3, 32, hidden=200).double()
    torch.nn.init.normal_(generator.bias)
    z = torch.randn(2, 7).double()
    first, second = (layer for layer in generator.dense if isinstance(layer, torch.nn.Linear))
    units = 1 / (
        1 + np.exp(-(z @ first.weight.T + first.bias).clamp(min=0).detach().numpy() @ second.weight.T.detach().numpy())
    )
    for made, row in zip(generator(z), units, strict=True):
        maps = row.reshape(2, 10, 10)
        expected = (
            deconvolved(maps, generator.deconvolution.weight.detach().numpy(), 3) + generator.bias.detach().numpy()
        )
        np.testing.assert_allclose(made.detach().numpy(), expected, atol=1e-12)


def by_definition(layer: MaxoutConv, image_CHW: np.ndarray, padding: int) -> np.ndarray:
    """Convolve, take the largest piece, take the largest place of each pool; pools that pass the border are kept."""
    weight, bias = (p.detach().numpy() for p in (layer.convolution.weight, layer.convolution.bias))
    padded = np.pad(image_CHW, ((0, 0), (padding, padding), (padding, padding)))
    side = padded.shape[1] - weight.shape[2] + 1
    lines = np.empty((len(weight), side, side))
    for unit, i, j in np.ndindex(*lines.shape):
        patch = padded[:, i : i + weight.shape[2], j : j + weight.shape[3]]
        lines[unit, i, j] = (patch * weight[unit]).sum() + bias[unit]
    units = np.stack(np.split(lines, layer.pieces)).max(0)
    count = math.ceil((side - layer.pool) / layer.pool_stride) + 1
    starts = [k * layer.pool_stride for k in range(count)]
    return np.array(
        [[[u[i : i + layer.pool, j : j + layer.pool].max() for j in starts] for i in starts] for u in units]
    )


@pytest.mark.parametrize(("kernel", "padding", "pool", "side"), [(8, 4, 4, 12), (8, 3, 4, 9), (5, 3, 2, 7)])
def test_a_layer_of_the_discriminator_is_its_definition(kernel: int, padding: int, pool: int, side: int) -> None:
    torch.manual_seed(0)
    layer = MaxoutConv(2, 3, kernel, padding, pool, pool_stride=2).double()
    image = torch.randn(1, 2, side, side).double()
    made = layer(image)[0].detach().numpy()
    np.testing.assert_allclose(made, by_definition(layer, image[0].numpy(), padding), atol=1e-12)


def test_the_sides_go_down_as_cuda_convnets_do() -> None:
    """32 -> 33 -> 16 -> 15 -> 7 -> 9 -> 5, where the authors' `partial_sum` of 33 and 15 divide the sides."""
    side, sides = 32, [32]
    for kernel, padding, pool in ((8, 4, 4), (8, 3, 4), (5, 3, 2)):
        side += 2 * padding - kernel + 1
        sides += [side, side := math.ceil((side - pool) / 2) + 1]
    assert sides == [32, 33, 16, 15, 7, 9, 5]
    assert PaperConvDiscriminator().dense.linear.in_features == 192 * 5 * 5


def test_a_recipe_says_how_large_the_pair_is() -> None:
    generator = build_generator(PaperConvGeneratorConfig(maps=4), 6, (3, 32, 32))
    assert isinstance(generator, PaperConvGenerator)
    assert generator.deconvolution.weight.shape == (4, 3, 5, 5)
    assert generator(torch.randn(2, 6)).shape == (2, 3, 32, 32)
    config = PaperConvDiscriminatorConfig(widths=(4, 6, 8), dense=9)
    discriminator = build_discriminator(config, (3, 32, 32))
    assert isinstance(discriminator, PaperConvDiscriminator)
    assert discriminator.dense.linear.weight.shape == (9 * 5, 8 * 5 * 5)
    assert discriminator(torch.randn(2, 3, 32, 32)).shape == (2,)


@pytest.mark.parametrize("size", [8, 28, 48])
def test_maps_fit_other_sizes(size: int) -> None:
    generator = build_generator(PaperConvGeneratorConfig(maps=2), 6, (1, size, size))
    assert generator(torch.randn(2, 6)).shape == (2, 1, size, size)


def test_a_recipe_says_what_stands_for_black_and_white() -> None:
    for config in (PaperConvGeneratorConfig(maps=1), PaperConvGeneratorConfig(maps=1, output_range=(-1.5, 3.0))):
        assert build_generator(config, 6, (3, 32, 32)).output_range == config.output_range
    assert PaperConvGeneratorConfig().output_range == (-2.0, 2.0)
