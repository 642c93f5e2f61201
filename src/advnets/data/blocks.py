"""Images that are arrays already, block by block to the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data.decode import hidden_white
from advnets.data.depth import Depth, RangeError, check_filled, extremes, span, to_bytes, whole_range
from advnets.data.options import Fit, Options
from advnets.data.origins import Origins
from advnets.data.parallel import ordered_map, progress_bar
from advnets.data.resize import OPACITY, changes, color_changes, fit_image, image_row
from advnets.data.splits import block_keys
from advnets.data.writer import RowWriter
from advnets.errors import DataError

BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Blocks:
    """Images of one shape as a stream of arrays.

    Args:
        name: what the source is called in messages.
        images: gives the stream, which may be asked for again: n x C x H x W each, of any type that holds numbers.
        count: images in all.
        ranges: the fixed splits of a published data set, or None to draw them by content.
        notes: what was noticed when they were found.
    """

    name: str
    images: Callable[[], Iterator[NDArray[Any]]]
    count: int
    ranges: Mapping[str, tuple[int, int]] | None = None
    notes: tuple[str, ...] = ()


def with_ranges(blocks: Blocks, training: int, valid_share: int) -> Blocks:
    """The blocks with the splits of a published set, of which only training and test part are published.

    Args:
        training: images of the published training part, which come first.
        valid_share: one of so many of these, the last ones, are for validation.
    """
    first_valid = training - training // valid_share
    ranges: Mapping[str, tuple[int, int]] = {
        "train": (0, first_valid),
        "valid": (first_valid, training),
        "test": (training, blocks.count),
    }
    return replace(blocks, ranges=ranges)


def rows_per_block(row_bytes: int) -> int:
    """How many images to read at once."""
    return max(1, BLOCK_BYTES // max(1, row_bytes))


def write_blocks(blocks: Blocks, writer: RowWriter, options: Options) -> tuple[str, ...]:
    """Appends every image, as bytes, resized and with its channels converted where the options ask for it.

    Returns:
        What was noticed.

    Raises:
        DataError: fewer than two images, channels that cannot be converted, or values that fit no range.
    """
    if blocks.count < 2:
        raise DataError(f"{blocks.name}: {blocks.count} image(s)", "give a source with at least two images")
    value_range = options.value_range
    if value_range == "auto":
        value_range = whole_range(Depth("said", float(each.min()), float(each.max())) for each in blocks.images())
    depths: dict[str, Depth] = {}
    seen: set[tuple[str, tuple[int, ...]]] = set()
    notes: set[str] = set()

    def prepare(images: NDArray[Any]) -> tuple[NDArray[np.uint8], list[int], Depth, tuple[str, ...]]:
        seen.add((str(images.dtype), images.shape[1:]))
        values, depth = to_bytes(images, value_range)
        keys = block_keys(values) if blocks.ranges is None else []
        height, width = values.shape[2:]
        said = changes((width, height), options.size, options.fit) if options.size else ()
        shown = values if options.channels == OPACITY else values[:, :3]
        said += color_changes(np.moveaxis(shown, 1, -1), options.channels)
        return convert(np.array(values), options.size, options.channels, options.fit), keys, depth, said

    results = ordered_map(prepare, blocks.images())
    with progress_bar(f"Reading {blocks.name}", blocks.count, shown=options.progress) as advance:
        try:
            for rows, keys, depth, said in results:
                writer.add(rows, keys)
                depths = extremes((*depths.values(), depth))
                notes.update(said)
                advance(len(rows))
        except RangeError as error:
            raise DataError(f"{blocks.name}: {error.what}", error.remedy) from None
        finally:
            results.close()
    check_filled(blocks.name, depths)
    writer.origins = _origins(blocks.count, *next(iter(seen)), options.fit, depths)
    return (*blocks.notes, *(f"all images {each}" for each in sorted(notes)))


def _origins(count: int, dtype: str, shape: tuple[int, ...], fit: Fit, depths: Mapping[str, Depth]) -> Origins:
    """What rows of one shape were."""
    channels, *size = shape
    kind = f"{dtype}, {channels} channel{'s' if channels > 1 else ''}"
    extremes = span(each for each in depths.values() if each.kind != "bytes")
    return Origins(np.full((count, 2), size, np.int32), fit, (), {kind: count}, extremes)


def convert(
    images_NCHW: NDArray[np.uint8], size: tuple[int, int] | None, channels: int | None, fit: Fit
) -> NDArray[np.uint8]:
    """Resizes a block, and converts its channels: gray and RGB to each other, RGBA (over white) to either."""
    present = images_NCHW.shape[1]
    wanted = present if channels is None else channels
    size = size or (images_NCHW.shape[2], images_NCHW.shape[3])
    if channels == OPACITY:
        return np.stack([_with_opacity(image, size, fit) for image in images_NCHW])
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


def _with_opacity(image_CHW: NDArray[np.uint8], size: tuple[int, int], fit: Fit) -> NDArray[np.uint8]:
    """Red, green, blue and opacity of gray, color, or color with opacity: as of files."""
    if len(image_CHW) not in (1, 3, OPACITY):
        remedy = "leave channels out to keep what the arrays have"
        raise DataError(f"arrays of {len(image_CHW)} channels cannot become {OPACITY}", remedy)
    if len(image_CHW) == OPACITY:
        image = hidden_white(Image.fromarray(np.ascontiguousarray(image_CHW.transpose(1, 2, 0))))
    else:
        image = _gray_or_rgb(image_CHW)
    return image_row(fit_image(image, size, fit), OPACITY)


def _gray_or_rgb(image_CHW: NDArray[np.uint8]) -> Image.Image:
    if len(image_CHW) == 1:
        return Image.fromarray(image_CHW[0])
    image = Image.fromarray(np.ascontiguousarray(image_CHW.transpose(1, 2, 0)))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
