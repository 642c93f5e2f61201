"""The deep generative stochastic network: a step by hand, its noise, its gradients, its training."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm
from small_digits import digits, score, shuffled_pixels
from torch import Tensor

from advnets.errors import RecipeError, RunError, UsageError
from advnets.paper.models.gsn import GSN, GSNConfig, salt_and_pepper, train_gsn
from advnets.paper.models.markov_chains import factorial_start

QUICK = GSNConfig(units=(12, 8), noise=(0.5, 0.5), walkback=3, epochs=4, batch=100)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(count: int, width: int) -> Tensor:
    return torch.rand(count, width, generator=rng(1), dtype=torch.float64)


def network(units: tuple[int, ...], noise: float, corruption: float) -> GSN:
    made = GSN(6, units, [noise] * len(units), corruption, seed=4).double()
    for bias in made.biases:
        torch.nn.init.uniform_(bias, -0.5, 0.5, generator=rng(2))
    return made


def test_steps_by_hand() -> None:
    made = network((5, 4, 3), 0.0, 0.0)
    W = [weight.detach().numpy() for weight in made.weights]
    b = [bias.detach().numpy() for bias in made.biases]
    x = rows(2, 6)
    with torch.no_grad():
        logits, state = made.step(made.start(x, rng()), rng())
    h1 = np.tanh(x.numpy() @ W[0].T + b[1])
    h3 = np.tanh(np.tile(b[3], (2, 1)))  # from the second layer, at 0
    h2 = np.tanh(h1 @ W[1].T + h3 @ W[2] + b[2])
    np.testing.assert_allclose(logits.numpy(), h1 @ W[0] + b[0], rtol=1e-12)
    for ours, expected in zip(state[1:], (h1, h2, h3), strict=True):
        np.testing.assert_allclose(_known(ours).numpy(), expected, rtol=1e-12)
    drawn = _known(state[0]).numpy()
    assert set(np.unique(drawn)) <= {0.0, 1.0}
    with torch.no_grad():
        logits, state = made.step(state, rng())
    h1 = np.tanh(drawn @ W[0].T + h2 @ W[1] + b[1])
    np.testing.assert_allclose(logits.numpy(), h1 @ W[0] + b[0], rtol=1e-12)
    np.testing.assert_allclose(_known(state[3]).numpy(), np.tanh(h2 @ W[2].T + b[3]), rtol=1e-12)


def _known(layer: Tensor | None) -> Tensor:
    assert layer is not None
    return layer


def test_pixels_are_drawn_from_their_expectation() -> None:
    made = network((5,), 0.0, 0.0)
    with torch.no_grad():
        logits, state = made.step(made.start(rows(1, 6).expand(20_000, 6), rng()), rng())
    expected = expit(logits[0].numpy())
    np.testing.assert_allclose(_known(state[0]).mean(0).numpy(), expected, atol=5 * 0.5 / 20_000**0.5)


def test_noise_comes_before_and_after_the_activation() -> None:
    made = GSN(6, (200, 300), (0.7, 2.0), 0.0).requires_grad_(False)
    for weight in made.weights:
        weight.zero_()
    _, state = made.step(made.start(torch.zeros(500, 6), rng()), rng())
    for layer, deviation in zip(state[1:], (0.7, 2.0), strict=True):
        squashed = quad(lambda n, s=deviation: np.tanh(n) ** 2 * norm.pdf(n, scale=s), -20, 20)[0]
        assert float(_known(layer).var()) == pytest.approx(squashed + deviation**2, rel=0.02)
        assert float(_known(layer).mean()) == pytest.approx(0, abs=0.03)


def test_a_network_begins_at_the_pixels_means() -> None:
    mean = torch.tensor([0.0, 0.2, 0.5, 0.9])
    made = GSN(4, (5, 4), (0.0, 2.0), 0.4, mean).requires_grad_(False)
    for weight in made.weights:
        weight.zero_()
    images = next(made.chain(3, 0))
    torch.testing.assert_close(images, mean.expand(3, 4), rtol=1e-5, atol=2e-3)
    starts = factorial_start(mean, 20_000, 0)
    assert set(starts.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(starts.mean(0), mean, rtol=0, atol=0.02)


def test_salt_and_pepper_replace_their_share() -> None:
    x = torch.full((400, 500), 0.25)
    noisy = salt_and_pepper(x, 0.4, rng())
    for value, share in ((0.0, 0.2), (1.0, 0.2), (0.25, 0.6)):
        assert float((noisy == value).float().mean()) == pytest.approx(share, abs=0.005)
    assert torch.equal(salt_and_pepper(x, 0.0, rng()), x)


def test_the_cost_is_the_cross_entropy_of_every_step() -> None:
    made, x = network((5, 4), 0.3, 0.4), rows(3, 6)
    figures = {name: float(value.detach()) for name, value in made.walkback(x, 3, rng()).items()}
    noise = rng()
    state = made.start(x, noise)
    entropies: list[float] = []
    for _ in range(3):
        logits, state = made.step(state, noise)
        y = expit(logits.detach().numpy())
        entropies.append(-(x.numpy() * np.log(y) + (1 - x.numpy()) * np.log1p(-y)).sum(1).mean())
    assert figures["cost"] == pytest.approx(sum(entropies), rel=1e-10)
    assert [figures["first"], figures["last"]] == pytest.approx([entropies[0], entropies[-1]], rel=1e-10)


def test_gradients_of_tied_weights_are_right_in_every_layer() -> None:
    made, x = network((5, 4, 3), 0.3, 0.4), rows(3, 6)
    parameters = list(made.parameters())
    gradients = torch.autograd.grad(made.walkback(x, 6, rng())["cost"], parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        assert float(gradient.abs().max()) > 1e-3
        direction = torch.randn(parameter.shape, generator=rng(7), dtype=torch.float64)
        ends: list[float] = []
        for sign in (1, -1):  # the same noise: central differences of the very cost
            parameter.data.add_(direction, alpha=sign * 1e-5)
            ends.append(float(made.walkback(x, 6, rng())["cost"].detach()))
            parameter.data.add_(direction, alpha=-sign * 1e-5)
        slope = float((gradient * direction).sum())
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_a_killed_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole, course = train_gsn(digits()[0], QUICK)
    told: list[str] = []

    def kill(line: str) -> None:
        told.append(line)
        if len(told) == 3:  # two epochs are kept
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_gsn(digits()[0], QUICK, tmp_path, say=kill)
    resumed, rest = train_gsn(digits()[0], QUICK, tmp_path, say=told.append)
    assert len(told) == 5  # and not from the start
    assert rest == course
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_another_trainings_checkpoint_is_refused(tmp_path: Path) -> None:
    train_gsn(digits()[0][:200], QUICK, tmp_path)
    with pytest.raises(RunError, match="another training"):
        train_gsn(digits()[0][200:400], QUICK, tmp_path)


def test_bfloat16_learns_what_float32_learns() -> None:
    ends = [
        train_gsn(digits()[0], GSNConfig((40, 30), (0.0, 1.0), epochs=6, precision=precision))[1][-1]
        for precision in ("float32", "bfloat16")
    ]
    assert ends[1]["cost"] == pytest.approx(ends[0]["cost"], rel=0.01)


def test_samples_know_how_pixels_go_together() -> None:
    images = digits()[0]
    config = GSNConfig((100, 60), (0.0, 0.5), 0.3, epochs=30, batch=50, rate=3e-3, precision="float32")
    model, course = train_gsn(images, config)
    assert course[-1]["last"] < 0.9 * course[0]["last"]
    samples = model.sample(1000, 0, steps=60)
    assert samples.shape == (1000, 64)
    assert samples.dtype == np.float32
    assert 0 <= samples.min() < samples.max() <= 1
    mean = np.tile(images.mean(0), (1000, 1))
    assert score(samples) > max(score(shuffled_pixels(images)), score(mean)) + 5


def test_a_chain_is_a_function_of_its_seed() -> None:
    made = GSN(6, (5, 4), (0.0, 2.0), 0.4)
    first, again = (list(itertools.islice(made.chain(3, 2), 4)) for _ in range(2))
    assert torch.equal(torch.stack(first), torch.stack(again))
    np.testing.assert_array_equal(made.sample(3, 2, steps=4), first[3].numpy())
    with pytest.raises(UsageError, match="after 0 steps"):
        made.sample(3, 2, steps=0)


@pytest.mark.parametrize(
    "settings", [{"units": (3,)}, {"noise": (-1.0, 0.0)}, {"corruption": 1.5}, {"walkback": 0}, {"rate": 0.0}]
)
def test_what_cannot_be_trained_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        GSNConfig(**settings)  # type: ignore[arg-type]


def test_chains_do_not_start_at_the_signs_of_the_first_weights() -> None:
    """With one seed for both, as in Table 2."""
    network = GSN(50, (40,), (0.0,), 0.4, torch.full((50,), 0.5), seed=3)
    start = factorial_start(torch.full((50,), 0.5), 40, 3)
    agree = float((start == (network.weights[0].detach() < 0)).float().mean())
    assert 0.4 < agree < 0.6
