"""MATLAB 5's .mat: arrays of images with labels beside them. Its source is that of `data.matlab`."""

from __future__ import annotations

from pathlib import Path

from advnets.data.formats.format import Format, Place
from advnets.data.matlab import NUMBERS, is_matlab, list_variables, read_variable
from advnets.data.matlab_members import MatlabArray, matlab_members
from advnets.data.member_source import members_source
from advnets.data.members import Member
from advnets.data.source import Source, lazy_source

_MATLAB = "a MATLAB file of images"


def read_matlab(path: Path, channels: int | None, file: str = "") -> list[Member]:
    """The arrays of real numbers in a MATLAB 5 file.

    Raises:
        DataError: it is damaged.
    """
    arrays = [
        MatlabArray(name, each.shape, each.kind, lambda axis, each=each: read_variable(path, each, axis))
        for name, each in list_variables(path).items()
        if each.kind in NUMBERS
    ]
    return matlab_members(str(path), arrays, channels, file)


def _recognize(place: Place) -> Source | None:
    path = place.path
    if not is_matlab(place.head):
        return None

    def find() -> Source:
        members = read_matlab(path, place.options.channels)
        return members_source(str(path), members, place.part, place.options, _MATLAB)

    return lazy_source(path.name, place.identity(path), find, _MATLAB)


FORMAT = Format("a .mat", _recognize, parts=True)
