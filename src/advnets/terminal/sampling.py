"""`advnets sample` and `advnets interpolate`: what a run makes, as pictures, arrays and folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from advnets import figures
from advnets.errors import RunError, UsageError
from advnets.runs.asking import Asked, Attributes
from advnets.runs.run import Run
from advnets.sharing import leads, sharers
from advnets.terminal.saving import ARRAYS, check_target, save_by_class, save_made, writing_elsewhere
from advnets.terminal.streaming import Wanted, draw, help_drawing, save_array, save_folder

_MOST_SEEDS = 10_000
_WIDEST = 25
"""Images beside each other in a picture by class; more of a class go on in the next row."""


def named_classes(run: Run, said: str | None, once: bool = True) -> list[str] | None:
    """Classes as a command line names them: "all", one, or several joined by commas; None for none.

    Args:
        run: whose.
        said: by the user.
        once: leave out what is said again: one row of a picture a class.

    Raises:
        RunError: the run has no such class.
    """
    if said is None:
        return None
    words = [said] if said == "all" or said in run.classes else [word.strip() for word in said.split(",")]
    numbers = run.class_numbers("all" if words == ["all"] else list(dict.fromkeys(words)) if once else words)
    return [run.classes[number] for number in numbers]


def named_attributes(said: str) -> dict[str, list[float]]:
    """Attributes as a command line names them: NAME=VALUE, or several values as NAME=VALUE:VALUE, joined by commas.

    Raises:
        UsageError: they are not written so.
    """
    found: dict[str, list[float]] = {}
    for word in said.split(","):
        name, equals, values = (part.strip() for part in word.rpartition("="))
        try:
            numbers = [float(each) for each in values.split(":")] if equals and name else []
        except ValueError:
            numbers = []
        if not numbers or name in found:
            what = f"says {name} twice" if name in found else f"has {word.strip()!r}"
            remedy = "write NAME=VALUE, or NAME=VALUE:VALUE for several, joined by commas, as in Smiling=1,Age=20:40"
            raise UsageError(f"--attributes {said} {what}", remedy)
        found[name] = numbers
    return found


def asked_attributes(run: Run, said: str | None, classes: str | None) -> Asked | None:
    """What is asked of attributes in a command; None where nothing is.

    Raises:
        AdvnetsError: they are not written as they should, the run has no such ones, or classes are named, too.
    """
    if said is None:
        return None
    if classes is not None:
        raise UsageError(f"--attributes {said} and --class {classes}", "say one of them")
    return run.asked(named_attributes(said))


def draw_samples(
    run: Run,
    count: int,
    seed: int,
    classes: Sequence[str] | None,
    target: Path,
    form: str | None = None,
    asked: Asked | None = None,
) -> str:
    """Draw samples and put them where `target` says; of images of named classes, a picture has a row a class.

    Args:
        run: whose.
        count: how many, in all classes together.
        seed: which ones.
        classes: names of classes; None for conditions as the data have them, or none.
        target: a picture's, .npy or .npz file, of points .csv or .parquet, or a directory. In a picture translations
            have their sources on their left.
        form: of the files in a directory: png, jpg or webp; by default png.
        asked: attributes with values: a picture has a row a combination of these.

    Returns:
        What was drawn, for the user; of several processes only the first one writes, and knows it.

    Raises:
        AdvnetsError: they cannot be drawn, or not be written.
    """
    classes = classes if asked is None else asked.names
    images, wanted = len(run.shape) == 3, Wanted(run, count, seed, classes, asked)
    check_target(target, images)
    if form is not None and target.suffix:
        raise RunError(
            f"--format {form} changes nothing: {target} says what it is", "leave it out, or name a directory"
        )
    if sharers() > 1 and not (images and target.suffix in ("", *ARRAYS)):
        what = f"{target} is drawn by one process"
        raise RunError(what, "start it without torchrun; images in a directory, .npy and .npz are drawn by several")
    if not leads():
        help_drawing(wanted)
        return ""
    if images and not target.suffix:
        there = save_folder(wanted, target, f".{form or 'png'}")
        return f"{_counted(wanted)}{f' ({there:,} of them were there)' if there else ''}"
    if images and target.suffix in ARRAYS:
        save_array(wanted, target)
        return _counted(wanted)
    if images and classes is not None:
        return _draw_by_class(run, count, seed, classes, target, asked)
    if classes is None and run.scale is not None:
        made, numbers = run.sample_with_classes(count, seed)
        named = [] if numbers is None else [run.classes[number] for number in numbers]
    else:
        made, named = draw(wanted), [wanted.class_of(number) for number in range(count)] if classes else []
    if images and run.translated:  # a picture, as those of the training
        made = figures.side_by_side(run.sampler.sources_of(count, seed), made)
    save_made(made, target, run, named)
    return _counted(wanted)


def _draw_by_class(run: Run, count: int, seed: int, classes: Sequence[str], target: Path, asked: Asked | None) -> str:
    _check_rows(classes)
    columns = -(-count // len(classes))
    rows = min(-(-columns // _WIDEST), figures.MOST_ROWS // len(classes))  # of each class
    columns = rows * -(-columns // rows)
    rows_of = run.class_numbers(classes) if asked is None else asked.rows
    made = run.sampler.by_class(rows_of, columns, seed)
    lines = made.reshape(len(classes) * rows, columns // rows, *made.shape[2:])
    names = [name if row == 0 else "" for name in classes for row in range(rows)]
    save_by_class(lines, target, names)  # type: ignore[arg-type]  # images are bytes
    return f"{columns} samples of {'each of ' if len(classes) > 1 else ''}{_listed(classes)}{_unseen(asked)}"


def _counted(wanted: Wanted) -> str:
    of = "" if wanted.classes is None else f" of {_listed(wanted.classes)}"
    of += f", translations of {wanted.run.translated}" if wanted.run.translated else ""
    return f"{wanted.count:,} samples{of}{_unseen(wanted.asked)}"


def _unseen(asked: Asked | None) -> str:
    """Which values no training example has, in words."""
    return f"; not trained: {', '.join(asked.unseen)}" if asked is not None and asked.unseen else ""


def targets(
    run: Path, seed: int, seeds: str | None, by: str, step: int | None, out: Path | None, suffix: str = ""
) -> dict[int, Path]:
    """Seeds to where their samples go; by default into the run directory, under names that tell them apart.

    Args:
        run: the run directory.
        seed, seeds: one seed, or several in words.
        by: "class" or "attributes", where such are named; or empty.
        step: of the checkpoint; None for the newest.
        out: where to, if that was said.
        suffix: of these names, for samples that were chosen in some way.

    Raises:
        UsageError: seeds are said in two ways, or not as they are written.
    """
    if seeds is not None and seed:
        raise UsageError(f"--seed {seed} and --seeds {seeds}", "say one of them")
    many = read_seeds(seeds) if seeds is not None else [seed]
    found: dict[int, Path] = {}
    for each in many:
        name = f"samples-by-{by}" if by else "samples"
        name += f"-{each}" if each or seeds is not None else ""
        name += "" if step is None else f"-step-{step}"
        own = out if out is None or seeds is None else out.with_name(f"{out.stem}-{each}{out.suffix}")
        found[each] = own or run / f"{name}{suffix}.png"
    return found


def read_seeds(text: str) -> list[int]:
    """Seeds as a command line names them: numbers and ranges, joined by commas, as in 1-8 or 1,3,10-12.

    Raises:
        UsageError: they are not, or one is said twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not 0 <= last - first < _MOST_SEEDS:
            raise UsageError(
                f"--seeds {text}", f"write numbers and ranges of up to {_MOST_SEEDS:,}, as in 1-8 or 1,3,10-12"
            )
        seeds += range(first, last + 1)
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None) if len(set(seeds)) < len(seeds) else None
    if twice is not None:
        raise UsageError(f"--seeds {text} says {twice} twice", "say it once")
    return seeds


def draw_walks(
    run: Run,
    lines: int,
    points: int,
    seed: int,
    classes: Sequence[str] | None,
    target: Path,
    attributes: Attributes | None = None,
) -> None:
    """Draw straight lines in z space, or from class to class, as a picture.

    Args:
        run: whose.
        lines, points: rows of the picture, and samples along each.
        seed: which lines.
        classes: names of classes to walk between; of one, z walks within it. None: z walks.
        target: the PNG file.
        attributes: values by name, of one of them perhaps two, to walk from and to.

    Raises:
        AdvnetsError: the run makes no images, or it cannot be written.
    """
    if len(run.shape) != 3:
        raise RunError(f"{run.path} makes points, not images", "draw them with `advnets sample`")
    rows = run.interpolate(lines, points, seed, classes, attributes)
    with writing_elsewhere(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if classes is None:
            picture = figures.interpolation(rows)  # type: ignore[arg-type]  # images are bytes
        else:
            picture = figures.walks_by_class(rows, [_walk(classes, line) for line in range(lines)])  # type: ignore[arg-type]
        figures.save(picture, target, run.step)


def _walk(classes: Sequence[str], line: int) -> str:
    """What a line goes through, in words."""
    ends = [classes[place % len(classes)] for place in (line, line + 1)]
    return ends[0] if len(classes) == 1 else " to ".join(ends)


def _check_rows(classes: Sequence[str]) -> None:
    """See that the classes fit into a picture before minutes are spent on their samples."""
    if len(classes) > figures.MOST_ROWS:
        remedy = f"name at most {figures.MOST_ROWS} --class, or an --out that is no .png"
        raise RunError(f"{len(classes):,} classes do not fit into a picture", remedy)


def _listed(classes: Sequence[str]) -> str:
    return ", ".join(classes) if len(classes) <= 10 else f"{len(classes):,} classes"
