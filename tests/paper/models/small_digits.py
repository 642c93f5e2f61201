"""Real digits of 8 x 8 pixels, and the models that know each pixel but nothing of the others."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from advnets.measures.parzen import parzen

SIGMAS = tuple(np.geomspace(0.05, 0.8, 15))


@functools.cache
def digits() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """1,397 images to train on and 400 to test with, N x 64 in [0, 1]."""
    images = (load_digits().data / 16).astype(np.float32)
    order = np.random.default_rng([0]).permutation(len(images))
    return images[order[:1397]], images[order[1397:]]


def shuffled_pixels(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples of the factorial model with the pixels' own marginals: each pixel from an image of its own."""
    return np.random.default_rng([1]).permuted(images, axis=0)


def score(samples: NDArray[np.float32]) -> float:
    """Parzen log-likelihood of the last 200 test images in nats; the first 200 choose sigma."""
    test = digits()[1]
    return parzen(samples, test[200:], test[:200], sigmas=SIGMAS).value
