"""Distortions against what they are by hand."""

from __future__ import annotations

import pytest
import torch

from advnets.games.warps import Warp

IMAGES = torch.rand(2, 1, 8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
NONE, TURN, RIGHT, DOWN = torch.zeros(6), 0, 4, 5


def drawn(**numbers: float) -> torch.Tensor:
    """Two rows of the same map."""
    row = NONE.clone().double()
    for place, value in numbers.items():
        row[{"turn": TURN, "right": RIGHT, "down": DOWN}[place]] = value
    return row.repeat(2, 1)


def test_nothing_drawn_changes_nothing() -> None:
    warp = Warp(0.2, 10, 0.2, 0.2)
    torch.testing.assert_close(warp(IMAGES, drawn(), None), IMAGES)


def test_whole_pixels_move_and_the_edge_is_drawn_on() -> None:
    moved = Warp(shift=0.2)(IMAGES, drawn(right=1.0), None)  # a fifth of 10 pixels
    torch.testing.assert_close(moved[..., :8], IMAGES[..., 2:])
    torch.testing.assert_close(moved[..., 8:], IMAGES[..., 9:].expand(-1, -1, -1, 2))
    torch.testing.assert_close(Warp(shift=0.25)(IMAGES, drawn(down=-1.0), None)[:, :, 2:], IMAGES[:, :, :6])


def test_a_quarter_turn_is_one() -> None:
    square = IMAGES[..., :8]
    torch.testing.assert_close(Warp(turn=90)(square, drawn(turn=1.0), None), square.rot90(1, (2, 3)))


def test_a_turn_is_one_in_pixels_whatever_the_sides() -> None:
    wide = torch.rand(2, 1, 8, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = Warp(turn=90)(wide, drawn(turn=1.0), None)
    torch.testing.assert_close(turned[..., 2:10], wide[..., 2:10].rot90(1, (2, 3)))
    high = wide.transpose(2, 3)
    torch.testing.assert_close(Warp(turn=90)(high, drawn(turn=-1.0), None), turned.transpose(2, 3))


def test_places_are_exact_in_half_precision() -> None:
    large = torch.rand(2, 1, 256, 320, generator=torch.Generator().manual_seed(0)).bfloat16()
    warp = Warp(turn=15, stretch=0.2, slant=0.2)
    amounts = warp.draw(2, torch.Generator().manual_seed(0))
    torch.testing.assert_close(warp(large, amounts, None), warp(large.float(), amounts, None).bfloat16())


def test_points_get_noise_alone_of_the_deviation_that_is_said() -> None:
    warp, rng = Warp(shift=0.2, noise=0.5), torch.Generator().manual_seed(0)
    noise = warp.draw_noise((3,), 4000, rng)
    assert 0.48 < float(noise.std()) < 0.52
    rows = torch.ones(4000, 3)
    assert torch.equal(warp(rows, warp.draw(4000, rng), noise), rows + noise)


def test_amounts_lie_within_their_bounds() -> None:
    amounts = Warp().draw(1000, torch.Generator().manual_seed(0))
    assert amounts.shape == (1000, 6)
    assert -1 <= float(amounts.min()) < -0.99 < 0.99 < float(amounts.max()) <= 1


def test_images_are_bent_smoothly_and_all_places_moved_alike_are_a_shift() -> None:
    warp = Warp(elastic=0.2)
    amounts = torch.cat([drawn(), torch.tensor([[1.0] * 25 + [0.0] * 25] * 2)], 1)
    torch.testing.assert_close(warp(IMAGES, amounts, None), Warp(shift=0.2)(IMAGES, drawn(right=1.0), None))
    amounts[0, 6 + 12] = -1.0  # the middle alone goes the other way
    bent = warp._bends(amounts[:, 6:], (9, 9))[0, :, :, 0]
    assert bent[4, 4] == pytest.approx(-0.4)
    assert bent[0].tolist() == pytest.approx([0.4] * 9)
    assert bent.diff(dim=1).abs().max() < 0.5
