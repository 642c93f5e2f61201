"""A game is played once on a few real rows before the first step, exactly as the step will play it.

Nothing moves: weights, buffers and the global random state are afterwards as they were.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from advnets.errors import AdvnetsError, RecipeError
from advnets.games.contract import METHODS, asked, described, reason, returned, wrong
from advnets.games.game import (
    Batch,
    Costs,
    Game,
    Inputs,
    Made,
    Seat,
    Slopes,
    View,
    at_least_float32,
    blanks,
    figures,
    judging,
    remembered,
    score,
    slopes,
    source_of,
    translates,
)
from advnets.randomness import StepNoise, Stream
from advnets.runs.sampling import evaluating
from advnets.training.gradients import Match
from advnets.training.schedules import as_computed

_ROWS = 8

Learned = list[Tensor]
"""Scalars that the generators' side is differentiated through."""


class _Nets(dict[str, nn.Module]):
    """Networks by name, which say whom there are when somebody else is asked for."""

    def __missing__(self, name: str) -> nn.Module:
        raise LookupError(f"no player {name!r} among {', '.join(self)}")


def check_game(match: Match, seats: Mapping[str, Seat], networks: Mapping[str, nn.Module], first: Batch) -> None:
    """Play once on the first rows of a batch, with the networks as they are, and make samples.

    Args:
        match: who plays.
        seats: of its game.
        networks: what samples are made with.
        first: the first real rows of the training, in the dtype of the step.

    Raises:
        RecipeError: which method of the game gives what does not fit, or which player would never learn.
    """
    with undisturbed([*match.nets.values(), *networks.values()], first.image.device), torch.enable_grad():
        _check_step(match, seats, first.part(slice(_ROWS)))
        with evaluating(networks.values()), torch.no_grad():
            _check_samples(match.game, seats, _Nets(networks), first)


def _check_step(match: Match, seats: Mapping[str, Seat], batch: Batch) -> None:
    """Draw, make, show and score, and see that every player has something to learn from."""
    game = match.game
    noise = StepNoise(match.seed, 0, Stream.DISCRIMINATOR_NOISE, 0, len(batch), len(batch), batch.image.device)
    with asked(game, "draw"):
        found = game.draw(batch, noise)
    draws = {name: as_computed(each, batch.image.dtype) for name, each in _tensors(game, "draw", found).items()}
    with asked(game, "make"):
        made = returned(game, "make", game.make(_Nets(match.nets), batch, draws), Made)
    _tensors(game, "make", made.outputs)
    with asked(game, "views"):
        shown = returned(game, "views", game.views(batch, draws, made.outputs), Sequence)
    views = [returned(game, "views", view, View) for view in shown]
    ends = [end for view in views for end in _check_view(match, seats, view, batch)]
    for name in match.side("discriminator"):
        if name not in {view.discriminator for view in views}:
            raise wrong(game, f"shows {name} nothing", "add a View of it, or leave it out of seats")
    if made.direct is not None:
        ends.append(_scalar(game, "the direct cost of make", made.direct))
    _check_learning(match, ends)


def _check_view(match: Match, seats: Mapping[str, Seat], view: View, batch: Batch) -> Learned:
    """See that a view fits its discriminator, and its scores the costs; what the generators learn from."""
    game, name = match.game, view.discriminator
    if name not in match.side("discriminator"):
        known = ", ".join(match.side("discriminator"))
        raise wrong(game, f"has a view of {name!r}, who is no discriminator", f"name one of {known}")
    weight = cast("object", view.weight)  # whatever somebody wrote
    if not isinstance(weight, int | float) or not 0 < weight < math.inf:
        remedy = "give it a Python number above 0, or leave it out"
        raise wrong(game, f"has a view of {name} of weight {weight!r}", remedy)
    takes = list(seats[name].takes)
    for side, inputs in (("real", view.real), ("fake", view.fake)):
        if list(_tensors(game, "views", inputs)) != takes:
            what = f"shows {name} {side} rows of {', '.join(inputs) or 'nothing'}"
            raise wrong(game, what, f"its seat takes {', '.join(takes)}, in this order")
    _check_penalties(match, view)
    real, fake = (_scores(match, view, inputs) for inputs in (view.real, view.fake))
    return _check_costs(game, name, real, fake, batch)


def _scores(match: Match, view: View, inputs: Inputs) -> Tensor:
    try:
        return score(match.nets[view.discriminator], inputs)
    except Exception as error:  # whatever a network that is shown something else raises
        shapes = ", ".join(f"{name} {tuple(each.shape)}" for name, each in inputs.items())
        what = f"shows the {view.discriminator} what it cannot take, {shapes}: {reason(error)}"
        raise wrong(match.game, what, "show rows as its seat says") from error


def _check_penalties(match: Match, view: View) -> None:
    real, fake = ({name: tensor.detach() for name, tensor in side.items()} for side in (view.real, view.fake))
    first = next(iter(real.values()))
    noise = StepNoise(match.seed, 0, Stream.PENALTY, 0, len(first), len(first), first.device)
    for each in match.penalties:
        try:
            cost = each.penalty(judging(match.game, match.nets[view.discriminator]), real, fake, noise)
        except AdvnetsError:
            raise
        except Exception as error:  # whatever a penalty of one's own raises
            raise RecipeError(f"the {each.penalty.name} penalty fails: {reason(error)}", "mend it") from error
        if not cost.requires_grad:
            what = f"the {each.penalty.name} penalty has no gradient"
            raise RecipeError(what, "compute it of the discriminator, with create_graph=True, without detach")
        _check_slope(f"the {each.penalty.name} penalty", cost, match.players[view.discriminator].parameters)


def _check_slope(which: str, cost: Tensor, weights: Sequence[Tensor]) -> None:
    """See that a penalty's own gradient can be taken: some layers, as pixel normalization, know the first one alone."""
    try:
        cost.backward()  # `torch.autograd.grad` goes no way that ends in such a layer, and misses its part in silence
    except RuntimeError as error:
        what = f"{which} has no gradient through this discriminator: {reason(error)}"
        raise RecipeError(what, "use another kind of network, or leave the penalty out") from error
    finally:
        for weight in weights:
            weight.grad = None


def _check_costs(game: Game, name: str, real: Tensor, fake: Tensor, batch: Batch) -> Learned:
    """See that a view's costs are two scalars of its scores; what the generators learn from."""
    closed = getattr(game, "slopes", None) is not None
    wide = at_least_float32(real), at_least_float32(fake)
    with asked(game, "costs"):
        costs = returned(game, "costs", game.costs(name, *wide, batch), Costs)
    mine = _scalar(game, f"the discriminator's cost of {name}", costs.discriminator, graph=not closed)
    theirs = _scalar(game, f"the generators' cost of {name}", costs.generators, graph=False)
    _check_memory(game, name, real.detach(), fake.detach(), batch)
    with asked(game, "figures"):
        said = figures(game, name, real.detach(), fake.detach(), batch)
    for what, value in said.items():
        if not isinstance(value, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]  # whatever somebody wrote
            raise wrong(game, f"says {described(value)} as the figure {what}", METHODS["figures"])
    if closed:
        rule = _check_slopes(game, name, real.detach(), fake.detach(), batch)
        given = [] if rule.given is None else [(real * rule.given).sum()]
        return [(fake * rule.made).sum(), *given]
    if all(each is None for each in _gradients([mine], wide)):
        raise wrong(game, f"has a cost of {name} that its scores do not enter", "compute it from real and fake")
    return [theirs]


def _check_slopes(game: Game, name: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
    with asked(game, "slopes"):
        rule = returned(game, "slopes", slopes(game, name, real, fake, batch), Slopes)
    for part, scores in {"real": real, "fake": fake, "made": fake, "given": real}.items():
        slope: object = getattr(rule, part)
        if slope is None and part == "given":
            continue
        if not isinstance(slope, Tensor) or slope.shape != scores.shape:
            what = f"gives {described(slope)} as the slope {part} of scores of shape {tuple(scores.shape)}"
            raise wrong(game, what, METHODS["slopes"])
    return rule


def _check_memory(game: Game, name: str, real: Tensor, fake: Tensor, batch: Batch) -> None:
    """See that a game that remembers goes on remembering the same things."""
    if not batch.memory:
        return
    with asked(game, "remember"):
        found = _tensors(game, "remember", remembered(game, name, real, fake, batch))
    kept, begun = ({name: tuple(each.shape) for name, each in every.items()} for every in (found, batch.memory))
    if kept != begun:
        raise wrong(game, f"begins to remember {begun} and goes on with {kept}", METHODS["remember"])


def _check_learning(match: Match, ends: Learned) -> None:
    """See that what each player of the generators' side makes enters a cost of it, undetached."""
    players = match.side("generator")
    found = iter(_gradients(ends, [weight for player in players.values() for weight in player.parameters]))
    for name, player in players.items():
        if all(each is None for each in [next(found) for _ in player.parameters]):
            what = f"never lets {name} learn: no cost of its side depends on its weights"
            raise wrong(
                match.game, what, "show a discriminator what it makes, not detached, or add a direct cost of it"
            )


def _gradients(ends: Learned, inputs: Sequence[Tensor]) -> Sequence[Tensor | None]:
    """Of the sum of the ends with respect to the inputs: None for one that has no part in any."""
    moving = [end for end in ends if end.requires_grad]
    if not moving:
        return [None] * len(inputs)
    # Without cotangents: those would have PyTorch import a second's worth of symbolic mathematics.
    return torch.autograd.grad(sum(moving[1:], start=moving[0]), inputs, retain_graph=True, allow_unused=True)


def _check_samples(game: Game, seats: Mapping[str, Seat], nets: _Nets, batch: Batch) -> None:
    """See that samples are made of what is wished for, and of sources, in the shape of the data."""
    images = batch.image
    with asked(game, "wish"):
        wished = _tensors(game, "wish", game.wish(_ROWS, torch.Generator().manual_seed(0)))
    conditions = [seat.takes["condition"] for seat in seats.values() if "condition" in seat.takes]
    inputs = {**wished, **blanks(seats, wished, _ROWS)}
    inputs |= {"condition": conditions[0].random(_ROWS)} if conditions else {}
    if translates(seats):
        with asked(game, "source_of"):
            rows = source_of(game, batch).float()
        inputs = {**inputs, "source": rows[torch.arange(_ROWS) % len(rows)]}
    if any(len(each) != _ROWS for each in inputs.values()):
        raise wrong(game, f"wishes for other rows than the {_ROWS} that were asked for", METHODS["wish"])
    with asked(game, "sample"):
        asked_for = {name: each.to(images.device) for name, each in inputs.items()}
        made = returned(game, "sample", game.sample(nets, asked_for), Tensor)
    if made.shape != (_ROWS, *images.shape[1:]):
        wanted = f"return a tensor of shape {(_ROWS, *images.shape[1:])}"
        raise wrong(game, f"gives {described(made)} in sample for {_ROWS} rows", wanted)


def _tensors(game: Game, method: str, found: Any) -> Inputs:
    """What was found, a mapping of names to tensors."""
    known: Mapping[str, object] = returned(game, method, found, Mapping)
    return {name: returned(game, method, each, Tensor) for name, each in known.items()}


def _scalar(game: Game, which: str, cost: Any, graph: bool = True) -> Tensor:
    """The cost, a tensor without dimensions; in the graph of the step, where `graph` says so."""
    if not isinstance(cost, Tensor) or cost.ndim:
        raise wrong(game, f"returns {described(cost)} as {which}", "return one scalar tensor, as .mean() gives it")
    if graph and not cost.requires_grad:
        raise wrong(game, f"returns {which} without a gradient", "compute it without detach, item or no_grad")
    return cost


@contextlib.contextmanager
def undisturbed(networks: Iterable[nn.Module], device: torch.device) -> Generator[None]:
    """Afterwards all buffers, and what the global random generators would draw, are as they were."""
    modules = {module for network in networks for module in network.modules()}
    kept = [(module, *named) for module in modules for named in module.named_buffers(recurse=False)]
    values = [tensor.clone() for _, _, tensor in kept]
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        with torch.no_grad():
            for (module, name, tensor), value in zip(kept, values, strict=True):
                setattr(module, name, tensor.copy_(value))  # the tensor itself: other modules may share it
