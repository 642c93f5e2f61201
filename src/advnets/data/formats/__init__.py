"""The formats that data are read from, one file each, in the order in which a place is looked at."""

from advnets.data.formats import (
    array_folder,
    arrow,
    cifar,
    cifar100,
    folder,
    hdf5,
    idx,
    lmdb,
    matlab,
    npy,
    npz,
    olivetti,
    packed_folder,
    parquet,
    pickles,
    shards,
    stl10,
    svhn,
    tfrecord,
    webdataset,
    zip,
)
from advnets.data.formats.format import Format, Place, located

FORMATS: tuple[Format, ...] = (
    npy.FORMAT,
    npz.FORMAT,
    hdf5.FORMAT,
    olivetti.FORMAT,
    svhn.FORMAT,
    matlab.FORMAT,  # after the published sets in such files
    cifar.FORMAT,
    cifar100.FORMAT,
    stl10.FORMAT,
    pickles.FORMAT,
    idx.FORMAT,
    array_folder.FORMAT,  # after the published sets in folders of such files
    zip.FORMAT,
    webdataset.FORMAT,
    parquet.FORMAT,
    arrow.FORMAT,
    tfrecord.FORMAT,
    lmdb.FORMAT,
    packed_folder.FORMAT,
    shards.FORMAT,
    folder.FORMAT,  # the last: any folder is one of images
)

__all__ = ["FORMATS", "Format", "Place", "located"]
