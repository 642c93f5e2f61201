"""What Table 1's measure rewards: real images, averages of real images, and prototypes, by the same estimator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from advnets.data import ImageTable
from advnets.measures import nearest

Images = NDArray[np.uint8]
_SAMPLES = 10_000


def makers(table: ImageTable, seed: int, quick: bool) -> dict[str, Callable[[], Images]]:
    """What draws "samples", uint8 N x C x H x W, by what they are.

    Args:
        table: whose training images they are made of.
        seed: of which images, and of the centroids' start.
        quick: fewer of them.
    """
    train = table.images[table.rows("train")]
    count = 1_000 if quick else _SAMPLES
    some = np.sort(np.random.default_rng([seed, 4]).choice(len(train), count, replace=False))
    centroids = (100,) if quick else (100, 1_000, 10_000)
    averaged = (2, 10) if quick else (2, 3, 5, 10)
    rounds = 3 if quick else 12
    return {
        f"{count:,} training images": lambda: train[some],
        **({} if quick else {f"all {len(train):,} training images": lambda: train}),
        **{f"{k:,} k-means centroids": lambda k=k: k_means(train, k, rounds, seed) for k in centroids},
        **{f"each the mean of its {k} nearest": lambda k=k: means_of_nearest(train[some], train, k) for k in averaged},
    }


def means_of_nearest(images: Images, among: Images, count: int) -> Images:
    """Each image replaced by the mean of the `count` images nearest to it, itself one of them.

    Args:
        images: uint8, N x C x H x W.
        among: uint8, M x C x H x W, these images among them.
        count: how many are averaged.
    """
    rows, _ = nearest(images, among, count)
    return np.stack([among[each].astype(np.float32).mean(0).round().astype(np.uint8) for each in rows])


def k_means(images: Images, count: int, rounds: int, seed: int) -> Images:
    """Centroids after so many rounds of Lloyd's algorithm from `count` images drawn at random.

    Args:
        images: uint8, N x C x H x W, at least `count`.
        count: of centroids.
        rounds: of assignment and averaging.
        seed: of the start.

    Returns:
        uint8, count x C x H x W; a centroid that no image is nearest to stays where it was.
    """
    rows = torch.from_numpy(images.reshape(len(images), -1)).float()
    start = np.random.default_rng([seed, 5]).choice(len(images), count, replace=False)
    centroids = rows[torch.from_numpy(start)].clone()
    for _ in range(rounds):
        owner = _nearest(rows, centroids)
        sums = torch.zeros_like(centroids).index_add_(0, owner, rows)
        sizes = torch.bincount(owner, minlength=count)
        centroids = torch.where(sizes[:, None] > 0, sums / sizes.clamp_min(1)[:, None], centroids)
    return centroids.round().to(torch.uint8).numpy().reshape(count, *images.shape[1:])


def _nearest(rows: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The centroid nearest to each row; half its square less the product is as good as the distance."""
    halves = centroids.square().sum(1) / 2
    return torch.cat([(halves - part @ centroids.T).argmin(1) for part in rows.split(4096)])
