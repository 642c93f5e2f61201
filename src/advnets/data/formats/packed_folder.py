"""A folder without any image file in which one zip or tar holds them, with lists of what they are beside it.

    Img/img_align_celeba.zip, Anno/list_attr_celeba.txt, Anno/identity_CelebA.txt, Eval/list_eval_partition.txt

Source: Liu et al. 2015, *Deep Learning Face Attributes in the Wild*; https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advnets.data.formats.folder import Listing, list_folder
from advnets.data.formats.format import Format, Place, holds_pictures
from advnets.data.formats.tar import is_tar, tar_entries
from advnets.data.formats.zip import zip_pictures
from advnets.data.pictures import Met, Pictures
from advnets.data.side_files import is_side
from advnets.data.source import Source, lazy_source, pictures_source
from advnets.errors import DataError

_ZIP, _TAR = (".zip",), (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_PACKED = "a folder of an archive of images"


def _recognize(place: Place) -> Source | None:
    if not place.is_folder or holds_pictures(place.path):
        return None
    listing = list_folder(place.path)
    zips, tars = ([name for name, *_ in listing.files if name.lower().endswith(each)] for each in (_ZIP, _TAR))
    if len(zips) > 1:
        raise DataError(f"{place.path}: no images, and several archives, {', '.join(zips[:4])}", "give one of them")
    lists = any(is_side(name) for name, *_ in listing.files)
    if len(zips) + len(tars) != 1 or (tars and not lists):  # a tar alone may be one of WebDataset's shards
        return None
    (archive,) = zips or tars

    def find() -> Source:
        return pictures_source(place.path.name, [], _pictures(place, listing, archive))

    return lazy_source(place.path.name, listing.identity, find, _PACKED)


def _pictures(place: Place, listing: Listing, archive: str) -> Pictures:
    """The archive's files, with those that lie beside it."""
    path = listing.root / archive
    beside = replace(listing, files=[each for each in listing.files if each[0] != archive]).pictures()

    def entries() -> Iterator[Met]:
        yield from beside.entries()
        yield from tar_entries(path) if is_tar(path) else zip_pictures(path).entries()

    return Pictures(place.path.name, entries, None, is_side, in_order=True)


FORMAT = Format("", _recognize)
