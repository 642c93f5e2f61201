"""Samples by the hundred thousand, drawn and written part by part: an array file, or a directory with a file each."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.data.parallel import ordered_map, progress_bar
from advnets.errors import DataError, RunError
from advnets.files import write_whole
from advnets.runs.asking import Asked
from advnets.runs.run import Run, Samples
from advnets.sharing import shared_among, told
from advnets.terminal.saving import writing_elsewhere
from advnets.world import ALONE


@dataclass(frozen=True)
class Wanted:
    """Samples of a run that are to be written.

    Args:
        run: whose.
        count: how many.
        seed: which ones.
        classes: names, sample i of the (i mod their number)-th: of classes, or of what is `asked`; None for
            conditions as the data have them, or none.
        asked: attributes with values; None where none are named.
    """

    run: Run
    count: int
    seed: int
    classes: Sequence[str] | None
    asked: Asked | None = None

    def stream(self, count: int, first: int) -> Iterator[Samples]:
        """Samples `first` to `count` - 1, in parts."""
        if self.asked is not None:
            return self.run.sampler.stream(count, self.seed, self.asked.rows, first)
        return self.run.stream(count, self.seed, self.classes, first)

    def class_of(self, number: int) -> str:
        """The class of a sample; empty where none is named."""
        return self.classes[number % len(self.classes)] if self.classes else ""

    def name_of(self, number: int, ending: str) -> str:
        """Its file in a directory: with classes in a sub-folder each, so that they are data with classes again."""
        if not self.classes:
            return f"{number:06d}{ending}"
        return f"{folder_name(self.class_of(number))}/{number // len(self.classes):06d}{ending}"


class Drawing:
    """Parts of what is wanted, as `Run.stream` gives them, from sample `first` on, with progress; `done` counts."""

    def __init__(self, wanted: Wanted, first: int = 0) -> None:
        self._wanted, self.done = wanted, first

    def __iter__(self) -> Iterator[Samples]:
        wanted, self.done = self._wanted, told(self.done)
        parts = wanted.stream(wanted.count, self.done)
        with progress_bar("Samples", wanted.count - self.done, unit="samples", shown=True) as advance:
            for part in parts:
                yield part
                self.done += len(part)
                advance(len(part))


def help_drawing(wanted: Wanted) -> None:
    """Draw this process's share of what the first process writes."""
    for _ in Drawing(wanted):
        pass


def draw(wanted: Wanted) -> Samples:
    """All of them, in memory: uint8 N x C x H x W; points: float32 N x D."""
    return np.concatenate(list(Drawing(wanted)))  # type: ignore[arg-type]  # parts are of one type


def save_array(wanted: Wanted, target: Path) -> None:
    """A .npy file of images, uint8 N x H x W x C, or a .npz file with it as x and the names of classes as y.

    Of attributes an .npz file has the samples' whole vectors, and their names: both are data with vectors again.

    Raises:
        RunError: it cannot be written, or Ctrl-C came before its end: then there is none, or the one that was there.
    """
    drawing = Drawing(wanted)
    write = _write_npy if target.suffix == ".npy" else _write_npz
    try:
        with writing_elsewhere(target):
            write_whole(target, lambda file: write(file, wanted, drawing))
    except KeyboardInterrupt:
        what = f"stopped at {drawing.done:,} of {wanted.count:,} samples: {target} is not written"
        raise RunError(what, "what goes into a directory instead is kept, and gone on with") from None


def _write_npy(file: Any, wanted: Wanted, parts: Drawing) -> None:
    channels, height, width = wanted.run.shape
    header = {"descr": "|u1", "fortran_order": False, "shape": (wanted.count, height, width, channels)}
    np.lib.format.write_array_header_1_0(file, header)
    for part in parts:
        file.write(np.ascontiguousarray(part.transpose(0, 2, 3, 1)).data)


def _write_npz(file: BinaryIO, wanted: Wanted, parts: Drawing) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            _write_npy(member, wanted, parts)
        if wanted.asked is not None:
            sampler = wanted.run.sampler
            vectors = sampler.leaving(sampler.inputs(wanted.count, wanted.seed, wanted.asked.rows)["condition"])
            names = np.array([each.name for each in wanted.run.attributes])
            for name, values in {"vectors": vectors.numpy(), "vector_names": names}.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, values)
        elif wanted.classes:
            with archive.open("y.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.array([wanted.class_of(number) for number in range(wanted.count)]))


def save_folder(wanted: Wanted, folder: Path, ending: str) -> int:
    """A file each, written whole; what an earlier command of the same samples has written is gone on with.

    Args:
        wanted: the images.
        folder: where to.
        ending: of the files: one of `figures.ENDINGS`.

    Returns:
        How many were there.

    Raises:
        DataError: the folder holds other pictures, or such images are none of that format.
        RunError: it cannot be written, or Ctrl-C came before its end: then it says how many there are.
    """
    figures.check_channels(wanted.run.shape[0], ending)
    with writing_elsewhere(folder):
        with shared_among(ALONE):
            begun = _begun(wanted, folder, ending)
        drawing = Drawing(wanted, begun)
        try:
            for _ in ordered_map(lambda each: figures.save_one(*each), _files(wanted, folder, ending, drawing)):
                pass
        except KeyboardInterrupt:
            there = f"{_first_missing(wanted, folder, ending):,} of {wanted.count:,} samples are in {folder}"
            raise RunError(f"stopped: {there}", "the same command goes on") from None
    return begun


def _files(wanted: Wanted, folder: Path, ending: str, parts: Drawing) -> Iterator[tuple[NDArray[np.uint8], Path]]:
    for part in parts:
        for number, image in enumerate(part.transpose(0, 2, 3, 1), parts.done):
            yield np.asarray(image, np.uint8), folder / wanted.name_of(number, ending)


def _begun(wanted: Wanted, folder: Path, ending: str) -> int:
    """See that a folder has no other pictures than the first of those wanted; how many of them it has."""
    numbers = {wanted.name_of(number, ending): number for number in range(wanted.count)}
    there = pictures_below(folder)
    known = sorted(numbers[name] for name in there if name in numbers)
    for number in {*known[:1], *known[len(known) // 2 :][:1], *known[-1:]}:  # some tell whose all are
        image = next(wanted.stream(number + 1, number))[0].transpose(1, 2, 0)
        if not figures.shows(folder / wanted.name_of(number, ending), np.asarray(image, np.uint8)):
            raise DataError(f"{folder} holds other pictures", "name an empty or a new directory")
    if there - numbers.keys():
        what = f"more than these {wanted.count:,} samples" if known else "other pictures"
        raise DataError(f"{folder} holds {what}", "name an empty or a new directory")
    for part in folder.rglob(".*.part"):  # of a command that was killed
        part.unlink(missing_ok=True)
    return _first_missing(wanted, folder, ending)


def _first_missing(wanted: Wanted, folder: Path, ending: str) -> int:
    names = (folder / wanted.name_of(number, ending) for number in range(wanted.count))
    return next((number for number, path in enumerate(names) if not path.exists()), wanted.count)


def pictures_below(folder: Path) -> set[str]:
    """The names of all pictures below a folder, as seen from it."""
    return {
        Path(below, name).relative_to(folder).as_posix()
        for below, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and Path(name).suffix.lower() in figures.ENDINGS
    }


def folder_name(name: str) -> str:
    """A class as a folder's name, which leaves its folder nowhere and is not hidden."""
    quoted = "".join(letter if letter.isprintable() and letter not in "/\\%" else quote(letter, "") for letter in name)
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted or "%"
