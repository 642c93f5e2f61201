"""What is made of real images for the second table is what it says."""

from __future__ import annotations

import numpy as np
from scipy.cluster.vq import vq
from sklearn.datasets import load_digits

from advnets.paper.table1.rewards import k_means, means_of_nearest

DIGITS = (load_digits().images * 15).astype(np.uint8)[:, None]


def test_means_of_the_nearest_images_are_means() -> None:
    made = means_of_nearest(DIGITS[:20], DIGITS, 3)
    rows = DIGITS.reshape(len(DIGITS), -1).astype(np.float64)
    for i in range(20):
        order = np.argsort(((rows - rows[i]) ** 2).sum(1), kind="stable")[:3]
        assert np.abs(made[i].ravel() - rows[order].mean(0)).max() <= 0.5
    assert (means_of_nearest(DIGITS[:20], DIGITS, 1) == DIGITS[:20]).all()


def test_rounds_of_k_means_lower_the_distance_to_the_centroids() -> None:
    rows = DIGITS.reshape(len(DIGITS), -1).astype(np.float64)
    costs = [vq(rows, k_means(DIGITS, 10, rounds, 0).reshape(10, -1).astype(np.float64))[1] for rounds in (0, 1, 5, 20)]
    means = [float((cost**2).mean()) for cost in costs]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.8 * means[0]


def test_a_centroid_is_the_mean_of_what_it_owns() -> None:
    centroids = k_means(DIGITS, 5, 60, 1).reshape(5, -1).astype(np.float64)
    rows = DIGITS.reshape(len(DIGITS), -1).astype(np.float64)
    owner, _ = vq(rows, centroids)
    for k in range(5):
        assert np.abs(rows[owner == k].mean(0) - centroids[k]).max() < 3  # bytes, one last round's worth
