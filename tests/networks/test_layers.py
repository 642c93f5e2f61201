"""Maxout, dropout, joined layers and column norms against plain PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import linear

from advnets.networks.layers import Dropout, Maxout, joined_linear, keep_mask, limit_norms, maximum, uniform_


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_maximum_is_amax_and_has_its_gradient(dtype: torch.dtype) -> None:
    ours = torch.randn(7, 5, 11, dtype=dtype).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    cotangent = torch.randn(7, 11, dtype=dtype)
    top = maximum(ours)
    assert torch.equal(top, theirs.amax(1))
    top.backward(cotangent)
    theirs.amax(1).backward(cotangent)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_pieces_that_tie_share_the_gradient() -> None:
    pieces = torch.tensor([[[1.0], [3.0], [3.0], [2.0]]], requires_grad=True)
    maximum(pieces).sum().backward()
    assert pieces.grad is not None
    assert pieces.grad.flatten().tolist() == [0.0, 0.5, 0.5, 0.0]


def test_maxout_is_the_maximum_over_its_pieces() -> None:
    layer = Maxout(6, 3, pieces=4)
    x = torch.randn(9, 6)
    weight = layer.linear.weight.view(4, 3, 6)
    bias = layer.linear.bias.view(4, 3)
    expected = torch.stack([linear(x, weight[p], bias[p]) for p in range(4)]).amax(0)
    torch.testing.assert_close(layer(x), expected)


def test_maxout_starts_uniform_within_its_bound() -> None:
    layer = Maxout(200, 50, pieces=5, init=0.005)
    weight = layer.linear.weight
    assert weight.abs().max() <= 0.005
    assert abs(weight.std().item() - 0.005 / 3**0.5) < 1e-4
    assert not layer.linear.bias.any()


def test_a_pair_is_the_layer_of_both_with_no_gradient_for_real_rows() -> None:
    layer = torch.nn.Linear(6, 4)
    real, fake = torch.randn(5, 6, requires_grad=True), torch.randn(3, 6, requires_grad=True)
    cotangent = torch.randn(8, 4)
    joined = joined_linear(real, fake, layer)
    expected = layer(torch.cat([real, fake]))
    torch.testing.assert_close(joined, expected)
    found = torch.autograd.grad(joined, [fake, layer.weight, layer.bias], cotangent)
    for ours, theirs in zip(
        found, torch.autograd.grad(expected, [fake, layer.weight, layer.bias], cotangent), strict=True
    ):
        torch.testing.assert_close(ours, theirs)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(joined_linear(real, fake, layer).sum(), real)


@pytest.mark.parametrize("keep", [0.5, 0.8, 0.9999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_keeps_the_share_it_promises_and_scales_it(keep: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    mask = keep_mask(torch.empty(1001, 503, dtype=dtype), keep)
    share = mask.double().mean().item()
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    assert abs(share - keep) < 5 * (keep * (1 - keep) / mask.numel()) ** 0.5 + 2**-17
    kept = Dropout(keep)(torch.ones(100, 100))
    assert kept[kept != 0].allclose(torch.tensor(1 / keep))


def test_dropout_masks_are_independent_across_entries() -> None:
    torch.manual_seed(1)
    mask = keep_mask(torch.empty(400_000), 0.5).double() - 0.5
    for lag in (1, 2, 3, 4, 5, 8):
        assert abs((mask[lag:] * mask[:-lag]).mean().item()) < 5 * 0.25 / 400_000**0.5


def test_dropout_is_the_identity_in_evaluation_and_at_keep_one() -> None:
    x = torch.randn(4, 4)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(1.0)(x), x)


def test_the_same_seed_draws_the_same_mask() -> None:
    masks = []
    for _ in range(2):
        torch.manual_seed(7)
        masks.append(keep_mask(torch.empty(33, 7), 0.8))
    assert torch.equal(*masks)


def test_long_columns_are_shortened_and_short_ones_left() -> None:
    layer = Maxout(10, 4, pieces=2, init=1.0, max_norm=1.5)
    with torch.no_grad():
        layer.linear.weight[0] *= 0.01
    before = layer.linear.weight.detach().clone()
    limit_norms(layer)
    norms = layer.linear.weight.norm(dim=1)
    assert norms.max() <= 1.5 + 1e-6
    assert torch.equal(layer.linear.weight[0], before[0])
    cosine = torch.cosine_similarity(layer.linear.weight, before, dim=1)
    torch.testing.assert_close(cosine, torch.ones_like(cosine))


def test_uniform_leaves_no_bias() -> None:
    layer = torch.nn.Linear(30, 30)
    uniform_(layer, 0.1)
    assert layer.weight.abs().max() <= 0.1
    assert not layer.bias.any()
