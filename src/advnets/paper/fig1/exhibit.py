"""Figure 1, alive: the 1-D game trained for real, the paper's four panels and an animation. Goodfellow et al. 2014."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from advnets import figures, theory
from advnets.figures import Line, Panel
from advnets.figures.animation import film, gif
from advnets.figures.figure1 import Scene, figure1, frames
from advnets.paper.exhibit import Exhibit, Heading, Part, Picture, Row, Table
from advnets.paper.fig1.distributions import DISTRIBUTIONS, Distribution, distribution
from advnets.paper.fig1.game import ARROWS, Settings, View, camera_of, looked_at_with, train, view_of
from advnets.paper.workspace import Workspace

SURE, CLOSE = 0.05, 0.01
"""Where the game is to end: D within this of 1/2 over the support, and the divergence below this, in nats."""

_DEFAULT = "gaussian"
_FULL, _QUICK = Settings(), Settings(steps=400, alone=240, film=24)
_SAMPLES = {False: 1_000_000, True: 100_000}
_FRAME, _LONG, _LAST = 90, 360, 2500  # milliseconds a frame stays: most, those of panels (a) to (c), the end

Record = Mapping[str, Any]


def make(workspace: Workspace) -> Exhibit:
    """Train on each distribution, draw it and hold it against the paper and against theory.

    Raises:
        UsageError: no distribution is called as the workspace's data.
    """
    chosen, settings = workspace.data or _DEFAULT, _QUICK if workspace.quick else _FULL
    data = distribution(chosen)
    records = {name: _record(workspace, name, settings) for name in DISTRIBUTIONS}
    main = records[chosen]
    figure1(_panels(main, view_of(data)), workspace.path(".png"))
    figure1([_last_panel(name, records[name]) for name in DISTRIBUTIONS], workspace.path("-others.png"))
    _draw_curves(workspace, records)
    moving = _animate(workspace, main, data)
    return Exhibit(
        "Figure 1, alive" + (f": {data.title}" if workspace.data else ""),
        [
            *_what_is_seen(workspace, main, settings),
            Picture(workspace.path("-animation.gif").name, "The whole game. The time between frames grows."),
            moving,
            *_how_it_went(workspace, records, settings),
            *_how_it_is_known(main, data),
        ],
        _rows(chosen, records),
        {
            "settings": asdict(settings),
            "support": {name: list(distribution(name).support) for name in DISTRIBUTIONS},
            "moments": {name: _numbers(record) for name, record in records.items()},
            "farthest": {name: farthest(distribution(name), each["moments"]["d"]) for name, each in records.items()},
            "histogram": _histogram(main, data),
        },
        [
            "The paper's panels are drawn to explain; ours are moments of one training.",
            "R1 keeps D smooth, and G begins with a bell: neither is in the paper. The text says how and why.",
            *(
                f"{distribution(name).title}: the end condition is not reached."
                for name, record in records.items()
                if not reached(record["moments"]["d"])
            ),
        ],
    )


def reached(moment: Mapping[str, Any]) -> bool:
    """Whether the game ended as Theorem 1 says that it should."""
    return moment["unsure"] <= SURE and moment["jsd"] < CLOSE


def farthest(data: Distribution, moment: Mapping[str, Any]) -> dict[str, float]:
    """The place on the support where D* is farthest from 1/2.

    Args:
        data: the distribution.
        moment: what `look` told of a game on it.

    Returns:
        `x`; `inside`, its distance from the nearer end of the support; `p_data` and `p_g` there.
    """
    view, (low, high) = view_of(data), data.support
    x, p_data, p_g = view.grid.centers[view.shown], view.p_data[view.shown], np.array(moment["p_g"])
    off = np.abs(theory.optimal_discriminator(p_data, p_g) - 0.5)
    i = int(np.argmax(np.where(view.support[view.shown], off, -1)))
    return {
        "x": float(x[i]),
        "inside": float(min(x[i] - low, high - x[i])),
        "p_data": float(p_data[i]),
        "p_g": float(p_g[i]),
    }


def _record(workspace: Workspace, name: str, settings: Settings) -> Record:
    data, samples = distribution(name), _SAMPLES[workspace.quick]
    of = [asdict(settings), samples, looked_at_with(data)]
    return workspace.keep(name, lambda: train(data, settings, workspace.seed, samples), of)


def _scene(title: str, look: Mapping[str, Any], view: View, note: str = "", **ghosts: Any) -> Scene:
    x, p_data = view.grid.centers[view.shown], view.p_data[view.shown]
    return Scene(title, x, p_data, look["p_g"], look["opinion"], ARROWS, look["mapped"], note=note, **ghosts)


def _panels(record: Record, view: View) -> list[Scene]:
    """The paper's four panels; the last alone where G never came near the data."""
    titles = {
        "a": "(a) near convergence",
        "b": "(b) D trained to D*",
        "c": "(c) G has followed D's gradient",
        "d": "(d) the end",
    }
    scenes: list[Scene] = []
    moments = record["moments"]
    for letter, title in titles.items():
        if letter not in moments:
            continue
        ghosts, pale = dict[str, Any](), ""
        if letter == "b":
            ghosts["best"] = theory.optimal_discriminator(view.p_data[view.shown], moments["b"]["p_g"])
            pale = "\nbroad pale line: D*, as it should be"
        if letter == "c":
            ghosts["before"], pale = moments["b"]["p_g"], "\npale line: $p_g$ before"
        scenes.append(_scene(title, moments[letter], view, _note(moments[letter]) + pale, **ghosts))
    return scenes


def _note(look: Mapping[str, Any]) -> str:
    return f"iteration {look['step']:,}: JSD {look['jsd']:.4f}, C(G) {look['criterion']:.3f}".replace("-", "−")


def _last_panel(name: str, record: Record) -> Scene:
    data = distribution(name)
    return _scene(data.title, record["moments"]["d"], view_of(data), _note(record["moments"]["d"]))


def _animate(workspace: Workspace, record: Record, data: Distribution) -> str:
    """Write the GIF, and a film where ffmpeg is there; returns what to say of it."""
    shots = record["film"]
    view = camera_of(data)
    workspace.say(f"{workspace.name}: animation of {len(shots)} frames")
    scenes = [_scene(f"iteration {s['step']:,}: {s['doing']}", s, view, f"JSD {s['jsd']:.4f}") for s in shots]
    pictures = list(frames(scenes))
    stays = [_FRAME if s["doing"] == "both learn" else _LONG for s in shots[:-1]] + [_LAST]
    gif(pictures, workspace.path("-animation.gif"), stays)
    made = film(pictures, workspace.path("-animation"), stays)
    if made is None:
        return "No film beside the GIF: there is no `ffmpeg` on the PATH that could encode MP4 or WebM."
    return f"The same as a film: [{made.name}]({made.name})."


def _draw_curves(workspace: Workspace, records: Mapping[str, Record]) -> None:
    def line(name: str, what: str) -> Line:
        shots = records[name]["film"]
        return Line(distribution(name).title, [s["step"] + 1 for s in shots], [s[what] for s in shots])

    shown = [
        Panel("JSD(p_data || p_g), nats", [line(n, "jsd") for n in records], "iteration", log_y=True, level=CLOSE),
        Panel("Largest |D - 1/2| on the support", [line(n, "unsure") for n in records], "iteration", level=SURE),
    ]
    figures.panels(shown, workspace.path("-course.png"))


def _what_is_seen(workspace: Workspace, main: Record, settings: Settings) -> list[Part]:
    moments = main["moments"]
    parts: list[Part] = [
        "In this game everything can be seen at once: data are numbers x, and G makes a number of a number z. The lower"
        " line is z, from which noise is drawn evenly; the arrows show where G takes it on the line of x. Where arrows"
        " crowd, G makes many points, and its density **p_g** (green, solid) is high; where they spread, it is low."
        " **p_data** (black, dotted) is the density of the data, and **D(x)** (blue, dashed; its scale is at the left)"
        " is D's opinion: the probability that x is real. All panels are of one training by Algorithm 1.",
        Picture(workspace.path(".png").name, "Figure 1: four moments of one training."),
    ]
    if "a" not in moments:
        return [*parts, f"In these few iterations JSD never fell below {settings.near:g}: only panel (d) is there."]
    a, b, c, d = (moments[letter] for letter in "abcd")
    return [
        *parts,
        f"**(a)** Iteration {a['step']:,}, the first of those looked at (every fifth) with a divergence below"
        f" {settings.near:g}. p_g is like p_data, but not in the right place. D is right in part only: on the"
        f" support it is up to {a['from_best']:.2f} away from the best there is, D*.",
        f"**(b)** G waits while D learns for {settings.alone:,} updates. D goes to D*(x) = p_data(x) / (p_data(x) +"
        f" p_g(x)) (broad pale line): where the two densities cross, it says 1/2. {_beside(b)}",
        f"**(c)** G has moved {settings.guided} times against that D. A z whose G(z) lies where D rises to one side is"
        " sent to that side, so that p_g (pale: before) has flowed to where D takes points for data. JSD went from"
        f" {b['jsd']:.4f} to {c['jsd']:.4f}.",
        f"**(d)** After {d['step']:,} iterations p_g is nearly p_data and D has little left to say: it is within"
        f" {d['unsure']:.3f} of 1/2 wherever there are data.",
    ]


def _beside(b: Mapping[str, Any]) -> str:
    return (
        f"On the support it is at most {b['from_best']:.2f} away from D*, and {b['typical']:.3f} on average over the"
        " points it is shown; the largest difference is where both densities are thin and D has seen few points."
    )


def _how_it_went(workspace: Workspace, records: Mapping[str, Record], settings: Settings) -> list[Part]:
    ends = {name: record["moments"]["d"] for name, record in records.items()}
    far = {name: farthest(distribution(name), end) for name, end in ends.items()}
    table = Table(
        ["data", "JSD", "largest |D - 1/2|", "largest |D* - 1/2|", "at x =", "p_data and p_g there", "C(G)",
         "G is monotone", "end condition"],
        [
            [
                distribution(name).title, f"{e['jsd']:.4f}", f"{e['unsure']:.3f}", f"{e['unequal']:.3f}",
                f"{far[name]['x']:.2f}", f"{far[name]['p_data']:.3f}, {far[name]['p_g']:.3f}",
                f"{e['criterion']:.4f}", _monotone(e), "reached" if reached(e) else "**not reached**",
            ]
            for name, e in ends.items()
        ],
    )  # fmt: skip
    return [
        Heading("Other data"),
        "The same networks and settings on other distributions, at the end:",
        Picture(workspace.path("-others.png").name, "The last panel for each distribution."),
        table,
        f"The end condition is |D - 1/2| of at most {SURE:g} over the support, which is where the data are but for half"
        f" a percent of their mass on either side, and JSD below {CLOSE:g} nats.",
        Picture(
            workspace.path("-course.png").name,
            "The course of the three games, on the coarser grid of the animation; thin lines: the end condition.",
        ),
        "Where |D* - 1/2| is above |D - 1/2|, a better D than this one could still tell the two apart: our D is too"
        " smooth to follow a difference that is narrow or where few points fall. JSD weighs such a difference by its"
        f" mass. {' '.join(where(distribution(name), far[name], end['branches']) for name, end in ends.items())}",
        f"G and D are a line and a perceptron of two layers of {settings.units} tanh units each. z is uniform on"
        " [-√3, √3]; G takes it through atanh(.995 z / √3) first, so that it begins with a bell, whose ends it need not"
        " learn to pull out: where the bell lies, its width and its shape are learned. Minibatches have"
        f" {settings.batch} points, never the same twice; k = 1; G's cost is the non-saturating one. Adam's rates,"
        f" {settings.rate_d:g} for D and {settings.rate_g:g} for G, are constant over {settings.steady:.0%} of the game"
        f" and then fall to 0. A penalty on D's slope at the data (R1, weight {settings.smooth:g}), which is not in the"
        " paper, keeps D smooth; it is left out while D learns alone, since its optimum would not be D*. Where D is"
        " constant it is 0, so that it does not move the end.",
    ]


def where(data: Distribution, far: Mapping[str, float], branches: int) -> str:
    """A sentence on the place that `farthest` found, for a G of so many branches."""
    ratio = far["p_g"] / far["p_data"]
    folds = " or folds z back on itself" if branches > 1 and ratio > 1 else ""
    return (
        f"{data.title}: D* is farthest from 1/2 at x = {far['x']:.2f}, {far['inside']:.2f} from the nearer end of the"
        f" support; p_g is {ratio:.2g} times p_data there, where G is too {'flat' if ratio > 1 else 'steep'}{folds}"
        " (p_g = p_z / |G'|)."
    )


def _how_it_is_known(main: Record, data: Distribution) -> list[Part]:
    found, d = _histogram(main, data), main["moments"]["d"]
    return [
        Heading("How p_g is known"),
        "Not estimated: by change of variables. Where G is monotone, p_g(x) = p_z(z) / |G'(z)| with G(z) = x; where it"
        " is not, the branches between its turning points are added. Each cell of the grid holds the mean of the"
        f" density over it. At the end G is {_monotone_text(d)}.",
        f"As a check, G made {found['samples']:,} points: their share in each of {found['cells']} cells differs from"
        f" the exact one by {found['largest']:.1f} standard errors at most ({found['root_mean_square']:.2f} in root"
        " mean square, where 1 is what chance alone gives).",
    ]


def _histogram(record: Record, data: Distribution) -> dict[str, float]:
    """G's samples against its exact density at the end, in standard errors, over cells that expect 10 or more."""
    counts, last = np.array(record["counts"]), record["film"][-1]
    share = np.array(last["p_g"]) * camera_of(data).grid.spacing
    samples = int(record["samples"])
    expected = samples * share
    some = expected >= 10
    errors = (counts - expected)[some] / np.sqrt(expected * (1 - share))[some]
    return {
        "samples": samples,
        "cells": int(some.sum()),
        "largest": float(np.abs(errors).max()),
        "root_mean_square": float(np.sqrt((errors**2).mean())),
    }


def _rows(chosen: str, records: Mapping[str, Record]) -> list[Row]:
    moments = records[chosen]["moments"]
    d = moments["d"]
    missed = "" if reached(d) else "; the end condition is not reached"
    rows = [
        Row("JSD(p_data, p_g) at the end, nats", f"{d['jsd']:.4f}", "0: p_g = p_data", f"asked for: {CLOSE:g}{missed}"),
        Row("largest |D - 1/2| on the support", f"{d['unsure']:.3f}", "0: D = 1/2", f"asked for: {SURE:g}{missed}"),
        Row("largest |D* - 1/2| on the support", f"{d['unequal']:.3f}", "0: D* = 1/2", _far(chosen, d)),
        Row("C(G) at the end", f"{d['criterion']:.4f}", f"-log 4 = {-math.log(4):.4f}", "exact, from p_g"),
    ]
    if "b" in moments:
        a, b = moments["a"], moments["b"]
        rows.append(Row("mean |D - D*|, panel (b)", f"{b['typical']:.3f}", "0", f"{a['typical']:.3f} in panel (a)"))
        rows.append(Row("moments of panels (a) to (d)", _moments(moments), note="iterations of Algorithm 1"))
    for name in [name for name in records if name != chosen]:
        e = records[name]["moments"]["d"]
        rows.append(
            Row(
                f"{distribution(name).title}: JSD, |D - 1/2|, |D* - 1/2|",
                f"{e['jsd']:.4f}, {e['unsure']:.3f}, {e['unequal']:.3f}",
                "0, 0, 0",
                _far(name, e) + ("" if reached(e) else "; the end condition is not reached"),
            )
        )
    return rows


def _moments(moments: Mapping[str, Any]) -> str:
    return ", ".join(f"({letter}) {look['step']:,}" for letter, look in moments.items())


def _far(name: str, end: Mapping[str, Any]) -> str:
    far = farthest(distribution(name), end)
    return f"|D* - 1/2| at x = {far['x']:.2f}: p_data {far['p_data']:.3f}, p_g {far['p_g']:.3f}"


def _monotone(look: Mapping[str, Any]) -> str:
    return "yes" if look["branches"] == 1 else f"no: {look['branches']} branches"


def _monotone_text(look: Mapping[str, Any]) -> str:
    return "monotone" if look["branches"] == 1 else f"not monotone: it has {look['branches']} branches"


def _numbers(record: Record) -> dict[str, Any]:
    """What was measured at each moment, without the curves."""
    return {
        letter: {name: value for name, value in look.items() if not isinstance(value, Sequence) or name == "doing"}
        for letter, look in record["moments"].items()
    }
