"""Modes of the ring and the grid: the recipes, and the plain game that they were before, ten seeds each.

    python benchmarks/quality/toys.py [--seeds 10] [--out FILE]

10,000 samples of the averaged generator each; a mode is there with one sample within three standard deviations of it.
Processor seconds are of the steps, with one thread; the ways take turns, seed by seed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data.toys import TOYS, open_points
from advnets.measures.modes import modes_of_points
from advnets.training.trainer import Trainer
from benchmarks.machine import machine
from benchmarks.record import record, result_of

SAMPLES = 10_000
WAYS = "the recipe", "the plain game"


def recipe_of(toy: str, way: str) -> Recipe:
    """What is played."""
    if way == "the recipe":
        return load_recipe(toy).replace(**{"watch.action": "off"})
    plain = {"data": toy, "latent": 16, "steps": 10_000, "watch.action": "off"}
    return load_recipe("vectors").replace(**plain)


def played(toy: str, way: str, seed: int) -> dict[str, Any]:
    """A training's samples: modes, their least share of an even one, samples near a mode, spread within one."""
    table, recipe = open_points(toy), recipe_of(toy, way).replace(seed=seed)
    trainer = Trainer(recipe, training_data(table))
    begun = time.process_time()
    for _ in range(recipe.steps):
        trainer.advance()
    seconds = time.process_time() - begun
    samples = np.asarray(trainer.sampler.draw(SAMPLES, seed=1))
    assert table.modes is not None
    found = modes_of_points(samples, table.modes, table.deviation)
    away = np.linalg.norm(samples[:, None] - table.modes, axis=2).min(1)
    near = away[away <= 3 * table.deviation]
    shares = np.asarray(found.details["histogram"]) * len(table.modes)
    spread = float(np.sqrt(np.square(near).mean() / 2) / table.deviation) if len(near) else 0.0
    return {
        "modes": round(found.value), "near": found.details["high_quality"], "least": float(shares.min()),
        "spread": spread, "seconds": seconds, "steps": recipe.steps,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    torch.set_num_threads(1)
    cells: dict[str, list[dict[str, Any]]] = {}
    surroundings = machine()
    for toy in TOYS:
        for seed in range(options.seeds):
            for way in WAYS:
                cells.setdefault(f"{toy} | {way}", []).append(played(toy, way, seed))
                print(toy, way, seed, cells[f"{toy} | {way}"][-1], flush=True)
    record(options.out, {"machine": surroundings, "cells": cells})


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        "Medians over seeds; in brackets the worst. Spread: within a mode, in standard deviations of the data.",
        "",
        "| game | seeds with all modes | samples within 3 standard deviations | least share of a mode | spread"
        " | steps | processor seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rows in result["cells"].items():
        toy, way = name.split(" | ")
        modes = {"ring": 8, "grid": 25}[toy]
        whole = sum(row["modes"] == modes for row in rows)
        near, least = ([row[key] for row in rows] for key in ("near", "least"))
        middle = {key: statistics.median(row[key] for row in rows) for key in ("near", "least", "spread", "seconds")}
        lines.append(
            f"| {toy}, {way} | {whole} of {len(rows)} | {middle['near']:.1%} ({min(near):.1%})"
            f" | {middle['least']:.2f} ({min(least):.2f}) | {middle['spread']:.2f} | {rows[0]['steps']:,}"
            f" | {middle['seconds']:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
