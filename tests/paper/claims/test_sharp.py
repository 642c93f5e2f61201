"""Chains on sharp targets, and what is told of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_claims import POINTS, workspace

from advnets.errors import MeasureError
from advnets.paper.claims import sharp, walks
from advnets.paper.claims.intervals import Interval
from advnets.paper.claims.verdicts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED
from advnets.paper.exhibit import Table
from advnets.paper.workspace import Workspace


def test_scores_are_slopes_of_the_log_density() -> None:
    x = np.random.default_rng(0).normal(scale=2, size=(20, 2))
    _, score = walks.log_blurred(x, POINTS, 0.4)
    for axis in (0, 1):
        step = 1e-5 * np.eye(2)[axis]
        up, down = (walks.log_blurred(x + sign * step, POINTS, 0.4)[0] for sign in (1, -1))
        np.testing.assert_allclose(score[:, axis], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)


def test_a_langevin_chain_stays_as_far_from_the_points_as_it_is_blurred() -> None:
    found = walks.walk(walks.langevin(POINTS, 0.2), POINTS, 400, 0)
    assert found["distance"] == pytest.approx(0.2 * math.sqrt(2 * math.log(2)), rel=0.05)  # a Rayleigh's median
    assert found["moves"] < 0.05


def test_a_chain_that_chooses_is_sharp_and_fair() -> None:
    step = walks.choosing(POINTS, 1.0)
    assert walks.walk(step, POINTS, 200, 0)["distance"] == 0
    rng, x = np.random.default_rng(3), np.repeat(POINTS[:1], 4000, 0)
    for _ in range(40):
        x = step(x, rng)
    counts = np.bincount(np.linalg.norm(x[:, None] - POINTS, axis=2).argmin(1), minlength=8)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_bridges_are_seen_by_mean_and_share_alone() -> None:
    found = walks.nearness([[0.0, 0.01], [0.0, 0.79]])
    assert found == {"distance": pytest.approx(0.005), "mean": pytest.approx(0.2), "bridges": 0.25}
    gaps = np.array([0, 1, 0, 1])
    assert walks.moves(gaps, gaps[::-1], 8) == pytest.approx(8 / 7)


def test_states_farther_apart_have_moved_more() -> None:
    found = walks.walk(walks.denoising(POINTS, 0.28), POINTS, 600, 0)
    assert 3 * found["moves"] < found["later"] < 1


def test_the_least_sigma_is_where_a_curved_figure_reaches_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "walk", lambda sigma, *_: {"moves": math.exp(-0.2 / sigma**2)})
    found = walks.least_sigma(lambda _, sigma: sigma, POINTS, 1, 0, "moves", 0.1)  # pyright: ignore[reportArgumentType]
    assert 0 <= found["sigma"] - math.sqrt(0.2 / math.log(10)) <= 1e-4
    assert found["moves"] >= 0.1
    with pytest.raises(MeasureError, match=r"moves is 0\.818731 with a sigma of 1"):
        walks.least_sigma(lambda _, sigma: sigma, POINTS, 1, 0, "moves", 0.9)  # pyright: ignore[reportArgumentType]


def test_a_chain_mixes_where_it_was_found_to_and_not_where_a_line_between_sigmas_says() -> None:
    found = walks.least_sigma(walks.denoising, POINTS, 500, 0, "moves", 0.1)
    again = walks.walk(walks.denoising(POINTS, found["sigma"]), POINTS, 500, 0)
    assert found == {"sigma": found["sigma"], **again}
    assert found["moves"] == pytest.approx(0.1, abs=0.005)
    assert found["distance"] == pytest.approx(0.091, abs=0.006)  # a line from sigma .2 to .3 says .072


def test_a_blurred_chain_is_found_by_its_distance() -> None:
    found = walks.least_sigma(walks.langevin, POINTS, 300, 0, "distance", 0.03)
    assert found["sigma"] == pytest.approx(0.03 / math.sqrt(2 * math.log(2)), rel=0.05)  # a Rayleigh's median
    assert found["later"] == 0


def walked(*moves: float) -> list[dict[str, Any]]:
    """A chain's lines, as far from the points as the place in the list."""
    return [{"moves": each, "later": each, "distance": n, "mean": n, "bridges": 0.5} for n, each in enumerate(moves)]


def three(distance: float, mean: float, bridges: float) -> dict[str, Interval]:
    """Figures of a chain without error."""
    values = {"sigma": 0.3, "distance": distance, "mean": mean, "bridges": bridges, "moves": 0.1, "later": 0.5}
    return {key: Interval(each, each, each) for key, each in values.items()}


def test_both_verdicts_on_blur_can_be_reached() -> None:
    off = Interval(0.1, 0.08, 0.12)
    above, below, across = (Interval(0.1, *ends) for ends in ((0.2, 0.3), (0.01, 0.05), (0.05, 0.3)))
    assert [sharp.blurrier(each, off) for each in (above, below, across)] == [
        SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip


def test_how_a_chain_does_with_gs_median_follows_from_its_movement() -> None:
    still, slow = Interval(0, 0, 0), Interval(0.08, 0.07, 0.09)
    unsure = Interval(0.001, -0.001, 0.003)
    told = [sharp._pace({"moves": still, "later": each}) for each in (still, slow, unsure)]
    assert "no movement was seen" in told[0]
    assert "movement is 0 in 10 steps and 0.08 (0.07 to 0.09) in 100: it moves between points, slowly" in told[1]
    assert "that it moves between points is not shown" in told[2]


NEARER_BY_TWO = three(0.0913, 0.103, 0.054)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    ("langevin", "denoising", "verdicts"),
    [
        (three(0.34, 0.37, 0.8), three(0.2, 0.2, 0.4), (SUPPORTED, SUPPORTED, SUPPORTED)),
        (three(0.34, 0.37, 0.8), NEARER_BY_TWO, (MIXED, SUPPORTED, MIXED)),  # farther by the median alone
        (three(0.34, 0.37, 0.8), three(0.02, 0.03, 0), (MIXED, SUPPORTED, NOT_SUPPORTED)),
        (three(0.02, 0.03, 0), three(0.02, 0.03, 0), (NOT_SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED)),
    ],
)
def test_sharpness_is_judged_by_the_gaussian_chains_and_by_three_measures(
    langevin: Any, denoising: Any, verdicts: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixing = {"langevin": langevin, "denoising": denoising, "choosing": three(0, 0, 0)}
    g = {"distance": 0.0284, "mean": 0.12, "bridges": 0.175, "moves": 1, "shown": [[0, 2]]}
    asked: list[tuple[str, float]] = []

    def where(_: Workspace, name: str, key: str, level: float) -> Any:
        asked.append((key, level))
        return mixing[name]

    monkeypatch.setattr(sharp, "_game", lambda *_: g)
    monkeypatch.setattr(sharp, "_walks", lambda *_: walked(*[0.5] * 8))
    monkeypatch.setattr(sharp, "_where", where)
    found = sharp.claim(workspace(tmp_path))
    assert set(asked) == {("moves", 0.1), ("distance", 0.0284)}
    said = found.why
    assert (found.verdict, *(row.note for row in found.rows[1:])) == verdicts
    assert "may choose among modes" in said
    told = (
        "Gaussian step, where it mixes: farther from the points than G by median distance; nearer by mean distance, sh"
    )
    assert (told in said) == (denoising is NEARER_BY_TWO) == ("blurs every state a little" in said)
    table = found.saw[-3]
    assert isinstance(table, Table)
    assert table.rows[0][:5] == ["G", "-", *(str(Interval(*[each] * 3)) for each in (0.0284, 0.12, 0.175))]


@pytest.mark.usefixtures("no_pictures")
def test_chains_that_are_never_as_far_as_g_are_not_asked_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    g = {"distance": 9.0, "mean": 9.0, "bridges": 1.0, "moves": 1, "shown": [[0, 2]]}
    monkeypatch.setattr(sharp, "_game", lambda *_: g)
    monkeypatch.setattr(sharp, "_walks", lambda *_: walked(*[0.5] * 8))  # at most 7 from the points
    monkeypatch.setattr(sharp, "_where", lambda *_: three(0.1, 0.1, 0.1))
    assert sharp.claim(workspace(tmp_path)).figures["near"] == {}


def test_the_settings_of_a_chain_are_all_there_are() -> None:
    private = {name.strip("_").lower() for name, value in vars(walks).items()
               if name.isupper() and isinstance(value, int | float)}  # fmt: skip
    assert private == set(walks.SETTINGS)
