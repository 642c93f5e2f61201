"""NumPy's .npz under every name that people give its arrays, read a piece at a time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from samples_of_formats import most_memory, named, nchw, refused, rows

from advnets.data import npz, open_table
from advnets.data.npz import npz_members


@pytest.mark.parametrize(
    "names",
    [("x", "y"), ("arr_0", "arr_1"), ("imgs", "labels"), ("data", "targets"), ("X", "Y"), ("samples", "label")],
)
def test_images_and_labels_by_their_usual_names(
    names: tuple[str, str], tmp_path: Path, color: np.ndarray, numbers: np.ndarray
) -> None:
    np.savez(tmp_path / "a.npz", **dict(zip(names, (color, numbers[:, None]), strict=True)))
    table = open_table(tmp_path / "a.npz")
    assert np.array_equal(table.values, nchw(color))
    assert named(table) == [str(number) for number in numbers]
    assert table.format == "a .npz of images"
    assert rows(table) != [40, 0, 0]


def test_litter_is_passed_over_and_arrays_that_say_nothing_are_named(
    tmp_path: Path, color: np.ndarray, numbers: np.ndarray
) -> None:
    arrays = {"latents": np.zeros((40, 5)), "sizes": np.arange(40), "scale": np.float64(2)}
    np.savez(tmp_path / "a.npz", images=color, labels=numbers, **arrays)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("__MACOSX/._images.npy", b"litter")
    table = open_table(tmp_path / "a.npz")
    assert table.notes == ("left out: latents (40 x 5), sizes (40); --labels latents takes latents",)
    taken = open_table(tmp_path / "a.npz", labels="latents")
    assert (taken.labels, taken.columns, taken.notes) == (None, (), ())
    assert taken.vectors is not None
    assert taken.vectors.shape == (40, 5)


def test_medmnist_keeps_its_splits(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    parts = {"train": slice(0, 30), "val": slice(30, 34), "test": slice(34, 40)}
    arrays = {f"{part}_images": color[some] for part, some in reversed(parts.items())}
    arrays |= {f"{part}_labels": numbers[some, None].astype(np.uint8) for part, some in parts.items()}
    np.savez_compressed(tmp_path / "bloodmnist.npz", **arrays)
    table = open_table(tmp_path / "bloodmnist.npz")
    assert np.array_equal(table.values, nchw(color))
    assert rows(table) == [30, 4, 6]
    assert named(table) == [str(number) for number in numbers]


def test_many_hot_labels_are_vectors_whole(tmp_path: Path, color: np.ndarray) -> None:
    labels = np.random.default_rng(1).integers(0, 2, (40, 14))
    arrays = {"train_images": color[:30], "test_images": color[30:]}
    np.savez(tmp_path / "a.npz", train_labels=labels[:30], test_labels=labels[30:], **arrays)
    table = open_table(tmp_path / "a.npz")
    assert (table.labels, table.classes) == (None, ())
    assert table.vectors is not None
    assert np.array_equal(table.vectors, labels)


def test_keras_arrays_keep_their_test_part(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    gray = color[..., 0]
    np.savez(tmp_path / "mnist.npz", x_test=gray[32:], x_train=gray[:32], y_train=numbers[:32], y_test=numbers[32:])
    table = open_table(tmp_path / "mnist.npz")
    assert np.array_equal(table.values, nchw(gray))
    assert np.array_equal(table.rows("test"), np.arange(32, 40))
    assert named(table) == [str(number) for number in numbers]


def test_a_part_without_labels_has_none(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", x_train=color[:32], x_test=color[32:], y_train=numbers[:32] + 5)
    assert named(open_table(tmp_path / "a.npz")) == [str(n + 5) for n in numbers[:32]] + [""] * 8


def test_which_of_several_arrays_is_asked_by_name(tmp_path: Path, color: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", before=color, after=255 - color, other=np.zeros(3))
    path = tmp_path / "a.npz"
    said = refused(path)
    assert "several arrays that may be the images, before (40 x 16 x 12 x 3), after (40 x 16 x 12 x 3)" in said
    assert said.endswith(f"say which, as {path}:before")
    assert np.array_equal(open_table(f"{path}:after").values, nchw(255 - color))
    assert open_table(f"{path}:after").fingerprint != open_table(f"{path}:before").fingerprint
    assert "no array 'afte'; arrays are: before" in refused(f"{path}:afte")
    assert "shape (3,)" in refused(f"{path}:other")


def test_the_only_images_are_taken_whatever_they_are_called(tmp_path: Path, color: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", faces_of_ours=color)
    assert open_table(tmp_path / "a.npz").notes == ("images are faces_of_ours (40 x 16 x 12 x 3)",)
    np.savez(tmp_path / "b.npz", images=color, masks=color[..., 0])
    assert open_table(tmp_path / "b.npz").notes == ("left out: masks (40 x 16 x 12)",)


def test_a_column_of_labels_is_asked_by_name(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", x=color, y=numbers, glyph=np.array([f"U+{n}" for n in numbers]))
    assert set(named(open_table(tmp_path / "a.npz", labels="glyph"))) == {f"U+{n}" for n in range(10)}
    assert "no column 'glyp' of labels; columns are: y, glyph" in refused(tmp_path / "a.npz", labels="glyp")
    np.save(tmp_path / "b.npy", color)
    assert "no column 'glyph' of labels" in refused(tmp_path / "b.npy", labels="glyph")


def test_names_of_classes_beside_the_labels_are_used(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", x=color, y=numbers, class_names=np.array([f"kind {n}" for n in range(11)]))
    table = open_table(tmp_path / "a.npz")
    assert len(table.classes) == 11
    assert named(table) == [f"kind {n}" for n in numbers]


def test_statistics_are_no_images(tmp_path: Path, color: np.ndarray) -> None:
    statistics = {"mu": np.zeros(5), "sigma": np.zeros((5, 5))}
    np.savez(tmp_path / "a.npz", **statistics)
    assert "statistics (mu, sigma) of features, from which nothing can be trained" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", arr_0=color, **statistics)  # as guided diffusion's references
    assert np.array_equal(open_table(tmp_path / "b.npz").values, nchw(color))


def test_columns_first_and_other_types(tmp_path: Path, color: np.ndarray) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.asfortranarray(color))
    np.savez(tmp_path / "b.npz", x=color.astype(">u2") * 257)
    np.savez(tmp_path / "c.npz", x=color / np.float16(255))
    for name in ("a.npz", "b.npz", "c.npz"):
        assert np.array_equal(open_table(tmp_path / name).values, nchw(color)), name


def test_other_images_are_not_mixed(tmp_path: Path, color: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", x_train=color, x_test=color[:, :8])
    assert "images of different shapes, x_train (40, 16, 12, 3), x_test (40, 8, 12, 3)" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=np.zeros((5, 5)))
    assert "no images among x (5 x 5); save them as N x H x W" in refused(tmp_path / "b.npz")


@pytest.mark.parametrize("labels", [((4,), (2, 3)), ((4, 3), (2, 4)), ((4, 3), (2,))])
@pytest.mark.parametrize("kind", [int, float])
def test_other_labels_are_not_mixed(labels: tuple[tuple[int, ...], ...], kind: type, tmp_path: Path) -> None:
    train, test = (np.zeros(shape, kind) for shape in labels)
    images = np.zeros((4, 5, 5), np.uint8)
    np.savez(tmp_path / "a.npz", x_train=images, y_train=train, x_test=images[:2], y_test=test)
    assert f"labels of shapes {labels[0]} and {labels[1]} for its parts; give as many" in refused(tmp_path / "a.npz")
    assert refused(tmp_path / "a.npz", labels="none") == ""


def lying(shape: tuple[int, ...], data: bytes) -> bytes:
    """A .npy file that declares another shape than it has."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.getvalue() + data


@pytest.mark.parametrize("shape", [(10**9, 64, 64), (2**63, 2**63, 3), (39, 16, 12, 3)])
def test_what_an_array_declares_is_checked_before_it_is_read(shape: tuple[int, ...], tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", lying(shape, bytes(40 * 16 * 12 * 3)))
    before = most_memory()
    assert "x declares" in refused(tmp_path / "a.npz")
    assert most_memory() - before < 64 << 20


def test_a_name_from_the_file_never_breaks_the_line(tmp_path: Path, color: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", **{"two\nlines": color, "other": color})
    assert r"two\nlines" in refused(tmp_path / "a.npz")


def test_arrays_are_read_a_piece_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(2).integers(0, 256, (50, 4, 4), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", x=images)
    monkeypatch.setattr(npz, "rows_per_block", lambda row_bytes: 7)
    (member,) = npz_members(tmp_path / "a.npz")
    pieces = list(member.blocks())
    assert [len(each) for each in pieces] == [7] * 7 + [1]
    assert np.array_equal(np.concatenate(pieces), images)
