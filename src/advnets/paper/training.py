"""The runs that exhibits share: trained once, resumed after a kill."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Generator
from pathlib import Path

import advnets.api as api
from advnets.errors import RunError
from advnets.paper.exhibit import PARTS, RUNS, Bench
from advnets.recipe import Recipe
from advnets.training.directory import RunDirectory
from advnets.training.run import Run


def trained(bench: Bench, recipe: Recipe) -> Run:
    """The finished run of a recipe with the bench's seed; one that was begun before is taken up where it is.

    Args:
        bench: whose folder has the runs.
        recipe: its name, the seed and the pace name the run's directory.

    Raises:
        RunError: a run of that name has other settings, or the training was stopped.
        AdvnetsError: it cannot be trained.
    """
    recipe = recipe.replace(seed=bench.seed)
    pace = "-quick" if bench.quick else ""
    path = bench.folder / PARTS / RUNS / f"{recipe.name}{pace}-{bench.seed}"
    with _remedies(path):
        if not (path / "run.json").exists():
            bench.say(f"{bench.name}: training {recipe.name}, {recipe.steps:,} steps ({path})")
            return _whole(api.train(recipe, run=path))
        directory = RunDirectory(path)
        if _played(directory.recipe) != _played(recipe):
            raise RunError(f"{path} was trained with other settings", "remove it, or give another --out")
        return _whole(api.load(path) if directory.status == "done" else api.resume(path))


@contextlib.contextmanager
def _remedies(path: Path) -> Generator[None]:
    """Errors of `advnets train` and `resume` with remedies that `advnets paper` has."""
    try:
        yield
    except RunError as error:
        if isinstance(error.__cause__, OSError):
            remedy = "make room or permit writing, then give the same command again; or give another --out"
            raise RunError(error.what, remedy) from error
        if any(other in error.remedy for other in ("--run", "--data", "advnets resume", "train anew")):
            raise RunError(error.what, f"remove {path}, or give another --out") from error
        raise


def _whole(run: Run) -> Run:
    """The run, if it came to its end: Ctrl-C and SIGTERM end a training with a checkpoint, and the exhibit with it."""
    if run.directory.status != "done":
        raise RunError(
            f"{run.path} stopped at step {run.step:,} of {run.recipe.steps:,} ({run.directory.status})",
            "give the same command again to go on",
        )
    return run


def _played(recipe: Recipe) -> Recipe:
    """What decides the outcome: a run notes its measures' settings and rollbacks in its own words.

    Of the run that it begins with, only the name: the folder of all runs may have been moved.
    """
    plain, begun = Recipe(), recipe.generator.pretrained
    generator = dataclasses.replace(recipe.generator, pretrained=begun and Path(begun).name)
    return recipe.replace(generator=generator, measure=plain.measure, watch=plain.watch)
