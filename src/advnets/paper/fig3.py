"""Figure 3: digits along straight lines between points in z space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets import figures
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row
from advnets.paper.rivals import adversarial

_LINES, _POINTS = 8, 15


def make(bench: Bench) -> Exhibit:
    """Lines between fair draws of z, of the authors' MNIST settings, and how even the way along them is."""
    run = adversarial(bench, "paper-mnist")
    walks = np.asarray(run.interpolate(_LINES, _POINTS, bench.seed), np.uint8)
    figures.save(figures.interpolation(walks, scale=2), bench.path(".png"), run.step)
    share = longest_step(walks)
    return Exhibit(
        "Figure 3: straight lines in z space",
        [
            "Each row walks along a straight line from one z to another, both drawn from the prior. Where G has learned"
            " a smooth map, one digit turns into another without a jump, and what lies between is a digit, too, though"
            " no training image had that z.",
            Picture(bench.path(".png").name, f"{_LINES} lines, not picked, {_POINTS} points each."),
            f"The longest of a line's {_POINTS - 1} steps is {100 * share:.0f} % of its way in pixels, on the average"
            f" of the lines; a jump would be 100 %, an even walk {100 / (_POINTS - 1):.0f} %.",
        ],
        [
            Row(
                "longest step, share of a line's way",
                f"{100 * share:.0f} %",
                "smooth",
                f"an even walk has {100 / (_POINTS - 1):.0f} %",
            )
        ],
        {"longest step": share},
    )


def longest_step(walks: npt.NDArray[np.uint8]) -> float:
    """The longest step's share of a line's way in pixels, the mean over lines.

    Args:
        walks: lines x points x C x H x W.
    """
    values = walks.reshape(*walks.shape[:2], -1).astype(np.float64)
    steps = np.linalg.norm(np.diff(values, axis=1), axis=2)
    return float((steps.max(1) / steps.sum(1).clip(1e-9)).mean())
