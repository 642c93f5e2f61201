"""Every kind of game that a recipe can name, small: what its step and a kill are tried on.

A new kind adds its row to `KINDS`; a test says where one is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data.sources import Sources
from advnets.training.batches import Data

COUNT, SHAPE, CLASSES = 96, (1, 12, 10), ("a", "b", "c")


def images() -> Data:
    """Images without labels."""
    rng = np.random.default_rng(0)
    return Data(rng.integers(0, 256, (COUNT, *SHAPE), np.uint8), np.arange(COUNT))


def labelled() -> Data:
    """Images of three classes."""
    labels = np.arange(COUNT) % len(CLASSES)
    return Data(images().values, np.arange(COUNT), labels, CLASSES)


def pairs() -> Data:
    """Gray images, each with a source of two channels, in another order."""
    rng = np.random.default_rng(1)
    partners = rng.permutation(COUNT)
    values = rng.integers(0, 256, (COUNT, 2, *SHAPE[1:]), np.uint8)
    sources = Sources("sources", values, np.arange(COUNT), np.arange(0), partners)
    return replace(images(), sources=sources)


def apart() -> Data:
    """Images, and sources that are no partners, of which there are fewer."""
    found = pairs().sources
    assert found is not None
    return replace(images(), sources=replace(found, train=np.arange(0, COUNT, 3), partners=None))


SMALL_CONV = {
    "game.generator.network": {"kind": "unet", "base": 4},
    "game.discriminator.network": {"kind": "patch", "base": 4, "halvings": 1},
    "game.flip": True,
    "game.crop": 2,
}
"""A convolutional pair of images to images, which are moved at random."""


def in_color() -> Data:
    """The same in three channels, shifted against each other."""
    gray = images().values
    return Data(np.concatenate([np.roll(gray, n, 3) for n in range(3)], 1), np.arange(COUNT))


def partly_labelled() -> Data:
    """Images of which a third has labels."""
    data = labelled()
    return Data(data.values, data.rows, np.where(np.arange(COUNT) % 7 < 2, data.labels, -1), CLASSES)


DENSE = {
    "game.latent": 6,
    "game.generator.network": {"kind": "mlp", "hidden": [16], "output": "tanh"},
    "game.discriminator.network": {"kind": "mlp", "units": [16]},
}
"""A dense pair, for games with one generator and one discriminator."""
READER = {"kind": "mlp", "hidden": [16], "output": "linear"}
"""A dense network of images to codes."""
CODED = {"kind": "autoencoder", "units": [16, 5]}
"""A dense autoencoder."""


@dataclass(frozen=True)
class Kind:
    """How a kind is tried.

    Args:
        changes: fields of the recipe `dcgan` beside the kind.
        data: what it is played on.
        killed_at: the step at which it is killed: after a checkpoint, and before the next.
    """

    changes: Mapping[str, Any] = field(default_factory=lambda: DENSE)
    data: Callable[[], Data] = images
    killed_at: int = 7


KINDS: dict[str, Kind] = {
    "adversarial": Kind(),
    "completion": Kind(DENSE | {"game.reconstruction": 5.0}, in_color),
    "conditional": Kind(DENSE | {"game.mismatched": 0.5, "game.auxiliary": 0.5}, partly_labelled),
    "infogan": Kind(DENSE | {"game.categories": 3, "game.recognizer.network": READER}),
    "ebgan": Kind(DENSE | {"game.discriminator.network": CODED, "game.margin": 0.4, "game.pulling_away": 0.1}),
    "began": Kind(DENSE | {"game.discriminator.network": CODED, "game.first_k": 0.3, "game.gain": 0.5}),
    "adversarial-autoencoder": Kind(DENSE | {"game.encoder.network": READER}),
    "cogan": Kind(DENSE | {"game.second.network": {"kind": "mlp", "units": [16]}}),
    "translation": Kind(SMALL_CONV | {"game.latent": 3, "game.penalties.r1": {"weight": 1.0, "every": 2}}, pairs),
    "cycle": Kind(
        SMALL_CONV
        | {
            "game.reverse.network": {"kind": "unet", "base": 4},
            "game.source_discriminator.network": {"kind": "patch", "base": 4, "halvings": 1},
        },
        apart,
    ),
    "super-resolution": Kind(
        SMALL_CONV | {"game.generator.network": {"kind": "upscaler", "base": 4, "blocks": 1}, "game.latent": 3}
    ),
    "semi-supervised": Kind(
        DENSE
        | {
            "game.discriminator.network": {"kind": "conv-classifier", "base": 4, "dense": 8},
            "game.labelled": 5,
            "game.labels": 12,
            "game.noise": 0.1,
            "game.temperature": 0.8,
        },
        partly_labelled,
    ),
    "bidirectional": Kind(
        DENSE
        | {"game.encoder.network": {"kind": "mlp", "hidden": [16], "output": "linear"}}
        | {"game.regression": 0.5, "game.reconstruction": 3.0, "game.elastic": 0.05, "game.erased": 0.2}
    ),
}
"""Kind of a `GameConfig` -> how it is tried."""


def with_vectors() -> Data:
    """Images with two numbers each, a fifth without."""
    numbers = np.random.default_rng(2).normal(3.0, 2.0, (COUNT, 2)).astype(np.float32)
    numbers[::5] = np.nan
    return replace(images(), vectors=numbers)


FURTHER: dict[str, Kind] = {
    "vectors": Kind(DENSE | {"game.kind": "conditional", "game.auxiliary": 0.5, "game.scaled": True}, with_vectors),
    "adapting": Kind(  # looks at every 16th step
        DENSE
        | {"game.kind": "adversarial", "augment": ("color", "geometry", "cutout"), "augment_target": 0.01}
        | {"mirror": True, "steps": 60, "holdout": 0.2, "discriminator.rate": 0.02},
        killed_at=43,
    ),
}
"""Other ways to play these kinds, in which a training keeps something else."""


def recipe_of(kind: str, **changes: Any) -> Recipe:
    """A recipe of a few steps of this kind, on one processor core in float32."""
    short = {"batch": 12, "steps": 12, "log_every": 1, "checkpoint_every": 4, "sample_every": 6}
    fixed = {"device": "cpu", "precision": "float32", "watch.action": "off"}
    return load_recipe("dcgan").replace(**{"game.kind": kind, **short, **fixed, **of(kind).changes, **changes})


def of(kind: str) -> Kind:
    """How a kind is tried."""
    return (KINDS | FURTHER)[kind]


def sources_of(kind: str) -> Any:
    """The kind's sources as `advnets.train` takes them, those of pairs in the order of the data; None without."""
    found = of(kind).data().sources
    if found is None:
        return None
    return found.values[found.train if found.partners is None else found.partners]


def given(kind: str) -> Any:
    """The kind's data as `advnets.train` takes them."""
    data = of(kind).data()
    beside = data.labels if data.vectors is None else data.vectors
    return data.values if beside is None else (data.values, beside)
