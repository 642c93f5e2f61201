"""What a classifier is worth: how it takes real images that it was not trained on."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from advnets.data import HELD_OUT, Table, labels_of
from advnets.errors import MeasureError
from advnets.measures.features.cache import cached_features, rows_digest
from advnets.measures.features.extractor import Extractor
from advnets.measures.features.setting import Setting
from advnets.measures.features.store import find, keep, key_of, store_folder
from advnets.measures.mistakes import Confusion

VERSION = 1


def labeled(table: Table, split: str) -> npt.NDArray[np.int64]:
    """The rows of a split that are of a class."""
    rows = table.rows(split)
    return rows[labels_of(table)[rows] >= 0]


def with_worth(classifier: Extractor, setting: Setting) -> Extractor:
    """The classifier with its confusion and a note of its accuracy, by the images that are held out from its training.

    They are the published test part, or, where splits are drawn by us, all that it was not trained on. Found out once.

    Raises:
        DataError: the cache cannot be written.
    """
    table = setting.table
    split = HELD_OUT if table.drawn or not len(table.rows("test")) else "test"
    found = _confusion(classifier, labeled(table, split), setting)
    made = f"a classifier trained on {table.name}"
    note = f"{made}, right on {found.accuracy:.2%} of its {found.images:,} {split} images"
    return dataclasses.replace(
        classifier, confusion=found, note=note if found.images else f"{made}; there are no other images to test it on"
    )


def _confusion(classifier: Extractor, rows: npt.NDArray[np.int64], setting: Setting) -> Confusion:
    table, folder = setting.table, store_folder(setting.cache)
    classes = len(table.classes)
    if not len(rows):
        return Confusion(np.zeros((classes, classes), np.int64))
    key = key_of("confusion", VERSION, classifier.identity, table.fingerprint, rows_digest(rows))
    if (stored := find(folder, key)) is not None:
        return Confusion(np.load(stored[0], allow_pickle=False))
    features = cached_features(classifier, table, rows, cache=setting.cache, progress=setting.progress)
    seen = classifier.likeliest(features)
    assert seen is not None
    found = Confusion.of(labels_of(table)[rows], seen[0], classes)
    facts = {"data": table.name, "images": found.images, "accuracy": found.accuracy}
    keep(folder, key, ".npy", lambda file: np.save(file, found.counts, allow_pickle=False), facts)
    return found


def check_worth(extractor: Extractor, table: Table) -> Extractor:
    """The extractor, unless what it says of classes is worth nothing.

    Args:
        extractor: any; one whose confusion nobody knows passes.
        table: the data that it was trained on.

    Raises:
        MeasureError: a classifier no better than naming the largest class, by the lower end of its accuracy's 95 %
            interval on held-out images; or one that no image is held out for.
    """
    found = extractor.confusion
    if found is None or found.tells:
        return extractor
    if not found.images:
        raise MeasureError(
            f"{table.name}: no labeled images are held out to tell what its classifier is worth",
            "hold some out with --holdout, or take the features pixels or inception",
        )
    low, high = found.accuracy_interval
    raise MeasureError(
        f"the classifier of {table.name} is worth nothing: right on {found.accuracy:.1%} ({low:.1%} to {high:.1%}) of"
        f" {found.images:,} held-out images, and naming the largest class would be on {found.chance:.1%}",
        "take the features pixels or inception and measures without classes, or more labeled images",
    )
