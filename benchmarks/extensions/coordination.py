"""Ways of coordinating G and D by time to quality, and what truncation and rejection of samples buy and cost.

    python benchmarks/extensions/cells.py coordination

The `mnist` recipe's game with small networks. In a cell of one seed all ways train side by side in one process, a
twentieth of their steps each in turn, so that whatever else the machine does meets them all alike. Seconds are of the
processor, one thread, and of the steps alone: measuring does not count. Quality is the Frechet distance of 2,000
samples of the averaged generator to MNIST's test images in the features of the package's own classifier.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import Table, open_data
from advnets.measures.features import extractor_for
from advnets.measures.features.cache import cached_features
from advnets.measures.features.extractor import extract_all
from advnets.measures.frechet import GaussianStatistics, frechet_distance
from advnets.training.trainer import Trainer
from benchmarks.extensions.cells import Cell, folder_of

SMALL = {
    "generator.hidden": [256, 256], "discriminator.units": [64, 64], "steps": 2000, "device": "cpu",
    "precision": "float32", "watch.action": "off",
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "the recipe's": {},
    "D's rate twice G's": {"discriminator.rate": 2e-3},
    "G's rate twice D's": {"generator.rate": 2e-3},
    "alternating, k = 1": {"schedule": "alternating"},
    "adaptive k, 1 to 4": {"schedule": "alternating", "most_discriminator_steps": 4},
    "top half of the fakes": {"top_share": 0.5},
    "latent optimization": {"latent_step": 0.9},
    "latent optimization, second order": {"latent_step": 0.9, "second_order": True},
    "a quarter of old fakes": {"replayed": 0.25},
    "batches from 50 to 200": {"batch": 50, "final_batch": 200},
}
"""What is tried: changes of the recipe."""
SEEDS, CHUNKS, SAMPLES, TARGET = range(5), 20, 2000, 60.0


class Judge:
    """Frechet distances to MNIST's test images."""

    def __init__(self, table: Table) -> None:
        extractor = extractor_for("classifier", table)
        assert extractor is not None
        self.extractor = extractor
        self.features = cached_features(extractor, table, table.rows("test"))
        self._real = GaussianStatistics.of(self.features)

    def __call__(self, samples: NDArray[Any]) -> float:
        """Of samples, uint8 N x C x H x W."""
        return frechet_distance(GaussianStatistics.of(extract_all(self.extractor, samples)), self._real)


def recipe_of(way: str, seed: int) -> Recipe:
    """The recipe of a way."""
    return load_recipe("mnist").replace(**{**SMALL, "seed": seed, **WAYS[way]})


def race(folder: Path, seed: int) -> dict[str, Any]:
    """All ways from one seed, in turn: processor seconds and Frechet distances after each part of their steps."""
    torch.set_num_threads(1)
    table = open_data(load_recipe("mnist"))
    judge, data = Judge(table), training_data(table)
    trainers = {way: Trainer(recipe_of(way, seed), data) for way in WAYS}
    seconds, points = dict.fromkeys(WAYS, 0.0), {way: list[list[float]]() for way in WAYS}
    for _ in range(CHUNKS):
        for way, trainer in trainers.items():
            begun = time.process_time()
            for _ in range(trainer.recipe.steps // CHUNKS):
                trainer.advance()
            seconds[way] += time.process_time() - begun
            made = trainer.sampler.draw(SAMPLES, seed=1)
            points[way].append([trainer.step, round(seconds[way], 3), round(judge(made), 2)])
    return points
