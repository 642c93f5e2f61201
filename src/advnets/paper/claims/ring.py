"""The game in the plane that most claims are tried on: eight Gaussians, Algorithm 1 as printed, and how it goes."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.config.games import PenaltiesConfig, PenaltyConfig
from advnets.config.load import load_recipe, to_dict
from advnets.config.players import AdamConfig, OptimizerConfig, SGDConfig
from advnets.config.recipe import Recipe
from advnets.data.points import PointTable, mixture
from advnets.data.toys import ring_modes
from advnets.measures.modes import modes_of_points
from advnets.measures.sliced_wasserstein import sliced_wasserstein
from advnets.paper.claims.intervals import Interval, column, geometric, seeds
from advnets.paper.workspace import Workspace
from advnets.training.batches import Data
from advnets.training.trainer import Trainer

Points = npt.NDArray[Any]
Lines = list[dict[str, Any]]

DEVIATION = 0.1
STEPS, _QUICK_STEPS = 2000, 20
LOOKS, _QUICK_LOOKS = 20, 2
AWAY = 6.0
"""A game with no point so near the origin, three radii of the ring, is lost."""
_COVERED = 0.1  # of its even share: a mode is there
MEASURED: dict[str, Any] = {
    "points": 2000, "directions": 32, "covered": _COVERED, "away": AWAY, "deviation": DEVIATION,
}  # fmt: skip
"""How quality is measured: kept figures of other settings are computed anew."""
_LOST = dict.fromkeys(("distance", "near", "modes"))  # a lost game has none: it is counted, and left out of means
AS_PRINTED = "k1"
"""What the game without changes is called where its histories are kept."""
ADAM = AdamConfig(rate=1e-3, betas=(0.5, 0.99))
THE_GAME = (
    "the ring: eight Gaussians with a standard deviation of .1 on a circle of radius 2; G and D have two hidden layers"
    " of 128 rectifiers, z is Gaussian in the plane; minibatches of 128; no penalty, no average, a constant rate"
)


@functools.lru_cache(maxsize=1)
def ring() -> PointTable:
    """Eight Gaussians that are wide enough for a game of seconds: the ring recipe's own have a deviation of .02."""
    rng = np.random.default_rng([2014, 8])
    modes = ring_modes()
    labels = rng.integers(len(modes), size=50_000)
    points = (modes[labels] + rng.normal(scale=DEVIATION, size=(50_000, 2))).astype(np.float32)
    return mixture("wide ring", points, labels, modes, DEVIATION)


@functools.lru_cache(maxsize=1)
def _even_points() -> Points:
    """Other points of the ring, as many of each mode: what chance puts into the modes would hide small distances."""
    rng, modes = np.random.default_rng([2015, 8]), ring_modes()
    points = np.repeat(modes, MEASURED["points"] // len(modes), 0)
    return (points + rng.normal(scale=DEVIATION, size=points.shape)).astype(np.float32)


def floor() -> Interval:
    """The distance of as many points of the data themselves: no game can be told to be nearer."""
    rng, modes, count = np.random.default_rng([2016, 8]), ring_modes(), MEASURED["points"]
    draws = [
        modes[rng.integers(len(modes), size=count)] + rng.normal(scale=DEVIATION, size=(count, 2)) for _ in range(9)
    ]
    return geometric([quality(each)["distance"] for each in draws])


def recipe(**changes: Any) -> Recipe:
    """Algorithm 1 as printed, k = 1, on the ring; with changes."""
    printed = {"latent": 2, "penalties": PenaltiesConfig(), "schedule": "alternating", **moving(ADAM, ADAM)}
    plain = {"name": "ring", "data": "ring", "steps": 10_000, "sample_every": 1000}
    return load_recipe("vectors").replace(**{**plain, **printed, **changes})


def momentum(rate: float) -> SGDConfig:
    """As the authors' models have it at first: .5."""
    return SGDConfig(rate=rate, momentum=0.5, final_momentum=0.5)


def moving(generator: OptimizerConfig, discriminator: OptimizerConfig) -> dict[str, Any]:
    """Changes to a recipe: how its players move."""
    return {"generator.optimizer": generator, "discriminator.optimizer": discriminator}


def r1(weight: float) -> PenaltiesConfig:
    """A penalty on D's slope at the data, at every fourth of its updates, and no other."""
    return PenaltiesConfig(r1=PenaltyConfig(weight, 4))


def data_of(points: Points) -> Data:
    """All of them, to train on."""
    return Data(points, np.arange(len(points)))


def games(workspace: Workspace, name: str, longer: int = 1, **changes: Any) -> list[Lines]:
    """The histories of a game on the ring, one a seed: of `STEPS` steps of G, twenty where quick. Kept.

    Args:
        workspace: where they are kept.
        name: of the setting; part of a file name.
        longer: times as many steps.
        changes: to the recipe.
    """
    steps = longer * (_QUICK_STEPS if workspace.quick else STEPS)
    found: list[Lines] = []
    for seed in seeds(workspace):
        game = recipe(steps=steps, seed=seed, **changes)
        train = functools.partial(_train, game, looks_of(workspace))
        found.append(workspace.keep(f"ring-{name}-{seed}", train, [to_dict(game), MEASURED]))
    return found


def looks_of(workspace: Workspace) -> int:
    """How many looks a history has."""
    return _QUICK_LOOKS if workspace.quick else LOOKS


def _train(game: Recipe, count: int) -> Lines:
    data = data_of(ring().values)
    Trainer(game, data).advance()  # what a process loads with its first step is not the game's time
    return list(looks(Trainer(game, data), game.steps // count))


def looks(trainer: Trainer, every: int) -> Iterator[dict[str, Any]]:
    """Train to the end of the recipe; a line at the beginning and after every so many steps.

    Args:
        trainer: of a game on the ring.
        every: steps of G between two looks. A game that is not finite any more is not played on.

    Yields:
        step, updates (of D), seconds (the processor's, training alone), distance (sliced Wasserstein to other points),
        near (share of points within three standard deviations of a mode), modes (those with a tenth of their even share
        near), finite. Of a lost game, see `quality`, distance, near and modes are None.
    """
    k, steps = trainer.recipe.discriminator_steps, trainer.recipe.steps
    seconds, begin, alive = 0.0, time.process_time(), True
    for step in range(steps + 1):
        if step % every == 0:
            seconds += time.process_time() - begin
            line = {"step": step, "updates": step * k, "seconds": seconds}
            yield line | (found := quality(trainer.raw_sampler.draw(MEASURED["points"], 1)))
            alive = found["finite"]
            begin = time.process_time()
        if alive and step < steps:
            trainer.advance()


def quality(points: npt.NDArray[Any]) -> dict[str, Any]:
    """Of points beside the ring's: see `looks`. A game is lost that is not finite, or has all points far away."""
    finite = bool(np.isfinite(points).all())
    if not finite or (np.linalg.norm(points, axis=1) > AWAY).all():
        return {**_LOST, "finite": finite}
    modes = ring_modes()
    found = modes_of_points(points, modes, DEVIATION)
    near = float(found.details["high_quality"])
    shares = np.array(found.details["histogram"]) * near
    distance = sliced_wasserstein(points, _even_points(), projections=MEASURED["directions"]).value
    there = int((shares >= _COVERED / len(modes)).sum())
    return {"distance": distance, "near": near, "modes": there, "finite": True}


def at_the_end(histories: Sequence[Lines], key: str) -> list[float]:
    """Each seed's mean over the last quarter of its looks: a game goes round, and a single look is chance.

    Of a game that is lost in one of them, nan.
    """
    return [float(column([history[-max(1, len(history) // 4) :]], key).mean()) for history in histories]
