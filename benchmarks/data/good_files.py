"""One small, sound source of every format that data are read from, and one file of each that may be damaged."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data.good_arrays import ARRAYS, packed
from benchmarks.data.good_pictures import PICTURES, Maker, gzipped, with_exif, with_profile
from benchmarks.data.good_records import RECORDS, framed

Change = Callable[[bytes], bytes]

MAKERS: dict[str, Maker] = {**PICTURES, **ARRAYS, **RECORDS}
_PACKS: dict[str, Change] = {
    "profile": with_profile,
    "exif": with_exif,
    "tar, packed sound": gzipped,
    "npz, packed sound": packed,
    "idx labels, packed sound": gzipped,
    "csv, packed sound": gzipped,
    "tfrecord, checksums right": framed,
    "progressive GAN, checksums right": framed,
}
"""What the damaged content is put into, where a checksum would find the damage first."""
_PATTERNS = {"pattern of shards": "set/train-{0..1}.tar"}


@dataclass(frozen=True)
class Sound:
    """A sound source.

    Args:
        files: their contents by their paths below a folder.
        damaged: the path of the one to damage.
        source: what is opened, below the folder: a file, a folder or a pattern.
        pack: makes a file of the content of the one to damage.
    """

    files: Mapping[str, bytes]
    damaged: str
    source: str
    pack: Change

    def lay(self, folder: Path, damage: Change = bytes) -> Path:
        """Write the files into a folder, one of them damaged; the source."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.pack(damage(content)) if name == self.damaged else content)
        return folder / self.source


@functools.cache
def sound(name: str) -> Sound:
    """The source of a format, made once in a process."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        damaged = MAKERS[name](folder).relative_to(folder)
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    source = damaged.parts[0]  # the file, or the folder that it lies in
    return Sound(dict(sorted(files.items())), str(damaged), _PATTERNS.get(name, source), _PACKS.get(name, bytes))
