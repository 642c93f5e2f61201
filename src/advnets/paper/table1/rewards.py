"""What Table 1's measure rewards: real images, averages of them, prototypes, an averaged generator; one estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from advnets.config.load import load_recipe, to_dict
from advnets.config.recipe import Recipe
from advnets.data import ImageTable
from advnets.measures import nearest
from advnets.paper.shared_runs import trained
from advnets.paper.shrinking import shrunk
from advnets.paper.workspace import Workspace

Images = NDArray[np.uint8]
_SAMPLES = 10_000
_ROUNDS = 12  # of k-means
_CHOICE, _START = 4, 5  # streams of the seed's randomness


@dataclass(frozen=True)
class Stand:
    """A stand-in for a model's samples.

    Args:
        of: what it depends on beside the workspace's seed and pace, as JSON.
        draw: makes it, uint8, N x C x H x W.
    """

    of: Any
    draw: Callable[[], Images]


def stands(workspace: Workspace, table: ImageTable) -> dict[str, Stand]:
    """What is scored as if it were a model's samples, by what it is.

    Args:
        workspace: its seed is that of which images, of the centroids' start and of the generator; quick: fewer of them.
        table: whose training images they are made of.
    """
    train, quick = table.reals("train"), workspace.quick
    count = 1_000 if quick else _SAMPLES
    some = np.sort(np.random.default_rng([workspace.seed, _CHOICE]).choice(len(train), count, replace=False))
    centroids = (100,) if quick else (100, 1_000, 10_000)
    averaged = (2, 10) if quick else (2, 3, 5, 10)
    rounds = 3 if quick else _ROUNDS
    early, sampled = averaged_early(quick), workspace.seed + 1
    return {
        f"{count:,} training images": Stand([count, _CHOICE], lambda: train[some]),
        **({} if quick else {f"all {len(train):,} training images": Stand(len(train), lambda: train)}),
        **{
            f"{k:,} k-means centroids": Stand(
                [k, rounds, _START], lambda k=k: k_means(train, k, rounds, workspace.seed)
            )
            for k in centroids
        },
        **{
            f"each the mean of its {k} nearest": Stand(
                [k, count, _CHOICE], lambda k=k: means_of_nearest(train[some], train, k)
            )
            for k in averaged
        },
        f"generator averaged too long, early in training ({early.steps:,} steps)": Stand(
            [to_dict(early), count, sampled],
            lambda: np.asarray(trained(workspace, early).sample(count, sampled), np.uint8),
        ),
    }


def averaged_early(quick: bool) -> Recipe:
    """The default game, a third of it, with an average over all of its steps: blurred digits."""
    average = {"share": 1.0, "decay": 0.9999}
    early = {"name": "mnist-averaged-early", "steps": 4_000, "generator.average": average}
    recipe = load_recipe("mnist-dense").replace(**early)
    return shrunk(recipe) if quick else recipe


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
    start = np.random.default_rng([seed, _START]).choice(len(images), count, replace=False)
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
