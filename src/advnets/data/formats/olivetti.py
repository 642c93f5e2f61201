"""The Olivetti faces: olivettifaces.mat, a MATLAB 5 file of 400 gray faces of 64 x 64, ten each of 40 people in turn.

    faces    4096 x 400: a face a column, its pixels column by column

Sources: Samaria and Harter 1994, *Parameterisation of a Stochastic Model for Human Face Identification*;
https://cs.nyu.edu/~roweis/data.html; who is on a face: scikit-learn, fetch_olivetti_faces.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data.blocks import Blocks
from advnets.data.formats.format import Format, Place
from advnets.data.matlab import NUMBERS, Variable, is_matlab, list_variables, read_variable
from advnets.data.source import Labels, Source, blocks_source, lazy_source
from advnets.errors import DataError

FACES, SIDE, PEOPLE, EACH = "faces", 64, 40, 10
_OLIVETTI = "the Olivetti faces"


def _recognize(place: Place) -> Source | None:
    path = place.path
    if place.part or not is_matlab(place.head):
        return None
    try:
        faces = list_variables(path).get(FACES)
    except DataError:
        return None
    if faces is None or faces.kind not in NUMBERS or faces.shape != (SIDE * SIDE, PEOPLE * EACH):
        return None
    return lazy_source(path.name, place.identity(path), lambda: _source(path, faces), _OLIVETTI)


def _source(path: Path, faces: Variable) -> Source:
    def stream() -> Iterator[NDArray[Any]]:
        for values in read_variable(path, faces, 1):
            gray = values.astype(np.uint8)
            if not (gray == values).all():
                raise DataError(f"{path}: faces of other values than bytes", "download it again")
            yield gray.T.reshape(-1, 1, SIDE, SIDE).transpose(0, 1, 3, 2)

    people = Labels(np.repeat(np.arange(PEOPLE), EACH), tuple(map(str, range(PEOPLE))))
    return blocks_source(path.name, [], Blocks(path.name, stream, PEOPLE * EACH), lambda: {"person": people})


FORMAT = Format("", _recognize)
