"""Train, resume, load: what the command line and a notebook call."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from advnets.config.recipe import Recipe, load_recipe
from advnets.data import Table, describe, open_data
from advnets.data.named import NAMED
from advnets.data.toys import TOYS
from advnets.errors import DivergedError, RecipeError, RunError
from advnets.evaluation.report import write_report
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory, writing
from advnets.runs.run import Run, surroundings
from advnets.training.hooks.measuring import Measuring
from advnets.training.hooks.rollback import gentler, roll_back, way_back
from advnets.training.hooks.watch import Watch
from advnets.training.loop import play
from advnets.training.trainer import Data, Trainer


def train(
    recipe: str | Path | Recipe = "mnist",
    *,
    run: str | Path | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    command: list[str] | None = None,
    **changes: Any,
) -> Run:
    """Train from the beginning.

    Args:
        recipe: a built-in name, a YAML file, or a Recipe.
        run: the run directory to make; by default runs/NAME-DATE-TIME.
        generator: a module of your own, (N, latent) -> N x C x H x W; its `output_range` attribute, (0, 1) by
            default, says what its values for black and white are.
        discriminator: a module of your own, N x C x H x W -> logits (N,).
        command: what to note in run.json as the command.
        **changes: fields of the recipe to change: steps=500, batch=64, ...

    Returns:
        The finished run; it holds the averaged generator.

    Raises:
        AdvnetsError: the recipe, the data or the run directory cannot be used, or the training diverged.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    chosen = _anchored(chosen.replace(**changes) if changes else chosen)
    fresh = dataclasses.replace(chosen.watch, rollbacks=0)  # the recipe may be that of a run that was rolled back
    chosen = chosen.replace(measure=chosen.measure.settled(chosen.steps), watch=fresh)
    path = Path(run) if run is not None else Path("runs") / f"{chosen.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    RunDirectory.check_free(path)  # before the images are decoded, not after
    data = open_data(chosen)
    trainer = Trainer(chosen, _training_data(data), generator, discriminator)
    _measuring(chosen, data)  # what cannot be measured is refused before anything is made
    facts = {
        **surroundings(command),
        "status": "running",
        "data": describe(data),
        "custom": [generator is not None, discriminator is not None],
        **trainer.arithmetic,
    }
    directory = RunDirectory.create(path, chosen, facts)
    if _began_elsewhere(chosen, facts):
        with writing(directory.path):
            checkpoint.save(directory.checkpoints, trainer.checkpoint(), chosen.keep_checkpoints)
    return _play(trainer, directory, data, facts, (generator, discriminator), _left_out(facts))


def resume(
    run: Run | str | Path,
    *,
    steps: int | None = None,
    data: str | Path | None = None,
    device: str | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
) -> Run:
    """Continue a run from its newest sound checkpoint, as if it had never stopped.

    Args:
        run: a Run, or its directory.
        steps: train to this step instead of the recipe's; the run's recipe is changed.
        data: where the data are now, if they were moved; the run's recipe is changed. They must be the same.
        device: go on on this device instead of the recipe's; the run's recipe is changed.
        generator, discriminator: the modules of your own that it was trained with.

    Returns:
        The finished run.

    Raises:
        AdvnetsError: it cannot be continued.
    """
    directory = run.directory if isinstance(run, Run) else RunDirectory.open(Path(run))
    recipe, facts = _recipe_to_resume(directory.recipe, steps, data, device), directory.facts
    _check_own_modules(directory, facts["custom"], (generator, discriminator))
    table = open_data(recipe)
    if table.fingerprint != facts["data"]["fingerprint"]:
        raise RunError(
            f"the data of {directory.path} have changed since it was started",
            "bring them back, say where they are now with --data, or train anew",
        )
    trainer = Trainer(recipe, _training_data(table), generator, discriminator, restored=True)
    with directory.lock():
        notes, damaged = _restore(trainer, directory, _began_elsewhere(recipe, facts))
        if recipe != directory.recipe:
            directory.write_recipe(recipe)
        facts = {
            **facts,
            "status": "running",
            "damaged": damaged,
            "resumed": [
                *facts.get("resumed", []),
                {"step": trainer.step, "after": facts["status"], **surroundings(), **trainer.arithmetic},
            ],
        }
        directory.write_facts(facts)
        return _play(trainer, directory, table, facts, (generator, discriminator), notes)


def _restore(trainer: Trainer, directory: RunDirectory, custom: bool) -> tuple[list[str], list[str]]:
    """Bring trainer and directory to the newest sound checkpoint, or to the beginning where there is none.

    Returns:
        What the user should hear of it, and which checkpoints are damaged.
    """
    found, damaged = checkpoint.newest(directory.checkpoints)
    if found is not None:
        if found.step > trainer.recipe.steps:
            raise RecipeError(f"{directory.path} is at step {found.step:,} already", "give more --steps")
        trainer.restore(found)
    elif custom:
        why = "; ".join(damaged) or "it has no checkpoint"
        raise RunError(f"{directory.path} cannot go on: {why}", "train anew: its networks' first weights are lost")
    with writing(directory.path):
        checkpoint.discard_after(directory.checkpoints, trainer.step if found is not None else -1)
    directory.rewind(trainer.step)
    notes = [f"{problem}; going on from step {trainer.step:,}" for problem in damaged]
    return notes + (_differences(found.state, trainer.arithmetic) if found is not None else []), damaged


def load(run: str | Path, generator: nn.Module | None = None, discriminator: nn.Module | None = None) -> Run:
    """A run on disk, with the networks of its newest sound checkpoint.

    Raises:
        RunError: no run, or no sound checkpoint, there.
    """
    return Run(run, generator, discriminator)


def _play(
    trainer: Trainer,
    directory: RunDirectory,
    data: Table,
    facts: dict[str, Any],
    modules: Sequence[nn.Module | None],
    notes: Sequence[str],
) -> Run:
    """Train to the end, as often as the watch rolls back, and write the report."""
    sittings = [(sitting.get("step"), sitting.get("after")) for sitting in facts.get("resumed", [])]
    died = bool(sittings) and sittings[-1][1] == "running" and (trainer.step, "collapsed") not in sittings
    with directory.lock():
        while True:
            watch = None if trainer.recipe.watch.action == "off" else Watch(trainer, directory.read_watch(), died)
            status = _sit(trainer, directory, data, facts, notes, watch)
            if watch is None or status != "collapsed" or trainer.recipe.watch.doing != "rollback":
                break
            trainer, facts, notes = _go_back(trainer, directory, facts, modules, watch.last_healthy)
    directory.write_facts({**facts, "status": status})
    run = Run(directory.path, modules[0], modules[1])
    write_report(run)
    return run


def _sit(
    trainer: Trainer,
    directory: RunDirectory,
    data: Table,
    facts: Mapping[str, Any],
    notes: Sequence[str],
    watch: Watch | None,
) -> str:
    """Train until the loop ends; a training that diverged is noted as such."""
    measuring = _measuring(trainer.recipe, data, directory.read_measures())
    try:
        return play(trainer, directory, notes, measuring, watch)
    except DivergedError as error:
        directory.write_facts({**facts, "status": "diverged", "reason": error.what})
        kept = checkpoint.steps(directory.checkpoints)
        last = f"its last good checkpoint is step {kept[-1]:,}" if kept else "it has no checkpoint"
        raise DivergedError(f"{error.what} ({directory.path}: {last})", error.remedy) from None


def _go_back(
    trainer: Trainer,
    directory: RunDirectory,
    facts: dict[str, Any],
    modules: Sequence[nn.Module | None],
    healthy: int | None,
) -> tuple[Trainer, dict[str, Any], list[str]]:
    """After a collapse: a trainer at the last healthy checkpoint with gentler settings, run.json's facts, a note."""
    custom = _began_elsewhere(trainer.recipe, facts)
    try:
        target = way_back(directory, healthy, custom)
    except RunError:
        directory.write_facts({**facts, "status": "collapsed"})
        raise
    recipe = gentler(trainer.recipe)
    rates = [recipe.generator_optimizer.rate, recipe.discriminator_optimizer.rate]
    # Noted first. What a kill breaks off is done again, from the same alarm, and noted in the same place.
    before = facts.get("rollbacks", [])[: trainer.recipe.watch.rollbacks]
    facts = {**facts, "rollbacks": [*before, {"at": trainer.step, "to": target or 0, "rates": rates}]}
    directory.write_facts(facts)
    roll_back(directory, target, recipe)
    back = Trainer(recipe, trainer.data, modules[0], modules[1], restored=True)
    notes, _ = _restore(back, directory, custom)
    now = f"rates {rates[0]:g} (G) and {rates[1]:g} (D)"
    return back, facts, [*notes, f"rolled back to step {back.step:,}, {now}; recipe.yaml has them"]


def _began_elsewhere(recipe: Recipe, facts: Mapping[str, Any]) -> bool:
    """Whether it began with weights that no seed brings back: the user's own modules', or another run's."""
    return any(facts["custom"]) or recipe.generator.pretrained is not None


def _measuring(recipe: Recipe, data: Table, lines: Sequence[Mapping[str, Any]] = ()) -> Measuring | None:
    """What is to be measured in training; as many samples as the `lines` so far were taken of."""
    if not recipe.measure.names:
        return None
    return Measuring(recipe.measure, data, recipe.steps, lines[-1]["count"] if lines else 0)


def _recipe_to_resume(recipe: Recipe, steps: int | None, data: str | Path | None, device: str | None) -> Recipe:
    if steps is not None and steps != recipe.steps:
        recipe = recipe.replace(steps=steps)
    if data is not None:
        recipe = _anchored(recipe.replace(data=data))
    return recipe if device is None else recipe.replace(device=device)


def _check_own_modules(directory: RunDirectory, custom: Sequence[bool], given: Sequence[nn.Module | None]) -> None:
    """See that the modules that no recipe describes are here again."""
    for role, was, module in zip(("generator", "discriminator"), custom, given, strict=True):
        if was and module is None:
            raise RunError(
                f"{directory.path} was trained with a {role} of your own", f"pass it to resume: {role}=module"
            )


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of the surroundings is no longer as it was: the same numbers cannot be promised then."""
    changed = [f"{name} {before[name]} is now {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    return [f"{', '.join(changed)}: the training goes on, but not bit for bit"] if changed else []


def _left_out(facts: Mapping[str, Any]) -> list[str]:
    """What a person should hear of unusable files before the training, not after it."""
    skipped = facts["data"]["skipped"]
    more = [f"left out: {len(skipped) - 10:,} more; run.json names them all"] if len(skipped) > 10 else []
    return [*(f"left out: {name}" for name in skipped[:10]), *more]


def _anchored(recipe: Recipe) -> Recipe:
    """The recipe with its paths made absolute, so that the run goes on from any folder."""
    trained = recipe.generator.pretrained
    if trained is not None:
        absolute = str(Path(trained).expanduser().absolute())
        recipe = recipe.replace(generator=dataclasses.replace(recipe.generator, pretrained=absolute))
    features = recipe.measure.features
    if features.endswith(".onnx"):
        features = str(Path(features).expanduser().absolute())
        recipe = recipe.replace(measure=dataclasses.replace(recipe.measure, features=features))
    if recipe.data in TOYS or recipe.data in NAMED:
        return recipe
    return recipe.replace(data=str(Path(recipe.data).expanduser().absolute()))


def _training_data(table: Table) -> Data:
    return Data(table.values, table.rows("train"))
