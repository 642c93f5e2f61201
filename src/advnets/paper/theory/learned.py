"""A network D against a fixed p_g: how near it comes to D*, and what it proves of the divergence."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from advnets import figures
from advnets.figures import Line, Panel
from advnets.paper.exhibit import Exhibit, Picture, Row, Table
from advnets.paper.theory.densities import DATA, GRID, MADE, SPACING
from advnets.paper.workspace import Workspace
from advnets.theory import criterion, jensen_shannon_divergence, jsd_bound, optimal_discriminator, value
from advnets.theory.learned import fit_discriminator, logits_at


@dataclass(frozen=True)
class Fits:
    """What is fitted, and how: the kept figures depend on it, and on the two densities and their grid."""

    widths: tuple[int, ...] = (1, 2, 4, 8, 32)
    """Units of each of D's two layers."""
    counts: tuple[int, ...] = (100, 1_000, 10_000, 100_000)
    """Samples of each kind."""
    seeds: int = 5
    steps: int = 1500
    rate: float = 1e-2
    confidence: float = 0.95
    most: float = 7.0
    """Where logits are clipped for the bound."""
    thinned: int = 20
    """Points of the grid from one at which D is kept to the next."""


Found = dict[tuple[int, int], list[dict[str, Any]]]
"""The fits of all seeds, by width and number of samples."""

_FULL = Fits()
_QUICK = Fits(widths=(2, 16), counts=(100, 10_000), seeds=1, steps=300)


def section(workspace: Workspace) -> Exhibit:
    """Fits for every capacity and number of samples, with several seeds."""
    fits = _QUICK if workspace.quick else _FULL
    widths, counts, seeds = fits.widths, fits.counts, fits.seeds
    found = _found(workspace, fits)
    p, q = DATA.density(), MADE.density()
    true = jensen_shannon_divergence(p, q, SPACING)
    proving = [count for count in counts if any(fit["slack"] < true for width in widths for fit in found[width, count])]
    _draw(workspace, found, fits, proving, true)
    gaps = [[f"{width} + {width} units", *(_gap(found[width, count]) for count in counts)] for width in widths]
    proofs, broken, all_ = _proofs(found, true)
    optimistic = _median(found[widths[-1], counts[0]], "train")
    return Exhibit(
        "A D that is trained",
        [
            "A real D is a network that has seen finitely many samples. What it gives away of the value is C(G) - V(D,"
            " G) = 2 E_m KL(Bernoulli(D*) || Bernoulli(D)), with m halfway between p_data and p_g: 0 only at D*. Here V"
            " is computed exactly, on the grid, for rectifier networks of two hidden layers trained for"
            f" {fits.steps:,} steps.",
            Picture(
                workspace.path("-learned.png").name,
                "What D gives away, by capacity and samples; D* and what three networks made of it; and what D's value"
                " says of JSD, on its training samples (crosses the true value) and on fresh ones (where these are"
                " enough).",
            ),
            Table(["C(G) - V(D, G), nats", *(f"{count:,} samples" for count in counts)], gaps),
            "With enough samples more capacity is better. With few samples it is no help: a large D learns its samples"
            " by heart and is sure of itself where nothing lies.",
            "Any D, be it the best or not, proves JSD >= (V + log 4) / 2. From n fresh samples of each kind, V is known"
            " up to chance (empirical Bernstein inequality), so that D proves a bound with"
            f" {100 * fits.confidence:g} % confidence. {proofs} of {all_} fits prove more than 0; {broken} of"
            f" these lie above the true JSD, {true:.4f}. With {_idle(fits, proving)} samples nothing can be proved:"
            " what is left to chance is more than JSD. Fits of all widths share their data sets, one for each number of"
            f" samples and seed, so that the proofs are of no more than {len(proving) * seeds} independent data sets.",
            "On its own training samples D's value is no bound at all: the large D with"
            f" {counts[0]} samples claims {optimistic:.3f}. The curve `jsd_bound`, which is logged where D minimizes"
            " cross entropy, is taken on training batches and has this caveat.",
        ],
        _rows(found, fits, proving, true),
        {
            "true JSD": true,
            "more than 0": proofs,
            "of these above": broken,
            "samples that can prove": proving,
            "fits": {f"width {w}, {n} samples": each for (w, n), each in found.items()},
        },
    )


def _rows(found: Found, fits: Fits, proving: list[int], true: float) -> list[Row]:
    best = found[fits.widths[-1], fits.counts[-1]]
    proved = [f"{_median(found[fits.widths[-1], count], 'bound'):.4f}" for count in proving]
    proofs, broken, all_ = _proofs(found, true)
    idle = _idle(fits, proving)
    return [
        Row(
            f"C(G) - V(D, G) of the largest D, {fits.counts[-1]:,} samples",
            f"{_median(best, 'gap'):.1e}",
            "0 (Proposition 1)",
        ),
        Row("fits that prove more than 0", f"{proofs} of {all_}", "", f"with {idle} samples none can"),
        Row(
            "of these, above the true JSD",
            f"{broken} of {proofs}",
            "",
            f"{100 * (1 - fits.confidence):.3g} % may be; widths share data sets",
        ),
        Row(
            "JSD proved by the largest D",
            f"{', '.join(proved)} of {true:.4f} nats",
            "at most JSD (Theorem 1)",
            f"{', '.join(f'{n:,}' for n in proving)} fresh samples of each kind",
        ),
    ]


def _proofs(found: Found, true: float) -> tuple[int, int, int]:
    """How many fits prove more than 0, how many of these more than is true, and how many there are."""
    bounds = [fit["bound"] for each in found.values() for fit in each]
    return sum(bound > 0 for bound in bounds), sum(bound > true for bound in bounds), len(bounds)


def _idle(fits: Fits, proving: list[int]) -> str:
    """With how many samples nothing can be proved."""
    return " or ".join(f"{count:,}" for count in fits.counts if count not in proving)


def _found(workspace: Workspace, fits: Fits) -> Found:
    """For each width and number of samples, the fits of all seeds, kept until anything that they depend on changes."""
    how = {name: value for name, value in dataclasses.asdict(fits).items() if name not in ("widths", "counts")}
    of = [how, repr(DATA), repr(MADE), len(GRID), SPACING]
    return {
        (width, count): workspace.keep(
            f"width-{width}-samples-{count}",
            lambda w=width, n=count: [_fit(w, n, workspace.seed + seed, fits) for seed in range(fits.seeds)],
            of,
        )
        for width in fits.widths
        for count in fits.counts
    }


def _fit(width: int, count: int, seed: int, fits: Fits) -> dict[str, Any]:
    rng = np.random.default_rng([seed, 3, count])
    real, fake, fresh_real, fresh_fake = (each.draw(count, rng) for each in (DATA, MADE, DATA, MADE))
    D = fit_discriminator(real, fake, (width, width), fits.steps, seed, fits.rate)
    p, q = DATA.density(), MADE.density()
    opinion = 1 / (1 + np.exp(-logits_at(D, GRID)))
    proved = jsd_bound(logits_at(D, fresh_real), logits_at(D, fresh_fake), fits.confidence, fits.most)
    return {
        "gap": criterion(p, q, SPACING) - value(opinion, p, q, SPACING),
        "train": jsd_bound(logits_at(D, real), logits_at(D, fake), fits.confidence, fits.most).estimate,
        "bound": proved.low,
        "slack": proved.slack,
        "D": opinion[:: fits.thinned].round(5).tolist(),
    }


def _median(fits: list[dict[str, Any]], name: str) -> float:
    return float(np.median([fit[name] for fit in fits]))


def _gap(fits: list[dict[str, Any]]) -> str:
    gaps = [fit["gap"] for fit in fits]
    spread = f" ({min(gaps):.1e} to {max(gaps):.1e})" if len(gaps) > 1 else ""
    return f"{np.median(gaps):.1e}{spread}"


def _draw(workspace: Workspace, found: Found, fits: Fits, proving: list[int], true: float) -> None:
    widths, counts = fits.widths, fits.counts

    def proofs(label: str, width: int) -> Line:
        return Line(label, proving, [_median(found[width, count], "bound") for count in proving])

    gaps = [
        Line(
            f"{width} + {width} units",
            counts,
            [_median(found[width, count], "gap") for count in counts],
            low=[min(fit["gap"] for fit in found[width, count]) for count in counts],
            high=[max(fit["gap"] for fit in found[width, count]) for count in counts],
        )
        for width in widths
    ]
    pairs = {(widths[0], counts[-1]), (widths[-1], counts[0]), (widths[-1], counts[-1])}
    shapes = [Line("D*", GRID, optimal_discriminator(DATA.density(), MADE.density()), "dotted", color="black")]
    shapes += [
        Line(f"{width} + {width} units, {count:,} samples", GRID[:: fits.thinned], found[width, count][0]["D"])
        for width, count in sorted(pairs)
    ]
    proved = [
        Line(
            "V on its training samples",
            counts,
            [_median(found[widths[-1], count], "train") for count in counts],
            "dashed",
        ),
        proofs(f"proved by {widths[-1]} + {widths[-1]} units, fresh samples", widths[-1]),
        proofs(f"proved by {widths[0]} + {widths[0]} units", widths[0]),
    ]
    figures.panels(
        [
            Panel("C(G) - V(D, G), nats", gaps, "samples of each kind", log_x=True, log_y=True),
            Panel("D* and networks", shapes, "x", y_range=(0, 1.3)),  # room for the legend
            Panel(f"JSD claimed and proved (true: {true:.3f})", proved, "samples of each kind", log_x=True, level=true),
        ],
        workspace.path("-learned.png"),
    )
