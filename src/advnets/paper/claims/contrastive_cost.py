"""Noise-contrastive estimation: a model's own density is the discriminator, against noise that never moves.

Where the adversarial game trains a D of its own and a G that follows it, here the logit is log p_model(x) less
log p_noise(x), so that whoever learns to tell data from noise learns the data's density. The model need not be
normalized: the constant is one parameter more.

Source: Gutmann and Hyvarinen 2010; beside adversarial nets in Goodfellow et al. 2014, section 2.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import logsigmoid

from advnets.errors import RecipeError


def contrastive_logits(log_model: Tensor, log_noise: Tensor, ratio: float = 1.0) -> Tensor:
    """log of the odds that a row is of the model and not of the noise.

    Args:
        log_model: log p_model of each row, (N,), nats; unnormalized where a learned constant is part of it.
        log_noise: log p_noise of the same rows, (N,), normalized.
        ratio: noise rows for each data row, above 0.

    Returns:
        (N,).

    Raises:
        RecipeError: the ratio is not above 0.

    Source: Gutmann and Hyvarinen 2010, Eq. 5; with a ratio, Gutmann and Hyvarinen 2012, Eq. 6.
    """
    if not ratio > 0:
        raise RecipeError(f"{ratio:g} noise rows for each data row", "give a number above 0")
    return log_model - log_noise - math.log(ratio)


def contrastive_cost(real_logits: Tensor, noise_logits: Tensor, ratio: float = 1.0) -> Tensor:
    """Cross entropy of telling data from noise; with a ratio of 1 it is D's cost in the adversarial game.

    Its minimum over all densities is the data's own, whatever the noise, as long as the noise is nowhere 0 where the
    data are not.

    Args:
        real_logits: `contrastive_logits` of data, (M,), float32 or wider.
        noise_logits: of noise, (N,).
        ratio: the one that the logits were made with; how the rows are weighed, whatever M and N are.

    Returns:
        A scalar, nats.

    Source: Gutmann and Hyvarinen 2010, Eq. 3; with a ratio, Gutmann and Hyvarinen 2012, Eq. 8.
    """
    return -(logsigmoid(real_logits).mean() + ratio * logsigmoid(-noise_logits).mean()) / (1 + ratio)
