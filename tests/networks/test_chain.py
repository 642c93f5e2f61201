"""Chains as one node of the graph: the numbers of the plain layers to the last bit, and derivatives of derivatives."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from advnets.games.penalties import penalty
from advnets.networks.chain import chain, gradients
from advnets.networks.mlp import MLPDiscriminator, MLPGenerator

SLOPES = pytest.mark.parametrize("slope", [0.0, 0.2])
TYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])


def layers(*sizes: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    torch.manual_seed(0)
    made = [nn.Linear(before, after, dtype=dtype) for before, after in itertools.pairwise(sizes)]
    return [each for layer in made for each in (layer.weight, layer.bias)]


@SLOPES
@pytest.mark.parametrize("sizes", [(3, 1), (3, 5, 2), (3, 4, 5, 1)])
def test_first_and_second_derivatives_are_those_of_finite_differences(sizes: tuple[int, ...], slope: float) -> None:
    rows = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    weights = layers(*sizes)
    assert torch.autograd.gradcheck(lambda x, *rest: chain([x], rest, slope), (rows, *weights))
    assert torch.autograd.gradgradcheck(lambda x, *rest: chain([x], rest, slope), (rows, *weights))


@TYPES
def test_a_generator_gives_the_bits_of_its_layers(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(16, (2,), hidden=(128, 128), output="linear").to(dtype)
    z = torch.randn(100, 16, dtype=dtype)
    cotangent = torch.randn(100, 2, dtype=dtype)
    found = torch.autograd.grad(generator(z), list(generator.parameters()), cotangent)
    plain = torch.autograd.grad(generator.layers(z), list(generator.parameters()), cotangent)
    assert all(map(torch.equal, found, plain))
    with torch.no_grad():
        assert torch.equal(generator(z), generator.layers(z))


@TYPES
def test_a_pair_gives_the_bits_of_one_pass_and_no_gradient_of_the_real_rows(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    D = MLPDiscriminator((2,)).to(dtype)
    real, fake = torch.randn(2, 128, 2, dtype=dtype)
    fake.requires_grad_()
    slopes = torch.randn(256, dtype=dtype)
    both, plain = D.pair(real, fake), D.layers(torch.cat([real, fake])).squeeze(1)
    assert torch.equal(both, plain)
    wanted = [fake, *D.parameters()]
    assert all(map(torch.equal, torch.autograd.grad(both, wanted, slopes), torch.autograd.grad(plain, wanted, slopes)))


@pytest.mark.parametrize("asked", ["all", "rows", "fake rows", "layers", "a layer"])
def test_gradients_without_the_engine_have_its_bits(asked: str) -> None:
    weights = [each.detach().requires_grad_() for each in layers(3, 4, 5, 1, dtype=torch.float32)]
    real, fake = (torch.randn(6, 3, requires_grad=True) for _ in range(2))
    inputs = {
        "all": [fake, real, *weights], "rows": [real, fake], "fake rows": [fake],
        "layers": weights, "a layer": [weights[2]],
    }[asked]  # fmt: skip
    output, cotangent = chain([real, fake], weights, 0.2), torch.randn(12)
    found = gradients(output, inputs, cotangent)
    assert found is not None
    assert not any(each.requires_grad for each in found)
    assert all(map(torch.equal, found, torch.autograd.grad(output, inputs, cotangent)))


CASES = ["no chain", "deeper", "one of another graph", "twice the same", "hooked", "of no argument"]


@pytest.mark.parametrize("case", CASES)
def test_what_only_the_engine_can_do_is_left_to_it(case: str) -> None:
    weights = [each.detach().requires_grad_() for each in layers(3, 3, 1)]
    rows, other = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True).unbind()
    rows, other = rows.detach().requires_grad_(), other.detach().requires_grad_()
    output, inputs = chain([rows, other], weights, 0.2), [rows, *weights]
    if case == "no chain":
        output = output * 2
    elif case == "deeper":
        output = chain([rows, other * 2], weights, 0.2)
    elif case == "one of another graph":
        inputs = [rows, torch.zeros(1, requires_grad=True)]
    elif case == "twice the same":
        output = chain([rows, rows], weights, 0.2)
    elif case == "hooked":
        weights[0].register_hook(lambda gradient: 2 * gradient)
    else:
        inputs = [output]
    assert gradients(output, inputs, torch.ones(8, dtype=torch.float64)) is None


@TYPES
@pytest.mark.parametrize("name", ["r1", "r2", "wgan_gp"])
@pytest.mark.parametrize("hidden", [(), (128,), (128, 128)])
def test_penalties_have_the_bits_of_a_network_without_a_closed_form(
    name: str, hidden: tuple[int, ...], dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    D = MLPDiscriminator((2,), hidden).to(dtype)
    real, fake = ({"image": torch.randn(128, 2, dtype=dtype)} for _ in range(2))
    found, plain = (
        penalty(name)(network, real, fake, lambda _, draw: draw(128, torch.Generator().manual_seed(1)))
        for network in (D, nn.Sequential(D))
    )
    assert torch.equal(found, plain)
    weights = [weight for weight in D.parameters() if weight.ndim > 1]
    assert all(map(torch.equal, torch.autograd.grad(found, weights), torch.autograd.grad(plain, weights)))


def test_sines_and_cosines_are_told_from_the_values_and_penalized_as_by_autograd() -> None:
    torch.manual_seed(0)
    D = MLPDiscriminator((3,), (9, 7), frequencies=2).double()
    x, fake = torch.randn(2, 6, 3, dtype=torch.float64)
    seen = D.layers[0](x)
    assert torch.equal(seen[:, :3], x)
    assert torch.equal(seen[:, 3:9], torch.stack([(0.5 * x).sin(), x.sin()], 2).flatten(1))
    assert torch.equal(seen[:, 9:], torch.stack([(0.5 * x).cos(), x.cos()], 2).flatten(1))
    assert torch.equal(D(x), D.layers(x).squeeze(1))
    torch.testing.assert_close(D.pair(x, fake), torch.cat([D(x), D(fake)]))
    copy = x.clone().requires_grad_()
    (plain,) = torch.autograd.grad(D.layers(copy).sum(), copy, create_graph=True)
    found = D.input_gradients(x)
    torch.testing.assert_close(found, plain)
    weights = [weight for weight in D.parameters() if weight.ndim > 1]
    torch.testing.assert_close(*(torch.autograd.grad(each.square().sum(), weights) for each in (found, plain)))
