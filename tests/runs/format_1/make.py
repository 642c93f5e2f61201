"""Writes the runs beside it, with the version before format 2: see README.md."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import torch

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


def made(name: str) -> None:
    """A run of 20 steps, and what became of it in 40; pictures and events are left out."""
    recipe, modules = dict(RUNS[name]), {"generator": Maker(), "discriminator": Critic()} if name == "own" else {}
    begun = advnets.train(recipe.pop("recipe"), run=HERE / name, command=["advnets", "train"], **recipe, **LENGTH, **modules)
    resumed = shutil.copytree(begun.path, HERE / "resumed" / name)
    advnets.resume(resumed, steps=40, **modules)
    for folder in (begun.path, resumed):
        for path in folder.iterdir():
            if path.is_file() and path.suffix not in (".yaml", ".json", ".jsonl"):
                path.unlink()
    for file in ("recipe.yaml", "run.json"):
        (resumed / file).unlink()


if __name__ == "__main__":
    torch.set_num_threads(1)
    for each in RUNS:
        made(each)
