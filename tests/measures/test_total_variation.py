"""Total variation: one for real images, less for blurred ones, more for noisy ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from advnets.errors import MeasureError
from advnets.measures import total_variation


def plain_variation(image_HW):
    differences = [np.abs(np.diff(image_HW, axis=axis)).ravel() for axis in (0, 1)]
    return np.concatenate(differences).mean()


def test_real_images_beside_themselves_are_one(digits):
    assert total_variation(digits["test"][:500], digits["test"][:500]).value == 1


def test_two_draws_of_real_images_agree_within_the_error(digits):
    result = total_variation(digits["valid"][:2000], digits["train"][:2000])
    assert abs(result.value - 1) < 4 * result.standard_error
    assert result.standard_error < 0.02


def test_more_blur_is_less_variation_and_noise_is_more(digits):
    real = digits["test"][:300] / 255
    blurred = [total_variation(gaussian_filter(real, (0, 0, s, s)), real).value for s in (0.5, 1, 2)]
    noise = np.random.default_rng(0).normal(0, 0.05, real.shape)
    assert 1 > blurred[0] > blurred[1] > blurred[2] > 0
    assert total_variation(real + noise, real).value > 1


def test_it_is_the_mean_over_neighbors(digits):
    samples, real = digits["train"][:5], digits["test"][:7]
    means = [np.mean([plain_variation(image[0] / 255) for image in images]) for images in (samples, real)]
    result = total_variation(samples, real)
    assert result.value == pytest.approx(means[0] / means[1], rel=1e-12)
    assert (result.details["samples_mean"], result.details["real_mean"]) == pytest.approx(tuple(means), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (4, 3, 5, 2), elements=st.floats(0, 1)), st.floats(0.1, 0.9))
def test_it_grows_in_proportion_to_contrast(images, contrast):
    images[0, 0, 0] = [0, 1]
    assert total_variation(contrast * images, images).value == pytest.approx(contrast)


def test_the_error_is_that_of_repeated_draws(digits):
    random = np.random.default_rng(0)
    pools = digits["train"][:5000], digits["train"][5000:10_000]
    draws = [total_variation(*(pool[random.choice(5000, 200, replace=False)] for pool in pools)) for _ in range(200)]
    spread = np.std([draw.value for draw in draws])
    assert np.mean([draw.standard_error for draw in draws]) == pytest.approx(spread, rel=0.2)


def test_gray_images_need_no_channel_axis_and_pixels_no_scale(digits):
    samples, real = digits["train"][:20], digits["test"][:20]
    expected = total_variation(samples, real).value
    assert total_variation(samples[:, 0], real).value == expected
    assert total_variation(samples / 255, real).value == pytest.approx(expected, rel=1e-12)


def test_it_becomes_plain_json(digits):
    result = total_variation(digits["train"][:20], digits["test"][:20])
    plain = json.loads(json.dumps(result.as_dict()))
    assert plain["value"] == result.value
    assert plain["standard_error"] == result.standard_error


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 4, 4), "at least 2"),
        ((3, 16), "N x C x H x W"),
        ((3, 1, 1, 1), "one pixel"),
        ((3, 4, 4), "one color"),
    ],
)
def test_what_cannot_be_measured_is_refused(shape, message):
    with pytest.raises(MeasureError, match=message):
        total_variation(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))
