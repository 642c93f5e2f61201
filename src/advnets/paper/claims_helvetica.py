"""The Helvetica scenario, provoked: from one balanced game on, G takes ever more steps for each of D's."""

from __future__ import annotations

from typing import Any

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.claims_parts import (
    MIXED,
    NOT_SUPPORTED,
    SUPPORTED,
    band,
    claim,
    column,
    plain,
    ratios,
    seeds,
    t_interval,
    verdict_of,
)
from advnets.paper.claims_ring import MEASURED, THE_GAME, Lines, Points, data_of, quality, recipe, ring
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table
from advnets.recipe import to_dict
from advnets.training.trainer import Trainer

_BALANCED, _UPDATES = 1600, 200  # steps before the switch; updates of D after it
_EVERY = 10
_AHEAD = (1, 5, 20)
_SHOWN = 400
_MEASURED = {"modes": "modes", "spread": "spread over the data's", "near": "within 3 sd"}


_QUOTE = (
    "Section 6: \"G must not be trained too much without updating D, in order to avoid 'the Helvetica scenario' in"
    ' which G collapses too many values of z to the same value of x to have enough diversity to model p_data".'
)
_DID = (
    f"The game: {THE_GAME}; Adam, rate .001. After {_BALANCED:,} steps at k = 1 the same game goes on three ways for"
    f" {_UPDATES} updates of D: with {', '.join(map(str, _AHEAD[:-1]))} and {_AHEAD[-1]} steps of G for each. Spread is"
    " the mean distance between two fakes over that between two real points; figures are means over the second half."
)
_WHY = {
    SUPPORTED: "G runs to the few places that the D of the moment likes best, and all its z follow.",
    MIXED: "Of modes and spread only one is shown to be lost.",
    NOT_SUPPORTED: "Neither modes nor spread are shown to be lost.",
}


def section(bench: Bench) -> Exhibit:
    """Modes and spread after the switch, with the points before and after."""
    found = [_seed(bench, seed) for seed in seeds(bench)]
    _draw(bench, found)
    ends = {ahead: {key: _end(found, ahead, key) for key in _MEASURED} for ahead in _AHEAD}
    most = _AHEAD[-1]
    fewer = t_interval(np.subtract(ends[1]["modes"], ends[most]["modes"]))
    narrower = ratios(ends[most]["spread"], ends[1]["spread"])
    verdict = verdict_of([fewer.low > 0, narrower.high < 1])
    cells = [[str(ahead), *(str(t_interval(each[key])) for key in _MEASURED)] for ahead, each in ends.items()]
    saw = [
        Picture(
            bench.path("-helvetica.png").name, "One seed's points before the switch and after it; modes and spread."
        ),
        Table(["steps of G for each of D (95 % interval)", *_MEASURED.values()], cells),
        f"With {most} steps of G for each of D the game has {fewer} modes fewer than the balanced one, and {narrower}"
        " times its spread.",
    ]
    modes = {ahead: t_interval(ends[ahead]["modes"]) for ahead in (most, 1)}
    row = Row("G far ahead of D", f"modes of 8: {modes[most]}, balanced {modes[1]}", "G collapses", verdict)
    facts = {
        "ends": {str(ahead): each for ahead, each in ends.items()}, "fewer": plain(fewer), "narrower": plain(narrower),
    }  # fmt: skip
    return Exhibit("The Helvetica scenario", claim(_QUOTE, [_DID], saw, verdict, _WHY[verdict]), [row], facts)


def _end(found: list[dict[str, Any]], ahead: int, key: str) -> list[float]:
    """Each seed's mean over the second half of the looks."""
    courses = [each[str(ahead)] for each in found]
    return [float(np.mean([line[key] for line in lines[len(lines) // 2 :]])) for lines in courses]


def _seed(bench: Bench, seed: int) -> dict[str, Any]:
    """One seed's `before` (points) and for each number of steps its lines, the points at the end among them."""
    steps, updates = (40, 20) if bench.quick else (_BALANCED, _UPDATES)
    played = recipe(steps=steps, seed=seed)

    def play() -> dict[str, Any]:
        first = Trainer(played, data_of(ring().points))
        while first.step < steps:
            first.advance()
        before = first.raw_sampler.draw(MEASURED["points"], 1)
        return {"before": _few(before), **{str(n): _go_on(first, n, updates) for n in _AHEAD}}

    return bench.keep(f"helvetica-{seed}", play, [to_dict(played), updates, _AHEAD, MEASURED])


def _go_on(first: Trainer, ahead: int, updates: int) -> Lines:
    steps = first.step + updates
    trainer = Trainer(first.recipe.replace(steps=steps, generator_steps=ahead), first.data)
    trainer.restore(first.checkpoint())
    lines: Lines = []
    while True:
        if (trainer.step - first.step) % _EVERY == 0:
            points = trainer.raw_sampler.draw(MEASURED["points"], 1)
            lines.append({"updates": trainer.step - first.step, **quality(points), "spread": _spread(points)})
        if trainer.step == steps:
            lines[-1]["points"] = _few(trainer.raw_sampler.draw(MEASURED["points"], 1))
            return lines
        trainer.advance()


def _spread(points: Points) -> float:
    if not np.isfinite(points).all():
        return 1e-6  # lost: above 0, so that ratios exist
    return _mean_distance(points) / _mean_distance(ring().points[: len(points)])


def _mean_distance(points: Points) -> float:
    half = len(points) // 2
    return float(np.linalg.norm(points[:half] - points[half : 2 * half], axis=1).mean())


def _few(points: Points) -> list[list[float]]:
    return np.round(points[:_SHOWN].astype(np.float64), 3).tolist()


def _draw(bench: Bench, found: list[dict[str, Any]]) -> None:
    shown = [_cloud("Before", found[0]["before"])]
    shown += [_cloud(f"After: {ahead} of G for one of D", found[0][str(ahead)][-1]["points"]) for ahead in _AHEAD]
    updates = [line["updates"] for line in found[0]["1"]]
    for key, title, top in (("modes", "Modes", 8.3), ("spread", "Spread over the data's", 1.3)):
        lines = [band(f"{ahead} of G", updates, column([each[str(ahead)] for each in found], key)) for ahead in _AHEAD]
        shown.append(Panel(title, lines, "updates of D after the switch", y_range=(0, top)))
    figures.panels(shown, bench.path("-helvetica.png"))


def _cloud(title: str, points: list[list[float]]) -> Panel:
    real, made = ring().points[:_SHOWN].T, np.array(points).T
    lines = [Line("data", *real, style="points"), Line("G(z)", *made, style="points")]
    return Panel(title, lines, y_range=(-3, 3))
