"""Figure 3: digits along straight lines between points in z space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets import figures
from advnets.measures import total_variation
from advnets.paper.exhibit import Exhibit, Picture, Row
from advnets.paper.rivals import AVERAGED, adversarial
from advnets.paper.workspace import Workspace

_Walks = npt.NDArray[np.uint8]
_LINES, _POINTS = 8, 15


def make(workspace: Workspace) -> Exhibit:
    """Lines between fair draws of z, of the authors' MNIST settings, and how even the way along them is."""
    run = adversarial(workspace, "paper-mnist")
    walks = np.asarray(run.interpolate(_LINES, _POINTS, workspace.seed), np.uint8)
    pixels = pixel_walks(walks)
    figures.save(figures.interpolation(walks, scale=2), workspace.path(".png"), run.step)
    figures.save(figures.interpolation(pixels, scale=2), workspace.path("-pixels.png"), run.step)
    share, even = longest_step(walks), 1 / (_POINTS - 1)
    ours, theirs = midpoint_variation(walks), midpoint_variation(pixels)
    ends, middle, blend = (
        half_gray(each) for each in (walks[:, [0, -1]], walks[:, [_POINTS // 2]], pixels[:, [_POINTS // 2]])
    )
    return Exhibit(
        "Figure 3: straight lines in z space",
        [
            "Each row walks along a straight line from one z to another, both drawn from the prior. Where G has learned"
            " a smooth map, one digit turns into another without a jump, and what lies between is a digit, too, though"
            " no training image had that z.",
            Picture(workspace.path(".png").name, f"{_LINES} lines, not picked, {_POINTS} points each."),
            Picture(workspace.path("-pixels.png").name, "The same ends, and straight lines between them in pixels."),
            f"The longest of a line's {_POINTS - 1} steps is {share:.0%} of its way in pixels, on the average of the"
            f" lines; a jump would be 100%. This measures jumps and nothing else: an untrained G is smooth, too, and a"
            f" walk in pixels has {even:.0%} by construction. But halfway it shows one digit through another: strokes"
            f" of both, in gray. Its midpoints have {theirs:.0%} of their ends' total variation and {blend:.0%}"
            f" half-gray pixels (64 to 191); G's have {ours:.0%} and {middle:.0%}, their ends {ends:.0%}. Whether they"
            " are digits is to be seen in the picture.",
        ],
        [
            Row(
                "longest step, share of a line's way",
                f"{share:.0%} (a walk in pixels: {even:.0%})",
                "smooth",
            ),
            Row("total variation of midpoints, share of their ends'", f"{ours:.0%} (a walk in pixels: {theirs:.0%})"),
            Row("half-gray pixels of midpoints", f"{middle:.0%} (a walk in pixels: {blend:.0%}; the ends: {ends:.0%})"),
        ],
        {
            "longest step": share,
            "midpoints' total variation": {"G": ours, "pixels": theirs},
            "half-gray": {"ends": ends, "G": middle, "pixels": blend},
        },
        [AVERAGED, "Walks in pixels are not in the paper."],
    )


def longest_step(walks: _Walks) -> float:
    """The longest step's share of a line's way in pixels, the mean over lines.

    Args:
        walks: lines x points x C x H x W.
    """
    values = walks.reshape(*walks.shape[:2], -1).astype(np.float64)
    steps = np.linalg.norm(np.diff(values, axis=1), axis=2)
    return float((steps.max(1) / steps.sum(1).clip(1e-9)).mean())


def pixel_walks(walks: _Walks) -> _Walks:
    """Straight lines in pixels between the same ends."""
    share = np.linspace(0, 1, walks.shape[1]).reshape(1, -1, 1, 1, 1)
    return np.rint((1 - share) * walks[:, :1] + share * walks[:, -1:]).astype(np.uint8)


def midpoint_variation(walks: _Walks) -> float:
    """Total variation of the lines' midpoints over that of their ends; `walks` as in `longest_step`."""
    ends = walks[:, [0, -1]].reshape(-1, *walks.shape[2:])
    return total_variation(walks[:, walks.shape[1] // 2], ends).value


def half_gray(images: _Walks) -> float:
    """The share of pixels from 64 to 191."""
    return float(((images >= 64) & (images < 192)).mean())
