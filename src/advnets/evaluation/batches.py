"""Samples that a program of one's own makes, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.inputs import by

Batches = Iterable[NDArray[Any] | Tensor]
"""Arrays or tensors, all of samples of one shape and type: a generator, which may have no end, a list, a loader."""


def gather(batches: NDArray[Any] | Tensor | Batches, count: int) -> NDArray[Any]:
    """The samples as one array, of any device's memory; of batches the first `count`, and no batch beyond is asked for.

    Args:
        batches: the samples, N x ..., or batches of them.
        count: how many are wanted of batches; of an array or a tensor all are returned.

    Raises:
        MeasureError: what comes is no array, there is nothing, or batches differ in shape or type.
    """
    if isinstance(batches, np.ndarray | Tensor):
        return _array(batches)
    found: list[NDArray[Any]] = []
    taken = 0
    with progress_bar("Drawing", count, unit="samples", shown=True) as advance:
        for each in batches:
            batch = _array(each)
            if found and (batch.shape[1:], batch.dtype) != (found[0].shape[1:], found[0].dtype):
                one, other = (f"{each.dtype}, {by(each.shape[1:])}" for each in (found[0], batch))
                raise MeasureError(f"samples of {other}, after samples of {one}", "make all of one shape and type")
            found.append(batch[: count - taken].copy())  # its maker may fill the same memory again
            taken += len(found[-1])
            advance(len(found[-1]))
            if taken == count:
                break
    if not taken:
        raise MeasureError("the batches hold no samples", "give a generator that was not used up, or a list")
    return np.concatenate(found)


def _array(samples: object) -> NDArray[Any]:
    if isinstance(samples, Tensor):
        samples = samples.detach().cpu()
        return (samples.float() if samples.dtype == torch.bfloat16 else samples).numpy()  # NumPy has no such type
    if not isinstance(samples, np.ndarray) or not samples.ndim:
        what = f"an array of shape {samples.shape}" if isinstance(samples, np.ndarray) else type(samples).__name__
        raise MeasureError(f"{what} is no batch of samples", "give arrays or tensors, the first axis counts samples")
    return samples
