"""What is said of images of which much is cut off: at what size they would be whole."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.data.origins import Origins


def origins(sizes: list[tuple[int, int]], fit: str = "crop") -> Origins:
    return Origins(np.array(sizes, np.int32), fit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shape", "better"),
    [
        ((400, 600), (3, 64, 64), (48, 72)),
        ((400, 600), (3, 32, 32), (32, 48)),
        ((600, 400), (3, 64, 64), (72, 48)),  # portraits
        ((400, 600), (3, 48, 32), (32, 48)),  # the wrong way round
        ((1080, 1920), (3, 64, 64), (40, 72)),
        ((400, 600), (3, 32, 48), None),
        ((480, 500), (3, 64, 64), None),
    ],
)
def test_photographs_of_one_aspect(
    size: tuple[int, int], shape: tuple[int, int, int], better: tuple[int, int] | None
) -> None:
    photos = origins([size] * 50 + [(100, 100)] * 10)
    assert photos.whole_at(shape) == better
    assert (
        (f"--size {better[0]}x{better[1]} (height x width)" in photos.cropping(shape))
        if better
        else not photos.cropping(shape)
    )
    assert origins([size] * 50, "pad").whole_at(shape) is None


def test_of_many_aspects_no_size_is_better() -> None:
    assert origins([(100, 50 + 7 * number) for number in range(40)]).whole_at((3, 64, 64)) is None
    assert not origins([]).cropping((3, 64, 64))
