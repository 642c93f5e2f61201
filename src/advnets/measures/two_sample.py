"""The classifier two-sample test: can anything tell samples from real points? Here the nearest neighbor tries."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import Z95
from advnets.measures.measurement import Measurement
from advnets.measures.pairwise import nearest_within

_PERMUTATIONS = 1000
CAVEAT = (
    "1/2 says that nearest neighbors in these features cannot tell them apart, not that nothing could; below 1/2, "
    "samples lie nearer to real points than real points do to each other, as copies do."
)


def two_sample(
    samples: npt.ArrayLike, real: npt.ArrayLike, *, features: str = "pixels", seed: int = 0, progress: bool = False
) -> Measurement:
    """How often the nearest other point is of the same kind: leave-one-out accuracy of a 1-nearest-neighbor classifier.

    Args:
        samples: N x D features.
        real: M x D features; the first min(N, M) of both are used.
        features: what they are called.
        seed: of the permutations.
        progress: say how far it is.

    Returns:
        The accuracy: 1/2 where the two cannot be told apart, 1 where they always can. The interval's width is that of
        the accuracy when kinds are dealt out anew over the same neighbors, scaled to the accuracy found. Details:
        `accuracy_samples` and `accuracy_real`, of each kind alone; `p_value`, the share of permutations whose accuracy
        is as far from 1/2, two-sided.

    Raises:
        MeasureError: features of different widths, or fewer than 2 of a kind.

    Source: Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests; Xu et al. 2018, section 2.
    """
    ours, theirs = features_of(samples, "samples"), features_of(real, "real")
    check_widths(ours, theirs, ("samples", "real"))
    count = min(len(ours), len(theirs))
    both, label = np.concatenate([ours[:count], theirs[:count]]), "Two samples" if progress else ""
    neighbor = nearest_within(both, 1, label).rows[:, 0]
    kinds = np.repeat([True, False], count)
    right = kinds == kinds[neighbor]
    rng = np.random.default_rng(seed)
    dealt = np.array(
        [(mixed == mixed[neighbor]).mean() for mixed in (rng.permutation(kinds) for _ in range(_PERMUTATIONS))]
    )
    accuracy = float(right.mean())
    error = float(dealt.std(ddof=1)) * 2 * math.sqrt(accuracy * (1 - accuracy))
    extreme = int((np.abs(dealt - dealt.mean()) >= abs(accuracy - dealt.mean())).sum())
    return Measurement(
        measure="two_sample",
        value=accuracy,
        standard_error=error,
        interval=(max(0.0, accuracy - Z95 * error), min(1.0, accuracy + Z95 * error)),
        interval_by="permutations of the kinds over the same neighbors, scaled to the accuracy",
        samples=count,
        real=count,
        features=features,
        seed=seed,
        details={
            "accuracy_samples": float(right[:count].mean()),
            "accuracy_real": float(right[count:].mean()),
            "p_value": (extreme + 1) / (_PERMUTATIONS + 1),
        },
        caveat=CAVEAT,
    )
