"""Files of pictures: whole or not at all, in the format that their name says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from advnets.errors import DataError
from advnets.figures import save, save_one, shows, step_of


@pytest.mark.parametrize("channels", [1, 3])
def test_a_saved_picture_is_read_back_as_it_was(tmp_path, channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    path = save(picture, tmp_path / "new" / "picture.png")
    assert path == tmp_path / "new" / "picture.png"
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image).reshape(picture.shape), picture)


def test_a_name_without_an_ending_is_a_png_all_the_same(tmp_path):
    with Image.open(save(np.zeros((2, 2, 1), np.uint8), str(tmp_path / "picture"))) as image:
        assert image.format == "PNG"


def test_a_failed_write_leaves_the_old_picture_and_nothing_else(tmp_path, monkeypatch):
    path = save(np.zeros((2, 2, 1), np.uint8), tmp_path / "picture.png")
    before = path.read_bytes()

    def fail(image, file, **options):
        file.write(b"half")
        raise OSError(28, "no space")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="no space"):
        save(np.ones((2, 2, 1), np.uint8), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_knows_its_step(tmp_path):
    path = save(np.zeros((2, 2, 1), np.uint8), tmp_path / "picture.png", 300)
    assert step_of(path) == 300
    assert step_of(save(np.zeros((2, 2, 1), np.uint8), tmp_path / "other.png")) is None
    path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert step_of(path) is None
    assert step_of(tmp_path / "none.png") is None


@pytest.mark.parametrize(("ending", "format", "most"), [("jpg", "JPEG", 12), ("JPEG", "JPEG", 12), ("webp", "WEBP", 0)])
def test_other_formats_by_the_names_ending(tmp_path, ending, format, most):
    steps = np.linspace(0, 250, 32).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(steps[:, None], steps[None], np.uint8(90)), -1)
    with Image.open(save(picture, tmp_path / f"picture.{ending}")) as image:
        assert image.format == format
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - picture).max() <= most


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"picture.gif cannot be a picture; end its name in \.png, \.jpg, \.jpeg, \.web"
    ):
        save(np.zeros((2, 2, 1), np.uint8), tmp_path / "picture.gif")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_file_shows_the_image_that_was_written_and_no_other(tmp_path, ending):
    rng, path = np.random.default_rng(0), tmp_path / f"one.{ending}"
    image, other = rng.integers(0, 256, (2, 9, 8, 3), dtype=np.uint8)
    save_one(image, path)
    assert shows(path, image)
    assert not shows(path, other)
    assert not shows(tmp_path / f"none.{ending}", image)
    path.write_bytes(path.read_bytes()[:60])
    assert not shows(path, image)


def test_channels_that_a_format_has_not_are_refused(tmp_path):
    save_one(np.zeros((2, 2, 4), np.uint8), tmp_path / "one.png")
    for channels, ending in ((4, "jpg"), (2, "webp"), (5, "png")):
        with pytest.raises(DataError, match=f"images of {channels} channels are no .{ending} files; name a .npy"):
            save_one(np.zeros((2, 2, channels), np.uint8), tmp_path / f"one.{ending}")
