"""What is tried of networks before the first step: whether they look across the rows of a batch."""

from __future__ import annotations

import pytest
import torch
from small_games import real_images, seeded_discriminator
from torch import Tensor, nn

from advnets.training.probes import rows_independent


class MinibatchStatistics(nn.Module):
    """Appends nothing, subtracts the batch's mean: no buffers that would give it away."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


@pytest.mark.parametrize(
    ("middle", "alone"),
    [
        (nn.Dropout(0.5), True),
        (nn.LayerNorm(10), True),
        (nn.BatchNorm1d(10), False),
        (MinibatchStatistics(), False),
    ],
)
def test_who_looks_across_the_batch(middle: nn.Module, alone: bool) -> None:
    D = seeded_discriminator(middle=middle)
    before = {name: value.clone() for name, value in D.named_buffers()}
    state = torch.get_rng_state()
    assert rows_independent(D, [real_images(0)]) == alone
    assert all(torch.equal(value, before[name]) for name, value in D.named_buffers())
    assert torch.equal(torch.get_rng_state(), state)


def test_a_head_that_begins_at_zero_hides_no_statistics() -> None:
    head = nn.Linear(10, 1)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    D = nn.Sequential(nn.Flatten(), nn.Linear(12, 10), nn.BatchNorm1d(10), head, nn.Flatten(0))
    assert not rows_independent(D, [torch.rand(16, 1, 3, 4)])


def test_spectral_normalization_leaves_rows_independent() -> None:
    layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(12, 1))
    D = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Flatten(0))
    assert rows_independent(D, [torch.rand(16, 1, 3, 4)])
