"""The paper's theory, computed: divergences, the optimal discriminator, the game in function space."""

from advnets.theory.divergences import (
    criterion,
    cross_entropy,
    entropy,
    jensen_shannon_divergence,
    kl_divergence,
    optimal_discriminator,
)
from advnets.theory.function_space import Descent, descend

__all__ = [
    "Descent",
    "criterion",
    "cross_entropy",
    "descend",
    "entropy",
    "jensen_shannon_divergence",
    "kl_divergence",
    "optimal_discriminator",
]
