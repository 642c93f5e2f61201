"""MLflow, where MLFLOW_TRACKING_URI says, or in a file mlflow.db of the run directory, which `mlflow ui` shows."""

from __future__ import annotations

import logging
import math
import os
import time
from typing import Any

from advnets.training.trackers.tracker import Opening, Record, Tracker, flat

_MOST = 100  # parameters in a message
_LONGEST = 6000  # letters of one
_STEP, _KEY = "step", "advnets.key"
_STATUS = {"done": "FINISHED", "at rest": "FINISHED", "stopped": "KILLED"}


class MLflow:
    """A run there, in the experiment MLFLOW_EXPERIMENT_NAME, advnets by default.

    Args:
        opening: what it is told first.
    """

    def __init__(self, opening: Opening) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers
        import mlflow

        for talkative in ("mlflow", "alembic"):  # the training's own lines are what is to be seen
            logging.getLogger(talkative).setLevel(logging.WARNING)
        self._mlflow, uri = mlflow, os.environ.get("MLFLOW_TRACKING_URI", "")
        self.place = uri or f"sqlite:///{opening.run.resolve() / 'mlflow.db'}"
        self._client = mlflow.MlflowClient(tracking_uri=self.place)
        artifacts = None if uri else (opening.run / "mlflow").resolve().as_uri()
        self._run = os.environ.get("MLFLOW_RUN_ID") or self._found(opening, artifacts)
        self._client.update_run(self._run, status="RUNNING")
        found: Any = self._client.get_run(self._run).data
        self.last = int(found.metrics.get(_STEP, -1))
        self._configure(opening, found.params)

    def _found(self, opening: Opening, artifacts: str | None) -> str:
        """The run with the opening's key, which is a tag; else a new one."""
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "advnets")
        known = self._client.get_experiment_by_name(name)
        experiment = self._client.create_experiment(name, artifacts) if known is None else known.experiment_id
        for run in self._client.search_runs([experiment], f"tags.`{_KEY}` = '{opening.key}'"):
            return run.info.run_id
        return self._client.create_run(experiment, run_name=opening.name, tags={_KEY: opening.key}).info.run_id

    def _configure(self, opening: Opening, before: dict[str, str]) -> None:
        """The recipe as parameters, which never change there: what has changed since is a tag."""
        now = {name: str(value)[:_LONGEST] for name, value in flat(opening.config).items()}
        new = [self._mlflow.entities.Param(name, value) for name, value in now.items() if name not in before]
        for first in range(0, len(new), _MOST):
            self._client.log_batch(self._run, params=new[first : first + _MOST])
        for name in (name for name, value in now.items() if before.get(name, value) != value):
            self._client.set_tag(self._run, f"now.{name}", now[name])
        for file in opening.files:
            self._client.log_artifact(self._run, str(file))

    def tell(self, record: Record) -> None:
        """See `Tracker`. All of a step arrives at once, or not at all."""
        now, values = int(1000 * time.time()), {**record.scalars, _STEP: record.step}
        for picture in record.pictures:
            self._client.log_artifact(self._run, str(picture), "samples")
        metrics = [
            self._mlflow.entities.Metric(name, float(value), now, record.step)
            for name, value in values.items()
            if math.isfinite(value)
        ]
        self._client.log_batch(self._run, metrics=metrics)

    def end(self, status: str) -> None:
        """See `Tracker`."""
        self._client.set_tag(self._run, "status", status)
        self._client.set_terminated(self._run, _STATUS.get(status, "FAILED"))


def begin(opening: Opening) -> Tracker:
    """See the class."""
    return MLflow(opening)
