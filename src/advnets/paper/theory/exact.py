"""Proposition 1 and Theorem 1: the best D, and what the game is about once D is the best."""

from __future__ import annotations

import math

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.exhibit import Exhibit, Picture, Row
from advnets.paper.theory.densities import DATA, GRID, MADE, SPACING
from advnets.paper.workspace import Workspace
from advnets.theory import criterion, jensen_shannon_divergence, optimal_discriminator, value
from advnets.theory.divergences import Values

_NEAR = (1e-3, 1e-2, 0.1, 1.0)  # deviations of the noise on the logits of D*
_WRONG = 1.1
_PAIRS, _QUICK_PAIRS = 10_000, 200
_OUTCOMES = (2, 50)  # from, to
_IMPOSSIBLE = 0.2  # of the outcomes of each distribution
_GAMMA = 0.5  # shape of the law of the outcomes' weights: the smaller, the more unequal
_ROUNDING = 1e-12


def section(workspace: Workspace) -> Exhibit:
    """Both, on random pairs of distributions and on two densities."""
    found = _found(workspace)
    p, q = DATA.density(), MADE.density()
    best = optimal_discriminator(p, q)
    shares = np.linspace(0, 1, 101)
    mixed = [(1 - share) * q + share * p for share in shares]
    _draw(workspace, p, q, best, shares, mixed)
    return Exhibit(
        "Proposition 1 and Theorem 1",
        [
            "Against a fixed generator the best discriminator is D*(x) = p_data(x) / (p_data(x) + p_g(x)): at each x it"
            " says which share of what lies there is real. Put into the game's value it gives"
            " C(G) = -log 4 + 2 JSD(p_data || p_g), lowest where p_g = p_data; there D* is 1/2 everywhere.",
            Picture(
                workspace.path("-best.png").name,
                "Two densities and the best D between them; what other opinions than D* cost at three places; and C(G)"
                " beside -log 4 + 2 JSD while p_g turns into p_data.",
            ),
            f"On {found['pairs']:,} random pairs of distributions over {_OUTCOMES[0]} to {_OUTCOMES[1]} outcomes, zeros"
            " among them, C(G) computed from D* itself and -log 4 + 2 JSD computed from the divergence differ by"
            f" {found['identity']:.1e} at most. Of {found['perturbed']:,} other discriminators, whose logits are those"
            f" of D* with noise of a deviation of {_NEAR[0]:g} to {_NEAR[-1]:g}, {found['better'] or 'none'} had a"
            f" higher value than D*. (Around p_data / (p_data + {_WRONG:g} p_g), which is not the best,"
            f" {found['better than a wrong D']:,} of as many have a higher value than that.)",
        ],
        [
            Row("C(G) where p_g = p_data", f"{criterion(p, p, SPACING):.6f}", f"-log 4 = {-math.log(4):.6f}"),
            Row("largest |C(G) - (-log 4 + 2 JSD)| of random pairs", f"{found['identity']:.1e}", "0 (Theorem 1)"),
            Row("discriminators better than D*", f"{found['better']} of {found['perturbed']:,}", "0 (Proposition 1)"),
        ],
        found,
    )


def _found(workspace: Workspace) -> dict[str, float | int]:
    """Both on random pairs, kept until anything that they depend on changes."""
    pairs = _QUICK_PAIRS if workspace.quick else _PAIRS
    of = [pairs, _NEAR, _WRONG, _OUTCOMES, _IMPOSSIBLE, _GAMMA, _ROUNDING]
    return workspace.keep("random-pairs", lambda: on_random_pairs(pairs, workspace.seed), of)


def on_random_pairs(pairs: int, seed: int) -> dict[str, float | int]:
    """How far Theorem 1 is off on random pairs of distributions, and whether a D near D* is better than D*.

    Args:
        pairs: how many.
        seed: of distributions and perturbed discriminators.

    Returns:
        `identity`, the largest |C(G) - (-log 4 + 2 JSD)|; `better`, how many of `perturbed` ones near D* have a higher
        value; `better than a wrong D`, how many of as many near a D that is not D* have a higher value than that.
    """
    rng = np.random.default_rng([seed, 1])
    worst, better, control = 0.0, 0, 0
    for _ in range(pairs):
        size = int(rng.integers(_OUTCOMES[0], _OUTCOMES[1] + 1))
        p, q = _random_distribution(rng, size), _random_distribution(rng, size)
        worst = max(worst, abs(criterion(p, q) - (-math.log(4) + 2 * jensen_shannon_divergence(p, q))))
        better += _better_near(optimal_discriminator(p, q), p, q, rng)
        control += _better_near(optimal_discriminator(p, _WRONG * q), p, q, rng)
    return {
        "pairs": pairs,
        "identity": worst,
        "better": better,
        "better than a wrong D": control,
        "perturbed": pairs * len(_NEAR),
    }


def _better_near(D: Values, p: Values, q: Values, rng: np.random.Generator) -> int:
    """How many discriminators near D have a higher value than D; D is NaN where it does not matter."""
    from scipy.special import expit, logit

    opinion = np.nan_to_num(D, nan=0.5)
    reached = value(opinion, p, q) + _ROUNDING
    perturbed = [expit(logit(opinion) + size * rng.normal(size=D.shape)) for size in _NEAR]
    return sum(value(each, p, q) > reached for each in perturbed)


def _random_distribution(rng: np.random.Generator, size: int) -> Values:
    """Some outcomes of which are impossible, and none so rare that 1 - D* would round to 0."""
    weights = rng.gamma(_GAMMA, size=size) * (rng.uniform(size=size) > _IMPOSSIBLE)
    weights[weights < 1e-9] = 0
    weights[rng.integers(size)] += 1e-3
    return weights / weights.sum()


def _draw(workspace: Workspace, p: Values, q: Values, best: Values, shares: Values, mixed: list[Values]) -> None:
    densities = Panel(
        "The best discriminator",
        [
            Line("p_data", GRID, p, "dotted", color="black"),
            Line("p_g", GRID, q, color="#3d8f5f"),
            Line("D*", GRID, best, "dashed", color="#2b6ca3"),
        ],
        "x",
    )
    opinions = np.linspace(0.005, 0.995, 199)
    places = [int(np.argmin(np.abs(GRID - x))) for x in (-1.5, -0.4, 1.2)]
    losses = [
        Line(
            f"x = {GRID[i]:.1f}, D* = {best[i]:.2f}",
            opinions,
            p[i] * np.log(opinions) + q[i] * np.log(1 - opinions),
        )
        for i in places
    ]
    values = Panel("p_data log D + p_g log(1 - D)", losses, "D(x)", y_range=(-1.2, 0.0))
    values_of = [
        Line("C(G), from D*", shares, [criterion(p, each, SPACING) for each in mixed]),
        Line(
            "-log 4 + 2 JSD",
            shares[::10],
            [-math.log(4) + 2 * jensen_shannon_divergence(p, each, SPACING) for each in mixed[::10]],
            "points",
        ),
    ]
    mixture = Panel("p_g turns into p_data", values_of, "share of p_data in p_g", level=-math.log(4))
    figures.panels([densities, values, mixture], workspace.path("-best.png"))
