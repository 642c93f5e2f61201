"""Images as tiles of one picture: sizes, colors and places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from advnets.errors import DataError

Pixels = npt.NDArray[np.uint8]

BACKGROUND = 255
COMFORTABLE_WIDTH = 640  # pixels: a picture narrower than this is scaled up
COMFORTABLE_TILE = 112  # pixels: but no image in it beyond this


def check_images(images: Pixels, axes: str = "NCHW") -> None:
    """Refuses what is not a uint8 array with the named axes and at least one image.

    Raises:
        DataError: another type, another number of axes, or nothing to show.
    """
    if images.dtype != np.uint8 or images.ndim != len(axes) or images.size == 0:
        raise DataError(
            f"a picture of {images.dtype} images of shape {images.shape}",
            f"give uint8 {' x '.join(axes)} with at least one image",
        )


def with_colors(images_NCHW: Pixels) -> Pixels:
    """N x H x W x 1 or 3: gray or color as it is, two channels as red and green, of more the first three.

    Of four the last is opacity, as in a PNG file, and the picture is laid over white.
    """
    images = images_NCHW.transpose(0, 2, 3, 1)
    if images.shape[-1] == 4:
        opacity = images[..., 3:] / np.float32(255)
        return np.rint(images[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    if images.shape[-1] == 2:
        return np.concatenate([images, np.zeros_like(images[..., :1])], axis=-1)
    return images[..., :3]


def enlarge(images_NHWC: Pixels, factor: int) -> Pixels:
    """Each pixel becomes a square of factor x factor: nothing is blurred."""
    return images_NHWC.repeat(factor, axis=1).repeat(factor, axis=2)


def chosen_scale(scale: int | None, shape: tuple[int, ...], columns: int, padding: int) -> int:
    """`scale` itself, checked; without it, one at which `columns` images of ... x H x W are easy to look at.

    Raises:
        DataError: a scale below one.
    """
    height, width = shape[-2:]
    if scale is None:
        by_picture = (COMFORTABLE_WIDTH - padding) // columns - padding
        return max(1, min(by_picture // width, COMFORTABLE_TILE // max(height, width)))
    if scale < 1:
        raise DataError(f"a picture at scale {scale}", "use a whole number from 1, or none")
    return scale


def lay_out(images_NHWC: Pixels, columns: int, padding: int, background: tuple[int, ...] = (BACKGROUND,)) -> Pixels:
    """Places images row by row, with `padding` pixels of background between and around them."""
    count, height, width, channels = images_NHWC.shape
    rows = -(-count // columns)
    shape = (rows * (height + padding) + padding, columns * (width + padding) + padding, channels)
    picture = np.full(shape, background, dtype=np.uint8)
    for place, image in enumerate(images_NHWC):
        row, column = divmod(place, columns)
        top, left = padding + row * (height + padding), padding + column * (width + padding)
        picture[top : top + height, left : left + width] = image
    return picture
