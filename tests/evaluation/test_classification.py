"""A run's own classifier on tables of numbers: other tables are read in the units of the run's columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.errors import MeasureError
from advnets.evaluation.classification import classify

DENSE = {
    "generator.network": {"kind": "mlp", "hidden": [8], "output": "linear", "init": None},
    "discriminator.network": {"kind": "mlp", "units": [16]},
    "discriminator.rate": 2e-2,
    "watch.action": "off",
}


def write(path: Path, rows: np.ndarray, names: list[str], columns: str = "height,weight") -> Path:
    lines = [",".join([*(f"{value:.3f}" for value in row), name]) for row, name in zip(rows, names, strict=True)]
    path.write_text("\n".join([f"{columns},who", *lines]) + "\n")
    return path


@pytest.mark.usefixtures("no_report")
def test_other_tables_are_in_the_units_of_the_runs_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["cat", "dog"] * 60
    rows = rng.normal(size=(120, 2)) + np.array([[20.0, 300.0], [26.0, 300.0]] * 60)
    whole = write(tmp_path / "whole.csv", rows, names)
    sizes = {"steps": 40, "batch": 32, "game.labelled": 8, "game.labels": 8, "sample_every": 0}
    run = advnets.train(
        "mnist-semi-supervised", data=str(whole), labels="who", holdout=0.2, run=tmp_path / "run", **DENSE, **sizes
    )
    own = classify(run, real="all")
    assert own.labelled == 120
    assert own.errors < 12
    dogs = np.arange(1, 120, 2)
    found = classify(run, write(tmp_path / "dogs.csv", rows[dogs, ::-1], ["dog"] * 60, "weight,height"))
    assert found.classes == ("cat", "dog")
    assert found.names == [own.names[row] for row in dogs]
    assert found.labelled == 60
    with pytest.raises(MeasureError, match="has no column 'weight'"):
        classify(run, write(tmp_path / "few.csv", rows, names, "height,length"))
