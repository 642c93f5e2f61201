"""The first lines of a training: what is played on what, by whom, how long, and where it is kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from advnets.config.names import PUBLISHED
from advnets.config.recipe import Recipe
from advnets.data import ImageTable, Table, class_counts, holds_images
from advnets.data.attributes import listed
from advnets.data.table import table_attributes, without_condition
from advnets.files import bytes_in_words
from advnets.runs.retention import most_kept
from advnets.training.growth import images_a_step
from advnets.training.trainer import Trainer

TINY = 50
"""Training images below which a class is named: too few to be learned, and to be measured within."""
_NAMED = 10  # classes in a line
_DEVIATIONS = 0.1, 10.0  # of a condition's number, where networks are told it as it is
_COLORS = {1: "gray", 3: "color"}


def opening(trainer: Trainer, table: Table, run: Path, chosen: str) -> list[str]:
    """What a training says before its first step, a line each.

    Args:
        trainer: the game.
        table: what it is played on.
        run: the run directory.
        chosen: how the recipe was chosen, in words.
    """
    recipe = trainer.recipe
    told = any("condition" in seat.takes for seat in trainer.seats.values())
    return [
        of_data(recipe.source, table),
        of_examples(table, recipe),
        *(f"noticed: {note}" for note in table.notes),
        *of_aspect(table),
        *of_conditions(table, told, trainer.labels_used),
        *of_sources(trainer),
        *(of_scales(table, recipe) if told else []),
        of_recipe(recipe, chosen, len(trainer.data.rows)),
        of_game(recipe, {name: _size(trainer, name) for name in recipe.players}),
        *trainer.begun_from,
        of_machine(trainer),
        of_run(run, recipe),
        *of_checkpoints(trainer, run),
    ]


def going_on(run: Path, step: int, recipe: Recipe, checkpoint: str | None) -> str:
    """From where a training goes on, or that it is finished, and what to do then.

    Args:
        run: the run directory.
        step: where it stands.
        recipe: of the training.
        checkpoint: the name of the one that it goes on from; None where it begins anew.
    """
    steps = recipe.steps
    if step >= steps:
        further = f"advnets resume {run} --steps {2 * steps}"
        return f"{run} is finished, at step {step:,} of {steps:,}; to train it further: {further}"
    found = f"checkpoints/{checkpoint}" if checkpoint else "it has no sound checkpoint"
    return f"{run} goes on from {recipe.place(step)} ({found})"


def of_data(source: str, table: Table) -> str:
    """Where the examples come from, what was found there, and how many of them each split has."""
    training, what = len(table.rows("train")), "images" if holds_images(table) else "points"
    whole = f"all {training:,} {what}" if training == len(table) else f"{training:,} of {len(table):,} {what}"
    others = {"validation": table.count("valid"), "the test": table.count("test")}
    held = ", ".join(f"{count or 'none':{',' if count else ''}} for {split}" for split, count in others.items())
    return f"data: {source}{f' ({table.format})' if table.format else ''}, {whole} for training, {held}"


def of_examples(table: Table, recipe: Recipe) -> str:
    """Size, colors and fit of the images, or the numbers of a point."""
    if not holds_images(table):
        return f"points: {table.shape[0]:,} numbers each"
    channels, height, width = table.shape
    colors = _COLORS.get(channels, f"{channels} channels")
    as_they_are = recipe.data in PUBLISHED and recipe.size is None
    return f"images: {height} x {width}, {colors}, {'as they are' if as_they_are else f'fit {recipe.fit}'}"


def of_aspect(table: Table) -> list[str]:
    """At what size most images would be whole, where this one cuts much off them."""
    origins = table.origins() if isinstance(table, ImageTable) else None
    said = "" if origins is None else origins.cropping(table.shape)
    return [f"noticed: {said}"] if said else []


@dataclass(frozen=True)
class Classes:
    """What is said of classes.

    Args:
        counts: training examples by name.
        unknown: training examples without a class.
    """

    counts: Mapping[str, int]
    unknown: int = 0

    def words(self) -> str:
        """How many, from the smallest to the largest; which are empty or tiny."""
        known = {name: count for name, count in self.counts.items() if count}
        empty = [name for name, count in self.counts.items() if not count]
        tiny = [name for name, count in known.items() if count < TINY]
        said = [f"{len(self.counts):,}"]
        if known:
            least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
            same = known[least] == known[most]
            span = f"from {known[least]:,} examples ({least}) to {known[most]:,} ({most})"
            said[0] += f", {known[least]:,} examples each" if same else f", {span}"
        said += [f"none of {_listed(empty)}"] if empty else []
        said += [f"fewer than {TINY} of {_listed(tiny)}"] if tiny else []
        said += [f"{self.unknown:,} without a class"] if self.unknown else []
        return "; ".join(said)


def of_conditions(table: Table, told: bool, labels: int | None = None) -> list[str]:
    """The classes or vectors of the data, and whether the game is told of them; nothing where there are none.

    Args:
        table: the data.
        told: whether all of them stand beside the rows.
        labels: how many labels the game uses, where it uses some.
    """
    if table.vectors is not None:
        count, unknown = table.vectors.shape[1], without_condition(table)
        said = f"conditions: vectors of {count:,} number{'s' * (count > 1)} ({listed(table_attributes(table))})"
        said += f"; {unknown:,} examples without one" if unknown else ""
    elif table.classes and table.labels is not None:
        counts = class_counts(table).tolist()
        said = f"classes: {Classes(dict(zip(table.classes, counts, strict=True)), without_condition(table)).words()}"
    else:
        return []
    if labels is not None:
        whole = labels == int(class_counts(table).sum())
        others = "" if whole else ", all others are hidden from the game (--game.labels)"
        return [said, f"labels: {'all ' if whole else ''}{labels:,} are used{others}"]
    return [said if told else f"{said}; the game is not told of them (--game.kind conditional)"]


def of_sources(trainer: Trainer) -> list[str]:
    """The images that are translated, and of which of them samples are made; nothing where the game has none."""
    kept, sources = trainer.sampler.sources, trainer.data.sources
    if kept is None:
        return []
    channels, height, width = kept.shape[1:]
    shape = f"{height} x {width}, {_COLORS.get(channels, f'{channels} channels')}"
    if sources is None:
        said = f"the data's own, shrunk to {shape}"
    else:
        how = "no partners of them" if sources.partners is None else "one for each"
        said = f"{sources.name}, {len(sources.train):,} for training, {how}, {shape}"
    which = "held out of the training" if trainer.translates_held_out else "that are trained on"
    return [f"sources: {said}; samples are translations of {len(kept):,} {which}"]


def of_scales(table: Table, recipe: Recipe) -> list[str]:
    """Which numbers of vectors are too large or too small for networks to learn from as they are."""
    least, greatest = _DEVIATIONS
    far = [each for each in table_attributes(table) if each.deviation and not least < each.deviation < greatest]
    if not far or getattr(recipe.game, "scaled", False):
        return []
    named = _listed([f"{each.name} {each.deviation:.2g}" for each in far])
    return [f"warning: conditions enter the networks as they are, with deviations of {named}; --game.scaled true helps"]


def of_recipe(recipe: Recipe, chosen: str, images: int) -> str:
    """Which recipe, why this one, and how long: in steps, and in times that each training example is seen."""
    times = recipe.steps * images_a_step(recipe) / images
    through = f"{times:,.0f}" if times >= 10 else f"{times:.2g}"
    steps = f"{recipe.steps:,} steps of {images_a_step(recipe):,} examples"
    if recipe.budget is not None:
        return f"recipe: {recipe.name}, {chosen}; as many steps of {images_a_step(recipe):,} examples as fit"
    if most := recipe.coordination.most_discriminator_steps:
        steps, through = f"{steps} to {most} times as many", f"at least {through}"
    return f"recipe: {recipe.name}, {chosen}; {steps}, {through} times through those for training"


def of_game(recipe: Recipe, parameters: Mapping[str, int]) -> str:
    """The game, and who plays it.

    Args:
        recipe: says what kinds they are.
        parameters: of each player.
    """
    objective = getattr(recipe.game, "objective", None)
    players = [f"{name} ({recipe.players[name].network.kind}) {count:,}" for name, count in parameters.items()]
    kind = f"{recipe.game.kind}, {objective}" if objective else recipe.game.kind
    return f"game: {kind}, {recipe.schedule}; parameters: {', '.join(players)}"


def of_machine(trainer: Trainer) -> str:
    """Device, precision and threads."""
    facts = trainer.arithmetic
    if trainer.device.type == "cuda":
        return f"device: {facts['device']} ({torch.cuda.get_device_name(trainer.device)}), {facts['precision']}"
    threads = f"{facts['threads']} thread{'s' if facts['threads'] > 1 else ''}"
    return f"device: {facts['device']}, {facts['precision']}, {threads}"


def of_run(run: Path, recipe: Recipe) -> str:
    """Where it is kept, and what can be looked at from the start."""
    pictures = "; samples/reals.png shows what discriminators see, samples/step-00000000.png the first fakes"
    return f"run: {run}{pictures if recipe.sample_every else ''}"


def of_checkpoints(trainer: Trainer, run: Path) -> list[str]:
    """What checkpoints take on the disk; a warning where they may not fit there."""
    tensors = (each for named in trainer.checkpoint().tensors.values() for each in named.values())
    size, most = sum(each.numel() * each.element_size() for each in tensors), most_kept(trainer.recipe)
    said = f"checkpoints: {bytes_in_words(size)} each, at most {most:,} at once: {bytes_in_words(most * size)}"
    if (free := shutil.disk_usage(run).free) >= most * size:
        return [said]
    return [said, f"warning: {bytes_in_words(free)} are free for them; raise --checkpoint-every or keep fewer"]


def _size(trainer: Trainer, name: str) -> int:
    return sum(each.numel() for each in trainer.players[name].network.parameters())


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
