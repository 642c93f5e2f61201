"""Quality at equal processor time: recipes and their variations on real images.

    python benchmarks/quality/race.py DATA [--ways 'images;dcgan'] [--seconds 60,600,3600] [--seeds 0,1,2]

DATA is a name of `SETS`. Every way trains with one thread and is measured after so many processor seconds, whatever
else the machine does meanwhile. Distances are taken in SqueezeNet's
features (ADVNETS_SQUEEZENET names its weights, benchmarks/squeezenet.py), of MNIST in those of the product's own
classifier. One way, one seed is a cell of the result, written when it is done; a stopped race goes on. Where rates
fall, steps are as many as fit by the speed of the first second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import Table, open_data
from advnets.figures import grid, save
from advnets.measures.features.extractor import extract_all
from advnets.measures.features.resolve import extractor
from advnets.measures.frechet import GaussianStatistics, frechet_distance
from advnets.measures.manifold import manifold
from advnets.measures.total_variation import total_variation
from advnets.training.batches import Data
from advnets.training.trainer import Trainer
from benchmarks import squeezenet
from benchmarks.machine import in_words, machine
from benchmarks.record import record, result_of

MOST, NEIGHBORS = 10_000, 4_000  # images that distances, precision and recall are taken of
WARM, TIMED = 5, 20  # steps

Features = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Set:
    """Images to train on.

    Args:
        data: as --data takes it: a name, or the environment variable of a path after $.
        changes: of every recipe.
        everything: whether distances are to all images, where they are too few to hold any out.
        count: of the images that there are for training and for knowing D's overfitting; None for all.
    """

    data: str
    changes: tuple[tuple[str, Any], ...] = ()
    everything: bool = False
    count: int | None = None


SETS = {
    "mnist": Set("mnist"),
    "emoji": Set("$ADVNETS_EMOJI", (("holdout", 0.1),), everything=True),
    "cifar10": Set("$ADVNETS_CIFAR10"),
    **{f"cifar10-{count}": Set("$ADVNETS_CIFAR10", count=count) for count in (100, 1000, 10_000)},
    "fashion-mnist": Set("fashion-mnist"),
}
_FALLING = {
    f"{player}.optimizer.{name}": value
    for player in ("generator", "discriminator")
    for name, value in (("schedule", "cosine"), ("decay_from", 0.4))
}
_RATE = ("generator.optimizer.rate", "discriminator.optimizer.rate")
_BLOCKS = ("generator.network.blocks", "discriminator.network.blocks")
_BASE = ("generator.network.base", "discriminator.network.base")
_PENALTIES = [f"penalties.{name}" for name in ("r1", "r2")]
_WGAN_GP = {  # Gulrajani et al. 2017, algorithm 1's settings, with the networks of `dcgan`
    "objective": "wasserstein",
    "penalties.r1.weight": 0.0,
    "penalties.wgan_gp.weight": 10.0,
    "penalties.wgan_gp.every": 1,
    "schedule": "alternating",
    "discriminator_steps": 5,
    **dict.fromkeys(_RATE, 1e-4),
    **{f"{player}.optimizer.betas": (0.0, 0.9) for player in ("generator", "discriminator")},
}
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "images": ("images", {}),
    "images, falling rates": ("images", _FALLING),
    "images, adaptive augmentation": ("images", {"augment_target": 0.3}),
    "images, no augmentation": ("images", {"augment": ()}),
    "images, no blocks": ("images", dict.fromkeys(_BLOCKS, 0)),
    "images, base 48": ("images", dict.fromkeys(_BASE, 48)),
    "images, base 64": ("images", dict.fromkeys(_BASE, 64)),
    "images, batch 16": ("images", {"batch": 16}),
    "images, batch 64": ("images", {"batch": 64}),
    "images, rates .0005": ("images", dict.fromkeys(_RATE, 5e-4)),
    "images, penalties of .2": ("images", {f"{name}.weight": 0.2 for name in _PENALTIES}),
    "images, penalties every 4": ("images", {f"{name}.every": 4 for name in _PENALTIES}),
    "dcgan": ("dcgan", {}),
    "wgan-gp": ("dcgan", _WGAN_GP),
    "mnist": ("mnist", {}),
    "mnist-dense": ("mnist-dense", {}),
    "mnist-best": ("mnist-best", {}),
}


def open_set(name: str) -> tuple[Set, str]:
    """A set, and where it is."""
    chosen = SETS[name]
    return chosen, os.environ[chosen.data[1:]] if chosen.data.startswith("$") else chosen.data


def recipe_of(way: str, data: str, changes: tuple[tuple[str, Any], ...], seed: int) -> Recipe:
    """What a way trains."""
    name, own = WAYS[way]
    return load_recipe(name).replace(**{"data": data, "seed": seed, "watch.action": "off", **dict(changes), **own})


class Judge:
    """Distances of samples from a set's real images."""

    def __init__(self, name: str, table: Table, everything: bool) -> None:
        rows = np.arange(len(table)) if everything else table.rows("test")
        rng = np.random.default_rng(0)
        self._real_images = np.asarray(table.values[np.sort(rng.permutation(rows)[:MOST])])
        if name == "mnist":
            own = extractor("classifier", table, progress=True)
            assert own is not None
            self._features: Features = own.extract
        else:
            self._features = squeezenet.SqueezeNet().features
        self._real = self._features(self._real_images)
        self._random = extractor("random", table)
        self._of_random = GaussianStatistics.of(self._in_random(self._real_images))
        self._statistics = GaussianStatistics.of(self._real)

    def says(self, samples: NDArray[np.uint8]) -> dict[str, float]:
        """Frechet distance, precision, recall, total variation by that of real images; Frechet distance of `random`."""
        made = self._features(samples)
        near = manifold(made[:NEIGHBORS], self._real[:NEIGHBORS])
        return {
            "frechet": frechet_distance(GaussianStatistics.of(made), self._statistics),
            "precision": near["precision"].value,
            "recall": near["recall"].value,
            "random": frechet_distance(GaussianStatistics.of(self._in_random(samples)), self._of_random),
            "total_variation": total_variation(samples, self._real_images).value,
        }

    def _in_random(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert self._random is not None
        return extract_all(self._random, images)

    @property
    def count(self) -> int:
        """Samples that are taken."""
        return len(self._real_images)


def raced(name: str, way: str, looks: list[float], seed: int, pictures: Path | None) -> dict[str, Any]:
    """One way, one seed: what is found at each look, by processor seconds of training."""
    chosen, data = open_set(name)
    recipe = recipe_of(way, data, chosen.changes, seed)
    table = open_data(recipe)
    judge = Judge(name, table, chosen.everything)
    data = _some(training_data(table), chosen.count)
    recipe = recipe.replace(steps=_steps_that_fit(recipe, data, looks[-1]))
    trainer, used, found = Trainer(recipe, data), 0.0, list[dict[str, float]]()
    for look in looks:
        while used < look and trainer.step < recipe.steps:
            begin = time.process_time()
            trainer.advance()
            used += time.process_time() - begin
        samples = np.asarray(trainer.sampler.draw(judge.count, seed=1))
        found.append({"seconds": used, "step": trainer.step, **judge.says(samples)})
        print(f"{name}, {way}, seed {seed}: {found[-1]}", flush=True)
        if pictures is not None:
            save(grid(samples[:96], columns=16), pictures / f"{name}-{way.replace(' ', '-')}-{seed}-{look:g}.png")
    return {"looks": found, "images_a_second": recipe.batch * trainer.step / used}


def _some(data: Data, count: int | None) -> Data:
    """So many of the training images, a tenth of which D does not see."""
    if count is None:
        return data
    rows = np.random.default_rng(0).permutation(data.rows)[:count]
    return replace(data, rows=np.sort(rows[count // 10 :]), valid=np.sort(rows[: count // 10]))


def _steps_that_fit(recipe: Recipe, data: Data, seconds: float) -> int:
    trial = Trainer(recipe.replace(steps=10**6), data)
    for _ in range(WARM):
        trial.advance()
    begin = time.process_time()
    for _ in range(TIMED):
        trial.advance()
    falls = any(player.optimizer.schedule != "constant" for player in recipe.players.values())
    return round(seconds / (time.process_time() - begin) * TIMED * (1 if falls else 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=SETS)
    parser.add_argument("--ways", default="images;dcgan", help=f"joined by ';', of: {'; '.join(WAYS)}")
    parser.add_argument("--seconds", default="75,150,300", help="of the training's own, at which it is measured")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of samples")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    torch.set_num_threads(1)
    looks = sorted(map(float, options.seconds.split(",")))
    for seed in map(int, options.seeds.split(",")):
        for way in options.ways.split(";"):
            key = f"{options.data} | {', '.join(f'{look:g}' for look in looks)} | {way} | {seed}"
            if key in _known(options.out):
                continue
            surroundings = machine()
            cell = raced(options.data, way, looks, seed, options.pictures)
            cells = _known(options.out) | {
                key: {**cell, "machine": in_words(surroundings)}
            }  # read anew: others race, too
            record(options.out, {"cells": dict(sorted(cells.items()))})


def _known(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())["cells"] if path.is_file() else {}


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    groups: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for key, cell in result["cells"].items():
        name, seconds, way, _ = key.split(" | ")
        groups.setdefault((name, seconds), {}).setdefault(way, []).append(cell)
    lines = [
        "Medians over seeds. Processor seconds are of one thread; distances in SqueezeNet's features at 96 x 96, of"
        " MNIST in the classifier's.",
    ]
    for (name, seconds), ways in groups.items():
        moments = [f"{look['seconds']:.0f}" for look in next(iter(ways.values()))[0]["looks"]]
        titles = ["way", "seeds", "images a second", *(f"Frechet after {moment} s" for moment in moments)]
        titles += [f"{title} after {moments[-1]} s" for title in ("precision", "recall", "variation")]
        lines += ["", f"**{name}**, {seconds} processor seconds", ""]
        lines += [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
        order = sorted(ways, key=lambda way: _middle(ways[way], -1, "frechet"))
        lines += [_row(way, ways[way], len(moments)) for way in order]
    return "\n".join(lines)


def _row(way: str, cells: list[dict[str, Any]], looks: int) -> str:
    found = [_middle(cells, look, "frechet") for look in range(looks)]
    frechet = " | ".join(f"{each:,.0f}" if each >= 1000 else f"{each:.4g}" for each in found)
    speed = statistics.median(cell["images_a_second"] for cell in cells)
    rest = " | ".join(f"{_middle(cells, -1, name):.3g}" for name in ("precision", "recall", "total_variation"))
    return f"| {way} | {len(cells)} | {speed:,.0f} | {frechet} | {rest} |"


def _middle(cells: list[dict[str, Any]], look: int, name: str) -> float:
    return statistics.median(cell["looks"][look][name] for cell in cells)


if __name__ == "__main__":
    main()
