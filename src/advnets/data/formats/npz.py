"""NumPy's .npz of images and what goes with them, under the names that people give these.

    images, labels, vectors     our own; x and y, imgs, data, targets and the like
    arr_0, arr_1                numpy.savez without names: images and labels of guided diffusion's samples
    train_images, val_labels    MedMNIST: its splits are kept; many-hot labels, N x V, are vectors
    x_train, y_test             Keras' mnist.npz and its like

Sources: Dhariwal and Nichol 2021, evaluations/README.md of https://github.com/openai/guided-diffusion; Yang et al.
2023, *MedMNIST v2*, https://github.com/MedMNIST/MedMNIST; https://keras.io/api/datasets/mnist.
"""

from __future__ import annotations

import zipfile

from advnets.data.archive import BROKEN
from advnets.data.formats.format import Format, Place
from advnets.data.member_source import members_source
from advnets.data.npz import npz_members
from advnets.data.source import Source, lazy_source

_NPZ = "a .npz of images"


def is_npz(place: Place) -> bool:
    """Whether a file is a zip of .npy files alone, or a zip that is called .npz."""
    if not place.head.startswith(b"PK"):
        return False
    if place.path.suffix == ".npz":
        return True
    try:
        with zipfile.ZipFile(place.path) as archive:
            names = archive.namelist()
    except BROKEN:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _recognize(place: Place) -> Source | None:
    if not is_npz(place):
        return None
    path = place.path

    def find() -> Source:
        return members_source(str(path), npz_members(path), place.part, place.options, _NPZ)

    return lazy_source(path.name, place.identity(path), find, _NPZ)


FORMAT = Format("a .npz", _recognize, parts=True)
