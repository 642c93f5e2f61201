"""TFRecord files of images: one, or many that are cut from one set; the progressive GAN's, one for each resolution.

Of name-r02.tfrecords to name-r10.tfrecords the greatest is read, with name-rxx.labels, an array with a row an image:
one-hot rows are classes, others vectors. Beside TFDS' files label.labels.txt names the classes of the feature label.

Source: Karras et al. 2018, `dataset_tool.TFRecordExporter`; TensorFlow Datasets, "Format specific dataset".
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from advnets.data.arrays import read_npy
from advnets.data.decode import UnusableError
from advnets.data.formats.format import Format, Place, Shard, Sharded, readable, row_name
from advnets.data.formats.tf_examples import example_of, features_of, image_feature
from advnets.data.formats.tf_records import BrokenOffError, is_tf_records, records
from advnets.data.pictures import Entry, Pictures
from advnets.data.source import Source, file_identity, lazy_source, pictures_source
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_LEVEL = re.compile(r"(.+)-r(\d\d)\.tfrecords")
_NAMES = ".labels.txt"
_SAID = "TFRecords of images"


@dataclass
class _Walk:
    """One walk through all files."""

    source: str
    shards: Sequence[Shard]
    labels: Mapping[Path, Sequence[object]]
    names: Mapping[str, tuple[str, ...]]
    image: str = ""
    blobs: set[str] = field(default_factory=set[str])

    def entries(self) -> Iterator[Entry | Skipped]:
        self.image, self.blobs = "", set()
        for shard in self.shards:
            yield from readable(shard, self._file(shard), len(self.shards) == 1)

    def notes(self) -> Iterator[str]:
        yield from (f"feature {name} is left out: bytes that are no text" for name in sorted(self.blobs))

    def _file(self, shard: Shard) -> Iterator[Entry | Skipped]:
        """The images of a file; what comes before damage counts."""
        count, labels = 0, self.labels.get(shard.path, ())
        try:
            for record in records(shard.path):
                label = labels[count] if count < len(labels) else None
                count += 1
                yield self._entry(record, label, shard, f"{shard.said}#{count - 1}")
        except BrokenOffError as error:
            if count == 0:
                raise DataError(f"{shard.path}: no TFRecord file ({error})", "copy or download it again") from None
            yield skip(shard.said, f"breaks off after {count:,} records ({error})")
            return
        if len(labels) not in (0, count):
            what = f"{shard.path}: {len(labels):,} labels for {count:,} images"
            raise DataError(what, "take away the .labels file beside it, or write both again")

    def _entry(self, record: bytes | None, label: object, shard: Shard, name: str) -> Entry | Skipped:
        if record is None:
            return skip(name, "a damaged record: its checksum is wrong")
        try:
            features = features_of(record)
            self.image = self.image or image_feature(self.source, features)
            found = example_of(features, self.image)
        except UnusableError as error:
            return skip(name, str(error))
        self.blobs.update(found.blobs)
        columns = {**found.columns, **({} if label is None else {"label": label})}
        for column in self.names.keys() & columns.keys():
            columns[column] = None if columns[column] == -1 else columns[column]
        named = row_name(found.name) if found.name else name
        return Entry(named, len(found.image), lambda: io.BytesIO(found.image), columns, shard.split)


def _greatest(shards: Sequence[Shard]) -> list[Shard]:
    """Of files of one set at several resolutions, the greatest."""
    levels = [_LEVEL.fullmatch(str(shard.path)) for shard in shards]
    best: dict[str, int] = {}
    for level in filter(None, levels):
        best[level[1]] = max(best.get(level[1], 0), int(level[2]))
    pairs = zip(shards, levels, strict=True)
    return [shard for shard, level in pairs if not level or best[level[1]] == int(level[2])]


def _labels_file(path: Path) -> Path | None:
    """The progressive GAN's labels of a file, where they are."""
    level = _LEVEL.fullmatch(path.name)
    labels = path.with_name(f"{level[1]}-rxx.labels") if level else path
    return labels if level and labels.is_file() else None


def _read_labels(path: Path) -> Sequence[object]:
    """A class number an image of one-hot rows, a list of numbers of any others; nothing of rows of nothing.

    Raises:
        DataError: it is no such array.
    """
    values = read_npy(path)
    if values.dtype.kind not in "fiub" or values.ndim not in (1, 2):
        what = f"{path}: labels of shape {values.shape} and type {values.dtype}"
        raise DataError(what, "write numbers, one or a row of them for each image")
    if values.ndim == 1 or not values.size:
        return values.tolist() if values.size else ()
    if ((values == 0) | (values == 1)).all() and (values.sum(1) == 1).all() and values.shape[1] > 1:
        return np.argmax(values, 1).tolist()
    return values.tolist()


def _class_names(folder: Path) -> dict[str, tuple[str, ...]]:
    """TFDS' names of classes, by feature.

    Raises:
        DataError: a file of them is no text.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path in folder.glob(f"*{_NAMES}"):
        try:
            found[path.name.removesuffix(_NAMES)] = tuple(path.read_text("utf-8").rstrip().split("\n"))
        except UnicodeDecodeError:
            raise DataError(f"{path}: no text of class names", "repair it or take it away") from None
    return found


def _source(name: str, identity: list[object], shards: Sequence[Shard]) -> Source:
    taken = _greatest(shards)
    beside = [path for shard in taken if (path := _labels_file(shard.path))]
    beside += [path for folder in {shard.path.parent for shard in taken} for path in folder.glob(f"*{_NAMES}")]
    return lazy_source(name, [*identity, *file_identity(*sorted(set(beside)))], lambda: _find(name, taken), _SAID)


def _find(name: str, shards: Sequence[Shard]) -> Source:
    labels = {shard.path: _read_labels(path) for shard in shards if (path := _labels_file(shard.path))}
    names = {
        feature: classes
        for folder in {shard.path.parent for shard in shards}
        for feature, classes in _class_names(folder).items()
    }
    walk = _Walk(name, shards, labels, names)
    pictures = Pictures(name, walk.entries, None, notes=walk.notes)
    return pictures_source(name, [], pictures, names, columns_first=True)


def _recognize(place: Place) -> Source | None:
    if place.is_folder or not is_tf_records(place.path):
        return None
    return _source(place.path.name, file_identity(place.path), [Shard(place.path)])


SHARDED = Sharded(is_tf_records, _source)
FORMAT = Format("a TFRecord file", _recognize)
