"""An exponential average of a generator's weights: less noisy than the weights themselves."""

from __future__ import annotations

from torch import Tensor

from advnets.config.players import AverageConfig


def decay_at(config: AverageConfig, step: int) -> float:
    """What the update after `step` steps leaves of the average, between 0 and 1.

    Start-up rule: after n steps the memory is `share` of n, so that early weights are forgotten as fast as they age
    and the average is worth sampling from the first step on; as long as it grows, the average is a power function
    of the step (Karras et al. 2024, Eq. 3). From 1 / (1 - decay) on it is an exponential one.
    """
    memory = min(config.share * step, 1.0 / max(1.0 - config.decay, 1e-12))
    return max(0.0, 1.0 - 1.0 / max(memory, 1.0)) ** (config.every if step >= config.every else 1)


def update_average(average: Tensor, weights: Tensor, config: AverageConfig, step: int) -> None:
    """Move the flat `average` toward the flat `weights` after `step` steps, in place, every `every` steps."""
    if step % config.every == 0 or step < config.every:  # a training of few steps has an average, too
        average.lerp_(weights, 1.0 - decay_at(config, step))
