"""Targets without any thickness: how close G comes, and how much Markov chains blur so that they move between modes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets import figures
from advnets.data.toys import ring_modes
from advnets.figures import Line, Panel
from advnets.paper import claims_chains as chains
from advnets.paper.claims_parts import (
    MIXED,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Interval,
    band,
    claim,
    column,
    geometric,
    left,
    plain,
    seeds,
    t_interval,
    verdict_of,
)
from advnets.paper.claims_ring import Lines, Points, both, data_of, recipe
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table
from advnets.recipe import to_dict
from advnets.training.trainer import Trainer

_SIGMAS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
_LENGTH, _QUICK_LENGTH = 2000, 100
_STEPS = {"points": 3000, "circle": 2000}
_QUICK_STEPS = 60
_RADIUS, _ROWS, _DRAWN, _SHOWN = 2.0, 50_000, 4000, 600
_MIXES = 0.1
"""A chain counts as mixing where it moves a tenth as often as independent draws would in `chains.LAG` steps."""
_BRIDGE, _NOTHING = 0.2, 1e-6
_BLUE, _ORANGE = "#2b6ca3", "#d9822b"
_CHAINS = {
    "langevin": (chains.langevin, "Langevin, blurred points"),
    "denoising": (chains.denoising, "denoising, Gaussian step"),
    "choosing": (chains.choosing, "denoising, exact step"),
}
_GAUSSIAN = ("langevin", "denoising")
_GAME = {
    "schedule": "simultaneous", "penalties": {"r1": {"weight": 0.02, "every": 4}},
    **both({"kind": "adam", "rate": 2e-3, "betas": [0.0, 0.99], "schedule": "cosine"}),
}  # fmt: skip


_QUOTE = (
    'Section 6: "adversarial networks [...] can represent very sharp, even degenerate distributions, while methods'
    " based on Markov chains require that the distribution be somewhat blurry in order for the chains to be able to"
    ' mix between modes."'
)
_DID = (
    "Two targets without thickness: eight exact points, and a circle, both of radius 2. G plays the ring recipe's game"
    f" (simultaneous, R1 of weight .02, rates that fall to 0), z in the plane, {_STEPS['points']:,} and"
    f" {_STEPS['circle']:,} steps; its average is sampled.",
    f"On the eight points, 64 chains of {_LENGTH:,} steps each, which know the points exactly: Metropolis-adjusted"
    " Langevin on the points blurred by sigma; the walk of a perfect denoising auto-encoder with noise sigma and a"
    " Gaussian reconstruction; and that walk with its reconstruction drawn from the exact conditional distribution."
    f" Movement is how often states {chains.LAG} steps apart are nearest to different points, over what independent"
    f" draws have; a chain mixes where that is {_MIXES:g}, interpolated between sigmas.",
    "The claim counts as supported where both chains with a Gaussian step, as models of the time learned it, mix only"
    " farther from the points than G is; as not supported where both mix nearer. The chain with the exact step stays"
    " on the points by construction: it has no part in the verdict, and shows how far the claim reaches.",
)


_WHY = {
    SUPPORTED: "Chains whose step is a single Gaussian have to blur beyond G's own error before they mix.",
    MIXED: "One of the chains with a Gaussian step has to blur beyond G's own error before it mixes, the other not.",
    NOT_SUPPORTED: "Chains whose step is a single Gaussian mix nearer to the points than G comes.",
    UNDECIDED: "That both chains with a Gaussian step have to blur beyond G's own error before they mix is not shown.",
}
_ESCAPES = (
    " But a chain whose one step may choose among modes mixes and stays exactly on the points: the blur is the"
    " price of unimodal steps, not of Markov chains. Its step asks for what G is: a sharp, multimodal sampler."
)


def section(bench: Bench) -> Exhibit:
    """G on eight points and on a circle; three chains on the eight points over several sigmas."""
    made = {target: [_game(bench, target, seed) for seed in seeds(bench)] for target in _STEPS}
    walked = {name: [_walks(bench, name, seed) for seed in seeds(bench)] for name in _CHAINS}
    _draw(bench, made, walked)
    off = {target: left([each["distance"] for each in found], geometric) for target, found in made.items()}
    blur = {name: blur_to_mix(found) for name, found in walked.items()}
    verdict = verdict_of(blurrier(blur[name], off["points"]) for name in _GAUSSIAN)
    bridges = t_interval([each["bridges"] for each in made["points"]])
    saw = [
        Picture(bench.path("-sharp.png").name, "G's points, and each chain's distance and movement for each sigma."),
        _table(walked),
        f"G on the eight points: median distance {off['points']}, and {bridges} of its points farther than"
        f" {_BRIDGE:g} from all eight: a continuous G of a connected z leaves bridges. On the circle: median distance"
        f" {off['circle']}.",
        f"The least median distance at which a chain moves {_MIXES:g} times as often as independent draws: "
        + "; ".join(f"{label} {_said(blur[name])}" for name, (_, label) in _CHAINS.items()) + ".",
    ]  # fmt: skip
    rows = [
        Row("G's median distance from eight exact points", str(off["points"]), "even degenerate", f"bridges {bridges}"),
        Row("distance at which a Langevin chain mixes", _said(blur["langevin"]), "somewhat blurry", verdict),
    ]
    facts = {
        "game": {target: [_unseen(each) for each in found] for target, found in made.items()}, "chains": walked,
        "blur": {name: plain(each) for name, each in blur.items()},
    }  # fmt: skip
    escapes = blur["choosing"].high < off["points"].low
    body = claim(_QUOTE, _DID, saw, verdict, _WHY[verdict] + (_ESCAPES if escapes else ""))
    return Exhibit("Sharp, even degenerate distributions", body, rows, facts)


def blurrier(blur: Interval, off: Interval) -> str:
    """Whether a chain that mixes is farther from the points than G is."""
    return SUPPORTED if blur.low > off.high else NOT_SUPPORTED if blur.high < off.low else UNDECIDED


def blur_to_mix(found: Sequence[Lines]) -> Interval:
    """The median distance from the points at which a chain begins to mix, over seeds.

    Where it never does with one of them, the interval reaches from the least of the others to infinity.
    """
    each = [_least_blur(course) for course in found]
    return t_interval(each) if np.isfinite(each).all() else Interval(math.inf, min(each), math.inf)


def _least_blur(course: Lines) -> float:
    moved, distance = column([course], "moves")[0], column([course], "distance")[0]
    if not (moved >= _MIXES).any():
        return math.inf
    there = int((moved >= _MIXES).argmax())
    around = slice(max(there - 1, 0), there + 1)
    return float(np.interp(_MIXES, moved[around], distance[around]))


def _said(blur: Interval) -> str:
    if math.isfinite(blur.mean):
        return str(blur)
    return f"{blur.low:.2g} or more (never for some seeds)" if math.isfinite(blur.low) else "never"


def _unseen(each: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in each.items() if key != "shown"}


def target_points(target: str) -> Points:
    """What G is given: float32, eight rows, or many on a circle."""
    if target == "points":
        return ring_modes()
    angles = np.random.default_rng([2014, 9]).uniform(0, 2 * np.pi, _ROWS)
    return (_RADIUS * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)


def off_target(target: str, points: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Each point's distance from the target, (N,)."""
    if target == "points":
        return np.linalg.norm(points[:, None] - ring_modes(), axis=2).min(1).astype(np.float64)
    return np.abs(np.linalg.norm(points, axis=1).astype(np.float64) - _RADIUS)


def _game(bench: Bench, target: str, seed: int) -> dict[str, Any]:
    steps = _QUICK_STEPS if bench.quick else _STEPS[target]
    played = recipe(steps=steps, seed=seed, **_GAME)

    def play() -> dict[str, Any]:
        trainer = Trainer(played, data_of(target_points(target)))
        while trainer.step < steps:
            trainer.advance()
        points = trainer.sampler.draw(_DRAWN, 1)
        off = off_target(target, points)
        labels = np.linalg.norm(points[:, None] - ring_modes(), axis=2).argmin(1)
        return {
            "distance": float(np.median(off)), "bridges": float((off > _BRIDGE).mean()),
            "moves": chains.moves(labels[:-1], labels[1:], len(ring_modes())),
            "shown": np.round(points[:_SHOWN].astype(np.float64), 3).tolist(),
        }  # fmt: skip

    return bench.keep(f"sharp-{target}-{seed}", play, [to_dict(played), _RADIUS, _ROWS, _DRAWN, _BRIDGE, _SHOWN])


def _walks(bench: Bench, name: str, seed: int) -> Lines:
    """A line for each sigma."""
    length = _QUICK_LENGTH if bench.quick else _LENGTH
    points, chain = ring_modes().astype(np.float64), _CHAINS[name][0]

    def every() -> Lines:
        return [{"sigma": sigma, **chains.walk(chain(points, sigma), points, length, seed)} for sigma in _SIGMAS]

    return bench.keep(f"chain-{name}-{seed}", every, [length, _SIGMAS, chains.SETTINGS])


def _table(walked: Mapping[str, list[Lines]]) -> Table:
    rows = [
        [
            f"{_CHAINS[name][1]}: {what}",
            *(f"{value:.2g}" if value > _NOTHING else "0" for value in column(found, key).mean(0)),
        ]
        for name, found in walked.items()
        for key, what in (("distance", "distance"), ("moves", "movement"))
    ]
    return Table(["mean over seeds; sigma", *(f"{sigma:g}" for sigma in _SIGMAS)], rows)


def _draw(bench: Bench, made: Mapping[str, list[dict[str, Any]]], walked: Mapping[str, list[Lines]]) -> None:
    clouds = {target: np.array(found[0]["shown"]).T for target, found in made.items()}
    points, around = ring_modes().T, np.linspace(0, 2 * np.pi, 200)
    shown = [
        Panel(
            "G on eight exact points",
            [_cloud(clouds["points"]), Line("data", points[0], points[1], "points", color=_BLUE)],
            y_range=(-3, 3),
        ),
        Panel(
            "G on a circle",
            [_cloud(clouds["circle"]), Line("data", _RADIUS * np.cos(around), _RADIUS * np.sin(around), color=_BLUE)],
            y_range=(-3, 3),
        ),
    ]
    titles = {"distance": "Median distance from the eight points", "moves": "Movement, over independent draws'"}
    for key, title in titles.items():
        lines = [band(_CHAINS[name][1], _SIGMAS, column(found, key)) for name, found in walked.items()]
        level = [[each[key]] * len(_SIGMAS) for each in made["points"]]
        shown.append(Panel(title, [*lines, band("G", _SIGMAS, level, style="dashed")], "sigma"))
    figures.panels(shown, bench.path("-sharp.png"), columns=2)


def _cloud(points: npt.NDArray[np.float64]) -> Line:
    return Line("G(z)", points[0], points[1], "points", color=_ORANGE)
