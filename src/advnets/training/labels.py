"""Which of the data's labels a game uses: all others count as unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from advnets.errors import NoClassesError, RecipeError
from advnets.games.game import Labels
from advnets.randomness import Stream, seed_for
from advnets.training.batches import Data


def with_labels(data: Data, asked: Labels, batch: int) -> Data:
    """The data with the labels that are asked for, of every class as many, drawn by a seed of their own.

    Args:
        data: what is trained on, with labels.
        asked: how many of them, and which.
        batch: rows of a minibatch.

    Raises:
        RecipeError: there are no labels, or not so many, or not one of every class.
    """
    if asked.rows > batch:
        what = f"{asked.rows} rows with labels beside a batch of {batch}"
        raise RecipeError(what, f"use --game.labelled {batch}, or less")
    if data.labels is None or not len(data.labelled_rows):
        remedy = "use data with labels, or --game.kind adversarial"
        raise NoClassesError("a semi-supervised game needs data in which some images have classes", remedy)
    if asked.count is None:
        return data
    chosen = _chosen(data, asked.count, asked.seed)
    labels = np.full(len(data.labels), -1, np.int64)
    labels[chosen] = data.labels[chosen]
    return replace(data, labels=labels)


def _chosen(data: Data, count: int, seed: int) -> NDArray[np.int64]:
    """Rows of every class, as many as go evenly into `count`."""
    assert data.labels is not None  # as seen to
    labels, rows = data.labels, data.labelled_rows
    classes = [number for number in range(len(data.classes)) if (labels[rows] == number).any()]
    each, left = divmod(count, len(classes))
    if left or not each:
        fewest = int(np.bincount(labels[rows])[classes].min())
        near = min(max(1, round(count / len(classes))), fewest) * len(classes)
        what = f"{count:,} labels of {len(classes)} classes are not as many of each"
        raise RecipeError(what, f"use --game.labels {near}, or another multiple of {len(classes)}")
    rng = np.random.Generator(np.random.Philox(key=seed_for(seed, 0, Stream.LABELS)))
    parts: list[NDArray[np.int64]] = []
    for number in classes:
        mine = rows[labels[rows] == number]
        if len(mine) < each:
            most = len(classes) * int(np.bincount(labels[rows])[classes].min())
            name = data.classes[number]
            what = f"{each:,} labels of class {name!r} are asked for, {len(mine):,} training examples have it"
            raise RecipeError(what, f"use --game.labels {most}, or less, or null for all")
        parts.append(rng.permutation(mine)[:each])
    return np.concatenate(parts)
