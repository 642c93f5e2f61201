"""The FID network's weights: from a file that is given, from the cache, or downloaded once. Nothing in them runs."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from advnets.data.cache import cache_folder
from advnets.data.download import UnreachableError, download
from advnets.errors import MeasureError
from advnets.files import digest_of
from advnets.measures.features.inception_network import InceptionV3
from advnets.measures.features.store import store_folder

VARIABLE = "ADVNETS_INCEPTION"
FILE_NAME = "pt_inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE_NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""Of the published file, which pytorch-fid and torch-fidelity share."""

_COUNTER = "num_batches_tracked"  # of batch normalization in training; some copies of the weights lack it


def weights_file(cache: Path, progress: bool) -> tuple[Path, str]:
    """Where the weights lie, and their SHA-256.

    Args:
        cache: the cache folder, to look in and to download into.
        progress: show a progress bar where there is a terminal.

    Raises:
        MeasureError: the file that `ADVNETS_INCEPTION` names is not there, there is none and no network, or what
            was downloaded is not the published content.
        DataError: the download broke off, or the cache cannot be written.
    """
    if given := os.environ.get(VARIABLE):
        path = Path(given).expanduser()
        if not path.is_file():
            raise MeasureError(f"{VARIABLE}: there is no file {path}", f"name {FILE_NAME} with its path")
        return path, digest_of(path)
    path = store_folder(cache) / FILE_NAME
    if not (path.is_file() and digest_of(path) == SHA256):
        _fetch(path, progress)
    return path, SHA256


def at_hand() -> bool:
    """Whether there are weights that need not be fetched."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser().is_file() if given else (store_folder(cache_folder()) / FILE_NAME).is_file()


def where_weights_go() -> str:
    """What to do for these features where they cannot be fetched, in words."""
    return f"for --features inception put {FILE_NAME} into {store_folder(cache_folder())}, or name it with {VARIABLE}"


def load_network(path: Path) -> InceptionV3:
    """The network with the weights of a file: PyTorch's (read without running anything) or safetensors.

    Raises:
        MeasureError: it cannot be read, or is of another network.
    """
    with torch.device("meta"):  # drawing 24 million weights only to replace them would take a second
        network = InceptionV3()
    state = _float_state(_read(path), network.state_dict(), path)
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _fetch(path: Path, progress: bool) -> None:
    noted = f" ({path} has other content)" if path.is_file() else ""
    try:
        download(URL, path, progress=progress)
    except UnreachableError as error:
        raise MeasureError(
            f"inception: no weights found{noted}, and {error}",
            f"put {FILE_NAME} into {path.parent}, or name it with {VARIABLE}",
        ) from error
    if digest_of(path) != SHA256:
        path.unlink()
        raise MeasureError(f"inception: {URL} is not the published content", "run again to fetch it")


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, pickle.UnpicklingError, SafetensorError) as error:
        raise _refused(path, f"it cannot be read: {error.__class__.__name__}") from error
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise _refused(path, "it holds no table of tensors")
    return content


def _float_state(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    for name, value in wanted.items():
        if name.endswith(_COUNTER):
            continue
        if name not in given:
            raise _refused(path, f"it has no {name}")
        if given[name].shape != value.shape:
            raise _refused(path, f"{name} is {tuple(given[name].shape)} and not {tuple(value.shape)}")
    if surplus := next((name for name in given if name not in wanted), None):
        raise _refused(path, f"{surplus} is not a part of it")
    counter = torch.zeros((), dtype=torch.int64, device="cpu")
    return {name: counter.clone() if name.endswith(_COUNTER) else given[name].float() for name in wanted}


def _refused(path: Path, reason: str) -> MeasureError:
    return MeasureError(f"{path}: not the weights of the FID network ({reason})", f"give {FILE_NAME}")
