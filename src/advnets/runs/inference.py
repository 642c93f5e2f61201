"""What a run needs to infer latents of examples: its coder, the examples as its own data were, their conditions."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from advnets.data import open_again, open_data
from advnets.data.loose import Loose, read_loose
from advnets.data.options import check_range
from advnets.data.table import ImageTable
from advnets.data.vectors import rows_like
from advnets.errors import DataError
from advnets.runs.asking import given_to, rows_of
from advnets.runs.coding import Coder, Latents, latents_of
from advnets.runs.encoders import ENCODER, folder_of, identity_of, load_trained, plays
from advnets.runs.sampling import Sampler, Samples

if TYPE_CHECKING:
    from advnets.runs.run import Run


def coder_of(run: Run) -> Coder:
    """The coder of a run, with the encoder that played, or that was trained for this step's generator.

    Raises:
        RunError: the run has no finished encoder, or its game has no latents that can be found.
    """
    latents = latents_of(run.game, run.seats)
    if plays(run.seats, latents.length):
        return with_encoder(run, run.players[ENCODER], latents)
    folder = folder_of(run.path, run.step)
    encoder = load_trained(folder, run.path, run.shape, latents.length, identity_of(generators_of(run)))
    return with_encoder(run, encoder.to(next(run.generator.parameters()).device), latents)


def with_encoder(run: Run, encoder: nn.Module, latents: Latents) -> Coder:
    """A run's coder with an encoder of one's own."""
    return Coder(encoder, _still(run), latents, getattr(run.recipe.game, "prior", ""), run.recipe.contrast)


def _still(run: Run) -> Sampler:
    """The run's sampler with generators that nobody computes gradients for."""
    sampler = copy.copy(run.sampler)
    makers = generators_of(run)
    sampler.nets = {**run.players, **{name: copy.deepcopy(net).requires_grad_(False) for name, net in makers.items()}}
    return sampler


def generators_of(run: Run) -> Mapping[str, nn.Module]:
    """The networks of the generators' side."""
    return {name: run.players[name] for name, seat in run.seats.items() if seat.side == "generator"}


def examples_of(run: Run, given: object) -> NDArray[Any]:
    """Examples as the run's data are stored: uint8 N x C x H x W, or float32 points N x D.

    Args:
        run: whose.
        given: as `Run.encode` takes them.

    Raises:
        DataError: they are no such examples, or cannot be read.
    """
    if len(run.shape) != 3:
        return rows_like(cast("Any", given), run.scale, run.shape[0], run.columns or None)
    if isinstance(given, np.ndarray):
        return _images_in_memory(run, given)
    if isinstance(given, str | Path):
        return pictures_of(run, [Path(given)]).values
    if isinstance(given, Sequence) and all(isinstance(each, str | Path) for each in cast("Sequence[object]", given)):
        return pictures_of(run, [Path(each) for each in cast("Sequence[str | Path]", given)]).values
    raise DataError(f"a {type(given).__name__} is no images", "give an array, a path, or a list of paths")


def pictures_of(run: Run, paths: Sequence[Path]) -> Loose:
    """Images of files, brought to the run's size and channels as its own data were.

    Raises:
        DataError: they cannot be read, or the run makes points.
    """
    if len(run.shape) != 3:
        raise DataError(f"{run.path} makes points, not images", "give rows in Python: run.encode(rows)")
    said = check_range(run.recipe.range)
    return read_loose(paths, run.shape, run.recipe.fit, _own_range(run) if said == "auto" else said)


def _own_range(run: Run) -> tuple[float, float] | None:
    """What was black and white where the data themselves said it: their least and their greatest value."""
    table = open_again(run.recipe)
    origins = table.origins() if isinstance(table, ImageTable) else None
    return None if origins is None else origins.extremes


def _images_in_memory(run: Run, given: NDArray[Any]) -> NDArray[np.uint8]:
    channels, height, width = run.shape
    remedy = f"give uint8, N x {channels} x {height} x {width}, or images in the range of the run's own data"
    if given.ndim not in (3, 4) or not given.size:
        raise DataError(f"images of shape {given.shape}", remedy)
    if given.dtype == np.uint8 and given.shape[1:] == run.shape:
        return given
    same = {"labels": "none", "holdout": 0.0, "strict": False, "size": (height, width), "channels": channels}
    source = given if len(given) != 1 else np.concatenate([given, given])  # a table has two images or more
    try:
        table = open_data(run.recipe.replace(**same), source)
    except DataError as error:
        raise DataError(error.what, remedy) from error  # its own one names flags
    if table.shape != run.shape:
        raise DataError(f"images of shape {table.shape}", remedy)
    return np.asarray(table.values[: len(given)], np.uint8)


def decoded(run: Run, latents: ArrayLike, wanted: Sequence[int] | Tensor | None) -> Samples:
    """A run's samples of latents, as `Run.decode` says; `wanted` is what `wanted_of` gives."""
    codes = rows_of(latents, latents_of(run.game, run.seats).length, "latents")
    return run.coder.decode(codes, given_to(run, len(codes), wanted))


def reconstructed(run: Run, images: object, refine: int, wanted: Sequence[int] | Tensor | None) -> Samples:
    """What a run makes of the codes of real images, as `Run.reconstruct` says; `wanted` is what `wanted_of` gives."""
    given = examples_of(run, images)
    condition = given_to(run, len(given), wanted)
    codes, _ = run.coder.refine(given, run.coder.encode(given), refine, condition)
    return run.coder.decode(codes, condition)
