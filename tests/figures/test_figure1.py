"""Figure 1's pictures: they show what the arrays say, and refuse arrays that do not belong together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from advnets.errors import DataError
from advnets.figures.figure1 import Scene, figure1, frames

X = np.linspace(-4, 4, 201)
Z = np.linspace(-1.7, 1.7, 9)
SCENE = Scene("(d)", X, stats.norm.pdf(X), stats.norm.pdf(X, 1), np.full(201, 0.5), Z, Z + 1)


def pixels_like(picture: np.ndarray, red: int, green: int, blue: int) -> np.ndarray:
    """Where the picture has about that color, H x W."""
    return (np.abs(picture.astype(int) - (red, green, blue)) < 30).all(-1)


def frame_of(scene: Scene) -> np.ndarray:
    return next(frames([scene]))


def test_four_panels_are_wider_than_one(tmp_path: Path) -> None:
    sizes = []
    for count in (1, 4):
        with Image.open(figure1([SCENE] * count, tmp_path / f"{count}.png")) as picture:
            sizes.append(picture.size)
    assert sizes[1][0] > 2.5 * sizes[0][0]
    assert sizes[1][1] == sizes[0][1]


def test_panels_go_on_in_another_row(tmp_path: Path) -> None:
    with Image.open(figure1([SCENE] * 3, tmp_path / "rows.png", columns=2)) as picture:
        assert picture.size[1] > picture.size[0] * 0.9


def test_the_same_scenes_are_the_same_file(tmp_path: Path) -> None:
    first, second = (figure1([SCENE], tmp_path / f"{name}.png").read_bytes() for name in "ab")
    assert first == second


def test_p_g_is_drawn_where_its_mass_is() -> None:
    green = pixels_like(frame_of(SCENE), 46, 139, 87)
    peak = np.nonzero(green[60:300, :600])  # above the legend's column
    column = peak[1][peak[0] == peak[0].min()].mean()
    assert column == pytest.approx((0.08 + 0.89 * (1 + 4) / 8) * 720, abs=12)


def test_d_is_higher_where_it_says_more() -> None:
    def height(opinion: float) -> float:
        picture = frame_of(replace(SCENE, opinion=np.full(201, opinion)))
        return float(np.nonzero(pixels_like(picture, 36, 86, 166)[:, 60:300])[0].mean())

    assert height(1.0) < height(0.5) < height(0.0)  # rows count downward
    assert height(0.5) == pytest.approx((height(0.0) + height(1.0)) / 2, abs=2)


def test_frames_have_one_size_and_differ() -> None:
    made = list(frames([SCENE, replace(SCENE, p_g=stats.norm.pdf(X, -1))], width=400, height=300))
    assert [frame.shape for frame in made] == [(300, 400, 3)] * 2
    assert made[0].dtype == np.uint8
    assert (made[0] != made[1]).any()


def test_an_arrow_beyond_the_line_is_left_out() -> None:
    far = frame_of(replace(SCENE, mapped=np.full(9, 99.0)))
    arrows = pixels_like(far[400:470, 60:], 0x9A, 0x9A, 0x9A)
    assert not arrows.any()
    assert pixels_like(frame_of(SCENE)[400:470, 60:], 0x9A, 0x9A, 0x9A).any()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"p_g": np.zeros(3)}, r"p_g has shape \(3,\), x has 201"),
        ({"best": np.zeros(200)}, "best has shape"),
        ({"mapped": Z[:4]}, r"9 z and 4 G\(z\)"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(changes: dict[str, np.ndarray], says: str) -> None:
    with pytest.raises(DataError, match=says):
        frame_of(replace(SCENE, **changes))


def test_no_scenes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no scenes"):
        figure1([], tmp_path / "none.png")
