"""Squared distances between two large sets of images: by matrix product, in tiles, without cancellation.

||x - s||^2 = ||x||^2 + ||s||^2 - 2 x.s turns differences into a matrix product, but in float32 the three
terms cancel: what is left of a small distance is rounding, and the estimate divides it by 2 sigma^2. So:

- **uint8 against uint8 is exact.** With 128 subtracted, pixels are integers of magnitude at most 128, a
  product is at most 2^14, and a sum over 1,024 columns at most 2^24: every partial sum of a float32 matrix
  product is an integer that float32 holds, in whatever order it adds, also where PyTorch is told to multiply
  in bfloat16 or TF32 (eight bits hold each factor). Wider images are summed in float64 over runs of 1,024.
- **Anything else runs in float64**, where the same cancellation leaves an error near 1e-13.

Memory is that of a few tiles, whatever the number and the size of the images.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from advnets.data.parallel import progress_bar
from advnets.measures.inputs import PIXEL_STEPS, Images, Rows, slices

_TILE = 512  # a tile of float64 is 2 MB and stays in the cache while it is worked on
_EXACT_COLUMNS = 1024  # 1,024 products of at most 2^14 stay within 2^24, the integers that float32 holds
_CENTER = 128

Stripe = Iterator[tuple[slice, Tensor]]


def stripes(left: Rows, right: Rows, label: str = "") -> Iterator[tuple[slice, Stripe]]:
    """Squared distances of every row of `left` to every row of `right`, a stripe of `left` at a time.

    Args:
        left, right: of one width.
        label: what a progress bar says; empty for none.

    Yields:
        A slice of `left`'s rows, and an iterator over (slice of `right`'s rows, tile of float64 squared
        distances in units of [0, 1], at least 0). A stripe has to be used before the next is asked for.
    """
    exact = left.is_uint8 and right.is_uint8
    right_norms = torch.cat([_squared_norms(right.values[part], exact) for part in slices(len(right), _TILE)])
    with progress_bar(label, len(left), shown=bool(label)) as advance:
        for rows in slices(len(left), _TILE):
            yield rows, _stripe(left.values[rows], right.values, right_norms, exact)
            advance(rows.stop - rows.start)


def _stripe(left: Images, right: Images, right_norms: Tensor, exact: bool) -> Stripe:
    left_norms = _squared_norms(left, exact)[:, None]
    for columns in slices(len(right), _TILE):
        squared = _inner_products(left, right[columns], exact).mul_(-2)
        squared.add_(left_norms).add_(right_norms[columns]).clamp_min_(0)
        yield columns, squared.div_(PIXEL_STEPS**2) if exact else squared


def _inner_products(left: Images, right: Images, exact: bool) -> Tensor:
    columns = slices(left.shape[1], _EXACT_COLUMNS)
    with torch.autocast("cpu", enabled=False):
        products = (_factors(left[:, part], exact) @ _factors(right[:, part], exact).T for part in columns)
        total = next(products).double()
        for product in products:
            total += product
    return total


def _squared_norms(values: Images, exact: bool) -> Tensor:
    columns = slices(values.shape[1], _EXACT_COLUMNS)
    parts = [_factors(values[:, part], exact).double().square().sum(1) for part in columns]
    return torch.stack(parts).sum(0)


def _factors(values: Images, exact: bool) -> Tensor:
    """Centered integers in float32 where the arithmetic is exact, otherwise values of [0, 1] in float64."""
    if exact:
        return torch.as_tensor(values.astype(np.float32), device="cpu").sub_(_CENTER)
    factors = torch.as_tensor(values.astype(np.float64), device="cpu")
    return factors.div_(PIXEL_STEPS) if values.dtype == np.uint8 else factors
