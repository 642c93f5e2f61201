"""What is raced: the games, their data, and the contenders that play them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import ImageTable, Table, open_data, open_table
from advnets.devices import resolve_device, resolve_precision
from advnets.training.batches import Data
from advnets.training.trainer import Trainer
from benchmarks.speed.floor import Floor
from benchmarks.speed.interleave import Advance
from benchmarks.speed.peers import PeerGame, endless, loader
from benchmarks.speed.torchgan_way import TorchGANGame

COLOR_IMAGES = "ADVNETS_COLOR_IMAGES"
"""Environment variable: the images of the color games (anything that `--data` takes)."""


@dataclass(frozen=True)
class Contest:
    """A game, what it is called in the table, and what it is played on."""

    title: str
    recipe: Recipe
    data: Data
    data_name: str


def paper() -> Contest:
    """The paper's MNIST game as the authors' code plays it."""
    return _on_recipe_data("paper-mnist, simultaneous", load_recipe("paper-mnist"))


def paper_alternating() -> Contest:
    """The paper's MNIST game by Algorithm 1 as printed, k = 1."""
    recipe = load_recipe("paper-mnist").replace(schedule="alternating")
    return _on_recipe_data("paper-mnist, alternating", recipe)


def mnist_dense() -> Contest:
    """The paper's networks with settings of ours."""
    return _on_recipe_data("mnist-dense", load_recipe("mnist-dense"))


def ring() -> Contest:
    """Eight Gaussians on a circle, by plain small networks, which the peers have, too."""
    return _on_recipe_data("ring", load_recipe("vectors").replace(data="ring", latent=16))


def grid() -> Contest:
    """Twenty-five Gaussians on a grid, by the same."""
    return _on_recipe_data("grid", load_recipe("vectors").replace(data="grid", latent=16))


def dcgan() -> Contest:
    """The plain convolutional pair on 32 x 32 color images."""
    return _of_color(32)


def dcgan_64() -> Contest:
    """The same on 64 x 64."""
    return _of_color(64)


def _of_color(side: int) -> Contest:
    table, name = color_images(side)
    return Contest(f"dcgan, {side} x {side} color ({name})", load_recipe("dcgan"), data_of(table), name)


CONTESTS: dict[str, Callable[[], Contest]] = {
    "paper-mnist": paper,
    "paper-mnist-alternating": paper_alternating,
    "mnist-dense": mnist_dense,
    "ring": ring,
    "grid": grid,
    "dcgan": dcgan,
    "dcgan-64": dcgan_64,
}


def color_images(side: int = 32) -> tuple[ImageTable, str]:
    """A table of square color images, those that the environment names or noise, and its name."""
    if source := os.environ.get(COLOR_IMAGES):
        table = open_table(source, size=side, channels=3, progress=False)
        return table, table.name
    noise = np.random.default_rng(0).integers(0, 256, (4000, side, side, 3), dtype=np.uint8)
    return open_table(noise, progress=False), "noise"


def contenders(contest: Contest, torchgan: Any = None) -> dict[str, Advance]:
    """Name to a function that plays one step: one update of G and one of D ("peer_data" only loads its batch).

    Args:
        contest: the game.
        torchgan: the package, or None where it is not installed.
    """
    recipe, data = contest.recipe, contest.data
    precision = resolve_precision(recipe.precision, resolve_device(recipe.device))
    batches = endless(loader(recipe, data))
    players: dict[str, Advance] = {"peer": PeerGame(recipe, data).advance, "peer_data": lambda: next(batches)}
    if torchgan is not None:
        players["torchgan"] = TorchGANGame(torchgan, recipe, data).advance
    players["ours_float32"] = ours(recipe.replace(precision="float32"), data)
    players["floor_float32"] = Floor(recipe, data.shape, torch.float32).run
    if precision != torch.float32:
        players["ours"] = ours(recipe, data)
        players["floor"] = Floor(recipe, data.shape, precision).run
    return players


def ours(recipe: Recipe, data: Data) -> Advance:
    """A step of the trainer itself, with the figures of the log as often as the recipe has them."""
    trainer = Trainer(recipe, data)

    def advance() -> None:
        outcome = trainer.advance()
        if trainer.step % recipe.log_every == 0:
            trainer.check_finite(trainer.figures(outcome))

    return advance


def _on_recipe_data(title: str, recipe: Recipe) -> Contest:
    return Contest(title, recipe, data_of(open_data(recipe)), recipe.source)


def data_of(table: Table) -> Data:
    """A table's training rows."""
    return Data(table.values, table.rows("train"))
