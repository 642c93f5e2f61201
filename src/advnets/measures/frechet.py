"""The Frechet distance between Gaussians fitted to features, and its value for infinitely many samples."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.frechet_of_few import of_few
from advnets.measures.inputs import PIXEL_STEPS, Rows, check_widths, features_of, rows_of, slices
from advnets.measures.intervals import Z95, grouped_jackknife, normal
from advnets.measures.measurement import Measurement

_ROWS_AT_ONCE = 4096
_NEGLIGIBLE = 1e-13  # of the largest eigenvalue: what rounding leaves of a zero
_GROUPS = 10
CAVEAT = (
    "It compares means and covariances of features, nothing else, and is biased upward, the more the fewer samples: "
    "compare equal counts, or take frechet_infinity."
)

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Advance = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class GaussianStatistics:
    """Mean and covariance of features.

    Attributes:
        count: how many rows they are of; None where nobody knows.
        mean: D, float64.
        covariance: D x D, float64, divided by count - 1.
    """

    count: int | None
    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, features: npt.ArrayLike, name: str = "features") -> GaussianStatistics:
        """Of an array, N x D; uint8 pixels count as values in [0, 1].

        Raises:
            MeasureError: fewer than two rows, or values that are not finite.
        """
        total = functools.reduce(_merged, map(_moments, _parts(rows_of(features, name, 2))))
        return cls(total.count, total.mean, total.scatter / (total.count - 1))


@dataclass(frozen=True, eq=False)
class _Moments:
    count: int
    mean: Floats
    scatter: Floats  # sum of (x - mean)(x - mean)'


def _parts(rows: Rows) -> Iterator[Floats]:
    for each in slices(len(rows), _ROWS_AT_ONCE):
        part = rows.values[each].astype(np.float64)
        yield part / PIXEL_STEPS if rows.is_uint8 else part


def _moments(rows: Floats) -> _Moments:
    mean = rows.mean(0)
    centered = rows - mean
    return _Moments(len(rows), mean, centered.T @ centered)


def _merged(a: _Moments, b: _Moments) -> _Moments:
    """Chan et al. 1983, Eq. 2.1; writes into `a`."""
    gap, total = b.mean - a.mean, a.count + b.count
    scatter = np.add(a.scatter, b.scatter, out=a.scatter)
    scatter += np.outer(gap, gap * (a.count * b.count / total))
    return _Moments(total, a.mean + gap * (b.count / total), scatter)


def frechet_distance(a: GaussianStatistics, b: GaussianStatistics) -> float:
    """||mu_a - mu_b||^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)).

    With S_a = R R^T the root's trace is the sum of the square roots of the eigenvalues of R^T S_b R, which is
    symmetric: no square root of a product that is not. R is Cholesky's factor, or the eigenvectors' where S_a is
    singular.

    Source: Dowson and Landau 1982, Eq. 16; Heusel et al. 2017, Eq. 6.

    Args:
        a, b: statistics of equally wide features.

    Returns:
        The distance, at least 0 up to rounding.

    Raises:
        MeasureError: different widths.
    """
    return sum(_terms(a, b, torch.linalg.eigvalsh(_between(torch.from_numpy(b.covariance), _root(a.covariance)))))


def frechet(
    samples: npt.ArrayLike,
    real: npt.ArrayLike | GaussianStatistics,
    *,
    features: str = "pixels",
    progress: bool = False,
) -> Measurement:
    """The Frechet distance of samples' features from real ones'; FID where the features are `inception`.

    Args:
        samples: N x D features.
        real: M x D features, or their statistics.
        features: what they are called.
        progress: say how far it is.

    Returns:
        The distance. Its interval is the delta method's, from the distance's derivative with respect to both Gaussians
        (over the real images, too, where they are given); with more real images than features, but no more samples, a
        jackknife's over the samples. It tells the chance in the value, not its bias. Details: `mean_part` and
        `covariance_part`, whose sum it is; `rank_deficient`, whether there were too few rows for full covariances.

    Raises:
        MeasureError: features of different widths, fewer than 3 samples or 2 real rows.
    """
    ours = features_of(samples, "samples", 3)
    if not isinstance(real, GaussianStatistics):
        theirs = features_of(real, "real")
        check_widths(ours, theirs, ("samples", "real"))
        if len(theirs) <= theirs.shape[1]:
            return _measured(
                _found_of_few_real(ours, theirs, progress), len(ours), len(theirs), features, rank_deficient=True
            )
    parts = _GROUPS + 1 if len(ours) <= ours.shape[1] else 4
    with progress_bar("Frechet", parts, unit="parts", shown=progress) as advance:
        return _frechet(ours, *_real(real), features, advance)


def _real(real: npt.ArrayLike | GaussianStatistics) -> tuple[Features | None, GaussianStatistics]:
    """Real images' features, where they are given, and their statistics."""
    if isinstance(real, GaussianStatistics):
        return None, real
    rows = features_of(real, "real")
    return rows, GaussianStatistics.of(rows)


@dataclass(frozen=True)
class _Found:
    """A distance's two parts, its standard error, how many of these its interval reaches, and how that was found."""

    mean_part: float
    covariance_part: float
    error: float
    quantile: float
    by: str


def _frechet(
    ours: Features, theirs: Features | None, b: GaussianStatistics, features: str, advance: Advance
) -> Measurement:
    """The measurement, of statistics `b` of the real images that the caller has computed; `theirs` may be unknown."""
    advance(1)
    if ours.shape[1] != len(b.mean):
        check_widths(ours, np.empty((0, len(b.mean)), np.float32), ("samples", "real"))
    few = len(ours) <= ours.shape[1]
    found = _found_of_few(ours, b, advance) if few else _found_of_many(ours, theirs, b, advance)
    rank_deficient = few or (b.count is not None and b.count <= len(b.mean))
    return _measured(found, len(ours), b.count, features, rank_deficient)


def _measured(found: _Found, samples: int, real: int | None, features: str, rank_deficient: bool) -> Measurement:
    # Rounding alone takes it below 0, where equal sets are.
    value, reach = max(0.0, found.mean_part + found.covariance_part), found.quantile * found.error
    return Measurement(
        measure="frechet",
        value=value,
        standard_error=found.error,
        interval=(max(0.0, value - reach), max(0.0, value + reach)),
        interval_by=found.by,
        samples=samples,
        real=real,
        features=features,
        details={
            "mean_part": found.mean_part,
            "covariance_part": found.covariance_part,
            "rank_deficient": rank_deficient,
        },
        caveat=CAVEAT,
    )


def _found_of_few_real(ours: Features, theirs: Features, progress: bool) -> _Found:
    from scipy.stats import t

    mean_part, covariance_part, error = of_few(ours, theirs, progress)
    quantile = float(t.ppf(0.975, min(len(ours), len(theirs)) - 1))
    how = "delta method, over the samples and the real images"
    return _Found(mean_part, covariance_part, error, quantile, how)


def _found_of_few(ours: Features, b: GaussianStatistics, advance: Advance) -> _Found:
    from scipy.stats import t

    groups = min(_GROUPS, len(ours))
    how = f"jackknife of {groups} groups, over the samples"
    return _Found(*_of_few(ours, b), _jackknife(ours, b, advance), float(t.ppf(0.975, groups - 1)), how)


def _found_of_many(ours: Features, theirs: Features | None, b: GaussianStatistics, advance: Advance) -> _Found:
    a = GaussianStatistics.of(ours)
    root = _root(a.covariance)
    advance(1)
    values, vectors = torch.linalg.eigh(_between(torch.from_numpy(b.covariance), root))
    advance(1)
    variance, how = _influence_variance(ours, a, b, _transport(root, values, vectors)), "delta method, over the samples"
    if theirs is not None:
        variance += _influence_variance(theirs, b, a, _transport_back(root, values, vectors))
        how += " and the real images"
    advance(1)
    return _Found(*_terms(a, b, values), math.sqrt(variance), Z95, how)


def frechet_infinity(
    samples: npt.ArrayLike,
    real: npt.ArrayLike | GaussianStatistics,
    *,
    features: str = "pixels",
    seed: int = 0,
    sizes: int = 10,
    progress: bool = False,
) -> Measurement:
    """The Frechet distance for infinitely many samples: the end of a line through its values over 1 / N.

    Args:
        samples: N x D features, N at least 100.
        real: M x D features, or their statistics; they are taken as they are, so that their own bias stays.
        features: what they are called.
        seed: of the subsets.
        sizes: how many counts of samples, at least 4, evenly spaced in 1 / N: from all down to a fifth, but not
            below twice the features unless that is more than half.
        progress: say how far it is.

    Returns:
        The line's value at 1 / N = 0, each value being the mean over as many disjoint subsets as there are. Its
        interval adds the delta method's (or the jackknife's) variance for all samples, the line's own, and the
        distance to a parabola's end: with few samples a feature the line is bent. An unbiased value may lie below 0.
        Details: `counts`, `values`, `slope`, `bend` (the parabola's end less the line's), and `frechet` of all samples.

    Raises:
        MeasureError: features of different widths, fewer than 100 samples or than features, fewer than 4 sizes.

    Source: Chong and Forsyth 2020, Effectively unbiased FID and Inception Score, section 3.
    """
    ours = features_of(samples, "samples", 100)
    theirs, b = _real(real)
    if sizes < 4:
        raise MeasureError(f"{sizes} sizes", "use 4 sizes or more")
    if len(ours) <= (width := ours.shape[1]):
        needed = f"{len(ours):,} samples of {width:,} features, more samples than features are needed"
        raise MeasureError(needed, f"take more than {width:,}, or kernel, which needs no such line")
    whole = _frechet(ours, theirs, b, features, lambda parts: None)
    counts = _counts(len(ours), ours.shape[1], sizes)
    rng = np.random.default_rng(seed)
    values: list[float] = []
    with progress_bar("Frechet for ever more samples", sizes - 1, unit="counts", shown=progress) as advance:
        for count in counts[:-1]:
            values.append(_mean_value(ours[rng.permutation(len(ours))], count, b))
            advance(1)
    values.append(whole.value)
    inverse = 1 / np.array(counts)
    slope, value = map(float, np.polyfit(inverse, values, 1))
    rest = np.array(values) - (value + slope * inverse)
    spread = float(np.square(inverse - inverse.mean()).sum())
    variance = float(rest @ rest) / (sizes - 2) * (1 / sizes + float(inverse.mean()) ** 2 / spread)
    bend = float(np.polyfit(inverse, values, 2)[-1]) - value
    error = math.hypot(whole.standard_error or 0.0, math.sqrt(variance), bend)
    return Measurement(
        measure="frechet_infinity",
        value=value,
        standard_error=error,
        interval=normal(value, error),
        interval_by=f"{whole.interval_by}, and the line's own error and bend",
        samples=len(ours),
        real=b.count,
        features=features,
        seed=seed,
        details={"counts": counts, "values": values, "slope": slope, "bend": bend, "frechet": whole.value},
        caveat="Means and covariances of features only; the real images' own bias stays in it.",
    )


def _counts(most: int, width: int, sizes: int) -> list[int]:
    """Counts of samples, evenly spaced in 1 / N; the line is straight only where N is large beside the features."""
    fewest = min(max(most / 5, 2 * width), most / 2)
    return [round(1 / each) for each in np.linspace(1 / fewest, 1 / most, sizes)]


def _mean_value(rows: Features, count: int, b: GaussianStatistics) -> float:
    """Over disjoint subsets of `count` rows."""
    parts = [rows[start : start + count] for start in range(0, len(rows) - count + 1, count)]
    return float(np.mean([_value(part, b) for part in parts]))


def _value(rows: Features, b: GaussianStatistics) -> float:
    return sum(_of_few(rows, b)) if len(rows) <= rows.shape[1] else frechet_distance(GaussianStatistics.of(rows), b)


def _terms(a: GaussianStatistics, b: GaussianStatistics, eigenvalues: Tensor) -> tuple[float, float]:
    """The means' part and the covariances' part of the distance."""
    if len(a.mean) != len(b.mean):
        raise MeasureError(f"{len(a.mean)} features beside {len(b.mean)}", "extract both by the same means")
    gap = a.mean - b.mean
    root_trace = float(eigenvalues.clamp_min(0).sqrt().sum())
    return float(gap @ gap), float(np.trace(a.covariance) + np.trace(b.covariance)) - 2 * root_trace


def _root(covariance: Floats) -> Tensor:
    """R with R R^T = S, D x r."""
    matrix = torch.from_numpy(covariance)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    pivots = factor.diagonal().square()
    if not int(failed) and float(pivots.min()) > _NEGLIGIBLE * float(pivots.max()):
        return factor
    values, vectors = torch.linalg.eigh(matrix)
    some = values > _NEGLIGIBLE * values[-1].clamp_min(0)
    return vectors[:, some] * values[some].sqrt()


def _between(covariance: Tensor, root: Tensor) -> Tensor:
    """R^T S_b R, symmetric; its eigenvalues are those of S_a S_b."""
    inner = root.T @ (covariance @ root)
    return (inner + inner.T) / 2


def _of_few(rows: Features, b: GaussianStatistics) -> tuple[float, float]:
    """Both parts with no more samples than features, exactly: the centered samples are a root of their covariance."""
    x = torch.from_numpy(rows.astype(np.float64))
    mean = x.mean(0)
    root = (x - mean).T / math.sqrt(len(x) - 1)
    gap = mean - torch.from_numpy(b.mean)
    values = torch.linalg.eigvalsh(_between(torch.from_numpy(b.covariance), root))
    trace = float(root.square().sum()) + float(np.trace(b.covariance))
    return float(gap @ gap), trace - 2 * float(values.clamp_min(0).sqrt().sum())


def _jackknife(rows: Features, b: GaussianStatistics, advance: Advance) -> float:
    groups, left_out = np.arange(len(rows)) % _GROUPS, list[float]()
    for group in np.unique(groups):
        left_out.append(sum(_of_few(rows[groups != group], b)))
        advance(1)
    return grouped_jackknife(left_out)


def _transport(root: Tensor, values: Tensor, vectors: Tensor) -> Tensor:
    """T with T S_a T = S_b: R^-T (R^T S_b R)^(1/2) R^-1, on the range of S_a."""
    inner = vectors * values.clamp_min(0).pow(0.25)
    half = _inverse_transposed(root) @ inner
    return half @ half.T


def _transport_back(root: Tensor, values: Tensor, vectors: Tensor) -> Tensor:
    """The map from S_b to S_a: R (R^T S_b R)^(-1/2) R^T."""
    some = values > _NEGLIGIBLE * values[-1:].sum().clamp_min(0)  # samples all alike leave no values at all
    half = root @ (vectors[:, some] * values[some].pow(-0.25))
    return half @ half.T


def _inverse_transposed(root: Tensor) -> Tensor:
    if root.shape[0] == root.shape[1]:
        return torch.linalg.inv(root).T
    return root / root.square().sum(0)  # orthogonal columns: eigenvectors times roots of eigenvalues


def _influence_variance(rows: Features, own: GaussianStatistics, other: GaussianStatistics, T: Tensor) -> float:
    """Variance of the distance over draws of `rows`, by its derivative: d/dS tr(S - 2 (S S_b)^(1/2)) = I - T.

    psi(x) = 2 (mu - mu_b)'(x - mu) + (x - mu)'(I - T)(x - mu), up to a constant.
    """
    slope = (torch.eye(len(own.mean), dtype=torch.float64) - T).float()
    gap, mean = torch.from_numpy(own.mean - other.mean).float(), torch.from_numpy(own.mean)
    psi: list[Tensor] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        x = (torch.from_numpy(np.array(rows[start : start + _ROWS_AT_ONCE])).double() - mean).float()
        psi.append((2 * (x @ gap) + ((x @ slope) * x).sum(1)).double())
    return float(torch.cat(psi).var()) / len(rows)
