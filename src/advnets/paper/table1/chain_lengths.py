"""What becomes of Table 1's rivals as their chains go on: the measure and the sharpness after so many steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advnets import figures
from advnets.data import ImageTable
from advnets.evaluation.evaluate import evaluate
from advnets.figures import Line, Panel
from advnets.paper.exhibit import Exhibit, Picture, Table
from advnets.paper.rivals import KEYS, Made, chain_steps, rival_models, sample_count, settings
from advnets.paper.workspace import Workspace


def along(workspace: Workspace, table: ImageTable, ends: Mapping[str, tuple[float, float]], real: float) -> Exhibit:
    """Parzen and total variation of each rival's samples after fewer steps than Table 1's.

    Args:
        workspace: where they are kept.
        table: the images.
        ends: by a rival's name, both measures of the samples of Table 1, in nats and relative to real images.
        real: the Parzen estimate of as many real images, in nats.
    """
    lengths = {
        name: {steps: _after(workspace, table, name, draw, steps) for steps in _looks(workspace)}
        | {chain_steps(workspace): ends[name]}
        for name, draw in rival_models(workspace, table).items()
    }
    target = workspace.path("-chains.png")
    figures.panels(
        [
            _panel("Parzen log-likelihood, nats (thin: real images)", lengths, 0, real),
            _panel("Total variation over real images'", lengths, 1, 1.0),
        ],
        target,
    )
    return Exhibit(
        "Along the rivals' chains",
        [
            "A rival's sample is the end of a Markov chain that begins at independent pixels; none of the chains is at"
            " equilibrium after so few steps ([Table 2](table2.md)), so that the row of each depends on how long they"
            " are. What each shows is no image that it drew but the probabilities of the pixels, which are smooth:"
            " where total variation is below 1, Parzen is helped by blur and not by more likely images.",
            _table(lengths),
            Picture(target.name, f"The same chains, {sample_count(workspace):,} of each, after so many steps."),
        ],
        figures={name: {str(steps): found for steps, found in by_steps.items()} for name, by_steps in lengths.items()},
    )


def _table(lengths: Mapping[str, Mapping[int, tuple[float, float]]]) -> Table:
    steps = list(next(iter(lengths.values())))
    cells = [[f"{nats:.0f} at {variation:.2f}" for nats, variation in each.values()] for each in lengths.values()]
    headings = ["nats at total variation after", *(f"{each} steps" for each in steps)]
    return Table(headings, [[name, *row] for name, row in zip(lengths, cells, strict=True)])


def _looks(workspace: Workspace) -> tuple[int, ...]:
    return (5,) if workspace.quick else (10, 30, 100)


def _after(
    workspace: Workspace, table: ImageTable, name: str, draw: Callable[[int], Made], steps: int
) -> tuple[float, float]:
    def compute() -> list[float]:
        samples = draw(steps).samples
        found = evaluate(samples, table, ["parzen", "total_variation"], len(samples)).results
        return [found["parzen"].value, found["total_variation"].value]

    def check(kept: Any) -> None:
        if not (isinstance(kept, list) and len(kept) == 2 and all(isinstance(each, float) for each in kept)):
            raise ValueError(f"{name} after {steps} steps: not two figures")

    nats, variation = workspace.keep(
        f"{KEYS[name]}-after-{steps}", compute, [settings(KEYS[name]), sample_count(workspace)], check
    )
    return nats, variation


def _panel(title: str, lengths: Mapping[str, Mapping[int, tuple[float, float]]], which: int, level: float) -> Panel:
    lines = [
        Line(name, list(by_steps), [each[which] for each in by_steps.values()]) for name, by_steps in lengths.items()
    ]
    return Panel(title, lines, "steps from a random start", log_x=True, level=level)
