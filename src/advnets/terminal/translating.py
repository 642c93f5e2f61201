"""What a run makes of image files, written where the user asked for it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advnets import figures
from advnets.data.decode import MAX_PIXELS
from advnets.data.parallel import progress_bar
from advnets.data.pictures import Entry
from advnets.data.resize import FILE_CHANNELS
from advnets.data.single import OneImage, Wanted, check_colors, files_of, images_in, without_ending
from advnets.data.table import Skipped
from advnets.errors import DataError, RunError
from advnets.runs.run import Run
from advnets.runs.translating import Image, Translator
from advnets.terminal.saving import say_left_out, writing_elsewhere
from advnets.terminal.streaming import pictures_below


@dataclass(frozen=True)
class Translations:
    """Files to be translated, and where to.

    Args:
        translate: makes an image of an image.
        wanted: how images are wanted.
        folder: where to.
        ending: of the files.
    """

    translate: Translator
    wanted: Wanted
    folder: Path
    ending: str

    def target(self, image: OneImage) -> Path:
        """Where what becomes of an image goes."""
        return self.folder / f"{image.name}{self.ending}"

    def made(self, image: OneImage, say: Callable[[int], None] | None = None) -> Image:
        """What becomes of an image, H x W x C: it has its z by its name. `say` hears of pixels that are done."""
        number = zlib.crc32(image.name.encode("utf-8", "surrogatepass"))
        return self.translate(image.pixels, number, say).transpose(1, 2, 0)


def write_translations(
    run: Run, images: Path, out: Path, *, reverse: bool = False, seed: int = 0, form: str | None = None
) -> str:
    """Translate files and write what becomes of them.

    Args:
        run: whose generator.
        images: a folder, or one image.
        out: a folder, or for one image a picture's file.
        reverse, seed: as for `Translator`.
        form: of the files in a folder: png, jpg or webp; by default png.

    Returns:
        What was done, for the user.

    Raises:
        RunError: the run translates nothing, a file cannot be written, a form beside one picture, or Ctrl-C came.
        DataError: there are no such images, or the folder holds other pictures.
    """
    translate, one = Translator(run, seed, reverse), out.suffix.lower() in figures.ENDINGS
    ending = f".{form or 'png'}"
    if one and form is not None:
        raise RunError(f"--format {form} changes nothing: {out} says what it is", "leave it out, or name a directory")
    if images.is_file() and out.suffix and not one and not out.is_dir():
        remedy = f"end its name in {', '.join(figures.ENDINGS)}, or name a folder"
        raise DataError(f"{out} cannot be a picture", remedy)
    if one and not images.is_file():
        raise DataError(f"{out} is one picture, {images} is none", "name a folder as --out")
    entries = files_of(images)
    if not one and (out.resolve() == images.resolve() or images.resolve() in out.resolve().parents):
        raise DataError(f"{out} lies in {images}", "choose another place: what is made would be taken for more images")
    work = Translations(translate, _wanted(run, translate, reverse), out, ending)
    figures.check_channels(run.data.source[0] if reverse else run.shape[0], out.suffix if one else ending)
    with writing_elsewhere(out):
        if one:
            return _write_one(entries[0], work)
        done, there = _write_all(entries, work)
    return f"{done:,} image{'s' if done > 1 else ''}{f' ({there:,} of them were there)' if there else ''}: {out}"


def _wanted(run: Run, translate: Translator, reverse: bool) -> Wanted:
    """How images are brought to what the run was trained on."""
    recipe = run.recipe
    if translate.channels not in FILE_CHANNELS:
        what = f"{run.path} translates images of {translate.channels} channels"
        raise RunError(what, "give it arrays, by Run.translate: files have 1, 3 or 4")
    of_data = reverse or not recipe.game.sources
    factor = 0 if translate.upscaler is None else translate.upscaler.factor
    size = None if factor else (translate.height, translate.width)
    gray = (recipe.channels if of_data else recipe.source_channels) == 1
    most = MAX_PIXELS // factor**2 if factor else MAX_PIXELS  # what is made can be read again
    return Wanted(size, translate.channels, recipe.fit, drop_colors=gray, most=most)


def _write_one(entry: Entry | Skipped, work: Translations) -> str:
    """Translate one image into a picture's file."""
    image = next(_images([entry], work.wanted))
    if not isinstance(image, OneImage):
        raise DataError(str(image), "name another image")
    work.folder.parent.mkdir(parents=True, exist_ok=True)
    with progress_bar("Translating", image.pixels[0].size, unit="pixels", shown=True) as advance:
        made = work.made(image, advance)
    figures.save_one(made, work.folder)
    return f"1 image: {work.folder}"


def _write_all(entries: Sequence[Entry | Skipped], work: Translations) -> tuple[int, int]:
    """Translate files into a folder: how many images, and how many of them were there.

    What is there is gone on with, once some of it was seen to be what these images become.
    """
    _refuse_others(entries, work)
    _refuse_colors(entries, work.wanted)
    done, there, skipped = 0, 0, list[Skipped]()
    try:
        with progress_bar("Translating", len(entries), shown=True) as advance:
            for entry in entries:
                for image in _images([entry], work.wanted):
                    if not isinstance(image, OneImage):
                        skipped.append(image)
                        continue
                    target = work.target(image)
                    if not target.exists():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        figures.save_one(work.made(image), target)
                    else:
                        there += 1
                        if there & (there - 1) == 0 and not figures.shows(target, work.made(image)):  # 1, 2, 4, 8, ...
                            what = f"{target} is another picture than the run makes of {image.name}"
                            raise DataError(what, "name an empty or a new directory")
                    done += 1
                advance(1)
    except KeyboardInterrupt:
        what = f"stopped: {done:,} image{' is' if done == 1 else 's are'} in {work.folder}"
        raise RunError(what, "the same command goes on") from None
    say_left_out(skipped)
    if not done:
        raise DataError(f"no image among {len(entries):,} files", "name a folder of images")
    return done, there


def _images(entries: Sequence[Entry | Skipped], wanted: Wanted) -> Iterator[OneImage | Skipped]:
    for entry in entries:
        if isinstance(entry, Skipped):
            yield entry
        else:
            yield from images_in(entry, wanted)


def _refuse_others(entries: Sequence[Entry | Skipped], work: Translations) -> None:
    """See that the folder holds no pictures but what these files become; of files that were killed nothing is left."""
    if not work.folder.is_dir():
        return
    known = {without_ending(each.name) for each in entries}
    for name in sorted(pictures_below(work.folder)):
        made = without_ending(name)
        page = re.fullmatch(r"(.*)-\d+", made)
        if not name.endswith(work.ending) or not (made in known or (page and page[1] in known)):
            raise DataError(f"{work.folder} holds other pictures, as {name}", "name an empty or a new directory")
    for part in work.folder.rglob(".*.part"):
        part.unlink(missing_ok=True)


def _refuse_colors(entries: Sequence[Entry | Skipped], wanted: Wanted) -> None:
    """See that no file is refused for its colors once others are written."""
    with progress_bar("Reading", len(entries), shown=True) as advance:
        for entry in entries:
            if not isinstance(entry, Skipped):
                check_colors(entry, wanted)
            advance(1)
