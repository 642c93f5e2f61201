"""A training of several processes: what the others do while the first one plays, and what they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from advnets.config.recipe import Recipe
from advnets.data import Table
from advnets.errors import DataError, RecipeError, RunError
from advnets.runs.checkpoint import Checkpoint
from advnets.runs.directory import RunDirectory
from advnets.runs.networks import Modules
from advnets.runs.run import Run
from advnets.training.hooks.measuring import Measuring
from advnets.training.interrupt import interruptible
from advnets.training.trainer import Trainer
from advnets.world import END, GATHER, MEASURE, TAKE_OVER, World


def processes(world: World, recipe: Recipe) -> list[str]:
    """How many processes train together, in words."""
    if world.size == 1:
        return ["shard_optimizer: one process has all of the optimizers' state"] if recipe.shard_optimizer else []
    rows = f"{-(-recipe.batch // world.size):,} of {recipe.batch:,} rows for each"
    shards = f", and each has 1/{world.size} of the optimizers' state" if recipe.shard_optimizer else ""
    return [f"processes: {world.size}, which share a minibatch: {rows}{shards}"]


def check_shared(world: World, recipe: Recipe) -> None:
    """See that what processes are to share has several of them.

    Raises:
        RecipeError: there is one.
    """
    if recipe.shard_optimizer and world.size == 1:
        remedy = "start several by torchrun, or leave --shard-optimizer out"
        raise RecipeError("one process has nobody to share the optimizers' state with", remedy)


def began(path: Path, world: World) -> bool:
    """Whether a run is that of these processes, which began it before some of them died.

    Raises:
        RunError: it ended in what would only happen again.
    """
    if not (path / "run.json").is_file():
        return False
    directory = RunDirectory.open(path)
    if directory.facts.get("launch") != world.token:
        return False
    if (status := directory.facts["status"]) in ("diverged", "collapsed"):
        what = f"{path} has {status}; another start would do the same"
        raise RunError(what, f"see what it says: advnets info {path}")
    return True


def check_same(world: World, table: Table) -> None:
    """See that all processes train on the same data.

    Raises:
        DataError: this one's are others than the first one's.
    """
    prints = f"{table.fingerprint} {table.sources and table.sources.fingerprint}"
    if world.told(prints) != prints:
        what = f"{table.name} is not the same here as where the first process reads it"
        raise DataError(what, "copy it to all machines")


def tell(trainer: Trainer, found: Checkpoint | None) -> None:
    """Tell the other processes what the first one goes on with, as they may have no file of it.

    Args:
        trainer: of the first one.
        found: the checkpoint that it stands at; None for the beginning.
    """
    if trainer.world.size > 1:
        trainer.world.order(TAKE_OVER)
        trainer.world.told((trainer.recipe, found or trainer.checkpoint()))


def take_over(trainer: Trainer) -> Trainer:
    """A trainer that stands where the first process's does: this one, unless its recipe is another now."""
    told: tuple[Recipe, Checkpoint] | None = trainer.world.told(None)
    assert told is not None  # the first process has told it
    recipe, found = told
    if recipe != trainer.recipe:
        trainer = Trainer(recipe, trainer.data, trainer.modules, restored=True, world=trainer.world)
    trainer.restore(found)
    return trainer


def assisted(trainer: Trainer, path: Path, own: Modules, table: Table) -> Run:
    """Play the steps that the first process orders, until it says that they were the last.

    Args:
        trainer: this process's.
        path: the run directory, which the first process writes.
        own: modules of the user's own by player.
        table: the data.

    Returns:
        The finished run; where its directory is not here, something that says so when it is used.
    """
    measuring: Measuring | None = None
    with interruptible() as interrupt:
        while (order := trainer.world.order(asked=bool(interrupt.name))[0]) != END:
            if order == TAKE_OVER:
                trainer, measuring = take_over(trainer), None  # the first process begins to measure anew, too
            elif order == GATHER:
                trainer.gather()
            elif order == MEASURE:  # what of it is kept on this machine the first process has made by now
                measuring = measuring or Measuring(trainer.recipe.measure, table, trainer.recipe.steps)
                measuring.assist(trainer)
            else:
                trainer.advance()
        trainer.world.leave()
    return Run(path, own) if (path / "run.json").is_file() else cast("Run", Elsewhere(path))


class Elsewhere:
    """A run whose directory is not here: where the first process has written it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        raise RunError(f"{self._path} is where the first process runs", "load it there")
