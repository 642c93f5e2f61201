"""Arrays with names that lie together in a file: which of them are images, which say something of them.

A name's words tell: `train_images`, `x_train` and `train/x` are images for training, `val_labels` and `y_val` labels of
images for validation. Where several arrays may be the images, people say which: `faces.npz:x`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.archive import SMALL_BYTES
from advnets.data.splits import SPLIT_WORDS
from advnets.data.table import SPLITS, printable
from advnets.errors import DataError

IMAGE_WORDS = ("x", "images", "image", "imgs", "img", "data", "arr_0", "samples", "pixels", "faces")
LABEL_WORDS = ("y", "labels", "label", "targets", "target", "arr_1", "class")
PICKLED = "holds Python objects, which are never unpickled"
_SAYS_NOTHING = ("", "arr_0", "data")  # of an array in a file of its own, whose name says more
_SHOWN = 8


@dataclass(frozen=True)
class Member:
    """An array of several that lie together.

    Args:
        name: its path in the file.
        shape: N x anything.
        dtype: of its values.
        blocks: gives it in pieces, one after the other along the first axis.
        classes: what its values 0, 1, ... mean, if that is known.
        file: the name of the file that it lies in, where it takes several to make a data set.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    blocks: Callable[[], Iterator[NDArray[Any]]]
    classes: tuple[str, ...] = ()
    file: str = ""

    @property
    def said(self) -> str:
        """What it is called in messages."""
        return printable(f"{self.file}/{self.name}".strip("/"))

    @property
    def split(self) -> str:
        """The split that a word of its name tells: "train", "valid" or "test"; empty where none does."""
        words = _words(f"{self._stem}/{self.name}")
        found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
        return found.pop() if len(found) == 1 else ""

    @property
    def role(self) -> str:
        """What it is: the last part of its path without the words for splits."""
        found = next((rest for each in reversed(self.name.split("/")) if (rest := _rest(each))), "")
        if self.file and found in _SAYS_NOTHING:
            known = [word for word in _words(self._stem) if word in (*IMAGE_WORDS, *LABEL_WORDS)]
            return known[-1] if known else found or _rest(self._stem)
        return found

    @property
    def _stem(self) -> str:
        return PurePosixPath(self.file).stem

    @property
    def is_images(self) -> bool:
        """Whether its shape and type are those of images."""
        return len(self.shape) in (3, 4) and self.dtype.kind in "fbui" and 0 not in self.shape

    def whole(self) -> NDArray[Any]:
        """All of it, in memory; texts of bytes as texts.

        Raises:
            DataError: it takes more than 1 GiB.
        """
        if self.dtype.itemsize * int(np.prod(self.shape, dtype=object)) > SMALL_BYTES:
            what = f"{self.said}: needs more than {SMALL_BYTES:,} bytes of memory"
            raise DataError(what, "save less of it, or leave it out")
        pieces = list(self.blocks())
        values = np.concatenate(pieces) if pieces else np.empty(self.shape, self.dtype)
        return np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[_./\- ]+", name.lower()) if word and word != "set"]


def _rest(name: str) -> str:
    return "_".join(word for word in _words(name) if word not in SPLIT_WORDS)


@dataclass(frozen=True)
class Part:
    """Images that share a split, and what goes with them.

    Args:
        split: "train", "valid" or "test".
        images: the array.
        columns: other arrays of the split, by what they are.
    """

    split: str
    images: Member
    columns: Mapping[str, Member] = field(default_factory=dict[str, Member])

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.images.shape[0]


def choose(where: str, members: Sequence[Member], named: str = "") -> tuple[list[Part], list[str]]:
    """The images among arrays, split by split, and what was noticed.

    Args:
        where: what they lie in, as people gave it.
        members: the arrays.
        named: the name of the images, or what they are without the word for the split; empty to find them.

    Raises:
        DataError: none that are images, or several that may be.
    """
    images = [each for each in members if each.is_images]
    notes: list[str] = []
    if named:
        chosen = [each for each in members if named == each.name] or [each for each in members if named == each.role]
        if not chosen:
            raise DataError(f"{where}: no array {named!r}", f"arrays are: {listed(members)}")
    else:
        usual = [each for each in images if each.role in IMAGE_WORDS]
        chosen = usual or images
        if not chosen:
            raise no_images(where, members)
        if len({each.role for each in chosen}) > 1:
            raise _several(where, chosen)
        if not usual:
            notes.append(f"images are {listed(chosen)}")
        elif others := [each for each in images if each not in chosen and each.role not in LABEL_WORDS]:
            notes.append(f"left out: {listed(others)}")
    return _parts(where, members, chosen), notes


def _parts(where: str, members: Sequence[Member], images: Sequence[Member]) -> list[Part]:
    alone = len(images) == 1
    splits = ["train" if alone else each.split or "train" for each in images]
    if len(set(splits)) < len(splits):
        raise _several(where, images)
    found: list[Part] = []
    for split, each in zip(splits, images, strict=True):
        beside = [one for one in members if one is not each and one.split == each.split]
        found.append(Part(split, each, {one.role: one for one in beside}))
    return sorted(found, key=lambda part: SPLITS.index(part.split))


def _several(where: str, members: Sequence[Member]) -> DataError:
    files = sorted({each.file for each in members})
    one = printable(members[0].name)
    remedy = f"give one file, as {where}/{files[0]}" if len(files) > 1 else f"say which, as {where}:{one}"
    return DataError(f"{where}: several arrays that may be the images, {listed(members)}", remedy)


def no_images(where: str, members: Sequence[Member]) -> DataError:
    """The error where no array is one of images."""
    names = {each.name for each in members}
    if {"mu", "sigma"} <= names:
        what = f"{where}: statistics (mu, sigma) of features, from which nothing can be trained"
        return DataError(what, "give the images that they are of")
    if pickled := [each.name for each in members if each.dtype.kind == "O" and each.role in IMAGE_WORDS]:
        return DataError(f"{where}: {pickled[0]} {PICKLED}", "save a plain array of numbers")
    what = f"{where}: no images among {listed(members) or 'nothing'}"
    return DataError(what, "save them as N x H x W or N x H x W x C under the name x, and labels under y")


def listed(members: Sequence[Member]) -> str:
    """Arrays by name and shape: "x (100 x 8 x 8), y (100)"."""
    shown = [f"{each.said} ({' x '.join(map(str, each.shape)) or 'a number'})" for each in members[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(members) > _SHOWN else "")
