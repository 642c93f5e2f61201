"""Draw the pictures of the README and the docs anew, from runs: `make docs`.

Needs runs/quickstart (made by `make quickstart`); with --paper RUN also the curve and pictures of `paper-mnist`:
its checkpoints are measured one by one (train it with --keep-checkpoints 1000). With --cifar RUN... samples and curves
of the reduced CIFAR-10 models: what they make, no image of CIFAR-10 itself, which states no licence.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

import advnets
from advnets import figures
from advnets.data import open_table
from advnets.evaluation.report import write_report
from advnets.measures import nearest, parzen, total_variation
from advnets.runs import checkpoint
from advnets.runs.run import Run

HERE = Path(__file__).parent.parent / "docs" / "pictures"
PAPER_PARZEN, PAPER_ERROR = 225, 2


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quickstart", type=Path, default=Path("runs/quickstart"))
    parser.add_argument("--paper", type=Path)
    parser.add_argument("--cifar", type=Path, nargs="+", default=())
    args = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    if args.quickstart.exists():
        digits(advnets.load(args.quickstart))
    if args.paper is not None:
        paper(args.paper)
    for path in args.cifar:
        cifar(advnets.load(path))


def digits(run: Run) -> None:
    """The README's picture: fair random draws, ten by twenty."""
    figures.save(figures.grid(run.sample(200), columns=20, scale=2), HERE / "mnist.png")
    for name in ("neighbors.png", "interpolation.png"):
        if (run.path / name).exists():
            shutil.copy(run.path / name, HERE / f"mnist-{name}")


def cifar(run: Run) -> None:
    """Figure 2 c or d without its last column, and the course of the training."""
    figures.save(figures.grid(run.sample(60), columns=15, scale=2), HERE / f"{run.recipe.name}.png")
    shutil.copy(run.path / "curves.png", HERE / f"{run.recipe.name}-curves.png")


def paper(path: Path) -> None:
    """`paper-mnist`: Parzen and total variation of every kept checkpoint, the curve, Figures 2 and 3."""
    run = advnets.load(path)
    table = open_table("mnist")
    rows = [measured(run, step, table) for step in checkpoint.steps(run.directory.checkpoints)]
    rows[-1] |= finely(run, table)
    (HERE / "paper-mnist.json").write_text(json.dumps(rows, indent=1) + "\n")
    curve(rows)
    samples = run.sample(80)
    train = table.values[table.rows("train")]
    figures.save(figures.grid(run.sample(200), columns=20, scale=2), HERE / "paper-mnist-samples.png")
    picture = figures.neighbors(samples, train, nearest(samples, train)[0][:, 0], 10)
    figures.save(picture, HERE / "paper-mnist-neighbors.png")
    figures.save(figures.interpolation(run.interpolate()), HERE / "paper-mnist-interpolation.png")
    figures.curves(run.metrics, HERE / "paper-mnist-curves.png")
    write_report(run)


def measured(run: Run, step: int, table: advnets.data.ImageTable) -> dict[str, float]:
    """The averaged and the raw generator of one checkpoint against MNIST's test set."""
    at = Run(run.path, step=step)
    test, valid = table.values[table.rows("test")], table.values[table.rows("valid")[:1000]]  # as `evaluate` does
    row: dict[str, float] = {"step": step, "epoch": step / 500}
    for name, samples in (("average", at.sample(10_000, seed=1)), ("raw", at.sample(10_000, seed=1, averaged=False))):
        answer = parzen(samples, test, valid)
        row |= {
            f"{name}_parzen": answer.value,
            f"{name}_standard_error": answer.standard_error,
            f"{name}_sigma": answer.details["sigma"],
            f"{name}_total_variation": total_variation(samples, test).value,
        }
    print(row, flush=True)
    return row


def finely(run: Run, table: advnets.data.ImageTable) -> dict[str, float]:
    """The last checkpoint again, with sigma chosen among 29 instead of the authors' ten."""
    test, valid = table.values[table.rows("test")], table.values[table.rows("valid")[:1000]]
    row: dict[str, float] = {}
    for name, averaged in (("average", True), ("raw", False)):
        answer = parzen(run.sample(10_000, 1, averaged), test, valid, sigmas=np.linspace(0.12, 0.26, 29))
        row |= {
            f"{name}_fine_parzen": answer.value,
            f"{name}_fine_standard_error": answer.standard_error,
            f"{name}_fine_sigma": answer.details["sigma"],
        }
    return row


def curve(rows: list[dict[str, float]]) -> None:
    """Parzen log-likelihood and total variation over the training, with the paper's figure."""
    from matplotlib.figure import Figure

    epochs = np.array([row["epoch"] for row in rows])
    figure = Figure(figsize=(9, 3.4), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, color in (("average", "tab:green"), ("raw", "tab:gray")):
        left.plot(epochs, [row[f"{name}_parzen"] for row in rows], color=color, label=f"{name} generator")
        right.plot(epochs, [row[f"{name}_total_variation"] for row in rows], color=color)
    left.axhspan(PAPER_PARZEN - PAPER_ERROR, PAPER_PARZEN + PAPER_ERROR, color="tab:blue", alpha=0.2)
    left.axhline(PAPER_PARZEN, color="tab:blue", label="the paper, 225 ± 2")
    left.set(xlabel="epoch", title="Parzen log-likelihood, MNIST test, nats")
    right.axhline(1.0, color="black", linewidth=0.8, linestyle=":")
    right.set(xlabel="epoch", title="total variation, relative to real images")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "paper-mnist-curve.png")


if __name__ == "__main__":
    main()
