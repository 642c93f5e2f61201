"""Markov chains on eight exact points: what they are given, how far from the points they stay, how often they move.

Every chain here knows the data exactly, so that nothing is left to learning: the score of the points blurred by sigma,
and the denoiser of points with noise sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError

Values = npt.NDArray[np.float64]
Step = Callable[[Values, np.random.Generator], Values]
"""States (N, 2) and randomness -> the next states."""

LAG, LONG = 10, 100
BRIDGE = 0.2
"""What is farther from all points lies between them."""
_CHAINS, _BURN = 64, 0.2
_STEP = 1.3  # of the proposal, in sigmas: about two thirds are accepted within a mode
_PROBES = 20_000
WIDEST, _PRECISION = 1.0, 1e-4  # sigmas: where the search begins, and how near it comes
SETTINGS = {
    "lag": LAG, "long": LONG, "bridge": BRIDGE, "chains": _CHAINS, "burn": _BURN, "step": _STEP, "probes": _PROBES,
    "widest": WIDEST, "precision": _PRECISION,
}  # fmt: skip
"""What a walk depends on beside its arguments: part of the keys of what is kept."""


def log_blurred(x: Values, points: Values, sigma: float) -> tuple[Values, Values]:
    """Log density and score of the points, all equally likely, blurred by a Gaussian of deviation sigma.

    Args:
        x: (N, 2).
        points: (K, 2).
        sigma: above 0.

    Returns:
        (N,), without its constant, and (N, 2).
    """
    shares, log = _responsibilities(x, points, sigma)
    return log, (shares @ points - x) / sigma**2


def langevin(points: Values, sigma: float) -> Step:
    """Metropolis-adjusted Langevin on the blurred points: its stationary distribution is exactly that.

    Source: Roberts and Tweedie 1996, section 1.4.
    """
    size = _STEP * sigma

    def step(x: Values, rng: np.random.Generator) -> Values:
        log, score = log_blurred(x, points, sigma)
        drift = x + 0.5 * size**2 * score
        proposed = drift + size * rng.normal(size=x.shape)
        log_there, score_there = log_blurred(proposed, points, sigma)
        back = proposed + 0.5 * size**2 * score_there
        log_ratio = np.square(proposed - drift).sum(1) - np.square(x - back).sum(1)
        accepted = np.log(rng.uniform(size=len(x))) < log_there - log + log_ratio / (2 * size**2)
        return np.where(accepted[:, None], proposed, x)

    return step


def denoising(points: Values, sigma: float) -> Step:
    """The walk of a perfect denoising auto-encoder: noise of sigma, then its Gaussian reconstruction.

    The reconstruction is the mean of the data given the noisy state; its deviation is the one that is most likely.
    Source: Bengio et al. 2013, Generalized Denoising Auto-Encoders as Generative Models, Algorithm 1.
    """
    rng = np.random.default_rng([7, 1])
    probes = points[rng.integers(len(points), size=_PROBES)]
    seen = probes + sigma * rng.normal(size=probes.shape)
    spread = float(np.sqrt(np.square(probes - _responsibilities(seen, points, sigma)[0] @ points).mean()))

    def step(x: Values, rng: np.random.Generator) -> Values:
        noisy = x + sigma * rng.normal(size=x.shape)
        mean = _responsibilities(noisy, points, sigma)[0] @ points
        return mean + spread * rng.normal(size=x.shape)

    return step


def choosing(points: Values, sigma: float) -> Step:
    """As `denoising`, but the reconstruction is drawn from all that the noisy state may have been: Gibbs sampling.

    Source: Bengio et al. 2014, Deep Generative Stochastic Networks, Theorem 2, with the exact conditional distribution.
    """

    def step(x: Values, rng: np.random.Generator) -> Values:
        noisy = x + sigma * rng.normal(size=x.shape)
        shares = _responsibilities(noisy, points, sigma)[0].cumsum(1)
        return points[(rng.uniform(size=(len(x), 1)) > shares[:, :-1]).sum(1)]

    return step


def walk(step: Step, points: Values, length: int, seed: int) -> dict[str, Any]:
    """Chains from the first point on.

    Args:
        step: one step of each.
        points: (K, 2), the target.
        length: steps; the first fifth is not counted, the others are more than `LONG`.
        seed: of the walk.

    Returns:
        How far its states are, as `nearness` has it; `moves`, the share of states `LAG` steps apart that are nearest to
        different points, over what independent draws have, 1 - 1 / K; `later`, that of states `LONG` steps apart.
    """
    rng = np.random.default_rng([seed, 2])
    x = np.repeat(points[:1], _CHAINS, 0)
    distances, nearest = np.empty((length, _CHAINS)), np.empty((length, _CHAINS), np.int64)
    for number in range(length):
        x = step(x, rng)
        off = np.linalg.norm(x[:, None] - points, axis=2)
        distances[number], nearest[number] = off.min(1), off.argmin(1)
    kept = slice(int(_BURN * length), None)
    labels = nearest[kept]
    lags = {"moves": LAG, "later": LONG}
    moved = {key: moves(labels[:-lag], labels[lag:], len(points)) for key, lag in lags.items()}
    return {**nearness(distances[kept]), **moved}


def least_sigma(
    chain: Callable[[Values, float], Step], points: Values, length: int, seed: int, key: str, level: float
) -> dict[str, Any]:
    """The least sigma at which a figure of the walk, one that grows with sigma, is at a level: by bisection.

    A straight line between sigmas far apart would not do: movement grows like exp(-1 / sigma^2).

    Args:
        chain: of points and sigma.
        points, length, seed: of each walk.
        key: the figure, as `walk` names it.
        level: what it has to be at least.

    Returns:
        `sigma`, not more than 1e-4 too large, and what `walk` found there.

    Raises:
        MeasureError: it is below the level with a sigma of 1, too.
    """

    def at(sigma: float) -> dict[str, Any]:
        return {"sigma": sigma, **walk(chain(points, sigma), points, length, seed)}

    low, found = 0.0, at(WIDEST)
    if found[key] < level:
        raise MeasureError(f"{key} is {found[key]:g} with a sigma of {WIDEST:g}", f"ask for less than {level:g}")
    while found["sigma"] - low > _PRECISION:
        middle = at((low + found["sigma"]) / 2)
        if middle[key] >= level:
            found = middle
        else:
            low = middle["sigma"]
    return found


def nearness(distances: npt.ArrayLike) -> dict[str, float]:
    """Of distances from the nearest point: `distance`, the median; `mean`; and `bridges`, the share above `BRIDGE`."""
    x = np.asarray(distances, np.float64)
    return {"distance": float(np.median(x)), "mean": float(x.mean()), "bridges": float((x > BRIDGE).mean())}


def moves(before: npt.NDArray[np.int64], after: npt.NDArray[np.int64], count: int) -> float:
    """The share of pairs at different points, over that of independent draws from `count` points."""
    return float((before != after).mean()) / (1 - 1 / count)


def _responsibilities(x: Values, points: Values, sigma: float) -> tuple[Values, Values]:
    """How likely each point is behind each x, (N, K), and the log of their sum, (N,)."""
    logs = -np.square(x[:, None] - points).sum(2) / (2 * sigma**2)
    largest = logs.max(1, keepdims=True)
    weights = np.exp(logs - largest)
    total = weights.sum(1, keepdims=True)
    return weights / total, (largest + np.log(total))[:, 0]
