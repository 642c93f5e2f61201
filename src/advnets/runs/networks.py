"""The networks of a recipe's players: with weights from its seed or a checkpoint, or modules of the user's own."""

from __future__ import annotations

import copy
import functools
import importlib
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from advnets.config.recipe import Recipe
from advnets.devices import resolve_device
from advnets.errors import RecipeError, RunError
from advnets.games.game import Seat
from advnets.networks.build import build_player
from advnets.randomness import Stream, seed_for

Modules = Mapping[str, nn.Module]
"""Modules of the user's own by player."""


def initial_networks(recipe: Recipe, seats: Mapping[str, Seat], modules: Modules | None = None) -> dict[str, nn.Module]:
    """Every player's network at the start: the user's own, or the recipe's with weights from its seed.

    Args:
        recipe: says what the players are.
        seats: of its game, on its data.
        modules: networks of the user's own.

    Raises:
        RecipeError: a network that the recipe leaves to the user is not there or no module, or one that it describes
            does not fit.
    """
    given = dict(modules or {})
    for name in given:
        if name not in seats:
            raise RecipeError(f"no player {name!r} takes a module", f"the game's players are {', '.join(seats)}")
        _check_module(name, given[name])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(recipe.seed, 0, Stream.INITIAL_WEIGHTS))
        return {name: given[name] if name in given else _built(recipe, name, seat) for name, seat in seats.items()}


def _check_module(name: str, given: object) -> None:
    if isinstance(given, type):
        raise RecipeError(f"the {name} is the class {given.__name__}", f"pass a module: {given.__name__}()")
    if not isinstance(given, nn.Module):
        raise RecipeError(f"the {name} is a {type(given).__name__}", "pass a module, an nn.Module")


def _built(recipe: Recipe, name: str, seat: Seat) -> nn.Module:
    config = recipe.players[name]
    if config.network.kind == "own":
        named = getattr(config.network, "module", "")
        remedy = f"--module {name}={named}, if you trust it" if named else f'pass it: modules={{"{name}": module}}'
        raise RecipeError(f"the {name} is a module of your own", remedy)
    return build_player(config, seat.takes, seat.gives, seat.features)


def own_players(recipe: Recipe) -> list[str]:
    """The players whose networks are modules of the user's own."""
    return [name for name, config in recipe.players.items() if config.network.kind == "own"]


def load_own(name: str) -> nn.Module:
    """A module of the user's own, named as package.module:Name: an nn.Module, or what makes one without arguments.

    It runs the user's code: call it only with a name that the user's own command says. The folder of the command is
    searched first.

    Raises:
        RecipeError: there is no such module.
    """
    package, _, attribute = name.partition(":")
    try:
        with _from_here():
            found: Any = getattr(importlib.import_module(package), attribute)
        made = found if isinstance(found, nn.Module) else found()
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise RecipeError(f"{name} cannot be loaded: {error}", "write package.module:Name of an nn.Module") from error
    except Exception as error:  # whatever else the user's own code raises
        raise RecipeError(f"{name} cannot be loaded: {type(error).__name__}: {error}", "mend it") from error
    if not isinstance(made, nn.Module):
        raise RecipeError(f"{name} makes a {type(made).__name__}", "name an nn.Module, or what makes one")
    return made


@contextmanager
def _from_here() -> Any:
    """Look for modules in the working folder, as `python -m` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def load_weights(module: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Copy saved tensors into `module`.

    Raises:
        RecipeError: they are another network's.
    """
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError:
        raise RecipeError(
            f"the saved {name} is another network than the recipe's", "pass the modules it was trained with"
        ) from None


class SavedNetworks:
    """The networks of a run's players with the weights of a checkpoint.

    Args:
        path: the run, in messages.
        recipe: says what the players are.
        seats: of its game, on its data.
        tensors: the checkpoint's.
        modules: networks of the user's own.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        seats: Mapping[str, Seat],
        tensors: Mapping[str, Mapping[str, Tensor]],
        modules: Modules,
    ) -> None:
        self._path, self._recipe, self._seats, self._tensors, self._modules = path, recipe, seats, tensors, modules

    def load(self, name: str, averaged: bool) -> nn.Module:
        """A player's network, float32, in eval mode: its average, or what its last step left.

        Raises:
            RunError: the weights are those of another network.
        """
        # A copy: the average and the raw network must not end up in one module of the user's.
        network = copy.deepcopy(self._initial[name])
        tensors = self._tensors.get(f"players/{name}/{'average' if averaged else 'weights'}")
        if tensors is None:
            what = f"{self._path} holds the {name} averaged alone: it was exported"
            raise RunError(what, "take the training's own directory")
        try:
            load_weights(network, tensors, name)
        except RecipeError:
            if name not in self._modules or name in own_players(self._recipe):
                raise
            raise RunError(f"{self._path} was trained without a {name} of your own", "leave it out") from None
        return network.to(self._device()).eval()

    @functools.cached_property
    def _initial(self) -> dict[str, nn.Module]:
        try:
            return initial_networks(self._recipe, self._seats, self._modules)
        except RecipeError as error:
            raise RunError(f"{self._path}: {error.what}", error.remedy) from None

    def _device(self) -> torch.device:
        """The recipe's device; where that is not there, as for a run that was trained elsewhere, what is."""
        try:
            return resolve_device(self._recipe.device)
        except RecipeError:
            return resolve_device("auto")
