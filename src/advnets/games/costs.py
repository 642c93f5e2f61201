"""Costs of the two players and their derivatives, as pure functions of the discriminator's logits.

Every cost takes the logits of the real rows and of the fake rows, two 1-D float tensors, and returns a scalar
that its player minimizes. Half-precision logits are taken to float32 first. With f a logit, D = sigmoid(f),
log D = log_sigmoid(f) and log(1 - D) = log_sigmoid(-f): written so, no cost overflows or loses its gradient.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from advnets.games.game import at_least_float32

LARGEST_EXPONENT = 30.0
"""Above this logit the maximum likelihood cost goes on along its tangent.

exp(100) does not fit float32, and an optimizer that squares gradients overflows at exp(44). At 30 the density
ratio that D claims is 1e13; float32's own sigmoid cannot tell D from 1 beyond 17.
"""


def minimax_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Cross entropy, J(D) = -1/2 E log D(x) - 1/2 E log(1 - D(G(z))), that is -V(D, G) / 2.

    Source: Goodfellow et al. 2014, Eq. 1; Goodfellow 2016 (NIPS tutorial), section 3.2.1.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return -0.5 * (logsigmoid(real).mean() + logsigmoid(-fake).mean())


def minimax_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -J(D): the zero-sum game. At D = D* it is the Jensen-Shannon divergence less log 2.

    The real logits add a constant. Where D is sure of its fakes the gradient vanishes.
    Source: Goodfellow et al. 2014, Eq. 1 and Theorem 1; Goodfellow 2016, section 3.2.2.
    """
    return -minimax_discriminator(real_logits, fake_logits)


def non_saturating_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E log D(G(z)), without the tutorial's factor 1/2, as the authors' code has it.

    Same fixed point as minimax, and a strong gradient where D is sure of its fakes.
    Source: Goodfellow et al. 2014, section 3; Goodfellow 2016, section 3.2.3.
    """
    del real_logits
    return -logsigmoid(at_least_float32(fake_logits)).mean()


def maximum_likelihood_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E exp(sigmoid^-1(D(G(z)))) = -E exp(f(G(z))).

    At D = D* its gradient is that of KL(p_data || p_g). Beyond a logit of `LARGEST_EXPONENT` the exponential
    is replaced by its tangent there.
    Source: Goodfellow 2016, section 3.2.4 (there with a factor 1/2); Goodfellow 2014 (arXiv 1412.6515).
    """
    del real_logits
    fake = at_least_float32(fake_logits)
    below = fake.clamp(max=LARGEST_EXPONENT)
    beyond = (fake - LARGEST_EXPONENT).relu()  # whose slope at the corner is 0; clamp's is 1, and would add
    return -(below.exp() * (1 + beyond)).mean()


def least_squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = 1/2 E (f(x) - 1)^2 + 1/2 E f(G(z))^2; the logit itself, not its sigmoid, aims at 1 and 0.

    Source: Mao et al. 2017, Eq. 2 with a = 0, b = c = 1.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def least_squares_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = 1/2 E (f(G(z)) - 1)^2.

    Source: Mao et al. 2017, Eq. 2 with a = 0, b = c = 1.
    """
    del real_logits
    return 0.5 * (at_least_float32(fake_logits) - 1).square().mean()


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))).

    Source: Lim and Ye 2017; Miyato et al. 2018, Eq. 16.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def hinge_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E f(G(z)).

    Source: Lim and Ye 2017; Miyato et al. 2018, Eq. 17.
    """
    del real_logits
    return -at_least_float32(fake_logits).mean()


def wasserstein_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = E f(G(z)) - E f(x): the negative of the distance that a 1-Lipschitz critic f estimates.

    Source: Arjovsky et al. 2017, Eq. 2. Needs a Lipschitz constraint, such as the penalty "wgan_gp".
    """
    return at_least_float32(fake_logits).mean() - at_least_float32(real_logits).mean()


def wasserstein_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -J(D) = E f(x) - E f(G(z)): the estimated distance itself. The real logits add a constant.

    Source: Arjovsky et al. 2017, Eq. 2 and Theorem 3.
    """
    return -wasserstein_discriminator(real_logits, fake_logits)


def relativistic_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = -E log sigmoid(f(x) - f(G(z))): each real row should look more real than the fake row beside it.

    Source: Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN), section 2.

    Raises:
        ValueError: the two batches differ in size.
    """
    return -logsigmoid(_margins(real_logits, fake_logits)).mean()


def relativistic_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E log sigmoid(f(G(z)) - f(x)): the same with the roles exchanged.

    Source: Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN), section 2.

    Raises:
        ValueError: the two batches differ in size.
    """
    return -logsigmoid(-_margins(real_logits, fake_logits)).mean()


def boundary_seeking_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = 1/2 E (log D(G(z)) - log(1 - D(G(z))))^2 = 1/2 E f(G(z))^2: G seeks the boundary, where D = 1/2.

    Source: Hjelm et al. 2018, section 2.4 (the continuous case).
    """
    del real_logits
    return 0.5 * at_least_float32(fake_logits).square().mean()


def minimax_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return -0.5 / real.shape[0] * torch.sigmoid(-real), 0.5 / fake.shape[0] * torch.sigmoid(fake)


def minimax_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -0.5 / fake.shape[0] * torch.sigmoid(fake)


def non_saturating_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -1 / fake.shape[0] * torch.sigmoid(-fake)


def maximum_likelihood_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -1 / fake.shape[0] * fake.clamp(max=LARGEST_EXPONENT).exp()


def least_squares_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return (real - 1) / real.shape[0], fake / fake.shape[0]


def least_squares_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return (fake - 1) / fake.shape[0]


def hinge_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return (real < 1).to(real.dtype) / -real.shape[0], (fake > -1).to(fake.dtype) / fake.shape[0]


def wasserstein_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return torch.full_like(real, -1 / real.shape[0]), torch.full_like(fake, 1 / fake.shape[0])


def uniform_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return torch.full_like(fake, -1 / fake.shape[0])


def relativistic_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    slope = torch.sigmoid(-_margins(real, fake)) / fake.shape[0]
    return -slope, slope


def relativistic_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    return -torch.sigmoid(_margins(real, fake)) / fake.shape[0]


def boundary_seeking_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return fake / fake.shape[0]


def _margins(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """f(x_i) - f(G(z_i)) for each pair of rows."""
    if real_logits.shape != fake_logits.shape:
        raise ValueError(
            "a paired objective compares row by row: "
            f"got {tuple(real_logits.shape)} real and {tuple(fake_logits.shape)} fake logits"
        )
    return at_least_float32(real_logits) - at_least_float32(fake_logits)
