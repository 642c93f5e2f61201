"""What a look of the Helvetica watch means after those before it, and what to tell the user."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from advnets.config.watching import WatchConfig
from advnets.measures.alarms import ALARMS, COLLAPSED, STUCK, UNSTEADY

YOUNG, GROWN = 0.25, 0.7
FALL = {YOUNG: 0.3, GROWN: 0.78}
SUDDEN = {YOUNG: 0.2, GROWN: 0.55}
"""A collapse: the smoothed diversity is below FALL of its peak, or a single look below SUDDEN of it, by how high the
peak was. Early in a training diversity swings, so that only a deep fall counts; below YOUNG there was never anything
to lose. Calibrated on real runs, other ones than those that benchmarks/quality/watch.py shows."""
WILD, LEAST_WILD, ALWAYS_WILD, TAME = 1.8, 0.15, 0.5, 0.8
SETTLED = {"steps": 250, "looks": 10}
"""Before most collapses G's images are thrown about: the smoothed movement is WILD times what is usual and at least
LEAST_WILD, or it is ALWAYS_WILD, as with rates that were too high from the beginning; that is over below TAME of it. A
game has SETTLED after so many steps and looks; in its first steps every one is thrown about."""
VAIN, ROUSED, LONG = 0.01, 0.02, {"steps": 1000, "looks": 10}
"""A game that never rose is stuck if its smoothed diversity is below VAIN after so long, until it is ROUSED.
(`paper-mnist` comes down to .03 in its first 800 steps, by five seeds, before it rises.)"""
SOUND = 0.9  # of the peak: healthy
_WEIGHT, _SLOW = 0.2, 0.02
"""Of a look in what is smoothed, in what is usual. The thresholds were calibrated on looks `_CALIBRATED` steps apart;
looks that are farther apart count for no more, or chance would not average out: at `every` 15, weights by steps called
sound games unsteady."""
_CALIBRATED = 5
_AHEAD = 0.95  # of the pairs


def verdict(figures: Mapping[str, float], before: Sequence[Mapping[str, Any]], step: int) -> dict[str, Any]:
    """What the look after `step` steps means after those `before` it.

    Returns:
        `diversity`, the geometric mean of spread and clusters, each at most 1: 0 for one image, 1 for real variety;
        `smooth`, its exponential average over the looks; `peak`, the highest of that so far; `unrest`, the
        exponential average of the movement; `usual`, a slower one of the unrest, from when the peak was YOUNG and
        outside alarms, None before; `state`: "rising" until there was ever enough to lose, then "healthy", "falling",
        "unsteady" or "collapsed"; "stuck" if it has not risen at all after very long.
    """
    parts = [figures["spread"], figures["clusters"]]
    now = math.sqrt(math.prod(min(part, 1.0) for part in parts)) if all(map(math.isfinite, parts)) else 0.0
    movement = figures["movement"] if math.isfinite(figures["movement"]) else 0.0
    first = {"step": 0, "smooth": 0.0, "peak": 0.0, "unrest": movement, "usual": None, "state": "rising"}
    last: Mapping[str, Any] = {**first, **(before[-1] if before else {})}
    weight, slow = (_share(part, step - last["step"]) for part in (_WEIGHT, _SLOW))
    smooth = last["smooth"] + weight * (now - last["smooth"])
    peak = max(last["peak"], smooth)
    unrest = last["unrest"] + weight * (movement - last["unrest"])
    state = "rising" if peak < YOUNG else _state(now, smooth, peak, last["state"])
    vain = smooth < (ROUSED if last["state"] == STUCK else VAIN)
    if state == "rising" and vain and _after(LONG, step, before):
        state = STUCK
    elif state != COLLAPSED and _wild(unrest, last) and _after(SETTLED, step, before):
        state = UNSTEADY
    found = {"diversity": now, "smooth": smooth, "peak": peak, "unrest": unrest}
    return {**plain(found), "usual": _usual(unrest, last["usual"], state, slow), "state": state}


def _share(part: float, steps: int) -> float:
    """The weight of a look so many steps after the last one: `part`, or less of less than `_CALIBRATED` steps."""
    return 1 - (1 - part) ** (min(steps, _CALIBRATED) / _CALIBRATED)


def _after(age: Mapping[str, int], step: int, before: Sequence[Mapping[str, Any]]) -> bool:
    return step >= age["steps"] and len(before) >= age["looks"]


def _state(now: float, smooth: float, peak: float, last: str) -> str:
    """What the diversity alone says."""
    age = GROWN if peak >= GROWN else YOUNG
    if smooth < FALL[age] * peak or now < SUDDEN[age] * peak:
        return COLLAPSED
    if smooth >= SOUND * peak:
        return "healthy"
    return COLLAPSED if last == COLLAPSED else "falling"


def _wild(unrest: float, last: Mapping[str, Any]) -> bool:
    """Whether the images are thrown about."""
    usual = math.inf if last["usual"] is None else last["usual"]
    bar = min(max(LEAST_WILD, WILD * usual), ALWAYS_WILD)
    return unrest > bar * (TAME if last["state"] == UNSTEADY else 1)


def _usual(unrest: float, last: float | None, state: str, weight: float) -> float | None:
    if state == "rising" or state in ALARMS:
        return last
    return round(unrest if last is None else last + weight * (unrest - last), 5)


def finding(line: Mapping[str, Any]) -> str:
    """What was seen."""
    if line["state"] == STUCK:
        return "the generator has learned nothing so far: it maps all latents to as good as one sample"
    if line["state"] == COLLAPSED:
        return (
            "the generator collapses (the Helvetica scenario): the diversity of its images fell from"
            f" {line['peak']:.2f} to {line['diversity']:.2f}"
        )
    usual = "" if line["usual"] is None else f", {line['usual']:.0%} as a rule"
    return (
        f"the game has lost its balance: a step now moves the image of a latent by {line['unrest']:.0%} of the"
        f" distance between real images{usual}; a collapse (the Helvetica scenario) mostly follows"
    )


def remedy(line: Mapping[str, Any], config: WatchConfig) -> str:
    """What helps: it depends on who runs ahead of whom."""
    way_back = "; --watch.action rollback goes back and lowers the rates" if not config.rollbacks else ""
    if line["state"] == STUCK:
        return (
            "train anew with a lower --generator.rate and --discriminator.rate, or a larger"
            f" penalty (--penalties.r1.weight){way_back}"
        )
    if line["state"] == UNSTEADY:
        return (
            "the steps are too large: train anew with a lower --generator.rate and"
            f" --discriminator.rate, or fewer --generator-steps{way_back}"
        )
    seen = f"D puts the real image first in {line['accuracy']:.0%} of pairs"
    if line["accuracy"] >= _AHEAD:
        return (
            f"{seen} and is ahead: train anew with a larger penalty (--penalties.r1.weight) or a lower"
            " --discriminator.rate"
        )
    return (
        f"{seen}, G may be ahead: train anew with a lower --generator.rate, or more updates of D (--schedule"
        f" alternating --discriminator-steps 2){way_back}"
    )


def plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures for JSON, which knows no infinity."""
    return {name: round(value, 5) if math.isfinite(value) else None for name, value in figures.items()}
