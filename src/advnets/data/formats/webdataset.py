"""Tars of images, and of WebDataset's samples: images with what goes with them, often cut into many shards.

A file's key is its name up to the first dot after the last slash; what follows, in any case, is its field. Files of one
key are one sample: an image, and its labels under cls, json, txt and such. A tar in which nothing has the key of an
image but that image is a tar of images, whatever they are called.

Source: WebDataset 1.0, `tariterators.group_by_keys` and `autodecode.basichandlers`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from advnets.data.archive import without_files
from advnets.data.formats.format import Format, Place, Shard, Sharded, readable
from advnets.data.formats.tar import is_tar, tar_entries
from advnets.data.pictures import Entry, Met, Pictures, Settled
from advnets.data.side_files import is_side
from advnets.data.source import Source, file_identity, pictures_source
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

IMAGES = frozenset(
    ("jpg", "jpeg", "jpe", "png", "webp", "avif", "jp2", "j2k", "bmp", "gif", "tif", "tiff", "ppm", "pgm", "pbm", "pnm")
)
TEXTS = frozenset(("cls", "cls2", "class", "count", "index", "inx", "id", "txt", "text", "transcript"))
JSONS = frozenset(("json", "jsn"))
OTHERS = frozenset(("npy", "npz", "pth", "pt", "pkl", "pickle", "pyd", "msg", "mp", "cbor", "ten", "tb", "mp4"))
MAX_LABEL_BYTES = 1 << 20
_SPECIAL = re.compile("__[^/]*__($|/)")  # WebDataset's own remarks
_SHOWN = 3


@dataclass
class _Sample:
    """What has come of a sample so far. Rows hold on to `columns`, so what comes after its image counts, too."""

    columns: dict[str, object] = field(default_factory=dict[str, object])
    images: list[str] = field(default_factory=list[str])
    labels: list[str] = field(default_factory=list[str])


@dataclass
class _Walk:
    """One walk through all shards."""

    source: str
    shards: Sequence[Shard]
    joined: int = 0
    imageless: list[str] = field(default_factory=list[str])
    others: Counter[str] = field(default_factory=Counter[str])
    folders: list[str] = field(default_factory=list[str])
    holding: set[str] = field(default_factory=set[str])

    def entries(self) -> Iterator[Met]:
        self.joined, self.imageless, self.others = 0, [], Counter()
        self.folders, self.holding = [], set()
        for shard in self.shards:
            samples: dict[str, _Sample] = {}
            for entry in readable(shard, tar_entries(shard.path, self.folders), len(self.shards) == 1):
                self.holding.add(entry.name.rpartition("/")[0])
                yield from self._sorted(entry, samples, shard.split)
            yield from self._finish(samples)
            yield Settled()

    def notes(self) -> Iterator[str]:
        if self.imageless:
            shown = ", ".join(self.imageless[:_SHOWN]) + (", ..." if len(self.imageless) > _SHOWN else "")
            plural = "" if len(self.imageless) == 1 else "s"
            yield f"{len(self.imageless):,} sample{plural} without an image ({shown})"
        if self.others:
            found = ", ".join(f"{count:,} .{kind}" for kind, count in sorted(self.others.items()))
            yield f"files beside the images are left out: {found}"

    def empty(self) -> list[str]:
        """Folders without a file."""
        return without_files(self.folders, self.holding)

    def _sorted(self, entry: Entry | Skipped, samples: dict[str, _Sample], split: str) -> Iterator[Entry | Skipped]:
        if isinstance(entry, Skipped) or is_side(entry.name):
            yield entry
        elif not _SPECIAL.match(entry.name):
            key, name = split_name(entry.name)
            sample = samples.setdefault(key, _Sample())
            yield from self._taken(replace(entry, columns=sample.columns, split=split), name, sample)

    def _taken(self, entry: Entry, name: str, sample: _Sample) -> Iterator[Entry | Skipped]:
        kind = name.rpartition(".")[2]
        if kind in TEXTS or kind in JSONS:
            sample.labels.append(entry.name)
            if reason := _read_label(entry, name, sample.columns):
                yield skip(entry.name, reason)
        elif kind in OTHERS:
            self.others[kind] += 1
        else:
            if kind in IMAGES:
                sample.images.append(entry.name)
            yield entry

    def _finish(self, samples: dict[str, _Sample]) -> Iterator[Skipped]:
        """What can be said of the samples of a shard once all of it has gone by."""
        self.joined += sum(bool(sample.images and sample.labels) for sample in samples.values())
        several = next((sample.images for sample in samples.values() if len(sample.images) > 1), [])
        if several and self.joined:
            what = f"{self.source}: one sample has two images, {several[0]} and {several[1]}"
            raise DataError(what, "pack one image a sample, its name up to the first dot, or give a folder of images")
        for key, sample in samples.items():
            if self.joined and not sample.images and sample.labels:
                self.imageless.append(key)
            elif not self.joined:
                yield from (skip(name, "no image, and no label of one") for name in sample.labels)


def split_name(name: str) -> tuple[str, str]:
    """A file's key and its field, in lower case: "a/0001.seg.png" to "a/0001" and "seg.png"."""
    folder, slash, base = name.rpartition("/")
    stem, _, rest = base.partition(".")
    return folder + slash + stem, rest.lower()


def _read_label(entry: Entry, name: str, columns: dict[str, object]) -> str:
    """Puts what a file says into columns; gives what is wrong with it."""
    if entry.size > MAX_LABEL_BYTES:
        return f"a label of more than {MAX_LABEL_BYTES:,} bytes"
    stem, _, kind = name.rpartition(".")
    with entry.open() as file:
        text = file.read().decode("utf-8", "replace").strip()
    if kind in TEXTS:
        columns[stem or kind] = text
        return ""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "no readable JSON"
    said = cast("dict[str, object]", found) if isinstance(found, dict) else {stem or kind: found}
    columns.update({each: value for each, value in said.items() if each not in columns})
    return ""


def _source(name: str, identity: list[object], shards: Sequence[Shard]) -> Source:
    walk = _Walk(name, shards)
    pictures = Pictures(name, walk.entries, None, is_side, True, walk.notes, walk.empty, settles=True)
    said = "a tar of images" if len(shards) == 1 else "a WebDataset"
    return pictures_source(name, identity, pictures, format=said, columns_first=True)


def _recognize(place: Place) -> Source | None:
    if place.is_folder or not is_tar(place.path):
        return None
    return _source(place.path.name, file_identity(place.path), [Shard(place.path)])


SHARDED = Sharded(is_tar, _source)
FORMAT = Format("a tar", _recognize)
