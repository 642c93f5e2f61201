"""Images as idx files, plain or packed: one, with labels beside it, or a folder of a set's four files.

    train-images-idx3-ubyte, t10k-labels-idx1-ubyte      MNIST, Fashion-MNIST, KMNIST
    emnist-letters-train-images-idx3-ubyte, ...          EMNIST: images lie column by column, emnist-letters-mapping.txt
                                                         says which characters labels are
    qmnist-train-labels-idx2-int, ...                    QMNIST: eight numbers an image, the first its digit

Of the training images the last sixth is for validation, as many as MNIST's paper and EMNIST's have.

Sources: LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist; Cohen et al. 2017, *EMNIST: an extension of MNIST
to handwritten letters*, https://www.nist.gov/itl/products-and-services/emnist-dataset; of its orientation, TensorFlow
Datasets, https://www.tensorflow.org/datasets/catalog/emnist; Yadav and Bottou 2019, *Cold Case: the Lost MNIST Digits*,
https://github.com/facebookresearch/qmnist.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advnets.data.blocks import with_ranges
from advnets.data.formats.format import Format, Place, names_in
from advnets.data.idx import idx_blocks, idx_labels, read_header
from advnets.data.source import Labels, Source, blocks_source, file_identity
from advnets.errors import DataError

VALID_SHARE = 6  # 10,000 of MNIST's 60,000 training images, as in the paper
_IDX = "idx images"
_NAME = re.compile(
    r"(?P<set>.*?)[-_]?(?P<part>train|t10k|test)[-_](?P<what>images|labels)[-_.]idx(?P<axes>[1-4])"
    r"[-_](ubyte|byte|short|int|float|double)(\.gz)?"
)
_PARTS = ("train", "test")
_TRANSPOSED = "emnist"  # how names of sets begin whose images lie column by column
_PLAIN = "mnist"  # what the set is called whose files have no set's name
_OF_QMNIST = {"label": 0, "series": 1, "writer": 2}


@dataclass(frozen=True)
class IdxSet:
    """The files of a set.

    Args:
        name: before the split in the files' names; empty of MNIST's.
        images: the training images, then the test images, of which one may be lacking.
        labels: theirs, or None where one is lacking.
        mapping: a file that says which characters labels are, or None.
    """

    name: str
    images: tuple[Path, ...]
    labels: tuple[Path, ...] | None
    mapping: Path | None

    @property
    def paths(self) -> list[Path]:
        """All files."""
        return [*self.images, *(self.labels or ()), *([self.mapping] if self.mapping else [])]

    @property
    def transposed(self) -> bool:
        """Whether images lie column by column."""
        return self.name.lower().startswith(_TRANSPOSED)

    def read_labels(self, classes: tuple[str, ...]) -> Callable[[], dict[str, Labels]] | None:
        """What gives the columns of labels."""
        if self.labels is None:
            return None
        labels, mapping = self.labels, self.mapping
        return lambda: _columns(labels, mapping, classes)


def idx_sets(folder: Path) -> dict[str, IdxSet]:
    """The sets in a folder, by name."""
    found: dict[str, dict[tuple[str, str], Path]] = {}
    for name in reversed(names_in(folder)):  # plain files after packed ones, in whose place they are taken
        if "idx" in name and (match := _NAME.fullmatch(name)) and (folder / name).is_file():
            part = "train" if match["part"] == "train" else "test"
            found.setdefault(match["set"], {})[part, match["what"]] = folder / name
    return {name: _set(folder, name, files) for name, files in found.items() if _has_images(files)}


def _has_images(files: dict[tuple[str, str], Path]) -> bool:
    return any((part, "images") in files for part in _PARTS)


def _set(folder: Path, name: str, files: dict[tuple[str, str], Path]) -> IdxSet:
    parts = [part for part in _PARTS if (part, "images") in files]
    labels = tuple(files[part, "labels"] for part in parts if (part, "labels") in files)
    mapping = folder / f"{name}-mapping.txt"
    images = tuple(files[part, "images"] for part in parts)
    return IdxSet(name, images, labels if len(labels) == len(parts) else None, mapping if mapping.is_file() else None)


def idx_folder(
    folder: Path, classes: tuple[str, ...] = (), identity: list[object] | None = None, channels: int | None = None
) -> Source | None:
    """A folder of MNIST's four files, or as many as there are; None if it holds none of images.

    Args:
        folder: where they are.
        classes: the names of labels 0, 1, ...
        identity: what the cache recognizes it by; by default the files.
        channels: decides the layout of color images where several would do.
    """
    if (found := idx_sets(folder).get("")) is None:
        return None
    return _source(folder.name, found, identity or file_identity(*found.paths), channels, classes)


def _source(
    name: str, found: IdxSet, identity: list[object], channels: int | None, classes: tuple[str, ...] = ()
) -> Source:
    blocks = idx_blocks(name, found.images, channels, found.transposed)
    if len(found.images) > 1:
        blocks = with_ranges(blocks, idx_blocks(name, found.images[:1], channels).count, VALID_SHARE)
    return blocks_source(name, identity, blocks, found.read_labels(classes), format=_IDX)


def _columns(paths: Sequence[Path], mapping: Path | None, classes: tuple[str, ...]) -> dict[str, Labels]:
    values = idx_labels(paths)
    if values.ndim == 2:
        return {name: Labels(values[:, place]) for name, place in _OF_QMNIST.items() if place < values.shape[1]}
    if mapping is None:
        return {"label": Labels(values, classes)}
    known = _read_mapping(mapping)
    numbers, names = np.array(list(known)), tuple(known.values())
    if len(strange := values[~np.isin(values, numbers)]):
        raise DataError(f"{mapping}: no character for label {strange[0]}", "download it again, or use labels none")
    order = np.argsort(numbers)
    return {"label": Labels(order[np.searchsorted(numbers, values, sorter=order)], names)}


def _read_mapping(path: Path) -> dict[int, str]:
    """The character of each label: the first where a label stands for a letter in both cases."""
    try:
        rows = [[int(word) for word in line.split()] for line in path.read_text("ascii").splitlines() if line.strip()]
        known = {row[0]: chr(row[1]) for row in rows}
    except (ValueError, IndexError, OverflowError) as error:
        raise DataError(f"{path}: no lines of a label and a character's code", "download it again") from error
    if not known or len(set(known.values())) < len(known):
        raise DataError(f"{path}: the same character for several labels", "download it again")
    return known


def _recognize(place: Place) -> Source | None:
    path, channels = place.path, place.options.channels
    if place.is_folder:
        chosen = _chosen(place, idx_sets(path))
        return chosen and _source(path.name, chosen, place.identity(*chosen.paths), channels)
    if read_header(io.BytesIO(place.unpacked_head)) is None or place.part:
        return None
    found = _file(path)
    return _source(path.name, found, file_identity(*found.paths), channels)


def _chosen(place: Place, found: dict[str, IdxSet]) -> IdxSet | None:
    """The set that is meant, of those in a folder."""
    if not found:
        return None
    names = {name or _PLAIN: each for name, each in found.items()}
    if place.part:
        meant = [each for name, each in names.items() if f"-{name}".endswith(f"-{place.part}")]
        if len(meant) == 1:
            return meant[0]
        raise DataError(f"{place.path}: no set {place.part!r}", f"sets are: {', '.join(names)}")
    if len(names) > 1:
        first = next(iter(names))
        raise DataError(f"{place.path}: several sets, {', '.join(names)}", f"say which, as {place.path}:{first}")
    return next(iter(names.values()))


def _file(path: Path) -> IdxSet:
    """A file of images, with what lies beside it if its name is that of a set's file."""
    match = _NAME.fullmatch(path.name)
    name = match["set"] if match else ""
    labels, mapping = _sibling(path), path.with_name(f"{name}-mapping.txt")
    return IdxSet(name, (path,), (labels,) if labels else None, mapping if name and mapping.is_file() else None)


def _sibling(path: Path) -> Path | None:
    """The labels that lie beside an idx file of images, if its name and theirs are MNIST's or QMNIST's."""
    stem = path.name.removesuffix(".gz").replace("images", "labels")
    if stem == path.name.removesuffix(".gz"):
        return None
    names = [re.sub(r"idx[34]-\w+", kind, stem) for kind in ("idx1-ubyte", "idx2-int")]
    names.append(stem.replace("idx3", "idx1"))
    siblings = (path.with_name(name + suffix) for name in names for suffix in ("", ".gz"))
    return next((other for other in siblings if other.is_file()), None)


FORMAT = Format("idx", _recognize, parts=True)
