"""The same seed gives the same samples, however many are asked for and however they are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from advnets.errors import RunError
from advnets.games.adversarial import AdversarialGame
from advnets.games.game import DataSpec
from advnets.games.objectives import objective
from advnets.games.priors import PRIORS
from advnets.runs.sampling import Sampler, evaluating
from advnets.runs.walks import straight_lines


def sampler(prior: str = "gaussian", shape: tuple[int, ...] = (1, 3, 4)) -> Sampler:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(20, 300), nn.BatchNorm1d(300), nn.Dropout(0.5), nn.ReLU(), nn.Linear(300, math.prod(shape)),
        nn.Tanh(), nn.Unflatten(1, shape),
    )  # fmt: skip
    game = AdversarialGame(objective("non-saturating"), prior, latent=20)
    return Sampler(game, {"generator": network}, DataSpec(shape), (-1.0, 1.0))


@pytest.mark.parametrize("prior", PRIORS)
def test_sample_i_does_not_depend_on_the_count(prior: str) -> None:
    source = sampler(prior)
    many = source.draw(600, seed=4)
    assert many.shape == (600, 1, 3, 4)
    for count in (1, 3, 249, 250, 251, 599):
        np.testing.assert_array_equal(source.draw(count, seed=4), many[:count])
        assert torch.equal(source.inputs(count, 4)["z"], source.inputs(600, 4)["z"][:count])


@pytest.mark.parametrize("shape", [(1, 3, 4), (1, 90, 100)])
def test_a_stream_is_the_same_samples_in_parts_from_anywhere(shape: tuple[int, ...]) -> None:
    source = sampler(shape=shape)  # the larger ones go through the network in passes of 216, beside chunks of 250
    whole = source.draw(300, seed=4)
    for first in (0, 1, 216, 249, 250, 299, 300):
        parts = list(source.stream(300, 4, first=first))
        assert sum(map(len, parts)) == 300 - first
        np.testing.assert_array_equal(np.concatenate([whole[:0], *parts]), whole[first:])
    assert torch.equal(source.inputs(20, 4, first=240)["z"], source.inputs(260, 4)["z"][240:])


def test_nor_on_the_vectors_decoded_beside_it() -> None:
    source = sampler(shape=(12,))  # points stay in full precision: bytes would hide a difference
    z = source.inputs(300, 0)["z"]
    np.testing.assert_array_equal(source.decode({"z": z[7:9]}), source.decode({"z": z})[7:9])


@pytest.mark.parametrize("same", [True, False])
def test_few_samples_pass_in_a_small_block_where_it_gives_the_same_bits(same: bool) -> None:
    """A stand-in for kernels that sum in another order where there are fewer rows adds a little for every row."""
    source = sampler(shape=(12,))
    network = source.nets["generator"]
    seen: list[int] = []

    def rounding_otherwise(_: nn.Module, inputs: tuple[torch.Tensor], made: torch.Tensor) -> torch.Tensor | None:
        seen.append(len(inputs[0]))
        return None if same else made + 1e-3 * len(made)

    network.register_forward_hook(rounding_otherwise)
    many = source.draw(300, seed=1)
    seen.clear()
    for count in (1, 2, 8, 9, 40, 130):
        np.testing.assert_array_equal(source.draw(count, seed=1), many[:count])
    seen.clear()
    source.draw(1, seed=1)
    assert seen == [8 if same else 256]


def test_seeds_differ_and_nothing_global_matters() -> None:
    source = sampler()
    first = source.draw(10, 0)
    torch.manual_seed(123)
    np.testing.assert_array_equal(source.draw(10, 0), first)
    assert not np.array_equal(source.draw(10, 1), first)


def test_drawing_uses_eval_mode_and_leaves_the_mode() -> None:
    source = sampler()
    network = source.nets["generator"].train()
    before = {name: value.clone() for name, value in network.named_buffers()}
    source.draw(5)
    assert network.training
    for name, value in network.named_buffers():
        assert torch.equal(value, before[name])


def test_modes_of_modules_stay_as_they_were() -> None:
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2), nn.Linear(2, 1))
    network[1].eval()
    with evaluating([network]):
        assert not any(module.training for module in network.modules())
    assert [module.training for module in network] == [True, False, True]


def test_a_game_without_classes_is_asked_for_none() -> None:
    with pytest.raises(RunError, match="these samples have no classes; leave the classes out"):
        sampler().draw(3, conditions=torch.tensor([1, 1, 1]))


def test_values_become_bytes_by_rounding_and_clipping() -> None:
    source = sampler()
    values = torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5, -1 + 2 * 100.4 / 255])
    assert source.as_output(values).tolist() == [0, 0, 128, 255, 255, 100]


def test_points_stay_floats() -> None:
    assert sampler(shape=(12,)).draw(3).dtype == np.float32


def test_lines_begin_and_end_at_their_ends() -> None:
    ends = torch.randn(3, 5)
    lines = straight_lines(ends, 4)
    assert lines.shape == (2, 4, 5)
    torch.testing.assert_close(lines[:, 0], ends[:-1])
    torch.testing.assert_close(lines[:, -1], ends[1:])
    torch.testing.assert_close(lines[0, 1], ends[0] * 2 / 3 + ends[1] / 3)
