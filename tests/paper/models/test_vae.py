"""The variational auto-encoder: its bound, its estimate of p(x) against quadrature, exact resume, digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.distributions import Independent, Normal, kl_divergence

from advnets.errors import MeasureError, RecipeError, RunError, UsageError
from advnets.measures import parzen
from advnets.paper.models.vae import VAE, VAEConfig, divergence_from_prior, train_vae

DIGITS = np.clip(load_digits().images * 16, 0, 255).astype(np.uint8)[:, None]
SMALL = VAEConfig(hidden=32, latent=4, epochs=4, precision="float32")


def tiny() -> VAE:
    """Six pixels and one latent, in float64; what the decoder says depends much on z, and q is broad."""
    network = VAE(6, VAEConfig(hidden=8, latent=1), seed=3).double().requires_grad_(False)
    for parameter in network.decoder.parameters():
        parameter.mul_(2.0)
    for parameter in network.encoder.parameters():
        parameter.mul_(0.3)
    return network


def exact(network: VAE, x: torch.Tensor) -> torch.Tensor:
    """log p(x) by quadrature over z."""
    z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)[:, None]
    logits = network.decoder(z).detach()
    fit = -torch.nn.functional.binary_cross_entropy_with_logits(
        logits.expand(len(x), *logits.shape), x[:, None].expand(len(x), *logits.shape), reduction="none"
    ).sum(2)
    prior = Normal(0.0, 1.0).log_prob(z.squeeze(1))
    return torch.logsumexp(fit + prior, 1) + np.log(float(z[1] - z[0]))


def test_the_estimate_of_log_p_comes_to_quadrature_from_below() -> None:
    network = tiny()
    x = torch.randint(0, 2, (4, 6), generator=torch.Generator().manual_seed(0)).double()
    truth = exact(network, x)
    estimate = network.log_probability(x, 60_000, 0)
    assert torch.allclose(estimate, truth, atol=0.03)
    few = torch.stack([network.log_probability(x, 1, seed) for seed in range(400)]).mean(0)
    more = torch.stack([network.log_probability(x, 10, seed) for seed in range(400)]).mean(0)
    assert (few < more).all()
    assert (more < truth).all()


def test_one_sample_of_the_estimate_is_the_bound_on_average() -> None:
    network = tiny()
    x = torch.tensor([[1.0, 0.0, 1.0, 1.0, 0.0, 0.0]], dtype=torch.float64)
    rng = torch.Generator().manual_seed(0)
    bound = -network.bound(x.expand(40_000, 6), rng)["cost"]
    single = network.log_probability(x.expand(40_000, 6), 1, 1).mean()
    assert float(bound) == pytest.approx(float(single), abs=0.03)


def test_the_divergence_is_pytorchs() -> None:
    mean, log_variance = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    q = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    p = Independent(Normal(torch.zeros(3), torch.ones(3)), 1)
    assert torch.allclose(divergence_from_prior(mean, log_variance), kl_divergence(q, p), atol=1e-5)


def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    whole, lines = train_vae(DIGITS[:300], SMALL, tmp_path / "whole")
    steps: list[str] = []

    def dying(text: str) -> None:
        steps.append(text)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_vae(DIGITS[:300], SMALL, tmp_path / "part", say=dying)
    part, again = train_vae(DIGITS[:300], SMALL, tmp_path / "part")
    assert again == lines
    for mine, theirs in zip(part.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(RunError):
        train_vae(DIGITS[:300], SMALL, tmp_path / "part", seed=1)


def test_its_samples_are_likelier_centers_than_independent_pixels() -> None:
    network, lines = train_vae(DIGITS[:1400], VAEConfig(hidden=128, latent=8, epochs=25, precision="float32"))
    assert lines[-1]["cost"] < lines[0]["cost"]
    samples = network.sample(500, 1).reshape(500, 1, 8, 8)
    pixels = np.random.default_rng(0).uniform(size=samples.shape) * 2 * (DIGITS[:1400] / 255).mean(0)
    others = np.clip(pixels, 0, 1).astype(np.float32)
    test, valid = DIGITS[1600:] / np.float32(255), DIGITS[1400:1600] / np.float32(255)
    assert parzen(samples, test, valid).value > parzen(others, test, valid).value + 5


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(RecipeError, match="cannot be trained"):
        VAEConfig(latent=0)


def test_calls_without_an_answer_are_refused() -> None:
    network = VAE(6, VAEConfig(hidden=4, latent=2))
    with pytest.raises(UsageError, match="0 draws"):
        network.log_probability(torch.zeros(2, 6), 0, 0)
    with pytest.raises(MeasureError, match="between 0 and 1"):
        network.log_probability(torch.full((2, 6), 0.5), 3, 0)
    with pytest.raises(UsageError, match="-1 samples"):
        network.sample(-1, 0)
    with pytest.raises(RecipeError, match="float16"):
        VAEConfig(precision="float16")  # type: ignore[arg-type]
