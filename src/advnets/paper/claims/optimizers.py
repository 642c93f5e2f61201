"""Momentum, as in the paper, and Adam: each at its best rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from advnets import figures
from advnets.figures import Panel
from advnets.paper.claims.histories import distances, ends, ends_table, farther, lost, shares
from advnets.paper.claims.intervals import Interval, band, plain
from advnets.paper.claims.ring import ADAM, AS_PRINTED, STEPS, THE_GAME, Lines, at_the_end, games, momentum, moving
from advnets.paper.claims.verdicts import MARGIN, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim, no_worse
from advnets.paper.exhibit import Picture, Row
from advnets.paper.workspace import Workspace

Found = Mapping[str, Mapping[float, list[Lines]]]
"""By rule and rate: the history for each seed."""

_RATES = {"momentum": (0.01, 0.03, 0.06), "adam": (5e-4, 1e-3, 2e-3)}
_LONGER = 3
_NAMES = {"momentum": "momentum .5", "adam": "Adam"}
_QUOTE = (
    'Algorithm 1: "The gradient-based updates can use any standard gradient-based learning rule. We used momentum in'
    ' our experiments."'
)
_DID = (
    f"The game: {THE_GAME}. Momentum of .5, where the authors' begins, and Adam (.5, .99), each with three rates,"
    f" {STEPS:,} steps at k = 1. The best rate of each (fewest lost games, then least"
    " distance) is chosen on the seeds that it is shown on."
)
_WHY = {
    SUPPORTED: f"At its best rate momentum ends at most {MARGIN:g} times as far from the data as Adam.",
    UNDECIDED: f"Neither that momentum ends at most {MARGIN:g} times as far from the data as Adam nor that it ends"
    " farther is shown.",
    NOT_SUPPORTED: "In as many steps Adam comes closer: here the rule matters.",
}


def claim(workspace: Workspace) -> Claim:
    """The best rate of each, and how much the choice matters."""
    found = {rule: _by_rate(workspace, rule) for rule in _RATES}
    best = {rule: best_rate(each) for rule, each in found.items()}
    named = {f"{_NAMES[rule]}, {rate:g}": histories for rule, each in found.items() for rate, histories in each.items()}
    _draw(workspace, found, best)
    rate = best["momentum"]
    long = games(workspace, f"momentum-long-{rate:g}", _LONGER, **moving(momentum(rate), momentum(rate)))
    named[f"{_NAMES['momentum']}, {rate:g}, {_LONGER} times as long"] = long
    longer = farther(long, found["adam"][best["adam"]])
    ratio = farther(found["momentum"][best["momentum"]], found["adam"][best["adam"]])
    verdict = no_worse(ratio)
    saw = [
        Picture(
            workspace.path("-momentum.png").name,
            f"Distance at the end for each rate{_unfinished(found)}, and the course at the best.",
        ),
        ends_table(named),
        f"At its best rate ({best['momentum']:g}) momentum ends {ratio} times as far from the data as Adam at its own"
        f" ({best['adam']:g}); in {_LONGER} times as many steps {longer} times. Lost games, over all rates:"
        f" {_lost(found)}.",
    ]
    row = Row("any rule will do: momentum's distance over Adam's, each at its best rate", str(ratio), "any", verdict)
    facts = {"ratio": plain(ratio), "longer": plain(longer), "best": best, "end": ends(named)}
    why = f"{_WHY[verdict]} {_given_time(longer)}"
    return Claim("Momentum and Adam", _QUOTE, [_DID], saw, verdict, why, [row], facts)


def _unfinished(found: Found) -> str:
    """Which rates have no point in the picture: all of their games are lost."""
    gone = [
        f"{_NAMES[rule]}, {rate:g}"
        for rule, each in found.items()
        for rate, histories in each.items()
        if lost(histories) == len(histories)
    ]
    return f" (none where all games are lost: {'; '.join(gone)})" if gone else ""


def _given_time(longer: Interval) -> str:
    return f"That it does as well as Adam in {_LONGER} times as many steps is {no_worse(longer)}."


def _by_rate(workspace: Workspace, rule: str) -> dict[float, list[Lines]]:
    rates = _RATES[rule][:2] if workspace.quick else _RATES[rule]
    optimizers = {rate: momentum(rate) if rule == "momentum" else replace(ADAM, rate=rate) for rate in rates}
    return {
        rate: games(workspace, AS_PRINTED if each == ADAM else f"{rule}-{rate:g}", **moving(each, each))
        for rate, each in optimizers.items()
    }


def best_rate(by_rate: Mapping[float, list[Lines]]) -> float:
    """That with the fewest lost games, of these the one that ends nearest to the data."""

    def rank(rate: float) -> tuple[int, float]:
        ends = [each for each in at_the_end(by_rate[rate], "distance") if math.isfinite(each)]
        return lost(by_rate[rate]), float(np.log(ends).mean()) if ends else math.inf

    return min(by_rate, key=rank)


def _ends(by_rate: Mapping[float, list[Lines]]) -> list[list[float]]:
    """Distances at the end: seeds x rates."""
    return np.transpose([at_the_end(histories, "distance") for histories in by_rate.values()]).tolist()


def _lost(found: Found) -> str:
    return ", ".join(f"{sum(map(lost, each.values()))} with {_NAMES[rule]}" for rule, each in found.items())


def _draw(workspace: Workspace, found: Found, best: Mapping[str, float]) -> None:
    by_rate = [band(_NAMES[rule], list(each), _ends(each), log=True) for rule, each in found.items()]
    named = {f"{_NAMES[rule]}, {best[rule]:g}": found[rule][best[rule]] for rule in found}
    shown = [
        Panel("Distance at the end", by_rate, "rate", log_x=True, log_y=True),
        distances(named, title="Distance at the best rate"),
        shares(named),
    ]
    figures.panels(shown, workspace.path("-momentum.png"))
