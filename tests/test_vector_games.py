"""Games on tables of numbers, from Python: iris, its columns and its units."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from small_games import saved

import advnets
from advnets.data import open_vectors
from advnets.data.scale import scale_of
from advnets.errors import RecipeError, RunError

pytestmark = pytest.mark.usefixtures("no_report")
IRIS = load_iris()
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
TINY: dict[str, Any] = {
    "generator.hidden": [16], "discriminator.units": [16], "batch": 32, "sample_every": 0,
    "generator.optimizer.schedule": "constant", "discriminator.optimizer.schedule": "constant",
}  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("iris") / "iris.csv"
    rows = [[*row, IRIS.target_names[number]] for row, number in zip(IRIS.data.tolist(), IRIS.target, strict=True)]
    path.write_text("\n".join([",".join([*NAMES, "species"]), *(",".join(map(str, row)) for row in rows)]))
    return path


@pytest.fixture(scope="module")
def run(table: Path) -> advnets.Run:
    """The recipe as it is, in 300 steps, by species."""
    changes = {"game.kind": "conditional", "labels": "species"}
    return advnets.train(data=table, run=table.parent / "run", steps=300, sample_every=300, **changes)


def test_samples_come_in_the_tables_units_and_columns(run: advnets.Run) -> None:
    made = run.sample(1000, seed=3)
    assert (run.recipe.name, run.columns, run.shape) == ("vectors", NAMES, (4,))
    assert (made.shape, made.dtype) == ((1000, 4), np.float64)
    np.testing.assert_array_equal(made, np.round(made, 1))
    deviations = IRIS.data.std(0)
    assert (np.abs(made.mean(0) - IRIS.data.mean(0)) < 0.35 * deviations).all()
    assert (np.abs(made.std(0) / deviations - 1) < 0.4).all()
    np.testing.assert_array_equal(run.sample(10, seed=3), made[:10])
    assert run.interpolate(2, 5).shape == (2, 5, 4)


def test_classes_are_made_by_name(run: advnets.Run) -> None:
    assert run.classes == ("setosa", "versicolor", "virginica")
    by_class = run.sample_by_class(200)
    assert by_class.shape == (3, 200, 4)
    petals = by_class.mean(1)[:, 2]
    assert petals[0] < 3 < petals[1] < petals[2]


def test_the_watch_looks_at_points_of_any_dimension(run: advnets.Run) -> None:
    states = Counter(line["state"] for line in run.directory.read_watch())
    assert states["healthy"] > 10
    assert set(states) <= {"rising", "healthy"}
    assert {"within", "between"} <= run.directory.read_watch()[-1].keys()


def test_pictures_of_the_training_are_drawn(run: advnets.Run) -> None:
    drawn = sorted(path.name for path in run.directory.samples.iterdir())
    assert drawn == ["reals.png", "step-00000000.png", "step-00000300.png"]


def test_a_run_on_a_table_needs_no_data_to_be_sampled(run: advnets.Run, table: Path) -> None:
    expected = run.sample(5)
    table.rename(table.with_suffix(".away"))
    try:
        np.testing.assert_array_equal(advnets.load(run.path).sample(5), expected)
    finally:
        table.with_suffix(".away").rename(table)
    facts = run.facts["data"]
    assert scale_of(facts["scale"]) == open_vectors(table, labels="species").scale
    assert (facts["classes"], facts["shape"]) == (["setosa", "versicolor", "virginica"], [4])


def test_a_training_that_stopped_goes_on_bit_for_bit(table: Path, tmp_path: Path) -> None:
    whole = advnets.train(data=table, run=tmp_path / "whole", steps=40, checkpoint_every=20, **TINY)
    advnets.train(data=table, run=tmp_path / "parts", steps=20, checkpoint_every=20, **TINY)
    parts = advnets.resume(tmp_path / "parts", steps=40)
    assert saved(whole.path, 40) == saved(parts.path, 40)
    np.testing.assert_array_equal(whole.sample(9), parts.sample(9))
    lines = table.read_text().splitlines()
    (tmp_path / "other.csv").write_text("\n".join([*lines[:-1], lines[1]]))
    with pytest.raises(RunError, match="others when it was started; give those with --data"):
        advnets.resume(tmp_path / "parts", steps=60, data=tmp_path / "other.csv")


def test_numbers_in_memory_train_as_those_of_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "iris.npy", IRIS.data)
    of_array = advnets.train(data=IRIS.data, run=tmp_path / "memory", steps=4, **TINY)
    of_file = advnets.train(data=tmp_path / "iris.npy", run=tmp_path / "file", steps=4, **TINY)
    of_table = advnets.train(data=open_vectors(IRIS.data), run=tmp_path / "table", steps=4, **TINY)
    assert saved(of_array.path) == saved(of_file.path) == saved(of_table.path)
    assert of_array.recipe.data == "(in memory)"
    assert [each.columns for each in (of_array, of_table)] == [("x1", "x2", "x3", "x4")] * 2


def test_pairs_of_numbers_and_labels_or_vectors(tmp_path: Path) -> None:
    conditional = {**TINY, "game.kind": "conditional", "steps": 4}
    labelled = advnets.train(data=(IRIS.data, IRIS.target), run=tmp_path / "classes", **conditional)
    assert labelled.classes == ("0", "1", "2")
    by_width = advnets.train(data=(IRIS.data[:, :3], IRIS.data[:, 3:]), run=tmp_path / "vectors", **conditional)
    assert by_width.sample(2, conditions=[[0.2], [2.0]]).shape == (2, 3)


def test_what_does_not_fit_a_table_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="images, not points; use the mlp kinds, as the recipe vectors"):
        advnets.train("images", data=table, run=tmp_path / "run")
    with pytest.raises(RecipeError, match="--labels names the column of a table's classes"):
        advnets.train(data=table, run=tmp_path / "run", **{"game.kind": "conditional"})
    assert not (tmp_path / "run").exists()


def test_measures_in_training_are_of_rows_as_they_are_given_out(table: Path, tmp_path: Path) -> None:
    measure = {"metrics": "two_sample,precision", "every": 20, "count": 60}
    run = advnets.train(data=table, run=tmp_path / "run", steps=20, holdout=0.3, measure=measure, **TINY)
    found = advnets.evaluate(run, metrics="two_sample,precision", count=60, real="valid")
    for name, answer in run.measures[-1]["measures"].items():
        assert answer["value"] == found.results[name].value
