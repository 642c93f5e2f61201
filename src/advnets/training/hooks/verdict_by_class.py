"""What the looks at the classes of a conditional game mean: one picture a class, or classes that are all alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from advnets.measures.alarms import COLLAPSED, REPETITIVE, STUCK, UNCONDITIONAL
from advnets.training.hooks.verdict import plain

YOUNG = 0.25
"""Below it a figure never rose: there is nothing to lose."""
FALL, SUDDEN, SOUND = 0.4, 0.15, 0.6
"""A collapse: the smoothed figure is below FALL of its peak, or a single look below SUDDEN of it, while the other one
holds; that is over once both are at SOUND of the peak. Where both fall, the game as a whole collapses, which the other
looks see."""
VAIN, ROUSED, LONG = {"within": 0.02, "between": 0.05}, 2.0, {"steps": 500, "looks": 20}
"""As good as no variety within classes, or between them, after so many steps and looks at the classes, while the other
figure has risen; that is over at ROUSED times as much. Healthy games are above both from their first steps on."""
_WEIGHT = 0.2  # of the newest look in what is smoothed
_ALARMS = {"within": REPETITIVE, "between": UNCONDITIONAL}
_OTHER = {"within": "between", "between": "within"}

_FIRST = {
    "class_looks": 0, "within_smooth": 0.0, "within_peak": 0.0, "between_smooth": 0.0, "between_peak": 0.0,
    "classes": "",
}  # fmt: skip


def carried(last: Mapping[str, Any]) -> dict[str, Any]:
    """What a line has of the classes where they were not looked at: what the last one had."""
    return {name: last.get(name, first) for name, first in _FIRST.items()}


def class_verdict(figures: Mapping[str, float], last: Mapping[str, Any], step: int) -> dict[str, Any]:
    """What a look at the classes after `step` steps means after those before it.

    Args:
        figures: `within` and `between`.
        last: the line before.
        step: of the training.

    Returns:
        Of each figure its exponential average over these looks, `..._smooth`, and the highest of that so far,
        `..._peak`; `class_looks`, how many there were; `classes`: "repetitive" (a class is one picture),
        "unconditional" (G ignores its condition) or empty.
    """
    found = carried(last)
    found["class_looks"] += 1
    for name, value in figures.items():
        smooth = found[f"{name}_smooth"]
        smooth += _WEIGHT * ((value if math.isfinite(value) else 0.0) - smooth)
        found[f"{name}_smooth"] = round(smooth, 5)
        found[f"{name}_peak"] = max(found[f"{name}_peak"], found[f"{name}_smooth"])
    found["classes"] = next((_ALARMS[name] for name in figures if _lost(name, figures, found, step)), "")
    return {**plain(figures), **found}


def with_classes(state: str, found: Mapping[str, Any]) -> str:
    """The state of a line: what the classes say, unless the game as a whole has collapsed."""
    return state if state in (COLLAPSED, STUCK) else found["classes"] or state


def _lost(name: str, figures: Mapping[str, float], found: Mapping[str, Any], step: int) -> bool:
    """Whether a figure has fallen, or never rose, while the other one holds."""
    before = found["classes"] == _ALARMS[name]
    other = _OTHER[name]
    held = found[f"{other}_smooth"] >= max(YOUNG, SOUND * found[f"{other}_peak"])
    smooth, peak = found[f"{name}_smooth"], found[f"{name}_peak"]
    if peak < YOUNG:
        long = step >= LONG["steps"] and found["class_looks"] >= LONG["looks"]
        return held and long and smooth < VAIN[name] * (ROUSED if before else 1)
    smooth_bar, bar = (SOUND, SOUND) if before else (FALL, SUDDEN)
    return held and (smooth < smooth_bar * peak or figures[name] < bar * peak)


def class_finding(line: Mapping[str, Any]) -> str:
    """What was seen."""
    if line["state"] == REPETITIVE:
        return (
            "the generator collapses within its classes: images of a class differ by"
            f" {line['within_smooth']:.0%} of what real ones do, though the classes differ"
        )
    return (
        "the generator ignores its condition: images of one latent vector in different classes differ by"
        f" {line['between_smooth']:.0%} of what real images of different classes do"
    )


def class_remedy(line: Mapping[str, Any]) -> str:
    """What helps."""
    if line["state"] == REPETITIVE:
        return (
            "train anew with lower --generator.rate and --discriminator.rate, a larger penalty (--penalties.r1.weight),"
            " or a longer --latent beside a shorter --embedding"
        )
    return (
        "see that the labels fit the images, and train anew with a longer --embedding or --discriminator.condition"
        " projection"
    )
