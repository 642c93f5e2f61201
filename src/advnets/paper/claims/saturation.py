"""Early in learning: what the minimax cost and the non-saturating one tell G where D is sure, and how both games go."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from advnets import figures
from advnets.config.load import to_dict
from advnets.config.recipe import Recipe
from advnets.figures import Line, Panel
from advnets.paper.claims import head_start
from advnets.paper.claims.histories import distances, ends, ends_table, farther, shares
from advnets.paper.claims.intervals import Interval, band, column, geometric, left, plain, ratios, seeds
from advnets.paper.claims.ring import (
    ADAM,
    MEASURED,
    STEPS,
    THE_GAME,
    Lines,
    data_of,
    looks,
    looks_of,
    momentum,
    moving,
    recipe,
    ring,
)  # fmt: skip
from advnets.paper.claims.verdicts import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim
from advnets.paper.exhibit import Picture, Row
from advnets.paper.workspace import Workspace

_HEAD_START, _MUCH = 300, 5
_RULES = {"momentum": ("momentum, .03", momentum(0.03)), "adam": ("Adam, .001", ADAM)}

_QUOTE = (
    'Section 3: "Early in learning, when G is poor, D can reject samples with high confidence because they are'
    ' clearly different from the training data. In this case, log(1 - D(G(z))) saturates." To maximize log D(G(z))'
    ' "provides much stronger gradients early in learning".'
)
_DID = (
    "MNIST, the paper's networks and settings, k = 1. D learns against a G that stands where it began; after some"
    f" updates the norm of the gradient that G would get, under both costs, from {head_start.LATENTS} latents, both"
    " without a factor, as the paper writes them: equally strong at D(G(z)) = 1/2. Then the game goes on for"
    f" {head_start.STEPS} steps under either cost. (In the games minimax has the factor 1/2, as in the tutorial; the"
    " non-saturating cost has none, as in the authors' code. A spread counts as"
    f" {head_start.LEAST_SPREAD:g} at least: fakes are rounded to gray levels.)",
    f"In the plane, where D can hardly be sure: {THE_GAME}. D first makes {_HEAD_START} updates against the untouched"
    f" G; then both play {STEPS:,} steps. With momentum G's rate is halved under the non-saturating cost, so that"
    " both costs have one slope at D(G(z)) = 1/2.",
)
_WHY = {
    SUPPORTED: f"Where D is sure the gradient is more than {_MUCH} times as strong.",
    UNDECIDED: f"That the gradient is more than {_MUCH} times as strong is not shown.",
    NOT_SUPPORTED: "The gradient is not stronger.",
}


def claim(workspace: Workspace) -> Claim:
    """G's first gradients on MNIST and the games from there; then both games on the ring."""
    found = [head_start.histories(workspace, seed) for seed in seeds(workspace)]
    histories = {rule: {cost: _histories(workspace, rule, cost) for cost in head_start.COSTS} for rule in _RULES}
    _draw(workspace, found, histories)
    last = [each["alone"][-1] for each in found]
    stronger = times_as_strong(last)
    ratio = {rule: farther(each["minimax"], each["non-saturating"]) for rule, each in histories.items()}
    verdict = verdict_on(stronger)
    named = {f"{cost}, {_RULES[rule][0]}": lines for rule, each in histories.items() for cost, lines in each.items()}
    saw = [
        Picture(workspace.path("-saturation.png").name, "MNIST: D alone, then the games. Ring: after D's head start."),
        f"MNIST: after {last[0]['updates']} updates of D against a G that stands still, D(G(z)) is"
        f" {left([line['opinion'] for line in last], geometric)} on average, and the gradient of all of G's weights is"
        f" {stronger} times as long under the non-saturating cost. {_freed(found)}",
        ends_table(named),
        f"Ring, minimax over non-saturating, distance at the end: {ratio['momentum']} with momentum, {ratio['adam']}"
        " with Adam.",
    ]
    rows = [
        Row("early gradients, MNIST: non-saturating over minimax", str(stronger), "much stronger", verdict),
        Row(
            "distance on the ring: minimax over non-saturating, momentum", str(ratio["momentum"]), "", "D begins first"
        ),
    ]
    facts = {
        "early": found, "stronger": plain(stronger), "ratio": {rule: plain(each) for rule, each in ratio.items()},
        "end": ends(named),
    }  # fmt: skip
    return Claim("Minimax and non-saturating", _QUOTE, _DID, saw, verdict, _why(verdict, ratio), rows, facts)


def times_as_strong(lines: Sequence[Mapping[str, float]]) -> Interval:
    """The gradient's norm under the non-saturating cost over that under minimax, of a line a seed."""
    return ratios([line["non-saturating"] for line in lines], [line["minimax"] for line in lines])


def verdict_on(stronger: Interval) -> str:
    """Whether it is much stronger."""
    return SUPPORTED if stronger.low > _MUCH else NOT_SUPPORTED if stronger.high < 1 else UNDECIDED


def _freed(found: Sequence[Mapping[str, Lines]]) -> str:
    after = {cost: [each[cost][-1] for each in found] for cost in head_start.COSTS}
    opinion = {cost: left([line["opinion"] for line in lines], geometric) for cost, lines in after.items()}
    spread = {cost: left([line["spread"] for line in lines], geometric) for cost, lines in after.items()}
    return (
        f"{after['minimax'][0]['step']} steps of the game later D(G(z)) is {opinion['non-saturating']} and the fakes'"
        f" spread, over the real images', {spread['non-saturating']}; under minimax {opinion['minimax']} and"
        f" {spread['minimax']}."
    )


def _why(verdict: str, ratio: Mapping[str, Interval]) -> str:
    ends = {
        "comes closer for it": [_RULES[rule][0] for rule, each in ratio.items() if each.low > 1],
        "ends farther for it": [_RULES[rule][0] for rule, each in ratio.items() if each.high < 1],
    }
    told = " and ".join(f"{how} with {' and '.join(rules)}" for how, rules in ends.items() if rules)
    game = f"the game {told}" if told else "that the game ends closer for it is not shown"
    return f"{_WHY[verdict]} On the ring, where D is not sure for long, {game}."


def _histories(workspace: Workspace, rule: str, cost: str) -> list[Lines]:
    steps, alone = (20, 20) if workspace.quick else (STEPS, _HEAD_START)
    of_d = _RULES[rule][1]
    halved = rule == "momentum" and cost == "non-saturating"
    of_g = dataclasses.replace(of_d, rate=of_d.rate / 2) if halved else of_d
    found: list[Lines] = []
    for seed in seeds(workspace):
        game = recipe(steps=steps, seed=seed, objective=cost, **moving(of_g, of_d))
        train = functools.partial(_after_head_start, game, alone, looks_of(workspace))
        of = [to_dict(game), head_start.own_seed(seed), alone, MEASURED]
        found.append(workspace.keep(f"head-start-{rule}-{cost}-{seed}", train, of))
    return found


def _after_head_start(game: Recipe, alone: int, count: int) -> Lines:
    first = head_start.standing(game, data_of(ring().values), alone)
    while first.step < alone:
        first.advance()
    return list(looks(head_start.with_head_start(game, first), game.steps // count))


def _draw(
    workspace: Workspace, found: Sequence[Mapping[str, Lines]], histories: Mapping[str, Mapping[str, list[Lines]]]
) -> None:
    alone = [each["alone"] for each in found]
    updates = [line["updates"] + 1 for line in alone[0]]
    gradients = [band(cost, updates, column(alone, cost), log=True) for cost in head_start.COSTS]
    shown = [
        Panel("MNIST: norm of G's gradient", gradients, "1 + updates of D alone", log_x=True, log_y=True),
        Panel("MNIST: D(G(z)) in the game", _lines(found, "opinion"), "steps after D's head start", log_y=True),
        Panel(
            "MNIST: spread of the fakes, over real", _lines(found, "spread"), "steps after D's head start", log_y=True
        ),
        *(distances(each, title=f"Ring, {_RULES[rule][0]}: distance") for rule, each in histories.items()),
        shares(histories["momentum"], title="Ring, momentum: share within 3 sd"),
    ]
    figures.panels(shown, workspace.path("-saturation.png"))


def _lines(found: Sequence[Mapping[str, Lines]], key: str) -> list[Line]:
    steps = [line["step"] for line in found[0][head_start.COSTS[0]]]
    return [band(cost, steps, column([each[cost] for each in found], key), log=True) for cost in head_start.COSTS]
