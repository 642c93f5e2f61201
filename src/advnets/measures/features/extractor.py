"""What features are: a function from images to rows of numbers, with what a figure and a cache need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.data.parallel import progress_bar
from advnets.errors import MeasureError
from advnets.measures.inputs import by, slices
from advnets.measures.mistakes import Confusion
from advnets.sharing import in_blocks, sharers

Images = npt.NDArray[np.uint8]
"""N x C x H x W, 0..255."""

Features = npt.NDArray[np.float32]
"""N x D."""

Probabilities = npt.NDArray[np.float32]
"""N x K, rows that add up to one."""


@dataclass(frozen=True, kw_only=True)
class Extractor:
    """Features of images, and class probabilities where the network classifies.

    Attributes:
        name: what a figure says they are: "pixels", "random", "classifier", "inception", an ONNX file's name.
        dimension: D, how many numbers an image becomes.
        identity: changes whenever the features would: a digest of the weights and the version of the code.
        extract: uint8 images, n x C x H x W, contiguous and writable as PyTorch wants them -> float32 features,
            n x D; each row of its image alone. Raises MeasureError where it cannot take images of that shape.
        classify: features, n x D -> probabilities, n x K; None where the network does not classify.
        batch: how many images it takes at a time.
        cached: whether features are worth keeping on disk.
        note: what a reader should know of it, such as a classifier's accuracy; empty where there is nothing.
        weights: SHA-256 (hex) of its weights; empty where it has none.
        confusion: how it takes real images that it was not trained on; None where nobody has looked.
    """

    name: str
    dimension: int
    identity: str
    extract: Callable[[Images], Features]
    classify: Callable[[Features], Probabilities] | None = None
    batch: int = 256
    cached: bool = True
    note: str = ""
    weights: str = ""
    confusion: Confusion | None = None

    def probabilities(self, features: Features) -> Probabilities | None:
        """Class probabilities of images from their features, so that one pass of the network serves both.

        Args:
            features: N x D, as `extract` made them.

        Returns:
            float32, N x K; None where the network does not classify.
        """
        if self.classify is None:
            return None
        return np.concatenate([self.classify(features[part]) for part in slices(len(features), self.batch)])

    def likeliest(self, features: Features) -> tuple[npt.NDArray[np.int64], int] | None:
        """The likeliest class of each image from its features; the probabilities, many for many classes, are not kept.

        Args:
            features: N x D, as `extract` made them.

        Returns:
            int64, N, and how many classes there are; None where the network does not classify.
        """
        if self.classify is None:
            return None
        labels, classes = np.empty(len(features), np.int64), 0
        for part in slices(len(features), self.batch):
            chances = self.classify(features[part])
            labels[part], classes = chances.argmax(1), chances.shape[1]
        return labels, classes


def extract_all(
    extractor: Extractor,
    images: npt.NDArray[Any],
    rows: npt.NDArray[np.int64] | None = None,
    *,
    batch: int | None = None,
    progress: bool = False,
) -> Features:
    """Features of all images, in blocks: a memory-mapped array stays on disk.

    Args:
        extractor: what makes them.
        images: uint8, N x C x H x W.
        rows: only these, in this order; default all.
        batch: images at a time; default the extractor's own.
        progress: show a progress bar where there is a terminal.

    Returns:
        float32, N x D.

    Raises:
        MeasureError: images of another type or shape, or features that are not finite.
    """
    _check_images(images)
    count = len(images) if rows is None else len(rows)
    with progress_bar(f"Features ({extractor.name})", count, shown=progress) as advance:

        def extracted(part: slice) -> Features:
            found = _extracted(extractor, images[part] if rows is None else images[rows[part]])
            advance((part.stop - part.start) * sharers())
            return found

        parts = list(slices(count, batch or extractor.batch))
        return in_blocks(parts, extracted, count) if parts else np.empty((0, extractor.dimension), np.float32)


def _extracted(extractor: Extractor, block: npt.NDArray[Any]) -> Features:
    features = extractor.extract(np.require(block, requirements=["C", "W"]))
    if not np.isfinite(features).all():
        raise MeasureError(f"{extractor.name}: a feature is not finite", "check the network's weights")
    return features


def check_shape(images: Images, shape: tuple[int, ...], name: str) -> None:
    """Refuses images other than those an extractor was made for.

    Raises:
        MeasureError: another number of channels, height or width.
    """
    if images.shape[1:] != shape:
        raise MeasureError(
            f"{name} features are of {by(shape)} images, these are {by(images.shape[1:])}",
            "give samples and data of one size",
        )


def _check_images(images: npt.NDArray[Any]) -> None:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise MeasureError(f"features of {images.dtype} values, {by(images.shape)}", "give uint8 images, N x C x H x W")
