"""Samples: the same seed gives the same samples, however many are asked for."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.data.scale import Scale
from advnets.errors import RunError
from advnets.games.game import Columns, DataSpec, Game, Inputs, blanks, sampled, translates
from advnets.randomness import Stream, generator_for
from advnets.runs.asking import columns_of, filled
from advnets.runs.selection import Chooser
from advnets.sharing import in_blocks, sharers

if TYPE_CHECKING:
    from advnets.runs.run import Run

Samples = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]
"""uint8 N x C x H x W, float32 points N x D, or rows of a table in its own units, float64 N x K."""
Conditions = Sequence[int] | Tensor
"""Numbers of classes, or vectors, float32 K x V: NaN for what is drawn as the training data have it."""
_CHUNK = 250
"""Samples that share a random generator."""
_ROWS = 256
"""Samples decoded at a time. Multiples of 8: kernels of matrices then sum the same way however many rows there are."""
_BLOCKS = (8, 32, 128)
"""Fewer samples decoded at a time, where it gives the same bits."""
_PIXELS = 2_000_000
"""Values decoded at a time: what keeps sampling large images within memory."""


class Sampler:
    """Draws what a game's samples are made from, and makes them.

    Args:
        game: whose samples.
        nets: the networks that `Game.sample` asks for; used in eval mode, their modes are restored.
        data: what the game was trained on: the shape of a sample (images become bytes) and the shares of its classes.
        value_range: the values that become bytes 0 and 255.
        vectors: conditions of training examples, float32 N x V, where the game takes vectors.
        scale: brings points back to their columns' own units, where they were standardized.
        sources: uint8 N x C x h x w, where the game translates images: what samples are made of, in this order, which
            another seed changes.
        columns: what the numbers of vectors are like, where the game takes them in standard deviations.
        chooser: which of what could be made is shown; None for all as it comes.
    """

    def __init__(
        self,
        game: Game,
        nets: Mapping[str, nn.Module],
        data: DataSpec,
        value_range: tuple[float, float],
        vectors: Tensor | None = None,
        scale: Scale | None = None,
        sources: Tensor | None = None,
        columns: Columns | None = None,
        chooser: Chooser | None = None,
    ) -> None:
        self.game, self.nets, self.data, self._vectors, self._scale = game, nets, data, vectors, scale
        self._chooser = chooser
        self.value_range = value_range if len(data.shape) == 3 else None
        self._columns = columns if getattr(game, "scaled", False) else None
        self.seats = game.seats(data)
        self.conditional = any("condition" in seat.takes for seat in self.seats.values())
        self.sources = sources if translates(self.seats) else None
        self.at_a_time = max(8, min(_ROWS, _PIXELS // math.prod(data.shape) // 8 * 8))
        self._equal: dict[tuple[int, int], bool] = {}

    @property
    def completes(self) -> bool:
        """Whether samples may be made of an image and a mask of it, too."""
        return "mask" in self.seats[sampled(self.seats)].takes

    def inputs(
        self, count: int, seed: int = 0, conditions: Conditions | None = None, first: int = 0
    ) -> dict[str, Tensor]:
        """What `count` samples of that seed are made from, on the CPU.

        Args:
            count: how many.
            seed: which ones.
            conditions: of a conditional game, numbers of classes or vectors: sample i has the (i mod their number)-th;
                by default conditions are drawn as the training data have them.
            first: the number of the first of them.

        Raises:
            RunError: conditions of a game that has none.
        """
        if conditions is not None and not self.conditional:
            raise RunError("these samples have no classes", "leave the classes out")
        # Whole chunks, each with its own generator: sample i never depends on how many are wanted.
        begin, end = first // _CHUNK, -(-(first + count) // _CHUNK)
        numbers, part = range(begin, max(begin + 1, end)), slice(first % _CHUNK, first % _CHUNK + count)
        chunks = [self._chosen(seed, number, conditions) for number in numbers]
        found = {name: torch.cat([chunk[name] for chunk in chunks])[part] for name in chunks[0]}
        return self._completed(found, count, seed, first)

    def conditions(self, count: int, seed: int = 0) -> Tensor:
        """The conditions of the first `count` samples of a seed, as training data have them."""
        chunks = [self._drawn(seed, number, None, 0)["condition"] for number in range(max(1, -(-count // _CHUNK)))]
        return torch.cat(chunks)[:count]

    def entering(self, conditions: Tensor) -> Tensor:
        """Conditions as the game takes them: classes, or vectors, perhaps in standard deviations."""
        return conditions if self._columns is None else self._columns.standard(conditions)

    def leaving(self, conditions: Tensor) -> Tensor:
        """The vectors that `entering` makes these of."""
        known = self._columns
        return conditions if known is None else conditions * known.deviation + known.mean

    @torch.no_grad()
    def decode(self, inputs: Inputs) -> Samples:
        """Samples of these inputs: uint8 N x C x H x W; points: float32 N x D, float64 N x K in columns' own units."""
        rows = _rows(inputs)

        def made(start: int) -> Samples:
            part = self._part(inputs, start)
            return self.as_output(self.game.sample(self.nets, part))[: rows - start].numpy()

        with evaluating(self.nets.values()):
            found = in_blocks(range(0, rows, self.at_a_time), made, rows)
        return found if self._scale is None else self._scale.restore(found)

    def shown(self, outputs: Tensor) -> Samples:
        """What a generator makes, or a discriminator sees, as samples are: bytes, or points in their own units."""
        made = self.as_output(outputs).numpy()
        return made if self._scale is None else self._scale.restore(made)

    def draw(self, count: int, seed: int = 0, conditions: Conditions | None = None) -> Samples:
        """The first `count` samples of that seed; `conditions` as for `inputs`."""
        self._check_sources()
        return self.decode(self.inputs(max(count, 1), seed, conditions))[:count]

    def stream(
        self, count: int, seed: int = 0, conditions: Conditions | None = None, first: int = 0
    ) -> Iterator[Samples]:
        """Samples `first` to `count` - 1 of that seed in parts that fit memory, to the last bit those of `draw`.

        Args:
            count, seed, conditions: as for `inputs`.
            first: the number of the first one.
        """
        self._check_sources()
        block = self.at_a_time  # the networks' passes are those of `draw`
        size = block * sharers()
        for begin in range(first // block * block, count, size):
            made = self.decode(self.inputs(min(size, count - begin), seed, conditions, begin))
            yield made[max(0, first - begin) :]

    def _check_sources(self) -> None:
        if self.sources is None and translates(self.seats):
            what = "the images that these samples are translations of were left out when the run was exported"
            raise RunError(what, "give it some: advnets translate")

    def inputs_by_class(self, classes: Conditions, columns: int, seed: int = 0) -> dict[str, Tensor]:
        """The first `columns` draws of a seed once in every class, class by class: len(classes) * columns rows.

        Args:
            classes: their numbers, or vectors; what of these is drawn is the same all along a column.
            columns: draws.
            seed: of them.
        """
        wanted = torch.as_tensor(classes)
        if self._chooser is not None and self._chooser.selection.candidates > 1:  # each class has its own best
            found = [self.inputs(columns, seed, each[None]) for each in wanted]
            return {name: torch.cat([each[name] for each in found]) for name in found[0]}
        one = self.inputs(columns, seed, wanted[:1])
        rows = {name: each.repeat(len(wanted), *[1] * (each.ndim - 1)) for name, each in one.items()}
        wanted = wanted.repeat_interleave(columns, 0)
        if wanted.is_floating_point():
            wanted = filled(self.entering(wanted), rows["condition"])
        return {**rows, "condition": wanted}

    def _drawn(self, seed: int, number: int, conditions: Conditions | None, candidate: int) -> dict[str, Tensor]:
        """What a chunk of samples could be made from; all candidates of a sample have the same condition."""
        found = dict(self.game.wish(_CHUNK, generator_for(seed, number, Stream.SAMPLES, candidate)))
        if self._chooser is not None:
            found = self._chooser.truncated(found)
        return {**found, "condition": self._asked(seed, number, conditions)} if self.conditional else found

    def _asked(self, seed: int, number: int, conditions: Conditions | None) -> Tensor:
        """The conditions of a chunk of samples, as the game takes them: those asked for, the others drawn."""
        wanted = None if conditions is None else torch.as_tensor(conditions)
        if wanted is not None:
            wanted = wanted[torch.arange(number * _CHUNK, (number + 1) * _CHUNK) % len(wanted)]
            if not wanted.isnan().any():
                return self.entering(wanted)
        drawn = self._conditions(generator_for(seed, number, Stream.SAMPLE_CONDITIONS))
        return self.entering(drawn if wanted is None else filled(wanted, drawn))

    def _completed(self, found: dict[str, Tensor], count: int, seed: int, first: int) -> dict[str, Tensor]:
        """Draws with what else samples are made of: their sources, or images with nothing observed."""
        if self.sources is not None:
            found["source"] = self.as_input(self.sources[self._source_numbers(count, seed, first)])
        return {**found, **blanks(self.seats, found, count)}

    def _chosen(self, seed: int, number: int, conditions: Conditions | None) -> dict[str, Tensor]:
        """What a chunk of samples is made from: of each one's candidates the one that D finds most real."""
        best = self._drawn(seed, number, conditions, 0)
        if self._chooser is None or self._chooser.selection.candidates == 1:
            return best
        said = self._realness(best, seed, number)
        for candidate in range(1, self._chooser.selection.candidates):
            other = self._drawn(seed, number, conditions, candidate)
            better = (now := self._realness(other, seed, number)) > said
            said = torch.where(better, now, said)
            for name, each in best.items():
                best[name] = torch.where(better.view(-1, *[1] * (each.ndim - 1)), other[name], each)
        return best

    @torch.no_grad()
    def _realness(self, drawn: Inputs, seed: int, number: int) -> Tensor:
        """How real D finds the samples of a chunk's draws, (N,), on the CPU."""
        assert self._chooser is not None
        chooser, inputs = self._chooser, self._completed(dict(drawn), _CHUNK, seed, number * _CHUNK)
        with evaluating(self.nets.values()):
            made = ((self.game.sample(self.nets, part), part) for part in self._parts(inputs))
            parts = [chooser.realness(*each).cpu() for each in made]
        return torch.cat(parts)[:_CHUNK]

    def by_class(self, classes: Conditions, columns: int, seed: int = 0) -> Samples:
        """Samples of `inputs_by_class`, K x columns x ..."""
        made = self.decode(self.inputs_by_class(classes, columns, seed))
        return made.reshape(len(classes), columns, *made.shape[1:])

    def _source_numbers(self, count: int, seed: int, first: int) -> Tensor:
        """Which sources samples of a seed are made of: all, one after another, then all again."""
        assert self.sources is not None
        known = len(self.sources)
        rng = generator_for(seed, 0, Stream.SAMPLE_SOURCES)
        order = torch.randperm(known, generator=rng) if seed else torch.arange(known)
        return order[torch.arange(first, first + count) % known]

    def once(self, count: int) -> int:
        """At most so many samples, each of another source; as many as asked where they are made of none."""
        return count if self.sources is None else min(count, len(self.sources))

    def sources_of(self, count: int, seed: int = 0, first: int = 0) -> NDArray[np.uint8]:
        """The sources of samples, uint8 count x C x h x w: arguments as for `inputs`.

        Raises:
            RunError: samples are made of none.
        """
        if self.sources is None:
            raise RunError("these samples are translations of no images", "leave the sources out")
        return self.sources[self._source_numbers(count, seed, first)].numpy()

    def _conditions(self, rng: torch.Generator) -> Tensor:
        if self._vectors is not None:
            return self._vectors[torch.randint(len(self._vectors), (_CHUNK,), generator=rng)]
        shares = torch.tensor(self.data.counts, dtype=torch.float64)
        return torch.multinomial(shares, _CHUNK, replacement=True, generator=rng)

    def _parts(self, inputs: Inputs) -> Iterator[dict[str, Tensor]]:
        return (self._part(inputs, start) for start in range(0, _rows(inputs), self.at_a_time))

    def _part(self, inputs: Inputs, start: int) -> dict[str, Tensor]:
        """What the networks see at once, from one row on."""
        device = next(next(iter(self.nets.values())).parameters()).device
        part = {name: each[start : start + self.at_a_time].to(device) for name, each in inputs.items()}
        missing = self._enough(part) - _rows(part)
        if not missing:
            return part
        return {name: torch.cat([each, each.new_zeros(missing, *each.shape[1:])]) for name, each in part.items()}

    def _enough(self, part: Inputs) -> int:
        """How many rows the networks see at once, at least those of this part.

        Matrix kernels of another size may round otherwise. So a small part is decoded in a small block only where these
        networks on this machine were found, once, to give the same bits in blocks of that size as in a whole one.
        """
        rows = _rows(part)
        for block in (block for block in _BLOCKS if rows <= block < self.at_a_time and self.at_a_time % block == 0):
            key = block, torch.get_num_threads()
            if key not in self._equal:
                self._equal[key] = self._same_in(block, part)
            if self._equal[key]:
                return block
        return self.at_a_time

    @torch.no_grad()
    def _same_in(self, block: int, part: Inputs) -> bool:
        """Whether a whole chunk in blocks has the bits that it has at once; tried on inputs like this part's."""
        rows = torch.arange(self.at_a_time) % _rows(part)
        noise = torch.Generator().manual_seed(0)
        probe = {name: each[rows.to(each.device)] for name, each in part.items()}
        for name, each in probe.items():
            if each.is_floating_point():
                probe[name] = each + torch.randn(each.shape, generator=noise).to(each)
        whole = self.game.sample(self.nets, probe)
        blocks = [
            self.game.sample(self.nets, {name: each[start : start + block] for name, each in probe.items()})
            for start in range(0, self.at_a_time, block)
        ]
        return torch.equal(torch.cat(blocks), whole)

    def as_input(self, images: Tensor) -> Tensor:
        """Bytes as networks take them, float32 in the value range."""
        assert self.value_range is not None  # points are made of no images
        low, high = self.value_range
        return images.float().mul_((high - low) / 255.0).add_(low)

    def as_output(self, values: Tensor) -> Tensor:
        """Values in the value range as samples have them: bytes, uint8; points as they are, float32. On the CPU."""
        if self.value_range is None:
            return values.float().cpu()
        low, high = self.value_range
        return values.float().sub(low).mul_(255.0 / (high - low)).round_().clamp_(0, 255).to(torch.uint8).cpu()


def sampler_of(run: Run, nets: Mapping[str, nn.Module], kept: Mapping[str, Tensor]) -> Sampler:
    """The sampler of a run.

    Args:
        run: whose samples, with its selection of them.
        nets: its players' networks.
        kept: what its checkpoint keeps of the training's data: `vectors` and `sources`, where the game takes them.
    """
    columns = columns_of(run.attributes) if getattr(run.game, "scaled", False) and run.attributes else None
    chooser = None
    if run.selection.facts:
        prior: str | None = getattr(run.recipe.game, "prior", None)
        chooser = Chooser(run.selection, run.game, run.seats, run.data, prior, nets)
    vectors, sources = kept.get("vectors"), kept.get("sources")
    return Sampler(run.game, nets, run.data, run.value_range, vectors, run.scale, sources, columns, chooser)


@contextlib.contextmanager
def evaluating(networks: Iterable[nn.Module]) -> Generator[None]:
    """The networks in eval mode; afterwards every module in its own mode again."""
    known = list(networks)
    modes = [(module, module.training) for network in known for module in network.modules()]
    for network in known:
        network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _rows(inputs: Inputs) -> int:
    return len(next(iter(inputs.values())))
