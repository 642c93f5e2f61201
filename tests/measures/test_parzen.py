"""The Parzen estimate: the direct formula's answer, the authors' choices, and the paper's figures."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from direct_formulas import direct_scores
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import multivariate_normal

from advnets.errors import MeasureError
from advnets.measures import parzen
from advnets.measures.inputs import rows_of
from advnets.measures.parzen import log_likelihoods

SIGMAS = tuple(np.logspace(-1, 0, 10))
unit_images = arrays(np.float64, (6, 5), elements=st.floats(0, 1))


@settings(max_examples=50, deadline=None)
@given(unit_images, st.sampled_from(SIGMAS))
def test_one_sample_is_one_gaussian(images, sigma):
    value = parzen(images[:1], images[1:], sigma=sigma).value
    expected = multivariate_normal(images[0], sigma**2 * np.eye(5)).logpdf(images[1:]).mean()
    assert value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(unit_images, st.permutations(range(6)))
def test_the_order_of_samples_does_not_matter(images, order):
    straight = parzen(images, images[:3], sigma=0.2).value
    assert parzen(images[order], images[:3], sigma=0.2).value == pytest.approx(straight, abs=1e-10)


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, (9, 12)))
def test_pixels_and_their_fractions_mean_the_same(images):
    whole = parzen(images[:5], images[5:], sigma=0.1)
    assert parzen(images[:5] / 255, images[5:], sigma=0.1).value == pytest.approx(whole.value, abs=1e-9)


def test_samples_twice_over_change_nothing(digits):
    samples, test = digits["train"][:700], digits["test"][:50]
    once, twice = (parzen(np.tile(samples, (times, 1, 1, 1)), test, sigma=0.15) for times in (1, 2))
    assert once.value == pytest.approx(twice.value, abs=1e-9)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_the_direct_formula_agrees_on_real_digits(digits, kind):
    samples, test = digits["train"][:3000], np.concatenate([digits["test"][:20], digits["train"][:20]])
    if kind is not np.uint8:
        samples, test = (samples / 255).astype(kind), (test / 255).astype(kind)
    found = log_likelihoods(rows_of(samples, "samples"), rows_of(test, "test"), SIGMAS)
    assert np.abs(found - direct_scores(samples, test, SIGMAS)).max() < 1e-9


def test_a_sample_that_is_the_image_itself_gives_its_peak(digits):
    test = digits["test"][:10]
    peak = -math.log(10) - 784 * math.log(0.01 * math.sqrt(2 * math.pi))
    assert parzen(test, test, sigma=0.01).value == pytest.approx(peak, abs=1e-9)


def test_far_samples_do_not_underflow():
    black, white = np.zeros((2, 784), np.uint8), np.full((2, 784), 255, np.uint8)
    expected = -784 / (2 * 0.1**2) - 784 * math.log(0.1 * math.sqrt(2 * math.pi))
    assert parzen(black, white, sigma=0.1).value == pytest.approx(expected, rel=1e-12)


def test_sigma_is_the_validation_images_best(digits):
    samples, test, valid = digits["train"][:500], digits["test"][:100], digits["valid"][:100]
    result = parzen(samples, test, valid)
    means = direct_scores(samples, valid, SIGMAS).mean(axis=1)
    assert result.details["sigmas"] == SIGMAS
    assert np.allclose(result.details["validation"], means, rtol=0, atol=1e-9)
    assert result.details["sigma"] == SIGMAS[int(np.argmax(means))]
    scores = direct_scores(samples, test, [result.details["sigma"]])
    assert result.value == pytest.approx(scores.mean(), abs=1e-9)
    assert result.standard_error == pytest.approx(scores.std() / 10, abs=1e-9)
    assert (result.samples, result.real) == (500, 100)


def test_only_the_first_validation_images_count(digits):
    samples, test, valid = digits["train"][:200], digits["test"][:20], digits["valid"][:60]
    few = parzen(samples, test, valid, validation_images=30)
    assert few == parzen(samples, test, valid[:30])
    assert few.details["validation"] != parzen(samples, test, valid).details["validation"]


def test_a_finer_choice_of_sigma_scores_no_lower_on_validation(digits):
    samples, test, valid = digits["train"][:300], digits["test"][:20], digits["valid"][:50]
    coarse = parzen(samples, test, valid)
    fine = parzen(samples, test, valid, sigmas=np.logspace(-1, 0, 28))
    assert max(fine.details["validation"]) >= max(coarse.details["validation"])


def test_a_best_sigma_at_the_edge_is_told(digits):
    samples, test, valid = digits["train"][:300], digits["test"][:20], digits["valid"][:50]
    assert not parzen(samples, test, valid).details["at_edge"]
    assert parzen(samples, test, valid, sigmas=[0.5, 0.7, 1.0]).details["at_edge"]
    assert not parzen(samples, test, sigma=0.5).details["at_edge"]


def test_real_training_images_score_243_nats(digits):
    random = np.random.default_rng(0)
    samples = digits["train"][random.choice(50_000, 10_000, replace=False)]
    result = parzen(samples, digits["test"][:800], digits["valid"][:150])
    assert result.details["sigma"] == pytest.approx(0.1668, abs=1e-4)
    assert result.value == pytest.approx(243, abs=4 * result.standard_error)


def test_same_inputs_give_the_same_digits(digits):
    arguments = digits["train"][:600] / 255, digits["test"][:600] / 255, digits["valid"][:100] / 255
    assert parzen(*arguments) == parzen(*arguments)


def test_it_becomes_plain_json_with_its_caveat(digits):
    result = parzen(digits["train"][:50], digits["test"][:20], digits["valid"][:20])
    plain = json.loads(json.dumps(result.as_dict()))
    assert plain["value"] == result.value
    assert plain["standard_error"] == result.standard_error
    assert "Theis et al. 2016" in plain["caveat"]


IMAGES = np.zeros((3, 1, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((IMAGES[:0], IMAGES), {"sigma": 0.1}, "samples: 0 images"),
        ((IMAGES, IMAGES[:1]), {"sigma": 0.1}, "test: 1 images"),
        ((IMAGES, IMAGES), {}, "give validation images or sigma"),
        ((IMAGES, IMAGES, IMAGES[:0]), {}, "valid: 0 images"),
        ((IMAGES, IMAGES, IMAGES), {"validation_images": 0}, "validation_images is 0"),
        ((IMAGES, IMAGES), {"sigma": 0.0}, "sigmas"),
        ((IMAGES, IMAGES), {"sigma": math.nan}, "sigmas"),
        ((IMAGES, IMAGES, IMAGES), {"sigmas": []}, "sigmas"),
        ((IMAGES, IMAGES), {"sigma": 0.1, "sigmas": [0.1]}, "both"),
        ((IMAGES, IMAGES.astype(np.int64)), {"sigma": 0.1}, "type int64"),
        ((IMAGES, np.full((2, 16), np.nan)), {"sigma": 0.1}, "test: a value is not finite"),
        ((IMAGES, np.full((2, 16), 255.0)), {"sigma": 0.1}, "scale floating-point images"),
        ((IMAGES, np.zeros((3, 1, 2, 8), np.uint8)), {"sigma": 0.1}, "one size"),
        ((IMAGES, np.zeros((3, 15), np.uint8)), {"sigma": 0.1}, "one size"),
        ((np.zeros(5), IMAGES), {"sigma": 0.1}, "samples: shape"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, options, message):
    with pytest.raises(MeasureError, match=message):
        parzen(*arguments, **options)
