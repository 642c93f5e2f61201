"""One table for images and points: splits, classes, conditions, real examples."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from advnets.config.load import load_recipe
from advnets.data import Table, class_counts, describe, holds_images, open_data, open_points, open_table
from advnets.data.open_data import real_points
from advnets.errors import DataError, RecipeError

VECTORS = np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture(scope="module")
def images(digits: np.ndarray) -> np.ndarray:
    return digits[:40]


@pytest.fixture(params=["images", "points"])
def table(request: pytest.FixtureRequest, images: np.ndarray) -> Table:
    if request.param == "points":
        return open_points("ring")
    return open_table((images, np.arange(40) % 4), holdout=0.2)


def test_a_table_says_what_its_examples_are(table: Table) -> None:
    assert table.values.shape == (len(table), *table.shape)
    assert holds_images(table) == (table.values.dtype == np.uint8)
    assert table.labels is not None
    assert table.labels.dtype == np.int64
    assert (len(table.labels), table.labels.max() + 1) == (len(table), len(table.classes))
    facts = describe(table)
    assert (facts["shape"], facts["examples"]) == (list(table.shape), len(table))
    assert (facts["training"], facts["classes"]) == (len(table.rows("train")), list(table.classes))


def test_real_examples_are_those_of_a_split(table: Table) -> None:
    for split in ("train", "valid", "test", "valid+test"):
        reals = table.reals(split)
        assert reals.shape == (table.count(split), *table.shape)
        assert table.reals(split, 3).shape == (3, *table.shape)
        np.testing.assert_array_equal(table.reals(split), reals)
    np.testing.assert_array_equal(table.reals("train"), table.values[table.rows("train")])
    for ask in (table.rows, table.reals, table.digest):
        with pytest.raises(DataError, match="there is no split 'dev'"):
            ask("dev")


def test_classes_are_counted_within_a_split(table: Table) -> None:
    assert table.labels is not None
    counts = {split: class_counts(table, split) for split in ("train", "valid", "test", "all")}
    for split, found in counts.items():
        assert (found.dtype, len(found), found.sum()) == (np.int64, len(table.classes), len(table.rows(split)))
    np.testing.assert_array_equal(counts["all"], np.unique(table.labels, return_counts=True)[1])
    np.testing.assert_array_equal(counts["train"] + counts["valid"] + counts["test"], counts["all"])


def test_the_same_images_have_one_digest_however_they_were_opened(images: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", x=images)
    plain, labelled = open_table(tmp_path / "images.npz"), open_table((images, np.arange(40)))
    assert plain.fingerprint != labelled.fingerprint
    for split in ("train", "test"):
        assert plain.digest(split) == labelled.digest(split)
    assert plain.digest("train") != plain.digest("all")


def test_the_points_of_the_toys_are_those_of_before_and_know_their_modes() -> None:
    ring = open_points("ring")
    assert ring.fingerprint == hashlib.sha256(ring.values.tobytes()).hexdigest()
    assert ring.fingerprint == "1e088dd6e18ffd0fba07e669e4d41d1bba8db0cbdb12836e918daf59fbc5d008"
    assert (
        hashlib.sha256(ring.reals("test").tobytes()).hexdigest()
        == "f400349d2ce8cc33592f55225da925757f4656e0b51fea5c6c1c02644e049e5a"
    )
    distances = np.linalg.norm(ring.values[:, None] - ring.modes, axis=2)
    np.testing.assert_array_equal(distances.argmin(1), ring.labels)
    assert ring.classes == tuple("01234567")
    np.testing.assert_array_equal(real_points(load_recipe("ring")), ring.values)
    assert real_points(load_recipe("mnist-dense")) is None


def test_a_recipe_opens_what_it_names_or_is_given(images: np.ndarray) -> None:
    recipe = load_recipe("images").replace(size=14, holdout=0.0)
    with pytest.raises(RecipeError, match="data of your own"):
        open_data(recipe)
    given = open_data(recipe, (images, VECTORS))
    assert (given.shape, given.count("test")) == ((1, 14, 14), 0)
    assert given.vectors is not None
    assert open_data(load_recipe("grid")).shape == (2,)


def test_a_label_a_row_is_a_class(images: np.ndarray) -> None:
    numbers, names = np.arange(40) % 3, ["cat", "dog"] * 20
    assert open_table((images, numbers)).classes == ("0", "1", "2")
    named = open_table((images, names))
    assert (named.classes, named.vectors) == (("cat", "dog"), None)
    assert named.labels is not None
    assert named.labels.tolist() == [0, 1] * 20
    assert open_table((images, names), labels="none").labels is None
    with pytest.raises(DataError, match="for 40 images"):
        open_table((images, numbers[:39]))
    with pytest.raises(DataError, match="an integer or text for each image, floats N x V"):
        open_table((images, np.linspace(0, 1, 40)))


def test_floats_a_row_are_vectors(images: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "labels.npz", x=images, y=VECTORS)
    np.savez(tmp_path / "vectors.npz", x=images, y=np.arange(40) % 2, vectors=VECTORS)
    for source in ((images, VECTORS), tmp_path / "labels.npz", tmp_path / "vectors.npz"):
        for _ in ("decoded", "from the cache"):
            table = open_table(source)
            assert table.vectors is not None
            assert (table.vectors.dtype, table.vectors.flags.writeable) == (np.float32, False)
            np.testing.assert_array_equal(table.vectors, VECTORS.astype(np.float32))
    assert table.classes == ("0", "1")
    assert describe(table)["vectors"] == 3
    assert open_table((images, VECTORS), labels="none").vectors is None
    with pytest.raises(DataError, match="has no labels"):
        class_counts(open_table((images, VECTORS)))


def test_vectors_are_part_of_the_fingerprint_where_there_are_any(images: np.ndarray) -> None:
    one, other, none = (open_table(source) for source in ((images, VECTORS), (images, VECTORS + 1), images))
    assert len({one.fingerprint, other.fingerprint, none.fingerprint}) == 3
    assert open_table((images, VECTORS), labels="none").fingerprint == none.fingerprint


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e300])
def test_vectors_that_are_not_finite_are_refused(images: np.ndarray, wrong: float) -> None:
    vectors = VECTORS.copy()
    vectors[7, 1] = wrong
    with pytest.raises(DataError, match="vector 7 is not finite"):
        open_table((images, vectors))


def test_vectors_for_other_images_are_refused(images: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"vectors of shape \(39, 3\)"):
        open_table((images, VECTORS[:39]))
    np.savez(tmp_path / "twice.npz", x=images, y=VECTORS, vectors=VECTORS)
    with pytest.raises(DataError, match="vectors twice"):
        open_table(tmp_path / "twice.npz")
