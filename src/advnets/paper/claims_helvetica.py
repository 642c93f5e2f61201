"""The Helvetica scenario, provoked: G takes many steps for each of D's, from the start and from a balanced game on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.claims_parts import (
    MIXED,
    NOT_SUPPORTED,
    SUPPORTED,
    Interval,
    band,
    claim,
    column,
    plain,
    ratios,
    seeds,
    t_interval,
    verdict_of,
)  # fmt: skip
from advnets.paper.claims_ring import ADAM, DEVIATION, MEASURED, THE_GAME, Lines, Points, data_of, quality, recipe, ring
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table
from advnets.recipe import to_dict
from advnets.training.trainer import Trainer

_BALANCED, _QUICK_BALANCED = 1600, 30  # steps until the game is balanced
_FIRST, _QUICK_FIRST = 600, 12  # updates of D from the beginning
_LATER, _QUICK_LATER = 200, 12  # updates of D from the balanced game on
_LOOKS, _QUICK_LOOKS = 20, 4  # the updates are multiples of them
_FAR = 20
_STILL = {"generator_steps": _FAR, "discriminator_optimizer": {**ADAM, "rate": 1e-30}}
_WAYS: dict[str, dict[str, dict[str, Any]]] = {
    "beginning": {
        "1 of G": {}, "5 of G": {"generator_steps": 5}, "20 of G": {"generator_steps": _FAR},
    },
    "balanced": {"1 of G": {}, "20 of G": {"generator_steps": _FAR}, "20 of G, none of D": _STILL},
}  # fmt: skip
_SHOWN, _FEWEST = 400, 5
_MEASURED = {"modes": "modes", "spread": "spread", "within": "spread within modes", "near": "within 3 sd"}
_QUOTE = (
    "Section 6: \"G must not be trained too much without updating D, in order to avoid 'the Helvetica scenario' in"
    ' which G collapses too many values of z to the same value of x to have enough diversity to model p_data".'
)
_DID = (
    f"The game: {THE_GAME}; Adam, rate .001. G takes 1, 5 or {_FAR} steps for each of D, from the beginning on,"
    f" {_FIRST} updates of D long. And after {_BALANCED:,} balanced steps the game goes on for {_LATER} updates of D"
    f" with 1 and {_FAR} steps of G for each, and with as many against a D that is not updated at all. Spread is the"
    " mean distance between two fakes over that between two real points; spread within modes is that of the fakes"
    " that are near a mode about their own mean, over the data's. Figures are means over the second half."
)
_WHY = {
    SUPPORTED: "From the beginning G runs to where the D of the moment is fooled best, and all z follow: most modes are"
    " not found. From a balanced game on it draws each mode together.",
    MIXED: "Only one of the two, fewer modes from the beginning and less spread within modes later, is shown.",
    NOT_SUPPORTED: "Neither fewer modes from the beginning nor less spread within modes later is shown.",
}


def section(bench: Bench) -> Exhibit:
    """Modes and spread with the points, from the beginning and from the balanced game on."""
    found = [_seed(bench, seed) for seed in seeds(bench)]
    _draw(bench, found)
    ends = {f"{start}: {way}": _ends(found, start, way) for start, ways in _WAYS.items() for way in ways}
    one, far = ends["beginning: 1 of G"], ends["beginning: 20 of G"]
    fewer, narrower = t_interval(np.subtract(one["modes"], far["modes"])), ratios(far["spread"], one["spread"])
    drawn = {way: _drawn_together(ends, way) for way in ("20 of G", "20 of G, none of D")}
    verdict = verdict_of([fewer.low > 0 and narrower.high < 1, *(each.high < 1 for each in drawn.values())])
    cells = [[name, *(str(t_interval(each[key])) for key in _MEASURED)] for name, each in ends.items()]
    saw = [
        Picture(bench.path("-helvetica.png").name, "One seed's points, and modes and spread with bands over seeds."),
        Table(["steps for each of D (95 % interval)", *_MEASURED.values()], cells),
        f"From the beginning, {_FAR} steps of G for each of D find {fewer} modes fewer than one step does, at"
        f" {narrower} times its spread. From the balanced game on they leave {drawn['20 of G']} times the balanced"
        f" game's spread within modes, and {drawn['20 of G, none of D']} times where D is not updated at all.",
    ]
    modes = {name: t_interval(each["modes"]) for name, each in (("far", far), ("one", one))}
    rows = [
        Row(
            "G far ahead from the beginning: modes of 8", f"{modes['far']}, else {modes['one']}", "G collapses", verdict
        ),
        Row("G far ahead later: spread within modes, times the balanced game's", str(drawn["20 of G"]), "G collapses"),
    ]
    facts = {
        "ends": ends, "fewer": plain(fewer), "narrower": plain(narrower),
        "drawn together": {way: plain(each) for way, each in drawn.items()},
    }  # fmt: skip
    return Exhibit("The Helvetica scenario", claim(_QUOTE, [_DID], saw, verdict, _WHY[verdict]), rows, facts)


def _drawn_together(ends: dict[str, dict[str, list[float]]], way: str) -> Interval:
    return ratios(ends[f"balanced: {way}"]["within"], ends["balanced: 1 of G"]["within"])


def _ends(found: Sequence[dict[str, Any]], start: str, way: str) -> dict[str, list[float]]:
    """Each seed's mean over the second half of the looks."""
    courses: list[Lines] = [each[start][way] for each in found]
    return {
        key: [float(np.mean([line[key] for line in lines[len(lines) // 2 :]])) for lines in courses]
        for key in _MEASURED
    }  # fmt: skip


def _seed(bench: Bench, seed: int) -> dict[str, Any]:
    """One seed's lines by start and way, and the points of the balanced game."""
    quick = bench.quick
    balanced, first, later, count = (
        (_QUICK_BALANCED, _QUICK_FIRST, _QUICK_LATER, _QUICK_LOOKS) if quick else (_BALANCED, _FIRST, _LATER, _LOOKS)
    )
    played = recipe(steps=balanced, seed=seed)
    train = functools.partial(_train, played, first, later, count)
    return bench.keep(f"helvetica-{seed}", train, [to_dict(played), first, later, count, _WAYS, MEASURED])


def _train(played: Any, first: int, later: int, count: int) -> dict[str, Any]:
    start = Trainer(played, data_of(ring().points))
    fresh = start.checkpoint()
    beginning = {way: _go_on(start, fresh, changes, first, count) for way, changes in _WAYS["beginning"].items()}
    while start.step < played.steps:
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


def spreads(points: Points) -> dict[str, float]:
    """`spread` of points (N, 2) and `within` the ring's modes, over the data's own; of what is not finite, none.

    A mode with fewer than five points near counts for nothing within.
    """
    if not np.isfinite(points).all():
        return {"spread": 1e-6, "within": 1e-6}  # lost: above 0, so that ratios exist
    off = np.linalg.norm(points[:, None].astype(np.float64) - ring().modes, axis=2)
    nearest = np.where(off.min(1) <= 3 * DEVIATION, off.argmin(1), -1)
    groups = [points[nearest == mode] for mode in range(len(ring().modes))]
    variances = [float(group.var(0).mean()) for group in groups if len(group) >= _FEWEST]
    within = float(np.sqrt(np.mean(variances))) / DEVIATION if variances else 1e-6
    return {
        "spread": max(_mean_distance(points) / _mean_distance(ring().points[: len(points)]), 1e-6),
        "within": within,
    }


def _mean_distance(points: Points) -> float:
    half = len(points) // 2
    return float(np.linalg.norm(points[:half] - points[half : 2 * half], axis=1).mean())


def _few(points: Points) -> list[list[float]]:
    return np.round(points[:_SHOWN].astype(np.float64), 3).tolist()


def _draw(bench: Bench, found: Sequence[dict[str, Any]]) -> None:
    one = found[0]
    shown = [
        _cloud("From the beginning: 1 of G for 1 of D", one["beginning"]["1 of G"][-1]["points"]),
        _cloud("From the beginning: 20 of G for 1 of D", one["beginning"]["20 of G"][-1]["points"]),
        _course(found, "beginning", "modes", "From the beginning: modes", (0, 8.3)),
        _cloud("The balanced game", one["points"]),
        _cloud("From there on: 20 of G for 1 of D", one["balanced"]["20 of G"][-1]["points"]),
        _course(found, "balanced", "within", "From the balanced game on: spread within modes", (0, 1.3)),
    ]
    figures.panels(shown, bench.path("-helvetica.png"))


def _course(found: Sequence[dict[str, Any]], start: str, key: str, title: str, shown: tuple[float, float]) -> Panel:
    updates = [line["updates"] for line in found[0][start]["1 of G"]]
    lines = [band(way, updates, column([each[start][way] for each in found], key)) for way in _WAYS[start]]
    return Panel(title, lines, "updates of D", y_range=shown)


def _cloud(title: str, points: list[list[float]]) -> Panel:
    made, real = np.array(points).T, ring().points[:_SHOWN].T
    lines = [
        Line("data", real[0], real[1], "points", color="#2b6ca3"),
        Line("G(z)", made[0], made[1], "points", color="#d9822b"),
    ]
    reach = max(3.0, 1.1 * float(np.abs(made[1]).max()))
    return Panel(title, lines, y_range=(-reach, reach))
