"""Images to be completed: which they are, what is missing of each, and what runs want of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advnets.data.holes import Holed, Wanted, has_colors, read_holed, reason_unusable
from advnets.data.options import check_range
from advnets.data.parallel import progress_bar
from advnets.data.resize import FILE_CHANNELS
from advnets.data.table import Skipped, skip
from advnets.errors import RunError, UsageError
from advnets.runs.run import Run

Pair = tuple[Path, Path | None]
"""An image, and its mask where it is not in the image itself."""
_SAID = 10  # images, of each of which it is said how much is missing


@dataclass(frozen=True)
class Work:
    """What is to be completed.

    Args:
        wanted: what images are brought to.
        pairs: each with its mask, where it is not in the image itself.
        inverted, by_channel: how masks are read.
        anyway: whether all or nothing may be missing.
        left_out: what else is in the folders.
    """

    wanted: Wanted
    pairs: Sequence[Pair]
    inverted: bool
    by_channel: bool
    anyway: bool
    left_out: Sequence[Skipped] = ()

    def read(self, pair: Pair) -> Holed:
        """An image with what is missing of it.

        Raises:
            UsageError: everything or nothing is missing, and nobody said that it may be.
            DataError: a file that cannot be used.
        """
        image, mask = pair
        holed = read_holed(image, mask, self.wanted, self.inverted, self.by_channel)
        if holed.share in (0, 1) and not self.anyway:
            what = "nothing" if holed.share == 0 else "everything"
            raise UsageError(f"{image}: {what} is missing, as {mask or 'its transparency'} says", self._remedy(mask))
        return holed

    def _remedy(self, mask: Path | None) -> str:
        """What helps where all or nothing is missing."""
        if mask is None:
            return "look at it (transparent is missing, --invert: what can be seen), or complete it --anyway"
        colors = self.wanted.shape[0] >= 3 and not self.by_channel and has_colors(mask)
        said = "has colors, of which lightness counts: --by-channel takes each; --invert: dark is missing"
        return f"look at the mask ({said if colors else 'light is missing, --invert: dark'}), or complete it --anyway"

    def sizes(self, holed: Holed) -> str:
        """What was brought to another size, in words."""
        _, height, width = self.wanted.shape
        said = f", at {height} x {width}, the run's size" if holed.resized else ""
        if holed.mask_size is None:
            return said
        return f"{said}; its mask of {holed.mask_size[0]} x {holed.mask_size[1]} was brought to its size"


def seen(work: Work, keep: bool) -> tuple[list[Holed], list[str]]:
    """All images, if they are to be kept, and how much of them is missing, in lines: before anything is made of one.

    Raises:
        AdvnetsError: as `Work.read`.
    """
    kept: list[Holed] = []
    said: list[tuple[float, str]] = []
    with progress_bar("Reading", len(work.pairs), shown=True) as advance:
        for pair in work.pairs:
            holed = work.read(pair)
            said.append((holed.share, work.sizes(holed)))
            kept += [holed] if keep else []
            advance(1)
    return kept, _lines(work, said)


def _lines(work: Work, said: Sequence[tuple[float, str]]) -> list[str]:
    """How much is missing: of each of a few images, else from where to where."""
    if len(said) <= _SAID:
        return [
            f"{image}: {share:.1%} missing{sizes}" for (image, _), (share, sizes) in zip(work.pairs, said, strict=True)
        ]
    shares, resized = [share for share, _ in said], sum(bool(sizes) for _, sizes in said)
    brought = f"; {resized:,} of them, or their masks, were brought to another size" if resized else ""
    return [f"{len(said):,} images: {min(shares):.1%} to {max(shares):.1%} missing{brought}"]


def wanted_by(run: Run) -> Wanted:
    """How the run's own data were read.

    Raises:
        RunError: it completes nothing, or what its images were brought to cannot be found again.
    """
    if not run.completes:
        raise RunError(f"{run.path} completes no images", "train with --game.kind completion")
    channels, height, width = run.shape
    value_range = check_range(run.recipe.range)
    if channels not in FILE_CHANNELS or value_range == "auto":
        what = "images of " + (
            f"{channels} channels" if channels not in FILE_CHANNELS else "a range that all of them gave"
        )
        raise RunError(f"{run.path} was trained on {what}", "give arrays to Run.complete in Python")
    return Wanted((channels, height, width), run.recipe.fit, value_range, drop_colors=run.recipe.channels == 1)


def found_in(images: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """Image files, and what else is in folders of them.

    Raises:
        UsageError: no image, or two whose completions would have one name.
    """
    found: list[Path] = []
    left_out: list[Skipped] = []
    for path in images:
        files, others = _files(path) if path.is_dir() else ([path], [])
        found, left_out = found + files, left_out + others
    if not found:
        what = f"{', '.join(map(str, images))}: no image there" if images else "there is nothing to complete"
        raise UsageError(what, "name images, or a folder of them")
    _check_names(found, "would have completions of one name")
    return found, left_out


def pairs_of(found: Sequence[Path], mask: Path | None) -> list[Pair]:
    """Images with their masks.

    Raises:
        UsageError: an image without a mask, or two masks of one name.
    """
    if mask is None or not mask.is_dir():
        return [(each, mask) for each in found]
    masks = {each.stem: each for each in _check_names(_files(mask)[0], "are masks of one name")}
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


def _files(folder: Path) -> tuple[list[Path], list[Skipped]]:
    """The image files of a folder, by name, and what else is in it; what is hidden is not looked at."""
    images: list[Path] = []
    left_out: list[Skipped] = []
    for each in sorted(folder.iterdir()):
        if each.name.startswith("."):
            continue
        if reason := "a folder within it: name it, too" if each.is_dir() else reason_unusable(each):
            left_out.append(skip(str(each), reason))
        else:
            images.append(each)
    return images, left_out
