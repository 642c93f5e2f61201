"""A minibatch in parts: the gradients of the whole of it, in the memory of a part.

Costs may compare rows with each other, so that sums over parts would be another game. All parts are scored first; the
slopes of the costs are those of all scores; then each part goes through the networks again, and back with its own
slopes. That takes one more forward pass than the whole minibatch at once, and gives its gradients.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from advnets.config.coordinating import CoordinationConfig
from advnets.errors import RecipeError
from advnets.games.game import Batch, Inputs, Made, Slopes, View
from advnets.networks.layers import rows_pass
from advnets.randomness import Stream, generator_for
from advnets.runs.sampling import evaluating
from advnets.training.backward import Gradients, added
from advnets.training.gradients import (
    Ends,
    Match,
    Outcome,
    Shown,
    agreed,
    back,
    cut,
    of_generators,
    penalty_gradients,
    scores,
    summed,
)
from advnets.training.player import Moves
from advnets.training.statistics import without_statistics

_ROWS = 8  # of the trial


@dataclass(frozen=True)
class _Piece:
    """A part of a minibatch, and its draws."""

    batch: Batch
    draws: Inputs

    def passes(self, match: Match, update: int) -> contextlib.AbstractContextManager[None]:
        """It passes through networks, each time with the masks that its rows have in the whole minibatch."""
        batch, device = self.batch, self.batch.image.device
        masks = generator_for(match.seed, update, Stream.LAYERS, 0, device)
        return rows_pass(batch.first, len(batch), batch.total, masks)


@dataclass(frozen=True)
class _Seen:
    """A view of a part in its discriminator's graph."""

    view: View
    shown: Shown
    real: Tensor
    fake: Tensor
    held: Sequence[Tensor]


@dataclass(frozen=True)
class _Said:
    """What of it outlives the graph: scores, and whether the generators' side has a part in what was seen."""

    view: View
    real: Tensor
    fake: Tensor
    moves: bool
    made: bool


def check_parts(match: Match, batch: Batch, draws: Inputs, coordinated: bool, schedule: str) -> None:
    """See that a game's gradients in parts are those of the whole minibatch.

    Args:
        match: who plays, in how many parts.
        batch: the first minibatch.
        draws: its draws.
        coordinated: whether anything else keeps the players in step.
        schedule: of the training.

    Raises:
        RecipeError: they are not.
    """
    remedy = "use --accumulate 1 and a smaller --batch"
    fewest = batch.total // match.world.size
    if match.parts > fewest:
        raise RecipeError(f"{fewest} examples cannot be had in {match.parts} parts", "use a smaller --accumulate")
    if schedule != "simultaneous":
        raise RecipeError("a minibatch in parts needs the simultaneous schedule", remedy)
    if coordinated:
        raise RecipeError("a minibatch in parts is not there with coordination", remedy)
    _check_rowwise(match, remedy)
    some = slice(_ROWS)
    if not _views_come_in_parts(match, batch.part(some), {name: each[some] for name, each in draws.items()}):
        raise RecipeError("a view of this game depends on the whole minibatch", remedy)


def check_processes(match: Match, batch: Batch, draws: Inputs, coordination: CoordinationConfig) -> None:
    """See that a game's gradients are those of the whole minibatch where several processes share it.

    Args:
        match: who plays.
        batch: this process's rows of the first minibatch.
        draws: their draws.
        coordination: of the recipe; growing batches alone may be shared.

    Raises:
        RecipeError: they are not.
    """
    remedy = "train it in one process"
    if replace(coordination, final_batch=0, batch_stages=CoordinationConfig().batch_stages) != CoordinationConfig():
        raise RecipeError("processes cannot share a training with coordination, but for growing batches", remedy)
    _check_rowwise(match, remedy, match.normalized)
    some = slice(_ROWS)
    rows = {name: each[some] for name, each in draws.items()}
    with without_statistics():
        alike = _views_come_in_parts(match, replace(batch.part(some), first=0, whole=0, everyone=None), rows, True)
    if not alike:
        raise RecipeError("a view of this game depends on the whole minibatch", remedy)


def _check_rowwise(match: Match, remedy: str, but: Collection[str] = ()) -> None:
    for name in sorted(match.players.keys() - match.rowwise - {*but}):
        raise RecipeError(f"a {name} with statistics across the batch needs the whole of it", remedy)


def _views_come_in_parts(match: Match, batch: Batch, draws: Inputs, direct: bool = False) -> bool:
    """Whether parts of these rows show what the whole shows, row by row: in float32, where nothing is lost by rounding.

    Their direct costs, where there may be `direct` ones, have the whole's for a mean.
    """
    nets = {name: player.network for name, player in match.players.items()}
    batch, draws = _in_float32(batch), {name: _as_float32(each) for name, each in draws.items()}
    with evaluating(nets.values()), torch.no_grad():
        shown: list[list[View]] = []
        costs: list[Tensor] = []
        for piece in (*_pieces(1, batch, draws), *_pieces(2, batch, draws)):
            made = match.game.make(nets, piece.batch, piece.draws)
            views = list(match.game.views(piece.batch, piece.draws, made.outputs))
            if (made.direct is not None and not direct) or any(view.batch is not None for view in views):
                return False
            shown.append(views)
            costs += [] if made.direct is None else [made.direct.double() * piece.batch.share]
        if costs and not torch.allclose(
            costs[0], sum(costs[1:], start=torch.zeros_like(costs[0])), rtol=0.02, atol=1e-3
        ):
            return False
        return all(_alike(whole, parts) for whole, *parts in zip(*shown, strict=True))


def _in_float32(batch: Batch) -> Batch:
    named = batch.by_row() | ({} if batch.previous is None else {"previous": batch.previous})
    known = None if batch.known is None else _in_float32(batch.known)
    return replace(batch, known=known, **{name: _as_float32(each) for name, each in named.items()})


def _as_float32(values: Tensor) -> Tensor:
    """In float32, where it is no whole numbers."""
    return values.float() if values.is_floating_point() else values


def _alike(whole: View, parts: Sequence[View]) -> bool:
    for side in ("real", "fake"):
        for name, each in getattr(whole, side).items():
            found = torch.cat([getattr(part, side)[name] for part in parts])
            if found.shape != each.shape or not torch.allclose(found.double(), each.double(), rtol=0.02, atol=1e-3):
                return False
    return True


def in_parts(match: Match, batch: Batch, draws: Inputs, update: int) -> tuple[dict[str, Moves], list[Outcome]]:
    """Gradients of all players at the same point, and what the discriminators said there: as `both_sides`."""
    pieces, states, said = list(_pieces(match.parts, batch, draws)), list[Tensor](), list[list[_Said]]()
    for piece in pieces:
        states.append(_layers_state(batch.image.device))
        with piece.passes(match, update):
            said.append([_said(each) for each in _played(match, piece, update)[1]])
    rules, outcomes = list[Slopes](), list[Outcome]()
    for views in zip(*said, strict=True):
        view, moves = views[0].view, views[0].moves
        real, fake = (torch.cat([getattr(each, side) for each in views]) for side in ("real", "fake"))
        known, rule = agreed(match, view, real, fake, batch, update, 0 if moves else None)
        rules.append(rule)
        outcomes.append(replace(known, made=views[0].made))
    found: dict[str, Gradients] = {}
    after = _layers_state(batch.image.device)
    first = 0
    for piece, state in zip(pieces, states, strict=True):
        _set_layers_state(batch.image.device, state)
        rows = slice(first, first := first + len(piece.batch))
        with piece.passes(match, update):
            of_part = _of_part(match, piece, [rule.part(rows) for rule in rules], update)
        for name, grads in of_part.items():
            found[name] = added(found.get(name), grads)
    _set_layers_state(batch.image.device, after)
    return summed(match, found), outcomes


def _of_part(match: Match, piece: _Piece, rules: Sequence[Slopes], update: int) -> Mapping[str, Gradients]:
    """A part's share of everybody's gradients."""
    made, views = _played(match, piece, update)
    found: dict[str, Gradients] = {}
    ends: Ends = []
    for place, (each, rule) in enumerate(zip(views, rules, strict=True)):
        name, player = each.view.discriminator, match.players[each.view.discriminator]
        grads, cotangents = back(each.shown, each.held, rule, player.parameters)
        ends += [(tensor, cotangent) for (tensor, _, _), cotangent in zip(each.shown.cuts, cotangents, strict=True)]
        found[name] = added(found.get(name), grads)
        penalties = penalty_gradients(match, each.shown, update, place, piece.batch)
        if penalties is not None:
            found[name] = added(found[name], penalties)
    return found | of_generators(match, made, ends, piece.batch)


def _played(match: Match, piece: _Piece, update: int) -> tuple[Made, list[_Seen]]:
    """What the generators' side makes of a part, and what discriminators say of it."""
    made = match.game.make(match.nets, piece.batch, piece.draws)
    found: list[_Seen] = []
    for number, view in enumerate(match.game.views(piece.batch, piece.draws, made.outputs)):
        shown, name = cut(match, view, piece.batch, update, f"discriminators {number}"), view.discriminator
        real, fake, held = scores(match.players[name].worker, shown, name in match.rowwise - match.several)
        found.append(_Seen(view, shown, real, fake, held))
    return made, found


def _said(seen: _Seen) -> _Said:
    bare = View(seen.view.discriminator, {}, {}, seen.view.weight)
    return _Said(bare, seen.real, seen.fake, seen.shown.moves(real=False), bool(seen.shown.cuts))


def _pieces(parts: int, batch: Batch, draws: Inputs) -> Iterator[_Piece]:
    """Parts of nearly equal numbers of rows."""
    first = 0
    for rows in torch.arange(len(batch)).tensor_split(parts):
        span = slice(first, first + len(rows))
        part = replace(batch.part(span), first=batch.first + first, whole=batch.total)
        yield _Piece(part, {name: each[span] for name, each in draws.items()})
        first = span.stop


def _layers_state(device: torch.device) -> Tensor:
    """Of the generator that networks draw from inside their passes."""
    return torch.get_rng_state() if device.type == "cpu" else torch.get_device_module(device).get_rng_state(device)


def _set_layers_state(device: torch.device, state: Tensor) -> None:
    if device.type == "cpu":
        torch.set_rng_state(state)
    else:
        torch.get_device_module(device).set_rng_state(state, device)
