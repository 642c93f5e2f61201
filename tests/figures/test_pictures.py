"""Pictures of images: every pixel is in its place, none is invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advnets.errors import DataError
from advnets.figures import grid, interpolation, neighbors

WHITE, FRAME = 255, (255, 176, 0)


def random_images(count, channels=1, height=4, width=3):
    return np.random.default_rng(count).integers(0, 200, (count, channels, height, width), dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(*(st.integers(1, high) for high in (7, 6, 5, 4)), st.integers(0, 3), st.integers(1, 3))
def test_every_image_is_in_its_place(count, columns, height, width, padding, scale):
    images = random_images(count, 1, height, width)
    picture = grid(images, columns, padding, scale)
    rows = -(-count // columns)
    assert picture.shape[:2] == tuple(
        n * (side * scale + padding) + padding for n, side in ((rows, height), (columns, width))
    )
    for place in range(count):
        top = padding + place // columns * (height * scale + padding)
        left = padding + place % columns * (width * scale + padding)
        shown = picture[top : top + height * scale : scale, left : left + width * scale : scale, 0]
        assert np.array_equal(shown, images[place, 0])


def test_the_rest_is_background():
    picture = grid(np.zeros((3, 1, 2, 2), np.uint8), columns=2, padding=1, scale=1)
    assert (picture == WHITE).sum() == picture.size - 3 * 4


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 3), (3, 3), (5, 3)])
def test_any_number_of_channels_can_be_shown(channels, shown):
    images = random_images(1, channels)
    picture = grid(images, padding=0, scale=1)
    assert picture.shape == (4, 3, shown)
    kept = min(channels, 3)
    assert np.array_equal(picture[..., :kept], images[0, :kept].transpose(1, 2, 0))
    assert not picture[..., kept:].any()


@pytest.mark.parametrize(("side", "count"), [(28, 64), (28, 100), (8, 9), (64, 16), (256, 4)])
def test_small_images_are_enlarged_to_a_comfortable_width_and_large_ones_are_not(side, count):
    width = grid(random_images(count, 1, side, side)).shape[1]
    across = int(np.sqrt(count))
    assert width >= across * side
    assert width <= max(640, across * (side + 2) + 2)
    assert side >= 64 or width >= min(300, across * 100)


def test_figure_2_shows_the_neighbor_of_each_rows_last_sample_in_a_frame():
    samples, train = random_images(6), random_images(9)
    picture = neighbors(samples, train, np.array([0, 1, 7, 3, 4, 8]), columns=3, padding=1, scale=1)
    column = picture[:, -5:]
    assert np.array_equal(column[1:5, 1:4, 0], train[7, 0])
    assert np.array_equal(column[6:10, 1:4, 0], train[8, 0])
    assert (column[[0, 5, 10]] == FRAME).all()
    assert (column[:, [0, -1]] == FRAME).all()
    assert np.array_equal(picture[:, :13, :1], grid(samples, 3, 1, 1))


def test_figure_2_takes_indices_as_nearest_gives_them_or_the_neighbors_themselves():
    samples, train = random_images(4), random_images(9)
    indices = np.array([[5, 1], [2, 0], [8, 3], [4, 4]])
    by_index = neighbors(samples, train, indices, columns=2)
    assert np.array_equal(by_index, neighbors(samples, train, indices[:, 0], columns=2))
    assert np.array_equal(by_index, neighbors(samples, train[indices[:, 0]], columns=2))


def test_figure_2_of_fewer_samples_than_columns_is_one_row():
    samples = random_images(2)
    assert neighbors(samples, samples, columns=6, padding=1, scale=1).shape[0] == 6


def test_figure_3_lets_the_steps_of_a_row_touch():
    rows = random_images(10).reshape(2, 5, 1, 4, 3)
    picture = interpolation(rows, padding=1, scale=1)
    assert picture.shape == (11, 17, 1)
    for row in range(2):
        top = 1 + 5 * row
        strip = np.concatenate(list(rows[row, :, 0]), axis=1)
        assert np.array_equal(picture[top : top + 4, 1:16, 0], strip)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: grid(random_images(3).astype(np.float32)),
        lambda: grid(random_images(3)[0]),
        lambda: grid(random_images(3)[:0]),
        lambda: grid(random_images(3), columns=0),
        lambda: grid(random_images(3), padding=-1),
        lambda: grid(random_images(3), scale=0),
        lambda: interpolation(random_images(3)),
        lambda: neighbors(random_images(5), random_images(5), columns=3),
        lambda: neighbors(random_images(3), random_images(5), columns=3),
        lambda: neighbors(random_images(3), random_images(5, 3), np.arange(3), columns=3),
        lambda: neighbors(random_images(3), random_images(5), np.arange(2), columns=3),
    ],
)
def test_what_cannot_be_shown_is_refused(draw):
    with pytest.raises(DataError):
        draw()
