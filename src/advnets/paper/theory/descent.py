"""Proposition 2: p_g itself follows the gradient, with D at D* in every step, and comes to p_data."""

from __future__ import annotations

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.exhibit import Exhibit, Picture, Row
from advnets.paper.theory.densities import DATA, GRID, SPACING, Mixture
from advnets.paper.workspace import Workspace
from advnets.theory import Descent, descend, kl_divergence
from advnets.theory.divergences import Values

_RATE = 0.1
_STARTS = {
    "far to the left": Mixture((-4.0,), (0.8,)),
    "narrow": Mixture((1.0,), (0.3,)),
    "wide": Mixture((0.0,), (4.0,)),
}
_SHOWN = (0, 5, 20, 80)


def section(workspace: Workspace) -> Exhibit:
    """The way from three starts."""
    steps = 100 if workspace.quick else 400
    p = DATA.density()
    starts = {name: start.density() for name, start in _STARTS.items()}
    descents = {name: descend(p, start, steps, _RATE, SPACING) for name, start in starts.items()}
    _draw(workspace, p, starts["far to the left"], descents)
    rise = max(0.0, *(float(np.diff(descent.divergences).max()) for descent in descents.values()))
    note = "rounding" if 0 < rise < 1e-15 else ""
    promised = {
        name: kl_divergence(p, start, SPACING) / (2 * _RATE * np.arange(1, steps + 1)) for name, start in starts.items()
    }
    share = max(float((descents[name].divergences[1:] / promised[name]).max()) for name in starts)
    ends = {name: float(descent.divergences[-1]) for name, descent in descents.items()}
    return Exhibit(
        "Proposition 2",
        [
            "With D at its optimum in every step and small enough updates of p_g, p_g converges to p_data. Here p_g is"
            " no network: it is free in every cell of the grid and follows the gradient of max_D V, log(1 - D*), in the"
            " geometry of distributions (mirror descent). The value is convex in p_g, so that any start will do that is"
            " positive where p_data is.",
            Picture(
                workspace.path("-descent.png").name,
                f"p_g after 0 to {_SHOWN[-1]} steps from a start far to the left; JSD and total variation distance to"
                " p_data at each step, from three starts.",
            ),
            f"In no step did the divergence rise by more than {rise:.1g}{note and f' ({note})'}. The convexity promises"
            f" that after k steps it is at most KL(p_data || start) / (2 k {_RATE:g}); over all k and all starts it was"
            f" at most {share:.2g} of that. With a network in the place of p_g nothing of this is promised: the paper"
            " says so.",
        ],
        [
            Row(
                f"JSD after {steps} steps, three starts",
                ", ".join(f"{each:.1e}" for each in ends.values()),
                "converges to 0",
            ),
            Row("largest rise of JSD in a step", f"{rise:.1g}", "0 (small steps)", note),
            Row("largest JSD after k steps / (KL(p_data || start) / (2 k rate))", f"{share:.2g}", "at most 1"),
        ],
        {
            "steps": steps, "rate": _RATE, "JSD at the end": ends, "largest rise": rise,
            "largest share of what is promised": share,
            "JSD": {name: descent.divergences.tolist() for name, descent in descents.items()},
            "total variation distance": {name: descent.distances.tolist() for name, descent in descents.items()},
        },
    )  # fmt: skip


def _draw(workspace: Workspace, p: Values, start: Values, descents: dict[str, Descent]) -> None:
    moments = [Line("p_data", GRID, p, "dotted", color="black")]
    moments += [Line(f"p_g, step {step}", GRID, descend(p, start, step, _RATE, SPACING).p_g) for step in _SHOWN]
    steps = np.arange(len(next(iter(descents.values())).divergences))
    shown = [
        Panel("p_g comes to p_data", moments, "x"),
        Panel(
            "JSD(p_data || p_g), nats",
            [Line(name, steps, np.maximum(descent.divergences, 1e-17)) for name, descent in descents.items()],
            "step",
            log_y=True,
        ),
        Panel(
            "Total variation distance",
            [Line(name, steps, np.maximum(descent.distances, 1e-17)) for name, descent in descents.items()],
            "step",
            log_y=True,
        ),
    ]
    figures.panels(shown, workspace.path("-descent.png"))
