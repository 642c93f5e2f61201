"""Opacity as a fourth channel: read from files, fitted, shown, written again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from advnets import figures
from advnets.data import open_table
from advnets.data.decode import decode
from advnets.data.loose import read_loose
from advnets.data.single import Wanted, files_of, images_in
from advnets.evaluation.opening import images_of
from advnets.figures.layout import with_colors
from advnets.games.augment import color


def disc(side: int = 24, opacity: int = 255) -> np.ndarray:
    """A red disc on nothing; some black is hidden around it."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    inside = x**2 + y**2 < (side / 3) ** 2
    image = np.zeros((side, side, 4), np.uint8)
    image[inside] = (200, 10, 10, opacity)
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(disc()).save(tmp_path / "a.png")
    Image.fromarray(disc(opacity=128)).save(tmp_path / "b.webp", lossless=True, exact=True)
    Image.fromarray(disc()[..., :3]).save(tmp_path / "opaque.png")
    Image.fromarray(disc()[..., 3]).save(tmp_path / "gray.png")
    return tmp_path


def test_files_keep_it_where_it_is_asked_for_and_what_is_hidden_is_white(folder: Path) -> None:
    table = open_table(folder, channels=4)
    assert table.shape == (4, 24, 24)
    first, second, gray, opaque = np.asarray(table.values)
    seen = disc()[..., 3] > 0
    for image, opacity in ((first, 255), (second, 128)):
        assert (image[3][seen] == opacity).all()
        assert (image[3][~seen] == 0).all()
        assert (image[:3, ~seen] == 255).all()
        assert (image[:3, seen] == np.array([[200], [10], [10]])).all()
    assert (gray[3] == 255).all()
    np.testing.assert_array_equal(opaque[:3], disc()[..., :3].transpose(2, 0, 1))
    assert any("2 of 4 images are transparent nowhere" in note for note in table.notes)
    over_white = np.asarray(open_table(folder, channels=3).values)
    assert (over_white[0][:, ~seen] == 255).all()


def test_edges_take_no_color_from_what_is_hidden(folder: Path) -> None:
    for fit in ("crop", "pad", "stretch"):
        image = np.asarray(open_table(folder, channels=4, size=(10, 14), fit=fit).values)[0]
        shown = image[3] > 16
        assert shown.any()
        assert not shown.all()
        assert (image[0][shown] > 180).all()  # resized apart from opacity, black would darken the rim
        assert (image[:3, image[3] == 0] == 255).all()
    assert image.shape == (4, 10, 14)


def test_a_range_of_values_leaves_opacity_alone() -> None:
    file = io.BytesIO()
    Image.fromarray(disc(opacity=100)).save(file, "PNG")
    file.seek(0)
    pixels = np.asarray(next(decode(file, value_range=(0, 200), opacity=True)).image)
    seen = disc()[..., 3] > 0
    assert (pixels[seen] == (255, 13, 13, 100)).all()


def test_single_files_are_read_as_rows_are(folder: Path) -> None:
    loose = read_loose([folder / "a.png", folder / "opaque.png"], (4, 24, 24))
    np.testing.assert_array_equal(loose.values[0], np.asarray(open_table(folder, channels=4).values)[0])
    assert not loose.notes


@pytest.mark.parametrize("size", [None, (10, 14)])
def test_images_to_be_translated_are_read_as_rows_are(folder: Path, size: tuple[int, int] | None) -> None:
    for path in (folder / "a.png", folder / "gray.png", folder / "opaque.png"):
        (entry,) = files_of(path)
        (found,) = images_in(entry, Wanted(size, 4, "crop"))  # type: ignore[arg-type]  # it is an entry
        np.testing.assert_array_equal(found.pixels, read_loose([path], (4, *(size or (24, 24)))).values[0])


def test_samples_in_arrays_may_have_it() -> None:
    images = np.stack([disc(), disc(opacity=128)])
    for given in (images, images.transpose(0, 3, 1, 2)):
        np.testing.assert_array_equal(images_of(given).samples, images.transpose(0, 3, 1, 2))


def test_pictures_show_it_over_white_and_files_have_it(tmp_path: Path) -> None:
    images = np.stack([disc(), disc(opacity=128)]).transpose(0, 3, 1, 2)
    shown = with_colors(images)
    assert shown.shape == (2, 24, 24, 3)
    assert tuple(shown[0, 0, 0]) == (255, 255, 255)
    assert tuple(shown[0, 12, 12]) == (200, 10, 10)
    assert tuple(shown[1, 12, 12]) == (227, 132, 132)
    figures.save_one(disc(opacity=128), tmp_path / "one.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "one.png")), disc(opacity=128))


def test_colors_change_and_opacity_stays() -> None:
    images = torch.rand(5, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    noise = lambda name, draw: draw(5, torch.Generator().manual_seed(1))  # noqa: E731
    changed = color(images, noise, 1.0)  # type: ignore[arg-type]  # it stands in for noise by row
    assert torch.equal(changed[:, 3], images[:, 3])
    torch.testing.assert_close(changed[:, :3], color(images[:, :3], noise, 1.0))  # type: ignore[arg-type]
    assert not torch.equal(changed[:, :3], images[:, :3])


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_arrays_are_as_files_are(fit: str, tmp_path: Path) -> None:
    images = np.stack([disc(), disc(opacity=128)])
    np.save(tmp_path / "x.npy", images)
    for number, image in enumerate(images):
        (tmp_path / "files").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "files" / f"{number}.png")
    of_array, of_files = (
        open_table(tmp_path / name, channels=4, size=(10, 14), fit=fit)
        for name in ("x.npy", "files")  # type: ignore[arg-type]
    )
    np.testing.assert_array_equal(np.asarray(of_array.values), np.asarray(of_files.values))
    assert not any("transparent nowhere" in note for note in of_array.notes)
    np.save(tmp_path / "rgb.npy", images[..., :3])
    opaque = open_table(tmp_path / "rgb.npy", channels=4)
    assert opaque.shape == (4, 24, 24)
    assert (np.asarray(opaque.values)[:, 3] == 255).all()


def test_opacity_beside_none_lies_over_white() -> None:
    made = np.stack([disc()]).transpose(0, 3, 1, 2)
    for other in (1, 3):
        beside = figures.side_by_side(np.zeros((1, other, 24, 24), np.uint8), made)
        assert beside.shape == (1, 3, 24, 48)
        assert (beside[0, :, 0, 24:] == 255).all()
