"""Fields that change nothing as the others stand: whoever sets one in a command or a call hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advnets.config.coordinating import CoordinationConfig
from advnets.config.games import BidirectionalConfig, InfoGANConfig, SemiSupervisedConfig
from advnets.config.merge import Change
from advnets.config.names import POINTS, PUBLISHED, TABLES
from advnets.config.networks import GeneratorNetwork
from advnets.config.players import SGDConfig
from advnets.config.recipe import Recipe
from advnets.config.resolve import candidates, short_name, spelled
from advnets.config.tree import Path, at, grow, paths, slots
from advnets.errors import RecipeError

OF_IMAGES = "size", "channels", "fit", "labels", "range", "strict", "holdout"
"""How images are opened."""
_OF_IMAGES_TO_IMAGES = "completion", "translation", "super-resolution", "cycle"


def refuse_idle(recipe: Recipe, changes: Iterable[Change], base: Recipe, written: Iterable[Change] = ()) -> None:
    """See that what was said of a recipe has an effect on its training.

    Args:
        recipe: with the changes.
        changes: what was said, in a command or a call. That a penalty's weight is 0 may be said beside its other
            fields, as in a search; values that stood there before change nothing anyway.
        base: what was changed.
        written: what the file says that `base` was read from. It is refused if it has no effect there either.

    Raises:
        RecipeError: what has none, and why.
    """
    before, now = _idle_among(base, written), _idle_among(recipe, written)
    found = _idle_among(recipe, changes, base) | {said: now[said] for said in before if said in now}
    if found:
        said, (why, remedy) = next(iter(found.items()))
        raise RecipeError(f"{said} changes nothing: {why}", remedy)


def _idle_among(recipe: Recipe, changes: Iterable[Change], base: Recipe | None = None) -> dict[str, tuple[str, str]]:
    """Which changes have no effect on a recipe, as they were said, why, and what to do.

    Args:
        recipe: with the changes.
        changes: any of them.
        base: a recipe whose own values are not counted.
    """
    tree, known = grow(recipe), None if base is None else grow(base)
    said = {found[0]: change.said for change in changes if len(found := candidates(tree, change.name)) == 1}
    idle: dict[str, tuple[str, str]] = {}
    for path, why, switch in _idle(recipe):
        if path not in said or (known is not None and path in paths(known) and at(known, path) == at(tree, path)):
            continue
        if switch not in said:
            give = f"give {spelled(short_name(tree, switch), said[path])}, or " if switch else ""
            idle[said[path]] = why, f"{give}leave it out"
        elif switch[:2] != ("game", "penalties"):
            idle[said[path]] = why, "leave it out"
    return idle


def _idle(recipe: Recipe) -> Iterator[tuple[Path, str, Path]]:
    """Paths of fields without an effect, why that is, and the field that would give them one, if there is one."""
    if recipe.watch.action == "off":
        for name in _others(recipe.watch, "action"):
            yield ("watch", name), "the watch is off", ("watch", "action")
    if not recipe.measure.names:
        for name in _others(recipe.measure, "metrics"):
            yield ("measure", name), "nothing is measured in training", ("measure", "metrics")
        if recipe.budget is None:  # else a measure is chosen
            yield ("keep_best",), "nothing is measured in training", ("measure", "metrics")
    yield from _of_coordination(recipe.coordination)
    penalties = getattr(recipe.game, "penalties", None)
    for name in () if penalties is None else slots(type(penalties)):
        if getattr(penalties, name).weight == 0:
            path = "game", "penalties", name
            yield (*path, "every"), f"the {name} penalty has weight 0", (*path, "weight")
    if getattr(recipe.game, "augment", None) == ():
        for name in ("augment_probability", "augment_target"):
            yield ("game", name), "nothing is augmented", ("game", "augment")
    if getattr(recipe.game, "instance_noise", None) == 0:
        yield ("game", "instance_noise_until"), "D sees no noise", ("game", "instance_noise")
    if isinstance(recipe.game, InfoGANConfig) and not recipe.game.continuous:
        yield ("game", "continuous_information"), "there is no continuous code", ("game", "continuous")
    if getattr(recipe.game, "reconstruction", None) == 0:
        bidirectional = isinstance(recipe.game, BidirectionalConfig)
        for name in ("shift", "turn", "elastic", "erased") if bidirectional else ("averaged",):
            yield ("game", name), "reconstruction has weight 0", ("game", "reconstruction")
    for name, player in recipe.players.items():
        if player.network.kind == "conv" and recipe.game.kind in _OF_IMAGES_TO_IMAGES:
            for field in ("dense", "modulation"):
                if hasattr(player.network, field) and isinstance(player.network, GeneratorNetwork):
                    yield ("game", name, "network", field), f"the {name} is given images, and is a unet", ()
        if player.network.kind == "own":
            for field in ("embedding", "condition"):
                if getattr(player, field, None) == "none":
                    continue  # whether it is shown conditions at all is the game's affair
                yield ("game", name, field), f"the {name} is a module of your own", ()
        optimizer = "game", name, "optimizer"
        if isinstance(player.optimizer, SGDConfig):
            yield from _of_momentum(player.optimizer, optimizer)
    if isinstance(recipe.game, SemiSupervisedConfig):
        yield from _of_labels(recipe.game)
    yield from _of_data(recipe)


def _of_labels(game: SemiSupervisedConfig) -> Iterator[tuple[Path, str, Path]]:
    """All labels are no draw of them, and a temperature is for what consistency takes for labels."""
    if game.labels is None:
        yield ("game", "label_seed"), "all labels are used", ("game", "labels")
    if game.consistency == 0:
        for field in ("temperature", "alignment"):
            yield ("game", field), "consistency has weight 0", ("game", "consistency")


_COORDINATED = {
    "most_discriminator_steps": (("wanted_accuracy", "decide_every"), "k is not adaptive"),
    "top_share": (("top_annealed",), "G learns from all fakes"),
    "latent_step": (("latent_rule", "latent_damping", "second_order"), "latents are not optimized"),
    "replayed": (("replay_size",), "no fakes are replayed"),
    "final_batch": (("batch_stages",), "batches do not grow"),
}
"""Field that turns something on -> its other fields, and why they change nothing while it is off."""


def _of_coordination(config: CoordinationConfig) -> Iterator[tuple[Path, str, Path]]:
    for switch, (names, why) in _COORDINATED.items():
        if getattr(config, switch) == getattr(CoordinationConfig(), switch):
            for name in names:
                yield ("coordination", name), why, ("coordination", switch)
    if config.latent_step and config.latent_rule == "gradient":
        yield ("coordination", "latent_damping"), "only the natural rule is damped", ("coordination", "latent_rule")


def _of_momentum(config: SGDConfig, path: Path) -> Iterator[tuple[Path, str, Path]]:
    """The momentum moves from its first to its final value, if it has the time to and they differ."""
    if config.momentum == config.final_momentum:
        yield (*path, "momentum_steps"), "the momentum stays as it is", (*path, "final_momentum")
    elif config.momentum_steps == 0:
        yield (*path, "momentum"), "from the first update on it is the final one", (*path, "final_momentum")


def _of_data(recipe: Recipe) -> Iterator[tuple[Path, str, Path]]:
    if not recipe.game.sources:
        yield ("sources",), f"the {recipe.game.kind} game has no sources, recipes pairs and unpaired have", ()
    if recipe.sources is None:
        switch: Path = ("sources",) if recipe.game.sources else ("game", "kind")
        yield ("source_channels",), "there are no sources", switch
    if recipe.data in POINTS:
        for name in OF_IMAGES:
            yield (name,), f"{recipe.data} has points, no images", ()
    if recipe.data is not None and recipe.data.lower().endswith(TABLES):
        for name in ("size", "channels", "fit"):
            yield (name,), f"{recipe.data} is a table of numbers", ()
    if recipe.data in PUBLISHED:
        yield ("holdout",), f"{recipe.data} keeps the parts that it was published with", ()
        yield ("strict",), f"{recipe.data} is whole", ()
        if recipe.size is None:
            yield ("fit",), "the images keep their size", ("size",)


def _others(part: object, switch: str) -> list[str]:
    return [name for name in slots(type(part)) if name != switch]
