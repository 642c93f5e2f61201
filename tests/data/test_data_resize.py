"""Resizing: exact where nothing changes, antialiased where it does, true to the chosen fit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from advnets.data.resize import fit_image


def halves() -> Image.Image:
    """60 wide, 20 high: black, gray 128, white thirds."""
    return Image.fromarray(np.repeat([[0, 128, 255]], 20, axis=0).repeat(20, axis=1).astype(np.uint8))


def test_crop_keeps_the_center() -> None:
    assert (np.asarray(fit_image(halves(), (10, 10), "crop"))[:, 2:-2] == 128).all()


def test_pad_shows_everything_on_white() -> None:
    result = np.asarray(fit_image(halves(), (30, 30), "pad"))
    assert (result[:10] == 255).all()
    assert (result[20:] == 255).all()
    assert (result[12:18, :6] == 0).all()


def test_stretch_gives_up_the_aspect() -> None:
    result = np.asarray(fit_image(halves(), (30, 30), "stretch"))
    assert (result[:, 12:18] == 128).all()
    assert (result[:, :6] == 0).all()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_an_image_of_the_right_size_is_untouched(fit: str, digits: np.ndarray) -> None:
    assert np.array_equal(np.asarray(fit_image(Image.fromarray(digits[0]), (64, 64), fit)), digits[0])  # type: ignore[arg-type]


def test_a_fine_pattern_becomes_gray_and_not_stripes() -> None:
    stripes = Image.fromarray(np.tile(np.array([[0, 255]], np.uint8), (160, 80)))
    shrunk = np.asarray(fit_image(stripes, (16, 16), "crop")).astype(int)
    assert np.abs(shrunk - 127.5).max() < 8


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1)])
def test_extreme_aspects_do_not_fail(fit: str, size: tuple[int, int]) -> None:
    assert fit_image(Image.new("RGB", size), (9, 14), fit).size == (14, 9)  # type: ignore[arg-type]
