"""Modes: how many of the data's classes or clusters samples cover, and how evenly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import features_of
from advnets.measures.intervals import wilson
from advnets.measures.measurement import Measurement

Labels = npt.NDArray[np.int64]
_DRAWS = 1000

CAVEAT = (
    "A mode counts as covered by one sample, whatever the sample looks like, and nothing is said about variety within "
    "a mode; where a classifier decides, its mistakes fill modes that are empty."
)


def modes(
    labels: npt.ArrayLike, real_labels: npt.ArrayLike, classes: int, *, features: str = "classifier", seed: int = 0
) -> Measurement:
    """How many classes occur among samples, and the KL divergence of their histogram from the real one.

    Args:
        labels: the class of each sample as a classifier sees it, integers from 0 to classes - 1.
        real_labels: of real images, by the same classifier or as given.
        classes: how many there are.
        features: what assigned the classes.
        seed: of the bootstrap's draws.

    Returns:
        The number of classes with at least one sample; its interval is a bootstrap's over the samples (which cannot
        find a class that was not drawn). Details: `modes`, how many there are; `kl`, KL(samples || real) in nats,
        with `kl_interval`; `histogram`, each class's share of the samples; `real_histogram`.

    Raises:
        MeasureError: labels that are no classes, or a class of samples that no real image has.

    Source: Metz et al. 2017, Unrolled GANs, section 3.2; Srivastava et al. 2017, VEEGAN, section 4.1.
    """
    ours, theirs = _checked(labels, "labels", classes), _checked(real_labels, "real_labels", classes)
    real_share = np.bincount(theirs, minlength=classes) / len(theirs)
    counts = np.bincount(ours, minlength=classes)
    if (counts[real_share == 0] > 0).any():
        raise MeasureError("samples of a class that no real image has", "measure against more real images")
    return _covered(ours, counts, real_share, features, seed)


def modes_of_points(
    points: npt.ArrayLike, centers: npt.ArrayLike, deviation: float, *, limit: float = 3.0, seed: int = 0
) -> Measurement:
    """How many Gaussians of a mixture points cover: those within three standard deviations of a center count.

    Args:
        points: N x D, samples of a toy game.
        centers: K x D, the mixture's means, all equally likely.
        deviation: each Gaussian's standard deviation in every coordinate.
        limit: how many standard deviations a point may be off its nearest center.
        seed: of the bootstrap's draws.

    Returns:
        The number of centers with at least one such point. Details as for `modes`, and `high_quality`, the share of
        points that are near a center, with `high_quality_interval` (Wilson).

    Source: Srivastava et al. 2017, VEEGAN, section 4.1.
    """
    x, means = features_of(points, "points").astype(np.float64), features_of(centers, "centers").astype(np.float64)
    far = np.linalg.norm(x[:, None] - means, axis=2)
    near = far.min(axis=1) <= limit * deviation
    ours = far.argmin(axis=1)[near]
    counts = np.bincount(ours, minlength=len(means))
    even = np.full(len(means), 1 / len(means))
    found = _covered(ours, counts, even, "points", seed) if len(ours) else None
    quality = {"high_quality": float(near.mean()), "high_quality_interval": wilson(float(near.sum()), len(x))}
    details = found.details if found else {"modes": len(means), "kl": None, "histogram": counts.tolist()}
    return Measurement(
        measure="modes",
        value=found.value if found else 0.0,
        interval=found.interval if found else (0.0, float(len(means))),
        interval_by="bootstrap over the samples",
        samples=len(x),
        real=0,
        features="points",
        seed=seed,
        details={**details, **quality},
        caveat=CAVEAT,
    )


def _covered(
    ours: Labels, counts: npt.NDArray[np.int64], real_share: npt.NDArray[np.float64], features: str, seed: int
) -> Measurement:
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(ours), counts / len(ours), size=_DRAWS)
    low, high = np.quantile((drawn > 0).sum(1), [0.025, 0.975])
    kl_low, kl_high = np.quantile([_kl(each, real_share) for each in drawn], [0.025, 0.975])
    return Measurement(
        measure="modes",
        value=float((counts > 0).sum()),
        interval=(float(low), float(high)),
        interval_by="bootstrap over the samples",
        samples=len(ours),
        real=0,
        features=features,
        seed=seed,
        details={
            "modes": int((real_share > 0).sum()),
            "kl": _kl(counts, real_share),
            "kl_interval": (float(kl_low), float(kl_high)),
            "histogram": (counts / len(ours)).tolist(),
            "real_histogram": real_share.tolist(),
        },
        caveat=CAVEAT,
    )


def _kl(counts: npt.NDArray[np.int64], real_share: npt.NDArray[np.float64]) -> float:
    share = counts / counts.sum()
    some = share > 0
    return float((share[some] * np.log(share[some] / real_share[some])).sum())


def _checked(labels: npt.ArrayLike, name: str, classes: int) -> Labels:
    array = np.asarray(labels)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu":
        raise MeasureError(f"{name}: type {array.dtype}, shape {array.shape}", "give one class number an example")
    if array.min() < 0 or array.max() >= classes:
        raise MeasureError(f"{name}: from {array.min()} to {array.max()}", f"give 0 to {classes - 1}")
    return array.astype(np.int64)
