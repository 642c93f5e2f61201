"""Writes the runs beside it, with the version before format 2: see README.md."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from advnets.recipe import load_recipe

import advnets

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from own_modules import Critic, Maker  # noqa: E402

LENGTH = {"steps": 20, "log_every": 5, "checkpoint_every": 20, "sample_every": 0, "keep_checkpoints": 1, "seed": 4}
RUNS: dict[str, dict[str, Any]] = {
    "ring": {
        "recipe": "ring", "generator": {"kind": "mlp", "hidden": [16], "output": "linear", "init": None},
        "discriminator": {"kind": "mlp", "units": [16]}, "batch": 32,
    },
    "digits": {
        "recipe": "paper-mnist", "latent": 8, "generator": {"kind": "mlp", "hidden": [4]},
        "discriminator": {"kind": "maxout", "units": [4], "pieces": 2}, "batch": 10, "precision": "bfloat16",
        "schedule": "alternating", "discriminator_steps": 2,
    },
    "own": {"recipe": "ring", "latent": 4, "batch": 32},
}  # fmt: skip
MEASURES = {"ring": "modes,sliced_wasserstein", "digits": "total_variation,sliced_wasserstein", "own": "modes"}


def made(name: str) -> None:
    """A run of 20 steps; samples and measures of it, and its last checkpoint and logs after 40."""
    fields, modules = dict(RUNS[name]), {"generator": Maker(), "discriminator": Critic()} if name == "own" else {}
    recipe = load_recipe(fields.pop("recipe")).replace(**fields, **LENGTH)
    begun = advnets.train(recipe, run=HERE / name, command=["advnets", "train"], **modules)
    work = shutil.copytree(begun.path, HERE / "work")
    advnets.resume(work, steps=40, **modules)
    became = HERE / "became" / name
    shutil.copytree(work / "checkpoints" / "step-00000040", became)
    for log in ("metrics.jsonl", "watch.jsonl"):
        shutil.copy(work / log, became)
    np.save(became / "samples.npy", begun.sample(5, seed=3))
    measures = advnets.evaluate(begun, metrics=MEASURES[name], count=200).measures
    (became / "measures.json").write_text(json.dumps({each: found["value"] for each, found in measures.items()}))
    shutil.rmtree(work)
    for path in begun.path.iterdir():
        if path.is_file() and path.suffix not in (".yaml", ".jsonl") and path.name != "run.json":
            path.unlink()


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in RUNS:
        made(each)
