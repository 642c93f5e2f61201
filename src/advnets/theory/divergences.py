"""Entropies, divergences and the value of the game, of discrete distributions or densities on a grid, in nats.

A distribution is an array of any shape, at least 0, whose sum times `spacing` is 1: probabilities with spacing 1, or
values of a density on a grid whose cells have that length (or area). What is 0 is treated as the limit says: 0 log 0 is
0, and a divergence is infinite where q is 0 and p is not. All sums are in float64.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from advnets.errors import TheoryError

Values = npt.NDArray[np.float64]
_TOLERANCE = 1e-6  # of a distribution's sum


def entropy(p: npt.ArrayLike, spacing: float = 1.0) -> float:
    """S(p) = -sum p log p; of a density the differential entropy, which may be below 0.

    Args:
        p: the distribution, any shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats.

    Raises:
        TheoryError: p is no distribution.

    Source: Goodfellow et al. 2014, as used in section 4.1; Cover and Thomas 2006, section 2.1.
    """
    values = distribution(p, "p", spacing)
    return _total(_times_log(values, values), spacing, -1.0)


def cross_entropy(p: npt.ArrayLike, q: npt.ArrayLike, spacing: float = 1.0) -> float:
    """H(p, q) = -sum p log q, infinite where q misses a place that p has.

    Args:
        p, q: distributions of one shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats; H(p, q) = S(p) + KL(p || q).

    Raises:
        TheoryError: p or q is no distribution, or they differ in shape.
    """
    mine, theirs = _pair(p, q, spacing)
    return _total(_times_log(mine, theirs), spacing, -1.0)


def kl_divergence(p: npt.ArrayLike, q: npt.ArrayLike, spacing: float = 1.0) -> float:
    """KL(p || q) = sum p log(p / q), at least 0, infinite where q misses a place that p has.

    Args:
        p, q: distributions of one shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats, up to infinity.

    Raises:
        TheoryError: p or q is no distribution, or they differ in shape.

    Source: Kullback and Leibler 1951. (One of the course notes misprints it as S + H; it is H(p, q) - S(p).)
    """
    mine, theirs = _pair(p, q, spacing)
    return _kl(mine, theirs, spacing)


def jensen_shannon_divergence(p: npt.ArrayLike, q: npt.ArrayLike, spacing: float = 1.0) -> float:
    """JSD(p || q) = KL(p || m) / 2 + KL(q || m) / 2 with m = (p + q) / 2: symmetric, from 0 to log 2.

    Args:
        p, q: distributions of one shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats, at most log 2, which disjoint distributions have.

    Raises:
        TheoryError: p or q is no distribution, or they differ in shape.

    Source: Goodfellow et al. 2014, Eq. 6; Lin 1991.
    """
    from scipy.special import rel_entr

    mine, theirs = _pair(p, q, spacing)
    # Doubled, not halved: m would be 0 where p is the smallest number above 0 and q is 0.
    terms = rel_entr(2 * mine, mine + theirs) + rel_entr(2 * theirs, mine + theirs)
    # Not outside: p and q sum to 1 up to rounding only.
    return min(max(0.0, _total(terms, spacing) / 4), math.log(2))


def optimal_discriminator(p_data: npt.ArrayLike, p_g: npt.ArrayLike) -> Values:
    """D*(x) = p_data(x) / (p_data(x) + p_g(x)): the best discriminator against a fixed generator.

    Args:
        p_data, p_g: at least 0, of one shape; they need not sum to 1, as long as both are in the same units.

    Returns:
        Values in [0, 1], of the same shape; NaN where neither has anything: there D does not matter.

    Raises:
        TheoryError: negative or not finite values, or different shapes.

    Source: Goodfellow et al. 2014, Proposition 1 (Eq. 2).
    """
    real, made = _same_shape(_densities(p_data, "p_data"), _densities(p_g, "p_g"))
    large = np.maximum(real, made) > 1e300
    real, made = np.where(large, real / 2, real), np.where(large, made / 2, made)  # or their sum might overflow
    both = real + made
    return np.divide(real, both, out=np.full(real.shape, np.nan), where=both > 0)


def criterion(p_data: npt.ArrayLike, p_g: npt.ArrayLike, spacing: float = 1.0) -> float:
    """C(G) = max over D of V(D, G) = E_data log D* + E_g log(1 - D*): -log 4 where p_g is p_data, 0 where disjoint.

    Computed from D* itself, so that C(G) = -log 4 + 2 JSD (Theorem 1) can be checked against it.

    Args:
        p_data, p_g: distributions of one shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats, from -log 4 to 0.

    Raises:
        TheoryError: one is no distribution, or they differ in shape.

    Source: Goodfellow et al. 2014, Eq. 4.
    """
    real, made = _pair(p_data, p_g, spacing)
    best = np.nan_to_num(optimal_discriminator(real, made), nan=0.5)
    other = np.nan_to_num(optimal_discriminator(made, real), nan=0.5)  # 1 - D*, without cancellation
    # Where one of them underflows to 0 its weight is next to 0, and counts as 0.
    return _total(_times_log(real * (best > 0), best) + _times_log(made * (other > 0), other), spacing)


def value(discriminator: npt.ArrayLike, p_data: npt.ArrayLike, p_g: npt.ArrayLike, spacing: float = 1.0) -> float:
    """V(D, G) = E_data log D(x) + E_g log(1 - D(x)): what D maximizes, at most `criterion`.

    What D gives away is C(G) - V(D, G) = 2 E_m KL(Bernoulli(D*) || Bernoulli(D)) with m = (p_data + p_g) / 2, and
    by Pinsker's inequality at least 4 E_m (D - D*)^2.

    Args:
        discriminator: D(x) in [0, 1], of the distributions' shape.
        p_data, p_g: distributions of one shape.
        spacing: length of a grid cell; 1 for probabilities.

    Returns:
        Nats, at most 0; minus infinity where D is certain and wrong.

    Raises:
        TheoryError: one is no distribution, they differ in shape, or D is no probability.

    Source: Goodfellow et al. 2014, Eq. 1.
    """
    real, made = _pair(p_data, p_g, spacing)
    opinion, _ = _same_shape(_densities(discriminator, "D"), real)
    if (opinion > 1).any():
        raise TheoryError("D has values above 1", "give probabilities, the sigmoid of the logits")
    return _total(_times_log(real, opinion) + _times_log(made, 1 - opinion), spacing)


def distribution(p: npt.ArrayLike, name: str, spacing: float = 1.0) -> Values:
    """`p` as float64.

    Raises:
        TheoryError: it is no distribution.
    """
    values = _densities(p, name)
    if not (math.isfinite(spacing) and spacing > 0):
        raise TheoryError(f"a spacing of {spacing:g}", "give the length of a grid cell, or 1 for probabilities")
    total = float(values.sum()) * spacing
    if abs(total - 1) > _TOLERANCE:
        raise TheoryError(f"{name} sums to {total:.8g}", "divide by its sum (times the spacing, for a density)")
    return values


def _densities(p: npt.ArrayLike, name: str) -> Values:
    values = np.asarray(p, dtype=np.float64)
    if not values.size:
        raise TheoryError(f"{name} is empty", "give at least one value")
    if not np.isfinite(values).all() or (values < 0).any():
        raise TheoryError(f"{name} has values below 0 or not finite", "give probabilities or values of a density")
    return values


def _pair(p: npt.ArrayLike, q: npt.ArrayLike, spacing: float) -> tuple[Values, Values]:
    return _same_shape(distribution(p, "the first", spacing), distribution(q, "the second", spacing))


def _same_shape(p: Values, q: Values) -> tuple[Values, Values]:
    if p.shape != q.shape:
        raise TheoryError(f"shapes {p.shape} and {q.shape}", "give both on one grid")
    return p, q


def _times_log(p: Values, q: Values) -> Values:
    """p log q, 0 where p is 0."""
    from scipy.special import xlogy

    return xlogy(p, q)


def _kl(p: Values, q: Values, spacing: float) -> float:
    from scipy.special import rel_entr

    # Not below 0: p and q sum to 1 up to rounding only.
    return max(0.0, _total(rel_entr(p, q), spacing))


def _total(terms: Values, spacing: float, sign: float = 1.0) -> float:
    return sign * float(terms.sum()) * spacing + 0.0  # no -0
