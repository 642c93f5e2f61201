"""How many different images a generator makes, by the birthday paradox."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.measurement import Measurement
from advnets.measures.pairwise import Distances, Features, Indices, closest, pairs_within

_REAL_PAIRS = 10  # the distance that so many pairs of real points do not exceed counts as a near-duplicate
_SHOWN = 20
CAVEAT = (
    "It takes all images to be equally likely, so that a favorite one makes the support look smaller; and what counts "
    "as the same image is a distance in these features: look at the closest pairs."
)


def birthday(
    samples: npt.ArrayLike,
    real: npt.ArrayLike,
    *,
    threshold: float | None = None,
    features: str = "pixels",
    progress: bool = False,
) -> Measurement:
    """The number of different images that would give as many near-duplicate pairs: N (N - 1) / (2 pairs).

    Args:
        samples: N x D features.
        real: M x D features; the first min(N, M) of both are used.
        threshold: distance up to which two are the same image; by default the distance of the 10th closest pair of as
            many real points, so that a generator as varied as the data comes to some 10 pairs, too.
        features: what they are called.
        progress: say how far it is.

    Returns:
        The support size; where there is no pair (`at_least`), that of half a pair, and the interval has no upper end.
        The interval takes the number of pairs for Poisson, but `scatter` times (1 or more) as variable, as pairs that
        share a sample make it. Details: `pairs`, `scatter`, `threshold`, `real_pairs`, `real_support` of the real
        points, and `closest`: [row, row, distance] of the closest 20 pairs of samples.

    Raises:
        MeasureError: features of different widths, or too few to have 10 pairs.

    Source: Arora and Zhang 2018, Do GANs learn the distribution?, section 2; Hoeffding 1948, section 5.
    """
    ours, theirs = features_of(samples, "samples", 6), features_of(real, "real", 6)
    check_widths(ours, theirs, ("samples", "real"))
    count = min(len(ours), len(theirs))
    ours, theirs = ours[:count], theirs[:count]
    label = "Birthday" if progress else ""
    limit = float(closest(theirs, _REAL_PAIRS, label).squared[-1]) if threshold is None else threshold**2
    if threshold is not None and threshold < 0:
        raise MeasureError(f"a threshold of {threshold:g}", "give a distance")
    degrees = _degrees(ours, limit, label)
    pairs, real_pairs = int(degrees.sum()) // 2, int(_degrees(theirs, limit, label).sum()) // 2
    possible, scatter = count * (count - 1) / 2, _scatter(degrees)
    fewest, most = _pairs_interval(pairs, scatter)
    return Measurement(
        measure="birthday",
        value=possible / max(pairs, 0.5),
        interval=(possible / most, possible / fewest if fewest else math.inf),
        interval_by="Poisson, over the pairs of samples, wider where pairs share samples",
        samples=count,
        real=count,
        features=features,
        details={
            "at_least": pairs == 0,
            "pairs": pairs,
            "scatter": scatter,
            "threshold": math.sqrt(limit),
            "real_pairs": real_pairs,
            "real_support": possible / real_pairs if real_pairs else None,
            "closest": _closest(ours, min(_SHOWN, int(possible)), label),
        },
        caveat=CAVEAT,
    )


def _closest(values: Features, count: int, label: str) -> list[list[Any]]:
    found = closest(values, count, label)
    distances = np.sqrt(found.squared).tolist()
    return [list(each) for each in zip(found.rows.tolist(), found.columns.tolist(), distances, strict=True)]


def _degrees(values: Features, limit: float, label: str) -> Indices:
    """Of each row, how many others have a squared distance of at most `limit`."""
    degrees = np.zeros(len(values), np.int64)
    distances = Distances.between(values, values, label=label)
    for tile in distances.tiles():
        pairs = pairs_within(distances, tile, np.full(len(tile.lower), limit))
        close = pairs.squared <= limit
        for ends in (pairs.rows, pairs.columns):
            degrees += np.bincount(ends[close], minlength=len(values))
    return degrees


def _scatter(degrees: Indices) -> float:
    """The variance of the number of pairs over a Poisson's: it is a U-statistic, whose pairs share rows.

    With p the share of pairs and h of two, Var = n (n - 1) (n - 2) (E h(x, y) h(x, z) - p^2) + pairs, up to p pairs.
    """
    n, pairs = len(degrees), float(degrees.sum()) / 2
    if not pairs:
        return 1.0
    shared = float((degrees * (degrees - 1)).sum()) - 4 * pairs**2 * (n - 2) / (n * (n - 1))
    return max(1.0, 1.0 + shared / pairs)


def _pairs_interval(pairs: int, scatter: float) -> tuple[float, float]:
    """95 % interval of the mean of a count that is `scatter` times as variable as a Poisson's."""
    from scipy.stats import chi2

    scaled = pairs / scatter
    fewest = float(chi2.ppf(0.025, 2 * scaled)) / 2 * scatter if pairs else 0.0
    return fewest, float(chi2.ppf(0.975, 2 * scaled + 2)) / 2 * scatter
