"""Features of stacked images: those of every channel, which is an image of its own."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from advnets.measures.features.cache import cached_features
from advnets.measures.features.extractor import Extractor, Features, Images, Probabilities, check_shape
from advnets.measures.features.setting import Setting
from advnets.measures.features.store import find, keep, key_of, store_folder

VERSION = 1


def channelwise(single: Extractor, setting: Setting) -> Extractor:
    """The channels' features side by side, and the probabilities of classes whose digits are the channels' classes.

    Args:
        single: makes the features of one channel, an image of its own, and classifies it: as many classes as a digit
            of a label has values.
        setting: with the table of stacked images, and labels.

    Raises:
        DataError: the cache cannot be written.
    """
    shape, classify = setting.table.shape, single.classify
    channels = shape[0]
    assert classify is not None

    def extract(images: Images) -> Features:
        check_shape(images, shape, single.name)
        return single.extract(images.reshape(-1, 1, *shape[1:])).reshape(len(images), -1)

    def joint(features: Features) -> Probabilities:
        each = classify(features.reshape(len(features) * channels, -1))
        return _joint(each.reshape(len(features), channels, -1))

    stacked = Extractor(
        name=single.name,
        dimension=channels * single.dimension,
        identity=f"channelwise-{VERSION}-{channels}-{single.identity}",
        extract=extract,
        classify=joint,
        batch=max(1, single.batch // channels),
        weights=single.weights,
    )
    return dataclasses.replace(stacked, note=f"{single.note}; {_worth(stacked, setting)}")


def _joint(each: Probabilities) -> Probabilities:
    """N x C x K, of each channel's classes, to N x K^C: of the numbers whose digits they are."""
    whole = each[:, 0]
    for channel in range(1, each.shape[1]):
        whole = (whole[:, :, None] * each[:, channel, None]).reshape(len(each), -1)
    return whole


def _worth(stacked: Extractor, setting: Setting) -> str:
    """How many channels, and how many images as a whole, are classified rightly; found out once."""
    table, folder = setting.table, store_folder(setting.cache)
    key = key_of("channelwise", VERSION, stacked.identity, table.fingerprint)
    stored = find(folder, key)
    if stored is None:
        right = _right(stacked, setting)
        facts = {"images": len(right), "each": float(right.mean()), "all": float(right.all(1).mean())}
        keep(folder, key, ".npy", lambda file: np.save(file, right, allow_pickle=False), facts)
    else:
        facts = stored[1]
    return (
        f"of the channels of {table.name}'s {facts['images']:,} test images on {facts['each']:.2%}, "
        f"of all of an image's on {facts['all']:.2%}"
    )


def _right(stacked: Extractor, setting: Setting) -> npt.NDArray[np.bool_]:
    """Whether each channel of the test images is classified rightly, N x C."""
    table, rows = setting.table, setting.table.rows("test")
    features = cached_features(stacked, table, rows, cache=setting.cache, progress=setting.progress)
    found = stacked.likeliest(features)
    assert found is not None
    assert table.labels is not None
    channels = table.shape[0]
    digits = (round(len(table.classes) ** (1 / channels)),) * channels
    guesses, truth = (np.stack(np.unravel_index(labels, digits), 1) for labels in (found[0], table.labels[rows]))
    return guesses == truth
