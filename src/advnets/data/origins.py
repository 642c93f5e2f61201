"""What images were before they became rows: their files' names, sizes and kinds. Kept for who looks at the data."""

from __future__ import annotations

import functools
import json
import math
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from advnets.data.cache_files import writing
from advnets.data.options import Fit
from advnets.files import write_whole

_SEPARATOR = "\0"
_AT_ONCE = 1 << 16  # numbers, or bytes of names
_LOSSY = {"JPEG,": "JPEG", "lossy WEBP,": "lossy WebP", "AVIF,": "AVIF"}
_MUCH, _ALIKE, _STEP = 0.15, 0.06, 8  # of an image; logarithms of aspects; pixels
_GRAY = ", gray", ", black and white", ", 1 channel"


class Listed(Sequence[str]):
    """Names that are one text, which is taken apart when it is looked at.

    Args:
        text: uint8, UTF-8, a zero byte between two names.
    """

    def __init__(self, text: NDArray[np.uint8]) -> None:
        self.text = text

    @cached_property
    def _names(self) -> list[str]:
        return _text(self.text).split(_SEPARATOR)

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._names[place]


@dataclass(frozen=True, eq=False)
class Origins:
    """What the N rows of a table were.

    Args:
        sizes: int32, N x 2, height and width in pixels, upright.
        fit: how they were brought to the table's size.
        names: of their files, below the source; none where they come from arrays.
        kinds: how many there were of each kind, in words: "PNG, gray, 8 bits".
        extremes: the least and the greatest value of those that were no bytes; None where all were.
    """

    sizes: NDArray[np.int32]
    fit: Fit
    names: Sequence[str] = ()
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    extremes: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width, where all have the same."""
        if not len(self.sizes) or (self.sizes != self.sizes[0]).any():
            return None
        height, width = self.sizes[0].tolist()
        return height, width

    @property
    def lossy(self) -> dict[str, int]:
        """How many were written with losses, by format; JPEG 2000 does not say whether it has any."""
        found = Counter[str]()
        for kind, count in self.kinds.items():
            found.update({name: count for start, name in _LOSSY.items() if kind.startswith(start)})
        return dict(found)

    @property
    def gray(self) -> int:
        """How many were stored without colors."""
        return sum(count for kind, count in self.kinds.items() if any(word in kind for word in _GRAY))

    def scales(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """By how many times each was enlarged, the longer way where the ways differ: N, below 1 where it was shrunk.

        Args:
            shape: C x H x W of the table.
        """
        ways = np.array(shape[1:]) / self.sizes
        return ways.min(1) if self.fit == "pad" else ways.max(1)

    def cut_off(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """The share of each that lies outside of what the table shows: N, from 0 to 1.

        Args:
            shape: C x H x W of the table.
        """
        if self.fit != "crop":
            return np.zeros(len(self.sizes))
        _, height, width = shape
        ratio = (self.sizes[:, 1] * height) / (self.sizes[:, 0] * width)
        return 1 - np.minimum(ratio, 1 / ratio)

    def whole_at(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """A size, about as large as the table's, that shows most images whole where this one cuts much off them.

        Sides are multiples of 8. None where little is cut off, or the images are of many aspects.

        Args:
            shape: C x H x W of the table.

        Returns:
            Height and width.
        """
        if not len(self.sizes) or np.median(self.cut_off(shape)) < _MUCH:
            return None
        aspects = self.sizes[:, 1] / self.sizes[:, 0]
        wanted, area = float(np.median(aspects)), shape[1] * shape[2]
        if np.mean(np.abs(np.log(aspects / wanted)) < _ALIKE) < 0.5:
            return None
        sides = range(_STEP, 3 * math.isqrt(area) + _STEP, _STEP)
        tallest, widest = np.median(self.sizes, 0)  # larger than they are, they would be blurred
        fitting = [
            (h, w) for h in sides for w in sides if 0.6 * area <= h * w <= 1.6 * area and h <= tallest and w <= widest
        ]

        def away(size: tuple[int, int]) -> tuple[float, float]:
            """How far its aspect, and its area, are from those that are wanted."""
            return round(abs(math.log(size[1] / size[0] / wanted)), 2), abs(math.log(size[0] * size[1] / area))

        found = min(fitting, key=away, default=None)
        return found if found is not None and away(found)[0] < _ALIKE else None

    def cropping(self, shape: tuple[int, ...]) -> str:
        """How much is cut off most images, and what shows them whole, in words; nothing where it is little.

        Args:
            shape: C x H x W of the table.
        """
        size = self.whole_at(shape)
        if size is None:
            return ""
        whole = f"--size {size[0]}x{size[1]} (height x width) shows them whole, and so does --fit pad"
        return f"{np.median(self.cut_off(shape)):.0%} of most images is cut off; {whole}"

    def save(self, path: Path) -> None:
        """Write them to a file.

        Raises:
            DataError: the cache cannot be written.
        """
        facts = json.dumps({"fit": self.fit, "kinds": dict(self.kinds), "extremes": self.extremes})
        # A name may hold bytes that are no text, but no zero byte in any file system.
        names = (
            self.names.text
            if isinstance(self.names, Listed)
            else _bytes(_SEPARATOR.join(name.replace(_SEPARATOR, "�") for name in self.names))
        )
        arrays = {"sizes": self.sizes, "names": names, "facts": _bytes(facts)}
        with writing(path):
            write_whole(path, functools.partial(_write_arrays, arrays))


def _write_arrays(arrays: Mapping[str, NDArray[Any]], file: BinaryIO) -> None:
    """Writes arrays as `numpy.savez_compressed` does, some at a time: it takes as much memory as an array has."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array_header_1_0(member, npy.header_data_from_array_1_0(values))
                for start in range(0, len(values), _AT_ONCE):
                    member.write(np.ascontiguousarray(values[start : start + _AT_ONCE]).data)


def load_origins(path: Path) -> Origins | None:
    """What `save` wrote; None where there is nothing, or something else."""
    try:
        with np.load(path, allow_pickle=False) as found:
            facts, names = json.loads(_text(found["facts"])), _text(found["names"])
            sizes = found["sizes"]
        extremes = None if facts["extremes"] is None else (facts["extremes"][0], facts["extremes"][1])
        listed = names.split(_SEPARATOR) if names else []
        if sizes.ndim != 2 or len(listed) not in (0, len(sizes)):
            return None
        return Origins(sizes, facts["fit"], listed, facts["kinds"], extremes)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def _text(values: NDArray[np.uint8]) -> str:
    return values.tobytes().decode("utf-8", "surrogatepass")
