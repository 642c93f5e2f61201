"""Masks: what each manner leaves out, by global row, and what cannot be asked for."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from torch import Tensor

from advnets.config.games import MasksConfig
from advnets.errors import RecipeError
from advnets.games.masks import MANNERS, check_shares, draw_masks
from advnets.randomness import StepNoise, Stream

SHAPE, ROWS = (3, 12, 10), 600


def missing(shares: dict[str, float], first: int = 0, count: int = ROWS) -> Tensor:
    noise = StepNoise(5, 0, Stream.DISCRIMINATOR_NOISE, first, count, ROWS, torch.device("cpu"))
    masks = draw_masks(shares, SHAPE, noise)
    assert masks.shape == (count, *SHAPE)
    assert set(masks.unique().tolist()) <= {0.0, 1.0}
    return masks < 0.5


def test_each_manner_leaves_out_what_it_says() -> None:
    share = {name: missing({name: 1.0}).float().mean((1, 2, 3)) for name in MANNERS}
    assert share["whole"].eq(1).all()
    assert share["halves"].sub(0.5).abs().max() < 1e-6
    assert 0.04 < share["boxes"].min() < 0.12 < 0.4 < share["boxes"].max() < 0.8
    assert share["boxes"].mean() == pytest.approx(0.25, abs=0.04)  # two independent sides of a half, on the average
    assert 0.15 < share["pixels"].min() < 0.4 < 0.85 < share["pixels"].max() < 1
    assert 0.03 < share["strokes"].min() < 0.2 < share["strokes"].mean() < 0.5 < share["strokes"].max() < 0.9
    planes = missing({"channels": 1.0}).flatten(2).float().mean(2)
    assert set(planes.unique().tolist()) == {0.0, 1.0}
    counts = planes.sum(1).unique(return_counts=True)
    assert counts[0].tolist() == [1, 2]
    assert counts[1].min() > ROWS * 0.4


def test_every_manner_has_its_weight_in_recipes() -> None:
    assert {field.name for field in fields(MasksConfig)} == set(MANNERS)


def test_halves_are_of_four_sides_and_boxes_anywhere() -> None:
    halves = {tuple(row.flatten().tolist()) for row in missing({"halves": 1.0})[:, 0]}
    assert len(halves) == 4
    assert missing({"boxes": 1.0})[:, 0].any(0).all()


def test_shares_are_those_of_the_rows() -> None:
    drawn = missing({"whole": 3.0, "halves": 1.0, "boxes": 0.0}).float().mean((1, 2, 3))
    assert drawn.eq(1).float().mean() == pytest.approx(0.75, abs=0.05)
    assert (drawn.eq(1) | drawn.eq(0.5)).all()


def test_a_row_has_the_same_mask_whoever_draws_it() -> None:
    shares = dict.fromkeys(MANNERS, 1.0)
    whole = missing(shares)
    parts = [missing(shares, first, 200) for first in (0, 200, 400)]
    assert torch.equal(torch.cat(parts), whole)


def test_what_cannot_be_missing() -> None:
    shares = vars(MasksConfig())
    assert "channels" not in check_shares(shares, (1, 4, 4))
    assert check_shares(shares, (3, 4, 4))["channels"] == 1
    with pytest.raises(RecipeError, match="gray images have no channels"):
        check_shares({**shares, "channels": 2.0}, (1, 4, 4))
    with pytest.raises(RecipeError, match="about images"):
        check_shares(shares, (2,))
    with pytest.raises(RecipeError, match="samples of a run"):
        MasksConfig(whole=0)
