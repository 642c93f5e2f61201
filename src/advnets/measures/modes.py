"""Modes: how many of the data's classes or clusters samples cover, and how evenly."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.errors import MeasureError
from advnets.measures.inputs import features_of
from advnets.measures.intervals import wilson
from advnets.measures.measurement import Measurement
from advnets.measures.mistakes import Confusion, fewest_of_present

Labels = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]
_DRAWS = 1000
_FAIR_DRAWS = 200
_RULE_OF_THREE = 3.0  # what never came in N draws is expected at most so often in N more, at 95 %

CAVEAT = (
    "A mode counts as covered by one sample, whatever the sample looks like, and nothing is said about variety within "
    "a mode; where a classifier decides, its mistakes fill modes that are empty."
)
_CAVEAT_BEYOND = (
    "A mode counts where it holds more samples than the classifier's mistakes on held-out real images explain: worse "
    "samples are mistaken more often, and may fill one all the same. Nothing is said about variety within a mode."
)


def modes(
    labels: npt.ArrayLike,
    real_labels: npt.ArrayLike,
    classes: int,
    *,
    confusion: Confusion | None = None,
    features: str = "classifier",
    seed: int = 0,
) -> Measurement:
    """How many classes occur among samples, and the KL divergence of their histogram from the real one.

    Args:
        labels: the class of each sample as a classifier sees it, integers from 0 to classes - 1.
        real_labels: of real images, by the same classifier or as given.
        classes: how many there are.
        confusion: of the classifier on held-out real images; with it, a class counts that holds more samples than its
            mistakes explain (`fewest_of_present`); without, one that has any.
        features: what assigned the classes.
        seed: of the bootstrap's draws.

    Returns:
        The number of classes that count; its interval is a bootstrap's over the samples, in which classes that were not
        drawn are together as likely as those drawn once: what other samples, as many, may give. Details: `modes`, how
        many there are; with a confusion `plain`, how many have at least one sample, as the literature counts them, and
        `fewest`, how many samples each needs to count; `kl`, KL(samples || real) in nats, with `kl_interval`;
        `kl_even`, the same from even shares of all modes; `fair_modes` and `fair_kl`, what as many other real images
        give on average; `histogram`, each class's share of the samples; `real_histogram`.

    Raises:
        MeasureError: labels that are no classes, or a class of samples that no real image has.

    Source: Metz et al. 2017, Unrolled GANs, sections 3.2 and 3.3.1; Srivastava et al. 2017, VEEGAN, section 4;
    Lin et al. 2018, PacGAN, for `kl_even`; Good 1953, for the classes that were not drawn.
    """
    ours, theirs = _checked(labels, "labels", classes), _checked(real_labels, "real_labels", classes)
    real_share = np.bincount(theirs, minlength=classes) / len(theirs)
    counts = np.bincount(ours, minlength=classes)
    if (counts[real_share == 0] > 0).any():
        raise MeasureError("samples of a class that no real image has", "measure against more real images")
    return _covered(counts, _Present(real_share, confusion), features, seed, real=len(theirs))


@dataclass(frozen=True)
class _Present:
    """Which classes count as present: those with a sample, or with more than mistakes explain."""

    real_share: Shares
    confusion: Confusion | None = None

    def fewest(self, counts: npt.ArrayLike) -> Counts:
        """How many samples each class needs, K, where so many are seen."""
        if self.confusion is None:
            return np.ones(len(self.real_share), np.int64)
        return fewest_of_present(counts, self.confusion, self.real_share)


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
        The number of centers with at least one such point; its interval's draws are of all points, the far ones
        included, and it goes up to 3 where none is near (the rule of three). Details as for `modes`, the divergences of
        the points that are near (None where there are none), and `high_quality`, the share of points that are near a
        center, with `high_quality_interval` (Wilson).

    Source: Srivastava et al. 2017, VEEGAN, section 4.1.
    """
    x, means = features_of(points, "points").astype(np.float64), features_of(centers, "centers").astype(np.float64)
    far = np.linalg.norm(x[:, None] - means, axis=2)
    near = far.min(axis=1) <= limit * deviation
    ours = far.argmin(axis=1)[near]
    counts = np.bincount(ours, minlength=len(means))
    even = np.full(len(means), 1 / len(means))
    found = _covered(counts, _Present(even), "points", seed, far=len(x) - len(ours))
    quality = {"high_quality": float(near.mean()), "high_quality_interval": wilson(float(near.sum()), len(x))}
    return dataclasses.replace(found, details={**found.details, **quality})


def _covered(counts: Counts, present: _Present, features: str, seed: int, real: int = 0, far: int = 0) -> Measurement:
    """Of the samples in each class, and of those `far` from all."""
    real_share = present.real_share
    near, known = int(counts.sum()), int((real_share > 0).sum())
    total = near + far
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(total, _likely(counts, far, real_share), size=_DRAWS)[:, :-1]
    fewest = present.fewest(counts)
    value = float((counts >= fewest).sum())
    low, high = _spread(value, (drawn >= fewest).sum(1)) if near else (0.0, _RULE_OF_THREE)
    fair_modes, fair_kl = _fair(total, present, real, rng)
    fair_text = (
        f"{total:,} fair draws of the data cover {fair_modes:.4g} of {known:,} on average, at a KL of {fair_kl:.2g}."
    )
    return Measurement(
        measure="modes",
        value=value,
        interval=(float(max(0 if far else 1, math.floor(low))), float(min(known, math.ceil(high)))),
        interval_by="bootstrap over the samples",
        samples=total,
        real=real,
        features=features,
        seed=seed,
        details={
            "modes": known,
            **({} if present.confusion is None else {"plain": int((counts > 0).sum()), "fewest": fewest.tolist()}),
            **_divergences(counts, drawn, real_share),
            "fair_modes": fair_modes,
            "fair_kl": fair_kl,
            "histogram": (counts / max(near, 1)).tolist(),
            "real_histogram": real_share.tolist(),
        },
        caveat=f"{CAVEAT if present.confusion is None else _CAVEAT_BEYOND} {fair_text}",
    )


def _likely(counts: Counts, far: int, real_share: Shares) -> Shares:
    """Of each class, and last of none, how likely the next sample is to be in it.

    A bootstrap of the draws alone never finds a class that they missed, and makes the number of modes too sure; what
    they missed is together about as likely as what they have once (Good 1953).
    """
    unseen = (counts == 0) & (real_share > 0)
    weights = np.append(counts + unseen * (counts == 1).sum() / max(1, int(unseen.sum())), far)
    return weights / weights.sum()


def _divergences(counts: Counts, drawn: Counts, real_share: Shares) -> dict[str, Any]:
    if not counts.any():
        return {"kl": None, "kl_interval": None, "kl_even": None}
    kl, known = float(_kl(counts, real_share)), int((real_share > 0).sum())
    low, high = _spread(kl, _kl(drawn[drawn.any(1)], real_share))
    return {
        "kl": kl, "kl_interval": (max(0.0, low), high), "kl_even": float(_kl(counts, (real_share > 0) / known)),
    }  # fmt: skip


def _fair(total: int, present: _Present, real: int, rng: np.random.Generator) -> tuple[float, float]:
    """Modes and divergence of as many other draws of the data, on average."""
    real_share = present.real_share
    drawn = rng.multinomial(total, real_share, size=_FAIR_DRAWS)
    fewest = present.fewest(np.rint(total * real_share))
    # The real images are draws, too: they make the divergence larger by (classes - 1) / (2 draws), as theirs do.
    own = (int((real_share > 0).sum()) - 1) / (2 * real) if real else 0.0
    return float((drawn >= fewest).sum(1).mean()), float(_kl(drawn, real_share).mean()) + own


def _spread(value: float, drawn: npt.NDArray[Any]) -> tuple[float, float]:
    """95 % interval of a figure, as wide as its bootstrap draws lie apart.

    Where they lie does not count: drawing again loses rare classes a second time, so that with many classes the draws'
    modes lie below the samples' own and their divergences above.
    """
    low, high = np.quantile(drawn, [0.025, 0.975]) - drawn.mean() + value
    # Draws that are all alike still differ from their mean, by rounding.
    return min(float(low), value), max(float(high), value)


def _kl(counts: Counts, real_share: Shares) -> Shares:
    """KL(counts' shares || real), in nats, of the last axis."""
    from scipy.special import rel_entr

    return rel_entr(counts / counts.sum(-1, keepdims=True), real_share).sum(-1)


def _checked(labels: npt.ArrayLike, name: str, classes: int) -> Labels:
    array = np.asarray(labels)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu":
        raise MeasureError(f"{name}: type {array.dtype}, shape {array.shape}", "give one class number an example")
    if array.min() < 0 or array.max() >= classes:
        raise MeasureError(f"{name}: from {array.min()} to {array.max()}", f"give 0 to {classes - 1}")
    return array.astype(np.int64)
