"""What a run completes, written where the user asked for it: a picture, an array, or a folder with a file each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.data.holes import Holed
from advnets.data.parallel import progress_bar
from advnets.errors import DataError, RunError, UsageError
from advnets.files import write_whole
from advnets.runs.completing import complete
from advnets.runs.run import Run
from advnets.terminal.masked import Pair, Work, seen
from advnets.terminal.saving import say_left_out, writing_elsewhere
from advnets.terminal.streaming import pictures_below

_MOST = 100  # rows of a picture
_AT_ONCE = 64  # images in memory
_Advance = Callable[[int], object]


def write_completions(run: Run, work: Work, count: int, seed: int, target: Path) -> str:
    """Complete all and put them where `target` says.

    Args:
        run: of a game of completion.
        work: what is to be completed.
        count: completions of each image.
        seed: which ones.
        target: a picture's or .npy file, or a directory.

    Returns:
        What was made, for the user.

    Raises:
        UsageError: images do not fit into a picture, or lie in the directory; as `Work.read`.
        DataError: no such file can be written, an image cannot be used, or the directory holds other pictures.
        RunError: it cannot be written, or Ctrl-C came.
    """
    several = f"{count:,} completion{'s' if count > 1 else ''} of {_counted(work.pairs)}"
    if not target.suffix:
        there = Folder(run, work, count, seed, target).write()
        return f"{several}{f' ({there:,} of them were there)' if there else ''}"
    if target.suffix != ".npy" and target.suffix.lower() not in figures.ENDINGS:
        raise DataError(f"completions cannot be written to {target}", "name a .png, .jpg, .webp, .npy or a directory")
    if target.suffix != ".npy" and len(work.pairs) > _MOST:
        raise UsageError(f"{len(work.pairs):,} images do not fit into a picture", "name a directory as --out")
    holed, lines = seen(work, keep=True)
    _say(work, lines)
    pixels, missing = _stacked(holed)
    with _progress(len(work.pairs) * count) as advance:
        made = complete(run.sampler, pixels, missing, count, seed, advance)
    with writing_elsewhere(target):
        if target.suffix == ".npy":
            write_whole(target, lambda file: np.save(file, made.transpose(0, 1, 3, 4, 2)))
        else:
            figures.save(figures.completions(pixels, missing, made), target, run.step)
    return several


@dataclass(frozen=True)
class Folder:
    """A directory with a PNG file a completion, NAME-1.png and so on.

    Args:
        run, work, count, seed: as for `write_completions`.
        path: of the directory.
    """

    run: Run
    work: Work
    count: int
    seed: int
    path: Path

    def write(self) -> int:
        """Write what is missing in it, once all images, and all files that are there, were seen to be right.

        Returns:
            How many files were there.
        """
        if any(each.parent.resolve() == self.path.resolve() for each, _ in self.work.pairs):
            raise UsageError(f"--out {self.path} is where the images lie", "name another directory")
        self._refuse_names()
        _, lines = seen(self.work, keep=False)
        there = self._there()
        try:
            with writing_elsewhere(self.path), _progress(len(self.work.pairs) * self.count) as advance:
                self._refuse_pictures()
                _say(self.work, lines)
                self.path.mkdir(parents=True, exist_ok=True)
                self._write_missing(advance)
        except KeyboardInterrupt:
            what = f"{self._there():,} of {len(self.work.pairs) * self.count:,} completions are in {self.path}"
            raise RunError(f"stopped: {what}", "the same command goes on") from None
        return there

    def _files(self, pair: Pair) -> list[Path]:
        return [self.path / f"{pair[0].stem}-{number}.png" for number in range(1, self.count + 1)]

    def _there(self) -> int:
        return sum(file.exists() for pair in self.work.pairs for file in self._files(pair))

    def _refuse_names(self) -> None:
        """See that it holds no pictures but such as have these completions' names; what was killed leaves nothing."""
        known = {file.name for pair in self.work.pairs for file in self._files(pair)}
        if others := sorted(pictures_below(self.path) - known):
            raise DataError(f"{self.path} holds other pictures, as {others[0]}", "name an empty or a new directory")
        for part in self.path.rglob(".*.part"):
            part.unlink(missing_ok=True)

    def _refuse_pictures(self) -> None:
        """See that the files that are there are what the run makes of these images."""
        for pair, made in self._made(lambda files: any(file.exists() for file in files), lambda done: None):
            for file, image in zip(self._files(pair), made, strict=True):
                if file.exists() and not figures.shows(file, image):
                    what = f"{file} is another picture than the run makes of {pair[0]} with --seed {self.seed}"
                    raise DataError(what, "name an empty or a new directory")

    def _write_missing(self, advance: _Advance) -> None:
        for pair, made in self._made(lambda files: not all(file.exists() for file in files), advance):
            for file, image in zip(self._files(pair), made, strict=True):
                if not file.exists():
                    figures.save_one(image, file)

    def _made(
        self, wanted: Callable[[list[Path]], bool], advance: _Advance
    ) -> Iterator[tuple[Pair, NDArray[np.uint8]]]:
        """Images with their completions, count x H x W x C: those of whose files it is wanted."""
        pairs = [pair for pair in self.work.pairs if wanted(self._files(pair))]
        advance((len(self.work.pairs) - len(pairs)) * self.count)
        for start in range(0, len(pairs), _AT_ONCE):
            part = pairs[start : start + _AT_ONCE]
            pixels, missing = _stacked([self.work.read(pair) for pair in part])
            made = complete(self.run.sampler, pixels, missing, self.count, self.seed, advance)
            yield from zip(part, made.transpose(0, 1, 3, 4, 2), strict=True)


def _say(work: Work, lines: Sequence[str]) -> None:
    """What is missing of the images, and what is in their folders beside them."""
    say_left_out(work.left_out)
    for line in lines:
        print(line, file=sys.stderr)


def _progress(total: int) -> AbstractContextManager[Callable[[int], None]]:
    return progress_bar("Completing", total, unit="completions", shown=True)


def _stacked(holed: Sequence[Holed]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pixels and what is missing of all, N x C x H x W."""
    return np.stack([each.pixels for each in holed]), np.stack([each.missing for each in holed])


def _counted(pairs: Sequence[object]) -> str:
    return f"{len(pairs):,} images, each" if len(pairs) > 1 else "1 image"
