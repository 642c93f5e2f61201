"""Nearest training images: the same as all distances sorted, ties by the lowest row."""

from __future__ import annotations

import numpy as np
import pytest
from direct_formulas import direct_squares, unit
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from advnets.errors import MeasureError
from advnets.measures import nearest


def sorted_neighbors(samples, train, count):
    return np.argsort(direct_squares(samples, train), axis=1, kind="stable")[:, :count]


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_real_digits_agree_with_scipy(digits, kind, count):
    samples, train = digits["test"][:30], digits["train"][:2500]
    if kind is np.float32:
        samples, train = (samples / 255).astype(kind), (train / 255).astype(kind)
    indices, distances = nearest(samples, train, count)
    everything = cdist(unit(samples), unit(train))
    assert np.array_equal(indices, np.argsort(everything, axis=1, kind="stable")[:, :count])
    assert np.allclose(distances, np.sort(everything, axis=1)[:, :count], rtol=0, atol=1e-12)
    assert (indices.dtype, distances.dtype) == (np.int64, np.float64)


def test_an_image_finds_itself_at_no_distance(digits):
    train = digits["train"][:1500]
    for images in (train, (train / 255).astype(np.float32)):
        indices, distances = nearest(images[700:760], images)
        assert np.array_equal(indices[:, 0], np.arange(700, 760))
        assert (distances == 0).all()


@pytest.mark.parametrize("scale", [1, 255.0])
def test_ties_go_to_the_lowest_row(digits, scale):
    some = digits["train"][:400] if scale == 1 else digits["train"][:400] / scale
    copies = np.concatenate([some, some, some])
    indices, distances = nearest(some[:50], copies, 3)
    assert np.array_equal(indices, np.arange(50)[:, None] + [0, 400, 800])
    assert (distances == 0).all()


def test_a_thousand_equal_images_are_told_apart_by_row():
    equal = np.full((1300, 9), 0.3)
    indices, _ = nearest(np.zeros((2, 9)), equal, 4)
    assert np.array_equal(indices, [[0, 1, 2, 3]] * 2)


@settings(max_examples=80, deadline=None)
@given(arrays(np.uint8, (12, 3), elements=st.integers(0, 4)), st.integers(1, 8))
def test_few_colors_make_many_ties(images, count):
    indices, _ = nearest(images[:4], images[4:], count)
    far = np.array([np.square(row.astype(int) - images[4:].astype(int)).sum(1) for row in images[:4]])
    assert np.array_equal(indices, np.argsort(far, axis=1, kind="stable")[:, :count])


@settings(max_examples=80, deadline=None)
@given(arrays(np.float64, (12, 3), elements=st.sampled_from([0.0, 0.1, 0.2, 0.7])), st.integers(1, 8))
def test_few_values_make_many_ties(images, count):
    indices, _ = nearest(images[:4], images[4:], count)
    assert np.array_equal(indices, sorted_neighbors(images[:4], images[4:], count))


def test_more_samples_than_a_tile_keep_their_order(digits):
    samples, train = digits["test"][:600], digits["train"][:700]
    together = nearest(samples, train, 2)
    apart = nearest(samples[590:], train, 2)
    assert np.array_equal(together[0][590:], apart[0])
    assert np.array_equal(together[1][590:], apart[1])


@pytest.mark.parametrize("count", [0, 4])
def test_a_count_out_of_range_is_refused(count):
    with pytest.raises(MeasureError, match=r"use 1 to 3"):
        nearest(np.zeros((2, 5)), np.zeros((3, 5)), count)
