"""The formats that data are read from, one file each, in the order in which a place is looked at."""

from advnets.data.formats import arrays, cifar, folder, idx, tar, zip
from advnets.data.formats.format import Format, Place

FORMATS: tuple[Format, ...] = (
    arrays.FORMAT,
    cifar.FORMAT,
    idx.FORMAT,
    zip.FORMAT,
    tar.FORMAT,
    folder.FORMAT,  # the last: any folder is one of images
)

__all__ = ["FORMATS", "Format", "Place"]
