"""`advnets sample` and `advnets interpolate`: what a run makes, as pictures, arrays and folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advnets import figures
from advnets.errors import RunError
from advnets.runs.run import Run
from advnets.terminal.saving import save_by_class, save_made, writing_elsewhere

_WIDEST = 25
"""Images beside each other in a picture by class; more of a class go on in the next row."""


def named_classes(run: Run, said: str | None) -> list[str] | None:
    """Classes as a command line names them: "all", one, or several joined by commas; None for none.

    Raises:
        RunError: the run has no such class.
    """
    if said is None:
        return None
    words = [said] if said == "all" or said in run.classes else [word.strip() for word in said.split(",")]
    numbers = run.class_numbers("all" if words == ["all"] else list(dict.fromkeys(words)))
    return [run.classes[number] for number in numbers]


def draw_samples(run: Run, count: int, seed: int, classes: Sequence[str] | None, target: Path) -> str:
    """Draw samples and put them where `target` says; of images of named classes, a picture has a row a class.

    Args:
        run: whose.
        count: how many, in all classes together.
        seed: which ones.
        classes: names of classes; None for conditions as the data have them, or none.
        target: a .png, .npy or .npz file, or a directory.

    Returns:
        What was drawn, for the user.

    Raises:
        AdvnetsError: they cannot be drawn, or not be written.
    """
    if classes is None:
        save_made(run.sample(count, seed), target, run.recipe.data)
        return f"{count} samples"
    said = f"of {'each of ' if len(classes) > 1 else ''}{_listed(classes)}"
    if target.suffix == ".png" and len(run.shape) == 3:
        _check_rows(classes)
        columns = -(-count // len(classes))
        rows = min(-(-columns // _WIDEST), figures.MOST_ROWS // len(classes))  # of each class
        columns = rows * -(-columns // rows)
        made = run.sample_by_class(columns, seed, classes=classes)
        lines = made.reshape(len(classes) * rows, columns // rows, *made.shape[2:])
        names = [name if row == 0 else "" for name in classes for row in range(rows)]
        save_by_class(lines, target, names)  # type: ignore[arg-type]  # images are bytes
        return f"{columns} samples {said}"
    named = [classes[number % len(classes)] for number in range(count)]
    save_made(run.sample(count, seed, classes=classes), target, run.recipe.data, named)
    return f"{count} samples of {_listed(classes)}"


def draw_walks(run: Run, lines: int, points: int, seed: int, classes: Sequence[str] | None, target: Path) -> None:
    """Draw straight lines in z space, or from class to class, as a picture.

    Args:
        run: whose.
        lines, points: rows of the picture, and samples along each.
        seed: which lines.
        classes: names of classes to walk between; of one, z walks within it. None: z walks.
        target: the PNG file.

    Raises:
        AdvnetsError: the run makes no images, or it cannot be written.
    """
    if len(run.shape) != 3:
        raise RunError(f"{run.path} makes points, not images", "draw them with `advnets sample`")
    rows = run.interpolate(lines, points, seed, classes)
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
