"""The 1-D game: two small networks, Algorithm 1 on freshly drawn data, and a look at both players at any moment."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from advnets import theory
from advnets.config.players import AdamConfig
from advnets.games import priors
from advnets.games.adversarial import AdversarialGame, D, G
from advnets.games.game import Batch
from advnets.games.objectives import objective
from advnets.games.penalties import Scheduled, penalty
from advnets.paper.fig1.density import Grid, branches, cumulative_of
from advnets.paper.fig1.distributions import Distribution
from advnets.randomness import StepNoise, Stream, generator_for, seed_for
from advnets.theory.divergences import Values
from advnets.training.gradients import Match, Outcome, generators_side
from advnets.training.player import Player
from advnets.training.schedules import alternating

PRIOR_EDGE = math.sqrt(3)
"""z is uniform on [-sqrt 3, sqrt 3], as in the authors' code."""

ARROWS = np.linspace(-PRIOR_EDGE, PRIOR_EDGE, 17)
"""The places of z that the pictures draw arrows from."""

_STRETCH = 0.995
_CELLS, _FILM_CELLS = 1600, 400
_MARGIN, _SHOWN_MARGIN = 5.0, 1.6  # of the line beyond the support: what is computed, and what is drawn
_EVERY = 5  # iterations between looks for panel (a)
_Z_POINTS = 8193
_CHUNKS = 8  # in which D's turn alone is filmed
_BETAS = (0.0, 0.95)  # Adam's


@dataclass(frozen=True)
class Settings:
    """How the game is played.

    Args:
        steps: iterations of Algorithm 1, each one update of D and one of G.
        batch: examples and noise samples of a minibatch.
        rate_d, rate_g: learning rates of Adam; constant over `steady` of the game, then falling to 0 by a cosine.
        steady: that share.
        smooth: weight of the penalty on D's slope at real x (R1), which keeps D from hurrying after single minibatches.
        units: of each of the two hidden layers.
        near: panel (a) is the first moment at which JSD is below this, in nats.
        alone: updates of D while G waits, between panels (a) and (b).
        guided: updates of G in the one iteration between panels (b) and (c).
        film: frames of the animation, about.
    """

    steps: int = 4000
    batch: int = 512
    rate_d: float = 1e-2
    rate_g: float = 1e-3
    steady: float = 0.3
    smooth: float = 0.1
    units: int = 32
    near: float = 0.12
    alone: int = 400
    guided: int = 24
    film: int = 90


class Bend(nn.Module):
    """A line and a perceptron with two hidden layers of tanh, added: from one number to one number.

    Args:
        units: of each hidden layer.
        reach: the first layer's units bend at places spread evenly over [-reach, reach] ...
        steepness: ... with slopes of up to this.
        height: scale of the last layer's weights.
        line: where the line begins: its level at 0 and its slope.
        rng: draws the weights.
    """

    def __init__(
        self,
        units: int,
        reach: float,
        steepness: float,
        height: float,
        line: tuple[float, float],
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        first, second, last = nn.Linear(1, units), nn.Linear(units, units), nn.Linear(units, 1)
        with torch.no_grad():
            first.weight.uniform_(-steepness, steepness, generator=rng)
            places = torch.empty(units).uniform_(-reach, reach, generator=rng)
            first.bias.copy_(-first.weight[:, 0] * places)
            second.weight.uniform_(-math.sqrt(3 / units), math.sqrt(3 / units), generator=rng)
            second.bias.uniform_(-math.sqrt(1 / units), math.sqrt(1 / units), generator=rng)
            last.weight.uniform_(-height * math.sqrt(3 / units), height * math.sqrt(3 / units), generator=rng)
            last.bias.fill_(line[0])
        self.layers = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), last)
        self.slope = nn.Parameter(torch.tensor(line[1]))

    def forward(self, x_N1: Tensor) -> Tensor:
        return self.slope * x_N1 + self.layers(x_N1)


class Stretch(nn.Module):
    """z to atanh(.995 z / sqrt 3): evenly drawn noise becomes a bell, whose ends G need not learn to pull out."""

    def forward(self, z_N1: Tensor) -> Tensor:
        return torch.atanh(z_N1 * (_STRETCH / PRIOR_EDGE))


class Opinion(nn.Module):
    """A discriminator of points on the line: N x 1 to logits (N,)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x_N1: Tensor) -> Tensor:
        return self.network(x_N1).flatten()


def begin(data: Distribution, settings: Settings, seed: int) -> Match:
    """Both players before their first move: G makes a bell to the right of the data, D knows nothing."""
    rng = generator_for(seed, 0, Stream.INITIAL_WEIGHTS)
    generator = nn.Sequential(Stretch(), Bend(settings.units, 3.0, 2.0, 0.1, (2.0, 0.95), rng))
    discriminator = Opinion(Bend(settings.units, 3.0, 4.0, 0.1, (0.0, 0.0), rng))
    players = {
        G: Player(generator, _adam(settings.rate_g, settings.steady), torch.float32, "generator"),
        D: Player(discriminator, _adam(settings.rate_d, settings.steady), torch.float32, "discriminator"),
    }
    penalties = (Scheduled(penalty("r1"), settings.smooth),) if settings.smooth else ()
    game = AdversarialGame(objective("non-saturating"), "uniform", 1)
    real = _batches(data, settings, seed)
    return Match(game, players, real, seed, settings.steps, frozenset({D}), penalties)


@dataclass(frozen=True)
class View:
    """What a game is looked at with: the data's density on a grid.

    Args:
        data: the distribution.
        grid: cells of the line.
    """

    data: Distribution
    grid: Grid

    @property
    def p_data(self) -> Values:
        """The data's mean density in each cell."""
        return self.grid.density(self.data.cumulative)

    @property
    def support(self) -> npt.NDArray[np.bool_]:
        """The cells where the data are, but for a hundredth of their mass."""
        low, high = self.data.support
        return (self.grid.centers >= low) & (self.grid.centers <= high)

    @property
    def shown(self) -> npt.NDArray[np.bool_]:
        """The cells that are drawn: the support and a little beyond it."""
        low, high = self.data.support
        return (self.grid.centers >= low - _SHOWN_MARGIN) & (self.grid.centers <= high + _SHOWN_MARGIN)


def view_of(data: Distribution, cells: int = _CELLS) -> View:
    """The line around the support of `data`, in so many cells."""
    low, high = data.support
    return View(data, Grid(low - _MARGIN, high + _MARGIN, cells))


def camera_of(data: Distribution) -> View:
    """The same line as the film has it: in fewer cells."""
    return view_of(data, _FILM_CELLS)


def looked_at_with(data: Distribution) -> list[float]:
    """The numbers besides `Settings` that `train` depends on: those of this module, and the data's."""
    density = camera_of(data).p_data
    fixed = (_STRETCH, _CELLS, _FILM_CELLS, _MARGIN, _SHOWN_MARGIN, _EVERY, _Z_POINTS, _CHUNKS, *_BETAS, *ARROWS)
    return [round(float(each), 6) for each in (*fixed, *data.support, density.max(), np.square(density).sum())]


def look(match: Match, view: View, step: int, doing: str) -> dict[str, Any]:
    """Both players after `step` iterations, as plain values.

    Returns:
        `step`; `doing`, what happens; `opinion`, D at the centers of the cells shown; `p_g`, its exact density there;
        `mapped`, G at `ARROWS`; `jsd` and `criterion`, C(G), in nats; `branches` of G, 1 where it is monotone; over the
        support the largest |D - 1/2|, `unsure`, |D* - 1/2|, `unequal`, and |D - D*|, `from_best`; and `typical`, the
        mean |D - D*| over what D is shown, real and fake points alike.
    """
    makes, scores = (copy.deepcopy(match.players[name].network).double() for name in (G, D))
    x = _values(makes, np.linspace(-PRIOR_EDGE, PRIOR_EDGE, _Z_POINTS))
    opinion = 1 / (1 + np.exp(-_values(scores, view.grid.centers)))
    p_data, p_g = view.p_data, view.grid.density(cumulative_of(x))
    best = theory.optimal_discriminator(p_data, p_g)
    seen = view.support
    return {
        "step": step,
        "doing": doing,
        "opinion": _short(opinion[view.shown]),
        "p_g": _short(p_g[view.shown]),
        "mapped": _short(_values(makes, ARROWS)),
        "jsd": theory.jensen_shannon_divergence(p_data, p_g, view.grid.spacing),
        "criterion": theory.criterion(p_data, p_g, view.grid.spacing),
        "branches": len(branches(x)),
        "unsure": float(np.abs(opinion - 0.5)[seen].max()),
        "unequal": float(np.abs(best - 0.5)[seen].max()),
        "from_best": float(np.abs(opinion - best)[seen].max()),
        "typical": float(np.nansum(np.abs(opinion - best) * (p_data + p_g)) * view.grid.spacing / 2),
    }


def train(data: Distribution, settings: Settings, seed: int, samples: int) -> dict[str, Any]:
    """Train both once, with the moments of the paper's four panels.

    Panel (a) is the first moment, looked for every 5 iterations, at which the divergence is below `settings.near`. In
    the iteration that comes there Algorithm 1's k is `settings.alone` instead of 1, so that D comes close to D* while
    G waits: panel (b). Then G moves `settings.guided` times against that D: panel (c). All other iterations have k = 1
    and one move of G. Panel (d) is the end.

    Args:
        data: what G learns.
        settings: how.
        seed: of all that is drawn.
        samples: how many points G makes at the end, for a histogram to hold against the exact density.

    Returns:
        `moments`: what `look` tells at each panel's moment, by its letter (without a, b and c where G never came near);
        `film`: the same on fewer cells for each frame; `counts`: G's samples in each cell that the film shows;
        `samples`, how many there are in all.
    """
    match, view, camera = begin(data, settings, seed), view_of(data), camera_of(data)
    moments: dict[str, Any] = {}
    film: list[dict[str, Any]] = []
    shots = _shots(settings)
    for step in range(settings.steps):
        if step in shots:
            film.append(look(match, camera, step, "both learn"))
        if not moments and step % _EVERY == 0 and look(match, camera, step, "")["jsd"] < settings.near:
            moments = dict(_turn(match, view, camera, step, settings, data, film))
        alternating(match, step)
    moments["d"] = look(match, view, settings.steps, "the end")
    film.append(look(match, camera, settings.steps, "the end"))
    return {"moments": moments, "film": film, "counts": _counts(match, camera, seed, samples), "samples": samples}


def _turn(
    match: Match,
    view: View,
    camera: View,
    step: int,
    settings: Settings,
    data: Distribution,
    film: list[dict[str, Any]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Panels (a), (b), (c): D learns alone and without the penalty, whose optimum is not D*; then G follows it.

    Each of the two turns is a game of its own in numbering, so that the rate falls to 0 over it and D settles.
    """
    own = seed_for(match.seed, step, Stream.LAYERS)  # or the turns would draw what later iterations draw
    apart = replace(match, seed=own, batches=_batches(data, settings, own), steps=1)
    yield "a", look(match, view, step, "near convergence")
    alone = replace(
        apart, penalties=(), steps=_CHUNKS, discriminator_steps=settings.alone // _CHUNKS, generator_steps=0
    )
    for chunk in range(_CHUNKS):
        alternating(alone, chunk)
        film.append(look(match, camera, step, "D learns, G waits"))
    yield "b", look(match, view, step, "D is near its best")
    _follow(apart, settings.guided)
    film.append(look(match, camera, step, "G has followed D"))
    yield "c", look(match, view, step, "G has followed D")


def _follow(match: Match, updates: int) -> None:
    """G moves so often against D as it is."""
    for update in range(updates):
        batch = match.batches(update)
        noise = StepNoise(match.seed, update, Stream.GENERATOR_NOISE, 0, len(batch), len(batch), batch.image.device)
        said = match.players[D].worker(batch.image).detach()
        before = [Outcome(D, said, said, batch)]  # G's cost looks at fakes alone
        gradients, _ = generators_side(match, batch, match.game.draw(batch, noise), update, before)
        match.players[G].move(gradients[G], update, updates)


def _shots(settings: Settings) -> set[int]:
    """Iterations that are filmed: close together at the start, where much happens."""
    return {round(settings.steps * (place / settings.film) ** 2) for place in range(settings.film)}


def _batches(data: Distribution, settings: Settings, seed: int) -> Callable[[int], Batch]:
    rows = torch.arange(settings.batch)
    return lambda update: Batch(rows, data.draw(settings.batch, generator_for(seed, update, Stream.DATA_ORDER)))


def _adam(rate: float, steady: float) -> AdamConfig:
    return AdamConfig(rate=rate, betas=_BETAS, schedule="cosine", decay_from=steady)


@torch.no_grad()
def _counts(match: Match, view: View, seed: int, samples: int) -> list[int]:
    """How many of so many samples of G fall into each cell that is shown."""
    z = priors.draw("uniform", samples, 1, generator_for(seed, 0, Stream.SAMPLES))
    x = match.players[G].network(z).flatten().double().numpy()
    return np.histogram(x, view.grid.edges)[0][view.shown].tolist()


@torch.no_grad()
def _values(network: Callable[[Tensor], Tensor], at: Values) -> Values:
    return network(torch.from_numpy(at)[:, None]).flatten().numpy()


def _short(values: Sequence[float] | Values) -> list[float]:
    """Six digits of each: a film has many."""
    return [float(f"{value:.6g}") for value in values]
