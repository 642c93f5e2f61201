"""`advnets infer`: parse, train an encoder where there is none, say what it is worth, or use it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from advnets.errors import UsageError
from advnets.terminal.arguments import Modules, Positional, Step, call

Classes = Annotated[str | None, tyro.conf.arg(name="class")]


def infer(args: list[str]) -> None:
    """Find the latents of real images: p(z | x)."""

    def infer(
        run: Positional[Path],
        images: Positional[tuple[Path, ...]] = (),
        walk: bool = False,
        edit: str | None = None,
        out: Path | None = None,
        classes: Classes = None,
        attributes: str | None = None,
        refine: int = 100,
        points: int | None = None,
        strength: float | None = None,
        count: int | None = None,
        network: Literal["auto", "conv-encoder", "mlp"] | None = None,
        width: int | None = None,
        pixels: float | None = None,
        steps: int | None = None,
        batch: int | None = None,
        rate: float | None = None,
        seed: int | None = None,
        fresh: bool = False,
        data: str | None = None,
        step: Step = "newest",
        modules: Modules = (),
    ) -> None:
        """Find the latents of real images, p(z | x), for any finished run.

        Where no encoder played in its game one is trained, G being fixed, on G's own samples; it is kept in the run
        directory, and a command that was stopped goes on where it was. Without images it is measured on held-out ones.

        Example: advnets infer runs/photos me.jpg you.jpg --walk --out between.png

        Args:
            run: the run directory.
            images: of your own, files or folders: they go in as the run's own data did (size, fit, channels, range).
                Their latents and what G makes of them are written.
            walk: draw what lies between each image and the next; without images, between held-out ones.
            edit: draw images with their latents moved from the mean of one kind of training images to that of another:
                FROM:TO, two classes of the data, or the name of a column of attributes; without images, held-out ones.
            out: of images, a directory (by default inferred in the encoder's); of --walk and --edit a picture.
            classes: of a conditional game: the images' classes, joined by commas; image i is of the (i mod their
                number)-th.
            attributes: of a game of vectors: what all the images show, every value by name, as Smiling=1,Age=20.
            refine: steps of Adam on the latents, from E(x), toward G's best image; 0 for E(x) as it is.
            points: of --walk and --edit: images in a row; by default 9.
            strength: of --edit: how far, 1 (the default) is from mean to mean.
            count: held-out images that the encoder is measured on, and as many own samples; by default 1,000, or all
                where there are fewer.
            network: of an encoder to be trained; auto is conv-encoder for images of 8 x 8 pixels or more.
            width: its feature maps at half the images' size, or units of mlp's two layers; by default 32, or 1,024.
            pixels: weight of the squared error of G(E(x)) beside that of known latents, by default 30; 0 is the
                paper's way, latents of own samples alone.
            steps: of its training; by default 3,000.
            batch: own samples in a step, and as many training images where pixels are weighed; by default 64.
            rate: of Adam, by default 0.001; it falls linearly to zero.
            seed: of its training.
            fresh: train it anew.
            data: where the run's data are now, if they were moved.
        """
        from advnets.terminal.inferred import Said, edited, given, measured, walked
        from advnets.terminal.runs import load_run

        own = {"network": network, "width": width, "pixels": pixels, "steps": steps, "batch": batch, "rate": rate,
               "seed": seed}  # fmt: skip
        changes: dict[str, Any] = {name: each for name, each in own.items() if each is not None}
        _check(bool(images), walk, edit is not None, out, classes, attributes, points, strength, count)
        _check_numbers(refine, points, strength, count, width)
        loaded = load_run(run, step, modules)
        said = Said(data, fresh, changes, refine, out, classes, attributes)
        row = 9 if points is None else points
        if walk:
            print(walked(loaded, images, said, row))
        elif edit is not None:
            print(edited(loaded, images, said, edit, row, 1.0 if strength is None else strength))
        elif images:
            print(given(loaded, images, said))
        else:
            print(measured(loaded, said, count))

    call(infer, args)


def _check(
    images: bool,
    walk: bool,
    edit: bool,
    out: Path | None,
    classes: str | None,
    attributes: str | None,
    points: int | None,
    strength: float | None,
    count: int | None,
) -> None:
    """See that everything that was said has an effect.

    Raises:
        UsageError: what has none.
    """
    if walk and edit:
        raise UsageError("--walk and --edit at once", "give one of them")
    idle = {
        "--out": out is not None and not (images or walk or edit),
        "--class": classes is not None and not images,
        "--attributes": attributes is not None and not images,
        "--points": points is not None and not (walk or edit),
        "--strength": strength is not None and not edit,
        "--count": count is not None and (images or walk or edit),
    }
    for flag, said in idle.items():
        if said:
            needed = {
                "--strength": "--edit",
                "--points": "--walk or --edit",
                "--class": "images",
                "--attributes": "images",
                "--out": "images, --walk or --edit",
            }
            why = f"without {needed[flag]}" if flag in needed else "here"
            raise UsageError(f"{flag} changes nothing {why}", "leave it out")


def _check_numbers(
    refine: int, points: int | None, strength: float | None, count: int | None, width: int | None
) -> None:
    """See that numbers are in their ranges, before an encoder is trained.

    Raises:
        UsageError: one is not.
    """
    for flag, said, least in (("--refine", refine, 0), ("--points", points, 2), ("--count", count, 2),
                              ("--width", width, 1)):  # fmt: skip
        if said is not None and said < least:
            raise UsageError(f"{flag} {said}", f"use {least} or more")
    if strength is not None and not math.isfinite(strength):
        raise UsageError(f"--strength {strength}", "use a finite number: 1 is from mean to mean")
