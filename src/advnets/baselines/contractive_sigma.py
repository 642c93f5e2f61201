"""How far a step of the contractive auto-encoder's chain goes: the paper leaves it open, held-out images choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advnets.baselines.chains import CHAINS, ChainConfig
from advnets.baselines.contractive import StackedCAE
from advnets.baselines.descent import Images, points
from advnets.errors import UsageError
from advnets.measures.parzen import parzen

CANDIDATES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class SigmaChoice:
    """Which sigma, and why.

    Args:
        sigma: the best of the candidates.
        candidates: those that were tried.
        scores: the held-out images' Parzen log-likelihood under each one's samples, in nats.
    """

    sigma: float
    candidates: tuple[float, ...]
    scores: tuple[float, ...]


def choose_sigma(
    stack: StackedCAE,
    held_out: Images,
    candidates: Sequence[float] = CANDIDATES,
    seed: int = 0,
    count: int = 2000,
    config: ChainConfig = CHAINS,
) -> SigmaChoice:
    """The sigma whose samples give held-out images the highest Parzen log-likelihood.

    Too small a sigma and chains stay near the auto-encoder's fixed points; too large a one and they leave the data.

    Args:
        stack: a trained one.
        held_out: uint8, N x C x H x W, or float32 in [0, 1]: images of neither the training nor the test.
        candidates: to choose from, at least one.
        seed: of the chains; all candidates have the same noise.
        count: of samples for each candidate.
        config: as for `StackedCAE.sample`.

    Raises:
        UsageError: no candidates.
    """
    if not candidates:
        raise UsageError("no sigma to choose from", "give at least one candidate")
    rows = points(held_out)
    scores = [
        parzen(stack.sample(count, seed, sigma, config), rows, rows, validation_images=len(rows)).value
        for sigma in candidates
    ]
    return SigmaChoice(float(candidates[int(np.argmax(scores))]), tuple(candidates), tuple(scores))
