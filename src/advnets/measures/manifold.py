"""Precision and recall, density and coverage: do samples lie among real images, and do they reach all of them.

Each set stands for its manifold by balls around its points, as wide as the way to the k-th nearest neighbor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import check_widths, features_of
from advnets.measures.intervals import normal, wilson
from advnets.measures.measurement import Measurement
from advnets.measures.pairwise import Distances, Features, Floats, Indices, nearest_within, pairs_within
from advnets.sharing import total

CAVEATS = {
    "precision": (
        "A real outlier's ball is large, and samples of any quality in it count; a generator that shows one good "
        "image for ever scores 1."
    ),
    "recall": (
        "A sample far from all others has a large ball that covers much; nothing is said about how often samples "
        "come to a place, and many dimensions or few samples lower it."
    ),
    "density": "No share: above 1 where samples crowd into dense places, as copies of a mode's middle do.",
    "coverage": (
        "One sample in a real image's ball covers it, so it saturates near 1; below 1 - 2^-k by chance alone, for "
        "equal counts (Naeem et al. 2020, section 3.3)."
    ),
}


@dataclass(frozen=True)
class _Counts:
    """What one pass over the distances between samples and real images finds.

    Attributes:
        in_real: of each sample, how many real balls of precision's k it lies in.
        in_dense: likewise with density's k.
        covered: of each real image, how many samples lie in its ball of density's k.
        in_samples: of each real image, how many samples' balls it lies in.
        coverers: of each real image, the sum of the row numbers of the samples that cover it: of one, its own.
        reachers: likewise of the samples in whose balls it lies.
    """

    in_real: Indices
    in_dense: Indices
    covered: Indices
    in_samples: Indices
    coverers: Floats
    reachers: Floats


def manifold(
    samples: npt.ArrayLike,
    real: npt.ArrayLike,
    *,
    k: int = 3,
    k_density: int = 5,
    features: str = "pixels",
    progress: bool = False,
) -> dict[str, Measurement]:
    """Improved precision and recall, density and coverage, from each distance computed once.

    With NND_k(x) the distance from x to its k-th nearest neighbor in its own set, itself left out (an exact copy is a
    neighbor at distance 0), and B(x, r) the closed ball,

        precision = share of samples y in some B(x_i, NND_k(x_i)),  recall = the same with the sets exchanged,
        density = 1 / (k_density M) sum_j sum_i 1[y_j in B(x_i, NND_k_density(x_i))],
        coverage = share of real x_i whose B(x_i, NND_k_density(x_i)) holds a sample.

    Every comparison is that of distances by differences in float64, whatever type the products run in (pairwise.py).

    Args:
        samples: N x ..., features, or images in uint8 or [0, 1]; at least k + 1.
        real: M x ... of the same width; at least max(k, k_density) + 1. Use N = M for figures others can compare with.
        k: neighbors for precision and recall.
        k_density: neighbors for density and coverage.
        features: what the rows are, for the record.
        progress: say how far it is.

    Returns:
        `precision`, `recall`, `coverage` (0 to 1) and `density` (0 upward; 1 for samples of the data), each with `k`
        and `inside`, how many points (for density: pairs of point and ball) were found inside, in the details.

    Raises:
        MeasureError: rows that cannot be compared, too few of them, or k below 1.

    Source: Kynkaanniemi et al. 2019, Eqs. 1-2 (k = 3); Naeem et al. 2020, Eqs. 3-4 (k = 5).
    """
    if min(k, k_density) < 1:
        raise MeasureError(f"k is {k}, k_density {k_density}", "use at least 1")
    theirs, ours = features_of(real, "real", max(k, k_density) + 1), features_of(samples, "samples", k + 1)
    check_widths(ours, theirs, ("samples", "real"))
    label = "Precision and recall" if progress else ""
    radii = nearest_within(theirs, max(k, k_density), label).squared[:, [k - 1, k_density - 1]].T
    counts = _count(ours, theirs, nearest_within(ours, k, label).squared[:, -1], radii, label)
    return _measured(counts, k, k_density, features)


def _count(ours: Features, theirs: Features, our_radii: Floats, radii: Floats, label: str) -> _Counts:
    in_real, in_dense = np.zeros(len(ours), np.int64), np.zeros(len(ours), np.int64)
    covered, in_samples = np.zeros(len(theirs), np.int64), np.zeros(len(theirs), np.int64)
    coverers, reachers = np.zeros(len(theirs)), np.zeros(len(theirs))
    distances = Distances.between(ours, theirs, label=label)
    for tile in distances.own_tiles():
        pairs = pairs_within(distances, tile, our_radii[tile.rows], radii[:, tile.columns])
        near, dense = pairs.squared <= radii[:, pairs.columns]
        in_real += np.bincount(pairs.rows[near], minlength=len(ours))
        in_dense += np.bincount(pairs.rows[dense], minlength=len(ours))
        covered += np.bincount(pairs.columns[dense], minlength=len(theirs))
        coverers += np.bincount(pairs.columns[dense], pairs.rows[dense], minlength=len(theirs))
        reached = pairs.squared <= our_radii[pairs.rows]
        in_samples += np.bincount(pairs.columns[reached], minlength=len(theirs))
        reachers += np.bincount(pairs.columns[reached], pairs.rows[reached], minlength=len(theirs))
    return _Counts(*(total(each) for each in (in_real, in_dense, covered, in_samples, coverers, reachers)))


def _measured(counts: _Counts, k: int, k_density: int, features: str) -> dict[str, Measurement]:
    sizes = len(counts.in_real), len(counts.covered)
    by_samples = "Wilson, over the samples, for these real images"
    by_real = "Wilson over the real images, and a jackknife over the samples"
    of_reached = _jackknife_error(counts.in_samples, counts.reachers, sizes[0])
    of_covered = _jackknife_error(counts.covered, counts.coverers, sizes[0])
    return {
        "precision": _share("precision", counts.in_real, k, by_samples, sizes, features),
        "recall": _share("recall", counts.in_samples, k, by_real, sizes, features, of_reached),
        "density": _density(counts.in_dense, k_density, sizes, features),
        "coverage": _share("coverage", counts.covered, k_density, by_real, sizes, features, of_covered),
    }


def _jackknife_error(hits: Indices, owners: Floats, samples: int) -> float:
    """Standard error over the samples of the share of real images that are hit: a jackknife, scaled.

    Without a sample, those are lost that it alone hits (that its neighbors' balls would grow is left out). An image
    that `m` samples hit on average is lost so with chance m exp(-m), but missed with exp(-m) only: a jackknife makes
    too much of it by the ratio of images hit once to those never hit. In simulations this comes within a fifth of the
    scatter of repeated draws.
    """
    alone, never = hits == 1, int((hits == 0).sum())
    lost = np.bincount(owners[alone].astype(np.int64), minlength=samples) / len(hits)
    scale = min(1.0, never / max(1, int(alone.sum())))
    return math.sqrt((samples - 1) * float(lost.var()) * scale)


def _share(
    name: str, hits: Indices, k: int, interval_by: str, sizes: tuple[int, int], features: str, error: float = 0.0
) -> Measurement:
    """The share of points with a hit; `error` is a further standard error of it."""
    inside = int((hits > 0).sum())
    value, (low, high) = inside / len(hits), wilson(inside, len(hits))
    further = normal(0.0, error)[1]
    return Measurement(
        measure=name,
        value=value,
        interval=(
            max(0.0, value - math.hypot(value - low, further)),
            min(1.0, value + math.hypot(high - value, further)),
        ),
        interval_by=interval_by,
        samples=sizes[0],
        real=sizes[1],
        features=features,
        details={"k": k, "inside": inside},
        caveat=CAVEATS[name],
    )


def _density(hits: Indices, k: int, sizes: tuple[int, int], features: str) -> Measurement:
    each = hits / k
    value, error = float(each.mean()), float(each.std(ddof=1)) / math.sqrt(len(each))
    low, high = normal(value, error)
    return Measurement(
        measure="density",
        value=value,
        standard_error=error,
        interval=(max(0.0, low), high),
        interval_by="normal, over the samples, for these real images",
        samples=sizes[0],
        real=sizes[1],
        features=features,
        details={"k": k, "inside": int(hits.sum())},
        caveat=CAVEATS["density"],
    )
