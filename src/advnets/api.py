"""Train, resume, load: what the command line and a notebook call."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from advnets.config.idle import OF_IMAGES, refuse_idle
from advnets.config.load import how_chosen, load_recipe, recipe_for, said_in
from advnets.config.merge import spread
from advnets.config.recipe import Recipe
from advnets.data import HELD_OUT, Table, describe, holds_images, is_vectors, open_again, open_data
from advnets.data.given import is_open, open_given, said_of
from advnets.data.places import anchored, folders_of
from advnets.data.recognize import Given
from advnets.errors import DivergedError, NoClassesError, RecipeError, RunError
from advnets.evaluation.report import write_report
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory, surroundings, writing
from advnets.runs.durations import in_words
from advnets.runs.networks import Modules, load_own, own_players
from advnets.runs.run import Run
from advnets.training.batches import Data
from advnets.training.budget import extended, planned
from advnets.training.hooks.deadline import ENDING
from advnets.training.hooks.measuring import Measuring, Prune
from advnets.training.hooks.opening import going_on, opening
from advnets.training.hooks.rollback import gentler, roll_back, way_back
from advnets.training.hooks.watch import Watch
from advnets.training.interrupt import interruptible
from advnets.training.loop import play
from advnets.training.together import assisted, began, check_same, check_shared, processes, tell
from advnets.training.trackers.tracker import check_installed
from advnets.training.trainer import Trainer
from advnets.world import END, World, join, may_restart, restarts

GivenModules = Mapping[str, "nn.Module | str"]
"""Players to modules of the user's own, or to what they are called: package.module:Name."""


def train(
    recipe: str | Path | Recipe | None = None,
    *,
    data: str | Path | Given | Table | None = None,
    sources: str | Path | Given | None = None,
    run: str | Path | None = None,
    modules: GivenModules | None = None,
    generator: nn.Module | Mapping[str, Any] | None = None,
    discriminator: nn.Module | Mapping[str, Any] | None = None,
    command: list[str] | None = None,
    chosen: str = "",
    said: Collection[str] = (),
    prune: Prune | None = None,
    **changes: Any,
) -> Run:
    """Train from the beginning.

    Args:
        recipe: a built-in name, a YAML file, or a Recipe; by default the one for these data, mnist without any.
        data: what to train on, if not what the recipe says: a name or a path, images in memory (uint8 or float in
            [0, 1], N x H x W, N x H x W x C or N x C x H x W), numbers, N x D, or a pair of these and labels or
            vectors.
        sources: what is translated into those data: a path, or images in memory, of pairs in the order of the data.
        run: the run directory to make; by default runs/NAME-DATE-TIME.
        modules: networks of your own by player, {"generator": G, "discriminator": D}, or what they are called,
            "package.module:Name".
        generator: the same as modules={"generator": ...}: (N, latent) -> N x C x H x W; its `output_range` attribute,
            (0, 1) by default, says what its values for black and white are. Or changes of what the recipe says of it.
        discriminator: the same as modules={"discriminator": ...}: N x C x H x W -> logits (N,); or changes.
        command: what to note in run.json as the command.
        chosen: how the recipe was chosen, to be said at the beginning; by default as these arguments say.
        said: names of fields that a budget leaves as they are, beside those of `changes` and of a recipe file.
        prune: asked after each measurement, with the lines of measures.jsonl so far and the share of the training that
            is done, whether to end it there; its status is "pruned" then.
        **changes: fields of the recipe to change: steps=500, generator={"base": 16}, **{"generator.rate": 1e-4}.

    Returns:
        The finished run; it holds the averaged generator.

    Raises:
        AdvnetsError: the recipe, the data or the run directory cannot be used, or the training diverged.
    """
    given, more = _modules_and_changes(generator=generator, discriminator=discriminator)
    own, changes = _own_modules({**given, **(modules or {})}), {**changes, **more}
    played = recipe if isinstance(recipe, Recipe) else load_recipe(recipe or _recipe_for(data))
    base, played = played, _with_own(played.replace(**said_of(data, sources), **changes), modules or {}, own)
    written = said_in(recipe) if isinstance(recipe, str | Path) else ()
    refuse_idle(played, spread(changes, parts=False), base, written)
    _refuse_for_a_table(data, changes)
    check_installed(played.track)
    played = anchored(played)
    if run is None and may_restart():
        raise RecipeError("a run that torchrun may restart has to be found again", "say --run DIRECTORY")
    world = join(played.device, played.batch)
    check_shared(world, played)
    if run is not None and restarts() and world.told(world.leads and began(Path(run), world)):
        return resume(run, data=data, sources=sources, modules=own)
    path = Path(run) if run is not None else Path("runs") / f"{played.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = world.told(path)
    if world.leads:
        RunDirectory.check_free(path, among=folders_of(played))  # before the images are decoded, not after
    table = world.in_turn(lambda: open_given(played, data, sources))
    check_same(world, table)
    named = [*said, *(each.name for each in (*written, *spread(changes)))]
    plan = world.told(planned(played, training_data(table), named, own, world))
    played = _begun(plan.recipe)
    trainer = _begin(played, table, own, world)
    trainer.share()
    if not world.leads:
        return assisted(trainer, path, own, table)
    trainer.seconds = plan.seconds
    _measuring(played, table, prune)  # what cannot be measured is refused before anything is made
    facts = {**surroundings(command), "status": "running", "data": describe(table), **trainer.arithmetic}
    facts |= {"launch": world.token} if world.size > 1 else {}
    directory = RunDirectory.create(path, played, facts)
    if _began_elsewhere(played):
        with writing(directory.path):
            checkpoint.write(directory.checkpoints, trainer.checkpoint())
    lines = [*opening(trainer, table, path, chosen or _how_chosen(recipe, data)), *processes(world, played)]
    return _play(trainer, directory, table, facts, own, [*lines, *plan.reasons, *_left_out(facts)], prune)


def resume(
    run: Run | str | Path,
    *,
    steps: int | None = None,
    budget: str | None = None,
    data: str | Path | Given | Table | None = None,
    sources: str | Path | Given | None = None,
    device: str | None = None,
    modules: GivenModules | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    prune: Prune | None = None,
) -> Run:
    """Continue a run from its newest sound checkpoint, as if it had never stopped.

    Args:
        run: a Run, or its directory.
        steps: train to this step instead of the recipe's; the run's recipe is changed, and has no budget of time then.
        budget: train for so long in all, instead of the recipe's budget: 20m; the run's recipe is changed.
        data: where the data are now, if they were moved, or the same images in memory; they must be the same.
        sources: the same of the sources.
        device: go on on this device instead of the recipe's; the run's recipe is changed.
        modules, generator, discriminator: the modules of your own that it was trained with.
        prune: as of `train`; it is no part of the run, and has to be passed again.

    Returns:
        The finished run.

    Raises:
        AdvnetsError: it cannot be continued.
    """
    directory = run.directory if isinstance(run, Run) else RunDirectory.open(Path(run))
    own = _own_modules(modules, generator, discriminator)
    changes = {"steps": steps, "device": device}
    recipe = directory.recipe.replace(
        **said_of(data, sources), **{key: each for key, each in changes.items() if each is not None}
    )
    recipe = _longer(directory, recipe, steps, budget)
    check_installed(recipe.track)
    recipe, facts = anchored(recipe), directory.facts
    _check_own(directory, recipe, own)
    world = join(recipe.device, recipe.batch)
    table = world.in_turn(lambda: open_given(recipe, data, sources, open_again if data is None else open_data))
    check_same(world, table)
    moved = data is not None or sources is not None
    directory.check_data(table.fingerprint, table.classes, table.sources and table.sources.fingerprint, moved)
    trainer = Trainer(recipe, training_data(table), own, restored=True, world=world)
    if not world.leads:
        return assisted(trainer, directory.path, own, table)
    with directory.lock():
        if budget is not None:
            _check_time(directory, recipe)
        found, notes, damaged = _restore(trainer, directory, _began_elsewhere(recipe))
        if recipe != directory.recipe:
            directory.write_recipe(recipe)
        sitting = {"step": trainer.step, "after": facts["status"], **surroundings(), **trainer.arithmetic}
        facts = {**facts, "status": "running", "damaged": damaged, "resumed": [*facts.get("resumed", []), sitting]}
        directory.write_facts(facts)
        tell(trainer, found)
        kept = checkpoint.folder_name(trainer.step) if trainer.step in checkpoint.steps(directory.checkpoints) else None
        notes += [going_on(directory.path, trainer.step, recipe, kept), *processes(world, recipe)]
        return _play(trainer, directory, table, facts, own, notes, prune)


def load(
    run: str | Path,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    modules: GivenModules | None = None,
) -> Run:
    """A run on disk, with the networks of its newest sound checkpoint.

    Raises:
        RunError: no run, or no sound checkpoint, there.
    """
    return Run(run, _own_modules(modules, generator, discriminator))


def training_data(table: Table) -> Data:
    """What of a table is trained on."""
    return Data(
        table.values, table.rows("train"), table.labels, table.classes, table.vectors, table.scale, table.sources,
        table.rows(HELD_OUT), table.rows("valid"),
    )  # fmt: skip


def _begin(recipe: Recipe, table: Table, own: Modules, world: World) -> Trainer:
    """A training at its beginning; where a folder's images or a table lack classes, it is said what gives them."""
    try:
        return Trainer(recipe, training_data(table), own, world=world)
    except NoClassesError as error:
        if table.scale is not None:
            raise RecipeError(error.what, f"{error.remedy}; --labels names the column of a table's classes") from None
        if recipe.labels != "auto" or not Path(recipe.source).is_dir():
            raise
        raise RecipeError(
            error.what, f"{error.remedy}; --labels folder says which image lies in no sub-folder"
        ) from None


def _restore(
    trainer: Trainer, directory: RunDirectory, elsewhere: bool
) -> tuple[checkpoint.Checkpoint | None, list[str], list[str]]:
    """Bring trainer and directory to the newest sound checkpoint, or to the beginning where there is none.

    Returns:
        The checkpoint, what the user should hear of it, and which checkpoints are damaged.
    """
    found, damaged = checkpoint.newest(directory.checkpoints)
    if found is not None:
        if found.step > trainer.recipe.steps:
            raise RecipeError(f"{directory.path} is at step {found.step:,} already", "give more --steps")
        trainer.restore(found)
    elif elsewhere:
        why = "; ".join(damaged) or "it has no checkpoint"
        raise RunError(f"{directory.path} cannot go on: {why}", "train anew: its networks' first weights are lost")
    with writing(directory.path):
        checkpoint.discard_after(directory.checkpoints, trainer.step if found is not None else -1)
    directory.rewind(trainer.step)
    notes = [f"{problem}; going on from step {trainer.step:,}" for problem in damaged]
    return found, notes + (_differences(found.state, trainer.arithmetic) if found is not None else []), damaged


def _check_time(directory: RunDirectory, recipe: Recipe) -> None:
    """See that a budget for a run that goes on is more than it has had.

    Raises:
        RecipeError: it is not.
    """
    found, _ = checkpoint.newest(directory.checkpoints)
    had, given = 0.0 if found is None else float(found.state["seconds"]), recipe.budget_seconds
    if given is not None and (1 - ENDING) * given <= had:
        what = f"{directory.path} has had {in_words(had)} already"
        raise RecipeError(what, f"--budget {recipe.budget} is the time in all: give more")


def _play(
    trainer: Trainer,
    directory: RunDirectory,
    table: Table,
    facts: dict[str, Any],
    own: Modules,
    notes: Sequence[str],
    prune: Prune | None,
) -> Run:
    """Train to the end, as often as the watch rolls back, and write the report."""
    sittings = [(sitting.get("step"), sitting.get("after")) for sitting in facts.get("resumed", [])]
    died = bool(sittings) and sittings[-1][1] == "running" and (trainer.step, "collapsed") not in sittings
    with directory.lock():
        while True:
            watch = None if trainer.recipe.watch.action == "off" else Watch(trainer, directory.read_watch(), died)
            status = _sit(trainer, directory, table, facts, notes, watch, prune)
            if watch is None or status != "collapsed" or trainer.recipe.watch.doing != "rollback":
                break
            trainer, facts, notes = _go_back(trainer, directory, facts, own, watch.last_healthy)
    with interruptible():  # what asks to stop once more, as launchers do, comes too late
        trainer.world.order(END)
        directory.write_facts({**facts, "status": status})
        run = Run(directory.path, own)
        write_report(run)
        trainer.world.leave()
    return run


def _sit(
    trainer: Trainer,
    directory: RunDirectory,
    table: Table,
    facts: Mapping[str, Any],
    notes: Sequence[str],
    watch: Watch | None,
    prune: Prune | None,
) -> str:
    """Train until the loop ends; a training that diverged is noted as such."""
    measuring = _measuring(trainer.recipe, table, prune, directory.read_measures())
    try:
        return play(trainer, directory, notes, measuring, watch)
    except DivergedError as error:
        directory.write_facts({**facts, "status": "diverged", "reason": error.what})
        kept = checkpoint.steps(directory.checkpoints)
        last = f"its last good checkpoint is step {kept[-1]:,}" if kept else "it has no checkpoint"
        raise DivergedError(f"{error.what} ({directory.path}: {last})", error.remedy) from None


def _go_back(
    trainer: Trainer, directory: RunDirectory, facts: dict[str, Any], own: Modules, healthy: int | None
) -> tuple[Trainer, dict[str, Any], list[str]]:
    """After a collapse: a trainer at the last healthy checkpoint with gentler settings, run.json's facts, a note."""
    elsewhere = _began_elsewhere(trainer.recipe)
    try:
        target = way_back(directory, healthy, elsewhere)
    except RunError:
        directory.write_facts({**facts, "status": "collapsed"})
        raise
    recipe = gentler(trainer.recipe)
    rates = {name: player.optimizer.rate for name, player in recipe.players.items()}
    # Noted first. What a kill breaks off is done again, from the same alarm, and noted in the same place.
    before = facts.get("rollbacks", [])[: trainer.recipe.watch.rollbacks]
    facts = {**facts, "rollbacks": [*before, {"at": trainer.step, "to": target or 0, "rates": rates}]}
    directory.write_facts(facts)
    roll_back(directory, target, recipe)
    back = Trainer(recipe, trainer.data, own, restored=True, world=trainer.world)
    found, notes, _ = _restore(back, directory, elsewhere)
    tell(back, found)
    back.seconds = trainer.seconds  # what was tried in vain took its time, too
    now = " and ".join(f"{rate:g} ({name})" for name, rate in rates.items())
    return back, facts, [*notes, f"rolled back to step {back.step:,}, rates {now}; recipe.yaml has them"]


def _refuse_for_a_table(data: object, changes: Mapping[str, Any]) -> None:
    """See that nothing is said of how data are opened that are open already."""
    if not is_open(data):
        return
    for name in OF_IMAGES:
        if name in changes:
            raise RecipeError(f"{name} changes nothing: the table is open already", f"give {name} to open_table")


def _how_chosen(recipe: str | Path | Recipe | None, data: object) -> str:
    """How a recipe was chosen in Python, in words."""
    return "as passed" if isinstance(recipe, Recipe) else how_chosen(recipe or None, said_of(data).get("data"))


def _recipe_for(data: object) -> str:
    """The built-in recipe that is meant by the data that were passed alone."""
    vectors = not holds_images(data) if is_open(data) else is_vectors(data)  # type: ignore[arg-type]  # it is a table
    return recipe_for(said_of(data).get("data"), vectors)


def _own_modules(
    modules: GivenModules | None, generator: nn.Module | None = None, discriminator: nn.Module | None = None
) -> dict[str, nn.Module]:
    """Modules of the user's own by player, loaded where they are named."""
    given = {"generator": generator, "discriminator": discriminator, **(modules or {})}
    return {name: load_own(each) if isinstance(each, str) else each for name, each in given.items() if each is not None}


def _modules_and_changes(**said: Any) -> tuple[dict[str, nn.Module], dict[str, Any]]:
    """What was said of players, parted into modules of the user's own and changes of the recipe."""
    given: dict[str, Any] = {name: each for name, each in said.items() if isinstance(each, nn.Module | type)}
    return given, {name: each for name, each in said.items() if each is not None and name not in given}


def _with_own(recipe: Recipe, modules: GivenModules, own: Modules) -> Recipe:
    """The recipe with what it says of the networks that are the user's own: nothing but their names."""
    names = {name: each if isinstance(each := modules.get(name), str) else "" for name in own}
    return recipe.replace(
        **{
            f"game.{name}.network": {"kind": "own", "module": named}
            for name, named in names.items()
            if name in recipe.players
        }
    )


def _check_own(directory: RunDirectory, recipe: Recipe, own: Modules) -> None:
    """See that the modules that no recipe describes are here again, and no others."""
    for name in own:
        if name in recipe.players and name not in own_players(recipe):
            raise RunError(f"{directory.path} was trained without a {name} of your own", "leave it out")
    for name in own_players(recipe):
        if name not in own:
            raise RunError(
                f"{directory.path} was trained with a {name} of your own",
                f'pass it: modules={{"{name}": module}}, or --module {name}=package.module:Name',
            )


def _began_elsewhere(recipe: Recipe) -> bool:
    """Whether it began with weights that no seed brings back: the user's own modules', or another run's."""
    begun = (getattr(player.network, "pretrained", None) for player in recipe.players.values())
    return bool(own_players(recipe)) or recipe.from_run is not None or any(run is not None for run in begun)


def _longer(directory: RunDirectory, recipe: Recipe, steps: int | None, budget: str | None) -> Recipe:
    """The recipe of a run that goes on to a step, for a time, or as it was to.

    Raises:
        RecipeError: both are said.
    """
    if steps is not None and budget is not None:
        raise RecipeError("both steps and a budget are said", "say one: the run ends at a step, or on time")
    if budget is not None:
        lines = directory.read_metrics()
        step, seconds = (lines[-1]["step"], lines[-1]["seconds"]) if lines else (0, 0.0)
        return extended(recipe, budget, step, seconds)
    return recipe if steps is None else recipe.replace(budget=None)


def _begun(recipe: Recipe) -> Recipe:
    """The recipe of a new run, whatever became of the run that it may be taken from."""
    return recipe.replace(measure=recipe.measure.settled(recipe.steps), **{"watch.rollbacks": 0})


def _measuring(
    recipe: Recipe, table: Table, prune: Prune | None, lines: Sequence[Mapping[str, Any]] = ()
) -> Measuring | None:
    """What is to be measured in training; as many samples as the `lines` so far were taken of."""
    if recipe.measure.names:
        return Measuring(recipe.measure, table, recipe.steps, lines[-1]["count"] if lines else 0, prune)
    if prune is not None:
        raise RecipeError("prune is asked after measurements, and none are taken", "name some, as measure.metrics")
    return None


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of the surroundings is no longer as it was: the same numbers cannot be promised then."""
    changed = [f"{name} {before[name]} is now {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    return [f"{', '.join(changed)}: the training goes on, but not bit for bit"] if changed else []


def _left_out(facts: Mapping[str, Any]) -> list[str]:
    """What a person should hear of unusable files before the training, not after it."""
    skipped = facts["data"]["skipped"]
    more = [f"left out: {len(skipped) - 10:,} more; run.json names them all"] if len(skipped) > 10 else []
    return [*(f"left out: {name}" for name in skipped[:10]), *more]
