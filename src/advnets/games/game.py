"""The protocol that every adversarial game keeps, and the plain values it is played with.

A game says who plays (`seats`), what is drawn (`draw`), what the generators' side makes of it (`make`), what each
discriminator is shown (`views`) and what its scores cost either side (`costs`). It knows no optimizer, no gradient and
no process count: `advnets.training.gradients` plays any game with one backward pass through each discriminator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from advnets.networks.conditioning import Input

Nets = Mapping[str, nn.Module]
"""The players' networks by name, as the step computes with them."""
Inputs = Mapping[str, Tensor]
"""What a network takes or a view shows, by name (image, condition, code, mask): rows first."""
Draw = Callable[[int, torch.Generator], Tensor]
"""(rows, random generator) -> a tensor of so many rows on the random generator's device."""


class RowNoise(Protocol):
    """Random numbers of a step by global row: a process that has some of the rows gets theirs."""

    def __call__(self, name: str, draw: Draw) -> Tensor:
        """This process's rows of what `draw` makes for the whole batch; the same `name` gives the same numbers."""
        ...


@dataclass(frozen=True)
class DataSpec:
    """What a game has to know of the data before it sees a batch.

    Args:
        shape: of one example: C x H x W, or (D,) for points.
        classes: names of the labels; empty where there are none.
        counts: training examples of each class, in the order of `classes`.
        vector: length of the vectors of conditions; 0 where there are none.
        unknown: training examples whose class, or vector, is not known.
        source: shape of the images that are translated into those of the data; () where there are none.
        alike: whether no two training examples have different vectors.
    """

    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    vector: int = 0
    unknown: int = 0
    source: tuple[int, ...] = ()
    alike: bool = False


@dataclass(frozen=True)
class Labels:
    """What a game uses of the data's labels, where it does not want them beside every row: its attribute `labels`.

    Args:
        rows: with labels in each batch, beside its own (`Batch.known`), from a stream that runs through them alone.
        count: how many labels are used in all, of every class as many; None for all that the data have.
        seed: which ones.
    """

    rows: int
    count: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Columns:
    """What the numbers of vectors are like over the training rows that have some, float32 (V,) on the device.

    Args:
        mean, deviation: of each; a constant one has deviation 1.
        two: whether it has two values alone, as an attribute that is there or not: bool.
    """

    mean: Tensor
    deviation: Tensor
    two: Tensor

    def standard(self, vectors: Tensor) -> Tensor:
        """Vectors, N x V, in standard deviations from the mean; the greater of two values lies above 0."""
        mean, deviation = self.mean.to(vectors.device), self.deviation.to(vectors.device)
        return ((vectors - mean) / deviation).to(vectors.dtype)


@dataclass(frozen=True)
class Batch:
    """Real rows of a step, on the device.

    Args:
        rows: their numbers in the table, int64 (N,), on the CPU.
        image: N x shape, in the generators' value range and the compute dtype.
        label: int64 (N,), -1 where it is unknown; None where the data have no classes.
        target: N x V, vectors of conditions, NaN where they are unknown; None where the data have none.
        mask: N x 1 x H x W, what is observed; None where no game asks for it.
        source: N x C x H x W, images that are translated into `image`, or into its like; None where there are none.
        first: the global place of the first of these rows in the step's batch.
        whole: rows of the step's batch; 0 where these are all, or `everyone` has them.
        memory: what the game remembers of the steps before; empty for one that remembers nothing (see `begun`).
        known: rows with labels from a stream of their own, where the game asks for them (`Labels`); at most as many.
        classes: how many classes the labels number; 0 where there are none.
        asked: conditions of fakes beside these rows where some rows of the data have none: their own where they have
            one, else those of other training rows, drawn; None where all have one.
        columns: what the numbers of the vectors are like; None without vectors.
        averages: the averaged networks of players that have one (`Seat.averaged`), as they are before the step: in
            float32, without dropout and without a gradient.
        previous: `asked`, or the condition, of the row before the first of these, 1 x its shape, where they are a part
            of the step's batch; None where they are all of it.
        everyone: all rows of the step's batch, of which costs may know conditions and no image, where other processes
            have some of them; None else.
        guess: N x K, probabilities of classes that a game itself gave rows without labels (`View.batch`); None else.
    """

    rows: Tensor
    image: Tensor
    label: Tensor | None = None
    target: Tensor | None = None
    mask: Tensor | None = None
    source: Tensor | None = None
    first: int = 0
    whole: int = 0
    memory: Inputs = field(default_factory=dict[str, Tensor])
    known: Batch | None = None
    classes: int = 0
    asked: Tensor | None = None
    columns: Columns | None = None
    averages: Nets = field(default_factory=dict[str, nn.Module])
    guess: Tensor | None = None
    previous: Tensor | None = None
    everyone: Batch | None = None

    @property
    def total(self) -> int:
        """Rows of the step's batch in all processes."""
        return self.whole or (self.image.shape[0] if self.everyone is None else len(self.everyone))

    @property
    def share(self) -> float:
        """These rows' share of the step's batch."""
        return self.image.shape[0] / self.total

    @property
    def condition(self) -> Tensor | None:
        """What a conditional game is given of these rows: their classes, or their vectors."""
        return self.label if self.target is None else self.target

    @property
    def labelled(self) -> Tensor:
        """Which rows have a label, bool (N,)."""
        return torch.zeros(len(self.image), dtype=torch.bool) if self.label is None else self.label >= 0

    def by_row(self) -> dict[str, Tensor]:
        """All that has a row for each, by name."""
        named = {"rows": self.rows, "image": self.image, "label": self.label, "target": self.target}
        found = {**named, "mask": self.mask, "source": self.source, "asked": self.asked}
        return {name: each for name, each in found.items() if each is not None}

    def part(self, rows: slice) -> Batch:
        """Some of the rows, and the same ones of `known`."""
        known = None if self.known is None else self.known.part(rows)
        wanted, first = self.condition if self.asked is None else self.asked, rows.indices(len(self))[0]
        previous = None if wanted is None else wanted[first - 1 : first] if first else self.previous
        if previous is None and wanted is not None:
            previous = wanted[-1:]
        return replace(
            self, known=known, previous=previous, **{name: each[rows] for name, each in self.by_row().items()}
        )

    def __len__(self) -> int:
        return self.image.shape[0]


@dataclass(frozen=True)
class Seat:
    """One player, as the game needs it.

    Args:
        side: an encoder sits on the generators' side.
        takes: its network's inputs, in the order of `forward`'s arguments.
        gives: shape of a row of its output; () for one score a row.
        averaged: whether an average of its weights is kept, which is what is sampled, or predicts.
        features: of a discriminator with several scores: it gives its last hidden layer behind them, N x (K + F).
    """

    side: Literal["generator", "discriminator"]
    takes: Mapping[str, Input]
    gives: tuple[int, ...] = ()
    averaged: bool = False
    features: bool = False


@dataclass(frozen=True)
class Made:
    """What the generators' side made of a batch and its draws.

    Args:
        outputs: what discriminators may be shown, by name.
        direct: a scalar cost that needs no discriminator (L1, cycle, regression of a code), or None.
    """

    outputs: Mapping[str, Tensor]
    direct: Tensor | None = None


@dataclass(frozen=True)
class View:
    """One pass of one discriminator: real rows and fake rows of the same inputs.

    Args:
        discriminator: its name among the players.
        real: inputs of the real rows, in the order of `Seat.takes`.
        fake: the same inputs of the fake rows.
        weight: times this, its costs and penalties count for either side.
        batch: what costs and figures of the view are given where that is not the step's batch as it is.
    """

    discriminator: str
    real: Inputs
    fake: Inputs
    weight: float = 1.0
    batch: Batch | None = None

    @property
    def has_made(self) -> bool:
        """Whether the generators' side made something of the fake rows; known where gradients are recorded."""
        return any(each.requires_grad for each in self.fake.values())


@dataclass(frozen=True)
class Costs:
    """What a view's scores cost: two scalars, functions of the scores alone."""

    discriminator: Tensor
    generators: Tensor


@dataclass(frozen=True)
class Slopes:
    """Derivatives of a view's costs with respect to its scores, detached, float32 or wider.

    Args:
        real, fake: of the discriminator's cost.
        made: of the generators' cost, fake rows.
        given: of the generators' cost, real rows; None where what the generators' side made is in no real row.
    """

    real: Tensor
    fake: Tensor
    made: Tensor
    given: Tensor | None = None

    def times(self, weight: float) -> Slopes:
        """The same of costs that count for so much."""
        if weight == 1:
            return self
        given = None if self.given is None else self.given * weight
        return Slopes(self.real * weight, self.fake * weight, self.made * weight, given)

    def part(self, rows: slice) -> Slopes:
        """Those of some rows."""
        return Slopes(
            self.real[rows], self.fake[rows], self.made[rows], None if self.given is None else self.given[rows]
        )


class Game(Protocol):
    """Any adversarial game; an instance is immutable and holds no network."""

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """Who plays on these data, in the order in which first weights are drawn.

        Raises:
            RecipeError: the game cannot be played on them.
        """
        ...

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """What is random in a step (z, classes, masks), float32 where it is not whole numbers."""
        ...

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """What the generators' side makes."""
        ...

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """What each discriminator is shown, given the batch and `Made.outputs`; the tensors themselves, not copies."""
        ...

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """What a discriminator's scores of real rows (m,) and fake rows (n,) cost either side."""
        ...

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """What `count` samples are made from that nobody asked for otherwise: latents, float32, on the CPU."""
        ...

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """Samples, N x shape, each a function of its own row of `inputs`: of `wish`, and perhaps of a condition."""
        ...


def sampled(seats: Mapping[str, Seat]) -> str:
    """The player whose output is what the game makes: the first of G's side whose weights are averaged."""
    return next(name for name, seat in seats.items() if seat.averaged and seat.side == "generator")


def begun(game: Game, data: DataSpec) -> dict[str, Tensor]:
    """What a training of the game begins to remember, by name; nothing where the game has no method `memory`.

    A game is immutable: what it adapts from step to step, as BEGAN its k, is handed to it in `Batch.memory`, and
    `game.remember(discriminator, real, fake, batch)` gives what it is after a step, a view at a time, of the same names
    and shapes. The engine keeps it in checkpoints, and logs what is a scalar.
    """
    own = getattr(game, "memory", None)
    return {} if own is None else dict(own(data))


def remembered(game: Game, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Inputs:
    """What a game remembers after a step in which a discriminator gave these scores; it has to have a `remember`."""
    return getattr(game, "remember")(discriminator, real, fake, batch)  # noqa: B009  # the protocol does not ask for it


def translates(seats: Mapping[str, Seat]) -> bool:
    """Whether what the game makes is made of images, which are sources to it."""
    return "source" in seats[sampled(seats)].takes


def source_of(game: Game, batch: Batch) -> Tensor:
    """The sources of a batch's images, N x C x H x W: what samples are made of in a game that translates."""
    own: Callable[[Batch], Tensor] = game.source_of  # type: ignore[attr-defined]  # only such games have it
    return own(batch)


def blanks(seats: Mapping[str, Seat], wished: Inputs, count: int) -> Inputs:
    """What the sampled player takes besides what was wished for and a condition, blank: an image with nothing observed.

    Returns:
        Zeros by name, `count` rows that are one in memory.
    """
    takes = {name: each for name, each in seats[sampled(seats)].takes.items() if name not in (*wished, "condition")}
    return {name: each.blank(1).expand(count, *each.shape) for name, each in takes.items()}


_ALWAYS = ("cost_d", "cost_g", "d_real", "d_fake")


def figures(game: Game, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> dict[str, float]:
    """What the log says of a discriminator's scores: both costs, mean scores, and what the game says besides.

    That is `game.figures(real, fake)` and, of scores that mean something only beside their batch,
    `game.batch_figures(real, fake, batch)`.
    """
    own, of_batch = getattr(game, "figures", None), getattr(game, "batch_figures", None)
    found: dict[str, float] = {} if own is None else own(real, fake)
    if of_batch is not None:
        found = found | of_batch(real, fake, batch)
    if found.keys() >= set(_ALWAYS):
        return found
    costs = game.costs(discriminator, real.float(), fake.float(), batch)
    values = [costs.discriminator, costs.generators, real.float().mean(), fake.float().mean()]
    return dict(zip(_ALWAYS, torch.stack(values).tolist(), strict=True)) | found


def slopes(game: Game, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
    """The game's own closed form, `game.slopes`, or the derivatives of its `costs` by autograd.

    Args:
        game: whose costs.
        discriminator: whose scores.
        real, fake: its scores.
        batch: what it saw.
    """
    closed_form = getattr(game, "slopes", None)
    if closed_form is not None:
        return closed_form(discriminator, real, fake, batch)
    return derived_slopes(game, discriminator, real, fake, batch)


def derived_slopes(game: Game, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Slopes:
    """`slopes` by autograd, whatever closed form the game has."""
    with torch.enable_grad():
        real, fake = (at_least_float32(scores.detach()).requires_grad_() for scores in (real, fake))
        costs = game.costs(discriminator, real, fake, batch)
        mine = _derivatives(costs.discriminator, [real, fake])
        theirs = _derivatives(costs.generators, [real, fake])
    return Slopes(mine[0], mine[1], made=theirs[1], given=theirs[0])


def _derivatives(cost: Tensor, scores: list[Tensor]) -> list[Tensor]:
    """Zeros where the scores do not enter the cost."""
    if not cost.requires_grad:
        return [torch.zeros_like(each) for each in scores]
    return list(torch.autograd.grad(cost, scores, retain_graph=True, allow_unused=True, materialize_grads=True))


def at_least_float32(scores: Tensor) -> Tensor:
    """`scores`, or their float32 where they are of half precision."""
    return scores.float() if scores.dtype in (torch.bfloat16, torch.float16) else scores


class Logit(nn.Module):
    """A discriminator of several scores a row, as one of the score that says real or fake: what penalties are of."""

    def __init__(self, network: nn.Module, logit: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.logit = network, logit

    def forward(self, *inputs: Tensor) -> Tensor:
        """The network's inputs to scores, (N,)."""
        return self.logit(self.network(*inputs))


def judging(game: Game, network: nn.Module) -> nn.Module:
    """A discriminator's network as one of a number a row, where the game says by `logit` which number that is.

    Args:
        game: perhaps with a method `logit`, N x K scores to (N,); where it has none the network is as it is.
        network: the discriminator.
    """
    logit = getattr(game, "logit", None)
    return network if logit is None else Logit(network, logit)


def score(network: nn.Module, inputs: Inputs) -> Tensor:
    """A network's output for named inputs, handed over in their order: scores (N,) or (N, K) of a discriminator."""
    return network(*inputs.values())
