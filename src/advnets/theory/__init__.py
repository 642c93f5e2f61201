"""The paper's theory, computed: divergences, the optimal discriminator, its bounds, the game in function
space."""

from advnets.theory.bounds import Bound, jsd_bound
from advnets.theory.divergences import (
    criterion,
    cross_entropy,
    entropy,
    jensen_shannon_divergence,
    kl_divergence,
    optimal_discriminator,
    value,
)
from advnets.theory.function_space import Descent, descend

__all__ = [
    "Bound",
    "Descent",
    "criterion",
    "cross_entropy",
    "descend",
    "entropy",
    "jensen_shannon_divergence",
    "jsd_bound",
    "kl_divergence",
    "optimal_discriminator",
    "value",
]
