"""The runs that exhibits share: trained once, resumed after a kill."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import advnets.api as api
from advnets.config.load import to_dict
from advnets.config.recipe import Recipe
from advnets.errors import RunError, what_helps
from advnets.paper.workspace import PARTS, RUNS, Workspace
from advnets.runs.directory import RunDirectory
from advnets.runs.run import Run


def trained(workspace: Workspace, recipe: Recipe) -> Run:
    """The finished run of a recipe with the workspace's seed; one that was begun before is taken up where it is.

    Args:
        workspace: whose folder has the runs.
        recipe: what is trained; with other settings it has another directory, so that nothing kept is in the way.

    Raises:
        RunError: the run's directory has another recipe, or the training was stopped.
        AdvnetsError: it cannot be trained.
    """
    recipe = recipe.replace(seed=workspace.seed)
    path = directory_of(workspace, recipe)
    with _remedies(path):
        if not (path / "run.json").exists():
            workspace.say(f"{workspace.name}: training {recipe.name}, {recipe.steps:,} steps ({path})")
            return _whole(api.train(recipe, run=path))
        directory = RunDirectory(path)
        if _played(directory.recipe) != _played(recipe):
            raise RunError(f"{path} was trained with other settings", "remove it, or give another --out")
        return _whole(api.load(path) if directory.status == "done" else api.resume(path))


def directory_of(workspace: Workspace, recipe: Recipe) -> Path:
    """Where a recipe's run lies: in the name is a checksum of its settings, of those that are no defaults."""
    chosen = _unlike(to_dict(_played(recipe.replace(seed=workspace.seed))), to_dict(Recipe()))
    settings = json.dumps(chosen, sort_keys=True, default=str)
    pace = "-quick" if workspace.quick else ""
    return workspace.folder / PARTS / RUNS / f"{recipe.name}-{zlib.crc32(settings.encode()):08x}{pace}-{workspace.seed}"


_WRITTEN = (
    "measure", "watch", "track", "log_every", "sample_every", "checkpoint_every", "keep_checkpoints", "keep_every",
    "keep_best",
)  # fmt: skip
"""Fields that change nothing in the games of exhibits, which none of these ends or sets back; a run notes some in its
own words."""


def _unlike(own: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    """What of nested settings is not as in `plain`: a field that is new in all recipes renames no run."""
    return {
        name: _unlike(value, before)
        if isinstance(value, dict) and isinstance(before := plain.get(name), dict)
        else value
        for name, value in own.items()
        if value != plain.get(name)
    }


@contextlib.contextmanager
def _remedies(path: Path) -> Generator[None]:
    """Errors of `advnets train` and `resume` with remedies that `advnets paper` has."""
    try:
        yield
    except RunError as error:
        if isinstance(cause := error.__cause__, OSError):
            remedy = f"{what_helps(cause)}, then give the same command again; or give another --out"
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
    """What decides the outcome, and neither how it is watched nor what is written on the way.

    Of the run that it begins with, only the name: the folder of all runs may have been moved.
    """
    begun = {
        f"{name}.pretrained": Path(run).name
        for name, player in recipe.players.items()
        if (run := getattr(player.network, "pretrained", None)) is not None
    }
    return recipe.replace(**begun, **{name: getattr(Recipe(), name) for name in _WRITTEN})
