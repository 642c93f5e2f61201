"""Whether mirror images belong to a set."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.data import open_table
from advnets.data.orientation import orientation


def blobs(count: int, seed: int, mirrored: bool, size: tuple[int, int] = (33, 50)) -> np.ndarray:
    """Bright blobs, all right of the middle; mirrored: every second one left of it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    across = rng.uniform(0.6, 0.9, count) * size[1]
    if mirrored:
        across[::2] = size[1] - 1 - across[::2]
    down = rng.uniform(0.2, 0.8, count) * size[0]
    far = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
    return (255 * np.exp(-far / 40)).astype(np.uint8)[:, None].repeat(3, 1)


@pytest.mark.parametrize("size", [(33, 50), (20, 20), (7, 9)])
def test_what_lies_on_one_side_is_told_from_what_lies_on_both(size: tuple[int, int]) -> None:
    one, both = (orientation(blobs(900, 1, mirrored, size)) for mirrored in (False, True))
    assert one.share > 0.9
    assert not one.any_way
    assert both.any_way
    assert one.count == both.count == 900


def test_a_set_that_is_its_own_mirror_image_is_even() -> None:
    images = blobs(200, 2, mirrored=False)
    whole = np.concatenate([images, images[..., ::-1]])
    assert orientation(whole).any_way
    symmetric = np.maximum(images, images[..., ::-1])
    assert orientation(symmetric).share == 0.5


def test_digits_are_not_mirrored() -> None:
    found = orientation(np.asarray(open_table("mnist").values))
    assert found.share > 0.95
    assert not found.any_way


@pytest.mark.parametrize("count", [2, 4, 49])
def test_a_few_images_say_nothing(count: int) -> None:
    found = orientation(blobs(count, 0, mirrored=True))
    assert found.count == 0
    assert not found.any_way


def test_some_rows_may_be_meant() -> None:
    images = np.concatenate([blobs(300, 1, mirrored=False), blobs(300, 2, mirrored=True)])
    assert not orientation(images, rows=np.arange(300)).any_way
    assert orientation(images, rows=np.arange(300, 600)).any_way
