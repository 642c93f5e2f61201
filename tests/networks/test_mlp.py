"""The paper's multilayer perceptrons: shapes, ranges, starting points."""

from __future__ import annotations

import pytest
import torch

from advnets.config.networks import DiscriminatorNetwork, GeneratorNetwork
from advnets.data import open_table
from advnets.networks.build import DISCRIMINATORS, GENERATORS, IMAGE_READERS, build_discriminator, build_generator
from advnets.networks.mlp import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator


def test_the_papers_generator_has_the_papers_sizes() -> None:
    network = MLPGenerator(100, (1, 28, 28))
    shapes = [tuple(p.shape) for p in network.parameters() if p.ndim == 2]
    assert shapes == [(1200, 100), (1200, 1200), (784, 1200)]
    assert all(p.abs().max() <= 0.05 for p in network.parameters())


def test_the_papers_discriminator_has_the_papers_sizes_and_scales() -> None:
    network = MaxoutDiscriminator((1, 28, 28))
    assert [tuple(p.shape) for p in network.parameters() if p.ndim == 2] == [(1200, 784), (1200, 240), (1, 240)]
    scales = [(m.keep, m.scale) for m in network.modules() if hasattr(m, "keep")]
    assert scales == [(0.8, 1.25), (0.5, 2.0), (0.5, 2.0)]


def test_before_training_each_pixel_has_the_datas_mean() -> None:
    table = open_table("mnist")
    mean = torch.from_numpy(table.values[:2000].mean(0) / 255.0).float()
    network = MLPGenerator(100, (1, 28, 28))
    network.fit_marginals(mean)
    with torch.no_grad():
        at_zero = network(torch.zeros(1, 100))[0]
    torch.testing.assert_close(at_zero, mean, atol=1e-4, rtol=0)


@pytest.mark.parametrize("output", ["sigmoid", "tanh"])
def test_the_output_stays_in_its_range(output: str) -> None:
    network = MLPGenerator(8, (3, 4, 5), hidden=(16,), output=output, init=2.0)
    made = network(torch.randn(50, 8))
    low, high = network.output_range
    assert made.shape == (50, 3, 4, 5)
    assert made.min() >= low
    assert made.max() <= high


def test_a_pair_gives_the_same_logits_as_the_batch() -> None:
    network = MaxoutDiscriminator((1, 6, 6), units=(10, 10), pieces=3).eval()
    real, fake = torch.rand(4, 1, 6, 6), torch.rand(5, 1, 6, 6)
    torch.testing.assert_close(network.pair(real, fake), network(torch.cat([real, fake])))


def test_points_are_welcome() -> None:
    assert MLPGenerator(4, (2,), hidden=(8,), output="linear", init=None)(torch.randn(6, 4)).shape == (6, 2)
    assert MLPDiscriminator((2,), hidden=(8,))(torch.randn(6, 2)).shape == (6,)


SMALL = {"mlp": {"hidden": (16,)}, "conv": {"base": 4}, "paper-conv": {"maps": 4}}
SMALL_JUDGES = {
    "maxout": {"units": (16,)}, "mlp": {"units": (16,)}, "conv": {"base": 4},
    "paper-conv": {"widths": (4, 4, 8), "dense": 8}, "patch": {"base": 4},
    "autoencoder": {"units": (16, 5)}, "conv-autoencoder": {"base": 4, "code": 5}, "conv-classifier": {"base": 4},
}  # fmt: skip


def test_every_kind_that_a_recipe_names_is_built_but_ones_own() -> None:
    assert {*GENERATORS, *IMAGE_READERS} == set(GeneratorNetwork.kinds) - {"own"}
    assert set(DISCRIMINATORS) == set(DiscriminatorNetwork.kinds) - {"own"}


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_every_generator_kind_makes_images(kind: str) -> None:
    config = GeneratorNetwork.kinds[kind](**SMALL[kind])
    shape = (1, 32, 32) if kind == "paper-conv" else (3, 12, 16)
    with torch.no_grad():
        assert build_generator(config, 10, shape)(torch.randn(2, 10)).shape == (2, *shape)


@pytest.mark.parametrize("kind", sorted(DISCRIMINATORS))
def test_every_discriminator_kind_returns_one_logit_an_image(kind: str) -> None:
    config = DiscriminatorNetwork.kinds[kind](**SMALL_JUDGES[kind])
    shape = (1, 32, 32) if kind == "paper-conv" else (3, 12, 16)
    with torch.no_grad():
        assert build_discriminator(config, shape)(torch.rand(2, *shape)).shape == (2,)
