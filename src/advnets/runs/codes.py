"""The codes of an InfoGAN run: what they look like, how much of them images tell, and what they are in real images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data import Table
from advnets.errors import RunError
from advnets.games.infogan import InfoGAN, Q, information
from advnets.measures.clustering import clustering
from advnets.measures.measurement import Measurement
from advnets.runs.run import Run
from advnets.runs.sampling import Samples

_AT_A_TIME = 250


def game_of(run: Run) -> InfoGAN:
    """The game of a run, if it has codes.

    Raises:
        RunError: it has none.
    """
    if not isinstance(run.game, InfoGAN):
        raise RunError(f"{run.path} was trained without codes", "train the recipe infogan, or --game.kind infogan")
    return run.game


def continuous_codes(run: Run) -> int:
    """How many continuous codes a run has; 0 of a game without codes."""
    return run.game.continuous if isinstance(run.game, InfoGAN) else 0


def varied(run: Run, code: int = 1, columns: int = 10, reach: float = 1.0, seed: int = 0) -> Samples:
    """A row of samples a category, along which one continuous code moves; z and the other codes stay: K x columns x ...

    Args:
        run: whose.
        code: which continuous code, from 1; 0 for none: then every column has a z of its own.
        columns: samples a row.
        reach: the code goes from -reach to reach; 1 is as far as it went in training.
        seed: of z and the other codes.

    Raises:
        RunError: the run has no codes, or no such code, or a reach beside code 0.
    """
    game = game_of(run)
    if not 0 <= code <= game.continuous:
        raise RunError(
            f"{run.path} has no continuous code {code}", f"choose from 1 to {game.continuous}, or 0 for none"
        )
    if code == 0 and reach != 1:
        raise RunError(f"reach {reach:g} changes nothing: of code 0 none moves", "leave --reach out, or name a code")
    drawn = run.sampler.inputs(columns if code == 0 else 1, seed)
    rows = {name: each.expand(columns, -1).repeat(game.categories, 1) for name, each in drawn.items()}
    rows["code"][:, : game.categories] = torch.eye(game.categories).repeat_interleave(columns, 0)
    if code:
        rows["code"][:, game.categories + code - 1] = torch.linspace(-reach, reach, columns).repeat(game.categories)
    made = run.sampler.decode(rows)
    return made.reshape(game.categories, columns, *made.shape[1:])


def told(run: Run, count: int = 10_000, seed: int = 1) -> dict[str, float]:
    """Nats of the codes that the recognizer reads in samples, at the least: `information` of so many.

    Returns:
        `categorical`, of `entropy` nats at the most, and `continuous`, of all continuous codes together.

    Raises:
        RunError: the run has no codes.
    """
    game, inputs = game_of(run), run.sampler.inputs(count, seed)
    device = next(run.players[Q].parameters()).device
    found: list[Tensor] = []
    with torch.no_grad():
        for start in range(0, count, _AT_A_TIME):
            part = {name: each[start : start + _AT_A_TIME].to(device) for name, each in inputs.items()}
            made = game.sample(run.players, part)
            nats = information(part["code"], run.players[Q](made), game.categories)
            found.append(torch.stack(nats) * (len(made) / count))
    categorical, continuous = torch.stack(found).sum(0).tolist()
    return {"categorical": categorical, "entropy": float(np.log(game.categories)), "continuous": continuous}


def separated(run: Run, table: Table, split: str = "test") -> Measurement:
    """How well the categories that the recognizer sees in real images separate their classes; see `clustering`.

    Args:
        run: whose recognizer.
        table: labeled images of the run's shape.
        split: of the table.

    Raises:
        RunError: the run has no codes, or the images no labels.
    """
    game, rows = game_of(run), table.rows(split)
    labels = None if table.labels is None else table.labels[rows]
    if labels is None or not (labels >= 0).any():
        raise RunError(f"{table.name} has no classes to separate", "measure on data with classes")
    rows, labels = rows[labels >= 0], labels[labels >= 0]
    return clustering(categories(run, table.values[rows]), labels, features=f"recognizer of {game.categories}")


def categories(run: Run, images: NDArray[Any]) -> NDArray[np.int64]:
    """The category that the recognizer finds likeliest in each image, (N,).

    Raises:
        RunError: the run has no codes.
    """
    game = game_of(run)
    with torch.no_grad():
        said = [run.players[Q](part)[:, : game.categories].argmax(1).cpu() for part in _parts(run, images)]
    return torch.cat(said).numpy()


def _parts(run: Run, images: NDArray[Any]) -> Iterator[Tensor]:
    """Images as the networks see them, some at a time."""
    device, (low, high) = next(run.players[Q].parameters()).device, run.value_range
    for start in range(0, len(images), _AT_A_TIME):
        part = torch.from_numpy(np.ascontiguousarray(images[start : start + _AT_A_TIME])).to(device, torch.float32)
        yield part * ((high - low) / 255) + low if images.dtype == np.uint8 else part
