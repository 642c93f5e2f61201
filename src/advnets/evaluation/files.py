"""What the beginnings of image files say of them: sizes, formats, colors."""

from __future__ import annotations

import itertools
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from advnets.data.decode import DECODERS
from advnets.data.formats.folder import list_folder
from advnets.data.formats.tar import is_tar, tar_entries
from advnets.data.formats.zip import zip_pictures
from advnets.data.named import NAMED
from advnets.data.pictures import Entry
from advnets.data.table import Skipped
from advnets.data.toys import TOYS
from advnets.errors import DataError

LOOKED_AT = 2000
"""Files whose beginnings are read; the first ones."""
_CHUNKS = 16  # of a WebP file, that are passed over on the way to its pixels


@dataclass
class Files:
    """What the beginnings of image files say.

    Attributes:
        sizes: how many are of each width and height.
        lossy: how many were written with losses, by format.
        colored: whether some have colors.
        gray: how many have none.
    """

    sizes: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    lossy: Counter[str] = field(default_factory=Counter[str])
    colored: bool = False
    gray: int = 0


def look(source: str | Path, colors: int = 0) -> Files | None:
    """The beginnings of files in a folder, zip or tar, and the pixels of `colors` in color; None of other things."""
    if isinstance(source, str) and source in (*NAMED, *TOYS):
        return None
    found, spare = Files(), colors
    try:
        entries = _entries(Path(source).expanduser())
        for entry in itertools.islice(entries or (), LOOKED_AT):
            if isinstance(entry, Entry):
                spare -= _note(found, entry, spare > 0)
    except (DataError, OSError):
        return None  # whoever opens it says what is wrong
    return None if entries is None else found


def _entries(path: Path) -> Iterable[Entry | Skipped] | None:
    if path.is_dir():
        return list_folder(path).pictures().entries()
    if not path.is_file():
        return None
    if zipfile.is_zipfile(path):
        return zip_pictures(path).entries()
    return tar_entries(path) if is_tar(path) else None


def _note(found: Files, entry: Entry, look: bool) -> bool:
    """Takes in one file; returns whether its colors were looked at. What is no image is passed over."""
    try:
        with entry.open() as file:
            kind = _lossy(file)
            with Image.open(file, formats=tuple(DECODERS)) as image:
                width, height = image.size
                turned = image.getexif().get(0x0112, 1) > 4  # the camera lay on its side
                found.sizes[(height, width) if turned else (width, height)] += 1
                found.lossy.update([kind] if kind else [])
                gray = image.mode in ("1", "L") or image.mode.startswith(("I", "F"))
                found.gray += gray
                if gray or found.colored or not look:
                    return False
                pixels = np.asarray(image.convert("RGB"))
                found.colored = bool((pixels != pixels[..., :1]).any())
                return True
    except Exception:  # a stranger's bytes can make a decoder fail in any way at all
        return False


def _lossy(file: BinaryIO) -> str:
    """The format of a file that was written with losses; empty of others."""
    head = file.read(12)
    kind = "JPEG" if head.startswith(b"\xff\xd8\xff") else ""
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        for _ in range(_CHUNKS):
            chunk = file.read(8)
            if len(chunk) < 8 or chunk[:4] in (b"VP8 ", b"VP8L"):
                kind = "lossy WebP" if chunk[:4] == b"VP8 " else ""
                break
            size = int.from_bytes(chunk[4:], "little")
            file.seek(size + size % 2, 1)
    file.seek(0)
    return kind


def own_size(source: str | Path) -> tuple[int, int] | None:
    """Height and width of the files in a folder or archive, where all have the same; else None."""
    found = look(source)
    if found is None or len(found.sizes) != 1:
        return None
    ((width, height),) = found.sizes
    return height, width
