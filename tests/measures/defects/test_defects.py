"""Every defect, of images of any shape: none of it changes nothing, more of it changes more."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import kstest
from small_tables import originals_of, table_of

from advnets.measures.defects import DEFECTS
from advnets.measures.defects.defect import Block
from advnets.measures.defects.draws import bytes_of, first_share, normal, uniform
from advnets.measures.defects.originals import Images, Originals, parted
from advnets.measures.defects.textures import blocks, checkerboard, jpeg
from advnets.measures.defects.tones import contrast, gray_levels, threshold
from advnets.measures.defects.warps import rotation, shift

SHAPES = [(1, 16, 16), (3, 18, 17), (5, 9, 12)]
OF_SETS = {
    "other_images", "scrambled_images", "noise_images", "blends", "ghosts", "memorized", "mirrored", "channel_swap",
    "classes_missing", "clusters_missing", "uneven_classes", "copies_of_few", "repeated",
}  # fmt: skip
"""Whose damage depends on what else is in the set."""


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def originals(request: pytest.FixtureRequest) -> Originals:
    return originals_of(request.param)


def block_of(images: Images) -> Block:
    return Block(images, np.arange(len(images)), 0)


@pytest.mark.parametrize("name", DEFECTS)
def test_doses(name: str, originals: Originals) -> None:
    defect, before = DEFECTS[name], originals.images()
    assert np.array_equal(defect.damaged(originals, defect.none), before)
    errors = [0.0]
    for dose in defect.doses_for(originals):
        found = defect.damaged(originals, dose)
        assert found.dtype == np.uint8
        assert found.shape == before.shape
        assert np.array_equal(found, defect.damaged(originals, dose))
        errors.append(float(np.square(found.astype(float) - before).mean()))
        assert found.flags.writeable
    if name not in ("classes_missing", "clusters_missing", "uneven_classes"):  # images that come for others are any
        assert errors == sorted(set(errors)), "more of it is worse"
    assert np.array_equal(originals.images(), before), "the originals are as they were"


@pytest.mark.parametrize("name", [name for name in DEFECTS if name not in OF_SETS])
def test_an_image_is_damaged_alike_in_any_company(name: str, originals: Originals) -> None:
    fewer = dataclasses.replace(originals, pool=originals.pool[20:50][::-1].copy(), count=30)
    for dose in DEFECTS[name].doses_for(originals)[:1]:
        whole = DEFECTS[name].damaged(originals, dose)
        assert np.array_equal(DEFECTS[name].damaged(fewer, dose), whole[20:50][::-1])


def test_another_seed_draws_others() -> None:
    first, second = (originals_of((1, 16, 16), seed=seed) for seed in (0, 1))
    second = dataclasses.replace(second, pool=first.pool, searched=first.searched)
    for name in ("noise", "rotation", "elastic", "patch", "noise_images", "classes_missing"):
        dose = DEFECTS[name].doses[-1] if name != "classes_missing" else 1
        assert not np.array_equal(DEFECTS[name].damaged(first, dose), DEFECTS[name].damaged(second, dose)), name


def test_what_does_not_apply_is_left_out() -> None:
    def left_out(originals: Originals) -> set[str]:
        return {name for name, each in DEFECTS.items() if not each.doses_for(originals)}

    colored = originals_of((3, 18, 16))
    assert left_out(colored) == set()
    colors = {"cast", "hue", "desaturation", "channel_swap"}
    assert left_out(originals_of((2, 18, 16))) == colors
    stacked = dataclasses.replace(colored.table, stack_of=lambda: colored.table)
    assert left_out(dataclasses.replace(colored, table=stacked, others=None)) == {*colors, "other_images"}
    unlabeled = dataclasses.replace(colored, table=dataclasses.replace(colored.table, labels=None, classes=()))
    assert left_out(unlabeled) == {"classes_missing", "uneven_classes"}
    assert left_out(dataclasses.replace(colored, pool=colored.pool[:50], count=50)) == {"clusters_missing"}
    assert left_out(originals_of((3, 5, 7))) == {"scrambled_images", "blocks"}
    assert DEFECTS["shift"].doses_for(originals_of((3, 5, 7))) == (1,)
    assert DEFECTS["classes_missing"].doses_for(colored) == (1, 2)  # of four


def test_places_move_exactly() -> None:
    images = originals_of((2, 16, 16)).images()[:40]
    moved = shift(block_of(images), 2)
    ways = [(2, 0), (-2, 0), (0, 2), (0, -2)]
    inner = [np.roll(images, way, (2, 3))[:, :, 2:-2, 2:-2] for way in ways]
    alike = np.array(
        [[np.array_equal(a, b) for a, b in zip(moved[:, :, 2:-2, 2:-2], each, strict=True)] for each in inner]
    )
    assert (alike.sum(0) >= 1).all()
    assert (alike.sum(1) > 0).all(), "in all four directions"
    turned = rotation(block_of(images), 90)
    quarter = [np.rot90(images, way, (2, 3)) for way in (1, -1)]
    assert all(any(np.array_equal(a, b) for b in each) for a, *each in zip(turned, *quarter, strict=True))


def test_values_become_what_is_said() -> None:
    images = originals_of((3, 15, 13)).images()[:5]
    block = block_of(images)
    assert set(np.unique(threshold(block, 1))) == {0, 255}
    assert set(np.unique(gray_levels(block, 3))) <= {0, 128, 255}
    ranges = [np.ptp(each.astype(float), (1, 2, 3)) for each in (contrast(block, 0.5), images)]
    np.testing.assert_allclose(ranges[0], ranges[1] / 2, atol=1)
    means = blocks(block, 4)[:, :, :4, 12:]  # what is left at the right edge is a block of 4 x 1
    assert np.ptp(means, (2, 3)).max() == 0
    np.testing.assert_allclose(means[:, :, 0, 0], images[:, :, :4, 12:].mean((2, 3)), atol=0.5)
    difference = checkerboard(block, 0.1).astype(float) - images
    inside = (images > 30) & (images < 225)
    assert set(np.unique(difference[inside])) <= {-26, -25, 25, 26}
    pair = block_of(images[:, :2])  # neither gray nor of three colors: each channel by itself
    assert np.array_equal(jpeg(pair, 50)[:, 1:], jpeg(block_of(images[:, 1:2]), 50))


def test_colors_become_what_is_said() -> None:
    originals = originals_of((3, 18, 16))
    images = originals.images()
    gray = DEFECTS["desaturation"].damaged(originals, 1)
    assert np.ptp(gray, 1).max() == 0
    turned = DEFECTS["hue"].damaged(originals, 30)
    safe = ((images > 60) & (images < 190)).all(1)
    assert np.abs(turned.sum(1, dtype=int) - images.sum(1, dtype=int))[safe].max() <= 2  # the gray axis stays
    assert np.array_equal(DEFECTS["channel_swap"].damaged(originals, 1), images[:, ::-1])
    assert np.array_equal(DEFECTS["mirrored"].damaged(originals, 1), images[..., ::-1])


def known(originals: Originals, images: Images) -> list[int]:
    """The rows of images that are undamaged."""
    rows = {image.tobytes(): row for row, image in enumerate(originals.table.values)}
    return [rows[image.tobytes()] for image in images]


def test_kinds_are_missing_and_others_stand_in() -> None:
    originals = originals_of((1, 16, 16))
    labels = originals.table.labels
    assert labels is not None
    before = set(labels[originals.rows])
    counts = {}
    for dose in (0.5, 1, 2):
        rows = known(originals, DEFECTS["classes_missing"].damaged(originals, dose))
        assert len(rows) == len(set(rows)) == 60
        assert set(rows) <= set(originals.pool.tolist())
        counts[dose] = np.bincount(labels[rows], minlength=4)
        assert (counts[dose] == 0).sum() == int(dose)
    gone = int(np.argmin(counts[1]))
    assert 0 < counts[0.5][gone] < np.bincount(labels[originals.rows])[gone]
    assert before == {0, 1, 2, 3}
    clusters = known(originals, DEFECTS["clusters_missing"].damaged(originals, 2))
    of_pool = dict(zip(originals.pool.tolist(), originals.clusters.tolist(), strict=True))
    assert len({of_pool[row] for row in clusters}) == 8
    shares = np.bincount(labels[known(originals, DEFECTS["uneven_classes"].damaged(originals, 10))])
    assert shares.max() > 4 * shares.min()


def test_where_nothing_stands_in_there_are_fewer() -> None:
    originals = originals_of((1, 16, 16))
    tight = dataclasses.replace(originals, pool=originals.pool[:60])
    assert 30 < len(DEFECTS["classes_missing"].damaged(tight, 1)) < 55


def test_copies_are_as_many_as_is_said() -> None:
    originals = originals_of((1, 16, 16))
    rows = known(originals, DEFECTS["repeated"].damaged(originals, 5))
    assert sorted(np.bincount(rows)[np.unique(rows)]) == [5] * 12
    rows = known(originals, DEFECTS["copies_of_few"].damaged(originals, 0.5))
    assert np.bincount(rows).max() == 31  # of one image in a hundred, and itself
    rows = known(originals, DEFECTS["memorized"].damaged(originals, 0.25))
    assert len(set(rows) & set(originals.searched.tolist())) == 15
    damaged, before = DEFECTS["noise_images"].damaged(originals, 0.1), originals.images()
    assert (damaged != before).any((1, 2, 3)).sum() == 6
    more = DEFECTS["noise_images"].damaged(originals, 0.25)
    assert np.array_equal(more[(damaged != before).any((1, 2, 3))], damaged[(damaged != before).any((1, 2, 3))])


def test_scrambled_tiles_are_those_of_the_image() -> None:
    originals = originals_of((2, 17, 16))
    scrambled, before = DEFECTS["scrambled_images"].damaged(originals, 1), originals.images()
    assert np.array_equal(scrambled[:, :, 16:], before[:, :, 16:])

    def tiles(images: Images) -> list[list[bytes]]:
        return [
            sorted(image[:, y : y + 4, x : x + 4].tobytes() for y in range(0, 16, 4) for x in range(0, 16, 4))
            for image in images
        ]

    assert tiles(scrambled) == tiles(before)


@pytest.mark.parametrize("real", ["test", "train", "all"])
def test_no_image_is_in_two_parts(real: str) -> None:
    parts = parted(table_of((1, 8, 8)), real, 120)
    rows = np.concatenate([parts.real, parts.pool, parts.searched])
    assert len(rows) == len(np.unique(rows))
    assert parts.halved == (real == "all")
    assert len(parts.pool) >= 120
    assert len(parts.searched) >= 20


def test_draws_are_even_and_of_their_row_alone() -> None:
    rows = np.arange(5000)
    assert kstest(uniform(3, "any", rows), "uniform").pvalue > 0.01
    assert kstest(uniform(3, "any", rows[:50], 100).ravel(), "uniform").pvalue > 0.01
    assert kstest(normal(3, "any", rows[:50], 100).ravel(), "norm").pvalue > 0.01
    assert np.bincount(bytes_of(3, "any", rows[:100], 2560).ravel(), minlength=256).min() > 800
    assert np.array_equal(uniform(3, "any", rows[[7, 3]], 5), uniform(3, "any", rows, 5)[[7, 3]])
    assert np.array_equal(uniform(3, "any", rows, 5)[:, :2], uniform(3, "any", rows, 2))
    for seed, purpose in ((4, "any"), (3, "other")):
        assert abs(np.corrcoef(uniform(3, "any", rows), uniform(seed, purpose, rows))[0, 1]) < 0.05
    small, large = (first_share(3, "any", rows, share) for share in (0.1, 0.3))
    assert (small.sum(), large.sum()) == (500, 1500)
    assert (small & ~large).sum() == 0


@pytest.mark.parametrize(
    ("name", "dose", "said"),
    [
        ("blur", 0.312, "a blur of sigma 0.31"),
        ("shift", 1, "a shift by 1 pixel"),
        ("shift", 1.4, "a shift by 1.4 pixels"),
        ("classes_missing", 1, "1 class missing"),
        ("classes_missing", 2, "2 classes missing"),
        ("noise_images", 0.055, "5.5 % of images of noise"),
        ("jpeg", 62.7, "JPEG of quality 63"),
        ("hue", 120, "a hue turned by 120 degrees"),
    ],
)
def test_a_dose_in_words(name: str, dose: float, said: str) -> None:
    assert DEFECTS[name].in_words(dose) == said
