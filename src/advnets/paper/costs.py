"""The tutorial's comparison of the generator's costs as functions of D(G(z)): Goodfellow 2016, figure 16."""

from __future__ import annotations

import numpy as np
import torch

from advnets import figures
from advnets.figures import Line, Panel
from advnets.games.costs import LARGEST_EXPONENT
from advnets.games.objectives import objective
from advnets.paper.exhibit import Exhibit, Picture, Row, Table
from advnets.paper.workspace import Workspace
from advnets.theory.divergences import Values

NAMES = ("minimax", "non-saturating", "maximum-likelihood")
_AT = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99)


def cost_at(name: str, opinion: float) -> tuple[float, float]:
    """The generator's cost of a single fake with D(G(z)) = `opinion`, and its slope with respect to D's logit.

    Args:
        name: of an objective whose D is a probability.
        opinion: D(G(z)), in (0, 1).

    Returns:
        J(G), of the fakes' part alone (what D says of real images is a constant to G), and dJ(G)/df.
    """
    chosen = objective(name)
    logit = torch.logit(torch.tensor([opinion], dtype=torch.float64))
    certain = torch.full((1,), 1e3, dtype=torch.float64)  # real images, of which D is sure: log D(x) is 0
    return float(chosen.generator(certain, logit)), float(chosen.generator_gradient(certain, logit))


def make(workspace: Workspace) -> Exhibit:
    """Costs and slopes on a grid of D(G(z)), their picture and what it shows."""
    grid = np.concatenate([np.logspace(-3, -1, 60), np.linspace(0.1, 0.995, 120)[1:]])
    found = {name: np.array([cost_at(name, float(d)) for d in grid]).T for name in NAMES}
    _draw(workspace, grid, found)
    at = {name: {str(d): cost_at(name, d) for d in _AT} for name in NAMES}
    slopes = [[name, *(f"{at[name][str(d)][1]:.3g}" for d in _AT)] for name in NAMES]
    saturated, strong = 2 * at["minimax"]["0.01"][1], at["non-saturating"]["0.01"][1]  # both without a factor 1/2
    share = strong / saturated
    return Exhibit(
        "Three costs of the generator",
        [
            "Early in a game D tells fakes apart with ease: D(G(z)) is near 0, at the left of each panel. What G can"
            " learn from a fake is the slope of its cost there: how much less it would pay if D's logit rose a little.",
            Picture(workspace.path(".png").name, "Each cost as a function of D(G(z)), and its slope in D's logit."),
            Table(["dJ(G) / df at D(G(z)) =", *(f"{d:g}" for d in _AT)], slopes),
            "**Minimax** is the game of Theorem 1: log(1 - D(G(z))), here with the tutorial's factor 1/2. Its slope is"
            " -D/2: it vanishes where D is sure of its fakes, so that a bad generator learns nothing. This is"
            " saturation.",
            f"**Non-saturating**, -log D(G(z)), has the slope -(1 - D): strongest exactly there, {share:,.0f} times"
            " that of log(1 - D(G(z))) at D(G(z)) = .01, where both have no factor 1/2, as in the paper, or both have"
            " it, as in the tutorial. It has the same fixed point; the paper proposes it in section 3.",
            "**Maximum likelihood**, -exp(f(G(z))), gives G the gradient of KL(p_data || p_g) where D is at its best."
            " As steep on the right as it is flat on the left: nearly all of the gradient comes from the few fakes that"
            " D takes for real, and bad fakes are not told how to become better.",
            f"As trained here: above a logit of {LARGEST_EXPONENT:g} its exponential goes on along its tangent, so that"
            " nothing overflows; of the tutorial's factors 1/2 only that of the minimax cost is there, as the authors'"
            " non-saturating cost has none.",
        ],
        [
            Row("slope of log(1 - D(G(z))) at D(G(z)) = .01", f"{saturated:.2f}", "it saturates", "no factor 1/2"),
            Row("slope of -log D(G(z)) there", f"{strong:.2f}", "much stronger", f"{share:,.0f} times; no factor 1/2"),
        ],
        {"at": at, "slope ratio at .01": share},
        [
            "The figure is the tutorial's of 2016, which draws costs; slopes are ours.",
            "The two slopes compared have no factor 1/2, as in the paper; the tutorial's minimax cost has it.",
            f"Above a logit of {LARGEST_EXPONENT:g} the exponential of maximum likelihood goes on along its tangent.",
        ],
    )


def _draw(workspace: Workspace, grid: Values, found: dict[str, Values]) -> None:
    costs = Panel(
        "Cost of a fake, J(G)", [Line(name, grid, found[name][0]) for name in NAMES], "D(G(z))", y_range=(-20, 8)
    )
    slopes = Panel(
        "What G learns from it: |dJ(G) / df|",
        [Line(name, grid, np.abs(found[name][1])) for name in NAMES],
        "D(G(z))",
        log_x=True,
        log_y=True,
    )
    figures.panels([costs, slopes], workspace.path(".png"))
