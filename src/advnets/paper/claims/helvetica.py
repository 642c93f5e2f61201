"""The Helvetica scenario, provoked: G takes many steps for each of D's, from the start and from a balanced game on."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from advnets import figures
from advnets.config.load import to_dict
from advnets.data.toys import ring_modes
from advnets.figures import Line, Panel
from advnets.paper.claims.intervals import Interval, band, column, known, left, plain, ratios, seeds
from advnets.paper.claims.ring import (
    DEVIATION,
    MEASURED,
    THE_GAME,
    Lines,
    Points,
    data_of,
    quality,
    recipe,
    ring,
)
from advnets.paper.claims.spread import mean_distance
from advnets.paper.claims.verdicts import MARGIN, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim, less, more, verdict_of
from advnets.paper.exhibit import Picture, Row, Table
from advnets.paper.workspace import Workspace
from advnets.training.trainer import Trainer

_BALANCED, _QUICK_BALANCED = 1600, 20  # steps until the game is balanced
_FIRST, _QUICK_FIRST = 600, 4  # updates of D from the beginning
_LATER, _QUICK_LATER = 200, 4  # updates of D from the balanced game on
_LOOKS, _QUICK_LOOKS = 20, 2  # the updates are multiples of them
_FAR = 20
_STILL = {"generator_steps": _FAR, "discriminator.rate": 1e-30}
_WAYS: dict[str, dict[str, dict[str, Any]]] = {
    "beginning": {
        "1 of G": {}, "5 of G": {"generator_steps": 5}, "20 of G": {"generator_steps": _FAR},
    },
    "balanced": {"1 of G": {}, "20 of G": {"generator_steps": _FAR}, "20 of G, none of D": _STILL},
}  # fmt: skip
_SHOWN, _FEWEST = 400, 5
_NEAR = 0.1
"""Where a smaller share of points is near a mode there is no spread within modes."""
_LEAST = 1e-6  # a spread of 0 has no logarithm
_MEASURED = {
    "modes": "modes", "spread": "spread", "within": "spread within modes", "distance": "sliced Wasserstein",
    "near": "within 3 sd",
}  # fmt: skip
_OUTCOMES = {
    "modes": "fewer modes", "spread": "less spread", "distance": "a larger distance from the data",
    "within": "less spread within modes",
}  # fmt: skip
_COUNTED = {"beginning": ("modes", "spread", "distance"), "balanced": tuple(_OUTCOMES)}
_QUOTE = (
    "Section 6: \"G must not be trained too much without updating D, in order to avoid 'the Helvetica scenario' in"
    ' which G collapses too many values of z to the same value of x to have enough diversity to model p_data".'
)
_DID = (
    f"The game: {THE_GAME}; Adam, rate .001. G takes 1, 5 or {_FAR} steps for each of D, from the beginning on,"
    f" {_FIRST} updates of D long. And after {_BALANCED:,} balanced steps the game goes on for {_LATER} updates of D"
    f" with 1 and {_FAR} steps of G for each, and with as many against a D that is not updated at all. Spread is the"
    " mean distance between two fakes over that between two real points; spread within modes is that of the fakes"
    " that are near a mode about their own mean, over the data's, where at least a tenth of all is near one. Figures"
    " are means over the second half.",
    "This is the second design. The first began from the balanced game alone and looked at modes and spread; it showed"
    " nothing. The start from the beginning and the spread within modes were added after seeing that, so that the two"
    " starts have verdicts of their own. From the beginning these count: fewer modes, less spread, a larger distance"
    " from the data. From the balanced game on less spread within modes counts, too, with and without updates of D."
    " From the beginning it is left out: there G has not found the modes, and the few of its points that are near one"
    " pass by. Whether many values of z share one x is told there by the spread of all points. What the verdict would"
    " be with it is said below. An outcome is excluded where the interval has no room for a whole mode, or for a factor"
    f" of {MARGIN:g}. Supported: all are shown; not supported: all are excluded; mixed: some are shown, others"
    " excluded.",
)


def claim(workspace: Workspace) -> Claim:
    """Modes and spread with the points, from the beginning and from the balanced game on."""
    found = [_seed(workspace, seed) for seed in seeds(workspace)]
    _draw(workspace, found)
    ends = {start: {way: _ends(found, start, way) for way in ways} for start, ways in _WAYS.items()}
    seen = {
        (start, way): outcomes(ways["1 of G"], ways[way])
        for start, ways in ends.items() for way in ways if way.startswith(f"{_FAR} of G")
    }  # fmt: skip
    parts = {(start, way): verdicts(each, _COUNTED[start]) for (start, way), each in seen.items()}
    verdict = {
        start: verdict_of(part for (begun, _), each in parts.items() if begun == start for part in each.values())
        for start in _WAYS
    }
    saw = [
        Picture(
            workspace.path("-helvetica.png").name, "One seed's points, and modes and spread with bands over seeds."
        ),
        Table(["steps for each of D (95 % interval)", *_MEASURED.values(), "lost games"], _cells(ends)),
        Table(
            [f"{_FAR} of G against 1 of G", "modes fewer", "spread, times", "distance, times", "within modes, times"],
            [[f"{start}: {way}", *(str(each[key]) for key in _OUTCOMES)] for (start, way), each in seen.items()],
        ),
    ]
    far, later = ends["beginning"], seen["balanced", f"{_FAR} of G"]
    modes = [left(far[way]["modes"]) for way in (f"{_FAR} of G", "1 of G")]
    rows = [
        Row("G far ahead from the beginning: modes of 8", f"{modes[0]}, else {modes[1]}", "G collapses",
            verdict["beginning"]),
        Row("G far ahead from a balanced game on: modes fewer; spread within modes, times the balanced game's",
            f"{later['modes']}; {later['within']}", "G collapses", verdict["balanced"]),
    ]  # fmt: skip
    facts = {
        "ends": {f"{start}: {way}": {key: known(each[key]) for key in each}
                 for start, ways in ends.items() for way, each in ways.items()},
        "outcomes": {f"{start}: {way}": {key: plain(each[key]) for key in each} for (start, way), each in seen.items()},
        "verdicts": verdict,
    }  # fmt: skip
    said = f"from the beginning {verdict['beginning']}; from a balanced game on {verdict['balanced']}"
    why = " ".join(f"{start.capitalize()}, {way}: {_said(each)}." for (start, way), each in parts.items())
    why += f" {_left_out(found, seen['beginning', f'{_FAR} of G'])}"
    return Claim("The Helvetica scenario", _QUOTE, _DID, saw, said, why, rows, facts)


def outcomes(one: Mapping[str, Sequence[float]], far: Mapping[str, Sequence[float]]) -> dict[str, Interval]:
    """What G far ahead changes against one step of G for each of D: modes by difference, the rest as ratios.

    Args:
        one, far: each seed's modes, spread, distance and within; nan of a lost game.
    """
    fewer = left(np.subtract(one["modes"], far["modes"]))
    return {"modes": fewer, **{key: ratios(far[key], one[key]) for key in ("spread", "distance", "within")}}


def verdicts(seen: Mapping[str, Interval], keys: Sequence[str]) -> dict[str, str]:
    """Of each outcome whether it is shown (supported) or excluded (not supported)."""
    fewer = seen["modes"]
    found = {
        "modes": SUPPORTED if fewer.low > 0 else NOT_SUPPORTED if fewer.high < 1 else UNDECIDED,
        "spread": less(seen["spread"]), "distance": more(seen["distance"]), "within": less(seen["within"]),
    }  # fmt: skip
    return {key: found[key] for key in keys}


def _said(parts: Mapping[str, str]) -> str:
    words = {SUPPORTED: "shown", NOT_SUPPORTED: "excluded", UNDECIDED: "undecided"}
    found = {word: [_OUTCOMES[key] for key in parts if parts[key] == part] for part, word in words.items()}
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in found.items() if names)


def _left_out(found: Sequence[dict[str, Any]], seen: Mapping[str, Interval]) -> str:
    """The spread within modes from the beginning: of how much it is known, and what it would change."""
    looks = [lines[len(lines) // 2 :] for lines in (each["beginning"][f"{_FAR} of G"] for each in found)]
    known_in = [sum(line["within"] is not None for line in lines) for lines in looks]
    counted = verdicts(seen, tuple(_OUTCOMES))
    return (
        f"Left out from the beginning: {_OUTCOMES['within']}, {seen['within']} times. With {_FAR} of G it is known in"
        f" {sum(known_in)} of {sum(map(len, looks))} looks, of {sum(map(bool, known_in))} of {len(looks)} seeds. With"
        f" it the verdict from the beginning would be: {verdict_of(counted.values())}."
    )


def _cells(ends: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> list[list[str]]:
    return [
        [f"{start}: {way}", *(str(left(each[key])) for key in _MEASURED), str(int(np.isnan(each["distance"]).sum()))]
        for start, ways in ends.items()
        for way, each in ways.items()
    ]


def _ends(found: Sequence[dict[str, Any]], start: str, way: str) -> dict[str, list[float]]:
    """Each seed's mean over the second half of the looks."""
    halves: list[Lines] = [each[start][way][len(each[start][way]) // 2 :] for each in found]
    return {key: [_mean(lines, key) for lines in halves] for key in _MEASURED}


def _mean(lines: Lines, key: str) -> float:
    """Over the looks that have such a figure; nan where none has, or the game is lost in one of them."""
    values = [line[key] for line in lines if line[key] is not None]
    return float(np.mean(values)) if values and all(line["distance"] is not None for line in lines) else math.nan


def _seed(workspace: Workspace, seed: int) -> dict[str, Any]:
    """One seed's lines by start and way, and the points of the balanced game."""
    quick = workspace.quick
    balanced, first, later, count = (
        (_QUICK_BALANCED, _QUICK_FIRST, _QUICK_LATER, _QUICK_LOOKS) if quick else (_BALANCED, _FIRST, _LATER, _LOOKS)
    )
    game = recipe(steps=balanced, seed=seed)
    train = functools.partial(_train, game, first, later, count)
    of = [to_dict(game), first, later, count, _WAYS, _SHOWN, _FEWEST, _NEAR, _LEAST]
    return workspace.keep(f"helvetica-{seed}", train, [*of, MEASURED])


def _train(game: Any, first: int, later: int, count: int) -> dict[str, Any]:
    start = Trainer(game, data_of(ring().values))
    fresh = start.checkpoint()
    beginning = {way: _go_on(start, fresh, changes, first, count) for way, changes in _WAYS["beginning"].items()}
    while start.step < game.steps:
        start.advance()
    before = start.checkpoint()
    balanced = {way: _go_on(start, before, changes, later, count) for way, changes in _WAYS["balanced"].items()}
    points = start.raw_sampler.draw(MEASURED["points"], 1)
    return {"beginning": beginning, "balanced": balanced, "points": _few(points)}


def _go_on(start: Trainer, checkpoint: Any, changes: dict[str, Any], updates: int, count: int) -> Lines:
    """The lines of the game played on from a checkpoint; the last has its points."""
    steps = checkpoint.step + updates
    trainer, lines = Trainer(start.recipe.replace(steps=steps, **changes), start.data), list[dict[str, Any]]()
    trainer.restore(checkpoint)
    while True:
        if (trainer.step - checkpoint.step) % (updates // count) == 0:
            points = trainer.raw_sampler.draw(MEASURED["points"], 1)
            line = {"updates": trainer.step - checkpoint.step, **quality(points), **spreads(points)}
            if trainer.step == steps:
                return [*lines, {**line, "points": _few(points)}]
            lines.append(line)
        trainer.advance()


def spreads(points: Points) -> dict[str, float | None]:
    """`spread` of points (N, 2) and `within` the ring's modes, over the data's own; of what is not finite, none.

    A mode with fewer than five points near counts for nothing within. There is no `within` where fewer than a tenth of
    all points are near a mode.
    """
    if not np.isfinite(points).all():
        return {"spread": None, "within": None}
    off = np.linalg.norm(points[:, None].astype(np.float64) - ring_modes(), axis=2)
    nearest = np.where(off.min(1) <= 3 * DEVIATION, off.argmin(1), -1)
    groups = [points[nearest == mode] for mode in range(len(ring_modes()))]
    variances = [float(group.var(0).mean()) for group in groups if len(group) >= _FEWEST]
    enough = variances and (nearest >= 0).mean() >= _NEAR
    return {
        "spread": max(mean_distance(points) / mean_distance(ring().values[: len(points)]), _LEAST),
        "within": max(float(np.sqrt(np.mean(variances))) / DEVIATION, _LEAST) if enough else None,
    }


def _few(points: Points) -> list[list[float]]:
    some = points[:_SHOWN].astype(np.float64)
    return np.round(some[np.isfinite(some).all(1)], 3).tolist()


def _draw(workspace: Workspace, found: Sequence[dict[str, Any]]) -> None:
    one = found[0]
    shown = [
        _cloud("From the beginning: 1 of G for 1 of D", one["beginning"]["1 of G"][-1]["points"]),
        _cloud("From the beginning: 20 of G for 1 of D", one["beginning"]["20 of G"][-1]["points"]),
        _history(found, "beginning", "modes", "From the beginning: modes", (0, 8.3)),
        _cloud("The balanced game", one["points"]),
        _cloud("From there on: 20 of G for 1 of D", one["balanced"]["20 of G"][-1]["points"]),
        _history(found, "balanced", "within", "From the balanced game on: spread within modes", (0, 1.3)),
    ]
    figures.panels(shown, workspace.path("-helvetica.png"))


def _history(found: Sequence[dict[str, Any]], start: str, key: str, title: str, shown: tuple[float, float]) -> Panel:
    updates = [line["updates"] for line in found[0][start]["1 of G"]]
    lines = [band(way, updates, column([each[start][way] for each in found], key)) for way in _WAYS[start]]
    return Panel(title, lines, "updates of D", y_range=shown)


def _cloud(title: str, points: list[list[float]]) -> Panel:
    made, real = np.array(points).reshape(-1, 2).T, ring().values[:_SHOWN].T
    lines = [
        Line("data", real[0], real[1], "points", color="#2b6ca3"),
        Line("G(z)", made[0], made[1], "points", color="#d9822b"),
    ]
    reach = max(3.0, 1.1 * float(np.abs(made).max(initial=0)))
    return Panel(title, lines, y_range=(-reach, reach), plane=True)
