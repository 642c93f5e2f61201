"""What a classifier's mistakes explain: which classes hold more samples than others' misclassified ones would fill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.measures.intervals import wilson

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LEVEL = 0.05
_STEPS = 25  # of expectation maximization
_TINY = 1e-100


@dataclass(frozen=True, eq=False)
class Confusion:
    """How a classifier takes real images that it was not trained on.

    Attributes:
        counts: K x K, int64: of images of class j (row), how many are taken for class k (column).
    """

    counts: Counts

    @classmethod
    def of(cls, truth: npt.ArrayLike, seen: npt.ArrayLike, classes: int) -> Confusion:
        """Of true classes and those seen, int64, N each, 0 to classes - 1."""
        cells = np.asarray(truth, np.int64) * classes + np.asarray(seen, np.int64)
        return cls(np.bincount(cells, minlength=classes**2).reshape(classes, classes))

    @property
    def images(self) -> int:
        """How many images it is of."""
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        """The share of the images that are taken for what they are; NaN without images."""
        return int(np.trace(self.counts)) / self.images if self.images else math.nan

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy; all from 0 to 1 without images."""
        return wilson(int(np.trace(self.counts)), self.images) if self.images else (0.0, 1.0)

    @property
    def chance(self) -> float:
        """The accuracy of naming the largest class whatever is shown; NaN without images."""
        return int(self.counts.sum(1).max()) / self.images if self.images else math.nan

    @property
    def tells(self) -> bool:
        """Whether it is better than naming the largest class, by more than chance explains."""
        return self.images > 0 and self.accuracy_interval[0] > self.chance

    @property
    def tells_well(self) -> bool:
        """Whether it makes less than half of the mistakes of naming the largest class, by more than chance explains."""
        return self.images > 0 and 1 - self.accuracy_interval[0] < (1 - self.chance) / 2


def fewest_of_present(counts: npt.ArrayLike, confusion: Confusion, real_share: npt.ArrayLike) -> Counts:
    """Of each class, the fewest samples taken for it that misclassified samples of the others do not explain.

    Were class k absent, those taken for it would all be of other classes, and their number Poisson's with mean
    sum over j of w_j q_jk: w_j samples of class j, the share q_jk of which is mistaken for k. The w_j are the likeliest
    ones, by expectation maximization over the confusion; the q_jk are known by the held-out images alone, so that the
    mean is itself uncertain. A gamma stands for what is known of it (Fay and Feuer 1997, section 2: of a weighted sum
    of Poisson counts, at its conservative end), and the p-value is the negative binomial's that follows; where all
    weights are equal, it is the exact one for two Poisson counts (Przyborowski and Wilenski 1940). Over the classes
    p-values are held against Benjamini and Hochberg's levels (1995): of the classes that count, at most 5 in 100 are
    not there. **Assumed** is that samples of a class are mistaken no more often than real held-out images of it.

    Args:
        counts: K, how many samples are taken for each class.
        confusion: of real images that the classifier was not trained on.
        real_share: K, each class's share of the real images; it decides only where samples say nothing.

    Returns:
        int64, K, each at least 1: a class counts as present that has at least so many. The largest always does.
    """
    from scipy.stats import nbinom

    seen = np.asarray(counts, np.int64)
    likely = _deconvolved(seen + np.asarray(real_share, np.float64), confusion)
    shape, scale = _means_of_mistakes(likely, confusion)
    level = _level_of(nbinom.sf(seen - 1, shape, 1 / (1 + scale)))
    fewest = (nbinom.isf(level, shape, 1 / (1 + scale)) + 1).astype(np.int64)
    fewest[seen.argmax()] = 1  # samples of no class at all there cannot be
    return np.maximum(fewest, 1)


def _deconvolved(seen: Floats, confusion: Confusion) -> Floats:
    """How many samples there likely are of each class, K."""
    # One more image a class, spread over all: nothing is impossible.
    share = (confusion.counts + 1 / len(seen)) / (confusion.counts.sum(1, keepdims=True) + 1)
    likely = seen
    for _ in range(_STEPS):
        likely = likely * (share @ (seen / np.maximum(likely @ share, _TINY)))
    return likely


def _means_of_mistakes(samples: Floats, confusion: Confusion) -> tuple[Floats, Floats]:
    """Shape and scale of a gamma for each class k: of the mean of how many of the others' samples are mistaken for it.

    The mean is the held-out images' with what each stands for, w_j / m_j; one more, of the largest weight, is added.
    """
    weights = np.tile(samples / np.maximum(confusion.counts.sum(1), 1), (len(samples), 1))
    np.fill_diagonal(weights, 0)
    mistaken = confusion.counts.T
    most = np.maximum(weights.max(1), _TINY)
    mean, variance = (weights * mistaken).sum(1) + most, (weights**2 * mistaken).sum(1) + most**2
    return mean**2 / variance, variance / mean


def _level_of(p_values: Floats) -> float:
    """The level up to which they are rejected: Benjamini and Hochberg 1995."""
    levels = _LEVEL * np.arange(1, len(p_values) + 1) / len(p_values)
    rejected = np.flatnonzero(np.sort(p_values) <= levels)
    return float(levels[rejected[-1] if len(rejected) else 0])
