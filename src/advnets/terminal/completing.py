"""`advnets complete`: images of which something is missing, from files, filled in and put where they are wanted."""

from __future__ import annotations

from pathlib import Path

from advnets.errors import RunError
from advnets.terminal.arguments import Modules, Positional, Step, call


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

        An image goes in as the run's own data did: upright, brought to their size and colors. One with colors, for a
        run of gray ones, is refused, unless that was trained with --channels 1.

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
        from advnets.terminal.completions import write_completions
        from advnets.terminal.masked import Work, found_in, pairs_of, wanted_by
        from advnets.terminal.runs import load_run

        if count < 1:
            raise RunError(f"{count} completions cannot be made", "ask for 1 or more")
        loaded = load_run(run, step, modules)
        found, left_out = found_in(images)
        work = Work(wanted_by(loaded), pairs_of(found, mask), invert, by_channel, anyway, left_out)
        target = out or run / "completions.png"
        print(f"{write_completions(loaded, work, count, seed, target)}: {target}")

    call(complete, args)
