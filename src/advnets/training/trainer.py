"""A game under way: its players, its data, its step, and all that a checkpoint holds of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.config.coordinating import CoordinationConfig
from advnets.config.recipe import Recipe
from advnets.data.contrast import normalize
from advnets.devices import resolve_device, resolve_precision
from advnets.errors import DivergedError, RecipeError
from advnets.games.augment import check_changes
from advnets.games.build import build_game, build_penalties
from advnets.games.contract import seats_of
from advnets.games.game import Batch, Game, Labels, Seat, begun, sampled, source_of, translates
from advnets.networks.conditioning import ConditionalGenerator
from advnets.networks.mlp import MLPGenerator
from advnets.processors import limit_threads, threads_are_said
from advnets.randomness import StepNoise, Stream
from advnets.runs.checkpoint import Checkpoint, Tensors, newest
from advnets.runs.networks import Modules, initial_networks, load_weights
from advnets.runs.sampling import Sampler, Samples
from advnets.training.accumulation import check_parts, check_processes
from advnets.training.augmentation import Augmentation, adaptation_of, augmentation_of
from advnets.training.batches import Batches, Data
from advnets.training.coordinate import coordinated
from advnets.training.gradients import Match, Outcome
from advnets.training.growth import growth_of, updates_a_step
from advnets.training.kept import held_out_to_translate, kept_sources, kept_vectors
from advnets.training.labels import with_labels
from advnets.training.memory import keep_freed_memory
from advnets.training.outcomes import figures_of
from advnets.training.player import Player, computes_in
from advnets.training.probes import check_networks, keeps_rows, probe_inputs, rows_independent
from advnets.training.rehearsal import check_game
from advnets.training.room import check_room
from advnets.training.schedules import SCHEDULES, drawn
from advnets.training.statistics import without_statistics
from advnets.training.warm_start import begin_from, freeze
from advnets.world import ALONE, GATHER, World

_PROBED = 16  # rows


class Trainer:
    """A game under way.

    Args:
        recipe: what to play.
        data: what to play it on.
        modules: networks of the user's own by player; by default those that the recipe describes.
        restored: a checkpoint follows, so that the weights to begin with do not matter.
        world: the processes that train together, which all have a trainer.

    Raises:
        RecipeError: the networks cannot play this game on this data, or the run to begin with is not there.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        modules: Modules | None = None,
        restored: bool = False,
        world: World = ALONE,
    ) -> None:
        keep_freed_memory()
        self.world, self.modules = world, modules
        limit_threads()
        self.threads = torch.get_num_threads()
        self.recipe, self.data, self.shape = recipe, data, data.shape
        self.device = resolve_device(recipe.device)
        self.compute = resolve_precision(recipe.precision, self.device)
        self.step, self.seconds = 0, 0.0
        self.game: Game = build_game(recipe.game)
        self._asked: Labels | None = getattr(self.game, "labels", None)
        if self._asked is not None:
            self.data = data = with_labels(data, self._asked, recipe.batch)
        self.seats: Mapping[str, Seat] = seats_of(self.game, data.spec, recipe.game, recipe.players)
        networks = initial_networks(recipe, self.seats, modules)
        check_networks(networks, self.seats, data.shape)
        if self.compute != torch.float32 and modules:
            self._settle_precision(networks)
        for network in networks.values():
            network.train()
        self.maker = sampled(self.seats)
        self.value_range: tuple[float, float] = getattr(networks[self.maker], "output_range", (0.0, 1.0))
        self._batches = self._open_batches()
        self.begun_from = self._begin(networks, modules or {}, restored)
        self.players = {name: self._player(name, networks[name]) for name in self.seats}
        self._augmentation = self._augment()
        self._match = self._make_match()
        networks = {name: player.network for name, player in self.players.items()}
        self._adaptation = adaptation_of(
            self._match, self._augmentation, recipe, self.seats, data, networks, self._batches.of_rows
        )
        self._iterate = SCHEDULES[recipe.schedule]

    def advance(self) -> Sequence[Outcome]:
        """Play one iteration: what the discriminators said, a view each."""
        if self._augmentation is not None:
            # Noise that has faded does not come back where more steps are played than were planned.
            self._augmentation.done = max(self._augmentation.done, self.step / self.recipe.steps)
        if self._adaptation is not None:
            self._adaptation.begin(self.step)
        outcomes = self._iterate(self._match, self.step)
        self._match.remember(outcomes)
        self.step += 1
        for player in self.players.values():
            player.follow(self.step)
        return outcomes

    def figures(self, outcomes: Sequence[Outcome]) -> dict[str, float]:
        """Costs and mean scores of an iteration; where k or augmentation are adaptive, they too.

        Of several views: the sums of the costs, G's over those of what its side made; means of everything else over
        these; and each view's own. Besides, the numbers that the game remembered when it was played.
        """
        found = figures_of(self.game, outcomes)
        for adaptive in (self._match.coordination.pace, self._adaptation):
            found |= {} if adaptive is None else adaptive.figures
        return found

    def check_finite(self, measured: Mapping[str, float]) -> None:
        """Refuse to go on from a cost or a weight that is not finite.

        Raises:
            DivergedError: which quantity, at which step, and what to try.
        """
        suspects = {name: bool(np.isfinite(value)) for name, value in measured.items()}
        for name, player in self.players.items():
            suspects[f"a weight of the {name}"] = bool(torch.isfinite(player.master.flat.sum()))
        for name, finite in suspects.items():
            if not finite:
                rates = " and ".join(f"--{player}.rate" for player in self.players)
                raise DivergedError(
                    f"{name} is not finite at step {self.step}",
                    f"train anew with a lower {rates}, a penalty (--penalties.r1.weight 1) or --precision float32",
                )

    def checkpoint(self) -> Checkpoint:
        """Everything that the rest of the training depends on.

        Where processes have a shard of it each, all have to `gather` at once, and the first one orders it.
        """
        gathered: Mapping[str, Tensors] = {}
        if self.sharded and self.step:  # before the first step there is nothing that all do not know
            self.world.order(GATHER)
            gathered = self.gather()
        self.sync_buffers()
        tensors: dict[str, Tensors] = {}
        for name, player in self.players.items():
            tensors[f"players/{name}/weights"] = player.network.state_dict()
            if player.average is not None:
                tensors[f"players/{name}/average"] = player.average.state_dict()
            tensors[f"players/{name}/optimizer"] = gathered[name] if gathered else player.optimizer_state
        own = {f"memory.{name}": each for name, each in self._match.memory.items()}
        kept = {"vectors": self._kept_vectors, "sources": self._kept_sources}
        if own := own | {name: each for name, each in kept.items() if each is not None}:
            tensors["game"] = own
        tensors |= self._match.coordination.tensors
        facts = {"images": self.images, "seconds": self.seconds, "seed": self.recipe.seed, **self.arithmetic}
        facts["classes"] = list(self.data.spec.classes)
        if self._kept_sources is not None:
            facts["translates_held_out"] = self.translates_held_out
        if state := self._match.coordination.state:
            facts["coordination"] = state
        if self._adaptation is not None:
            facts["augmentation"] = self._adaptation.state
        if self._augmentation is not None and self._augmentation.instance_noise:
            facts["noise_done"] = self._augmentation.done
        if (now := torch.get_num_threads()) != self.threads:
            facts["threads_now"] = now  # as others are busy
        return Checkpoint(self.step, tensors, facts)

    @property
    def sharded(self) -> bool:
        """Whether each process has a shard of the optimizers' state alone."""
        return self.recipe.shard_optimizer and self.world.size > 1

    def gather(self) -> dict[str, Tensors]:
        """What the optimizers of all players remember, in all processes together."""
        return {name: player.gathered() for name, player in self.players.items()}

    def share(self) -> None:
        """Begin in all processes with the first one's weights, whatever others have drawn."""
        for player in self.players.values():
            for module in (player.network, player.average):
                for tensor in () if module is None else [*module.state_dict().values(), *module.buffers()]:
                    self.world.share(tensor)  # buffers that are no state of theirs, too
            player.reload()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from `checkpoint`.

        Raises:
            RecipeError: it belongs to other networks, another optimizer, or other classes.
        """
        classes = list(self.data.spec.classes)
        if checkpoint.state.get("classes", classes) != classes:
            raise RecipeError("the checkpoint's classes are not those of the data", "use the data it was trained on")
        for name, player in self.players.items():
            saved = {
                part: checkpoint.tensors.get(f"players/{name}/{part}") for part in ("weights", "average", "optimizer")
            }
            if saved["optimizer"] is None and (saved["weights"] is not None or saved["average"] is not None):
                remedy = "begin another training with its weights: --from"
                raise RecipeError("it was exported, and holds nothing to train on with", remedy)
            if saved["weights"] is None or saved["optimizer"] is None:
                raise RecipeError(f"the checkpoint holds no {name}", "use the recipe it was saved with")
            load_weights(player.network, saved["weights"], name)
            if player.average is not None and saved["average"] is not None:
                load_weights(player.average, saved["average"], name)
            player.load_optimizer(saved["optimizer"])
            player.reload()
        self._restore_memory(checkpoint.tensors.get("game", {}))
        said = checkpoint.state.get("coordination", {})
        self._match.coordination.restore(checkpoint.tensors, said, self.device)
        if self._adaptation is not None:
            self._adaptation.restore(checkpoint.state.get("augmentation", {}))
        if self._augmentation is not None:
            self._augmentation.done = float(checkpoint.state.get("noise_done", 0.0))
        if not threads_are_said():
            torch.set_num_threads(min(self.threads, int(checkpoint.state.get("threads_now", self.threads))))
        self.step = checkpoint.step
        self.seconds = float(checkpoint.state["seconds"])

    def _restore_memory(self, saved: Tensors) -> None:
        for name, each in self._match.memory.items():
            if (known := saved.get(f"memory.{name}")) is None or known.shape != each.shape:
                what = f"the checkpoint does not hold the game's {name}"
                raise RecipeError(what, "use the recipe it was saved with")
            self._match.memory[name] = known.to(each.device)

    @functools.cached_property
    def sampler(self) -> Sampler:
        """Samples of the averaged networks."""
        return self._sampler({name: player.average or player.network for name, player in self.players.items()})

    @functools.cached_property
    def raw_sampler(self) -> Sampler:
        """Samples of the networks as they stand, not averaged."""
        return self._sampler({name: player.network for name, player in self.players.items()})

    @property
    def labels_used(self) -> int | None:
        """How many of the data's labels are used, in a game that does not want them beside every row; else None."""
        return None if self._asked is None else len(self.data.labelled_rows)

    @property
    def class_numbers(self) -> list[int]:
        """The classes that samples can be asked for: those with training examples, in a game of classes."""
        spec = self.data.spec
        if spec.vector or not self.sampler.conditional:
            return []
        return [number for number, count in enumerate(spec.counts) if count]

    def real_batch(self, count: int) -> Batch:
        """At most `count` real rows as discriminators see them, float32: evenly spaced, always the same."""
        return self._batches.evenly(count)

    def real_rows(self, rows: NDArray[np.int64]) -> Tensor:
        """Images of these rows as discriminators see them, float32."""
        return self._batches.of_rows(rows).image

    def as_seen(self, rows: NDArray[np.int64]) -> Samples:
        """These rows as a discriminator sees them, augmented where the game augments, as a sampler has its samples.

        Nothing is drawn that a step draws from.
        """
        images = self.real_rows(rows)
        if self._match.augment is not None:
            noise = StepNoise(self.recipe.seed, 0, Stream.AUGMENTATION, 0, len(rows), len(rows), self.device)
            images = self._match.augment({"image": images}, noise)["image"]
        return self.sampler.shown(images)

    def sources_as_seen(self, rows: NDArray[np.int64]) -> Samples | None:
        """The sources of these rows, or what lies beside them where there are no pairs; None where there are none."""
        return self.sampler.shown(source_of(self.game, self._batches.of_rows(rows))) if translates(self.seats) else None

    def sync_buffers(self) -> None:
        """Give the averages the running statistics of the networks themselves."""
        for player in self.players.values():
            player.sync_buffers()

    @property
    def images(self) -> int:
        """Real images seen so far."""
        pace = self._match.coordination.pace
        updates = self.step * updates_a_step(self.recipe) if pace is None else pace.updates
        return self._batches.seen_before(updates)

    @property
    def nets(self) -> Mapping[str, nn.Module]:
        """What the step computes with."""
        return self._match.nets

    @property
    def arithmetic(self) -> dict[str, Any]:
        """What must stay for a resumed training to be the one never stopped, bit for bit."""
        return {
            "torch": torch.__version__,
            "numpy": np.__version__,  # it orders the data
            "device": str(self.device),
            "processor": torch.backends.cpu.get_cpu_capability(),
            "threads": self.threads,
            "processes": self.world.size,
            "precision": str(self.compute).removeprefix("torch."),
        }

    def _open_batches(self) -> Batches:
        recipe, data = self.recipe, self.data
        if recipe.contrast is not None and data.values.dtype != np.uint8:
            raise RecipeError("contrast is about images, these data are points", "use contrast null")
        if recipe.mirror and (len(data.shape) != 3 or data.sources is not None):
            what = "points have no left and right" if len(data.shape) != 3 else "a game of sources mirrors for itself"
            raise RecipeError(f"mirror: {what}", "leave --mirror out" if len(data.shape) != 3 else "say --game.flip")
        # What is normalized begins as gray levels, which bfloat16 holds exactly.
        span = self.value_range if recipe.contrast is None else (0.0, 255.0)
        conditional = any("condition" in seat.takes for seat in self.seats.values())
        seen = None if recipe.contrast is None else functools.partial(normalize, norm=recipe.contrast)
        beside = 0 if self._asked is None else self._asked.rows
        labels = conditional or beside > 0
        growth = growth_of(recipe)
        return Batches(
            data, recipe.batch, recipe.seed, self.device, self.compute, span, labels, seen, beside, growth,
            mirror=recipe.mirror, world=self.world,
        )  # fmt: skip

    def _begin(self, networks: Mapping[str, nn.Module], modules: Modules, restored: bool) -> Sequence[str]:
        """Give networks what they begin with beside weights from the seed; what another run gave them, in words."""
        centered = self.recipe.contrast is None and self.data.values.dtype == np.uint8
        for name, network in networks.items():
            if name in modules or self.seats[name].side != "generator":
                continue
            fit = getattr(network, "fit_marginals", None)
            if fit is not None and centered and self.seats[name].gives == self.shape:
                fit(self._batches.mean())
            pretrained = getattr(self.recipe.players[name].network, "pretrained", None)
            if pretrained is not None and not restored:
                load_pretrained(network, pretrained)
        run, said = self.recipe.from_run, list[str]()
        if run is not None and not restored:
            said = begin_from(networks, self.seats, run, self.data.shape)
        for name, player in self.recipe.players.items():
            if frozen := getattr(player, "frozen", 0):
                freeze(networks[name], frozen, name)
        return said

    def _player(self, name: str, network: nn.Module) -> Player:
        config, seat = self.recipe.players[name], self.seats[name]
        average = getattr(config, "average", None) if seat.averaged else None
        sharded = self.recipe.shard_optimizer
        return Player(
            network.to(self.device), config.optimizer, self.compute, seat.side, average, self.world, sharded
        )  # fmt: skip

    def _make_match(self) -> Match:
        recipe = self.recipe
        shown = self._batches.evenly(_PROBED)  # the same rows in all processes
        discriminators = {name: player for name, player in self.players.items() if player.side == "discriminator"}
        shared = recipe.accumulate > 1 or self.world.size > 1
        rowwise = self._rowwise(shown, self.players if shared else discriminators)
        normalized = frozenset[str]()
        if self.world.size > 1 and (others := self.players.keys() - rowwise):
            with without_statistics():
                normalized = self._rowwise(shown, others)
        if self.world.size > 1:
            self._check_buffers(shown)
        penalties = build_penalties(recipe.game)
        if penalties and not discriminators.keys() <= rowwise:
            raise RecipeError("penalties need a discriminator without statistics across the batch", "drop one of them")
        match = Match(
            self.game, self.players, self._batches, recipe.seed, recipe.steps, rowwise, penalties, self._augmentation,
            discriminator_steps=recipe.discriminator_steps, generator_steps=recipe.generator_steps,
            memory={name: each.to(self.device) for name, each in begun(self.game, self.data.spec).items()},
            several=frozenset(name for name in discriminators if self.seats[name].gives),
            parts=recipe.accumulate, world=self.world, normalized=normalized,
        )  # fmt: skip
        networks = {name: player.network for name, player in self.players.items()}
        first = match.batch(0)
        check_game(match, self.seats, networks, first)
        if match.parts > 1:
            draws = drawn(match, first, 0, Stream.DISCRIMINATOR_NOISE)
            check_parts(match, first, draws, recipe.coordination != CoordinationConfig(), recipe.schedule)
        if self.world.size > 1:
            check_processes(match, first, drawn(match, first, 0, Stream.DISCRIMINATOR_NOISE), recipe.coordination)
        plain = recipe.schedule == "simultaneous" and recipe.coordination == CoordinationConfig()
        in_parts = plain and discriminators.keys() <= rowwise
        check_room(match, first, recipe.coordination.final_batch, in_parts)
        return coordinated(match, recipe, self.seats, self.data, networks, self._batches.of_rows)

    def _check_buffers(self, shown: Batch) -> None:
        """See that networks keep nothing of rows, of which each process sees its own.

        Raises:
            RecipeError: one does.
        """
        for name, player in self.players.items():
            with without_statistics():
                keeps = keeps_rows(player.worker, probe_inputs(self.seats[name], shown, len(shown)))
            if keeps:
                what = f"the {name} keeps statistics of the rows that it sees, and each process sees others"
                raise RecipeError(what, "use layers without (track_running_stats=False), or train it in one process")

    def _rowwise(self, shown: Batch, names: Iterable[str]) -> frozenset[str]:
        """Which of these players' networks make of a row what they make of it beside any others."""
        return frozenset(
            name
            for name in names
            if rows_independent(self.players[name].worker, probe_inputs(self.seats[name], shown, len(shown)))
        )

    def _augment(self) -> Augmentation | None:
        check_changes(getattr(self.recipe.game, "augment", ()), self.shape)
        low, high = self.value_range
        return augmentation_of(self.recipe, high - low)

    def _sampler(self, nets: Mapping[str, nn.Module]) -> Sampler:
        spec, vectors, sources = self.data.spec, self._kept_vectors, self._kept_sources
        return Sampler(
            self.game, nets, spec, self.value_range, vectors, self.data.scale, sources, self._batches.columns
        )

    @functools.cached_property
    def _kept_vectors(self) -> Tensor | None:
        """Vectors of some training rows: what a finished run draws conditions from."""
        return kept_vectors(self.data, self.seats)

    @property
    def translates_held_out(self) -> bool:
        """Whether samples are made of images that are not trained on, as there are enough."""
        return held_out_to_translate(self.data)

    @functools.cached_property
    def _kept_sources(self) -> Tensor | None:
        """Images of which a finished run makes samples, as bytes: held out of the training, where some are."""
        return kept_sources(self.data, self.seats, self.game, self._batches, self.value_range)

    def _settle_precision(self, networks: Mapping[str, nn.Module]) -> None:
        """Stay with float32 where a user's network cannot do otherwise: batch normalization mixes no types."""
        for name, network in networks.items():
            rows = [each.blank(4) for each in self.seats[name].takes.values()]
            if not computes_in(network, rows, self.compute):
                if self.recipe.precision != "auto":
                    raise RecipeError(f"the {name} cannot compute in {self.recipe.precision}", "use precision float32")
                self.compute = torch.float32
                return


def load_pretrained(generator: nn.Module, run: str) -> None:
    """Begin with the weights of a run's generator, as its last step left it, in the top layers.

    Raises:
        RecipeError: there is no such run, or its generator does not fit.
    """
    found, damaged = newest(Path(run).expanduser() / "checkpoints")
    if found is None:
        why = "; ".join(damaged) or "it holds no checkpoint"
        raise RecipeError(f"generator.pretrained {run}: {why}", "name the directory of a run")
    network = generator.network if isinstance(generator, ConditionalGenerator) else generator
    assert isinstance(network, MLPGenerator)  # other kinds have no such field
    network.stack_on(found.tensors["players/generator/weights"])
