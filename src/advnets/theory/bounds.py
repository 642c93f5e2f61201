"""What a trained D proves of p_g: a lower bound on the Jensen-Shannon divergence, from finitely many samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advnets.errors import TheoryError
from advnets.theory.divergences import Values


@dataclass(frozen=True)
class Bound:
    """A bound on a divergence, in nats.

    Attributes:
        estimate: what D's value on these samples says, (V + log 4) / 2; unbiased for what this D proves, but itself
            no bound.
        slack: how far above what D proves chance may have put the estimate, with the confidence asked for.
    """

    estimate: float
    slack: float

    @property
    def low(self) -> float:
        """With the confidence asked for, the divergence is at least this; never below 0."""
        return max(0.0, self.estimate - self.slack)


def jsd_bound(
    real_logits: npt.ArrayLike, fake_logits: npt.ArrayLike, confidence: float = 0.95, most: float = 7.0
) -> Bound:
    """JSD(p_data || p_g) >= (V(D, G) + log 4) / 2 for every D, with D's value taken from samples.

    Any D gives a lower bound, because Theorem 1 is about the best one. From n samples V is known up to their chance:
    the empirical Bernstein inequality bounds each of its two means, which are bounded once the logits are clipped (a
    clipped D is a D, so that the bound holds all the same).

    It holds only for samples that D was not trained on: D's value of its own training samples may be far too high.

    Args:
        real_logits, fake_logits: of D at samples of p_data and p_g, N and M of them, at least 2 each.
        confidence: of the bound, in (0, 1).
        most: logits are clipped to [-most, most].

    Raises:
        TheoryError: fewer than two samples, values that are not finite, a confidence or limit out of range.

    Source: Goodfellow et al. 2014, Theorem 1; Maurer and Pontil 2009, Theorem 4.
    """
    if not (0 < confidence < 1 and 0 < most < math.inf):
        raise TheoryError(
            f"a confidence of {confidence:g}, logits up to {most:g}", "give one in (0, 1), and a finite one above 0"
        )
    # log D(x) and log(1 - D(x)) without overflow.
    real = -np.logaddexp(0, -_clipped(real_logits, most))
    fake = -np.logaddexp(0, _clipped(fake_logits, most))
    width = most  # log(1 + exp(most)) - log(1 + exp(-most)), to the letter
    estimate = (float(real.mean() + fake.mean()) + math.log(4)) / 2
    chance = (1 - confidence) / 2  # each of the two means may be missed
    return Bound(estimate, (_slack(real, width, chance) + _slack(fake, width, chance)) / 2)


def _clipped(logits: npt.ArrayLike, most: float) -> Values:
    values = np.asarray(logits, np.float64).ravel()
    if len(values) < 2 or not np.isfinite(values).all():
        raise TheoryError(f"{len(values)} logits, all of them finite or not", "give at least 2, all finite")
    return values.clip(-most, most)


def _slack(values: Values, width: float, chance: float) -> float:
    """How far the mean of values in a range of that width lies above the expectation, but for such a chance."""
    n, log = len(values), math.log(2 / chance)
    return math.sqrt(2 * float(values.var(ddof=1)) * log / n) + 7 * width * log / (3 * (n - 1))
