"""How many different images a generator makes, by the birthday paradox."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.measurement import Measurement
from advnets.measures.tiles import Distances, Features, closest, pairs_within

_REAL_PAIRS = 10  # the distance that so many pairs of real points do not exceed counts as a near-duplicate
_SHOWN = 20
CAVEAT = (
    "It takes all images to be equally likely, so that a favorite one makes the support look smaller; and what counts "
    "as the same image is a distance in these features: look at the closest pairs."
)


def birthday(
    samples: npt.ArrayLike, real: npt.ArrayLike, *, threshold: float | None = None, features: str = "pixels"
) -> Measurement:
    """The number of different images that would give as many near-duplicate pairs: N (N - 1) / (2 pairs).

    Args:
        samples: N x D features.
        real: M x D features; the first min(N, M) of both are used.
        threshold: distance up to which two are the same image; by default the distance of the 10th closest pair of as
            many real points, so that a generator as varied as the data comes to some 10 pairs, too.
        features: what they are called.

    Returns:
        The support size; where there is no pair, the size that would have shown one with probability .95, a lower bound
        (`at_least`). The interval takes the number of pairs for Poisson. Details: `pairs`, `threshold`, `real_pairs`,
        `real_support` of the real points, and `closest`: [row, row, distance] of the closest 20 pairs of samples.

    Raises:
        MeasureError: features of different widths, or too few to have 10 pairs.

    Source: Arora and Zhang 2018, Do GANs learn the distribution?, section 2.
    """
    from scipy.stats import chi2

    ours, theirs = features_of(samples, "samples", 6), features_of(real, "real", 6)
    check_widths(ours, theirs, ("samples", "real"))
    count = min(len(ours), len(theirs))
    ours, theirs = ours[:count], theirs[:count]
    limit = float(closest(theirs, _REAL_PAIRS).squared[-1]) if threshold is None else threshold**2
    if threshold is not None and threshold < 0:
        raise MeasureError(f"a threshold of {threshold:g}", "give a distance")
    pairs, real_pairs = _pairs_within(ours, limit), _pairs_within(theirs, limit)
    possible = count * (count - 1) / 2
    most = float(chi2.ppf(0.975, 2 * pairs + 2)) / 2
    fewest = float(chi2.ppf(0.025, 2 * pairs)) / 2 if pairs else 0.0
    return Measurement(
        measure="birthday",
        value=possible / pairs if pairs else possible / -math.log(0.05),
        interval=(possible / most, possible / fewest if pairs else math.inf),
        interval_by="Poisson, over the pairs of samples",
        samples=count,
        real=count,
        features=features,
        details={
            "at_least": pairs == 0,
            "pairs": pairs,
            "threshold": math.sqrt(limit),
            "real_pairs": real_pairs,
            "real_support": possible / real_pairs if real_pairs else None,
            "closest": _closest(ours, min(_SHOWN, int(possible))),
        },
        caveat=CAVEAT,
    )


def _closest(values: Features, count: int) -> list[list[Any]]:
    found = closest(values, count)
    distances = np.sqrt(found.squared).tolist()
    return [list(each) for each in zip(found.rows.tolist(), found.columns.tolist(), distances, strict=True)]


def _pairs_within(values: Features, limit: float) -> int:
    """How many pairs of rows have a squared distance of at most `limit`."""
    distances = Distances.between(values, values)
    found = (pairs_within(distances, tile, np.full(len(tile.lower), limit)) for tile in distances.tiles())
    return sum(int((pairs.squared <= limit).sum()) for pairs in found)
