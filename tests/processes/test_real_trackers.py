"""Weights & Biases and MLflow, the real ones, offline: told once of every step, whatever was killed between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live import Live, kill, logged_step, metrics, wait_until
from read_back import wandb_history, wandb_records

from advnets.runs.directory import RunDirectory

FLAGS = (
    "ring", "--steps", 1200, "--batch", 32, "--log-every", 50, "--checkpoint-every", 200, "--sample-every", 400,
    "--measure", "frechet@every=300,count=500", "--track", "wandb,mlflow",
)  # fmt: skip


@pytest.fixture
def resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training that was killed between two checkpoints, and gone on with."""
    for name in ("WANDB_PROJECT", "WANDB_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    live, run = Live(tmp_path / "cache"), tmp_path / "run"
    process = live.start("train", *FLAGS, "--run", run)
    assert wait_until(lambda: logged_step(run) >= 550 and _told(run) >= 500, process)
    kill(process)
    live.succeed("resume", run)
    return run


def _told(run: Path) -> int:
    """The last step that Weights & Biases was told."""
    ledger = run / "trackers" / "wandb" / "told.json"
    return json.loads(ledger.read_text())["step"] if ledger.exists() else -1


def test_a_killed_training_is_one_run_there_and_each_step_is_told_once(resumed: Path) -> None:
    steps = list(range(50, 1201, 50))
    assert [line["step"] for line in metrics(resumed)] == steps
    _check_wandb(resumed, steps)
    _check_mlflow(resumed, steps)


def _check_wandb(run: Path, steps: list[int]) -> None:
    folders = sorted((run / "wandb").glob("offline-run-*"))
    assert len(folders) == 2  # one a sitting, which `wandb sync` makes one run of
    opened = [next(record.run for record in wandb_records(each) if record.HasField("run")) for each in folders]
    assert {(each.run_id, each.project, each.display_name) for each in opened} == {(opened[0].run_id, "advnets", "run")}
    lines = [line for each in folders for line in wandb_history(each)]
    costs = {line["_step"]: line["cost_d"] for line in lines if "cost_d" in line}
    assert costs == {line["step"]: line["cost_d"] for line in metrics(run)}
    told = [line["_step"] for line in lines if "cost_d" in line]
    assert told == sorted(set(told)) == steps
    measured = {line["_step"]: line["measures/frechet/low"] for line in lines if "measures/frechet" in line}
    logged = RunDirectory.open(run).read_measures()
    assert measured == {line["step"]: line["measures"]["frechet"]["interval"][0] for line in logged}
    assert [line["_step"] for line in lines if line.get("samples._type") == "image-file"] == [0, 400, 800, 1200]
    config = {item.key: json.loads(item.value_json) for record in [opened[-1]] for item in record.config.update}
    assert (config["steps"], config["game"]["generator"]["network"]["kind"]) == (1200, "mlp")
    ended = [record.exit.exit_code for each in folders for record in wandb_records(each) if record.HasField("exit")]
    assert ended == [1, 0]  # killed, done


def _check_mlflow(run: Path, steps: list[int]) -> None:
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{run / 'mlflow.db'}")
    (found,) = client.search_runs([client.get_experiment_by_name("advnets").experiment_id])  # type: ignore[union-attr]
    assert (found.info.run_name, found.info.status, found.data.tags["status"]) == ("run", "FINISHED", "done")
    assert found.data.params["game.generator.network.kind"] == "mlp"
    costs = client.get_metric_history(found.info.run_id, "cost_d")
    assert [each.step for each in costs] == steps
    assert {each.step: each.value for each in costs} == {line["step"]: line["cost_d"] for line in metrics(run)}
    high = client.get_metric_history(found.info.run_id, "measures/frechet/high")
    assert [each.step for each in high] == [300, 600, 900, 1200]
    pictures = {Path(each.path).name for each in client.list_artifacts(found.info.run_id, "samples")}
    assert pictures >= {f"step-{step:08d}.png" for step in (0, 400, 800, 1200)}
    assert "recipe.yaml" in {each.path for each in client.list_artifacts(found.info.run_id)}
