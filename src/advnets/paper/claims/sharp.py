"""Targets without any thickness: how close G comes, and how much Markov chains blur so that they move between modes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets import figures
from advnets.config.load import to_dict
from advnets.config.players import AdamConfig
from advnets.data.toys import ring_modes
from advnets.figures import Line, Panel
from advnets.paper.claims import walks
from advnets.paper.claims.intervals import Interval, band, column, plain, seeds, t_interval
from advnets.paper.claims.ring import Lines, Points, data_of, moving, r1, recipe
from advnets.paper.claims.verdicts import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim, verdict_of
from advnets.paper.exhibit import Picture, Row, Table
from advnets.paper.workspace import Workspace
from advnets.training.trainer import Trainer

_SIGMAS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, walks.WIDEST)
_LENGTH, _QUICK_LENGTH = 2000, 130
_STEPS = {"points": 3000, "circle": 2000}
_QUICK_STEPS = 20
_RADIUS, _ROWS, _DRAWN, _SHOWN = 2.0, 50_000, 4000, 600
_MIXES = 0.1
"""A chain counts as mixing where it moves a tenth as often as independent draws would in `walks.LAG` steps."""
_NOTHING = 1e-6
_BLUE, _ORANGE = "#2b6ca3", "#d9822b"
_CHAINS = {
    "langevin": (walks.langevin, "Langevin, blurred points"),
    "denoising": (walks.denoising, "denoising, Gaussian step"),
    "choosing": (walks.choosing, "denoising, exact step"),
}
_GAUSSIAN = ("langevin", "denoising")
_FAR = f"share farther than {walks.BRIDGE:g}"
_MEASURES = {"distance": "median distance", "mean": "mean distance", "bridges": _FAR}
_MOVEMENT = {"moves": f"movement in {walks.LAG} steps", "later": f"in {walks.LONG} steps"}
_FALLING = AdamConfig(rate=2e-3, betas=(0.0, 0.99), schedule="cosine")
_GAME = {
    "schedule": "simultaneous", "penalties": r1(0.02), **moving(_FALLING, _FALLING),
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
    " Movement is how often states some steps apart are nearest to different points, over what independent draws"
    f" have; a chain mixes where that is {_MIXES:g} after {walks.LAG} steps. The least sigma where it is was found by"
    " bisection.",
    "The claim counts as supported where both chains with a Gaussian step, as models of the time learned it, mix only"
    " farther from the points than G is, by the median distance, by the mean distance and by the"
    f" {_FAR}; as not supported where they mix nearer by all three; as mixed where by some they are farther, by others"
    " nearer. At first the median alone decided; as it leaves out what G puts between the points, the other two were"
    " added. The chain with the exact step stays on the points by construction: it has no part in the verdict, and"
    " shows how far the claim reaches.",
)
_WORDS = {SUPPORTED: "farther from the points than G by", NOT_SUPPORTED: "nearer by", UNDECIDED: "undecided by"}
_SPREAD_OUT = " It blurs every state a little, where G has most points nearly right and some between the modes."
_ESCAPES = (
    " But a chain whose one step may choose among modes mixes and stays exactly on the points: the blur is the"
    " price of unimodal steps, not of Markov chains. Its step asks for what G is: a sharp, multimodal sampler."
)


def claim(workspace: Workspace) -> Claim:
    """G on eight points and on a circle; three chains on the eight points over several sigmas, and where they mix."""
    made = {target: [_game(workspace, target, seed) for seed in seeds(workspace)] for target in _STEPS}
    walked = {name: [_walks(workspace, name, seed) for seed in seeds(workspace)] for name in _CHAINS}
    _draw(workspace, made, walked)
    off = {target: intervals(found, _MEASURES) for target, found in made.items()}
    median = round(off["points"]["distance"].mean, 4)
    mixing = {name: _where(workspace, name, "moves", _MIXES) for name in _CHAINS}
    reach = {name: column(walked[name], "distance")[:, -1].min() for name in _GAUSSIAN}
    near = {name: _where(workspace, name, "distance", median) for name in _GAUSSIAN if reach[name] > median}
    parts = {
        name: {key: blurrier(mixing[name][key], off["points"][key]) for key in _MEASURES} for name in _GAUSSIAN
    }  # fmt: skip
    verdict = verdict_of(part for each in parts.values() for part in each.values())
    saw = [
        Picture(
            workspace.path("-sharp.png").name, "G's points, and each chain's movement and distances for each sigma."
        ),
        _table(walked),
        _compared(off["points"], mixing, near),
        f"G's {_FAR} are bridges: a continuous G of a connected z leaves them. On the circle its median distance is"
        f" {off['circle']['distance']}.",
        _choice(near, median),
    ]  # fmt: skip
    rows = [
        Row("G on eight exact points: median and mean distance; " + _FAR, _three(off["points"]), "even degenerate"),
        *(Row(f"{_CHAINS[name][1]}, where it mixes: median and mean distance; {_FAR}", _three(mixing[name]),
              "somewhat blurry", verdict_of(parts[name].values())) for name in _GAUSSIAN),
    ]  # fmt: skip
    facts = {
        "game": {target: [_unseen(each) for each in found] for target, found in made.items()}, "chains": walked,
        "off": {target: _plain(each) for target, each in off.items()},
        "mixing": {name: _plain(each) for name, each in mixing.items()},
        "near": {name: _plain(each) for name, each in near.items()},
    }  # fmt: skip
    escapes = mixing["choosing"]["mean"].high < off["points"]["mean"].low
    why = " ".join(_why(_CHAINS[name][1], parts[name]) for name in _GAUSSIAN) + (_ESCAPES if escapes else "")
    return Claim("Sharp, even degenerate distributions", _QUOTE, _DID, saw, verdict, why, rows, facts)


def blurrier(blur: Interval, off: Interval) -> str:
    """Whether a chain that mixes is farther from the points than G is."""
    return SUPPORTED if blur.low > off.high else NOT_SUPPORTED if blur.high < off.low else UNDECIDED


def intervals(found: Sequence[Mapping[str, float]], keys: Iterable[str]) -> dict[str, Interval]:
    """Of each figure the interval over seeds."""
    return {key: t_interval([each[key] for each in found]) for key in keys}


def _where(workspace: Workspace, name: str, key: str, level: float) -> dict[str, Interval]:
    """A chain's figures at the least sigma at which one of them is at a level."""
    found = [_search(workspace, name, key, level, seed) for seed in seeds(workspace)]
    return intervals(found, ("sigma", *_MEASURES, *_MOVEMENT))


def _search(workspace: Workspace, name: str, key: str, level: float, seed: int) -> dict[str, Any]:
    length = _QUICK_LENGTH if workspace.quick else _LENGTH
    points, chain = ring_modes().astype(np.float64), _CHAINS[name][0]
    search = functools.partial(walks.least_sigma, chain, points, length, seed, key, level)
    return workspace.keep(f"chain-{name}-{key}-{seed}", search, [length, level, walks.SETTINGS])


def _compared(
    off: Mapping[str, Interval],
    mixing: Mapping[str, Mapping[str, Interval]],
    near: Mapping[str, Mapping[str, Interval]],
) -> Table:
    rows = [["G", "-", *(str(off[key]) for key in _MEASURES), *("independent draws" for _ in _MOVEMENT)]]
    rows += [
        [f"{_CHAINS[name][1]}, {where}", *(_figure(each[key]) for key in ("sigma", *_MEASURES, *_MOVEMENT))]
        for where, found in (("where it mixes", mixing), ("with G's median distance", near))
        for name, each in found.items()
    ]
    return Table(["on the eight points", "sigma", *_MEASURES.values(), *_MOVEMENT.values()], rows)


def _figure(found: Interval) -> str:
    return "0" if found.low == found.high == 0 else str(found)


def _choice(near: Mapping[str, Mapping[str, Interval]], median: float) -> str:
    """What another threshold of mixing would see: the chains that can be as far from the points as G is."""
    told = "; ".join(f"{_CHAINS[name][1]}: {_pace(each)}" for name, each in near.items())
    return (
        f"The threshold is a choice: that a chain mixes where it moves {_MIXES:g} times as often as independent draws"
        f" in {walks.LAG} steps. Blurred so little that the median distance is G's own, {median:.3g}, the chains do"
        f" this: {told}. Who waits longer needs less blur."
    )


def _pace(found: Mapping[str, Interval]) -> str:
    if found["later"].high == 0:
        return f"no movement was seen, not in {walks.LONG} steps either"
    slow = "it moves between points, slowly" if found["later"].low > 0 else "that it moves between points is not shown"
    return f"movement is {_figure(found['moves'])} in {walks.LAG} steps and {found['later']} in {walks.LONG}: {slow}"


def _why(label: str, parts: Mapping[str, str]) -> str:
    """Of one chain: by what it is farther than G where it mixes, and by what nearer."""
    by = {words: [_MEASURES[key] for key in parts if parts[key] == part] for part, words in _WORDS.items()}
    told = "; ".join(f"{words} {', '.join(names)}" for words, names in by.items() if names)
    spread_out = parts["distance"] == SUPPORTED and NOT_SUPPORTED in parts.values()
    return f"{label[0].upper()}{label[1:]}, where it mixes: {told}.{_SPREAD_OUT if spread_out else ''}"


def _three(found: Mapping[str, Interval]) -> str:
    return "; ".join(str(found[key]) for key in _MEASURES)


def _plain(found: Mapping[str, Interval]) -> dict[str, list[float | None]]:
    return {key: plain(each) for key, each in found.items()}


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


def _game(workspace: Workspace, target: str, seed: int) -> dict[str, Any]:
    steps = _QUICK_STEPS if workspace.quick else _STEPS[target]
    game = recipe(steps=steps, seed=seed, **_GAME)

    def train() -> dict[str, Any]:
        trainer = Trainer(game, data_of(target_points(target)))
        while trainer.step < steps:
            trainer.advance()
        points = trainer.sampler.draw(_DRAWN, 1)
        off = off_target(target, points)
        labels = np.linalg.norm(points[:, None] - ring_modes(), axis=2).argmin(1)
        return {
            **walks.nearness(off),
            "moves": walks.moves(labels[:-1], labels[1:], len(ring_modes())),
            "shown": np.round(points[:_SHOWN].astype(np.float64), 3).tolist(),
        }  # fmt: skip

    return workspace.keep(
        f"sharp-{target}-{seed}", train, [to_dict(game), _RADIUS, _ROWS, _DRAWN, walks.BRIDGE, _SHOWN, "mean"]
    )


def _walks(workspace: Workspace, name: str, seed: int) -> Lines:
    """A line for each sigma."""
    length = _QUICK_LENGTH if workspace.quick else _LENGTH
    points, chain = ring_modes().astype(np.float64), _CHAINS[name][0]

    def every() -> Lines:
        return [{"sigma": sigma, **walks.walk(chain(points, sigma), points, length, seed)} for sigma in _SIGMAS]

    return workspace.keep(f"chain-{name}-{seed}", every, [length, _SIGMAS, walks.SETTINGS])


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


def _draw(workspace: Workspace, made: Mapping[str, list[dict[str, Any]]], walked: Mapping[str, list[Lines]]) -> None:
    clouds = {target: np.array(found[0]["shown"]).T for target, found in made.items()}
    points, around = ring_modes().T, np.linspace(0, 2 * np.pi, 200)
    shown = [
        Panel(
            "G on eight exact points",
            [_cloud(clouds["points"]), Line("data", points[0], points[1], "points", color=_BLUE)],
            y_range=(-3, 3),
            plane=True,
        ),
        Panel(
            "G on a circle",
            [_cloud(clouds["circle"]), Line("data", _RADIUS * np.cos(around), _RADIUS * np.sin(around), color=_BLUE)],
            y_range=(-3, 3),
            plane=True,
        ),
    ]
    titles = {
        "moves": f"Movement in {walks.LAG} steps, over independent draws'",
        "distance": "Median distance from the points",
        "mean": "Mean distance from the points", "bridges": f"Share farther than {walks.BRIDGE:g} from the points",
    }  # fmt: skip
    for key, title in titles.items():
        lines = [band(_CHAINS[name][1], _SIGMAS, column(found, key)) for name, found in walked.items()]
        level = [[each[key]] * len(_SIGMAS) for each in made["points"]]
        shown.append(Panel(title, [*lines, band("G", _SIGMAS, level, style="dashed")], "sigma"))
    figures.panels(shown, workspace.path("-sharp.png"))


def _cloud(points: npt.NDArray[np.float64]) -> Line:
    return Line("G(z)", points[0], points[1], "points", color=_ORANGE)
