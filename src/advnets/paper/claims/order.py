"""One player after the other, as Algorithm 1 is printed, or both at once, as the authors' code does it."""

from __future__ import annotations

from collections.abc import Mapping

from advnets import figures
from advnets.paper.claims.histories import distances, ends, ends_table, farther, seconds, shares
from advnets.paper.claims.intervals import Interval, plain
from advnets.paper.claims.ring import AS_PRINTED, STEPS, THE_GAME, games, r1
from advnets.paper.claims.verdicts import (
    MARGIN,
    MIXED,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    equally_good,
    verdict_of,
)
from advnets.paper.exhibit import Picture, Row
from advnets.paper.workspace import Workspace

_PENALTY = r1(0.1)
_QUOTE = (
    'Algorithm 1 prints k updates of D, then one of G on fresh noise; the caption of Figure 1 says "simultaneously'
    " updating\", and the authors' code does that: one draw, both gradients at the same point. The paper does not tell"
    " the two apart."
)
_DID = (
    f"The game: {THE_GAME}; Adam, rate .001, k = 1, {STEPS:,} steps; once more with the penalty R1 of weight .1. In"
    " both orders each player makes as many updates."
)


def claim(workspace: Workspace) -> Claim:
    """Both orders at the same number of updates, without and with a penalty."""
    found = {
        "alternating": games(workspace, AS_PRINTED),
        "simultaneous": games(workspace, "simultaneous", schedule="simultaneous"),
        "alternating, R1": games(workspace, "k1-r1", penalties=_PENALTY),
        "simultaneous, R1": games(workspace, "simultaneous-r1", schedule="simultaneous", penalties=_PENALTY),
    }
    figures.panels([distances(found), shares(found)], workspace.path("-order.png"))
    ratio = {
        "without a penalty": farther(found["simultaneous"], found["alternating"]),
        "with R1": farther(found["simultaneous, R1"], found["alternating, R1"]),
    }
    verdict = verdict_of(map(equally_good, ratio.values()))
    figured = ", ".join(f"{each} {name}" for name, each in ratio.items())
    time = seconds(found["simultaneous"]) / seconds(found["alternating"])
    saw = [
        Picture(workspace.path("-order.png").name, "The two orders, without and with a penalty on D's slope."),
        ends_table(found),
        f"Simultaneous over alternating, distance at the end: {figured}. A simultaneous step takes {time:.2g} of an"
        " alternating one's time.",
    ]
    return Claim(
        "Alternating and simultaneous", _QUOTE, [_DID], saw, verdict, _why(verdict, ratio),
        [Row("both orders are one algorithm: distance, simultaneous over alternating", figured, "one", verdict)],
        {"ratio": {name: plain(each) for name, each in ratio.items()}, "time": time, "end": ends(found)},
    )  # fmt: skip


def _why(verdict: str, ratio: Mapping[str, Interval]) -> str:
    each = ", ".join(f"{name} it is {equally_good(interval)}" for name, interval in ratio.items())
    return {
        SUPPORTED: f"They are equally good up to a factor of {MARGIN:g}.",
        UNDECIDED: f"That they are equally good up to a factor of {MARGIN:g} is not decided: {each}.",
        MIXED: f"That both are equally good depends on the game: {each}.",
        NOT_SUPPORTED: "The order matters in both games.",
    }[verdict]
