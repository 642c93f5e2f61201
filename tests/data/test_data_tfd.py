"""The Toronto Face Database, tested on files in its format: the database itself is given out on request only."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from advnets.data import matlab, open_table, tfd
from advnets.data.tfd import read_faces
from advnets.errors import DataError

UNLABELED, LABELED = 40, 30
NAMES = ["tfd", "tfd:2", "tfd:3", "tfd:4", "tfd:5"]


def database() -> dict[str, Any]:
    """Arrays as in the database: labeled images, each in another role by fold, among those without a label."""
    rng = np.random.default_rng(0)
    count = UNLABELED + LABELED
    labeled = np.sort(rng.permutation(count)[:LABELED])
    folds = np.zeros((count, 5), np.uint8)
    for fold in range(5):
        folds[labeled, fold] = rng.permutation(np.repeat([1, 2, 3], [18, 4, 8]))
    expressions = np.full((count, 1), -1.0)
    expressions[labeled, 0] = rng.integers(1, 8, LABELED)
    images = rng.integers(0, 256, (count, 48, 48), np.uint8)
    return {"images": images, "folds": folds, "labs_ex": expressions, "labs_id": np.full((count, 1), -1.0)}


def written(folder: Path, arrays: dict[str, Any] | None = None, packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "TFD_48x48.mat"
    savemat(path, arrays or database(), do_compression=packed)
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_the_arrays_are_read_as_they_were_written(tmp_path: Path, packed: bool) -> None:
    images, folds = read_faces(written(tmp_path, packed=packed))
    np.testing.assert_array_equal(images, database()["images"])
    np.testing.assert_array_equal(folds, database()["folds"])


@pytest.mark.parametrize("fold", range(5))
def test_a_fold_has_its_own_validation_and_test_faces(tmp_path: Path, fold: int) -> None:
    written(tmp_path / "data" / "tfd")
    table, arrays = open_table(NAMES[fold]), database()
    assert (table.name, table.shape, table.labels) == (NAMES[fold], (1, 48, 48), None)
    for split, role in (("train", 0), ("valid", 2), ("test", 3)):
        expected = arrays["images"][arrays["folds"][:, fold] == role]
        np.testing.assert_array_equal(table.values[table.rows(split), 0], expected)


def test_every_fold_trains_on_the_faces_without_a_label(tmp_path: Path) -> None:
    written(tmp_path / "data")
    tables = [open_table(name) for name in NAMES]
    for table in tables[1:]:
        np.testing.assert_array_equal(table.values[table.rows("train")], tables[0].values[tables[0].rows("train")])
    assert len({table.fingerprint for table in tables}) == 5


@pytest.mark.parametrize("place", ["ADVNETS_DATA", "ADVNETS_DATA/tfd", "data", "cache/datasets/tfd"])
def test_it_is_found_where_the_other_sets_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("ADVNETS_DATA", str(tmp_path / "ADVNETS_DATA"))
    written(tmp_path / place)
    assert len(open_table("tfd").rows("train")) == UNLABELED


def test_what_is_not_there_cannot_be_fetched() -> None:
    with pytest.raises(DataError, match=r"given out on request only; ask its authors for TFD_48x48\.mat, and put it"):
        open_table("tfd:3")


def test_a_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    written(tmp_path / "data")
    before = open_table("tfd").fingerprint
    written(tmp_path / "data", {**database(), "images": 255 - database()["images"]}, packed=False)
    assert open_table("tfd").fingerprint != before


def test_faces_are_resized_as_other_images_are(tmp_path: Path) -> None:
    written(tmp_path / "data")
    assert open_table("tfd", size=24).shape == (1, 24, 24)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"images": np.zeros((70, 96, 96), np.uint8)}, "images 70 x 96 x 96.*TFD has images N x 48 x 48"),
        ({"folds": np.zeros((70, 4), np.uint8)}, "folds 70 x 4"),
        ({"folds": np.zeros((69, 5), np.uint8)}, "folds 69 x 5"),
        ({"folds": np.full((70, 5), 7, np.uint8)}, "images or folds of other values"),
        ({"folds": np.full((70, 5), 1.5)}, "images or folds of other values"),
        ({"images": np.zeros((70, 48, 48))}, "images or folds of other values"),
        ({"folds": np.zeros((70, 5), complex)}, "images or folds of other values"),
        ({"folds": np.ones((70, 5), np.uint8)}, "fold 1 has no images for train, valid, test"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    written(tmp_path / "data", {**database(), **changed})
    with pytest.raises(DataError, match=says):
        open_table("tfd")


def test_arrays_of_other_names_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "data", {"pixels": database()["images"]})
    with pytest.raises(DataError, match="holds pixels 70 x 48 x 48"):
        open_table("tfd")


@pytest.mark.parametrize("cut", [0, 10, 127, 200, 5000])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "data")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"TFD_48x48\.mat: (not a whole MATLAB 5 file|holds)"):
        open_table("tfd")


def test_flipped_bytes_never_end_in_a_crash(tmp_path: Path) -> None:
    path = written(tmp_path / "data")
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for place in rng.integers(128, len(content), 40):
        damaged = content.copy()
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            images, folds = read_faces(path)
        except DataError:
            continue
        assert (images.shape[1:], folds.shape[1:]) == ((48, 48), (5,))


class Trap:
    """Would leave a trace if anything unpickled it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("trace", "w")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "TFD_48x48.mat").write_bytes(pickle.dumps(Trap()) + bytes(200))
    with pytest.raises(DataError, match="TFD_48x48"):
        open_table("tfd")
    assert not (tmp_path / "trace").exists()


def test_more_than_such_a_file_can_hold_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "data")
    monkeypatch.setattr(matlab, "unpacked_limit", lambda packed: 70 * 48 * 48 - 1)
    with pytest.raises(DataError, match="images declares 161,280 bytes, far beyond the file's size"):
        open_table("tfd")


@pytest.mark.parametrize(
    "changed",
    [
        {"images": np.zeros((70, 48, 48), complex)},
        {"images": np.zeros((70, 48, 48), np.int8)},
        {"folds": np.full((70, 5), "x" * 50, object)},
        {"folds": np.full((70, 5), "x")},
    ],
)
def test_arrays_of_other_kinds_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    path = written(tmp_path, {**database(), **changed})
    monkeypatch.setattr(tfd, "read_variable", None)
    with pytest.raises(DataError, match=r"images or folds of other values than TFD's|holds images"):
        read_faces(path)
