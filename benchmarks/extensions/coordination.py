"""Ways of coordinating G and D by time to quality, and what truncation and rejection of samples buy and cost.

    python benchmarks/extensions/cells.py coordination
    python benchmarks/extensions/coordination.py [WORK]    (writes the tables of docs/extensions/coordination.md anew)

The `mnist` recipe's game with small networks, about a tenth of its units, twice its rates and few steps. In a cell the
recipe's own way and some others train side by side in one process, fifty steps each in turn, so that whatever else the
machine does meets them alike. Seconds are of the processor, one thread, and of the steps alone: measuring does not
count. Quality is the Frechet distance of samples of the averaged generator to MNIST's test images in the features of
the package's own classifier.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

import advnets
from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import Table, open_data
from advnets.figures.plots import new_figure, save_figure, tidy
from advnets.files import write_whole
from advnets.measures.features import extractor_for
from advnets.measures.features.cache import cached_features
from advnets.measures.features.extractor import extract_all
from advnets.measures.frechet import GaussianStatistics, frechet_distance
from advnets.measures.manifold import manifold
from advnets.runs.run import Run
from advnets.training.trainer import Trainer
from benchmarks.extensions.cells import WORK, Cell, kept, processor_seconds, trained

SMALL = {
    "generator.hidden": [128, 128], "discriminator.units": [32, 32], "device": "cpu", "precision": "float32",
    "watch.action": "off", "log_every": 100, "sample_every": 0, "checkpoint_every": 500, "generator.rate": 2e-3,
    "discriminator.rate": 2e-3,
}  # fmt: skip
CONVOLUTIONAL = {
    "generator.base": 8, "discriminator.base": 8, "steps": 1200, "device": "cpu", "precision": "float32",
    "watch.action": "off", "log_every": 100, "sample_every": 0, "checkpoint_every": 200,
}  # fmt: skip
RECIPES = "the recipe's"
WAYS: dict[str, dict[str, Any]] = {
    RECIPES: {},
    "D's rate twice G's": {"discriminator.rate": 4e-3},
    "G's rate twice D's": {"generator.rate": 4e-3},
    "top half of the fakes": {"top_share": 0.5},
    "alternating, k = 1": {"schedule": "alternating"},
    "adaptive k, 1 to 4": {"schedule": "alternating", "most_discriminator_steps": 4},
    "a quarter of old fakes": {"replayed": 0.25},
    "latent optimization": {"latent_step": 0.9},
    "latent optimization, second order": {"latent_step": 0.9, "second_order": True},
    "batches from 50 to 200": {"batch": 50, "final_batch": 200},
}
"""What is tried: changes of the recipe."""
GROUPS = {"rates": (1, 2, 3, 6, 9), "updates": (4, 5, 7, 8)}
"""Ways that are tried side by side, each group beside the recipe's own."""
SEEDS, STEPS, FIRST, EVERY, SAMPLES, TARGETS = range(5), 700, 300, 50, 500, (200.0, 180.0)
WHOLE: dict[str, dict[str, Any]] = {
    RECIPES: {}, "G's rate twice D's": {"generator.rate": 2e-3}, "alternating, k = 1": {"schedule": "alternating"},
}  # fmt: skip
"""What won, in the recipe's own game, for all its steps."""
MEASURES = "frechet", "precision", "recall", "parzen"
PAGE = Path(__file__).parents[2] / "docs" / "extensions" / "coordination.md"
CUTS, CANDIDATES, CHOSEN = (2.5, 2.0, 1.5, 1.0, 0.7, 0.4), (2, 4, 8), 2000


class Judge:
    """Frechet distances to MNIST's test images."""

    def __init__(self, table: Table) -> None:
        extractor = extractor_for("classifier", table)
        assert extractor is not None
        self.extractor = extractor
        self.features = cached_features(extractor, table, table.rows("test"))
        self.real = GaussianStatistics.of(self.features)

    def features_of(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        """Of samples, uint8 N x C x H x W."""
        return extract_all(self.extractor, samples)

    def __call__(self, samples: NDArray[Any]) -> float:
        """The distance of samples."""
        return frechet_distance(GaussianStatistics.of(self.features_of(samples)), self.real)


def recipe_of(way: str, seed: int) -> Recipe:
    """The recipe of a way."""
    return load_recipe("mnist-dense").replace(**{**SMALL, "steps": STEPS, "seed": seed, **WAYS[way]})


def race(folder: Path, group: str, seed: int) -> dict[str, Any]:
    """A group and the recipe's own way, in turn: step, processor seconds and Frechet distance at every look."""
    torch.set_num_threads(1)
    names = list(WAYS)
    table = open_data(load_recipe("mnist-dense"))
    judge, data = Judge(table), training_data(table)
    ways = [RECIPES, *(names[number] for number in GROUPS[group])]
    trainers = {way: Trainer(recipe_of(way, seed), data) for way in ways}
    seconds, points = dict.fromkeys(ways, 0.0), {way: list[list[float]]() for way in ways}
    for _ in range(STEPS // EVERY):
        for way, trainer in trainers.items():
            begun = time.process_time()
            for _ in range(EVERY):
                trainer.advance()
            seconds[way] += time.process_time() - begun
            if trainer.step >= FIRST:
                distance = judge(trainer.sampler.draw(SAMPLES, seed=1))
                points[way].append([trainer.step, round(seconds[way], 3), round(distance, 2)])
    return points


def whole(folder: Path, way: str, seed: int) -> dict[str, float]:
    """The recipe's own game in full: measures of its samples, and its seconds."""
    run = trained("mnist", folder / "run", seed=seed, sample_every=0, **{"watch.action": "off"}, **WHOLE[way])
    measures = advnets.evaluate(run, metrics=",".join(MEASURES), features="classifier").measures
    return {name: measures[name]["value"] for name in MEASURES} | {"seconds": processor_seconds(run)}


def choices(folder: Path) -> list[dict[str, Any]]:
    """A small convolutional run by class: precision, recall and distance of truncated and of rejected samples."""
    torch.set_num_threads(1)
    run = trained("mnist-conditional", folder / "run", **CONVOLUTIONAL)
    judge = Judge(open_data(run.recipe))
    asked = [{}, *({"truncation": cut} for cut in CUTS), *({"candidates": count} for count in CANDIDATES)]
    points = [_chosen(judge, run, each) for each in asked]
    _draw(points, folder / "curve.png")
    return points


def _chosen(judge: Judge, run: Run, asked: dict[str, Any]) -> dict[str, Any]:
    features = judge.features_of(run.selecting(**asked).sample(CHOSEN, seed=1))
    found = manifold(features, judge.features[:CHOSEN])
    distance = frechet_distance(GaussianStatistics.of(features), judge.real)
    shares = {name: round(found[name].value, 4) for name in ("precision", "recall")}
    return {**asked, **shares, "frechet": round(distance, 2)}


def _draw(points: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Recall against precision, and the Frechet distance against recall, of both ways to choose."""
    figure = new_figure(9.6, 3.8)
    trade, distances = figure.subplots(1, 2)
    whole = points[0]
    for name, label, color in (("truncation", "truncated latents", "C0"), ("candidates", "best of n by D", "C1")):
        line = [whole, *(point for point in points if name in point)]
        trade.plot([p["precision"] for p in line], [p["recall"] for p in line], "o-", color=color, label=label)
        distances.plot([p["recall"] for p in line], [p["frechet"] for p in line], "o-", color=color, label=label)
        for point in line[1:]:
            said = f"{point[name]:g}"
            trade.annotate(said, (point["precision"], point["recall"]), xytext=(4, 4), textcoords="offset points")
    trade.plot(whole["precision"], whole["recall"], "ks", label="all samples")
    distances.plot(whole["recall"], whole["frechet"], "ks", label="all samples")
    trade.set(xlabel="precision", ylabel="recall", title="best would be top right")
    distances.set(xlabel="recall", ylabel="Frechet distance", title="best would be bottom right")
    for axes in (trade, distances):
        tidy(axes)
        axes.legend(frameon=False)
    save_figure(figure, path)


def page(result: Mapping[str, Any]) -> str:
    """All tables in Markdown."""
    return "\n\n".join(tables(result["cells"]).values())


def tables(cells: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the page by name, of those cells that there are."""
    found = {"race": _race_page(cells)}
    numbers = [number for number in range(len(WHOLE)) if f"whole-{number}" in cells]
    if numbers:
        found["whole"] = _whole_page({list(WHOLE)[number]: cells[f"whole-{number}"]["found"] for number in numbers})
    return found | ({"choices": _choices_page(cells["choices"]["found"])} if "choices" in cells else {})


def write_page(work: Path) -> None:
    """Write the tables of the page anew, of the cells that are kept."""
    cells = {cell.name: found for cell in CELLS if (found := kept("coordination", cell.name, work)) is not None}
    text = PAGE.read_text("utf-8")
    for name, table in tables(cells).items():
        before, rest = text.split(f"<!-- {name} -->")
        _, after = rest.split(f"<!-- end of {name} -->")
        text = f"{before}<!-- {name} -->\n\n{table}\n\n<!-- end of {name} -->{after}"
    write_whole(PAGE, text.encode())


def _race_page(cells: Mapping[str, Any]) -> str:
    heads = [f"seconds to {target:g}, times the recipe's" for target in TARGETS]
    lines = [
        f"Frechet distance of {SAMPLES:,} samples after {STEPS:,} steps (± one standard deviation over seeds), and"
        " processor seconds to a distance as a share of what the recipe's own way took beside it in the same process:",
        "geometric mean over seeds [its 95 % interval]. Of a seed that did not get there all its seconds count.",
        "",
        f"| | seeds | {' | '.join(heads)} | distance at the end | ms a step, times the recipe's |",
        "|---" * (len(TARGETS) + 4) + "|",
    ]
    for group, numbers in GROUPS.items():
        found = [cells[f"{group}-{seed}"]["found"] for seed in SEEDS if f"{group}-{seed}" in cells]
        names = list(WAYS)
        for way in [*([RECIPES] if group == "rates" else []), *(names[number] for number in numbers)]:
            lines.append(f"| {way} | {len(found)} | {' | '.join(_cells(way, found))} |")
    return "\n".join(lines)


def _cells(way: str, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a table's row says of a way."""
    ends = [each[way][-1][2] for each in found]
    spread = f"{statistics.mean(ends):.0f} ± {statistics.stdev(ends):.0f}" if len(ends) > 1 else f"{ends[0]:.0f}"
    if way == RECIPES:
        return [*(_reached(found, target) for target in TARGETS), spread, "1"]
    ratios = [_ratio([(_seconds(e[way], target), _seconds(e[RECIPES], target)) for e in found]) for target in TARGETS]
    cost = statistics.mean(each[way][-1][1] / each[RECIPES][-1][1] for each in found)
    return [*ratios, spread, f"{cost:.2f}"]


def _reached(found: Sequence[Mapping[str, Any]], target: float) -> str:
    """How long the recipe's own way took."""
    seconds = [_seconds(each[RECIPES], target) for each in found]
    missed = sum(not reached for _, reached in seconds)
    return f"1 ({statistics.mean(took for took, _ in seconds):.1f} s{_missed(missed, len(seconds))})"


def _missed(missed: int, count: int) -> str:
    return f", {missed} of {count} not there" if missed else ""


def _seconds(points: Sequence[Sequence[float]], target: float) -> tuple[float, bool]:
    """Processor seconds to a distance, along a straight line between looks; all of them, and False, if never."""
    for before, (_, seconds, distance) in zip([None, *points], points, strict=False):
        if distance <= target:
            if before is None:
                return seconds, True
            share = (before[2] - target) / (before[2] - distance)
            return before[1] + share * (seconds - before[1]), True
    return points[-1][1], False


def _ratio(pairs: Sequence[tuple[tuple[float, bool], tuple[float, bool]]]) -> str:
    """The geometric mean of ratios with its interval."""
    logs = [math.log(mine / theirs) for (mine, _), (theirs, _) in pairs]
    mean, missed = statistics.mean(logs), sum(not reached for (_, reached), _ in pairs)
    if len(logs) < 2:
        return f"{math.exp(mean):.2f}{_missed(missed, 1)}"
    half = T_95[len(logs) - 1] * statistics.stdev(logs) / math.sqrt(len(logs))
    ends = f"{math.exp(mean - half):.2f}, {math.exp(mean + half):.2f}"
    return f"{math.exp(mean):.2f} [{ends}]{_missed(missed, len(logs))}"


def _whole_page(found: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["| | Frechet | precision | recall | Parzen, nats | minutes |", "|---|---|---|---|---|---|"]
    for way, each in found.items():
        figures = f"{each['frechet']:.2f} | {each['precision']:.3f} | {each['recall']:.3f} | {each['parzen']:.1f}"
        lines.append(f"| {way} | {figures} | {each['seconds'] / 60:.0f} |")
    return "\n".join(lines)


def _choices_page(points: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"{CHOSEN:,} samples of one run beside as many test images, in the classifier's features.",
        "",
        "| samples | precision | recall | Frechet |",
        "|---|---|---|---|",
    ]
    for point in points:
        said = "all"
        said = f"`--truncation {point['truncation']:g}`" if "truncation" in point else said
        said = f"`--reject {point['candidates']}`" if "candidates" in point else said
        lines.append(f"| {said} | {point['precision']:.3f} | {point['recall']:.3f} | {point['frechet']:.1f} |")
    return "\n".join(lines)


T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
"""Degrees of freedom -> Student's t, 97.5 %."""
CELLS = [
    *(Cell(f"{group}-{seed}", "race", {"group": group, "seed": seed}) for seed in SEEDS for group in GROUPS),
    Cell("choices", "choices"),
    *(Cell(f"whole-{number}", "whole", {"way": way, "seed": 0}) for number, way in enumerate(WHOLE)),
]

if __name__ == "__main__":
    write_page(Path(sys.argv[1]) if len(sys.argv) > 1 else WORK)
