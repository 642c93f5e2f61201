"""Early in learning: what the minimax cost and the non-saturating one tell G where D is sure, and how both games go."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch

from advnets import figures
from advnets.data.open import open_table
from advnets.figures import Panel
from advnets.games.objectives import objective
from advnets.paper.claims_courses import distances, ends, ends_table, farther, shares
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
    seeds,
)
from advnets.paper.claims_ring import (
    ADAM,
    MEASURED,
    STEPS,
    THE_GAME,
    Lines,
    both,
    data_of,
    looks,
    looks_of,
    recipe,
    ring,
    sgd,
)
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row
from advnets.recipe import Recipe, load_recipe, to_dict
from advnets.training.trainer import Data, Trainer

COSTS = ("minimax", "non-saturating")
_STILL = {"kind": "sgd", "rate": 1e-30}
"""G's optimizer while D learns alone: nothing that float32 holds moves by so little."""
_LOOKED = (0, 20, 40, 80, 160, 320, 640)  # updates of D
_QUICK_LOOKED = (0, 5, 10)
_HEAD_START, _MUCH = 300, 5
_LATENTS = 256
_RULES = {"momentum": both(sgd(0.03)), "Adam": both(ADAM)}


_QUOTE = (
    'Section 3: "Early in learning, when G is poor, D can reject samples with high confidence because they are'
    ' clearly different from the training data. In this case, log(1 - D(G(z))) saturates." To maximize log D(G(z))'
    ' "provides much stronger gradients early in learning".'
)
_DID = (
    "MNIST, the paper's networks and settings: D learns against a G that stands where it began; after some updates"
    f" the norm of the gradient that G would get, under both costs, from {_LATENTS} latents. (Minimax has the factor"
    " 1/2 here, as in the tutorial.)",
    f"Then the game itself: {THE_GAME}. D first makes {_HEAD_START} updates against the untouched G; then both play"
    f" {STEPS:,} steps, with momentum (rate .03, .5) or Adam (rate .001).",
)


def section(bench: Bench) -> Exhibit:
    """G's first gradients on MNIST, then both games on the ring where D has a head start."""
    early = [_early(bench, seed) for seed in seeds(bench)]
    courses = {rule: {cost: _courses(bench, rule, cost) for cost in COSTS} for rule in _RULES}
    _draw(bench, early, courses)
    stronger = geometric([course[-1]["non-saturating"] / course[-1]["minimax"] for course in early])
    ratio = {rule: farther(each["minimax"], each["non-saturating"]) for rule, each in courses.items()}
    verdict = SUPPORTED if stronger.low > _MUCH else NOT_SUPPORTED if stronger.high < 1 else UNDECIDED
    named = {f"{cost}, {rule}": found for rule, each in courses.items() for cost, found in each.items()}
    saw = [
        Picture(bench.path("-saturation.png").name, "MNIST: D alone learns. Ring: both games after D's head start."),
        _first_gradients(early, stronger),
        ends_table(named),
        f"Minimax over non-saturating, distance at the end: {ratio['momentum']} with momentum, {ratio['Adam']} with"
        " Adam, which divides a gradient by its own size, so that a short one need not cost it much.",
    ]
    rows = [
        Row("early gradients: non-saturating over minimax, MNIST", str(stronger), "much stronger", verdict),
        Row("distance, minimax over non-saturating, ring, momentum", str(ratio["momentum"]), "", "D has a head start"),
    ]
    facts = {
        "early": early, "stronger": plain(stronger), "ratio": {rule: plain(each) for rule, each in ratio.items()},
        "end": ends(named),
    }  # fmt: skip
    return Exhibit("Minimax and non-saturating", claim(_QUOTE, _DID, saw, verdict, _why(verdict, ratio)), rows, facts)


def _first_gradients(early: list[Lines], stronger: Interval) -> str:
    opinion = geometric([course[-1]["opinion"] for course in early])
    return (
        f"MNIST: after {early[0][-1]['updates']} updates of D against a G that stands still, D(G(z)) is {opinion} on"
        f" average, and the gradient of all of G's weights is {stronger} times as long under the non-saturating cost."
    )


def _why(verdict: str, ratio: Mapping[str, Interval]) -> str:
    strong = {
        SUPPORTED: f"The gradient is more than {_MUCH} times as strong where D is sure.",
        UNDECIDED: f"That the gradient is more than {_MUCH} times as strong is not shown.",
        NOT_SUPPORTED: "The gradient is not stronger.",
    }[verdict]
    better = [rule for rule, each in ratio.items() if each.low > 1]
    game = (
        f"comes closer with the non-saturating cost with {' and '.join(better)}" if better else "ends no closer for it"
    )
    return f"{strong} In as many steps the game on the ring {game}."


def _early(bench: Bench, seed: int) -> Lines:
    """Lines of one seed: updates of D, mean D(G(z)), and the norm of G's gradient under each cost."""
    when = _QUICK_LOOKED if bench.quick else _LOOKED
    played = load_recipe("paper-mnist").replace(
        seed=seed, schedule="alternating", generator_optimizer=_STILL, precision="float32", steps=when[-1]
    )
    return bench.keep(f"early-{seed}", functools.partial(_rejecting, played, when), [to_dict(played), when])


def _rejecting(played: Recipe, when: tuple[int, ...]) -> Lines:
    table = open_table("mnist", progress=False)
    trainer, lines = Trainer(played, Data(table.images, table.rows("train"))), list[dict[str, Any]]()
    while True:
        if trainer.step in when:
            lines.append({"updates": trainer.step, **generator_gradients(trainer)})
        if trainer.step == when[-1]:
            return lines
        trainer.advance()


def generator_gradients(trainer: Trainer) -> dict[str, float]:
    """Mean D(G(z)) over fixed latents, and the norm of the gradient of all of G's weights under each cost.

    Args:
        trainer: a game whose D is a probability; D's dropout is off.
    """
    G, D = trainer.generator.worker, trainer.discriminator.worker
    modes = G.training, D.training
    G.eval()
    D.eval()
    logits = D(G(trainer.sampler.latents(_LATENTS, 5)))
    weights = trainer.generator.parameters
    found = {"opinion": float(torch.sigmoid(logits.detach()).mean())}
    for cost in COSTS:
        slope = objective(cost).generator_gradient(torch.zeros(1), logits)
        gradients = torch.autograd.grad([logits], weights, [slope], retain_graph=True)
        found[cost] = float(torch.stack([each.norm() for each in gradients]).norm())
    G.train(modes[0])
    D.train(modes[1])
    return found


def _courses(bench: Bench, rule: str, cost: str) -> list[Lines]:
    steps, alone = (40, 20) if bench.quick else (STEPS, _HEAD_START)
    found: list[Lines] = []
    for seed in seeds(bench):
        played = recipe(steps=steps, seed=seed, objective=cost, **_RULES[rule])
        play = functools.partial(_after_head_start, played, alone, looks_of(bench))
        found.append(bench.keep(f"head-start-{rule}-{cost}-{seed}", play, [to_dict(played), alone, MEASURED]))
    return found


def _after_head_start(played: Recipe, alone: int, count: int) -> Lines:
    """The game's lines, after D has learned alone; its optimizer begins anew."""
    first = Trainer(played.replace(steps=alone, generator_optimizer=_STILL), data_of(ring().points))
    while first.step < alone:
        first.advance()
    trainer = Trainer(played, data_of(ring().points))
    trainer.discriminator.network.load_state_dict(first.discriminator.network.state_dict())
    trainer.discriminator.reload()
    return list(looks(trainer, played.steps // count, generator_gradients))


def _draw(bench: Bench, early: list[Lines], courses: Mapping[str, Mapping[str, list[Lines]]]) -> None:
    updates = [line["updates"] + 1 for line in early[0]]
    gradients = [band(cost, updates, column(early, cost), log=True) for cost in COSTS]
    opinion = [band("D(G(z))", updates, column(early, "opinion"), log=True)]
    shown = [
        Panel("MNIST: norm of G's gradient", gradients, "1 + updates of D alone", log_x=True, log_y=True),
        Panel("MNIST: D of the fakes", opinion, "1 + updates of D alone", log_x=True, log_y=True),
    ]
    shown += [distances(each, title=f"Ring, {rule}: distance") for rule, each in courses.items()]
    shown += [shares(each, title=f"Ring, {rule}: share within 3 sd") for rule, each in courses.items()]
    figures.panels(shown, bench.path("-saturation.png"), columns=2)
