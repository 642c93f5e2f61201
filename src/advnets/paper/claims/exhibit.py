"""Algorithm 1's claims, tested: what the paper says of its game in passing, each an experiment of minutes."""

from __future__ import annotations

import dataclasses

from advnets.paper.claims import (
    contrastive,
    helvetica,
    optimizers,
    order,
    saturation,
    sharp,
    updates,
)
from advnets.paper.claims.parts import SUPPORTED, opening
from advnets.paper.claims.ring import AWAY
from advnets.paper.exhibit import Bench, Exhibit, joined

_SECTIONS = (
    updates, saturation, optimizers, order,
    contrastive, helvetica, sharp,
)  # fmt: skip


def make(bench: Bench) -> Exhibit:
    """Seven claims, over five seeds each (two where quick), with 95 % t-intervals over the seeds."""
    return joined(
        "Algorithm 1's claims, tested",
        "Each section quotes a claim, says what we did and what we saw, and gives a verdict. What is given as"
        " a (b to c) is the mean over seeds, of ratios and divergences the geometric one, with its 95 % t-interval; a"
        " verdict follows from the interval. Games in the plane that are not finite, or have no point within"
        f" {AWAY:g} of the origin, are lost: they are counted, and left out of means and ratios; where half or fewer"
        " are left, nothing is decided. Small games in the plane show what happens in small games in the plane.",
        [_doubted(each.section(bench)) for each in _SECTIONS],
    )


def _doubted(section: Exhibit) -> Exhibit:
    """The section, with its claim and verdict among what differs from the paper where that is not `SUPPORTED`."""
    quote, said = str(section.body[0]).removeprefix("> "), str(section.body[-1])
    if said.startswith(opening(SUPPORTED)):
        return section
    verdict = said.removeprefix("**Verdict: ").split(".**")[0]
    return dataclasses.replace(section, differs=[f"{quote} Ours: {verdict} ([what was seen](claims.md))."])
