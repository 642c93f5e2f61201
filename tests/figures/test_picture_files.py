"""Files of pictures: PNG, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from advnets.errors import RunError
from advnets.figures import save
from advnets.figures.files import write


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


def test_a_failed_write_leaves_the_old_picture_and_nothing_else(tmp_path):
    path = save(np.zeros((2, 2, 1), np.uint8), tmp_path / "picture.png")
    before = path.read_bytes()

    def fail(file):
        file.write(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        write(path, fail)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match=r"picture\.png: cannot write"):
        save(np.zeros((2, 2, 1), np.uint8), tmp_path / "file" / "picture.png")
