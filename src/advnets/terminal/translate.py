"""`advnets translate`: parse, and hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from advnets.terminal.arguments import Modules, Positional, Step, call


def translate(args: list[str]) -> None:
    """Make images of images: with a run of pairs, unpaired or super-resolution."""

    def translate(
        run: Positional[Path],
        images: Positional[Path],
        out: Path,
        reverse: bool = False,
        seed: int = 0,
        step: Step = "newest",
        format: Literal["png", "jpg", "webp"] | None = None,
        modules: Modules = (),
    ) -> None:
        """Translate image files with a run's averaged generator; files keep their names.

        An image is brought to size, fit and channels as the run's own sources were; super-resolution takes each at its
        own size. Stopped, the same command goes on.

        Example: advnets translate runs/pairs sketches --out made

        Args:
            run: the run directory.
            images: a folder of images, with its sub-folders, or one image.
            out: the folder to write to, or for one image a .png, .jpg or .webp file.
            reverse: of an unpaired run, the other way: images of the data's kind become sources.
            seed: of z, where the game has one; an image has its own by its name.
            format: of the files in a folder, by default png. jpg is the only one that is not exact.
        """
        from advnets.terminal.runs import load_run
        from advnets.terminal.translating import write_translations

        loaded = load_run(run, step, modules)
        print(write_translations(loaded, images, out, reverse=reverse, seed=seed, form=format))

    call(translate, args)
