"""Noise-contrastive estimation with fixed noise, beside noise that follows and the game: who slows down, and when."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any, Literal

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper import claims_noise as noise
from advnets.paper.claims_noise import BROAD, RATE, Noise
from advnets.paper.claims_parts import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Interval,
    band,
    claim,
    column,
    geometric,
    plain,
    ratios,
    seeds,
    verdict_of,
)
from advnets.paper.claims_ring import Lines
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table
from advnets.training.optimizers import OptimizerConfig

_WIDTHS, _QUICK_WIDTHS = (1.0, 0.3, 0.1, 0.03), (0.3, 0.03)
_ENOUGH = 0.1  # nats
_MOST, _QUICK_MOST = 3000, 400
_MOST_OF_GAME, _QUICK_MOST_OF_GAME = 1000, 150
_AT_ONCE, _QUICK_AT_ONCE = 800, 60
_EVERY = 10
_EXACT = 13
_DRAMATIC = 2
_MOMENTUM = OptimizerConfig(kind="sgd", rate=RATE, momentum=0.5, final_momentum=0.5)
_ADAM = OptimizerConfig(kind="adam", rate=0.01, betas=(0.9, 0.999))
_NAMES = {
    "fixed": "fixed noise", "adam": "fixed noise, Adam", "following": "noise that follows", "game": "the game",
}  # fmt: skip
_COLORS = {
    "fixed": "#2b6ca3", "adam": "#8a8a8a", "following": "#3d8f5f", "game": "#d9822b", "minimax": "#9b4f96",
}  # fmt: skip
_EXACT_NAMES = {
    "fixed": "fixed noise", "following": "noise that follows", "game": "the game", "minimax": "the game, minimax",
}  # fmt: skip


_QUOTE = (
    'Section 2: "Because NCE uses a fixed noise distribution, learning slows dramatically after the model has learned'
    ' even an approximately correct distribution over a small subset of the observed variables."'
)
_DID = (
    "Two independent coordinates: x_1 narrow (the subset), x_2 normal with mean 1.5 and deviation .5. Noise and model"
    f" begin normal with deviation {BROAD:g} in both; the model's normalizing constant is learned, too. x_2 is"
    f" learned to a divergence of {_ENOUGH:g} nats twice: with x_1 held where it began, and with x_1 held at the"
    f" truth. Minibatches of {noise.BATCH}, momentum .5, rate {RATE:g}; once with Adam, rate {_ADAM.rate:g}.",
    "Two controls have the same model and rule. Noise that follows is a copy of the model before each update. In the"
    f" game the model is the generator of Algorithm 1 (rate {noise.GAME_RATE:g}), against an MLP with layers of 64"
    " that learns what to tell it. The claim counts as supported where fixed noise takes more than"
    f" {_DRAMATIC} times as many updates once x_1 is learned, and is slowed more than both controls.",
)


def section(bench: Bench) -> Exhibit:
    """Expected gradients by integration, then trainings with and without the subset learned, then all at once."""
    widths = _QUICK_WIDTHS if bench.quick else _WIDTHS
    narrow = widths[-1]
    exact = bench.keep("gradients", functools.partial(_exact, narrow), [narrow, _EXACT, noise.settings()])
    stages = {width: [_stages(bench, width, seed) for seed in seeds(bench)] for width in widths}
    slower = {width: slowing(found) for width, found in stages.items()}
    at_once = [_at_once(bench, narrow, seed) for seed in seeds(bench)]
    _draw(bench, exact, slower, at_once)
    ratio = slower[narrow]
    parts = judged(ratio)
    verdict = verdict_of(parts)
    caption = f"Expected gradients (x_1 of width {narrow:g}), the slowing by width, and all learned at once."
    saw = [
        Picture(bench.path("-contrastive.png").name, caption),
        _integrated(exact, narrow),
        Table(
            ["updates until x_2 is learned: x_1 learned, over not learned", *(f"width {width:g}" for width in widths)],
            [[_NAMES[name], *(str(slower[width][name]) for width in widths)] for name in _NAMES],
        ),
        _game_told(stages[narrow]),
        _limits(stages[narrow], at_once, ratio["adam"]),
    ]
    rows = [
        Row("NCE slows once a part is learned: times as many updates", str(ratio["fixed"]), "dramatically", verdict),
        Row("the same where the noise follows; in the game", f"{ratio['following']}; {ratio['game']}", "", "controls"),
    ]
    facts = {
        "gradients": exact, "stages": {f"{width:g}": found for width, found in stages.items()}, "at once": at_once,
        "slower": {f"{width:g}": {name: plain(each[name]) for name in each} for width, each in slower.items()},
    }  # fmt: skip
    body = claim(_QUOTE, _DID, saw, verdict, _why(ratio["fixed"], parts[1] == SUPPORTED))
    return Exhibit("Noise-contrastive estimation and its fixed noise", body, rows, facts)


def _integrated(exact: Mapping[str, list[float]], narrow: float) -> str:
    left = {name: exact[name][-1] / exact[name][0] for name in _EXACT_NAMES}
    return (
        f"By integration: once x_1 is learned (a deviation of {narrow:g} instead of {BROAD:g}) the gradient of what"
        f" is left is {left['fixed']:.2g} times as long with fixed noise, {left['following']:.2g} times with noise"
        f" that follows, {left['game']:.2g} times in the game with D at its best and the non-saturating cost,"
        f" {left['minimax']:.2g} times with minimax."
    )


def _game_told(found: list[dict[str, list[int]]]) -> str:
    before, after = (geometric([each["game"][stage] for each in found]) for stage in (0, 1))
    return (
        f"The game learns x_2 in {after} steps once x_1 is learned. While x_1 is held at the noise's width, D rejects"
        f" every fake by x_1 alone and G learns little: {before.mean:,.0f} steps, where no more than that was waited"
        " for. The game is slow before a part is learned, not after."
    )


def _limits(found: list[dict[str, list[int]]], at_once: list[dict[str, Lines]], adam: Interval) -> str:
    before, after = (geometric([each["fixed"][stage] for each in found]) for stage in (0, 1))
    together = geometric([_reached(each["fixed"]) for each in at_once])
    return (
        f"Two limits. With fixed noise x_2 takes {before} updates where x_1 is not learned and {after} where it is;"
        f" learned both at once from the noise on, it takes {together}: x_2 is learned while x_1 is under way. And"
        f" Adam, which divides a gradient by its own size, takes {adam} times as many updates once x_1 is learned."
    )


def _why(slowed: Interval, controlled: bool) -> str:
    found = f"What is left is learned {slowed.mean:.2g} times as slowly with fixed noise and momentum"
    return f"{found}; neither noise that follows nor the game is slowed so." if controlled else f"{found}."


def _exact(narrow: float) -> dict[str, list[float]]:
    """Expected gradients while x_1 is learned; `share` of the way in its log deviation."""
    shares = np.linspace(0, 1, _EXACT)
    found = [noise.expected_gradients(narrow, BROAD * (narrow / BROAD) ** share) for share in shares]
    return {"share": shares.tolist(), **{name: [each[name] for each in found] for name in _EXACT_NAMES}}


def _stages(bench: Bench, width: float, seed: int) -> dict[str, list[int]]:
    """By method: updates until x_2 is learned with x_1 not learned, and with x_1 learned."""
    most, of_game = (_QUICK_MOST, _QUICK_MOST_OF_GAME) if bench.quick else (_MOST, _MOST_OF_GAME)

    def train() -> dict[str, list[int]]:
        courses: dict[str, tuple[Callable[[float], Iterator[dict[str, float]]], int]] = {
            "fixed": (lambda first: noise.contrastive("fixed", width, first, seed, most, _MOMENTUM), most),
            "adam": (lambda first: noise.contrastive("fixed", width, first, seed, most, _ADAM), most),
            "following": (lambda first: noise.contrastive("following", width, first, seed, most, _MOMENTUM), most),
            "game": (lambda first: noise.game(width, first, seed, of_game), of_game),
        }
        return {
            name: [noise.updates_until(course(first), _ENOUGH, limit) for first in (BROAD, width)]
            for name, (course, limit) in courses.items()
        }

    return bench.keep(f"contrastive-{width:g}-{seed}", train, [width, most, of_game, _ENOUGH, _settings()])


def _settings() -> list[Any]:
    return [asdict(_MOMENTUM), asdict(_ADAM), noise.settings()]


def slowing(found: list[dict[str, list[int]]]) -> dict[str, Interval]:
    """By method: how many times as many updates x_2 takes once x_1 is learned."""
    return {name: ratios([each[name][1] for each in found], [each[name][0] for each in found]) for name in _NAMES}


def judged(ratio: Mapping[str, Interval]) -> tuple[str, str]:
    """Whether fixed noise slows dramatically, and whether more than the controls do."""
    fixed, controls = ratio["fixed"], (ratio["following"], ratio["game"])
    slowed = SUPPORTED if fixed.low > _DRAMATIC else NOT_SUPPORTED if fixed.high < _DRAMATIC else UNDECIDED
    if fixed.low > max(each.high for each in controls):
        return slowed, SUPPORTED
    return slowed, NOT_SUPPORTED if fixed.high < max(each.low for each in controls) else UNDECIDED


def _at_once(bench: Bench, narrow: float, seed: int) -> dict[str, Lines]:
    """Every tenth line of a training of both coordinates, by method."""
    updates = _QUICK_AT_ONCE if bench.quick else _AT_ONCE

    def thinned(course: Iterator[dict[str, float]]) -> list[dict[str, Any]]:
        return list(islice(course, _EVERY - 1, None, _EVERY))

    def nce(kind: Noise) -> Lines:
        return thinned(noise.contrastive(kind, narrow, None, seed, updates, _MOMENTUM))

    def train() -> dict[str, Lines]:
        game = thinned(noise.game(narrow, None, seed, updates))
        return {"fixed": nce("fixed"), "following": nce("following"), "game": game}

    return bench.keep(f"at-once-{seed}", train, [narrow, updates, _EVERY, _settings()])


def _reached(lines: Lines) -> float:
    """Updates until x_2 was learned, to the tenth."""
    return next(
        (_EVERY * (place + 1) for place, line in enumerate(lines) if line["second"] < _ENOUGH), _EVERY * len(lines)
    )


def _style(name: str) -> Literal["solid", "dashed"]:
    return "dashed" if name == "following" else "solid"  # it lies upon others


def _draw(
    bench: Bench,
    exact: Mapping[str, list[float]],
    slower: Mapping[float, Mapping[str, Interval]],
    at_once: list[dict[str, Lines]],
) -> None:
    gradients = [
        Line(label, exact["share"], np.array(exact[name]) / exact[name][0], _style(name), color=_COLORS[name])
        for name, label in _EXACT_NAMES.items()
    ]
    slowing = [
        Line(
            label, list(slower), [each[name].mean for each in slower.values()], _style(name),
            [each[name].low for each in slower.values()], [each[name].high for each in slower.values()], _COLORS[name],
        )
        for name, label in _NAMES.items()
    ]  # fmt: skip
    updates = [_EVERY * (place + 1) for place in range(len(at_once[0]["fixed"]))]
    shown = [
        Panel(
            "Gradient of what is left, over the first", gradients, "share of x_1 learned (log deviation)", log_y=True
        ),
        Panel("Times as many updates once x_1 is learned", slowing, "width of x_1", log_x=True, log_y=True, level=1.0),
    ]
    for key, title in (("first", "All at once: KL of x_1"), ("second", "All at once: KL of x_2")):
        lines = [
            band(
                _NAMES[name],
                updates,
                np.maximum(column([each[name] for each in at_once], key), 1e-6),
                log=True,
                color=_COLORS[name],
            )
            for name in ("fixed", "following", "game")
        ]
        shown.append(Panel(title, lines, "updates", "nats", log_y=True, y_range=(1e-4, 5)))
    figures.panels(shown, bench.path("-contrastive.png"), columns=2)
