"""What runs of earlier versions say, as it is said now.

Format 1: a flat recipe, whose parts held every kind's fields; two named players, one average, flat optimizer state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.config.kinds import Tagged
from advnets.config.load import from_dict, load_recipe, read_values
from advnets.config.networks import DiscriminatorNetwork, GeneratorNetwork
from advnets.config.players import OptimizerConfig
from advnets.config.recipe import Recipe
from advnets.config.tree import slots

if TYPE_CHECKING:
    from torch import Tensor  # the command line reads a run's recipe before it waits for PyTorch

Values = Mapping[str, Any]

_PLAYERS = ("generator", "discriminator")
_OF_GAME = ("latent", "prior", "objective", "penalties")
_OF_PLAYERS = (*_PLAYERS, "generator_optimizer", "discriminator_optimizer", "average")


def run_recipe(path: Path, custom: Sequence[bool] = (False, False)) -> Recipe:
    """The recipe in a run's recipe.yaml, of either format.

    Args:
        path: the file.
        custom: whether generator and discriminator were modules of the user's own, which format 1 kept in run.json.

    Raises:
        RecipeError: it cannot be read, or is no recipe.
    """
    values = read_values(path)
    if "format" in values or "generator_optimizer" not in values:
        return load_recipe(path)
    return from_dict(recipe_from_format_1(values, custom), str(path))


def recipe_from_format_1(values: Values, custom: Sequence[bool] = (False, False)) -> dict[str, Any]:
    """The values of a whole recipe of format 1 as those of today; fields that had no effect are left out.

    Args:
        values: the fields of a run's recipe.yaml.
        custom: whether generator and discriminator were modules of the user's own.
    """
    own: dict[str, Any] = {"kind": "own"}
    game = {name: values[name] for name in _OF_GAME}
    game["generator"] = {
        "network": own if custom[0] else _generator(values["generator"]),
        "optimizer": _optimizer(values["generator_optimizer"]),
        "average": values["average"],
    }
    game["discriminator"] = {
        "network": own if custom[1] else _of_kind(DiscriminatorNetwork, values["discriminator"]),
        "optimizer": _optimizer(values["discriminator_optimizer"]),
    }
    kept = {name: value for name, value in values.items() if name not in (*_OF_GAME, *_OF_PLAYERS)}
    return {**kept, "game": {"kind": "adversarial", **game}}


def tensors_from_format_1(tensors: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Mapping[str, Tensor]]:
    """The files of a checkpoint under today's names; flat optimizer state stays flat.

    Args:
        tensors: "generator", "discriminator", "average", "optimizers", each to its tensors.
    """
    found: dict[str, Mapping[str, Tensor]] = {"players/generator/average": tensors["average"]}
    for name in _PLAYERS:
        found[f"players/{name}/weights"] = tensors[name]
        found[f"players/{name}/optimizer"] = {
            key.removeprefix(f"{name}."): value
            for key, value in tensors["optimizers"].items()
            if key.startswith(f"{name}.")
        }
    return found


def _generator(values: Values) -> dict[str, Any]:
    idle = set[str]()
    if values["kind"] == "mlp":
        idle |= set() if "sigmoid" in values.get("activations", ()) else {"hidden_bias"}
        idle |= set() if values.get("output_sparse") is None else {"output_init"}
    if values["kind"] == "paper-conv":  # null stood for the defaults
        idle |= {name for name in ("init", "output_range") if values.get(name) is None}
    return _of_kind(GeneratorNetwork, values, idle)


def _optimizer(values: Values) -> dict[str, Any]:
    schedule, idle = values["schedule"], set[str]()
    idle |= set() if schedule == "exponential" else {"decay"}
    idle |= set() if schedule in ("cosine", "linear") else {"decay_from"}
    if schedule == "constant":
        values, idle = {**values, "rate": max(values["rate"], values["floor"])}, {*idle, "floor"}
    return _of_kind(OptimizerConfig, values, idle)


def _of_kind(family: type[Tagged], values: Values, idle: Set[str] = frozenset()) -> dict[str, Any]:
    """The fields that the kind has, less the idle ones."""
    fields = set(slots(family.kinds[values["kind"]])) - idle
    return {name: value for name, value in values.items() if name in fields}
