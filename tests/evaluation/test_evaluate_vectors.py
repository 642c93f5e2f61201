"""Rows of a table are measured in its standard deviations, whoever made them and whatever file they come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

import advnets
from advnets.data import PointTable, open_vectors
from advnets.errors import AdvnetsError
from advnets.measures.catalog import MEASURES, Subject

RNG = np.random.default_rng(0)
NAMES = ("big", "same", "small", "whole")
VALUES = np.stack([1e4 * RNG.normal(size=900), np.full(900, 3.0), RNG.gamma(2, size=900), RNG.poisson(5, 900)], 1)
DEFAULT = ["sliced_wasserstein", "kernel", "precision", "recall", "memorization"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("table") / "table.csv", VALUES)


@pytest.fixture(scope="module")
def table(path: Path) -> PointTable:
    return open_vectors(path)


def write(path: Path, values: np.ndarray, names: tuple[str, ...] = NAMES) -> Path:
    path.write_text("\n".join([",".join(names), *(",".join(map(repr, row)) for row in values.tolist())]))
    return path


def other(count: int = 200) -> np.ndarray:
    """Samples that are somewhat off."""
    return VALUES[:count] * [1.1, 1, 0.8, 1] + [0, 0, 0.3, 1]


def test_the_same_rows_measure_the_same_to_the_last_bit(path: Path, table: PointTable, tmp_path: Path) -> None:
    made = other()
    np.save(tmp_path / "made.npy", made)
    np.savez(tmp_path / "made.npz", x=made)
    named = dict(zip(NAMES, made.T, strict=True))
    pq.write_table(pa.table({name: named[name] for name in reversed(NAMES)}), tmp_path / "made.parquet")
    first = advnets.evaluate(write(tmp_path / "made.csv", made), path)
    assert list(first.results) == DEFAULT
    for source in (made, *(tmp_path / f"made.{suffix}" for suffix in ("npy", "npz", "parquet"))):
        assert advnets.evaluate(source, table).results == first.results
    assert first.of["data"] == "table.csv"
    assert first.samples.dtype == np.float32


def test_distances_are_in_standard_deviations(tmp_path: Path) -> None:
    column, made = VALUES[:, :1], VALUES[300:700, :1] * 1.5 + 2e4
    table = open_vectors(write(tmp_path / "one.csv", column, ("big",)), holdout=0.4)
    assert table.scale is not None
    deviation = column[table.rows("train")].std()
    found = advnets.evaluate(made, table, "sliced_wasserstein", real="test").results["sliced_wasserstein"]
    theirs = column[table.rows("test")]
    assert wasserstein_distance(made[:, 0], theirs[:, 0]) / deviation == pytest.approx(2, abs=0.3)
    quantiles = (np.arange(20_000) + 0.5) / 20_000
    gap = np.quantile(made, quantiles, method="inverted_cdf") - np.quantile(theirs, quantiles, method="inverted_cdf")
    assert found.value == pytest.approx(np.sqrt((gap**2).mean()) / deviation, rel=1e-3)


def test_units_change_no_figure() -> None:
    """Grams for kilograms."""
    factor = np.array([1e-3, 1, 1024, 1])
    scaled = open_vectors(VALUES * factor, holdout=0.0)
    plain = open_vectors(VALUES, holdout=0.0)
    ours, theirs = (Subject(each.values[:300], each, None, "train") for each in (plain, scaled))
    for name in ("sliced_wasserstein", "kernel", "recall"):
        answers = [MEASURES[name].compute(each).value for each in (ours, theirs)]
        assert answers[0] == pytest.approx(answers[1], rel=1e-4)


def test_held_out_rows_measure_as_real(table: PointTable, path: Path) -> None:
    assert table.scale is not None
    fresh = table.scale.restore(table.reals("valid"))
    assert ks_2samp(fresh[:, 0], VALUES[table.rows("test"), 0]).pvalue > 0.01
    found = advnets.evaluate(fresh, path, [*DEFAULT, "two_sample", "coverage"], real="test").results
    for name, expected in {"kernel": 0.0, "two_sample": 0.5, "memorization": 0.5}.items():
        low, high = found[name].interval
        assert low <= expected <= high
    assert min(found[name].value for name in ("precision", "recall", "coverage")) > 0.8
    copies = advnets.evaluate(VALUES[table.rows("train")], path, "memorization", real="test").results["memorization"]
    assert (copies.value, copies.details["copies"]) == (1, 1)


def test_all_measures_are_those_of_points_without_known_modes(table: PointTable) -> None:
    found = advnets.evaluate(other(), table, "all")
    assert set(found.results) == {name for name, entry in MEASURES.items() if entry.of == "features"}
    assert not [note for note in found.notes if "left out" in note]


@pytest.mark.parametrize(
    ("samples", "options", "says"),
    [
        (other()[:, :2], {}, "lacks columns big, small, whole; give samples with the columns big, same, small, whole"),
        (np.full((30, 4), np.nan), {}, r"row 0 \(from 0\), column x1: no number"),
        (np.zeros((30, 4, 4)), {}, r"an array of shape \(30, 4, 4\) holds no points"),
        (other(), {"size": 8}, "size is for image files, table.csv holds points"),
        (other(), {"features": "classifier"}, "holds points, which have no classifier"),
        (other(), {"metrics": "parzen"}, "holds points, not images"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    samples: np.ndarray, options: dict[str, object], says: str, table: PointTable
) -> None:
    with pytest.raises(AdvnetsError, match=says):
        advnets.evaluate(samples, table, **options)


def test_of_few_rows_what_can_be_measured_is() -> None:
    few = open_vectors(VALUES[:120])
    assert 6 < few.count("test") < 20
    found = advnets.evaluate(other(), few, real="test")
    assert list(found.results) == DEFAULT[1:]
    assert any("sliced_wasserstein was left out" in note and "test rows, 20 are needed" in note for note in found.notes)
    with pytest.raises(AdvnetsError, match=r"sliced_wasserstein: array has [0-9]+ test rows, 20 are needed"):
        advnets.evaluate(other(), few, "sliced_wasserstein", real="test")
    with pytest.raises(AdvnetsError, match="array has 0 test rows, 2 are needed; measure against others with --real"):
        advnets.evaluate(other(), open_vectors(VALUES, holdout=0.0), real="test")


def test_a_table_without_test_rows_says_so() -> None:
    with pytest.raises(AdvnetsError, match="array has 0 test rows, 2 are needed; measure against others with --real"):
        advnets.evaluate(other(), open_vectors(VALUES, holdout=0.0), "precision", real="test")
