"""The loop: one iteration after another, with the log, the pictures and the checkpoints between them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.config.games import penalty_names
from advnets.config.recipe import Recipe
from advnets.data.contrast import normalize
from advnets.devices import resolve_device, resolve_precision
from advnets.errors import DivergedError, RecipeError
from advnets.games.adversarial import AdversarialGame, Scheduled, rows_independent
from advnets.games.objectives import objective
from advnets.games.penalties import penalty
from advnets.networks.build import build_discriminator, build_generator
from advnets.networks.mlp import MLPGenerator
from advnets.randomness import Stream, seed_for
from advnets.runs.checkpoint import Checkpoint, Tensors, newest
from advnets.runs.sampling import Sampler
from advnets.training.algorithm import SCHEDULES, Match, Outcome
from advnets.training.averages import update_average
from advnets.training.batches import Batches
from advnets.training.player import FlatParameters, Player, computes_in


@dataclass(frozen=True)
class Data:
    """What is trained on: all values, and the rows to use."""

    values: NDArray[np.uint8] | NDArray[np.float32]
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example: C x H x W, or (D,)."""
        return tuple(int(n) for n in self.values.shape[1:])


class Trainer:
    """A game under way: its players, its data, its step.

    Args:
        recipe: what to play.
        data: what to play it on.
        generator, discriminator: modules of the user's own; by default those that the recipe describes.
        restored: a checkpoint follows, so that the weights to begin with do not matter.

    Raises:
        RecipeError: the networks cannot play this game on this data, or the run to begin with is not there.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        generator: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        restored: bool = False,
    ) -> None:
        self.recipe, self.data, self.shape = recipe, data, data.shape
        self.device = resolve_device(recipe.device)
        self.compute = resolve_precision(recipe.precision, self.device)
        self.step = 0
        self.seconds = 0.0
        G, D = initial_networks(recipe, data.shape, generator, discriminator)
        _check_networks(G, D, recipe.latent, data.shape)
        if self.compute != torch.float32 and (generator is not None or discriminator is not None):
            self._settle_precision(G, D)
        G.train()
        D.train()
        self.value_range: tuple[float, float] = getattr(G, "output_range", (0.0, 1.0))
        if recipe.contrast is not None and data.values.dtype != np.uint8:
            raise RecipeError("contrast is about images, these data are points", "use contrast null")
        # What is normalized begins as gray levels, which bfloat16 holds exactly.
        span = self.value_range if recipe.contrast is None else (0.0, 255.0)
        self._batches = Batches(data.values, data.rows, recipe.batch, recipe.seed, self.device, self.compute, span)
        if generator is None and recipe.contrast is None and data.values.dtype == np.uint8:
            fit = getattr(G, "fit_marginals", None)
            if fit is not None:
                fit(self._batches.mean())
        if generator is None and recipe.generator.pretrained is not None and not restored:
            load_pretrained(G, recipe.generator.pretrained)
        self.generator = Player(G.to(self.device), recipe.generator_optimizer, self.compute)
        self.discriminator = Player(D.to(self.device), recipe.discriminator_optimizer, self.compute)
        self.average = copy.deepcopy(self.generator.network)
        self._average = FlatParameters(self.average, torch.float32)
        self.average.requires_grad_(False).eval()
        self._match = Match(
            self._game(), self.generator, self.discriminator, self._real_batch, recipe.batch, recipe.seed,
            recipe.steps, recipe.discriminator_steps, recipe.generator_steps,
        )  # fmt: skip
        self._iterate = SCHEDULES[recipe.schedule]
        self.sampler = Sampler(self.average, recipe.prior, recipe.latent, self.shape, self.value_range)

    def advance(self) -> Outcome:
        """Play one iteration."""
        outcome = self._iterate(self._match, self.step)
        self.step += 1
        update_average(self._average.flat, self.generator.master.flat, self.recipe.average, self.step)
        return outcome

    def figures(self, outcome: Outcome) -> dict[str, float]:
        """Costs and mean discriminator outputs of an iteration, fetched from the device in one go."""
        return outcome.figures(self._match.game.objective)

    def check_finite(self, figures: Mapping[str, float]) -> None:
        """Refuse to go on from a cost or a weight that is not finite.

        Raises:
            DivergedError: which quantity, at which step, and what to try.
        """
        suspects = {name: np.isfinite(value) for name, value in figures.items()}
        for name, player in (("generator", self.generator), ("discriminator", self.discriminator)):
            suspects[f"a weight of the {name}"] = bool(torch.isfinite(player.master.flat.sum()))
        for name, finite in suspects.items():
            if not finite:
                raise DivergedError(
                    f"{name} is not finite at step {self.step}",
                    "train anew with a lower --generator-optimizer.rate and --discriminator-optimizer.rate, a"
                    " penalty (--penalties.r1.weight 1) or --precision float32",
                )

    def checkpoint(self) -> Checkpoint:
        """Everything that the rest of the training depends on."""
        self.sync_buffers()
        players = {"generator": self.generator, "discriminator": self.discriminator}
        optimizers = {f"{name}.{key}": v for name, p in players.items() for key, v in p.optimizer.state.items()}
        tensors: dict[str, Tensors] = {
            **{name: player.network.state_dict() for name, player in players.items()},
            "average": self.average.state_dict(),
            "optimizers": dict(sorted(optimizers.items())),
        }
        facts = {
            "images": self.images, "seconds": self.seconds, "seed": self.recipe.seed, **self.arithmetic,
        }  # fmt: skip
        return Checkpoint(self.step, tensors, facts)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`.

        Raises:
            RecipeError: it belongs to other networks or another optimizer.
        """
        for name, module in self._modules().items():
            load_weights(module, checkpoint.tensors[name], name)
        for name, player in (("generator", self.generator), ("discriminator", self.discriminator)):
            for key, value in player.optimizer.state.items():
                saved = checkpoint.tensors["optimizers"].get(f"{name}.{key}")
                if saved is None or saved.shape != value.shape:
                    raise RecipeError(f"the checkpoint's optimizer of the {name} is not this recipe's")
                value.copy_(saved)
            player.reload()
        self.step = checkpoint.step
        self.seconds = float(checkpoint.state["seconds"])

    @property
    def raw_sampler(self) -> Sampler:
        """Samples of the generator as it stands, not averaged."""
        recipe = self.recipe
        return Sampler(self.generator.network, recipe.prior, recipe.latent, self.shape, self.value_range)

    def real_images(self, count: int) -> Tensor:
        """At most `count` real images as D sees them, evenly spaced, always the same on these data: float32."""
        return self._as_seen(self._batches.evenly(count))

    def _real_batch(self, update: int) -> Tensor:
        """The real images of D's update number `update`, as D sees them."""
        return self._as_seen(self._batches(update))

    def _as_seen(self, images: Tensor) -> Tensor:
        norm = self.recipe.contrast
        return images if norm is None else normalize(images, norm)

    @property
    def images(self) -> int:
        """Real images seen so far."""
        k = self.recipe.discriminator_steps if self.recipe.schedule == "alternating" else 1
        return self.step * k * self.recipe.batch

    @property
    def arithmetic(self) -> dict[str, Any]:
        """What must stay for a resumed training to be the one never stopped, bit for bit."""
        return {
            "torch": torch.__version__,
            "numpy": np.__version__,  # it orders the data
            "device": str(self.device),
            "processor": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "precision": str(self.compute).removeprefix("torch."),
        }

    def _modules(self) -> dict[str, nn.Module]:
        return {
            "generator": self.generator.network,
            "discriminator": self.discriminator.network,
            "average": self.average,
        }

    def sync_buffers(self) -> None:
        """Running statistics are not averaged: the average uses the generator's own."""
        own = dict(self.generator.network.named_buffers())
        for name, buffer in self.average.named_buffers():
            buffer.copy_(own[name])

    def _settle_precision(self, G: nn.Module, D: nn.Module) -> None:
        """Stay with float32 where a user's network cannot do otherwise: batch normalization mixes no types."""
        shapes = ((self.recipe.latent,), self.shape)
        able = [computes_in(network, shape, self.compute) for network, shape in zip((G, D), shapes, strict=True)]
        if not all(able):
            if self.recipe.precision != "auto":
                role = "discriminator" if able[0] else "generator"
                raise RecipeError(f"the {role} cannot compute in {self.recipe.precision}", "use precision float32")
            self.compute = torch.float32

    def _game(self) -> AdversarialGame:
        G, D, recipe = self.generator.worker, self.discriminator.worker, self.recipe
        scheduled = [
            Scheduled(penalty(name), config.weight, config.every)
            for name in penalty_names()
            if (config := getattr(recipe.penalties, name)).weight
        ]
        first = self._real_batch(0)
        probe = first[:16] if recipe.batch >= 4 else first.repeat(4, *[1] * len(self.shape))
        rowwise = rows_independent(D, probe)
        if scheduled and not rowwise:
            raise RecipeError("penalties need a discriminator without statistics across the batch", "drop one of them")
        return AdversarialGame(
            G,
            D,
            objective(recipe.objective),
            recipe.prior,
            recipe.latent,
            rowwise,
            tuple(scheduled),
        )


def initial_networks(
    recipe: Recipe,
    shape: tuple[int, ...],
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
) -> tuple[nn.Module, nn.Module]:
    """Both networks at the start of the training: the user's own, or the recipe's with weights from its seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(recipe.seed, 0, Stream.INITIAL_WEIGHTS))
        G = build_generator(recipe.generator, recipe.latent, shape) if generator is None else generator
        D = build_discriminator(recipe.discriminator, shape) if discriminator is None else discriminator
    return G, D


def load_pretrained(generator: nn.Module, run: str) -> None:
    """Begin with the weights of a run's generator, as its last step left it, in the top layers.

    Raises:
        RecipeError: there is no such run, or its generator does not fit.
    """
    found, damaged = newest(Path(run).expanduser() / "checkpoints")
    if found is None:
        why = "; ".join(damaged) or "it holds no checkpoint"
        raise RecipeError(f"generator.pretrained {run}: {why}", "name the directory of a run")
    assert isinstance(generator, MLPGenerator)  # a recipe with another kind is refused
    generator.stack_on(found.tensors["generator"])


def load_weights(module: nn.Module, tensors: Tensors, name: str) -> None:
    """Copy saved tensors into `module`.

    Raises:
        RecipeError: they are another network's.
    """
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError:
        raise RecipeError(
            f"the saved {name} is another network than the recipe's", "pass the modules it was trained with"
        ) from None


def _check_networks(G: nn.Module, D: nn.Module, latent: int, shape: tuple[int, ...]) -> None:
    """See that the two fit the data and each other, on copies: running statistics stay as they are."""
    made = _try("generator", G, torch.zeros(4, latent))
    if made.shape[1:] != shape:
        raise RecipeError(f"the generator makes {tuple(made.shape[1:])}, the data are {shape}", "make them agree")
    if len(made) != 4:
        raise RecipeError(f"the generator makes {len(made)} images of 4 latents", "make as many images as latents")
    logits = _try("discriminator", D, torch.zeros(4, *shape))
    if logits.shape != (4,):
        raise RecipeError(
            f"the discriminator returns {tuple(logits.shape)} for 4 images", "return one logit an image, shape (N,)"
        )


def _try(role: str, network: nn.Module, rows: Tensor) -> Tensor:
    """What a copy of `network` makes of `rows`, on the processor in float32."""
    copied = copy.deepcopy(network).to("cpu", torch.float32)
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            return copied(rows)
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else error.__class__.__name__
        raise RecipeError(f"the {role} cannot take rows of shape {tuple(rows.shape[1:])}: {reason}") from error
