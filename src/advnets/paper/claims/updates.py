"""k updates of D for each of G: 1, 2 and 5, against steps, updates and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from advnets import figures
from advnets.paper.claims.histories import distances, ends, ends_table, farther, seconds, shares
from advnets.paper.claims.intervals import Interval, column, plain, ratios
from advnets.paper.claims.ring import AS_PRINTED, STEPS, THE_GAME, Lines, floor, games
from advnets.paper.claims.verdicts import MARGIN, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim, no_worse
from advnets.paper.exhibit import Picture, Row
from advnets.paper.workspace import Workspace

_K = (1, 2, 5)
_QUOTE = (
    'Section 4: "The number of steps to apply to the discriminator, k, is a hyperparameter. We used k = 1, the least'
    ' expensive option, in our experiments."'
)
_PLACES = 6
_DID = (
    f"The game: {THE_GAME}; Adam with a rate of .001 for both. {STEPS:,} steps of G at k = 1, 2 and 5. The verdict is"
    " taken at equal time of the processor, training alone: where D's updates are counted k = 1 computes more, as its G"
    " moves for each. Distances are means over the last quarter before that time, interpolated between looks."
)
_WHY = {
    SUPPORTED: f"In as much time of the processor k = 1 ends at most {MARGIN:g} times as far from the data as k = 5.",
    UNDECIDED: f"In as much time of the processor, neither that k = 1 ends at most {MARGIN:g} times as far from the"
    " data as k = 5 nor that it ends farther is shown.",
    NOT_SUPPORTED: "k = 1 is worse than k = 5 in as much time of the processor.",
}


def claim(workspace: Workspace) -> Claim:
    """What more updates of D give for what they cost."""
    found = {k: games(workspace, AS_PRINTED if k == 1 else f"k{k}", discriminator_steps=k) for k in _K}
    named = {f"k = {k}": histories for k, histories in found.items()}
    axes = {"step": "steps of G", "updates": "updates of D", "seconds": "seconds of the processor"}
    shown = [distances(named, label, key) for key, label in axes.items()]
    figures.panels([*shown, shares(named)], workspace.path("-k.png"), columns=2)
    per_step = farther(found[1], found[5])
    per_second, per_update = (at_equal(found[1], found[5], key) for key in ("seconds", "updates"))
    verdict = no_worse(per_second)
    saw = [
        Picture(workspace.path("-k.png").name, "Distance against G's steps, D's updates and the processor's seconds."),
        ends_table(named),
        f"Points of the data themselves, as many, are at a distance of {floor()}.",
        f"After as much time of the processor as k = 1 takes in all, k = 1 is {per_second} times as far from the data"
        f" as k = 5; after as many updates of D, {per_update} times; after as many steps of G, {per_step} times. A step"
        f" with k = 5 takes {seconds(found[5]) / seconds(found[1]):.2g} times as long.",
    ]
    ours = f"k = 1 over k = 5, distance: {per_second} a second, {per_update} an update of D, {per_step} a step of G"
    return Claim(
        "k = 1, 2 and 5", _QUOTE, [_DID], saw, verdict, _WHY[verdict],
        [Row("k = 1 is the least expensive option", ours, "used k = 1", verdict)],
        {
            "per second": plain(per_second), "per update": plain(per_update), "per step": plain(per_step),
            "end": ends(named),
        },
    )  # fmt: skip


def at_equal(one: Sequence[Lines], other: Sequence[Lines], key: str) -> Interval:
    """How many times as far from the data one game is as another once both have come as far in `key`, seed by seed."""
    until = [min(a[-1][key], b[-1][key]) for a, b in zip(one, other, strict=True)]
    over, under = (list(map(_before, each, [key] * len(each), until)) for each in (one, other))
    return ratios(over, under)


def _before(history: Lines, key: str, end: float) -> float:
    """The mean distance over the last quarter of the way to `end`, interpolated between looks."""
    places, distance = column([history], key)[0], column([history], "distance")[0]
    return float(np.interp(np.linspace(0.75 * end, end, _PLACES), places, distance).mean())
