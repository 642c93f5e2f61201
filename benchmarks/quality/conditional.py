"""p(x | c) on digits, emoji and photographs: what classes come out, and how various they are within.

    python benchmarks/quality/conditional.py --mnist RUN [--plain RUN] [--emoji RUN] [--cifar10 RUN]

Digits: `advnets train mnist-conditional`, and `advnets train mnist` for --plain; the rest is `advnets train images
--game.kind conditional --data ... --augment color translation`. 1,000 samples a class; the classifier is trained on the
real images and its share of right answers on real test images stands beside. Beside the result lies a labeled grid of
each. What is not named stays in the result as it was. Result: results/conditional.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

import advnets
from advnets import figures
from advnets.figures.labels import by_class
from advnets.runs.run import Run
from benchmarks.machine import machine
from benchmarks.record import record, result_of

MIRZA_OSINDERO = 132.0
"""Parzen of the first conditional net on MNIST, Mirza and Osindero 2014, Table 1: 132 +- 1.8."""


def digits(run: Run, plain: Run | None) -> dict[str, Any]:
    """Accuracy by class, and the measures of all classes beside those of the unconditional recipe."""
    found: dict[str, Any] = {"recipe": run.recipe.name, "steps": run.step, "seconds": run.metrics[-1]["seconds"]}
    accuracy = advnets.evaluate(run, metrics="accuracy", features="classifier").measures["accuracy"]
    found["accuracy"] = {key: accuracy[key] for key in accuracy if key not in ("of", "caveat")}
    for name, each in (("conditional", run), ("plain", plain)):
        if each is not None:
            found[name] = measured(each) | {"recipe": each.recipe.name}
    return found


def measured(run: Run) -> dict[str, float]:
    """Figures of 10,000 samples against the test images."""
    pixels = advnets.evaluate(run).measures
    features = advnets.evaluate(run, metrics="frechet,precision,recall", features="classifier").measures
    return {name: answer["value"] for name, answer in (pixels | features).items()}


def trained(run: Run) -> dict[str, Any]:
    """How far a training came, and the watch's last words on it."""
    looks = [line for line in run.directory.read_watch() if line.get("within") is not None]
    last = {key: looks[-1].get(key) for key in ("diversity", "within", "between", "state")} if looks else {}
    return {"classes": list(run.classes), "steps": run.step, "seconds": run.metrics[-1]["seconds"], **last}


def draw(run: Run, path: Path) -> str:
    """A labeled grid, a row a class."""
    names = run.classes
    figures.save(by_class(np.asarray(run.sample_by_class(columns=12), np.uint8), names), path)
    return path.name


def page(result: dict[str, Any]) -> str:
    """The result in words."""
    lines, keys = list[str](), ("parzen", "total_variation", "frechet", "precision", "recall")
    if (mnist := result.get("mnist")) is not None:
        found = mnist["accuracy"]
        worst = f"{found['worst_share']:.1%} of class {found['worst']}"
        lines.append(
            f"Digits ({mnist['recipe']}, {mnist['steps']:,} steps, {mnist['seconds'] / 60:.0f} minutes): the classifier"
            f" finds the class asked for in {found['value']:.2%} of samples, in {worst} at the least, and that of"
            f" {found['real_accuracy']:.2%} of real test images."
        )
        lines += ["", "| | Parzen | total variation | Frechet | precision | recall |", "|---|---|---|---|---|---|"]
        for name in ("conditional", "plain"):
            if (figure := mnist.get(name)) is not None:
                cells = [f"{figure[key]:.4g}" for key in keys]
                lines.append(f"| {figure['recipe']} | {' | '.join(cells)} |")
        lines += ["", f"The first conditional net has {MIRZA_OSINDERO:g} nats (Mirza and Osindero 2014, Table 1)."]
    for name in ("mnist", "emoji", "cifar10"):
        if (found := result.get(name)) is not None:
            lines += ["", f"![{name} by class](quality/results/{found['picture']})"]
            if name != "mnist":
                how = f"the watch: {found['state']}, within {found['within']}, between {found['between']}"
                lines += ["", f"{name}: {found['steps']:,} steps, {found['seconds']:,.0f} s; {how}."]
    return "\n".join(lines)


def before(path: Path) -> dict[str, Any]:
    """What the result has of runs that are not measured now."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {name: known[name] for name in ("mnist", "emoji", "cifar10") if name in known}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("mnist", "plain", "emoji", "cifar10"):
        parser.add_argument(f"--{name}", type=Path, metavar="RUN")
    options = parser.parse_args()
    runs = {name: advnets.load(path) for name, path in vars(options).items() if path is not None}
    path = result_of(__file__)
    result = before(path) | {"machine": machine()}
    for name in ("mnist", "emoji", "cifar10"):
        if name in runs:
            found = digits(runs[name], runs.get("plain")) if name == "mnist" else trained(runs[name])
            result[name] = found | {"picture": draw(runs[name], path.parent / f"conditional-{name}.png")}
    record(path, result)
    print(page(result))


if __name__ == "__main__":
    main()
