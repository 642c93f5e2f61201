"""Maximum likelihood is minimizing KL(p_data || p_G): the course notes' derivation, in numbers."""

from __future__ import annotations

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.exhibit import Exhibit, Picture, Row
from advnets.paper.theory.densities import DATA, GRID, SPACING, Mixture
from advnets.paper.workspace import Workspace
from advnets.theory import cross_entropy, entropy, jensen_shannon_divergence, kl_divergence
from advnets.theory.divergences import Values

_DEVIATION = 0.9


def section(workspace: Workspace) -> Exhibit:
    """A Gaussian of fixed width is fitted to data by its mean: likelihood and divergence have one minimum."""
    means = np.linspace(-2.5, 2.5, 41 if workspace.quick else 201)
    count = 2_000 if workspace.quick else 20_000
    samples = DATA.draw(count, np.random.default_rng([workspace.seed, 2]))
    p = DATA.density()
    models = [Mixture((float(mean),), (_DEVIATION,)).density() for mean in means]
    kl = np.array([kl_divergence(p, q, SPACING) for q in models])
    reverse = np.array([kl_divergence(q, p, SPACING) for q in models])
    jsd = np.array([jensen_shannon_divergence(p, q, SPACING) for q in models])
    cost = np.array([_cost(samples, float(mean)) for mean in means])
    identity = max(
        abs(cross_entropy(p, q, SPACING) - entropy(p, SPACING) - each) for q, each in zip(models, kl, strict=True)
    )
    chance = float(np.abs(cost - entropy(p, SPACING) - kl).max())
    _draw(workspace, means, cost - entropy(p, SPACING), kl, reverse, jsd)
    at = {name: float(means[np.argmin(each)]) for name, each in
          {"likelihood": cost, "KL": kl, "reverse KL": reverse, "JSD": jsd}.items()}  # fmt: skip
    return Exhibit(
        "Maximum likelihood is minimizing a divergence",
        [
            "The mean of -log p_G(x) over samples of p_data estimates the cross entropy H(p_data, p_G) = S(p_data) +"
            " KL(p_data || p_G). The entropy S(p_data) does not depend on G; so whoever raises the likelihood of the"
            " data lowers KL(p_data || p_G), and both are at their best at the same G. (One of the course notes"
            " misprints KL as S + H; it is H - S.)",
            Picture(
                workspace.path("-likelihood.png").name,
                f"A Gaussian of width {_DEVIATION} with its mean moved over data of two modes. Left: {count:,} samples'"
                " mean cost less the data's entropy lies on KL(p_data || p_G). Right: other divergences have their"
                " lowest points elsewhere.",
            ),
            f"The likelihood is best at a mean of {at['likelihood']:.2f}, KL(p_data || p_G) at {at['KL']:.2f}: between"
            f" the modes, for likelihood must cover all the data. KL(p_G || p_data), best at {at['reverse KL']:.2f},"
            f" chooses a mode; the game's JSD is best at {at['JSD']:.2f}.",
        ],
        [
            Row("largest |H(p, q) - S(p) - KL(p || q)|", f"{identity:.1e}", "0 (course notes)"),
            Row(
                "best mean by likelihood, by KL(p_data || p_G)",
                f"{at['likelihood']:.3f}, {at['KL']:.3f}",
                "the same",
                f"{count:,} samples: their chance is {chance:.3f} nats at most",
            ),
        ],
        {"best means": at, "identity": identity, "samples": count, "largest difference of the samples' cost": chance},
    )


def _cost(samples: Values, mean: float) -> float:
    """Mean of -log p_G(x), nats."""
    squares = ((samples - mean) / _DEVIATION) ** 2
    return float(squares.mean()) / 2 + np.log(_DEVIATION * np.sqrt(2 * np.pi))


def _draw(workspace: Workspace, means: Values, cost: Values, kl: Values, reverse: Values, jsd: Values) -> None:
    points = slice(None, None, max(1, len(means) // 20))
    likelihood = Panel(
        "Likelihood and KL",
        [
            Line("KL(p_data || p_G)", means, kl),
            Line("mean of -log p_G(x), less S(p_data)", means[points], cost[points], "points"),
        ],
        "mean of p_G",
        "nats",
        y_range=(0, float(np.quantile(kl, 0.9))),
    )
    others = Panel(
        "Other divergences",
        [
            Line("KL(p_data || p_G)", means, kl),
            Line("KL(p_G || p_data)", means, reverse),
            Line("JSD x 4", means, 4 * jsd),
        ],
        "mean of p_G",
        y_range=(0, float(np.quantile(kl, 0.9))),
    )
    density = Panel(
        "Their best Gaussians",
        [
            Line("p_data", GRID, DATA.density(), "dotted", color="black"),
            *(
                Line(name, GRID, Mixture((float(means[np.argmin(each)]),), (_DEVIATION,)).density())
                for name, each in {"KL(p_data || p_G)": kl, "KL(p_G || p_data)": reverse, "JSD": jsd}.items()
            ),
        ],
        "x",
    )
    figures.panels([likelihood, others, density], workspace.path("-likelihood.png"))
