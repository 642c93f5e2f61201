"""Tables of numbers: the same rows whatever file they come in, classes where they are meant, and nothing in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_iris, load_wine

from advnets.config.load import load_recipe
from advnets.data import PointTable, describe, is_vectors, open_data, open_vectors
from advnets.data.vectors import rows_like
from advnets.errors import DataError

IRIS = load_iris()
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
SPECIES = [str(IRIS.target_names[number]) for number in IRIS.target]


def written(path: Path, header: str, rows: list[Any]) -> Path:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]))
    return path


def iris_csv(folder: Path, label: str = "species") -> Path:
    rows = [[*row, name] for row, name in zip(IRIS.data.tolist(), SPECIES, strict=True)]
    return written(folder / "iris.csv", ",".join([*NAMES, label]), rows)


def small(folder: Path, header: str = "a,b", **columns: list[object]) -> Path:
    """A table of 20 rows of a and b, and other columns."""
    known = {"a": list(range(20)), "b": [number**2 / 4 for number in range(20)], **columns}
    return written(folder / "small.csv", ",".join([header, *columns]), list(zip(*known.values(), strict=True)))


def test_the_same_rows_are_the_same_table_from_every_source(tmp_path: Path) -> None:
    np.save(tmp_path / "iris.npy", IRIS.data)
    np.savez(tmp_path / "iris.npz", x=IRIS.data)
    named = dict(zip(NAMES, IRIS.data.T, strict=True))
    pq.write_table(pa.table({**named, "species": SPECIES}), tmp_path / "iris.parquet")
    written_out = [iris_csv(tmp_path), *(tmp_path / f"iris.{suffix}" for suffix in ("parquet", "npy", "npz"))]
    tables = [open_vectors(source) for source in (*written_out, str(written_out[0]), IRIS.data)]
    first = tables[0]
    assert first.shape == (4,)
    for table in tables:
        np.testing.assert_array_equal(table.values, first.values)
        for split in ("train", "valid", "test"):
            np.testing.assert_array_equal(table.rows(split), first.rows(split))
            assert table.digest(split) == first.digest(split)
    assert [table.name for table in tables] == ["iris.csv", "iris.parquet", "iris.npy", "iris.npz", "iris.csv", "array"]
    assert tables[0].fingerprint == tables[1].fingerprint
    assert tables[2].fingerprint == tables[3].fingerprint == tables[5].fingerprint != first.fingerprint
    assert first.scale is not None
    assert tables[2].scale is not None
    assert (first.scale.columns, tables[2].scale.columns) == (NAMES, ("x1", "x2", "x3", "x4"))
    np.testing.assert_array_equal(first.scale.restore(first.values), IRIS.data)


def test_a_row_keeps_its_side_whatever_else_is_in_the_table() -> None:
    values = np.random.default_rng(0).normal(size=(600, 3))
    whole, part = open_vectors(values), open_vectors(values[::-2])
    sides = {tuple(values[row]): split for split in ("train", "valid", "test") for row in whole.rows(split)}
    for split in ("train", "valid", "test"):
        assert all(sides[tuple(values[::-2][row])] == split for row in part.rows(split))
    assert [whole.count(split) for split in ("train", "valid", "test")] == pytest.approx([480, 60, 60], abs=25)
    copies = open_vectors(np.repeat(values, 2, 0))
    for split in ("train", "test"):
        pairs = set((copies.rows(split) // 2).tolist())
        assert len(pairs) * 2 == copies.count(split)
    everything = open_vectors(values, holdout=0.0)
    assert (everything.count("train"), everything.count("test"), len(everything.reals("test"))) == (600, 0, 0)


def test_the_scale_is_that_of_the_training_rows_alone() -> None:
    values = np.random.default_rng(1).normal(3, 2, size=(200, 2))
    table = open_vectors(values, holdout=0.3)
    assert table.scale is not None
    np.testing.assert_allclose(table.scale.means, values[table.rows("train")].mean(0), rtol=1e-12)
    np.testing.assert_allclose(table.scale.deviations, values[table.rows("train")].std(0), rtol=1e-12)
    assert abs(table.reals("test").mean()) > 1e-3


@pytest.mark.parametrize("label", ["class", "Target", "y"])
def test_a_column_named_so_gives_the_classes(tmp_path: Path, label: str) -> None:
    table = open_vectors(iris_csv(tmp_path, label))
    assert table.classes == ("setosa", "versicolor", "virginica")
    assert table.labels is not None
    np.testing.assert_array_equal(table.labels, IRIS.target)
    assert table.skipped == ()
    assert describe(table)["counts"] == np.bincount(IRIS.target[table.rows("train")]).tolist()
    assert open_vectors(iris_csv(tmp_path, label), labels="none").labels is None


def test_another_column_gives_the_classes_where_it_is_named(tmp_path: Path) -> None:
    plain, named = open_vectors(iris_csv(tmp_path)), open_vectors(iris_csv(tmp_path), labels="species")
    assert (plain.labels, plain.classes) == (None, ())
    assert [str(each) for each in plain.skipped] == [
        "column species: text, such as 'setosa'; --labels species makes classes of it"
    ]
    assert (named.classes, named.skipped) == (("setosa", "versicolor", "virginica"), ())
    assert named.scale is not None
    assert named.scale.label == "species"
    numbers = open_vectors(small(tmp_path, kind=[10 * (number % 3) - 10 for number in range(20)]), labels="kind")
    assert numbers.classes == ("-10", "0", "10")
    for wrong, says in {"nope": "no column 'nope'; name one of a, b, kind", "b": "column b is not of whole"}.items():
        with pytest.raises(DataError, match=says):
            open_vectors(tmp_path / "small.csv", labels=wrong)


def test_whole_numbers_are_classes_where_there_are_few_and_that_is_said(tmp_path: Path) -> None:
    few = open_vectors(small(tmp_path, target=[number % 2 for number in range(20)]))
    assert (few.classes, few.shape) == (("0", "1"), (2,))
    assert [str(each) for each in few.skipped] == [
        "column target: its values are classes; --labels none makes it one of the numbers"
    ]
    assert open_vectors(tmp_path / "small.csv", labels="none").shape == (3,)
    many = open_vectors(small(tmp_path, target=[number // 2 for number in range(20)]))
    assert (many.classes, many.shape) == ((), (3,))


def test_pairs_of_numbers_and_labels_or_vectors(tmp_path: Path) -> None:
    wine = load_wine(return_X_y=True)
    classes = open_vectors(wine)
    assert (classes.shape, classes.classes) == ((13,), ("0", "1", "2"))
    np.testing.assert_array_equal(classes.labels, wine[1])
    vectors = open_vectors((wine[0], wine[0][:, :2]))
    assert (vectors.labels, vectors.classes) == (None, ())
    np.testing.assert_array_equal(vectors.vectors, wine[0][:, :2].astype(np.float32))
    assert open_vectors(wine, labels="none").labels is None
    np.savez(tmp_path / "wine.npz", x=wine[0], y=wine[1], vectors=wine[0][:, :2])
    both = open_vectors(tmp_path / "wine.npz")
    np.testing.assert_array_equal(both.labels, classes.labels)
    np.testing.assert_array_equal(both.vectors, vectors.vectors)
    with pytest.raises(DataError, match="labels twice"):
        open_vectors(wine, labels="x1")


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    table = pa.table({
        "id": range(5, 25), "a": np.arange(20.0) ** 2, "when": pa.array(range(20), pa.date32()), "same": [7] * 20,
        "void": pa.nulls(20), "name": [f"n{number}" for number in range(20)],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    found = open_vectors(tmp_path / "t.parquet")
    assert found.shape == (1,)
    assert found.scale is not None
    assert found.scale.columns == ("a", "same")
    assert (found.scale.restore(found.values)[:, 1] == 7).all()
    said = {each.name: each.reason for each in found.skipped}
    assert said == {
        "column id": "row numbers", "column when": "of type date32[day]", "column void": "empty",
        "column name": "text, such as 'n0'; --labels name makes classes of it",
        "column same": "constant where it is trained on; samples have its value",
    }  # fmt: skip
    with pytest.raises(DataError, match="column id: row numbers; leave the column out"):
        open_vectors(tmp_path / "t.parquet", strict=True)
    numbered = written(tmp_path / "pandas.csv", ",a,b", [[row, row**2, row % 7] for row in range(20)])
    assert [str(each) for each in open_vectors(numbered).skipped] == ["the first column: row numbers"]
    nameless = written(tmp_path / "nameless.csv", ",a,b", [[row**3, row**2, row % 7] for row in range(20)])
    assert [each.reason for each in open_vectors(nameless).skipped] == ["it has no name; give it one to play with it"]


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("", r"line 9, column b: no number; fill it in, or leave out the rows or the column"),
        ("inf", r"line 9, column b: not finite"),
    ],
)
def test_a_number_that_is_not_there_is_named_with_its_place(tmp_path: Path, word: str, says: str) -> None:
    path = small(tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:8], f"7,{word}", *lines[9:]]))
    with pytest.raises(DataError, match=says):
        open_vectors(path)
    path.write_text("\n".join([*lines[:8], f"7,{word}", f"8,{word}", *lines[10:]]))
    with pytest.raises(DataError, match=r"\(2 of 20 rows have such values\)"):
        open_vectors(path)
    values = np.arange(8.0).reshape(4, 2) ** 2
    values[2, 1] = np.nan
    with pytest.raises(DataError, match=r"array: row 2 \(from 0\), column x2: no number"):
        open_vectors(values)


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        (np.ones((5, 2)), {}, "every column of numbers is constant"),
        (np.ones((1, 2)), {}, "1 row"),
        (np.zeros((0, 2)), {}, r"an array of shape \(0, 2\)"),
        (np.array([[1, 2], [3, 4]], object), {}, "an array of type object"),
        (IRIS.data, {"holdout": 0.5}, "holdout 0.5 is outside"),
        (IRIS.data, {"labels": "folder"}, "labels by folder need image files"),
        ((IRIS.data, IRIS.target[:9]), {}, r"labels of shape \(9,\)"),
    ],
)
def test_what_is_no_table_to_train_on_is_refused(source: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        open_vectors(source, **options)
    words = np.array([["a"], ["b"]])
    assert is_vectors(source)
    assert is_vectors(words)


def test_a_table_without_numbers_says_what_it_has(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,town", [["x", "y"], ["z", "w"]])
    with pytest.raises(DataError, match=r"no column of numbers \(column name: text, such as 'x'"):
        open_vectors(path)


def test_a_recipe_opens_vectors_and_images_by_what_they_are(tmp_path: Path) -> None:
    recipe = load_recipe("vectors").replace(data=str(iris_csv(tmp_path)), labels="species", holdout=0.2)
    table = open_data(recipe)
    assert isinstance(table, PointTable)
    assert (table.shape, len(table.classes), table.count("test")) == ((4,), 3, pytest.approx(30, abs=12))
    assert open_data(recipe.replace(labels="auto"), IRIS.data).shape == (4,)
    for name, value in {"size": 8, "channels": 1, "fit": "pad"}.items():
        with pytest.raises(DataError, match=f"{name} {value} is about images, .*iris.csv holds points"):
            open_data(recipe.replace(**{name: value}))
    assert not is_vectors("mnist")
    assert not is_vectors(str(tmp_path / "nothing.csv"))
    assert not is_vectors(np.zeros((4, 3, 3)))
    assert not is_vectors((np.zeros((4, 3, 3)), [1, 2, 3, 4]))


def test_a_class_alone_has_its_rows_in_every_split(tmp_path: Path) -> None:
    table = open_vectors(iris_csv(tmp_path), labels="species", holdout=0.2)
    assert table.labels is not None
    for number in range(3):
        mine = table.of_class(number)
        for split in ("train", "valid", "test", "all"):
            expected = table.rows(split)[table.labels[table.rows(split)] == number]
            np.testing.assert_array_equal(mine.reals(split), table.values[expected])


def test_rows_of_other_origin_are_matched_by_their_columns(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 3)) * [1, 5, 1e-3] + [0, 100, 0]
    values = np.insert(values, 1, 4.0, axis=1)
    table = open_vectors(written(tmp_path / "t.csv", "a,same,b,c", values.tolist()))
    assert table.scale is not None
    expected = table.values[:10]
    turned = values[:10, [3, 0, 2]]
    sources = [
        written(tmp_path / "turned.csv", "c,a,b", turned.tolist()), values[:10], values[:10, [0, 2, 3]],
        values[:10].astype(np.float64),
    ]  # fmt: skip
    for source in sources:
        np.testing.assert_array_equal(rows_like(source, table.scale, 3), expected)
    np.testing.assert_array_equal(rows_like(turned, table.scale, 3, ("c", "a", "b")), expected)
    with pytest.raises(DataError, match=r"few.csv lacks columns b, c; give samples with the columns a, same, b, c"):
        rows_like(written(tmp_path / "few.csv", "a,d", [[1, 2], [3, 4]]), table.scale, 3)
    with pytest.raises(DataError, match="lacks columns a, b, c"):
        rows_like(values[:, :2], table.scale, 3)
    with pytest.raises(DataError, match=r"rows of 4 numbers; give points, N x 2"):
        rows_like(values, None, 2)
