"""CIFAR-100's binary version: train.bin and test.bin, one of them or the folder of both.

Each image has two labels: `fine`, which is taken, and `coarse`, which is taken with --labels coarse. Their names are
those of fine_label_names.txt and coarse_label_names.txt beside the files, a line a class. Its source is `cifar`'s.
"""

from __future__ import annotations

from pathlib import Path

from advnets.data.blocks import with_ranges
from advnets.data.formats.cifar import CIFAR_LIMITS, VALID_SHARE, cifar_blocks, cifar_labels, holds_rows
from advnets.data.formats.format import Format, Place
from advnets.data.source import Labels, Source, blocks_source, lazy_source

FOLDER = "cifar-100-binary"
TRAIN, TEST = "train.bin", "test.bin"
_BYTES = 2
_PLACES = {"fine": 1, "coarse": 0}  # of the label's byte
_CIFAR = "CIFAR-100 batches"


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not place.is_folder:
        return _source(place, [path]) if path.suffix == ".bin" and _is_batch(path) else None
    for folder in (path, path / FOLDER):
        found = [each for name in (TRAIN, TEST) if (each := folder / name).is_file()]
        if found and (_is_batch(found[0]) or found[0].with_name(_name_files()[0]).is_file()):
            return _source(place, found)
    return None


def _is_batch(path: Path) -> bool:
    return holds_rows(path, CIFAR_LIMITS[_BYTES])


def _source(place: Place, paths: list[Path]) -> Source:
    name, beside = place.path.name, [path for path in map(paths[0].with_name, _name_files()) if path.is_file()]
    return lazy_source(name, place.identity(*paths, *beside), lambda: _opened(name, paths), _CIFAR)


def _name_files() -> list[str]:
    return [f"{which}_label_names.txt" for which in _PLACES]


def _opened(name: str, paths: list[Path]) -> Source:
    blocks = cifar_blocks(name, paths, _BYTES)
    if len(paths) > 1:
        blocks = with_ranges(blocks, cifar_blocks(name, paths[:1], _BYTES).count, VALID_SHARE)

    def labels() -> dict[str, Labels]:
        return {which: _labels(paths, which) for which in _PLACES}

    return blocks_source(name, [], blocks, labels)


def _labels(paths: list[Path], which: str) -> Labels:
    place = _PLACES[which]
    beside = paths[0].with_name(f"{which}_label_names.txt")
    names = beside.read_text("utf-8", "replace").split() if beside.is_file() else []
    whole = len(set(names)) == CIFAR_LIMITS[_BYTES][place]
    return Labels(cifar_labels(paths, _BYTES, place), tuple(names) if whole else ())


FORMAT = Format("", _recognize)
