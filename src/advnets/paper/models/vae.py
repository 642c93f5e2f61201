"""A variational auto-encoder: the deep directed model of Table 2, trained by stochastic backpropagation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.errors import MeasureError, RecipeError, UsageError
from advnets.paper.models.descent import Images, train
from advnets.paper.models.learning import Say, products_of, silent
from advnets.randomness import Stream, generator_for

_AT_ONCE = 1 << 16  # latents that are decoded together


@dataclass(frozen=True)
class VAEConfig:
    """A network and its training."""

    hidden: int = 500
    """Units of the encoder's and the decoder's hidden layers, two each."""
    latent: int = 40
    """Length of z."""
    epochs: int = 30
    batch: int = 100
    rate: float = 1e-3
    """Adam's; it falls to 0 linearly over the second half of the training."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the matrix products; auto is bfloat16 where the machine is fast at it."""

    def __post_init__(self) -> None:
        products_of(self.precision)
        if min(self.hidden, self.latent, self.epochs, self.batch) < 1 or self.rate <= 0:
            raise RecipeError(f"{self} cannot be trained", "use positive values")


class VAE(nn.Module):
    """p(x, z) = N(z; 0, I) prod_i Bernoulli(x_i; d_i(z)), with q(z | x) a Gaussian of diagonal covariance.

    Args:
        visible: number of pixels.
        config: its sizes.
        seed: of the initial weights.

    Source: Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014.
    """

    def __init__(self, visible: int, config: VAEConfig = VAEConfig(), seed: int = 0) -> None:
        super().__init__()
        h, z = config.hidden, config.latent
        self.encoder = nn.Sequential(nn.Linear(visible, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, 2 * z))
        self.decoder = nn.Sequential(nn.Linear(z, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, visible))
        self.latent = z
        for index, layer in enumerate(each for each in self.modules() if isinstance(each, nn.Linear)):
            rng = generator_for(seed, 0, Stream.INITIAL_WEIGHTS, index)
            nn.init.xavier_uniform_(layer.weight, generator=rng)
            nn.init.zeros_(layer.bias)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z | x), each N x latent, float32 or wider, of x in [0, 1], N x visible."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        wide = torch.promote_types(x.dtype, torch.float32)
        return mean.to(wide), log_variance.to(wide)

    def bound(self, x: Tensor, rng: torch.Generator | None) -> dict[str, Tensor]:
        """The negative evidence lower bound of x and its two parts, means over the rows, in nats.

        Args:
            x: in [0, 1], N x visible; a value between 0 and 1 counts as the probability that the pixel is on.
            rng: of one z for each row.
        """
        mean, log_variance = self.posterior(x)
        z = mean + torch.exp(log_variance / 2) * torch.randn(mean.shape, generator=rng, dtype=mean.dtype)
        logits = self.decoder(z.to(x.dtype)).to(mean.dtype)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x.to(mean.dtype), reduction="sum") / len(x)
        divergence = divergence_from_prior(mean, log_variance).mean()
        return {"cost": reconstruction + divergence, "reconstruction": reconstruction, "divergence": divergence}

    @torch.no_grad()
    def log_probability(self, x: Tensor, samples: int, seed: int) -> Tensor:
        """An estimate of log p(x) from below: log mean_k p(x | z_k) p(z_k) / q(z_k | x), with z_k from q(z | x).

        Args:
            x: of zeros and ones, N x visible.
            samples: K; the expectation of the estimate rises with it, to log p(x).
            seed: of the z.

        Returns:
            (N,), nats, float64.

        Source: Burda, Grosse and Salakhutdinov 2016, Eq. 8; Rezende et al. 2014, appendix E.
        """
        if samples < 1:
            raise UsageError(f"{samples} draws of z", "use 1 or more")
        if not bool(((x == 0) | (x == 1)).all()):
            raise MeasureError("pixels between 0 and 1 have no probability here", "give images of zeros and ones")
        rng = generator_for(seed, 0, Stream.SAMPLES)
        rows = max(1, _AT_ONCE // samples)
        return torch.cat([self._log_probability(part, samples, rng) for part in x.split(rows)])

    def _log_probability(self, x: Tensor, samples: int, rng: torch.Generator) -> Tensor:
        mean, log_variance = (each.unsqueeze(1) for each in self.posterior(x))
        noise = torch.randn(len(x), samples, self.latent, generator=rng, dtype=mean.dtype)
        z = mean + torch.exp(log_variance / 2) * noise
        logits = self.decoder(z.to(x.dtype)).to(mean.dtype)
        fit = -F.binary_cross_entropy_with_logits(logits, x[:, None].to(mean.dtype).expand_as(logits), reduction="none")
        # log p(z) - log q(z | x); the factors (2 pi)^(-latent / 2) cancel.
        prior = (noise.square() + log_variance - z.square()).sum(2) / 2
        weights = fit.sum(2).double() + prior.double()
        return torch.logsumexp(weights, 1) - math.log(samples)

    @torch.no_grad()
    def sample(self, count: int, seed: int) -> NDArray[np.float32]:
        """Expected images of latents from the prior: count x visible, float32 in [0, 1]. No chain.

        Raises:
            UsageError: a count below 1.
        """
        if count < 1:
            raise UsageError(f"{count} samples", "ask for 1 or more")
        dtype = next(self.parameters()).dtype
        z = torch.randn(count, self.latent, generator=generator_for(seed, 0, Stream.SAMPLES)).to(dtype)
        return torch.sigmoid(self.decoder(z)).float().numpy()


def divergence_from_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag(exp(log_variance))) || N(0, I)) of each row, (N,), in nats.

    Source: Kingma and Welling 2014, appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def train_vae(
    images: Images,
    config: VAEConfig = VAEConfig(),
    folder: Path | None = None,
    seed: int = 0,
    say: Say = silent,
) -> tuple[VAE, list[dict[str, Any]]]:
    """Train a variational auto-encoder, or go on where a killed training of the same settings was.

    Args:
        images: uint8, N x C x H x W, or float32 in [0, 1]; they become rows.
        config: the network.
        folder: where checkpoints lie, one after each epoch; None: nothing is kept.
        seed: of the initial weights, the order of the data and the noise.
        say: is told the figures of each epoch.

    Returns:
        The network, and a line of figures for each epoch: the negative bound and its parts, means over the epoch in
        nats an image.

    Raises:
        DataError: images that cannot be used.
        RunError: the folder's checkpoint is of other settings.
        DivergedError: the cost is not finite.
    """
    return train(images, config, lambda mean: VAE(len(mean), config, seed), VAE.bound, folder, seed, say)
