"""The paper's measure: the log-likelihood of test images under a Gaussian Parzen window around samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.errors import MeasureError
from advnets.measures.distances import Stripe, stripes
from advnets.measures.inputs import Rows, check_comparable, rows_of
from advnets.measures.intervals import normal
from advnets.measures.measurement import Measurement
from advnets.sharing import own_share, total

VALIDATION_IMAGES = 1000
"""How many validation images choose sigma, as in the authors' script."""

CAVEAT = (
    "Parzen estimates rank models unreliably (Theis et al. 2016, A note on the evaluation of generative "
    "models): k-means centroids score above real images, and so do blurred ones. Read the figure beside the "
    "total variation, and aim at real images' own, not above it."
)

_SIGMA_RANGE = (1e-6, 1e6)


def parzen(
    samples: npt.ArrayLike,
    test: npt.ArrayLike,
    valid: npt.ArrayLike | None = None,
    *,
    sigmas: Sequence[float] | None = None,
    sigma: float | None = None,
    validation_images: int = VALIDATION_IMAGES,
    progress: bool = False,
) -> Measurement:
    """The log-likelihood of `test` under Gaussian windows around `samples`, as the paper's Table 1 has it.

    log p(x) = logmeanexp_s(-||x - s||^2 / (2 sigma^2)) - D log(sigma sqrt(2 pi)).

    Args:
        samples: N x ..., uint8 or floating point in [0, 1]; the paper draws 10,000.
        test: images of the same shape, at least 2.
        valid: images that choose sigma by their mean log-likelihood; not used where `sigma` is given.
        sigmas: candidates, in units of [0, 1]; default logspace(-1, 0, 10).
        sigma: the window itself, for no choice at all.
        validation_images: only so many of `valid`, the first, are used.
        progress: say how far it is.

    Returns:
        The mean in nats; its standard error, std / sqrt(n), is over the test images and leaves out the chance in the
        samples. Details: `sigma`, the window's standard deviation in units of [0, 1]; `sigmas`, the candidates it was
        chosen from; `validation`, the validation images' mean log-likelihood by candidate (empty where sigma was
        given); `at_edge`, whether the best sigma is an end of the candidates', so that a wider choice would score
        higher.

    Raises:
        MeasureError: images that cannot be compared, neither `valid` nor `sigma`, a sigma out of range.

    Source: Goodfellow et al. 2014, section 5, and the authors' parzen_ll.py; Breuleux et al. 2009.
    """
    windows, images = rows_of(samples, "samples"), rows_of(test, "test", minimum=2)
    check_comparable(windows, images)
    candidates = _candidates(sigmas, sigma)
    validation = ()
    if sigma is None:
        rows = _validation_rows(windows, valid, validation_images)
        validation = _validate(windows, rows, candidates, "Parzen's window" if progress else "")
    best = candidates[int(np.argmax(validation))] if validation else candidates[0]
    scores = log_likelihoods(windows, images, (best,), "Parzen" if progress else "")[0]
    value, error = float(scores.mean()), float(scores.std() / math.sqrt(len(images)))
    return Measurement(
        measure="parzen",
        value=value,
        standard_error=error,
        interval=normal(value, error),
        interval_by="normal, over the test images",
        samples=len(windows),
        real=len(images),
        details={
            "sigma": best,
            "sigmas": candidates,
            "validation": validation,
            "at_edge": bool(validation) and best in (min(candidates), max(candidates)),
        },
        caveat=CAVEAT,
    )


def log_likelihoods(windows: Rows, images: Rows, sigmas: Sequence[float], label: str = "") -> npt.NDArray[np.float64]:
    """log p(x) of each image for each sigma, len(sigmas) x N, in nats; one set of distances serves all.

    The label is what a progress bar says; empty for none.
    """
    scores = np.zeros((len(sigmas), len(images)))
    for rows, stripe in own_share(stripes(images, windows, label)):
        log_sums = _log_sum_exp(stripe, [1 / (2 * sigma**2) for sigma in sigmas])
        scores[:, rows] = log_sums.numpy()
    scores = total(scores)  # of which others have other rows
    normalizers = [math.log(len(windows)) + windows.dimension * _log_width(sigma) for sigma in sigmas]
    return scores - np.array(normalizers)[:, None]


def _log_sum_exp(stripe: Stripe, precisions: Sequence[float]) -> Tensor:
    """log sum_s exp(-precision ||x - s||^2), precisions x rows, in one pass over the tiles.

    The largest term of every precision belongs to the nearest sample, so one running minimum serves them all.
    """
    scales = torch.tensor(precisions, dtype=torch.float64, device="cpu")[:, None]
    nearest, sums = torch.full_like(scales[0], math.inf), torch.zeros_like(scales)
    for _, squared in stripe:
        closer = torch.minimum(nearest, squared.amin(1))
        sums = sums * torch.exp((closer - nearest) * scales) + _kernel_sums(squared, closer, precisions)
        nearest = closer
    return sums.log() - nearest * scales


def _kernel_sums(squared: Tensor, nearest: Tensor, precisions: Sequence[float]) -> Tensor:
    excess, terms = squared - nearest[:, None], torch.empty_like(squared)
    sums = [torch.mul(excess, -precision, out=terms).exp_().sum(1) for precision in precisions]
    return torch.stack(sums)


def _log_width(sigma: float) -> float:
    return math.log(sigma * math.sqrt(2 * math.pi))


def _candidates(sigmas: Sequence[float] | None, sigma: float | None) -> tuple[float, ...]:
    if sigmas is not None and sigma is not None:
        raise MeasureError("both sigma and sigmas are given", "give one sigma, or several to choose from")
    default = np.logspace(-1, 0, 10) if sigmas is None else sigmas
    candidates = tuple(float(value) for value in (default if sigma is None else [sigma]))
    low, high = _SIGMA_RANGE
    if not candidates or not all(low <= value <= high for value in candidates):
        raise MeasureError(f"sigmas {list(candidates)}", f"give at least one, each from {low:g} to {high:g}")
    return candidates


def _validation_rows(windows: Rows, valid: npt.ArrayLike | None, count: int) -> Rows:
    if valid is None:
        raise MeasureError("nothing to choose sigma with", "give validation images or sigma itself")
    if count < 1:
        raise MeasureError(f"validation_images is {count}", "use at least 1")
    images = rows_of(np.asarray(valid)[:count], "valid")
    check_comparable(windows, images)
    return images


def _validate(windows: Rows, images: Rows, sigmas: Sequence[float], label: str) -> tuple[float, ...]:
    return tuple(float(mean) for mean in log_likelihoods(windows, images, sigmas, label).mean(axis=1))
