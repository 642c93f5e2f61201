"""What a game of one's own must have: what its class lacks, or gives wrongly, is said in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Generator, Mapping
from numbers import Integral
from typing import TypeVar, cast

from torch import Tensor

from advnets.errors import AdvnetsError, RecipeError
from advnets.games.game import DataSpec, Game, Input, Seat

_NEEDED = {
    "seats": "seats(data) returns {player: Seat}",
    "draw": "draw(batch, noise) returns {name: tensor}",
    "make": "make(nets, batch, draws) returns Made({name: tensor}), perhaps with a direct cost, one scalar",
    "views": "views(batch, draws, made) returns a list of View(discriminator, {input: real}, {input: fake})",
    "costs": "costs(discriminator, real, fake, batch) returns Costs(discriminator, generators), two scalars",
    "wish": "wish(count, rng) returns {name: tensor}, each of count rows",
    "sample": "sample(nets, inputs) returns one tensor, a sample for each row of the inputs",
}
METHODS = {
    **_NEEDED,
    "source_of": "source_of(batch) returns the sources of its images; or no averaged player takes a source",
    "slopes": "slopes(discriminator, real, fake, batch) returns Slopes, shaped as the scores; or leave it out",
    "remember": "remember(discriminator, real, fake, batch) returns what memory(data) does, as it is after the step",
    "figures": "figures(real, fake) returns {name: number}, or batch_figures(real, fake, batch); or leave it out",
}
"""How a game's methods are written, in one line each."""
T = TypeVar("T")
_SIDES = "generator", "discriminator"


def seats_of(game: Game, data: DataSpec, config: object, players: Collection[str]) -> Mapping[str, Seat]:
    """Who plays, seen to be complete.

    Args:
        game: whose rules.
        data: what it is played on.
        config: what the recipe says of the game.
        players: those that `config` describes.

    Raises:
        RecipeError: a method is missing, a seat is none, takes or gives what no network can, or has no player, or
            nobody of the generators' side is averaged.
    """
    for method, usage in _NEEDED.items():
        if not callable(getattr(game, method, None)):
            raise wrong(game, f"has no method {method}", f"write it: {usage}")
    with asked(game, "seats"):
        seats = returned(game, "seats", game.seats(data), Mapping)
    for name, seat in seats.items():
        _check_seat(game, name, returned(game, "seats", seat, Seat), config, players)
    if not any(seat.averaged and seat.side == "generator" for seat in seats.values()):
        raise wrong(game, "seats averages no player", "seat the one that is sampled with averaged=True")
    if not any(seat.side == "discriminator" for seat in seats.values()):
        raise wrong(game, "seats no discriminator", "add one")
    return seats


def _check_seat(game: Game, name: str, seat: Seat, config: object, players: Collection[str]) -> None:
    if seat.side not in _SIDES:
        raise wrong(game, f"seats {name} on the side {seat.side!r}", f"write one of {', '.join(_SIDES)}")
    if seat.averaged and seat.side == "discriminator" and not hasattr(getattr(config, name, None), "average"):
        remedy = "leave out its averaged=True: G's side is sampled; or give it a ClassifierConfig, which has an average"
        raise wrong(game, f"averages {name}, a discriminator", remedy)
    _check_ends(game, name, seat)
    if name not in players:
        kind = "GeneratorConfig" if seat.side == "generator" else "DiscriminatorConfig"
        what = f"seats {name}, for whom {type(config).__name__} has no player"
        raise wrong(game, what, f"add the field {name}: {kind} = {kind}() to it")


def _check_ends(game: Game, name: str, seat: Seat) -> None:
    """See that a seat takes named inputs and gives rows of a shape."""
    takes, gives = (cast("object", each) for each in (seat.takes, seat.gives))  # whatever somebody wrote
    inputs = cast("Mapping[object, object]", takes) if isinstance(takes, Mapping) else {}
    if not inputs or not all(isinstance(each, Input) for each in inputs.values()):
        what = f"seats {name}, who takes {takes!r}"
        raise wrong(game, what, 'name its inputs: {"z": Input((100,))}, {"image": Input(data.shape)}')
    shape = cast("tuple[object, ...]", gives) if isinstance(gives, tuple) else None
    if shape is None or not all(isinstance(each, Integral) for each in shape):
        raise wrong(game, f"seats {name}, who gives {gives!r}", "write the shape of a row, (1, 28, 28) or (); a tuple")
    if seat.side == "discriminator" and next(iter(seat.takes.values())).classes:
        what = f"seats {name}, who takes a class first"
        raise wrong(game, what, "put the class behind what it is shown with: slopes are taken at the first input")


def wrong(game: Game, what: str, remedy: str) -> RecipeError:
    """An error that names the game's class."""
    return RecipeError(f"the game {game.__name__ if isinstance(game, type) else type(game).__name__} {what}", remedy)


def returned(game: Game, method: str, value: object, kind: type[T]) -> T:
    """What a method returned, if it is of the kind that it must be.

    Raises:
        RecipeError: it is something else.
    """
    if not isinstance(value, kind):
        raise wrong(game, f"gives {described(value)} in {method}", METHODS[method])
    return value


@contextlib.contextmanager
def asked(game: Game, method: str) -> Generator[None]:
    """While a method of the game is called: what it raises becomes one line.

    Raises:
        RecipeError: which method raised what.
    """
    try:
        yield
    except AdvnetsError:
        raise
    except Exception as error:
        raise wrong(game, f"fails in {method}: {reason(error)}", METHODS[method]) from error


def reason(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__


def described(value: object) -> str:
    """What was returned instead: a tensor's shape, or a type."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return "nothing" if value is None else f"a {type(value).__name__}"
