"""Where an exhibit is made, and where its long parts are kept: computed once, so that a killed exhibit goes on."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.files import write_whole

PARTS, RUNS = "parts", "runs"


@dataclass(frozen=True)
class Workspace:
    """Where an exhibit is made.

    Args:
        name: the exhibit's.
        folder: where text, figures and pictures go.
        quick: less than a minute in all, for a first look and for tests: fewer steps, samples and seeds.
        seed: of everything that is drawn.
        say: tells the user how far it is.
        data: what Figure 1's game is played on: a key of `fig1.distributions.DISTRIBUTIONS`; empty for the paper's.
    """

    name: str
    folder: Path
    quick: bool = False
    seed: int = 0
    say: Callable[[str], None] = print
    data: str = ""

    @property
    def parts(self) -> Path:
        """The folder of what takes long: computed once, so that a killed exhibit goes on where it was."""
        return self.folder / PARTS / self.name

    @property
    def command(self) -> str:
        """What makes the exhibit."""
        data, pace = f" --data {self.data}" if self.data else "", " --quick" if self.quick else ""
        return f"advnets paper {self.name}{data}{pace}"

    def path(self, suffix: str) -> Path:
        """A file of this exhibit's in the folder: `path("-curves.png")`. Of chosen data it has another name."""
        return self.folder / f"{self.name}{'-' if self.data else ''}{self.data}{suffix}"

    def keep(
        self,
        part: str,
        compute: Callable[[], Any],
        of: Any = None,
        check: Callable[[Any], object] = lambda _: None,
    ) -> Any:
        """What `compute` returned, or returned earlier.

        Args:
            part: its name, a file name.
            compute: returns what JSON can hold; it is given back as JSON holds it (lists, no tuples).
            of: what else it depends on, as JSON: kept figures of another `of`, seed or pace are computed anew.
            check: is given what was kept; where it raises a ValueError, that is computed anew, too.

        Raises:
            OSError: it cannot be written.
        """
        key = json.loads(json.dumps({"quick": self.quick, "seed": self.seed, "of": of}))
        path = self.parts / f"{part}.json"
        if (
            path.is_file()
            and (kept := _read(path)) is not None
            and kept["key"] == key
            and _passes(check, kept["value"])
        ):
            return kept["value"]
        self.say(f"{self.name}: {part}")
        text = json.dumps({"key": key, "value": compute()}, indent=1)
        write_whole(path, text.encode())
        return json.loads(text)["value"]


def keep_samples(path: Path, samples: NDArray[np.uint8]) -> int:
    """Keep samples for a picture.

    Returns:
        Their checksum, to be kept with the figures that are of them: a kill may leave samples without figures, or
        beside older ones.

    Raises:
        OSError: they cannot be written.
    """
    write_whole(path, lambda file: np.save(file, samples))
    return zlib.crc32(samples.tobytes())


def read_samples(path: Path, shape: Sequence[int], checksum: int) -> NDArray[np.uint8]:
    """Samples that `keep_samples` kept: uint8, N x C x H x W. Nothing is unpickled, or read beyond the file's end.

    Args:
        path: a .npy file.
        shape: (C, H, W).
        checksum: of the samples that are meant.

    Raises:
        ValueError: it is missing, damaged, or holds something else.
    """
    try:
        samples = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged file ends in whatever NumPy, zipfile or ast raise
        raise ValueError(f"{path}: not a whole .npy file ({error})") from error
    if (
        isinstance(samples, np.ndarray)
        and samples.dtype == np.uint8
        and samples.shape[1:] == tuple(shape)
        and len(samples)
        and zlib.crc32(samples.tobytes()) == checksum
    ):
        return samples
    raise ValueError(f"{path}: not the samples of {shape} that were kept")


def _read(path: Path) -> dict[str, Any] | None:
    """What is kept there; None where it is damaged."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return kept if isinstance(kept, dict) and {"key", "value"} <= set(kept) else None


def _passes(check: Callable[[Any], object], value: Any) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True
