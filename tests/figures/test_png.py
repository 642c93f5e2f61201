"""Files of pictures: PNG, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from advnets.figures import save, step_of


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
