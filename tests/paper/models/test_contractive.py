"""The stacked contractive auto-encoder: its Jacobians against explicit ones, its training, its chain."""

from __future__ import annotations

import dataclasses
import fcntl
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit, xlog1py, xlogy
from small_digits import digits, score, shuffled_pixels
from torch import Tensor
from torch.autograd.functional import jacobian

from advnets.errors import DataError, RecipeError, RunError, UsageError
from advnets.paper.models.contractive import CAEConfig, ContractiveAutoencoder, StackedCAE, train_cae
from advnets.paper.models.learning import products_of

QUICK = CAEConfig(units=(12, 8), contraction=(0.1, 0.1), epochs=(2, 2), batch=100, rate=3e-3)


def stack(seed: int = 3) -> StackedCAE:
    return StackedCAE(9, (7, 5), seed=seed).double().requires_grad_(False)


def rows(count: int, width: int) -> Tensor:
    return torch.rand(count, width, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_the_contraction_is_the_norm_of_the_jacobian() -> None:
    layer, x = ContractiveAutoencoder(9, 7).double(), rows(4, 9)
    layer.hidden_bias.data.uniform_(-1, 1)
    explicit = torch.stack([jacobian(layer.encode, row).square().sum() for row in x])
    torch.testing.assert_close(layer.contraction(layer.encode(x)), explicit, rtol=1e-12, atol=0)


def test_the_gradient_of_the_contraction_is_that_of_the_jacobian() -> None:
    layer, x = ContractiveAutoencoder(6, 5).double(), rows(1, 6)
    analytic = torch.autograd.grad(layer.contraction(layer.encode(x)).sum(), layer.weight)[0]
    norm = jacobian(layer.encode, x[0], create_graph=True).square().sum()
    torch.testing.assert_close(analytic, torch.autograd.grad(norm, layer.weight)[0], rtol=1e-10, atol=1e-14)


def test_the_cost_is_cross_entropy_and_contraction() -> None:
    layer, x = ContractiveAutoencoder(9, 7).double(), rows(4, 9)
    figures = {name: float(value.detach()) for name, value in layer.cost(x, 0.3).items()}
    W, images = layer.weight.detach().numpy(), x.numpy()
    h = expit(images @ W.T)
    y = expit(h @ W)
    entropy = -(xlogy(images, y) + xlog1py(1 - images, -y)).sum(1).mean()
    norm = np.mean([np.sum((np.diag(each * (1 - each)) @ W) ** 2) for each in h])
    assert figures["cross_entropy"] == pytest.approx(entropy, rel=1e-12)
    assert figures["jacobian"] == pytest.approx(norm, rel=1e-12)
    assert figures["cost"] == pytest.approx(entropy + 0.3 * norm, rel=1e-12)


def test_the_tangent_step_is_j_j_transposed_of_the_whole_encoder() -> None:
    model, x, noise = stack(), rows(4, 9), rows(4, 5) - 0.5
    J = torch.stack([jacobian(lambda row: model.encode(row)[-1], row) for row in x])
    explicit = torch.einsum("nij,nkj,nk->ni", J, J, noise)
    torch.testing.assert_close(model.tangent(model.encode(x), noise), explicit, rtol=1e-12, atol=1e-16)


def test_a_step_of_the_chain_is_a_decoded_tangent_step() -> None:
    model, x = stack(), rows(6, 9)
    still = next(model.chain(6, 0, 0.0, x))
    torch.testing.assert_close(still, model.decode(model.encode(x)[-1]))
    top = model.encode(x)[-1]
    J = torch.stack([jacobian(lambda row: model.encode(row)[-1], row) for row in x])
    near, far = (_top_moves(model, x, top, sigma) for sigma in (0.01, 0.02))
    torch.testing.assert_close(far, 2 * near, rtol=1e-6, atol=1e-9)  # proportional to sigma
    across = near - torch.einsum("nij,nj->ni", J @ torch.linalg.pinv(J), near)
    assert across.abs().max() < 1e-9  # within the tangent plane


def _top_moves(model: StackedCAE, x: Tensor, top: Tensor, sigma: float) -> Tensor:
    """What a step adds to the top activations, found back from the image alone."""
    image = next(model.chain(len(x), 5, sigma, x))
    for layer in model.stack:
        solution = torch.linalg.lstsq(layer.weight.T, (torch.logit(image) - layer.visible_bias).T).solution
        image = solution.T
    return image - top


def test_training_contracts() -> None:
    images = digits()[0]
    ends = [
        train_cae(images, CAEConfig((30,), (weight,), (20,), rate=3e-3, precision="float32"))[1][-1]
        for weight in (0.0, 0.3)
    ]
    assert ends[1]["jacobian"] < 0.7 * ends[0]["jacobian"]
    assert ends[1]["cross_entropy"] > ends[0]["cross_entropy"]


def test_bfloat16_learns_what_float32_learns() -> None:
    ends = [
        train_cae(digits()[0], CAEConfig((30, 20), (0.1, 0.1), (3, 3), rate=3e-3, precision=precision))[1][-1]
        for precision in ("float32", "bfloat16")
    ]
    assert ends[1]["cost"] == pytest.approx(ends[0]["cost"], rel=0.01)


def test_a_killed_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole, course = train_cae(digits()[0], QUICK)
    told: list[str] = []

    def kill(line: str) -> None:
        told.append(line)
        if len(told) == 3:  # two epochs are kept: the first layer's
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_cae(digits()[0], QUICK, tmp_path, say=kill)
    resumed, rest = train_cae(digits()[0], QUICK, tmp_path, say=told.append)
    assert len(told) == 5  # and not from the start
    assert rest == course
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_another_trainings_checkpoint_is_refused(tmp_path: Path) -> None:
    images = digits()[0][:200]
    train_cae(images, QUICK, tmp_path)
    shuffled = np.random.default_rng(0).permuted(images, axis=0)  # the same shape and mean
    for other in (images[::-1], shuffled):
        with pytest.raises(RunError, match="another training"):
            train_cae(np.ascontiguousarray(other), QUICK, tmp_path)
    other = "float32" if products_of("auto") == torch.bfloat16 else "bfloat16"
    for config in (dataclasses.replace(QUICK, rate=1e-4), dataclasses.replace(QUICK, precision=other)):
        with pytest.raises(RunError, match="another training"):
            train_cae(images, config, tmp_path)
    with pytest.raises(RunError, match="another training"):
        train_cae(images, QUICK, tmp_path, seed=1)


def test_a_folder_is_one_processs(tmp_path: Path) -> None:
    (tmp_path / "layer-1").mkdir()
    with (tmp_path / "layer-1" / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="by another process"):
            train_cae(digits()[0][:200], QUICK, tmp_path)
    train_cae(digits()[0][:200], QUICK, tmp_path)


def test_samples_know_how_pixels_go_together() -> None:
    images = digits()[0]
    config = CAEConfig(units=(80, 60), contraction=(0.1, 0.1), epochs=(30, 30), batch=50, rate=3e-3)
    model, _ = train_cae(images, config)
    samples = model.sample(1000, 0, 1.0, steps=60)
    assert samples.shape == (1000, 64)
    assert samples.dtype == np.float32
    assert 0 <= samples.min() < samples.max() <= 1
    mean = np.tile(images.mean(0), (1000, 1))
    assert score(samples) > max(score(shuffled_pixels(images)), score(mean)) + 5


def test_a_chain_is_a_function_of_its_seed() -> None:
    model = StackedCAE(9, (7, 5))
    first, again = (list(itertools.islice(model.chain(3, 2, 0.5), 4)) for _ in range(2))
    assert torch.equal(torch.stack(first), torch.stack(again))
    assert not torch.equal(first[-1], next(itertools.islice(model.chain(3, 4, 0.5), 3, None)))


def test_samples_are_the_ends_of_their_chains() -> None:
    model = StackedCAE(9, (7, 5))
    states = list(itertools.islice(model.chain(3, 2, 0.5), 4))
    np.testing.assert_array_equal(model.sample(3, 2, 0.5, steps=4), states[3].numpy())


@pytest.mark.parametrize(
    "settings",
    [
        {"units": (3,)},
        {"epochs": (0, 1)},
        {"contraction": (-1.0, 0.1)},
        {"rate": 0.0},
        {"batch": 0},
        {"precision": "float16"},
    ],
)
def test_what_cannot_be_trained_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        CAEConfig(**settings)  # type: ignore[arg-type]


def test_images_and_counts_are_checked() -> None:
    with pytest.raises(DataError, match=r"not in \[0, 1\]"):
        train_cae(digits()[0] * 2, QUICK)
    with pytest.raises(DataError, match="shape"):
        train_cae(np.zeros(5, dtype=np.float32), QUICK)
    with pytest.raises(UsageError, match="0 samples"):
        StackedCAE(9, (7,)).sample(0, 0)
    with pytest.raises(UsageError, match="after 0 steps"):
        StackedCAE(9, (7,)).sample(1, 0, steps=0)
