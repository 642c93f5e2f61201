"""Run.complete: bytes that stay, completions that depend on nothing but their own image, mask and number."""

from __future__ import annotations

import numpy as np
import pytest
from completing_runs import SHAPE, colors
from PIL import Image

import advnets
from advnets.errors import RunError

pytestmark = pytest.mark.usefixtures("no_report")
RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (5, *SHAPE), np.uint8)
MASKS = RNG.random((5, *SHAPE[1:])) < 0.5


def test_what_is_observed_comes_back_byte_for_byte() -> None:
    made = colors().complete(IMAGES, MASKS, count=4)
    assert made.shape == (5, 4, *SHAPE)
    assert made.dtype == np.uint8
    seen = ~np.broadcast_to(MASKS[:, None, None], made.shape)
    np.testing.assert_array_equal(made[seen], np.broadcast_to(IMAGES[:, None], made.shape)[seen])
    assert (made[:, 0] != made[:, 1]).any((1, 2, 3)).all()
    assert (made[:, 0] != IMAGES).any((1, 2, 3)).all()


def test_a_completion_depends_on_its_own_image_mask_seed_and_number() -> None:
    run = colors()
    made = run.complete(IMAGES, MASKS, count=3, seed=2)
    np.testing.assert_array_equal(run.complete(IMAGES[3:4], MASKS[3:4], count=2, seed=2), made[3:4, :2])
    hidden = np.where(MASKS[:, None], 0, IMAGES)
    np.testing.assert_array_equal(run.complete(hidden.astype(np.uint8), MASKS, count=3, seed=2), made)
    assert (run.complete(IMAGES, MASKS, count=3, seed=4) != made).any()
    with pytest.raises(RunError, match="0 completions cannot be made; ask for 1 or more"):
        run.complete(IMAGES, MASKS, count=0)


def test_masks_for_all_for_each_and_for_each_channel() -> None:
    run, made = colors(), colors().complete(IMAGES, MASKS, count=1)
    by_channel = np.repeat(MASKS[:, None], 3, 1)
    np.testing.assert_array_equal(run.complete(IMAGES, by_channel.astype(int), count=1), made)
    for_all = run.complete(IMAGES, MASKS[0], count=1)
    np.testing.assert_array_equal(for_all[:1], made[:1])
    np.testing.assert_array_equal(for_all[1:2], run.complete(IMAGES[1], MASKS[0], count=1))
    red = np.zeros((5, *SHAPE), bool)
    red[:, 0] = True
    assert (run.complete(IMAGES, red, count=1)[:, 0, 1:] == IMAGES[:, 1:]).all()


def test_samples_are_completions_of_nothing_and_pictures_show_both() -> None:
    run = colors()
    nothing = np.zeros((1, *SHAPE), np.uint8)
    whole = run.complete(nothing, np.ones(SHAPE[1:], bool), count=7, seed=5, anyway=True)[0]
    np.testing.assert_array_equal(run.sample(7, seed=5), whole)
    assert run.interpolate(2, 3).shape == (2, 3, *SHAPE)
    for name in ("step", "completions"):
        with Image.open(run.path / "samples" / f"{name}-{6:08d}.png") as picture:
            assert picture.size[0] > 100


@pytest.mark.parametrize(
    ("images", "masks", "said"),
    [
        (IMAGES.astype(np.float32), MASKS, "float32; give uint8, N x 3 x 12 x 10"),
        (IMAGES[:, :, :11], MASKS, "give uint8, N x 3 x 12 x 10"),
        (IMAGES[:, :1], MASKS, "give uint8, N x 3 x 12 x 10"),
        (IMAGES, MASKS[:2], r"masks of shape \(2, 12, 10\) for 5 images; give 12 x 10, one for each"),
        (IMAGES, MASKS[:, :4], "masks of shape"),
        (
            IMAGES,
            MASKS & (np.arange(5) < 3)[:, None, None],
            r"nothing is missing of image 3 \(and 1 more such images\)",
        ),
        (IMAGES, np.ones(SHAPE[1:]), "everything is missing of image 0 .*, or complete it with anyway=True"),
    ],
)
def test_what_does_not_fit_is_said(images, masks, said: str) -> None:
    with pytest.raises(RunError, match=said):
        colors().complete(images, masks)


def test_other_runs_complete_nothing(finished) -> None:
    with pytest.raises(RunError, match=r"completes no images; train with --game.kind completion"):
        advnets.load(finished).complete(IMAGES, MASKS)
