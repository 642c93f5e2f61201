"""The Inception Score: are classes clear and even?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.measurement import Measurement

CAVEAT = (
    "It never looks at real images: one perfect sample a class scores best, and copies score as well as new images. "
    "Only with the inception network is it the literature's Inception Score."
)


def inception_score(
    probabilities: npt.ArrayLike, *, splits: int = 10, seed: int = 2020, features: str = "classifier"
) -> Measurement:
    """exp E KL(p(y|x) || p(y)): between 1, nothing told apart, and the number of classes.

    Args:
        probabilities: N x K, class probabilities of each sample, rows that add up to one.
        splits: the samples are shuffled and cut in so many parts, each scored alone.
        seed: of the shuffle (NumPy's RandomState, as torch-fidelity shuffles).
        features: the classifier's name.

    Returns:
        The mean of the parts' scores, with Student's interval over them. Details: `scores`; `spread`, their standard
        deviation, which papers give after the sign +-.

    Raises:
        MeasureError: no probabilities, or fewer samples than twice the splits.

    Source: Salimans et al. 2016, Improved techniques for training GANs, section 4.
    """
    from scipy.stats import t

    p = _checked(probabilities)
    if splits < 2 or len(p) < 2 * splits:
        needed = f"{len(p)} samples in {splits} splits, 2 splits or more of 2 samples or more are needed"
        raise MeasureError(needed, "give more samples")
    p = p[np.random.RandomState(seed).permutation(len(p))]
    parts = [p[i * len(p) // splits : (i + 1) * len(p) // splits] for i in range(splits)]
    scores = np.array([_score(part) for part in parts])
    value, error = float(scores.mean()), float(scores.std(ddof=1)) / math.sqrt(splits)
    half = float(t.ppf(0.975, splits - 1)) * error
    return Measurement(
        measure="inception_score",
        value=value,
        standard_error=error,
        interval=(max(1.0, value - half), value + half),
        interval_by="Student, over the splits of the samples",
        samples=len(p),
        real=0,
        features=features,
        seed=seed,
        details={"splits": splits, "spread": float(scores.std()), "scores": scores.tolist()},
        caveat=CAVEAT,
    )


def _score(p: npt.NDArray[np.float64]) -> float:
    even = p.mean(0)
    ratio = np.divide(p, even, out=np.ones_like(p), where=p > 0)
    return math.exp(float((p * np.log(ratio)).sum(1).mean()))


def _checked(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2:
        raise MeasureError(f"probabilities of shape {p.shape}", "give N x K, K at least 2")
    if not np.isfinite(p).all() or p.min(initial=0) < 0 or np.abs(p.sum(1) - 1).max(initial=0) > 1e-3:
        raise MeasureError("rows that are no probabilities", "give values of at least 0 that add up to 1")
    return p / p.sum(1, keepdims=True)
