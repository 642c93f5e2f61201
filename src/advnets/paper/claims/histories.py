"""Histories of several games side by side: lines for a panel, a table of their ends, the same for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from advnets.figures import Line, Panel
from advnets.paper.claims.intervals import Interval, band, column, known, left, ratios
from advnets.paper.claims.ring import Lines, at_the_end
from advnets.paper.exhibit import Table

Named = Mapping[str, Sequence[Lines]]
"""What a game is called, and its history for each seed."""

_MEASURED = {"distance": "sliced Wasserstein", "near": "within 3 sd", "modes": "modes"}


def distances(named: Named, x_label: str = "steps of G", over: str = "step", title: str = "") -> Panel:
    """Sliced Wasserstein distance to fresh data, with bands over seeds."""
    lines = _lines(named, "distance", over)
    return Panel(title or "Sliced Wasserstein distance", lines, x_label, log_y=True)


def shares(named: Named, title: str = "") -> Panel:
    """The share of points within three standard deviations of a mode, with bands over seeds."""
    lines = _lines(named, "near", "step")
    return Panel(title or "Share of points within 3 sd", lines, "steps of G", y_range=(0, 1.02))


def ends_table(named: Named) -> Table:
    """Each game's figures at the end, with intervals, and how many of it are lost."""
    rows = [
        [name, *(str(left(at_the_end(histories, key))) for key in _MEASURED), str(lost(histories))]
        for name, histories in named.items()
    ]
    return Table(["mean of the last quarter (95 % interval)", *_MEASURED.values(), "lost games"], rows)


def lost(histories: Sequence[Lines]) -> int:
    """How many games have no distance at the end."""
    return sum(map(math.isnan, at_the_end(histories, "distance")))


def ends(named: Named) -> dict[str, dict[str, list[float | None]]]:
    """Each game's figures at the end, one a seed."""
    return {name: {key: known(at_the_end(histories, key)) for key in _MEASURED} for name, histories in named.items()}


def farther(one: Sequence[Lines], other: Sequence[Lines]) -> Interval:
    """How many times as far from the data one game ends as another."""
    return ratios(at_the_end(one, "distance"), at_the_end(other, "distance"))


def seconds(histories: Sequence[Lines]) -> float:
    """The processor's seconds for all steps, mean over seeds."""
    return sum(history[-1]["seconds"] for history in histories) / len(histories)


def _lines(named: Named, key: str, over: str) -> list[Line]:
    return [
        band(name, column(histories, over).mean(0).tolist(), column(histories, key), log=key == "distance")
        for name, histories in named.items()
    ]
