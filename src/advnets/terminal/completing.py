"""`advnets complete`: images of which something is missing, from files, filled in and put where they are wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advnets.errors import RunError, UsageError
from advnets.terminal.arguments import Modules, Positional, Step, call

if TYPE_CHECKING:
    from advnets.data.holes import Holed, Wanted
    from advnets.runs.run import Run

_MOST = 100  # rows of a picture
_AT_ONCE = 64  # images in memory


def complete(args: list[str]) -> None:
    """Fill in what is missing of images, in several ways."""

    def complete(
        run: Positional[Path],
        images: Positional[list[Path]],
        mask: Path | None = None,
        count: int = 8,
        seed: int = 0,
        invert: bool = False,
        by_channel: bool = False,
        anyway: bool = False,
        step: Step = "newest",
        out: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Fill in what is missing of images, in several ways; what is observed stays as it is, byte for byte.

        An image goes in as the run's own data did: upright, brought to their size and colors.

        Example: advnets complete runs/holes photo.png --mask mask.png --count 8 --out filled

        Args:
            run: the run directory, of a game of kind completion.
            images: images, or folders of them.
            mask: an image of what is missing, where it is light: from half of white on, or white among 0 and 1. Of
                another size it is brought to the image's. Or a folder of masks with the images' names, whatever their
                endings. By default what is transparent of each image is missing.
            count: completions of each image.
            seed: which ones. The k-th completion is made of the same latent vector for all images.
            invert: what is dark is missing; without a mask, what can be seen.
            by_channel: red, green and blue of a mask in colors say each what is missing of that color.
            anyway: go on where everything or nothing is missing of an image.
            out: FILE.png, .jpg or .webp: a row an image, as it is, with its hole, and completed; FILE.npy: uint8
                N,count,H,W,C; or a directory for a PNG file each, NAME-1.png and so on. By default completions.png in
                the run directory.
        """
        from advnets.terminal.runs import load_run

        if count < 1:
            raise RunError(f"{count} completions cannot be made", "ask for 1 or more")
        loaded = load_run(run, step, modules)
        work = Work(_wanted(loaded), _pairs(images, mask), invert, by_channel, anyway)
        target = out or run / "completions.png"
        print(f"{_write(loaded, work, count, seed, target)}: {target}")

    call(complete, args)


@dataclass(frozen=True)
class Work:
    """What is to be completed.

    Args:
        wanted: what images are brought to.
        pairs: each with its mask, where it is not in the image itself.
        inverted, by_channel: how masks are read.
        anyway: whether all or nothing may be missing.
    """

    wanted: Wanted
    pairs: Sequence[tuple[Path, Path | None]]
    inverted: bool
    by_channel: bool
    anyway: bool

    def read(self) -> Iterator[Holed]:
        """One after another; of each it is said how much is missing.

        Raises:
            UsageError: everything or nothing is missing, and nobody said that it may be.
            DataError: a file that cannot be used.
        """
        from advnets.data.holes import read_holed

        for image, mask in self.pairs:
            holed = read_holed(image, mask, self.wanted, self.inverted, self.by_channel)
            if holed.share in (0, 1) and not self.anyway:
                what = "nothing" if holed.share == 0 else "everything"
                remedy = "look at the mask (light is missing, --invert: dark), or complete it --anyway"
                raise UsageError(f"{image}: {what} is missing, as {mask or 'its transparency'} says", remedy)
            print(f"{image}: {holed.share:.1%} missing{self._sizes(holed)}", file=sys.stderr)
            yield holed

    def _sizes(self, holed: Holed) -> str:
        """What was brought to another size."""
        _, height, width = self.wanted.shape
        said = f", at {height} x {width}, the run's size" if holed.resized else ""
        if holed.mask_size is None:
            return said
        return f"{said}; its mask of {holed.mask_size[0]} x {holed.mask_size[1]} was brought to its size"

    def read_parts(self) -> Iterator[list[Holed]]:
        """The same in lists of some."""
        part: list[Holed] = []
        for holed in self.read():
            part.append(holed)
            if len(part) == _AT_ONCE:
                yield part
                part = []
        if part:
            yield part


def _wanted(run: Run) -> Wanted:
    """How the run's own data were read.

    Raises:
        RunError: it completes nothing, or what its images were brought to cannot be found again.
    """
    from advnets.data.holes import Wanted
    from advnets.data.options import check_range

    if not run.completes:
        raise RunError(f"{run.path} completes no images", "train with --game.kind completion")
    channels, height, width = run.shape
    value_range = check_range(run.recipe.range)
    if channels not in (1, 3) or value_range == "auto":
        what = "images of " + (f"{channels} channels" if channels not in (1, 3) else "a range that all of them gave")
        raise RunError(f"{run.path} was trained on {what}", "give arrays to Run.complete in Python")
    return Wanted((channels, height, width), run.recipe.fit, value_range)


def _pairs(images: Sequence[Path], mask: Path | None) -> list[tuple[Path, Path | None]]:
    """Images with their masks.

    Raises:
        UsageError: no image, two whose completions would have one name, or an image without a mask.
    """
    found = [each for path in images for each in (_files(path) if path.is_dir() else [path])]
    if not found:
        what = f"{', '.join(map(str, images))}: no image there" if images else "there is nothing to complete"
        raise UsageError(what, "name images, or a folder of them")
    _check_names(found, "would have completions of one name")
    if mask is None or not mask.is_dir():
        return [(each, mask) for each in found]
    masks = {each.stem: each for each in _check_names(_files(mask), "are masks of one name")}
    without = [str(each) for each in found if each.stem not in masks]
    if without:
        some = ", ".join(without[:5]) + (f" and {len(without) - 5:,} more" if len(without) > 5 else "")
        raise UsageError(f"{mask} has no mask for {some}", "give masks the images' names, whatever their endings")
    return [(each, masks[each.stem]) for each in found]


def _check_names(files: Sequence[Path], twice: str) -> Sequence[Path]:
    """The files, if no two have one name but for the ending.

    Raises:
        UsageError: two have; what that means is `twice`.
    """
    known: dict[str, Path] = {}
    for each in files:
        if each.stem in known:
            raise UsageError(f"{known[each.stem]} and {each} {twice}", "rename one of them")
        known[each.stem] = each
    return files


def _files(folder: Path) -> list[Path]:
    """The image files of a folder, by name."""
    from advnets.data.decode import is_image

    files = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    return [each for each in files if is_image(each.read_bytes())]


def _write(run: Run, work: Work, count: int, seed: int, target: Path) -> str:
    """Complete all and put them where `target` says; what was made, in words."""
    import numpy as np

    from advnets import figures
    from advnets.errors import DataError
    from advnets.files import write_whole
    from advnets.terminal.saving import writing_elsewhere

    several = f"{count:,} completion{'s' if count > 1 else ''} of {_counted(work.pairs)}"
    if not target.suffix:
        _write_folder(run, work, count, seed, target)
        return several
    if target.suffix != ".npy" and target.suffix.lower() not in figures.ENDINGS:
        raise DataError(f"completions cannot be written to {target}", "name a .png, .jpg, .webp, .npy or a directory")
    if target.suffix != ".npy" and len(work.pairs) > _MOST:
        raise UsageError(f"{len(work.pairs):,} images do not fit into a picture", "name a directory as --out")
    holed = list(work.read())
    pixels, missing = (np.stack([getattr(each, name) for each in holed]) for name in ("pixels", "missing"))
    made = run.complete(pixels, missing, count, seed)
    with writing_elsewhere(target):
        if target.suffix == ".npy":
            write_whole(target, lambda file: np.save(file, made.transpose(0, 1, 3, 4, 2)))
        else:
            figures.save(figures.completions(pixels, missing, made), target, run.step)
    return several


def _write_folder(run: Run, work: Work, count: int, seed: int, folder: Path) -> None:
    """A PNG file a completion.

    Raises:
        UsageError: the images lie in that folder: the next command would take completions for images.
        RunError: it cannot be written.
    """
    import numpy as np

    from advnets import figures
    from advnets.terminal.saving import writing_elsewhere

    if any(each.parent.resolve() == folder.resolve() for each, _ in work.pairs):
        raise UsageError(f"--out {folder} is where the images lie", "name another directory")
    names = iter([each.stem for each, _ in work.pairs])
    for part in work.read_parts():
        pixels, missing = (np.stack([getattr(each, name) for each in part]) for name in ("pixels", "missing"))
        made = run.complete(pixels, missing, count, seed)
        with writing_elsewhere(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name, completed in zip([next(names) for _ in part], made, strict=True):
                for number, image in enumerate(completed, 1):
                    figures.save_one(image.transpose(1, 2, 0), folder / f"{name}-{number}.png")


def _counted(pairs: Sequence[object]) -> str:
    return f"{len(pairs):,} images, each" if len(pairs) > 1 else "1 image"
