"""Global contrast normalization: the authors' formula, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from advnets.data.contrast import display_range, moments, normalize, restore
from advnets.errors import DataError

NORM = 55.0


@pytest.fixture(scope="module")
def images(emoji: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(emoji[:200].transpose(0, 3, 1, 2)))


def by_definition(images: np.ndarray) -> np.ndarray:
    """(x - mean) / ||x - mean|| * 55 in float64, an image at a time."""
    made = []
    for image in images.astype(np.float64):
        centered = image - image.mean()
        made.append(centered / np.sqrt((centered**2).sum()) * NORM)
    return np.stack(made)


def test_it_is_the_authors_formula(images: torch.Tensor) -> None:
    np.testing.assert_allclose(normalize(images, NORM).numpy(), by_definition(images.numpy()), atol=2e-5)


def test_every_image_gets_mean_zero_and_the_norm(images: torch.Tensor) -> None:
    rows = normalize(images, NORM).double().flatten(1)
    torch.testing.assert_close(rows.mean(1), torch.zeros(len(rows)).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(rows.norm(dim=1), torch.full((len(rows),), NORM).double(), rtol=1e-5, atol=0)


def test_brightness_and_contrast_of_an_image_do_not_matter() -> None:
    dark = torch.randint(0, 80, (5, 3, 8, 8))
    torch.testing.assert_close(normalize(3 * dark + 15, NORM), normalize(dark, NORM), atol=1e-4, rtol=0)


def test_the_way_back_is_exact(images: torch.Tensor) -> None:
    whole = torch.cat([images, torch.randint(0, 256, (50, 3, 32, 32), dtype=torch.uint8)])
    assert torch.equal(restore(normalize(whole, NORM), *moments(whole), NORM), whole)


def test_bfloat16_gray_levels_are_normalized_as_exactly_as_bytes(images: torch.Tensor) -> None:
    made = normalize(images.bfloat16(), NORM)
    assert made.dtype == torch.bfloat16
    assert torch.equal(made, normalize(images, NORM).bfloat16())


@pytest.mark.parametrize("side", [4, 1000])
def test_an_image_of_one_gray_level_becomes_zeros(side: int) -> None:
    images = torch.full((2, 1, side, side), 77, dtype=torch.uint8)
    images[1, 0, 0, 0] = 78  # the least that is not constant
    values = normalize(images, NORM)
    assert not values[0].any()
    assert float(values[1].norm()) == pytest.approx(NORM, rel=1e-3)
    assert torch.equal(restore(values[:1], *(m[:1] for m in moments(images)), NORM), images[:1])


def test_pictures_get_the_average_images_mean_and_norm(images: torch.Tensor) -> None:
    low, high = display_range(images.numpy(), NORM)
    mean, length = (float(m.double().mean()) for m in moments(images))
    assert low < 0 < high
    assert -low / (high - low) * 255 == pytest.approx(mean, rel=1e-6)
    assert NORM / (high - low) * 255 == pytest.approx(length, rel=1e-6)


def test_an_average_image_is_shown_as_it_is() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(60, 200, (1, 3, 9, 7), np.uint8)
    low, high = display_range(image, NORM)
    shown = (normalize(torch.from_numpy(image), NORM) - low) * 255 / (high - low)
    np.testing.assert_array_equal(shown.round().numpy(), image)


def test_the_range_does_not_depend_on_how_rows_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(1).integers(0, 256, (25, 1, 6, 6), np.uint8)
    whole = display_range(images, NORM)
    monkeypatch.setattr("advnets.data.contrast._ROWS_AT_ONCE", 7)
    assert display_range(images, NORM) == pytest.approx(whole, rel=1e-12)


def test_images_without_contrast_have_no_range() -> None:
    with pytest.raises(DataError, match="no contrast"):
        display_range(np.full((3, 1, 4, 4), 9, np.uint8), NORM)
