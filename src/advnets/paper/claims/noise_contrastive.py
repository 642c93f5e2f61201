"""Noise-contrastive estimation with fixed noise, beside noise that follows and the game: who slows down, and when."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Literal

import numpy as np

from advnets import figures
from advnets.config.players import AdamConfig
from advnets.figures import Line, Panel
from advnets.paper.claims import contrastive_training
from advnets.paper.claims.contrastive_training import BROAD, RATE, Noise
from advnets.paper.claims.intervals import Interval, band, column, geometric, plain, ratios, seeds
from advnets.paper.claims.ring import Lines, momentum
from advnets.paper.claims.verdicts import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim, verdict_of
from advnets.paper.exhibit import Picture, Row, Table
from advnets.paper.workspace import Workspace

_WIDTHS, _QUICK_WIDTHS = (1.0, 0.3, 0.1, 0.03), (0.3, 0.03)
_ENOUGH = 0.1  # nats
_MOST, _QUICK_MOST = 3000, 150
_MOST_OF_GAME, _QUICK_MOST_OF_GAME = 1000, 60
_AT_ONCE, _QUICK_AT_ONCE = 800, 30
_EVERY = 10
_EXACT = 13
_DRAMATIC = 2
_AXIS = (0.01, 30.0)  # of the slowing: one-sided bands end at its edges
_MOMENTUM = momentum(RATE)
_ADAM = AdamConfig(rate=0.01, betas=(0.9, 0.999))
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
    f" truth. Minibatches of {contrastive_training.BATCH}, momentum .5, rate {RATE:g}; once with Adam, rate"
    f" {_ADAM.rate:g}.",
    "Two controls have the same model and rule. Noise that follows is a copy of the model before each update: x_1,"
    " which is held, has one density under model and noise and cancels, so that both trainings are the same and the"
    " ratio is 1 by construction, no measurement. In the game the model is the generator of Algorithm 1 (rate"
    f" {contrastive_training.GAME_RATE:g}), against an MLP with layers of 64 that learns what to tell it. The claim"
    f" counts as supported where fixed noise takes more than {_DRAMATIC} times as many updates once x_1 is learned, and"
    " is slowed more than both controls.",
)


def claim(workspace: Workspace) -> Claim:
    """Expected gradients by integration, then trainings with and without the subset learned, then all at once."""
    widths = _QUICK_WIDTHS if workspace.quick else _WIDTHS
    narrow = widths[-1]
    exact = workspace.keep(
        "gradients", functools.partial(_exact, narrow), [narrow, _EXACT, contrastive_training.settings()]
    )
    stages = {width: [_stages(workspace, width, seed) for seed in seeds(workspace)] for width in widths}
    slower = {width: slowing(found, _limits_of(workspace)) for width, found in stages.items()}
    held = [_held(workspace, narrow, seed) for seed in seeds(workspace)]
    at_once = [_at_once(workspace, narrow, seed) for seed in seeds(workspace)]
    _draw(workspace, exact, slower, held, at_once)
    ratio = slower[narrow]
    parts = verdicts(ratio)
    verdict = verdict_of(parts)
    caption = (
        f"Expected gradients (x_1 of width {narrow:g}); the slowing by width, where a band that reaches the edge is a"
        " bound; the game with x_1 held at the noise's width; and all learned at once."
    )
    saw = [
        Picture(workspace.path("-contrastive.png").name, caption),
        _integrated(exact, narrow),
        Table(
            ["updates until x_2 is learned: x_1 learned, over not learned", *(f"width {width:g}" for width in widths)],
            [[_NAMES[name], *(_cell(name, slower[width]) for width in widths)] for name in _NAMES],
        ),
        _bounds_told(slower, _limits_of(workspace)),
        _game_told([each["game"] for each in stages[narrow]], held, ratio["game"]),
        _limits(stages[narrow], at_once, ratio["adam"], _limits_of(workspace)["fixed"]),
    ]
    rows = [
        Row("NCE slows once a part is learned: times as many updates", said(ratio["fixed"]), "dramatically", verdict),
        Row("the same where the noise follows; in the game", f"{_cell('following', ratio)}; {_cell('game', ratio)}", "",
            "controls"),
    ]  # fmt: skip
    facts = {
        "gradients": exact, "stages": {f"{width:g}": found for width, found in stages.items()}, "at once": at_once,
        "held": [least_and_later(each) for each in held],
        "slower": {f"{width:g}": {name: plain(each[name]) for name in each} for width, each in slower.items()},
    }  # fmt: skip
    why = _why(ratio, parts[1] == SUPPORTED)
    return Claim("Noise-contrastive estimation and its fixed noise", _QUOTE, _DID, saw, verdict, why, rows, facts)


def _integrated(exact: Mapping[str, list[float]], narrow: float) -> str:
    left = {name: exact[name][-1] / exact[name][0] for name in _EXACT_NAMES}
    return (
        f"By integration: once x_1 is learned (a deviation of {narrow:g} instead of {BROAD:g}) the gradient of what"
        f" is left is {left['fixed']:.2g} times as long with fixed noise, {left['following']:.2g} times with noise"
        f" that follows (x_1 cancels), {left['game']:.2g} times in the game with D at its best and the non-saturating"
        f" cost, {left['minimax']:.2g} times with minimax."
    )


def said(ratio: Interval) -> str:
    """A ratio as text: a bound where trainings were stopped."""
    if ratio.low == 0 and ratio.high == math.inf:
        return "unknown (stopped)"
    if ratio.low == 0:
        return f"at most {ratio.high:.3g}"
    return f"at least {ratio.low:.3g}" if ratio.high == math.inf else str(ratio)


def _cell(name: str, ratio: Mapping[str, Interval]) -> str:
    found = ratio[name]
    return "1 by construction" if name == "following" and found.low == found.high == 1 else said(found)


def _bounds_told(slower: Mapping[float, Mapping[str, Interval]], limits: Mapping[str, int]) -> str:
    """What "at most" and "at least" are in the table."""
    bounded = {
        name: [width for width, each in slower.items() if each[name].low == 0 or each[name].high == math.inf]
        for name in _NAMES
    }
    where = [
        f"{_NAMES[name]} after {limits[name]:,} (width {', '.join(f'{width:g}' for width in widths)})"
        for name, widths in bounded.items() if widths
    ]  # fmt: skip
    if not where:
        return "All trainings went on until x_2 was learned."
    return (
        f"Some trainings were stopped before x_2 was learned: {'; '.join(where)}. Their ratios are bounds, not measured"
        ' ones: "at most" and "at least" are what holds with every seed.'
    )


def least_and_later(history: Sequence[float]) -> dict[str, float]:
    """Of a divergence after each step: its first value, its least, after how many steps, and the largest after that."""
    at = int(np.argmin(history))
    return {"first": history[0], "least": history[at], "at": at + 1, "later": max(history[at:])}


def _game_told(counts: Sequence[Sequence[int]], held: Sequence[Sequence[float]], ratio: Interval) -> str:
    """How the game learns x_2 with x_1 not learned and learned: steps, and the divergence where x_1 is held."""
    limit, found = len(held[0]), [least_and_later(each) for each in held]
    before, after = (_steps([each[stage] for each in counts], limit) for stage in (0, 1))
    halved = sum(each["least"] < each["first"] / 2 for each in found)
    risen = sum(each["later"] > 2 * each["least"] for each in found)
    slowed = "faster" if ratio.high < 1 else "slower" if ratio.low > 1 else "not shown to be faster or slower"
    return (
        f"Steps of the game until x_2 is learned: {after} once x_1 is learned; {before} while x_1 is held at the"
        f" noise's width. There x_2's divergence, {_range(found, 'first')} nats after the first step, has its least,"
        f" {_range(found, 'least')}, after {_range(found, 'at')} steps, and is up to {_range(found, 'later')} later. It"
        f" falls to less than half with {halved} of {len(found)} seeds, and rises to more than twice its least with"
        f" {risen}: {_how_it_learns(halved, risen, len(found))}. The game is {slowed} once a part is learned."
    )


def _how_it_learns(halved: int, risen: int, count: int) -> str:
    if halved == count:
        return (
            "G learns, but does not settle"
            if risen == count
            else "G learns"
            if risen == 0
            else "G learns, and settles with some seeds"
        )
    return "G learns little" if halved == 0 else "G learns with some seeds only"


def _steps(counts: Sequence[int], limit: int) -> str:
    stopped = sum(count >= limit for count in counts)
    return f"not within {limit:,} with {stopped} of {len(counts)} seeds" if stopped else str(geometric(counts))


def _range(found: Sequence[Mapping[str, float]], key: str) -> str:
    low, high = (f"{end(each[key] for each in found):,.3g}" for end in (min, max))
    return low if low == high else f"{low} to {high}"


def _limits(found: list[dict[str, list[int]]], at_once: list[dict[str, Lines]], adam: Interval, limit: int) -> str:
    before, after = (_steps([each["fixed"][stage] for each in found], limit) for stage in (0, 1))
    together = geometric([_reached(each["fixed"]) for each in at_once])
    return (
        f"Two limits. With fixed noise x_2 takes {before} updates where x_1 is not learned and {after} where it is;"
        f" learned both at once from the noise on, it takes {together}: x_2 is learned while x_1 is under way. And"
        f" Adam, which divides a gradient by its own size, takes {said(adam)} times as many updates once x_1 is"
        " learned."
    )


def _why(ratio: Mapping[str, Interval], controlled: bool) -> str:
    found = f"What is left takes {said(ratio['fixed'])} times as many updates with fixed noise and momentum"
    if not controlled:
        return f"{found}."
    controls = f"noise that follows ({_cell('following', ratio)}) nor the game ({_cell('game', ratio)})"
    return f"{found}; neither {controls} is slowed so."


def _exact(narrow: float) -> dict[str, list[float]]:
    """Expected gradients while x_1 is learned; `share` of the way in its log deviation."""
    shares = np.linspace(0, 1, _EXACT)
    found = [contrastive_training.expected_gradients(narrow, BROAD * (narrow / BROAD) ** share) for share in shares]
    return {"share": shares.tolist(), **{name: [each[name] for each in found] for name in _EXACT_NAMES}}


def _stages(workspace: Workspace, width: float, seed: int) -> dict[str, list[int]]:
    """By method: updates until x_2 is learned with x_1 not learned, and with x_1 learned."""
    limits = _limits_of(workspace)
    most, of_game = limits["fixed"], limits["game"]

    def train() -> dict[str, list[int]]:
        histories: dict[str, tuple[Callable[[float], Iterator[dict[str, float]]], int]] = {
            "fixed": (
                lambda first: contrastive_training.contrastive("fixed", width, first, seed, most, _MOMENTUM),
                most,
            ),
            "adam": (lambda first: contrastive_training.contrastive("fixed", width, first, seed, most, _ADAM), most),
            "following": (
                lambda first: contrastive_training.contrastive("following", width, first, seed, most, _MOMENTUM),
                most,
            ),
            "game": (lambda first: contrastive_training.game(width, first, seed, of_game), of_game),
        }
        return {
            name: [contrastive_training.updates_until(history(first), _ENOUGH, limit) for first in (BROAD, width)]
            for name, (history, limit) in histories.items()
        }

    return workspace.keep(f"contrastive-{width:g}-{seed}", train, [width, most, of_game, _ENOUGH, _settings()])


def _settings() -> list[Any]:
    return [asdict(_MOMENTUM), asdict(_ADAM), contrastive_training.settings()]


def _limits_of(workspace: Workspace) -> dict[str, int]:
    """By method: after how many updates a training is stopped."""
    most, of_game = (_QUICK_MOST, _QUICK_MOST_OF_GAME) if workspace.quick else (_MOST, _MOST_OF_GAME)
    return {"fixed": most, "adam": most, "following": most, "game": of_game}


def _held(workspace: Workspace, narrow: float, seed: int) -> list[float]:
    """The divergence of x_2 after each step of the game in which x_1 stays at the noise's width."""
    steps = _limits_of(workspace)["game"]

    def train() -> list[float]:
        return [line["second"] for line in contrastive_training.game(narrow, BROAD, seed, steps)]

    return workspace.keep(f"held-{seed}", train, [narrow, steps, contrastive_training.settings()])


def slowing(found: Sequence[Mapping[str, Sequence[int]]], limits: Mapping[str, int]) -> dict[str, Interval]:
    """By method: how many times as many updates x_2 takes once x_1 is learned.

    Args:
        found: of each seed, by method, the updates with x_1 not learned and learned.
        limits: by method, the updates after which a training was stopped.

    Returns:
        An interval that is one-sided where a training was stopped: from 0 where one with x_1 not learned was, as it
        would have taken more; to infinity where one with x_1 learned was. The other end is that of all seeds' ratios.
    """
    return {name: _slowing([each[name] for each in found], limits[name]) for name in _NAMES}


def _slowing(counts: Sequence[Sequence[int]], limit: int) -> Interval:
    before, after = ([each[stage] for each in counts] for stage in (0, 1))
    found, each = ratios(after, before), np.divide(after, before)
    at_most, at_least = max(before) >= limit, max(after) >= limit
    if not (at_most or at_least):
        return found
    return Interval(found.mean, 0.0 if at_most else float(each.min()), math.inf if at_least else float(each.max()))


def verdicts(ratio: Mapping[str, Interval]) -> tuple[str, str]:
    """Whether fixed noise slows dramatically, and whether more than the controls do."""
    fixed, controls = ratio["fixed"], (ratio["following"], ratio["game"])
    slowed = SUPPORTED if fixed.low > _DRAMATIC else NOT_SUPPORTED if fixed.high < _DRAMATIC else UNDECIDED
    if fixed.low > max(each.high for each in controls):
        return slowed, SUPPORTED
    return slowed, NOT_SUPPORTED if fixed.high < max(each.low for each in controls) else UNDECIDED


def _at_once(workspace: Workspace, narrow: float, seed: int) -> dict[str, Lines]:
    """Every tenth line of a training of both coordinates, by method."""
    updates = _QUICK_AT_ONCE if workspace.quick else _AT_ONCE

    def thinned(history: Iterator[dict[str, float]]) -> list[dict[str, Any]]:
        return list(islice(history, _EVERY - 1, None, _EVERY))

    def nce(kind: Noise) -> Lines:
        return thinned(contrastive_training.contrastive(kind, narrow, None, seed, updates, _MOMENTUM))

    def train() -> dict[str, Lines]:
        game = thinned(contrastive_training.game(narrow, None, seed, updates))
        return {"fixed": nce("fixed"), "following": nce("following"), "game": game}

    return workspace.keep(f"at-once-{seed}", train, [narrow, updates, _EVERY, _settings()])


def _reached(lines: Lines) -> float:
    """Updates until x_2 was learned, to the tenth."""
    return next(
        (_EVERY * (place + 1) for place, line in enumerate(lines) if line["second"] < _ENOUGH), _EVERY * len(lines)
    )


def _style(name: str) -> Literal["solid", "dashed"]:
    return "dashed" if name == "following" else "solid"  # it lies upon others


def _draw(
    workspace: Workspace,
    exact: Mapping[str, list[float]],
    slower: Mapping[float, Mapping[str, Interval]],
    held: Sequence[Sequence[float]],
    at_once: list[dict[str, Lines]],
) -> None:
    gradients = [
        Line(label, exact["share"], np.array(exact[name]) / exact[name][0], _style(name), color=_COLORS[name])
        for name, label in _EXACT_NAMES.items()
    ]
    slowing = [
        Line(
            label, list(slower), [each[name].mean for each in slower.values()], _style(name),
            np.clip([each[name].low for each in slower.values()], *_AXIS),
            np.clip([each[name].high for each in slower.values()], *_AXIS), _COLORS[name],
        )
        for name, label in _NAMES.items()
    ]  # fmt: skip
    updates = [_EVERY * (place + 1) for place in range(len(at_once[0]["fixed"]))]
    shown = [
        Panel(
            "Gradient of what is left, over the first", gradients, "share of x_1 learned (log deviation)", log_y=True
        ),
        Panel(
            "Times as many updates once x_1 is learned", slowing, "width of x_1", log_x=True, log_y=True, level=1.0,
            y_range=_AXIS,
        ),
        Panel("The game, x_1 held broad: KL of x_2", [_history(held)], "steps", "nats", log_y=True,
              level=_ENOUGH),
    ]  # fmt: skip
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
    figures.panels(shown, workspace.path("-contrastive.png"))


def _history(held: Sequence[Sequence[float]]) -> Line:
    thinned = [each[_EVERY - 1 :: _EVERY] for each in held]
    steps = [_EVERY * (place + 1) for place in range(len(thinned[0]))]
    return band(_NAMES["game"], steps, thinned, log=True, color=_COLORS["game"])
