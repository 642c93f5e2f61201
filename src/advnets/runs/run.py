"""A run: a training that has been started, on disk; what one gets back from `advnets.train`."""

from __future__ import annotations

import copy
import functools
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from advnets.errors import RecipeError, RunError
from advnets.config.recipe import Recipe
from advnets.runs import checkpoint
from advnets.devices import resolve_device
from advnets.measures.progress import best_step
from advnets.runs.directory import RunDirectory
from advnets.runs.sampling import Sampler, straight_lines
from advnets.training.trainer import initial_networks, load_weights


class Run:
    """A run directory and the networks of its newest sound checkpoint.

    Args:
        path: the run directory.
        generator, discriminator: modules to load the weights into, where the run was trained with modules of
            the user's own; by default those of the recipe.
        step: load the checkpoint of this step instead of the newest.

    Raises:
        RunError: no run, or no sound checkpoint, at `path`.
    """

    def __init__(
        self,
        path: str | Path,
        generator: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        step: int | None = None,
    ) -> None:
        self.directory = RunDirectory.open(Path(path))
        self.path = self.directory.path
        self.recipe: Recipe = self.directory.recipe
        found, self.damaged = self._find(step)
        if found is None:
            why = f" ({'; '.join(self.damaged)})" if self.damaged else ""
            raise RunError(f"{self.path} holds no checkpoint to load{why}", f"run `advnets resume {self.path}` first")
        self.step = found.step
        self._checkpoint = found
        self._custom = (generator, discriminator)

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """What run.json says: versions, command, data, status."""
        return self.directory.facts

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what it makes: C x H x W, or (D,) for points."""
        return tuple(self.facts["data"]["shape"])

    @property
    def measures(self) -> list[dict[str, Any]]:
        """The lines of measures.jsonl: what was measured in training."""
        return self.directory.read_measures()

    @property
    def best(self) -> Run:
        """This run at its best checkpoint by the measure that it was trained with.

        Raises:
            RunError: nothing was measured in training, or that checkpoint is gone.
        """
        step = best_step(self.measures, self.recipe.measure.judge)
        if step is None:
            raise RunError(f"{self.path} was not measured in training", "train it with --measure")
        return Run(self.path, *self._custom, step=step)

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl."""
        return self.directory.read_metrics()

    @functools.cached_property
    def generator(self) -> nn.Module:
        """The averaged generator, float32, in eval mode: z (N, latent) -> N x C x H x W in `value_range`."""
        return self._load(0, "average")

    @functools.cached_property
    def discriminator(self) -> nn.Module:
        """The discriminator, float32, in eval mode: images in `value_range` -> logits (N,)."""
        return self._load(1, "discriminator")

    @functools.cached_property
    def raw_generator(self) -> nn.Module:
        """The generator as its last step left it, not averaged."""
        return self._load(0, "generator")

    @property
    def value_range(self) -> tuple[float, float]:
        """What the generator's values for black and white are."""
        return getattr(self.generator, "output_range", (0.0, 1.0))

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> NDArray[np.uint8] | NDArray[np.float32]:
        """The first `count` samples of `seed`: uint8 N x C x H x W (points: float32 N x D).

        Sample i is the same whatever the count. `averaged=False` samples the generator as its last step left it.
        """
        return (self._sampler if averaged else self._sampler_of(self.raw_generator)).draw(count, seed)

    def interpolate(self, lines: int = 8, steps: int = 12, seed: int = 0) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Samples along straight lines in z space (Figure 3): uint8 lines x steps x C x H x W."""
        ends = self._sampler.latents(2 * lines, seed)
        z = torch.cat([straight_lines(ends[2 * i : 2 * i + 2], steps) for i in range(lines)])
        made = self._sampler.decode(z.flatten(0, 1))
        return made.reshape(lines, steps, *made.shape[1:])

    @functools.cached_property
    def _sampler(self) -> Sampler:
        return self._sampler_of(self.generator)

    def _sampler_of(self, generator: nn.Module) -> Sampler:
        return Sampler(generator, self.recipe.prior, self.recipe.latent, self.shape, self.value_range)

    def _find(self, step: int | None) -> tuple[checkpoint.Checkpoint | None, list[str]]:
        folder = self.directory.checkpoints
        if step is None:
            return checkpoint.newest(folder)
        if step not in (kept := checkpoint.steps(folder)):
            raise RunError(f"{self.path} keeps no checkpoint of step {step:,}", f"its steps are {kept}")
        return checkpoint.load(folder / checkpoint.folder_name(step)), []

    def _load(self, position: int, name: str) -> nn.Module:
        if self.facts.get("custom", [False, False])[position] and self._custom[position] is None:
            role = ("generator", "discriminator")[position]
            raise RunError(f"{self.path} was trained with a {role} of your own", f"pass it: load(path, {role}=module)")
        # A copy: the average and the raw generator must not end up in one module of the user's.
        network = copy.deepcopy(initial_networks(self.recipe, self.shape, *self._custom)[position])
        load_weights(network, self._checkpoint.tensors[name], name)
        return network.to(self._device()).eval()

    def _device(self) -> torch.device:
        """The recipe's device; where that is not there, as for a run that was trained elsewhere, what is."""
        try:
            return resolve_device(self.recipe.device)
        except RecipeError:
            return resolve_device("auto")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, recipe={self.recipe.name!r}, step={self.step:,} of {self.recipe.steps:,})"


def surroundings(command: list[str] | None = None) -> dict[str, Any]:
    """What a training was started by and on, for run.json, beside `Trainer.arithmetic`."""
    from importlib.metadata import version

    return {
        "command": command or sys.argv,
        "advnets": version("advnets"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }
