"""The exact step: gradients of every player of any game, at one point, with one backward pass through each network.

Where rows are independent and a score is one number a row, a discriminator's gradient at a row of its input is that
row's slope times the gradient of its score. With a = d J(D) / d score and b = d J(generators) / d score the cotangent
that the generators' side needs is therefore b / a times the discriminator's own: one backward pass serves both sides,
in fake rows as in real ones (an encoder's codes). Elsewhere the same forward pass has two backward ones.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.games.game import Batch, Draw, Game, Inputs, Made, RowNoise, Slopes, View, judging, remembered, slopes
from advnets.games.penalties import Scheduled
from advnets.networks.shortcuts import shortcut
from advnets.randomness import StepNoise, Stream
from advnets.training.backward import Gradients, added, gradients_of
from advnets.training.coordination import Coordination
from advnets.training.player import Moves, Player
from advnets.world import ALONE, World

_SMALLEST_SLOPE = 2.0**-30
"""Times 1 / m: the least that D's cost may weigh a row that the generators made. Nothing that float32 sees of D's
gradient changes."""

Augment = Callable[[Inputs, RowNoise], Inputs]
"""(inputs of a view's real or fake rows, random numbers by row) -> what is shown instead."""


@dataclass(frozen=True)
class Match:
    """Players, the data they see and the rules they play by.

    Args:
        game: the rules.
        players: by name, in the order of the game's seats.
        batches: number of a discriminators' update -> its real rows.
        seed, steps: of the training.
        rowwise: the discriminators whose score of a row depends on that row alone.
        penalties: what is added to every discriminator's cost.
        augment: what is done to real and fake rows before a discriminator sees them; None for nothing.
        discriminator_steps: Algorithm 1's k.
        generator_steps: updates of the generators' side in a step.
        memory: what the game remembers of the steps so far, by name.
        several: discriminators that give several numbers a row: real and fake rows are in graphs of their own, so that
            of their two backward passes the generators' side's goes through the fake rows alone.
        coordination: what else keeps the players in step.
        parts: in which a minibatch goes through the networks, one after another.
        world: the processes that share a minibatch.
        normalized: of several processes, the players with batch normalization, which is over the rows of all.
    """

    game: Game
    players: Mapping[str, Player]
    batches: Callable[[int], Batch]
    seed: int
    steps: int
    rowwise: frozenset[str] = frozenset()
    penalties: Sequence[Scheduled] = ()
    augment: Augment | None = None
    discriminator_steps: int = 1
    generator_steps: int = 1
    memory: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    several: frozenset[str] = frozenset()
    coordination: Coordination = Coordination()
    parts: int = 1
    world: World = ALONE
    normalized: frozenset[str] = frozenset()

    def batch(self, update: int) -> Batch:
        """Real rows of a discriminators' update, with what the game remembers of the steps before, and the averages."""
        return replace(self.batches(update), memory=dict(self.memory), averages=self._averages)

    @functools.cached_property
    def _averages(self) -> Mapping[str, nn.Module]:
        found = {name: getattr(player, "average", None) for name, player in self.players.items()}
        return {name: average for name, average in found.items() if average is not None}

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Let the game remember what the discriminators said in a step, if it remembers anything."""
        for said in outcomes if self.memory else ():
            known = replace(said.batch, memory=dict(self.memory))
            self.memory.update(remembered(self.game, said.discriminator, said.real, said.fake, known))

    @property
    def nets(self) -> Mapping[str, nn.Module]:
        """What the step computes with."""
        return {name: player.worker for name, player in self.players.items()}

    def side(self, side: str) -> Mapping[str, Player]:
        """The players of "generator" or "discriminator"."""
        return self._sides[side]

    @functools.cached_property
    def _sides(self) -> Mapping[str, Mapping[str, Player]]:
        sides = "generator", "discriminator"
        return {side: {name: each for name, each in self.players.items() if each.side == side} for side in sides}


@dataclass(frozen=True)
class Shown:
    """A view as its discriminator sees it: cut off from the generators' graph and augmented.

    Args:
        discriminator: its name.
        real, fake: the inputs.
        cuts: what the generators' side made of them: (the tensor in their graph, its copy here, whether it is real).
        weight: of the view.
    """

    discriminator: str
    real: Inputs
    fake: Inputs
    cuts: Sequence[tuple[Tensor, Tensor, bool]]
    weight: float = 1.0

    def moves(self, real: bool) -> bool:
        """Whether the generators' side made something of the real, or of the fake rows."""
        return any(side is real for _, _, side in self.cuts)


@dataclass(frozen=True)
class Outcome:
    """A discriminator's scores in a step, on the device: nothing is computed from them until somebody asks.

    Args:
        discriminator: its name.
        real, fake: its scores, (m,) and (n,).
        batch: what it saw.
        weight: of the view.
        made: whether the generators' side has made something of what was seen.
        direct: the game's direct cost in this step, of the first view alone; None without.
    """

    discriminator: str
    real: Tensor
    fake: Tensor
    batch: Batch
    weight: float = 1.0
    made: bool = True
    direct: Tensor | None = None


def cut(match: Match, view: View, batch: Batch, update: int, turn: str) -> Shown:
    """Detach what a view shows, so that the backward pass through the discriminator ends at its inputs.

    Args:
        match: says how it is augmented.
        view: what is shown.
        batch: where its rows stand among those of the step.
        update: number of the update.
        turn: whose it is, and which of its views: other turns are augmented with other random numbers.
    """
    sides: list[Inputs] = []
    cuts: list[tuple[Tensor, Tensor, bool]] = []
    for inputs, real in ((view.real, True), (view.fake, False)):
        copies = {name: tensor.detach() for name, tensor in inputs.items()}
        for name, tensor in inputs.items():
            if tensor.requires_grad:
                cuts.append((tensor, copies[name].requires_grad_(), real))
        sides.append(_augmented(match, copies, batch, update, f"{turn} {'real' if real else 'fake'}"))
    return Shown(view.discriminator, sides[0], sides[1], cuts, view.weight)


def _augmented(match: Match, inputs: Inputs, batch: Batch, update: int, turn: str) -> Inputs:
    if match.augment is None:
        return inputs
    rows = (batch.first, len(batch), batch.total, batch.image.device)
    noise = StepNoise(match.seed, update, Stream.AUGMENTATION, *rows)
    return match.augment(inputs, lambda name, draw: noise(f"{turn} {name}", draw))


def scores(network: nn.Module, shown: Shown, rowwise: bool) -> tuple[Tensor, Tensor, Sequence[Tensor]]:
    """A discriminator's scores of real rows (m,) and fake rows (n,), detached, and what holds them in the graph.

    In one pass where rows are independent; a network may know, by a method `pair`, how to take both without computing
    gradients for its first input's real rows.
    """
    if not rowwise:
        real, fake = network(*shown.real.values()), network(*shown.fake.values())
        return real.detach(), fake.detach(), (real, fake)
    (name, first), *_ = shown.real.items()
    others = [torch.cat([shown.real[other], shown.fake[other]]) for other in shown.real if other != name]
    pair = None if first.requires_grad else shortcut(network, "pair")
    if pair is None:
        both = network(torch.cat([first, shown.fake[name]]), *others)
    else:
        both = pair(first, shown.fake[name], *others)
    said, count = both.detach(), first.shape[0]
    return said[:count], said[count:], (both,)


def both_sides(match: Match, batch: Batch, draws: Inputs, update: int) -> tuple[dict[str, Moves], list[Outcome]]:
    """Gradients of all players at the same point, and what the discriminators said there."""
    made = match.game.make(match.nets, batch, draws)
    found, outcomes, ends = _discriminators(match, batch, draws, made, update)
    summing = summed(match, found)  # while the generators' side goes back
    return summing | summed(match, of_generators(match, made, ends, batch)), outcomes


def summed(match: Match, found: Mapping[str, Gradients]) -> dict[str, Moves]:
    """Gradients of players; of several processes their sums, on the way."""
    if match.world.size == 1:
        return dict(found)
    return {name: match.players[name].sum(grads) for name, grads in found.items()}


def discriminators_side(
    match: Match, batch: Batch, draws: Inputs, update: int
) -> tuple[dict[str, Moves], list[Outcome]]:
    """Gradients of the discriminators alone, and what they said."""
    with torch.no_grad():
        made = match.game.make(match.nets, batch, draws)
    found, outcomes, _ = _discriminators(match, batch, draws, made, update)
    return summed(match, found), outcomes


Ends = list[tuple[Tensor, Tensor]]
"""What the generators' side made, and the cotangents that came back to it."""


def _discriminators(
    match: Match, batch: Batch, draws: Inputs, made: Made, update: int
) -> tuple[dict[str, Gradients], list[Outcome], Ends]:
    found: dict[str, Gradients] = {}
    outcomes: list[Outcome] = []
    ends: Ends = []
    for number, view in enumerate(match.game.views(batch, draws, made.outputs)):
        view, old = match.coordination.shown(number, view, update)
        shown, name = cut(match, view, batch, update, f"discriminators {number}"), view.discriminator
        player = match.players[name]
        real, fake, held = scores(player.worker, shown, name in match.rowwise - match.several)
        beside = view.batch or batch
        said, rule = agreed(match, view, real, fake, beside, update, old if shown.moves(real=False) else None)
        grads, cotangents = back(shown, held, rule, player.parameters)
        ends += [(tensor, cotangent) for (tensor, _, _), cotangent in zip(shown.cuts, cotangents, strict=True)]
        found[name] = added(found.get(name), _with_penalty(match, shown, grads, update, number, batch))
        outcomes.append(replace(said, made=bool(shown.cuts)))
    return found, _with_direct(match, outcomes, made, batch), ends


def generators_side(
    match: Match, batch: Batch, draws: Inputs, update: int, before: Sequence[Outcome]
) -> tuple[dict[str, Moves], list[Outcome]]:
    """Gradients of the generators' side alone, against the discriminators as they are, and what these said before.

    Args:
        match: who plays.
        batch: the real rows of the discriminators' last update.
        draws: fresh ones.
        update: number of the generators' update.
        before: what the discriminators said last: their scores of real rows stand where the game's costs of the
            generators do not depend on them.
    """
    made = match.game.make(match.nets, batch, draws)
    outcomes: list[Outcome] = []
    ends: Ends = []
    views = match.game.views(batch, draws, made.outputs)
    for number, (view, said) in enumerate(zip(views, before, strict=True)):
        shown = cut(match, view, batch, update, f"generators {number}")
        if not shown.cuts:  # nothing that the generators made
            outcomes.append(replace(said, made=False))
            continue
        network = match.players[view.discriminator].worker
        real, fake = _for_generators(match, shown, network, said)
        beside = view.batch or batch
        known, rule = agreed(match, view, real, fake, beside, update, 0 if shown.moves(real=False) else None)
        held, slope = [fake], [rule.made]
        if shown.moves(real=True):
            held, slope = [real, fake], [_known(rule.given, real), rule.made]
        inputs = [copy for _, copy, _ in shown.cuts]
        cotangents = map(_known, gradients_of(held, inputs, _as(held, slope)), inputs)
        ends += [(tensor, cotangent) for (tensor, _, _), cotangent in zip(shown.cuts, cotangents, strict=True)]
        outcomes.append(replace(known, fake=said.fake))
    return summed(match, of_generators(match, made, ends, batch)), _with_direct(match, outcomes, made, batch)


def _with_direct(match: Match, outcomes: list[Outcome], made: Made, batch: Batch) -> list[Outcome]:
    """The outcomes with the direct cost of what was made, where there is one."""
    if made.direct is None:
        return outcomes
    direct = match.world.mean(made.direct.detach(), batch.share)
    return [replace(outcomes[0], direct=direct), *outcomes[1:]]


def agreed(
    match: Match, view: View, real: Tensor, fake: Tensor, batch: Batch, update: int, old: int | None
) -> tuple[Outcome, Slopes]:
    """What a discriminator said of all rows of a minibatch, and these rows' slopes of a view's costs: see `rule_of`."""
    world, total = match.world, batch.total
    whole, rows = _whole(batch), world.span(total)
    real, fake = world.rows(real.detach(), total), world.rows(fake.detach(), total)
    rule = rule_of(match, view, real, fake, whole, update, old)
    said = Outcome(view.discriminator, real, fake, whole, view.weight)
    return said, rule if world.size == 1 else rule.part(rows)


def _whole(batch: Batch) -> Batch:
    """What costs may know of all rows of a minibatch."""
    if batch.everyone is None:
        return batch
    return replace(batch.everyone, memory=batch.memory, averages=batch.averages)


def rule_of(match: Match, view: View, real: Tensor, fake: Tensor, batch: Batch, update: int, old: int | None) -> Slopes:
    """Slopes of a view's costs; `old` of its fakes are replayed ones, None where nobody learns from its fakes."""
    name, updates = view.discriminator, match.steps * match.generator_steps
    if old is None:
        return slopes(match.game, name, real, fake, batch).times(view.weight)
    rule = match.coordination.slopes(match.game, name, real, fake, batch, (update, updates), old)
    return rule.times(view.weight)


def _for_generators(match: Match, shown: Shown, network: nn.Module, said: Outcome) -> tuple[Tensor, Tensor]:
    """Scores of real and fake rows where only the generators move: no more is computed than their costs need."""
    fake = network(*shown.fake.values())
    if shown.moves(real=True):
        return network(*shown.real.values()), fake
    if getattr(match.game, "paired", True):  # their costs compare with the real rows: as they are seen now
        with torch.no_grad():
            return network(*shown.real.values()), fake
    return said.real, fake


def back(
    shown: Shown, held: Sequence[Tensor], rule: Slopes, weights: Sequence[Tensor]
) -> tuple[Gradients, list[Tensor]]:
    """A discriminator's gradients, and the cotangents of what the generators' side made of what it saw."""
    single = len(held) == 1 and rule.real.ndim == 1
    return (one_pass if single else two_passes)(shown, held, rule, weights)


def one_pass(
    shown: Shown, held: Sequence[Tensor], rule: Slopes, weights: Sequence[Tensor]
) -> tuple[Gradients, list[Tensor]]:
    (both,) = held
    real = _away_from_zero(rule.real) if shown.moves(real=True) else rule.real
    fake = _away_from_zero(rule.fake) if shown.moves(real=False) else rule.fake
    real, fake = _cast(real, both.dtype), _cast(fake, both.dtype)
    inputs = [copy for _, copy, _ in shown.cuts]
    found = gradients_of([both], [*inputs, *weights], [torch.cat([real, fake])])
    cotangents: list[Tensor] = []
    for (_, copy, is_real), gradient in zip(shown.cuts, found, strict=False):
        own, theirs = (real, _known(rule.given, real)) if is_real else (fake, rule.made)
        ratio = _cast(theirs / _cast(own, theirs.dtype), copy.dtype)
        cotangents.append(_known(gradient, copy) * ratio.view(-1, *[1] * (copy.ndim - 1)))
    return found[len(inputs) :], cotangents


def two_passes(
    shown: Shown, held: Sequence[Tensor], rule: Slopes, weights: Sequence[Tensor]
) -> tuple[Gradients, list[Tensor]]:
    inputs = [copy for _, copy, _ in shown.cuts]
    cotangents: Gradients = []
    if inputs:  # none where the generators' side does not move
        given = torch.zeros_like(rule.real) if rule.given is None else rule.given
        slope = _laid_out(held, given, rule.made)
        cotangents = torch.autograd.grad(held, inputs, slope, retain_graph=True, allow_unused=True)
    grads = gradients_of(held, weights, _laid_out(held, rule.real, rule.fake))
    return grads, [_known(found, copy) for found, copy in zip(cotangents, inputs, strict=True)]


def of_generators(match: Match, made: Made, ends: Ends, batch: Batch) -> dict[str, Gradients]:
    """Gradients of the generators' side, all its players at once, from the cotangents of what it made of a batch.

    Raises:
        RecipeError: the game's direct cost is no scalar.
    """
    players = match.side("generator")
    outputs, cotangents = [tensor for tensor, _ in ends], [cotangent for _, cotangent in ends]
    if made.direct is not None:
        if made.direct.ndim:  # rows would be added up, as many times the cost as there are rows
            raise RecipeError(f"the game's direct cost has shape {tuple(made.direct.shape)}", "return one scalar")
        outputs, cotangents = [*outputs, made.direct], [*cotangents, torch.full_like(made.direct, batch.share)]
    weights = [weight for player in players.values() for weight in player.parameters]
    found = iter(gradients_of(outputs, weights, cotangents))
    return {name: _take(found, len(player.parameters)) for name, player in players.items()}


def _take(found: Iterator[Tensor | None], count: int) -> Gradients:
    return [next(found) for _ in range(count)]


def _with_penalty(match: Match, shown: Shown, grads: Gradients, update: int, view: int, batch: Batch) -> Gradients:
    """A discriminator's gradients with those of the penalties that are due at its update."""
    found = penalty_gradients(match, shown, update, view, batch)
    return grads if found is None else added(grads, found)


def penalty_gradients(match: Match, shown: Shown, update: int, view: int, batch: Batch) -> Gradients | None:
    """Gradients of the penalties that are due at a discriminator's update; None where none is.

    Args:
        match, shown, update: whose, of what, and when.
        view: its number among those of the step.
        batch: where its rows stand among those of the step.
    """
    due = [each for each in match.penalties if each.due(update)]
    if not due:
        return None
    player = match.players[shown.discriminator]
    count = len(next(iter(shown.real.values())))
    rows = (batch.first, count, batch.total) if count == len(batch) else (0, count, count)
    drawn = StepNoise(match.seed, update, Stream.PENALTY, *rows, player.device)
    real, fake = ({name: tensor.detach() for name, tensor in side.items()} for side in (shown.real, shown.fake))
    judge = judging(match.game, player.worker)

    def noise(name: str, draw: Draw) -> Tensor:
        return drawn(f"{view} {name}", draw)

    costs = [each.penalty(judge, real, fake, noise) * (each.weight * each.every * shown.weight) for each in due]
    total = sum(costs[1:], start=costs[0])
    return gradients_of([total], player.parameters, [torch.full_like(total, batch.share)])


def _laid_out(held: Sequence[Tensor], real: Tensor, fake: Tensor) -> list[Tensor]:
    """Slopes of real and fake rows as the graph holds their scores: in one tensor or in two."""
    return _as(held, [torch.cat([real, fake])] if len(held) == 1 else [real, fake])


def _as(held: Sequence[Tensor], slope: Sequence[Tensor]) -> list[Tensor]:
    return [_cast(each, tensor.dtype) for each, tensor in zip(slope, held, strict=True)]


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """`tensor.to(dtype)`, which takes its time where there is nothing to do."""
    return tensor if tensor.dtype == dtype else tensor.to(dtype)


def _known(slope: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if slope is None else slope


def _away_from_zero(slope: Tensor) -> Tensor:
    least = _SMALLEST_SLOPE / slope.shape[0]
    return torch.copysign(slope.abs().clamp_min(least), slope)
