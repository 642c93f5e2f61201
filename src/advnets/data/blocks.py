"""Images that are arrays already, block by block to the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data.options import Fit, Options
from advnets.data.parallel import ordered_map, progress_bar
from advnets.data.resize import fit_image, image_row
from advnets.data.splits import block_keys
from advnets.data.writer import RowWriter
from advnets.errors import DataError

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Blocks:
    """Images of one shape as a stream of arrays.

    Args:
        name: what the source is called in messages.
        images: gives the stream: uint8, n x C x H x W each.
        count: images in all.
        ranges: the fixed splits of a published data set, or None to draw them by content.
    """

    name: str
    images: Callable[[], Iterator[NDArray[np.uint8]]]
    count: int
    ranges: Mapping[str, tuple[int, int]] | None = None


def rows_per_block(row_bytes: int) -> int:
    """How many images to read at once."""
    return max(1, BLOCK_BYTES // max(1, row_bytes))


def write_blocks(blocks: Blocks, writer: RowWriter, options: Options) -> None:
    """Appends every image, resized and with its channels converted where the options ask for it.

    Raises:
        DataError: fewer than two images, or channels that cannot be converted.
    """
    if blocks.count < 2:
        raise DataError(f"{blocks.name}: {blocks.count} image(s)", "give a source with at least two images")

    def prepare(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[int]]:
        keys = block_keys(images) if blocks.ranges is None else []
        return convert(images, options.size, options.channels, options.fit), keys

    results = ordered_map(prepare, blocks.images())
    with progress_bar(f"Reading {blocks.name}", blocks.count, shown=options.progress) as advance:
        try:
            for rows, keys in results:
                writer.add(rows, keys)
                advance(len(rows))
        finally:
            results.close()


def convert(
    images_NCHW: NDArray[np.uint8], size: tuple[int, int] | None, channels: int | None, fit: Fit
) -> NDArray[np.uint8]:
    """Resizes a block, and converts its channels: gray and RGB to each other, RGBA (over white) to either."""
    present = images_NCHW.shape[1]
    wanted = present if channels is None else channels
    size = size or (images_NCHW.shape[2], images_NCHW.shape[3])
    if size == images_NCHW.shape[2:] and wanted == present:
        return images_NCHW
    if wanted == present:
        planes = images_NCHW.reshape(-1, *images_NCHW.shape[2:])
        rows = [image_row(fit_image(Image.fromarray(plane), size, fit), 1) for plane in planes]
        return np.concatenate(rows).reshape(-1, present, *size)
    if wanted not in (1, 3) or present not in (1, 3, 4):
        remedy = "leave channels out to keep what the arrays have"
        raise DataError(f"arrays of {present} channels cannot become {wanted}", remedy)
    return np.stack([image_row(fit_image(_gray_or_rgb(image), size, fit), wanted) for image in images_NCHW])


def _gray_or_rgb(image_CHW: NDArray[np.uint8]) -> Image.Image:
    if len(image_CHW) == 1:
        return Image.fromarray(image_CHW[0])
    image = Image.fromarray(np.ascontiguousarray(image_CHW.transpose(1, 2, 0)))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
