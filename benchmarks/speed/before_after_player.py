"""Plays for `before_after.py` with whichever tree's code PYTHONPATH names: a line in, the processor time of a step out,
and the watch's share of it.

It asks for names of both layouts of the package, today's and that of the commits before the one engine.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def found(*places: str) -> Any:
    """The first of these "module:name" that there is."""
    for place in places:
        module, _, name = place.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise SystemExit(f"none of {', '.join(places)} is in this tree")


def trainer_of(name: str, schedule: str) -> Any:
    """The trainer of a recipe in float32."""
    data = {"data": "mnist"} if name == "images" else {}
    recipe = found("advnets.config.load:load_recipe", "advnets.recipe:load_recipe")(name)
    recipe = recipe.replace(schedule=schedule, precision="float32", device="cpu", **data)
    table = found("advnets.data.open_data:open_data", "advnets.api:open_data")(recipe)
    values = getattr(table, "values", None)
    values = (table.points if hasattr(table, "points") else table.images) if values is None else values
    rows = table.rows("train") if hasattr(table, "rows") else np.arange(len(table))
    data_type = found("advnets.training.batches:Data", "advnets.training.trainer:Data")
    return found("advnets.training.trainer:Trainer")(recipe, data_type(values, rows))


def watching(trainer: Any) -> Callable[[], object]:
    """What the watch does after a step: looks, and the lines that become of them."""
    watch = found("advnets.training.hooks.watch:Watch", "advnets.training.watch:Watch")(trainer)

    def after_step() -> None:
        if watch.due(trainer.step):
            json.dumps(watch.look(trainer))
        watch.prepare(trainer)

    return after_step


def main() -> None:
    torch.set_num_threads(1)
    trainers: dict[tuple[str, str], Any] = {}
    watches: dict[tuple[str, str], Callable[[], object]] = {}
    for line in sys.stdin:
        name, schedule, steps, watched = json.loads(line)
        game = (name, schedule)
        if game not in trainers:
            trainers[game] = trainer_of(name, schedule)
        if watched and game not in watches:
            watches[game] = watching(trainers[game])
        begin, of_watch = time.process_time(), 0.0
        for _ in range(steps):
            trainers[game].advance()
            if watched:
                played = time.process_time()
                watches[game]()
                of_watch += time.process_time() - played
        print((time.process_time() - begin) / max(steps, 1), of_watch / max(steps, 1), flush=True)


if __name__ == "__main__":
    main()
