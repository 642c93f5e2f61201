"""Images of which something is missing, filled in: what is observed comes back byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from advnets.errors import RunError
from advnets.runs.sampling import Sampler

if TYPE_CHECKING:
    from advnets.runs.run import Run

Bytes = NDArray[np.uint8]


def complete(
    sampler: Sampler,
    images: Bytes,
    missing: NDArray[np.bool_],
    count: int,
    seed: int,
    advance: Callable[[int], object] = lambda made: None,
) -> Bytes:
    """Completions: the k-th of every image is made of the k-th latents of the seed, whatever the others are.

    Args:
        sampler: of a game whose samples are made of an image and a mask, too.
        images: uint8 N x C x H x W.
        missing: the same shape, true where the image's values count for nothing.
        count: completions of each.
        seed: which ones.
        advance: is told how many have been made since it was told last.

    Returns:
        uint8 N x count x C x H x W.
    """
    latents = sampler.inputs(max(count, 1), seed)
    made, size = np.empty((len(images) * count, *images.shape[1:]), np.uint8), sampler.at_a_time
    for start in range(0, len(made), size):
        numbers = np.arange(start, min(start + size, len(made)))
        of, which = numbers // count, torch.from_numpy(numbers % count)
        given = {
            "image": sampler.as_input(torch.from_numpy(images[of])),
            "mask": torch.from_numpy(~missing[of]).float(),
        }
        made[numbers] = sampler.decode({**{name: each[which] for name, each in latents.items()}, **given})
        advance(len(numbers))
    made = made.reshape(len(images), count, *images.shape[1:])
    return np.where(missing[:, None], made, images[:, None])


def completed(run: Run, images: ArrayLike, masks: ArrayLike, count: int, seed: int, anyway: bool = False) -> Bytes:
    """Completions of images by a run, as `Run.complete` says."""
    if not run.completes:
        raise RunError(f"{run.path} completes no images", "train with --game.kind completion")
    if count < 1:
        raise RunError(f"{count} completions cannot be made", "ask for 1 or more")
    pixels, missing = checked(images, masks, run.shape)
    shares = missing.reshape(len(missing), -1).mean(1)
    if not anyway and (odd := np.flatnonzero((shares == 0) | (shares == 1))).size:
        what = f"{'nothing' if shares[odd[0]] == 0 else 'everything'} is missing of image {odd[0]}"
        more = f" (and {len(odd) - 1:,} more such images)" if len(odd) > 1 else ""
        raise RunError(f"{what}{more}", "look at the mask (true is missing), or complete it with anyway=True")
    return complete(run.sampler, pixels, missing, count, seed)


def checked(images: ArrayLike, masks: ArrayLike, shape: tuple[int, ...]) -> tuple[Bytes, NDArray[np.bool_]]:
    """Images and masks that were given, in the shapes of `complete`.

    Args:
        images: uint8, N x C x H x W, or one, C x H x W; of gray ones C may be left out.
        masks: true or not 0 where something is missing: H x W for all, or N x H x W, N x C x H x W.
        shape: C x H x W.

    Raises:
        RunError: they are no such arrays, or do not fit the run or each other.
    """
    given, said = np.asarray(images), np.asarray(masks)
    gray = shape[0] == 1 and given.shape[-2:] == shape[1:] and given.ndim in (2, 3) and given.shape != shape
    known = given[..., None, :, :] if gray else given
    known = known[None] if known.ndim == 3 else known
    if known.dtype != np.uint8 or known.ndim != 4 or known.shape[1:] != shape:
        what = f"images of shape {given.shape}, {given.dtype}"
        raise RunError(what, f"give uint8, N x {' x '.join(map(str, shape))}: 0 to 255")
    missing = said.astype(bool)
    missing = missing[:, None] if missing.ndim == 3 and missing.shape != shape else missing
    try:
        return known, np.ascontiguousarray(np.broadcast_to(missing, known.shape))
    except ValueError:
        remedy = f"give {shape[1]} x {shape[2]}, one for each image, or one for each of its channels: true is missing"
        raise RunError(f"masks of shape {said.shape} for {len(known):,} images", remedy) from None
