"""Features of a classifier that is trained on the table's own labels, once."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.torch
import torch

from advnets.data import Table
from advnets.errors import MeasureError
from advnets.measures.features.cache import rows_digest
from advnets.measures.features.channelwise import channelwise
from advnets.measures.features.classifier_network import DIMENSION, Classifier, prepare
from advnets.measures.features.classifier_training import Plan, train
from advnets.measures.features.extractor import Extractor, Features, Images, Probabilities, check_shape
from advnets.measures.features.setting import Setting
from advnets.measures.features.store import find, keep, key_of, store_folder
from advnets.measures.features.worth import check_worth, labeled, with_worth

VERSION = 1
"""Counted up when the network or its training changes: trained ones of before are not used again."""


def classifier(setting: Setting, plan: Plan | None = None) -> Extractor:
    """Penultimate activations (128) of a convolutional net trained on the table's training split; its softmax.

    Trained in a minute or two, or taken from the cache. Its accuracy is in `note`. Of a table of stacked images, each
    channel is classified, by a net trained on the images that the channels are.

    Args:
        setting: with a table that has labels.
        plan: how to train; default `Plan()`.

    Raises:
        MeasureError: no labels, one class only, or no training images.
        DataError: the cache cannot be written.
    """
    labels = _labels(setting.table)
    if setting.table.stack_of is not None:
        single = dataclasses.replace(setting, table=setting.table.stack_of())
        return channelwise(check_worth(classifier(single, plan), single.table), setting)
    return _of_images(setting, labels, plan or Plan())


def _of_images(setting: Setting, labels: npt.NDArray[np.int64], plan: Plan) -> Extractor:
    """The extractor of a net that is trained, or was, on the table's own images."""
    network, digest = _cached(setting, labels, plan)
    shape, device = setting.table.shape, setting.device

    def extract(images: Images) -> Features:
        check_shape(images, shape, "classifier")
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            return network.features(prepare(torch.from_numpy(images).to(device))).cpu().numpy()

    def classify(features: Features) -> Probabilities:
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            return network.logits(torch.tensor(features, device=device)).double().softmax(1).float().cpu().numpy()

    found = Extractor(
        name="classifier",
        dimension=DIMENSION,
        identity=f"classifier-{VERSION}-{digest}-{setting.on}",
        extract=extract,
        classify=classify,
        weights=digest,
    )
    return with_worth(found, setting)


def _labels(table: Table) -> npt.NDArray[np.int64]:
    if table.labels is None:
        raise MeasureError(
            f"{table.name} has no labels to train a classifier with",
            "take the features pixels, inception or an .onnx file, or data with a folder for each class",
        )
    rows = labeled(table, "train")
    present = len(np.unique(table.labels[rows]))
    if present < 2:
        raise MeasureError(
            f"{table.name}: {len(rows)} training images of {present} classes cannot train a classifier",
            "take the features pixels, inception or an .onnx file",
        )
    return table.labels


def _cached(setting: Setting, labels: npt.NDArray[np.int64], plan: Plan) -> tuple[Classifier, str]:
    """The network, ready for use, and the digest of its weights."""
    table, folder = setting.table, store_folder(setting.cache)
    # Which rows are for training may depend on the share that is held out, and the fingerprint does not.
    which = rows_digest(labeled(table, "train"))
    key = key_of("classifier", VERSION, table.fingerprint, which, plan.as_list(), setting.on)
    stored = find(folder, key)
    path = _trained(setting, labels, plan, key) if stored is None else stored[0]
    # Also right after training: a network that was stored and one that was just trained are one and the same.
    return _restored(path, setting), path.stem


def _trained(setting: Setting, labels: npt.NDArray[np.int64], plan: Plan, key: str) -> Path:
    """Where the weights of a network that is trained now lie."""
    table, started = setting.table, time.monotonic()
    network = train(table, labels, labeled(table, "train"), plan, setting.device, setting.progress)
    facts = {"data": table.name, "seconds": round(time.monotonic() - started, 1)}
    weights = safetensors.torch.save({name: value.cpu().contiguous() for name, value in network.state_dict().items()})
    return keep(store_folder(setting.cache), key, ".safetensors", lambda file: file.write(weights), facts)


def _restored(path: Path, setting: Setting) -> Classifier:
    with torch.device("meta"):
        network = Classifier(setting.table.shape[0], len(setting.table.classes))
    network.load_state_dict(safetensors.torch.load_file(path), assign=True)
    network.eval().requires_grad_(False).to(setting.device)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from torch's stubs
