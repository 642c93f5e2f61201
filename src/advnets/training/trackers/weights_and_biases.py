"""Weights & Biases, as its own environment variables have it: WANDB_MODE=offline writes into the run directory."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from advnets.training.trackers.tracker import Opening, Record, Tracker

_FINE = "done", "at rest", "stopped"


class WeightsAndBiases:
    """A run there. What the environment says of it (project, name, id, folder) comes first.

    Args:
        opening: what it is told first.
    """

    def __init__(self, opening: Opening) -> None:
        import wandb

        said = os.environ.get
        self.last = -1  # offline it knows nothing of earlier sittings
        # Nobody sits there to be asked for a key; and what is printed is the training's own.
        settings = wandb.Settings(console="off", silent=True, login_timeout=1)
        self._run: Any = wandb.init(
            project=said("WANDB_PROJECT") or "advnets", name=said("WANDB_NAME") or opening.name,
            dir=said("WANDB_DIR") or str(opening.run), id=said("WANDB_RUN_ID") or opening.key, resume="allow",
            config=dict(opening.config), settings=settings, reinit="create_new", allow_val_change=True,
        )  # fmt: skip
        self.place, self._image = str(self._run.url or Path(self._run.dir).parent), wandb.Image
        for file in opening.files:
            self._run.save(str(file), base_path=str(opening.run), policy="now")

    def tell(self, record: Record) -> None:
        """See `Tracker`."""
        values: dict[str, Any] = {name: each for name, each in record.scalars.items() if math.isfinite(each)}
        for picture in record.pictures:
            values[_shown_as(picture.stem)] = self._image(str(picture))
        self._run.log(values, step=record.step)

    def end(self, status: str) -> None:
        """See `Tracker`."""
        self._run.summary["status"] = status
        self._run.finish(exit_code=0 if status in _FINE else 1)


def begin(opening: Opening) -> Tracker:
    """See the class."""
    return WeightsAndBiases(opening)


def _shown_as(stem: str) -> str:
    """Pictures of all steps under one name: step-00001000 is samples, others what stands before their step."""
    name = stem.rpartition("-")[0] or stem
    return "samples" if name == "step" else name
