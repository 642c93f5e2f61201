"""Does a generator copy its training images? Samples beside held-out images, by their distance to the training set."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import Z95, wilson
from advnets.measures.measurement import Measurement
from advnets.measures.pairwise import Features, Floats, Indices, Neighbors, nearest_between, nearest_within

CAVEAT = (
    "Near is near in these features: a copy that is shifted, mirrored or recolored is far in pixels. Below 1/2 samples "
    "lie further from the training images than real ones do, which is poor quality and no virtue."
)


def memorization(
    samples: npt.ArrayLike,
    train: npt.ArrayLike,
    heldout: npt.ArrayLike | None = None,
    *,
    features: str = "pixels",
    progress: bool = False,
) -> Measurement:
    """How often a sample lies nearer to the training images than a held-out image does.

    Args:
        samples: N x D features.
        train: K x D features of the images that the generator was trained on.
        heldout: M x D features of real images that it never saw. None, where there are none: each training image is
            held out in turn, and its distance is that to the nearest other one.
        features: what they are called.
        progress: say how far it is.

    Returns:
        P(d(sample) < d(held-out)) + P(=) / 2, d being the distance to the nearest training image: 1/2 where samples are
        as new as held-out images, 1 where all are copies. The interval is DeLong's, over samples and held-out images;
        of images held out in turn two that are each other's nearest count as one draw.
        Details: `c_t`, the same as a z-score, negative for copying (Meehan et al. 2020, Eq. 2, without cells);
        `authenticity`, the share of samples that are further from their nearest training image than that image is from
        its own nearest other one (Alaa et al. 2022, Eq. 11), with `authenticity_interval` (Wilson); `copies`, the share
        of samples that equal a training image.

    Raises:
        MeasureError: features of different widths, or fewer than 2 of a kind.
    """
    ours, known = (features_of(each, name) for each, name in ((samples, "samples"), (train, "train")))
    check_widths(ours, known, ("samples", "train"))
    label = "Memorization" if progress else ""
    found = nearest_between(ours, known, label=label)
    held = _held_out(known, heldout, label)
    far, far_others = np.sqrt(found.squared[:, 0]), np.sqrt(held.squared[:, 0])
    value, error = _mann_whitney(far, far_others, held.rows[:, 0] if heldout is None else None)
    n, m = len(far), len(far_others)
    sigma = math.sqrt((n + m + 1) / (12 * n * m))
    rows, back = np.unique(found.rows[:, 0], return_inverse=True)
    own = nearest_between(known[rows], known, own=rows, label=label).squared[
        back, 0
    ]  # of the training images that were nearest
    authentic = int((found.squared[:, 0] > own).sum())
    return Measurement(
        measure="memorization",
        value=value,
        standard_error=error,
        interval=(max(0.0, value - Z95 * error), min(1.0, value + Z95 * error)),
        interval_by="DeLong, over the samples and the held-out images",
        samples=n,
        real=m,
        features=features,
        details={
            "train": len(known),
            "held_out": "each in turn" if heldout is None else "others",
            "c_t": (0.5 - value) / sigma,
            "authenticity": authentic / n,
            "authenticity_interval": wilson(authentic, n),
            "copies": float((far == 0).mean()),
        },
        caveat=CAVEAT,
    )


def _held_out(known: Features, heldout: npt.ArrayLike | None, label: str) -> Neighbors:
    """The nearest training image of each held-out one."""
    if heldout is None:
        return nearest_within(known, 1, label)
    others = features_of(heldout, "heldout")
    check_widths(others, known, ("heldout", "train"))
    return nearest_between(others, known, label=label)


def _mann_whitney(near: Floats, far: Floats, nearest: Indices | None) -> tuple[float, float]:
    """P(near < far) + P(near = far) / 2, and its standard error: DeLong et al. 1988, Eq. 3 to 5.

    Args:
        near: distances of samples.
        far: of held-out images.
        nearest: of each held-out image the one nearest to it, where they are of one set: two that are so of each other
            have one distance between them.
    """
    of_near = _placements(near, far)
    of_far = 1 - _placements(far, near)
    repeated = 0.0
    if nearest is not None:
        mutual = nearest[nearest] == np.arange(len(nearest))
        off = of_far - of_far.mean()
        repeated = float((off[mutual] * off[nearest[mutual]]).sum()) / len(far) ** 2
    variance = of_near.var(ddof=1) / len(near) + of_far.var(ddof=1) / len(far) + max(0.0, repeated)
    return float(of_near.mean()), math.sqrt(variance)


def _placements(values: Floats, others: Floats) -> Floats:
    """The share of `others` above each value, those equal to it counted by half."""
    ranked = np.sort(others)
    below, not_above = np.searchsorted(ranked, values, "left"), np.searchsorted(ranked, values, "right")
    return 1 - (below + not_above) / (2 * len(others))
