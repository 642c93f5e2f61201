"""What only a process of its own can tell: the time to the first step, and the most memory a training holds."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from benchmarks.memory import peak
from benchmarks.speed.contests import color_images, data_of

_PATIENCE = 300


def start_up(times: int, pictures: int) -> dict[str, Any]:
    """Seconds from the start of the process `advnets train` to its first step on disk.

    Args:
        times: starts of which the median is taken.
        pictures: PNG files in the folder that is trained on.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pictures"
        count = write_pictures(folder, pictures)
        environment = {**os.environ, "ADVNETS_CACHE": str(Path(place) / "cache")}
        result: dict[str, Any] = {"import_torch": _median_seconds("import torch", times)}
        result["import_everything"] = _median_seconds("import advnets.api, torch.utils.tensorboard.writer", times)
        for name, arguments in {"mnist": ["mnist"], "folder": ["images", "--data", str(folder)]}.items():
            runs = [Path(place) / f"{name}-{number}" for number in range(times + 1)]
            seconds = [_first_step(arguments, run, environment) for run in runs]
            result[name] = {"first_time": seconds[0], "after": statistics.median(seconds[1:])}
        return {**result, "pictures": count}


def memory(recipe: str, steps: int) -> dict[str, Any]:
    """The most resident memory of `steps` steps of training, and what it is allowed, in MB."""
    with tempfile.TemporaryDirectory() as place:
        data = str(_color_archive(Path(place))) if recipe == "images" else ""
        report = subprocess.run(
            [sys.executable, __file__, recipe, str(steps), data, str(Path(place) / "run")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    return json.loads(report.stdout.splitlines()[-1])


def write_pictures(folder: Path, count: int) -> int:
    """At most `count` color images as PNG files in `folder`; how many."""
    images = color_images()[0].values[:count]
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(np.moveaxis(np.asarray(image), 0, -1)).save(folder / f"{number:05d}.png")
    return len(images)


def _color_archive(place: Path) -> Path:
    path = place / "color.npy"
    np.save(path, np.moveaxis(np.asarray(color_images()[0].values), 1, -1))
    return path


def _median_seconds(code: str, times: int) -> float:
    return statistics.median(_run_seconds([sys.executable, "-c", code]) for _ in range(times))


def _run_seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def _first_step(arguments: list[str], run: Path, environment: dict[str, str]) -> float:
    """The log's first line is written as soon as the first step is done."""
    command = [sys.executable, "-m", "advnets", "train", *arguments, "--run", str(run)]
    options = ["--steps", "1", "--log-every", "1", "--sample-every", "0"]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, *options], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    metrics = run / "metrics.jsonl"
    while not (metrics.exists() and metrics.stat().st_size):
        if process.poll() is not None or time.perf_counter() - begin > _PATIENCE:
            process.kill()
            raise RuntimeError(f"`{' '.join(command)}` made no step: {process.communicate()[1][-500:]}")
        time.sleep(0.005)
    seconds = time.perf_counter() - begin
    process.communicate()
    return seconds


def _measure_memory(recipe_name: str, steps: int, data: str, run: str) -> dict[str, Any]:
    """In the process of its own: train, then say what was held at the most and what the parts amount to."""

    import torch

    import advnets
    from advnets.config.load import load_recipe
    from advnets.data import open_data
    from advnets.training.trainer import Trainer

    recipe = load_recipe(recipe_name).replace(steps=steps, **({"data": data} if data else {}))
    advnets.train(recipe, run=run)
    held = peak()

    table = open_data(recipe)
    trainer = Trainer(recipe, data_of(table))
    tensors = [t for part in trainer.checkpoint().tensors.values() for t in part.values()]
    saved: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        trainer.advance()
    parts = {
        "table": table.values.nbytes / 1e6,
        "states": sum(t.numel() * t.element_size() for t in tensors) / 1e6,
        "activations": sum(saved.values()) / 1e6,
    }
    return {"peak": held, **parts, "allowed": sum(parts.values()) + 500, "steps": steps}


if __name__ == "__main__":
    print(json.dumps(_measure_memory(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])))
