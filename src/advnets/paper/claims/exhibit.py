"""Algorithm 1's claims, tested: what the paper says of its game in passing, each an experiment of minutes."""

from __future__ import annotations

from advnets.paper.claims import (
    helvetica,
    noise_contrastive,
    optimizers,
    order,
    saturation,
    sharp,
    updates,
)
from advnets.paper.claims.ring import AWAY
from advnets.paper.exhibit import Exhibit, joined
from advnets.paper.workspace import Workspace

_CLAIMS = (updates, saturation, optimizers, order, noise_contrastive, helvetica, sharp)


def make(workspace: Workspace) -> Exhibit:
    """Seven claims, over five seeds each (two where quick), with 95 % t-intervals over the seeds."""
    return joined(
        "Algorithm 1's claims, tested",
        "Each section quotes a claim, says what we did and what we saw, and gives a verdict. What is given as"
        " a (b to c) is the mean over seeds, of ratios and divergences the geometric one, with its 95 % t-interval; a"
        " verdict follows from the interval. Games in the plane that are not finite, or have no point within"
        f" {AWAY:g} of the origin, are lost: they are counted, and left out of means and ratios; where half or fewer"
        " are left, nothing is decided. Small games in the plane show what happens in small games in the plane.",
        [each.claim(workspace).exhibit() for each in _CLAIMS],
    )
