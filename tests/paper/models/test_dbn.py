"""The deep belief network: its samples against enumeration, on real digits, and across kills."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from small_digits import digits, score, shuffled_pixels
from torch import Tensor

from advnets.errors import DataError, RecipeError, RunError, UsageError
from advnets.paper.models.dbn import DBN, DBNConfig, train_dbn
from advnets.paper.models.mixing import autocorrelation_time
from advnets.paper.models.rbm import RBM, RBMConfig

QUICK = DBNConfig((RBMConfig(12, 3, batch=50), RBMConfig(9, 2, batch=50)))


def machine(visible: int, hidden: int, seed: int) -> RBM:
    rng = torch.Generator().manual_seed(seed)
    return RBM(*(torch.randn(shape, generator=rng) for shape in [(visible, hidden), (visible,), (hidden,)]))


def all_states(units: int) -> Tensor:
    return torch.tensor(list(itertools.product([0.0, 1.0], repeat=units)))


def tensors(network: DBN) -> list[Tensor]:
    """Every tensor of every machine."""
    return [tensor for each in network.machines for tensor in each.state_dict().values()]


def marginal(top: RBM) -> Tensor:
    """p(v) of the top machine's visible states, by summing exp(-E) over its hidden ones."""
    v, h = all_states(len(top.visible_bias)).double(), all_states(len(top.hidden_bias)).double()
    weight, b, c = (tensor.double() for tensor in top.state_dict().values())
    return torch.exp(v @ weight @ h.t() + (v @ b)[:, None] + h @ c).sum(1)


def counts_of(rows: Tensor, kinds: Tensor) -> np.ndarray:
    """How often each row of `kinds` is met; every row must be one of them."""
    distances = torch.cdist(rows, kinds)
    assert float(distances.min(1).values.max()) < 1e-3
    return torch.bincount(distances.argmin(1), minlength=len(kinds)).numpy()


def test_samples_of_two_machines_have_the_exact_distribution() -> None:
    lower, top = machine(5, 3, 0), machine(3, 2, 1)
    samples = DBN([lower, top]).sample(10_000, 0, steps=40)
    prior = marginal(top)
    expected = (prior / prior.sum()).numpy() * 10_000
    found = counts_of(samples, lower.visible(all_states(3)))  # each state of h1 has pixel means of its own
    assert stats.chisquare(found, expected).pvalue > 0.01


def test_samples_of_three_machines_have_the_exact_distribution() -> None:
    lower, middle, top = machine(5, 2, 0), machine(2, 3, 1), machine(3, 2, 2)
    samples = DBN([lower, middle, top]).sample(10_000, 0, steps=40)
    prior = marginal(top)
    odds = middle.visible(all_states(3)).double()
    down = torch.where(all_states(2)[:, None] == 1, odds, 1 - odds).prod(2)  # p(h1 | h2), states of h1 x states of h2
    expected = (down @ (prior / prior.sum())).numpy() * 10_000
    assert stats.chisquare(counts_of(samples, lower.visible(all_states(2))), expected).pvalue > 0.01


def test_samples_of_one_machine_have_the_exact_distribution() -> None:
    only = machine(5, 3, 0)
    samples = DBN([only]).sample(10_000, 0, steps=40)
    flipped = marginal(RBM(only.weight.t(), only.hidden_bias, only.visible_bias))
    expected = (flipped / flipped.sum()).numpy() * 10_000
    assert stats.chisquare(counts_of(samples, only.visible(all_states(3))), expected).pvalue > 0.01


def test_it_learns_digits_better_than_what_knows_single_pixels() -> None:
    train = (digits()[0] * 255).round().astype(np.uint8)
    config = DBNConfig((RBMConfig(100, 40, batch=50), RBMConfig(100, 25, batch=50)))
    samples = train_dbn(train, config, None, 0).sample(1000, 0, steps=100).numpy()
    assert samples.dtype == np.float32
    assert 0 <= samples.min() < samples.max() <= 1
    factorial = score(shuffled_pixels(digits()[0])[:1000])
    mean = score(np.repeat(digits()[0].mean(0, keepdims=True), 1000, 0))
    assert score(samples) > max(factorial, mean) + 10
    assert score(samples) < score(digits()[0]) + 10  # not by a blur that beats the images themselves


@pytest.mark.parametrize("kill_at", ["layer 1, epoch 2", "layer 1, epoch 3", "layer 2, epoch 1"])
def test_a_killed_stack_goes_on_bit_for_bit(tmp_path: Path, kill_at: str) -> None:
    images = digits()[0]
    whole = tensors(train_dbn(images, QUICK, None, 0))

    def kill(text: str) -> None:
        if text.startswith(kill_at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_dbn(images, QUICK, tmp_path, 0, kill)
    told: list[str] = []
    again = tensors(train_dbn(images, QUICK, tmp_path, 0, told.append))
    assert 0 < len(told) < 5
    assert all(map(torch.equal, whole, again))


def test_a_folder_of_other_images_or_layers_is_refused(tmp_path: Path) -> None:
    images = digits()[0]
    train_dbn(images, QUICK, tmp_path, 0)
    with pytest.raises(RunError, match="another training"):
        train_dbn(images[::-1], QUICK, tmp_path, 0)
    with pytest.raises(RunError, match="another training"):
        train_dbn(images, QUICK, tmp_path, 1)
    other = "float32" if QUICK.products == torch.bfloat16 else "bfloat16"
    with pytest.raises(RunError, match="another training"):
        train_dbn(images, dataclasses.replace(QUICK, precision=other), tmp_path, 0)
    with pytest.raises(RunError, match="layer-2 has checkpoints of another training"):
        train_dbn(images, DBNConfig((QUICK.layers[0], RBMConfig(10, 2, batch=50))), tmp_path, 0)


def test_bytes_and_fractions_are_the_same_images() -> None:
    quarters = np.random.default_rng(0).integers(0, 2, (100, 6)).astype(np.uint8)
    one = tensors(train_dbn(quarters * 255, QUICK, None, 0))
    other = tensors(train_dbn(quarters.astype(np.float32), QUICK, None, 0))
    assert all(map(torch.equal, one, other))
    for wrong in (quarters * np.float32(2), quarters.astype(np.int64), quarters - np.float32(0.5)):
        with pytest.raises(DataError, match="not in"):
            train_dbn(wrong, QUICK, None, 0)  # type: ignore[arg-type]


def test_samples_are_a_function_of_their_seed() -> None:
    network = DBN([machine(5, 8, 0), machine(8, 4, 1)])
    assert torch.equal(network.sample(7, 3, 5), network.sample(7, 3, 5))
    assert not torch.equal(network.sample(7, 3, 5), network.sample(7, 4, 5))


def test_many_samples_are_drawn_in_blocks_that_differ() -> None:
    network = DBN([machine(5, 30, 0), machine(30, 8, 1)])
    samples = network.sample(2500, 0, steps=2)
    assert samples.shape == (2500, 5)
    blocks = samples[:500], samples[1000:1500], samples[2000:]
    assert all(float((one - other).abs().max(1).values.median()) > 1e-2 for one, other in itertools.pairwise(blocks))


def test_a_trace_tells_a_sticky_machine_from_a_free_one() -> None:
    times: list[float] = []
    for scale in (0.5, 1.7):
        weight = torch.ones(4, 4) * scale
        top = RBM(weight, -weight.sum(1) / 2, -weight.sum(0) / 2)  # two modes: all off and all on
        series = DBN([RBM(torch.eye(4), torch.zeros(4), torch.zeros(4)), top]).trace(lambda x: x.mean(1), 20, 2000, 0)
        assert series.shape == (20, 2000)
        times.append(autocorrelation_time(series.numpy()).time)
    assert times[1] > 5 * times[0]


def test_what_cannot_be_is_refused() -> None:
    network = DBN([machine(3, 2, 0)])
    with pytest.raises(UsageError, match="0 samples"):
        network.sample(0, 0)
    with pytest.raises(RecipeError, match="no layers"):
        DBNConfig(())


def test_what_cannot_be_trained_or_traced_is_refused() -> None:
    with pytest.raises(DataError, match="shape"):
        train_dbn(digits()[0][:0], QUICK, None, 0)
    with pytest.raises(RecipeError, match="float16"):
        DBNConfig(QUICK.layers, "float16")
    with pytest.raises(UsageError, match="0 steps"):
        train_dbn(digits()[0][:100], QUICK, None, 0).trace(lambda v: v.mean(1), 2, 0, 0)
