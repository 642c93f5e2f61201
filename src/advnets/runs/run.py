"""A run: a training that has been started, on disk; what one gets back from `advnets.train`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from advnets.config.recipe import Recipe
from advnets.data.attributes import Attribute
from advnets.data.scale import Scale, scale_of
from advnets.games.build import build_game
from advnets.games.game import DataSpec, Game, Seat, sampled
from advnets.runs import checkpoint
from advnets.runs.asking import Asked, Attributes, asked_for, class_numbers, known_attributes, wanted_of
from advnets.runs.best import best_of
from advnets.runs.coding import Coder
from advnets.runs.completing import completed
from advnets.runs.directory import RunDirectory
from advnets.runs.inference import coder_of, decoded, examples_of, reconstructed
from advnets.runs.networks import Modules, SavedNetworks
from advnets.runs.sampling import Sampler, Samples, sampler_of
from advnets.runs.selection import Selection
from advnets.runs.translating import translated
from advnets.runs.walks import interpolated


class Run:
    """A run directory and the networks of its newest sound checkpoint.

    Args:
        path: the run directory.
        modules: modules to load the weights into, by player, where the run was trained with modules of the user's
            own; by default those of the recipe.
        step: load the checkpoint of this step instead of the newest.

    Raises:
        RunError: no run, or no sound checkpoint, at `path`.
    """

    def __init__(self, path: str | Path, modules: Modules | None = None, step: int | None = None) -> None:
        self.directory = RunDirectory.open(Path(path))
        self.path = self.directory.path
        self.recipe: Recipe = self.directory.recipe
        self._checkpoint, self.damaged = checkpoint.of_step(self.directory.checkpoints, step)
        self.step = self._checkpoint.step
        self._modules = dict(modules or {})
        self.selection = Selection()

    def selecting(self, truncation: float | None = None, candidates: int = 1) -> Run:
        """This run, of whose samples some are shown: sample i of a seed still does not depend on the count.

        Args:
            truncation: share of the prior that latents come from: of a uniform prior the inner share of its range,
                below 1; of a gaussian prior what lies within so many standard deviations. The smaller, the more alike
                and the cleaner (Brock et al. 2019). None for the whole prior.
            candidates: samples that are made for each; the one that the discriminator finds most real is shown.

        Raises:
            RunError: the game has no such latents, or no discriminator of samples alone.
        """
        chosen = Run(self.path, self._modules, self.step)
        chosen.selection = Selection(truncation, candidates)
        _ = chosen.sampler  # what has no effect is refused here
        return chosen

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """What run.json says: versions, command, data, status."""
        return self.directory.facts

    @functools.cached_property
    def data(self) -> DataSpec:
        """What it was trained on: shape, classes and their counts, length of its vectors."""
        said = self.facts["data"]
        classes, counts = tuple(said.get("classes", ())), tuple(said.get("counts", ()))
        source = tuple(said.get("sources", {}).get("shape", ()))
        return DataSpec(tuple(said["shape"]), classes, counts, said.get("vectors", 0), said.get("unknown", 0), source)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what it makes: C x H x W, or (D,) for points: of a table, its columns that are not constant."""
        return self.data.shape

    @functools.cached_property
    def scale(self) -> Scale | None:
        """The columns of the table that it was trained on, in their own units; None where it was no table."""
        return scale_of(self.facts["data"].get("scale"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of its samples; empty where it was not trained on a table."""
        return () if self.scale is None else self.scale.columns

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that samples can be asked for; empty where the game has no conditions, or vectors."""
        return self.data.classes if self.conditional and not self.data.vector else ()

    @functools.cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that samples can be asked for; empty where the game takes no vectors."""
        return known_attributes(self.facts["data"], self.kept.get("vectors")) if self.conditional else ()

    @property
    def images(self) -> int:
        """Real images that it had seen at this step."""
        return int(self._checkpoint.state["images"])

    @functools.cached_property
    def game(self) -> Game:
        """The game that was played."""
        return build_game(self.recipe.game)

    @functools.cached_property
    def seats(self) -> Mapping[str, Seat]:
        """Who played it."""
        return self.game.seats(self.data)

    @property
    def translated(self) -> str:
        """Of which images samples are translations, in words; empty where they are of none."""
        if (sources := self.sampler.sources) is None:
            return ""
        held_out = self._checkpoint.state.get("translates_held_out", False)
        return f"{len(sources):,} images {'held out of the training' if held_out else 'that were trained on'}"

    @property
    def conditional(self) -> bool:
        """Whether samples have conditions."""
        return any("condition" in seat.takes for seat in self.seats.values())

    @property
    def completes(self) -> bool:
        """Whether it fills in what is missing of images."""
        return "mask" in self.seats[sampled(self.seats)].takes

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
        kept = checkpoint.steps(self.directory.checkpoints)
        return Run(self.path, self._modules, step=best_of(self.path, self.recipe, self.measures, kept))

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl."""
        return self.directory.read_metrics()

    @functools.cached_property
    def players(self) -> dict[str, nn.Module]:
        """Every player's network, float32, in eval mode: averaged where it is sampled."""
        return {name: self._saved.load(name, seat.averaged) for name, seat in self.seats.items()}

    @property
    def generator(self) -> nn.Module:
        """The averaged generator, float32, in eval mode: z (N, latent) -> N x C x H x W in `value_range`."""
        return self.players[sampled(self.seats)]

    @property
    def discriminator(self) -> nn.Module:
        """The (first) discriminator, float32, in eval mode: images in `value_range` -> logits (N,)."""
        return next(self.players[name] for name, seat in self.seats.items() if seat.side == "discriminator")

    @functools.cached_property
    def raw_players(self) -> dict[str, nn.Module]:
        """Every player's network as its last step left it, not averaged."""
        return {name: self._saved.load(name, averaged=False) for name in self.seats}

    @functools.cached_property
    def _saved(self) -> SavedNetworks:
        return SavedNetworks(self.path, self.recipe, self.seats, self._checkpoint.tensors, self._modules)

    @property
    def value_range(self) -> tuple[float, float]:
        """What the generator's values for black and white are."""
        return getattr(self.generator, "output_range", (0.0, 1.0))

    def sample(
        self,
        count: int,
        seed: int = 0,
        averaged: bool = True,
        classes: Sequence[str] | str | None = None,
        conditions: ArrayLike | None = None,
        attributes: Attributes | None = None,
    ) -> Samples:
        """The first `count` samples of `seed`: uint8 N x C x H x W; points: float32 N x D.

        Of a table: float64 N x K, its `columns` in their own units.

        Args:
            count: how many. Sample i is the same whatever the count.
            seed: which ones.
            averaged: False samples the networks as their last step left them.
            classes: names of classes, sample i of the (i mod their number)-th; "all" for every class. By default
                classes are drawn as the training data have them. An integer stands for the name that it is written as.
            conditions: float, K x V, of a run that was trained with vectors: sample i is of the (i mod K)-th. By
                default vectors of training examples are drawn.
            attributes: of such a run, values by name, {"slant": 10} or {"slant": [-10, 10]}: sample i is of the (i mod
                K)-th of their K combinations, the last one's values changing first. All others are those of training
                examples, drawn without regard to these.

        Raises:
            RunError: there is no such class or attribute, or the conditions do not fit.
        """
        sampler = self.sampler if averaged else self.raw_sampler
        return sampler.draw(count, seed, wanted_of(self, classes, conditions, attributes))

    def stream(
        self, count: int, seed: int = 0, classes: Sequence[str] | str | None = None, first: int = 0
    ) -> Iterator[Samples]:
        """The samples of `sample` in parts, for more of them than fit memory.

        Args:
            count, seed, classes: as for `sample`.
            first: the number of the first one; those before it are not made.

        Raises:
            RunError: there is no such class.
        """
        return self.sampler.stream(count, seed, None if classes is None else self.class_numbers(classes), first)

    def sample_with_classes(
        self, count: int, seed: int = 0, advance: Callable[[int], object] = lambda made: None
    ) -> tuple[Samples, NDArray[np.int64] | None]:
        """The samples of `sample`, and the number of the class that each is of; None where they have none.

        `advance` is told how many have been made since it was told last.
        """
        parts: list[Samples] = []
        for part in self.stream(count, seed):
            parts.append(part)
            advance(len(part))
        classes = self.sampler.conditions(count, seed).numpy() if self.classes else None
        return np.concatenate(parts), classes  # type: ignore[return-value]  # of one type

    def sample_by_class(
        self, columns: int = 10, seed: int = 0, averaged: bool = True, classes: Sequence[str] | str = "all"
    ) -> Samples:
        """A row of samples a class, K x columns x ...; one latent vector all along a column.

        Args:
            columns: samples a class.
            seed: which ones.
            averaged: as for `sample`.
            classes: names of classes; "all" for every class.

        Raises:
            RunError: there is no such class.
        """
        sampler = self.sampler if averaged else self.raw_sampler
        return sampler.by_class(self.class_numbers(classes), columns, seed)

    def sample_by_attributes(self, attributes: Attributes, columns: int = 10, seed: int = 0) -> Samples:
        """A row of samples a combination of values, as for `sample`, K x columns x ...; all else stays along a column.

        Raises:
            RunError: there is no such attribute, or a value is no finite number.
        """
        return self.sampler.by_class(self.asked(attributes).rows, columns, seed)

    def asked(self, attributes: Attributes) -> Asked:
        """Conditions of attributes by name. Raises RunError as `sample` does."""
        return asked_for(str(self.path), self.attributes, attributes)

    def class_numbers(self, classes: Sequence[str] | str) -> list[int]:
        """The numbers of named classes; of "all", every one that was trained.

        Raises:
            RunError: there is no such class, it had no training example, or the run has none.
        """
        return class_numbers(self, classes)

    def translate(self, images: ArrayLike, seed: int = 0, reverse: bool = False) -> NDArray[np.uint8]:
        """What the averaged generator makes of images, each by itself: uint8 N x C x H x W.

        Args:
            images: sources, uint8 N x C x H x W; of super-resolution, small images of any height and width.
            seed: of z, where the game has one; image i has the i-th.
            reverse: of an unpaired run, the other way: images of the data's kind become sources.

        Raises:
            RunError: the run's game translates no images, or none of this size and so many channels.
        """
        return translated(self, images, seed, reverse)

    def interpolate(
        self,
        lines: int = 8,
        steps: int = 12,
        seed: int = 0,
        classes: Sequence[str] | str | None = None,
        attributes: Attributes | None = None,
    ) -> Samples:
        """Samples along straight lines in z space (Figure 3): uint8 lines x steps x C x H x W.

        Args:
            lines: how many.
            steps: samples along each, both ends included.
            seed: which lines.
            classes: names of classes: each line keeps its z and walks from one class to the next, line i from the
                (i mod their number)-th on; "all" for every class. Of one class, and by default, z walks, and a line
                keeps its class.
            attributes: values by name. One of them may have two: each line keeps its z and all other attributes, and
                walks from the first value to the second. Where none has two, z walks.

        Raises:
            RunError: no such class or attribute, or a generator of the user's own that takes no mixtures of classes.
        """
        return interpolated(self, lines, steps, seed, classes, attributes)

    def complete(
        self, images: ArrayLike, masks: ArrayLike, count: int = 8, seed: int = 0, anyway: bool = False
    ) -> NDArray[np.uint8]:
        """Images with what is missing filled in, `count` times: uint8 N x count x C x H x W.

        Args:
            images: uint8, N x C x H x W of the run's `shape`; what is observed of them comes back byte for byte.
            masks: true where something is missing: H x W for all images, N x H x W, or N x C x H x W.
            count: completions of each image; the k-th is made of the same latents in all of them.
            seed: which ones.
            anyway: whether everything or nothing may be missing of an image.

        Raises:
            RunError: the run completes nothing, images and masks do not fit it, or everything or nothing is missing.
        """
        return completed(self, images, masks, count, seed, anyway)

    @functools.cached_property
    def coder(self) -> Coder:
        """Images to latents: by the encoder that played the game, or the one that `advnets infer` trained after it."""
        return coder_of(self)

    def encode(self, images: object) -> NDArray[np.float32]:
        """Latents of real images, p(z | x) at its most likely: float32 N x L.

        Args:
            images: uint8 N x C x H x W of the run's own shape, or whatever goes in as the run's data did, brought to
                its size, channels and range: other arrays (floats are 0 to 1, N x H x W x C will do), a path or paths
                of images; of points N x D, of a table N x K in its own units.

        Raises:
            RunError: the run has no encoder, or none can be had.
            DataError: these are no such images.
        """
        return self.coder.encode(examples_of(self, images)).numpy()

    def decode(
        self, latents: ArrayLike, classes: Sequence[str] | str | None = None, conditions: ArrayLike | None = None,
        attributes: Attributes | None = None,
    ) -> Samples:  # fmt: skip
        """Samples of latents, float N x L.

        Args:
            latents: as `encode` gives them.
            classes, conditions, attributes: as for `sample`, the i-th latents with the (i mod their number)-th. A game
                of conditions needs one of them, and all of its attributes.

        Raises:
            RunError: the run has no encoder, the latents are not of its length, or the conditions do not fit.
        """
        return decoded(self, latents, wanted_of(self, classes, conditions, attributes))

    def reconstruct(
        self, images: object, refine: int = 0, classes: Sequence[str] | str | None = None,
        conditions: ArrayLike | None = None, attributes: Attributes | None = None,
    ) -> Samples:  # fmt: skip
        """G(E(x)) of real images, as samples are.

        Args:
            images: as for `encode`.
            refine: steps of Adam on the latents, from E(x), toward G's best image.
            classes, conditions, attributes: as for `decode`.
        """
        return reconstructed(self, images, refine, wanted_of(self, classes, conditions, attributes))

    @functools.cached_property
    def sampler(self) -> Sampler:
        """Samples of the averaged networks."""
        return sampler_of(self, self.players, self.kept)

    @functools.cached_property
    def raw_sampler(self) -> Sampler:
        """Samples of the networks as their last step left them."""
        return sampler_of(self, self.raw_players, self.kept)

    @property
    def kept(self) -> Mapping[str, Tensor]:
        """What the checkpoint keeps beside the players, among it `vectors` and `sources` of the data, for samples."""
        return self._checkpoint.tensors.get("game", {})

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, recipe={self.recipe.name!r}, step={self.step:,} of {self.recipe.steps:,})"
