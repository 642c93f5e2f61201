"""The experiments on the paper's claims: their statistics, exact parts and chains; and a killed exhibit goes on."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from advnets import figures
from advnets.data.toys import ring_modes
from advnets.errors import MeasureError
from advnets.games.contrastive import contrastive_cost
from advnets.games.objectives import objective
from advnets.paper import (
    claims,
    claims_chains,
    claims_contrastive,
    claims_courses,
    claims_early,
    claims_helvetica,
    claims_noise,
    claims_optimizers,
    claims_order,
    claims_parts,
    claims_ring,
    claims_saturation,
    claims_sharp,
    claims_updates,
)
from advnets.paper.claims_parts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED, UNKNOWN, Interval
from advnets.paper.claims_ring import data_of, floor, quality, recipe, ring
from advnets.paper.exhibit import Bench, Exhibit, Picture, Table
from advnets.training.trainer import Trainer

POINTS = ring_modes().astype(np.float64)


def bench(folder: Path, said: list[str] | None = None) -> Bench:
    return Bench("claims", folder, quick=True, say=(said if said is not None else []).append)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Exhibit]:
    """The whole exhibit, quick."""
    folder = tmp_path_factory.mktemp("claims")
    return folder, claims.make(bench(folder))


def test_t_intervals_are_scipys() -> None:
    rng = np.random.default_rng(0)
    for count in (2, 5, 30):
        x = rng.normal(size=count)
        expected = stats.t.interval(0.95, count - 1, x.mean(), stats.sem(x))
        found = claims_parts.t_interval(x)
        assert (found.low, found.high) == pytest.approx(expected)
        ratio = claims_parts.ratios(np.exp(x), np.exp(x - 0.3))
        assert ratio.mean == pytest.approx(math.exp(0.3))


def test_t_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    found = [claims_parts.t_interval(rng.normal(3.0, 2.0, 5)) for _ in range(2000)]
    covered = sum(each.low <= 3.0 <= each.high for each in found)
    assert stats.binomtest(covered, 2000, 0.95).pvalue > 1e-3


@pytest.mark.parametrize("values", [[1.0], [1.0, math.nan], []])
def test_too_few_seeds_have_no_interval(values: list[float]) -> None:
    with pytest.raises(MeasureError, match="at least two seeds"):
        claims_parts.t_interval(values)


@pytest.mark.parametrize(
    ("low", "high", "worse", "equal"),
    [
        (0.9, 1.1, SUPPORTED, SUPPORTED), (0.5, 0.7, SUPPORTED, NOT_SUPPORTED), (0.8, 1.5, UNDECIDED, UNDECIDED),
        (1.3, 1.6, NOT_SUPPORTED, NOT_SUPPORTED), (0.5, 1.1, SUPPORTED, UNDECIDED),
    ],
)  # fmt: skip
def test_verdicts_follow_from_intervals(low: float, high: float, worse: str, equal: str) -> None:
    ratio = Interval(math.sqrt(low * high), low, high)
    assert claims_parts.no_worse(ratio) == worse
    assert claims_parts.equally_good(ratio) == equal


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED), ([NOT_SUPPORTED], NOT_SUPPORTED), ([SUPPORTED, NOT_SUPPORTED], MIXED),
        ([SUPPORTED, UNDECIDED], UNDECIDED), ([NOT_SUPPORTED, UNDECIDED], UNDECIDED), ([UNDECIDED], UNDECIDED),
        ([SUPPORTED, UNDECIDED, NOT_SUPPORTED], MIXED),
    ],
)  # fmt: skip
def test_only_what_is_shown_and_excluded_is_mixed(parts: list[str], verdict: str) -> None:
    assert claims_parts.verdict_of(parts) == verdict


def test_more_and_less_are_shown_excluded_or_undecided() -> None:
    up, down, same, wide = (Interval(1, *ends) for ends in ((1.1, 1.5), (0.6, 0.9), (0.95, 1.05), (0.5, 2)))
    assert [claims_parts.more(each) for each in (up, down, same, wide)] == [
        SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip
    assert [claims_parts.less(each) for each in (up, down, same, wide)] == [
        NOT_SUPPORTED, SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip


def test_lost_games_are_left_out_and_too_few_decide_nothing() -> None:
    lost = math.nan
    assert claims_parts.left([1, 2, 3, lost, lost]) == claims_parts.t_interval([1, 2, 3])
    assert claims_parts.ratios([2, 8, lost], [1, 4, 1]).mean == pytest.approx(2)
    for few in ([1, 2, lost, lost], [1, lost], [lost]):
        assert claims_parts.left(few) is UNKNOWN
    judges = (claims_parts.no_worse, claims_parts.equally_good, claims_parts.more, claims_parts.less)
    assert {judge(UNKNOWN) for judge in judges} == {UNDECIDED}
    assert "unknown" in str(UNKNOWN)
    assert claims_parts.plain(UNKNOWN) == [None] * 3
    y = np.asarray(claims_parts.band("", [0, 1], [[1, lost], [3, 1]]).y)
    np.testing.assert_array_equal(y, [2, lost])


def test_the_data_themselves_are_of_the_best_quality() -> None:
    fresh = quality(ring().fresh(2000, "valid"))
    assert fresh["modes"] == 8
    assert fresh["near"] == pytest.approx(1 - math.exp(-4.5), abs=0.02)  # Rayleigh: within three deviations
    assert fresh["distance"] < 2 * floor().mean < 0.25
    one = quality(np.repeat(ring().modes[:1], 100, 0))
    assert one["modes"] == 1
    assert one["distance"] > 1


@pytest.mark.parametrize("points", [np.full((100, 2), np.nan), np.full((100, 2), 50.0)])
def test_a_lost_game_has_no_figures(points: Any) -> None:
    found = quality(points)
    assert found["finite"] is bool(np.isfinite(points).all())
    assert (found["distance"], found["near"], found["modes"]) == (None, None, None)
    lines = [{"distance": 1.0, "near": 1.0, "modes": 8}] * 7 + [found]
    assert math.isnan(claims_ring.at_the_end([lines], "distance")[0])
    assert claims_courses.lost([lines, lines[:-1]]) == 1
    assert claims_courses.ends_table({"the game": [lines, lines[:-1]]}).rows[0][-1] == "1"


def test_a_game_that_has_gone_astray_but_is_near_is_not_lost() -> None:
    assert quality(np.full((100, 2), 4.0))["distance"] > 2


def test_expected_gradients_are_those_of_many_samples() -> None:
    width, first, count = 0.3, 0.7, 400_000
    rng = torch.Generator().manual_seed(0)
    found = claims_noise.expected_gradients(width, first)
    G = claims_noise.Gaussian(first).double()
    data = claims_noise.Gaussian(width).double()
    data.mean.data.fill_(claims_noise.MEAN)
    data.second.data.fill_(math.log(claims_noise.DEVIATION))
    fake = G(torch.randn(count, 2, generator=rng).double())
    with torch.no_grad():  # D* does not move with G
        still = copy.deepcopy(G)
    logits = data.log_density(fake) - still.log_density(fake)
    for name, cost in (("game", "non-saturating"), ("minimax", "minimax")):
        value = objective(cost).generator(torch.zeros(1), logits)
        slopes = torch.autograd.grad(value, (G.mean, G.second), retain_graph=True)
        assert found[name] == pytest.approx(float(torch.stack(slopes).norm()), rel=0.02)


def test_expected_gradients_of_fixed_noise_are_those_of_many_samples() -> None:
    width, first, count = 0.3, 0.7, 400_000
    rng = torch.Generator().manual_seed(1)
    model = claims_noise.Gaussian(first, constant=True).double()
    real = claims_noise.data(width, count, rng).double()
    made = claims_noise.BROAD * torch.randn(count, 2, generator=rng).double()
    assert model.constant is not None

    def cost() -> torch.Tensor:
        rows = [model.log_density(x) - claims_noise.log_broad(x) for x in (real, made)]
        return contrastive_cost(rows[0], rows[1])

    search = torch.optim.LBFGS([model.constant], line_search_fn="strong_wolfe")

    def closure() -> float:
        search.zero_grad()
        value = cost()
        value.backward()
        return float(value.detach())

    search.step(closure)
    slopes = torch.autograd.grad(cost(), (model.mean, model.second))
    assert claims_noise.expected_gradients(width, first)["fixed"] == pytest.approx(
        float(torch.stack(slopes).norm()), rel=0.02
    )


def test_noise_that_follows_gives_a_quarter_of_the_likelihoods_gradient() -> None:
    mean, deviation, broad = claims_noise.MEAN, claims_noise.DEVIATION, claims_noise.BROAD
    likelihood = mean / broad**2, (mean**2 + deviation**2) / broad**2 - 1
    for first in (0.05, 1.0):
        found = claims_noise.expected_gradients(0.05, first)
        assert found["following"] == pytest.approx(math.hypot(*likelihood) / 4, rel=1e-6)


def test_fixed_noise_loses_its_gradient_once_a_part_is_learned() -> None:
    before, after = (claims_noise.expected_gradients(0.03, first) for first in (claims_noise.BROAD, 0.03))
    assert before["fixed"] == pytest.approx(before["following"], rel=1e-6)  # the model is the noise
    assert after["fixed"] < 0.1 * before["fixed"]
    assert after["minimax"] > before["minimax"]


def test_divergences_are_monte_carlos() -> None:
    model = claims_noise.Gaussian(None)
    x = claims_noise.data(0.4, 200_000, torch.Generator().manual_seed(0)).double()
    found = model.divergences(0.4)
    normal = stats.norm.logpdf
    for place, (key, of) in enumerate({"first": (0.0, 0.4), "second": (1.5, 0.5)}.items()):
        values = normal(x[:, place], *of) - normal(x[:, place], 0, claims_noise.BROAD)
        assert found[key] == pytest.approx(float(values.mean()), abs=5 * float(values.std()) / math.sqrt(len(x)))


def test_scores_are_slopes_of_the_log_density() -> None:
    x = np.random.default_rng(0).normal(scale=2, size=(20, 2))
    _, score = claims_chains.log_blurred(x, POINTS, 0.4)
    for axis in (0, 1):
        step = 1e-5 * np.eye(2)[axis]
        up, down = (claims_chains.log_blurred(x + sign * step, POINTS, 0.4)[0] for sign in (1, -1))
        np.testing.assert_allclose(score[:, axis], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)


def test_a_langevin_chain_stays_as_far_from_the_points_as_it_is_blurred() -> None:
    found = claims_chains.walk(claims_chains.langevin(POINTS, 0.2), POINTS, 400, 0)
    assert found["distance"] == pytest.approx(0.2 * math.sqrt(2 * math.log(2)), rel=0.05)  # a Rayleigh's median
    assert found["moves"] < 0.05


def test_a_chain_that_chooses_is_sharp_and_fair() -> None:
    step = claims_chains.choosing(POINTS, 1.0)
    assert claims_chains.walk(step, POINTS, 200, 0)["distance"] == 0
    rng, x = np.random.default_rng(3), np.repeat(POINTS[:1], 4000, 0)
    for _ in range(40):
        x = step(x, rng)
    counts = np.bincount(np.linalg.norm(x[:, None] - POINTS, axis=2).argmin(1), minlength=8)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_bridges_are_seen_by_mean_and_share_alone() -> None:
    found = claims_chains.nearness([[0.0, 0.01], [0.0, 0.79]])
    assert found == {"distance": pytest.approx(0.005), "mean": pytest.approx(0.2), "bridges": 0.25}
    gaps = np.array([0, 1, 0, 1])
    assert claims_chains.moves(gaps, gaps[::-1], 8) == pytest.approx(8 / 7)


def test_states_farther_apart_have_moved_more() -> None:
    found = claims_chains.walk(claims_chains.denoising(POINTS, 0.28), POINTS, 600, 0)
    assert 3 * found["moves"] < found["later"] < 1


def test_the_least_sigma_is_where_a_curved_figure_reaches_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_chains, "walk", lambda sigma, *_: {"moves": math.exp(-0.2 / sigma**2)})
    found = claims_chains.least_sigma(lambda _, sigma: sigma, POINTS, 1, 0, "moves", 0.1)  # pyright: ignore[reportArgumentType]
    assert 0 <= found["sigma"] - math.sqrt(0.2 / math.log(10)) <= 1e-4
    assert found["moves"] >= 0.1
    with pytest.raises(MeasureError, match=r"moves is 0\.818731 with a sigma of 1"):
        claims_chains.least_sigma(lambda _, sigma: sigma, POINTS, 1, 0, "moves", 0.9)  # pyright: ignore[reportArgumentType]


def test_a_chain_mixes_where_it_was_found_to_and_not_where_a_line_between_sigmas_says() -> None:
    found = claims_chains.least_sigma(claims_chains.denoising, POINTS, 500, 0, "moves", 0.1)
    again = claims_chains.walk(claims_chains.denoising(POINTS, found["sigma"]), POINTS, 500, 0)
    assert found == {"sigma": found["sigma"], **again}
    assert found["moves"] == pytest.approx(0.1, abs=0.005)
    assert found["distance"] == pytest.approx(0.091, abs=0.006)  # a line from sigma .2 to .3 says .072


def test_a_blurred_chain_is_found_by_its_distance() -> None:
    found = claims_chains.least_sigma(claims_chains.langevin, POINTS, 300, 0, "distance", 0.03)
    assert found["sigma"] == pytest.approx(0.03 / math.sqrt(2 * math.log(2)), rel=0.05)  # a Rayleigh's median
    assert found["later"] == 0


def test_spreads_are_those_of_the_data_and_of_one_point() -> None:
    real = claims_helvetica.spreads(ring().fresh(2000))
    assert real["spread"] == pytest.approx(1, abs=0.05)
    cut = math.exp(-4.5)  # within three deviations: a Rayleigh's variance without its tail
    assert real["within"] == pytest.approx(math.sqrt(1 - 4.5 * cut / (1 - cut)), abs=0.03)
    one = claims_helvetica.spreads(np.repeat(ring().modes[:1], 100, 0))
    assert one == {"spread": pytest.approx(0, abs=1e-5), "within": pytest.approx(0, abs=1e-5)}
    assert min(each for each in one.values() if each) > 0
    assert claims_helvetica.spreads(np.full((100, 2), np.inf)) == {"spread": None, "within": None}


def test_points_far_from_every_mode_have_no_spread_within_modes() -> None:
    real = ring().fresh(2000)
    strays = np.concatenate([real[:150], np.zeros((1850, 2))])
    assert claims_helvetica.spreads(strays)["within"] is None
    assert claims_helvetica.spreads(np.concatenate([real[:250], strays[-1750:]]))["within"] is not None


def test_early_gradients_on_mnist_begin_at_the_ratio_of_the_slopes(made: tuple[Path, Exhibit]) -> None:
    found = claims_early.play(bench(made[0]), 0)  # kept
    first = found["alone"][0]
    assert first["opinion"] == pytest.approx(0.5, abs=0.01)  # D knows nothing yet: slopes 1 - D and D
    assert first["non-saturating"] / first["minimax"] == pytest.approx(1, rel=0.02)
    assert [line["updates"] for line in found["alone"]] == [0, 20, 40]
    begun = [found[cost][0] for cost in claims_early.COSTS]
    assert begun[0] == begun[1]  # the same players
    assert begun[0]["opinion"] == found["alone"][-1]["opinion"]


def test_both_costs_give_the_gradients_of_autograd() -> None:
    trainer = Trainer(recipe(steps=5, seed=3), data_of(ring().points))
    trainer.advance()
    found = claims_early.generator_gradients(trainer)
    G, D = trainer.generator.network, trainer.discriminator.network
    logits = D(G(trainer.sampler.latents(256, 5)))
    for cost in claims_early.COSTS:
        value = torch.log(1 - torch.sigmoid(logits)) if cost == "minimax" else -torch.log(torch.sigmoid(logits))
        slopes = torch.autograd.grad(value.mean(), list(G.parameters()), retain_graph=True)
        assert found[cost] == pytest.approx(float(torch.cat([each.flatten() for each in slopes]).norm()), rel=1e-4)


def test_d_does_not_see_the_draws_of_its_head_start_again() -> None:
    played, data = recipe(steps=3, seed=2), data_of(ring().points)
    first = claims_early.head_start(played, data, 3)
    start = Trainer(played, data)
    for mine, its in ((first.generator, start.generator), (first.discriminator, start.discriminator)):
        assert torch.equal(mine.master.flat, its.master.flat)  # the players of the game to come
    assert not torch.equal(first._real_batch(0), start._real_batch(0))
    before = first.generator.master.flat.clone()
    first.advance()
    torch.testing.assert_close(first.generator.master.flat, before, rtol=0, atol=1e-20)
    on = claims_early.with_head_start(played, first)
    assert on.recipe == played
    assert torch.equal(on.discriminator.master.flat, first.discriminator.master.flat)
    assert torch.equal(on.generator.master.flat, start.generator.master.flat)


def test_a_collapsed_generator_has_a_least_spread(tmp_path: Path) -> None:
    class Collapsed:
        raw_sampler = type("S", (), {"draw": staticmethod(lambda count, seed: np.zeros((count, 1, 2, 2), np.uint8))})
        real_images = staticmethod(lambda count: torch.rand(count, 1, 2, 2))

    spread = claims_early._spread(Collapsed())  # pyright: ignore[reportArgumentType]
    assert spread == claims_early.LEAST_SPREAD
    line = {"step": 4, "opinion": 0.1, "spread": spread}
    text = claims_saturation._freed([{cost: [line] for cost in claims_early.COSTS}] * 2)
    assert "0.0001 (0.0001 to 0.0001)" in text


def straight(*distances: float | None, pace: float = 1.0, updates: int = 1) -> list[dict[str, Any]]:
    """A course with these distances at looks ten steps apart."""
    return [
        {"step": 10 * n, "updates": 10 * n * updates, "seconds": pace * n, "distance": each, "near": 1.0, "modes": 8}
        for n, each in enumerate(distances)
    ]  # fmt: skip


def test_k_is_judged_at_equal_time() -> None:
    one = [straight(8, 4, 4, 4, 2) for _ in range(2)]  # 4 seconds, 40 updates
    five = [straight(8, 2, 1, 1, 1, pace=4, updates=5) for _ in range(2)]  # at a distance of 2 after 4 seconds
    last = np.mean([4 - 2 * share for share in np.linspace(0, 1, 6)])
    per_second = claims_updates.at_equal(one, five, "seconds")
    per_update = claims_updates.at_equal(one, five, "updates")
    assert per_second.mean == pytest.approx(last / np.mean(np.interp(np.linspace(3, 4, 6), [0, 4], [8, 2])))
    assert per_update.mean == pytest.approx(last / np.mean(np.interp(np.linspace(30, 40, 6), [0, 50], [8, 2])))
    assert claims_courses.farther(one, five).mean == pytest.approx(2)
    assert claims_updates.at_equal(five, one, "seconds").mean == pytest.approx(1 / per_second.mean)
    gone = [straight(8, 4, 4, 4, None) for _ in range(2)]
    assert claims_updates.at_equal(gone, five, "seconds") is UNKNOWN


def test_the_best_rate_is_the_nearest_of_those_with_the_fewest_lost_games() -> None:
    near, far, gone = straight(5, 1), straight(5, 3), straight(5, None)
    assert claims_optimizers.best_rate({0.1: [far, far], 0.2: [near, near], 0.3: [far, near]}) == 0.2
    assert claims_optimizers.best_rate({0.1: [far, far], 0.2: [near, gone], 0.3: [gone, gone]}) == 0.1
    assert claims_optimizers.best_rate({0.1: [gone, gone], 0.2: [near, gone]}) == 0.2


def helvetica_ends(**changes: list[float]) -> dict[str, list[float]]:
    one = {"modes": [8.0, 8.0, 7.9], "spread": [1.0, 1.01, 0.99], "distance": [0.2, 0.21, 0.2], "within": [0.9, 1, 0.9]}
    return {**one, **changes}


def test_a_collapse_is_shown_by_each_outcome_and_no_collapse_excludes_it() -> None:
    one = helvetica_ends()
    keys = tuple(one)
    far = helvetica_ends(modes=[1, 2, 1.5], spread=[0.1, 0.2, 0.1], distance=[1.5, 1.4, 1.6], within=[0.3, 0.3, 0.2])
    seen = claims_helvetica.outcomes(one, far)
    assert seen["modes"].mean == pytest.approx(7.9667 - 1.5, abs=1e-3)
    assert seen["spread"].mean < 0.2 < 5 < seen["distance"].mean
    assert set(claims_helvetica.judged(seen, keys).values()) == {SUPPORTED}
    back = claims_helvetica.judged(claims_helvetica.outcomes(far, one), keys)
    same = claims_helvetica.judged(claims_helvetica.outcomes(one, one), keys)
    assert set(back.values()) == set(same.values()) == {NOT_SUPPORTED}
    drawn = claims_helvetica.judged(claims_helvetica.outcomes(one, helvetica_ends(within=[0.7, 0.75, 0.7])), keys)
    assert drawn == {**same, "within": SUPPORTED}
    assert claims_parts.verdict_of(drawn.values()) == MIXED


def test_lost_games_are_no_collapse() -> None:
    nan = math.nan
    lost = {key: [nan, nan, value[2]] for key, value in helvetica_ends().items()}
    found = claims_helvetica.judged(claims_helvetica.outcomes(helvetica_ends(), lost), tuple(lost))
    assert set(found.values()) == {UNDECIDED}
    look = {"modes": 8, "spread": 1.0, "within": None, "distance": 0.2, "near": 0.0}
    gone = {**dict.fromkeys(look), "spread": 3.0}
    games = [
        {"balanced": {"x": lines}} for lines in ([look] * 4, [look, look, {**look, "within": 0.5}, look], [gone] * 4)
    ]
    ends = claims_helvetica._ends(games, "balanced", "x")
    np.testing.assert_array_equal(ends["within"], [nan, 0.5, nan])
    np.testing.assert_array_equal(ends["spread"], [1, 1, nan])


LIMITS = {"fixed": 500, "adam": 500, "following": 500, "game": 100}


def test_slowing_is_updates_once_learned_over_updates_before() -> None:
    counts = {"fixed": [10, 50], "adam": [10, 20], "following": [10, 10], "game": [40, 10]}
    found = claims_contrastive.slowing([counts, counts], LIMITS)
    assert {name: round(each.mean, 3) for name, each in found.items()} == {
        "fixed": 5, "adam": 2, "following": 1, "game": 0.25,
    }  # fmt: skip
    assert claims_contrastive.judged(found) == (SUPPORTED, SUPPORTED)
    assert claims_contrastive._cell("following", found) == "1 by construction"
    assert claims_contrastive._cell("game", found) == str(found["game"])


def test_stopped_trainings_give_bounds_and_no_intervals() -> None:
    one = {"fixed": [10, 500], "adam": [500, 500], "following": [10, 11], "game": [100, 20]}
    two = {"fixed": [10, 400], "adam": [10, 10], "following": [10, 10], "game": [50, 20]}
    found = claims_contrastive.slowing([one, two], LIMITS)
    texts = {name: claims_contrastive._cell(name, found) for name in found}
    assert texts["game"] == "at most 0.4"
    assert texts["fixed"] == "at least 40"
    assert texts["adam"] == "unknown (stopped)"
    assert texts["following"] == str(claims_parts.ratios([11, 10], [10, 10]))
    assert claims_contrastive.judged(found) == (SUPPORTED, SUPPORTED)
    told = claims_contrastive._bounds_told({0.03: found, 0.3: {**found, "game": Interval(1, 0.9, 1.1)}}, LIMITS)
    assert "the game after 100 (width 0.03)" in told
    assert "fixed noise after 500 (width 0.03, 0.3)" in told
    measured = dict.fromkeys(found, Interval(1, 0.9, 1.1))
    assert "until x_2 was learned" in claims_contrastive._bounds_told({1.0: measured}, LIMITS)


FALLS, RETURNS, STAYS = [1.2, 0.6, 0.05, 0.04], [1.2, 0.3, 0.5, 9.0], [1.2, 1.1, 1.15, 1.2]


@pytest.mark.parametrize(
    ("counts", "held", "told"),
    [
        ([[35, 37], [40, 39]], FALLS, ["37.4 (", "G learns.", "not shown to be faster or slower"]),
        ([[100, 37], [100, 39]], RETURNS, [
            "not within 4 with 2 of 2 seeds while", "has its least, 0.3, after 2 steps, and is up to 9 later",
            "G learns, but does not settle", "is faster once",
        ]),
        ([[100, 37], [100, 39]], STAYS, ["G learns little", "less than half with 0 of 2 seeds"]),
        ([[10, 50], [10, 51]], FALLS, ["is slower once"]),
    ],
)  # fmt: skip
def test_what_is_told_of_the_game_follows_from_its_course(
    counts: list[list[int]], held: list[float], told: list[str]
) -> None:
    limit = len(held) if max(map(max, counts)) >= 100 else 1000
    ratio = claims_contrastive._slowing(counts, 100)
    course = held if limit == len(held) else held + held[-1:] * (limit - len(held))
    text = claims_contrastive._game_told(counts, [course] * 2, ratio)
    assert [each for each in told if each not in text] == []


def test_games_that_go_differently_are_not_told_as_one() -> None:
    judged = claims_contrastive._judged_course
    assert judged(5, 3, 5) == "G learns, and settles with some seeds"
    assert judged(2, 2, 5) == "G learns with some seeds only"
    first = claims_contrastive.least_and_later(RETURNS)
    assert first == {"first": 1.2, "least": 0.3, "at": 2, "later": 9.0}


@pytest.mark.parametrize(
    ("fixed", "following", "game", "expected"),
    [
        ((3, 5), (0.9, 1.1), (0.1, 0.3), (SUPPORTED, SUPPORTED)),
        ((3, 5), (2, 4), (0.1, 0.3), (SUPPORTED, UNDECIDED)),
        ((3, 5), (1, 1), (0, 4), (SUPPORTED, UNDECIDED)),  # the game's is a bound
        ((3, math.inf), (1, 1), (0, 0.3), (SUPPORTED, SUPPORTED)),
        ((3, 5), (0.1, 0.3), (6, 9), (SUPPORTED, NOT_SUPPORTED)),
        ((1.5, 1.9), (0.9, 1.1), (0.1, 0.3), (NOT_SUPPORTED, SUPPORTED)),
        ((1.5, 3), (0.9, 1.1), (0.1, 0.3), (UNDECIDED, SUPPORTED)),
    ],
)
def test_fixed_noise_has_to_be_slower_than_its_controls(
    fixed: tuple[float, float], following: tuple[float, float], game: tuple[float, float], expected: tuple[str, str]
) -> None:
    ratio = {
        name: Interval(math.sqrt(low * high), low, high)
        for name, (low, high) in {"fixed": fixed, "following": following, "game": game}.items()
    }
    assert claims_contrastive.judged(ratio) == expected


def test_gradients_are_judged_by_how_much_stronger_they_are() -> None:
    stronger = claims_saturation.times_as_strong(
        [{"non-saturating": 80, "minimax": 2}, {"non-saturating": 20, "minimax": 1}]
    )
    assert stronger.mean == pytest.approx(math.sqrt(40 * 20))
    judged = [claims_saturation.judged(Interval(math.sqrt(a * b), a, b)) for a, b in ((6, 9), (4, 9), (0.2, 0.8))]
    assert judged == [SUPPORTED, UNDECIDED, NOT_SUPPORTED]


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
    assert [claims_sharp.blurrier(each, off) for each in (above, below, across)] == [
        SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip


def test_how_a_chain_does_with_gs_median_follows_from_its_movement() -> None:
    still, slow = Interval(0, 0, 0), Interval(0.08, 0.07, 0.09)
    unsure = Interval(0.001, -0.001, 0.003)
    told = [claims_sharp._pace({"moves": still, "later": each}) for each in (still, slow, unsure)]
    assert "no movement was seen" in told[0]
    assert "movement is 0 in 10 steps and 0.08 (0.07 to 0.09) in 100: it moves between points, slowly" in told[1]
    assert "that it moves between points is not shown" in told[2]


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "panels", lambda *_, **__: None)


def given(monkeypatch: pytest.MonkeyPatch, module: Any, courses: Mapping[str, Any]) -> None:
    """Let the module find these courses, by name, with both seeds."""
    monkeypatch.setattr(module, "games", lambda _, name, *__, **___: [courses[name]] * 2)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    ("one", "five", "verdict"),
    [
        (straight(8, 3, 3), straight(8, 1, 1), NOT_SUPPORTED),
        (straight(8, 1, 1), straight(8, 3, 3), SUPPORTED),
        (straight(8, 2, 2), straight(8, 1, 1, pace=40), SUPPORTED),  # nearer for as many updates and steps, not in time
    ],
)
def test_k_is_judged_by_one_over_five_a_second(
    one: Any, five: Any, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, claims_updates, {"k1": one, "k2": one, "k5": five})
    found = claims_updates.section(bench(tmp_path))
    assert found.rows[0].note == verdict
    assert found.figures["per step"][0] == pytest.approx(one[-1]["distance"] / five[-1]["distance"])
    assert found.figures["per update"][0] == pytest.approx(one[-1]["distance"] / five[-1]["distance"])


@pytest.mark.usefixtures("no_pictures")
def test_momentum_is_judged_against_adam_each_at_its_best_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distances = {"momentum-0.01": 4, "momentum-0.03": 2, "adam-0.0005": 1, "k1": 3, "momentum-long-0.03": 1.5}
    given(monkeypatch, claims_optimizers, {name: straight(8, each, each) for name, each in distances.items()})
    found = claims_optimizers.section(bench(tmp_path))
    assert found.figures["best"] == {"momentum": 0.03, "adam": 5e-4}
    assert found.figures["ratio"][0] == pytest.approx(2)
    assert found.figures["longer"][0] == pytest.approx(1.5)
    assert found.rows[0].note == NOT_SUPPORTED


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("with_r1", "verdict"), [([1, 1], MIXED), ([2, 2], NOT_SUPPORTED), ([0.5, 3], UNDECIDED)])
def test_the_order_depends_on_the_game_only_where_that_is_shown(
    with_r1: list[float], verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"k1": [1, 1], "simultaneous": [2, 2], "k1-r1": [1, 1], "simultaneous-r1": with_r1}
    monkeypatch.setattr(claims_order, "games", lambda _, name, **__: [straight(8, each, each) for each in ends[name]])
    found = claims_order.section(bench(tmp_path))
    assert found.figures["ratio"]["without a penalty"][0] == pytest.approx(2)
    assert found.rows[0].note == verdict


@pytest.mark.usefixtures("no_pictures")
def test_saturation_is_judged_where_d_has_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [
        {"updates": n, "opinion": 0.1, "minimax": 1.0, "non-saturating": each} for n, each in ((0, 1.0), (40, 9.0))
    ]
    course = [{"step": 4, "opinion": 0.3, "spread": 0.5}]
    monkeypatch.setattr(claims_early, "play", lambda *_: {"alone": alone, "minimax": course, "non-saturating": course})
    ends = {"minimax": 3, "non-saturating": 1}
    monkeypatch.setattr(claims_saturation, "_courses", lambda _, __, cost: [straight(8, ends[cost], ends[cost])] * 2)
    found = claims_saturation.section(bench(tmp_path))
    assert found.figures["stronger"][0] == pytest.approx(9)
    assert found.figures["ratio"]["adam"][0] == pytest.approx(3)
    assert found.rows[0].note == SUPPORTED
    assert "the game comes closer for it with momentum, .03 and Adam, .001." in str(found.body[-1])


@pytest.mark.parametrize(
    ("momentum", "adam", "told"),
    [
        ((0.88, 1.43), (0.69, 1.09), "that the game ends closer for it is not shown."),
        ((1.1, 1.43), (0.69, 1.09), "the game comes closer for it with momentum, .03."),
        ((0.88, 1.43), (0.5, 0.9), "the game ends farther for it with Adam, .001."),
        ((1.1, 1.43), (0.5, 0.9), "closer for it with momentum, .03 and ends farther for it with Adam, .001."),
    ],
)
def test_undecided_games_on_the_ring_are_told_as_not_shown(
    momentum: tuple[float, float], adam: tuple[float, float], told: str
) -> None:
    ratio = {"momentum": Interval(1, *momentum), "adam": Interval(1, *adam)}
    assert claims_saturation._why(SUPPORTED, ratio).endswith(told)


@pytest.mark.usefixtures("no_pictures")
def test_contrastive_is_judged_at_the_narrowest_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    same = {"adam": [10, 10], "following": [10, 10], "game": [150, 10]}  # 150: where a quick one is stopped
    slow = {0.03: [10, 70], 0.3: [10, 10]}
    lines = [{"first": 1.0, "second": 0.05}]
    monkeypatch.setattr(
        claims_contrastive, "_exact", lambda _: {key: [1] for key in ["share", *claims_contrastive._EXACT_NAMES]}
    )
    monkeypatch.setattr(claims_contrastive, "_stages", lambda _, width, __: {**same, "fixed": slow[width]})
    monkeypatch.setattr(claims_contrastive, "_held", lambda *_: [1.2, 0.3, *[9.0] * 148])
    monkeypatch.setattr(claims_contrastive, "_at_once", lambda *_: dict.fromkeys(("fixed", "following", "game"), lines))
    found = claims_contrastive.section(bench(tmp_path))
    assert found.figures["slower"]["0.03"]["fixed"][0] == pytest.approx(7)
    assert found.rows[0].note == SUPPORTED
    assert found.rows[1].ours == "1 by construction; at most 0.0667"
    assert "nor the game (at most 0.0667)" in str(found.body[-1])
    assert "G learns, but does not settle" in " ".join(map(str, found.body))


@pytest.mark.usefixtures("no_pictures")
def test_helvetica_is_judged_from_each_start_by_far_against_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"updates": 1, "modes": 8, "spread": 1.0, "within": 0.9, "distance": 0.2, "near": 1.0, "points": [[0, 2]]}
    gone = {**good, "modes": 1, "spread": 0.1, "within": 0.2, "distance": 1.5}
    first = {"1 of G": [good], "5 of G": [good], "20 of G": [gone]}
    later = {"1 of G": [good], "20 of G": [{**good, "within": 0.7}], "20 of G, none of D": [good]}
    seed = {"beginning": first, "balanced": later, "points": [[0, 2]]}
    monkeypatch.setattr(claims_helvetica, "_seed", lambda *_: seed)
    found = claims_helvetica.section(bench(tmp_path))
    assert found.figures["verdicts"] == {"beginning": SUPPORTED, "balanced": MIXED}
    assert [row.note for row in found.rows] == [SUPPORTED, MIXED]
    assert "shown: less spread within modes; excluded: fewer modes, less spread, a larger" in str(found.body[-1])
    assert found.figures["outcomes"]["beginning: 20 of G"]["modes"][0] == 7
    assert "known in 2 of 2 looks, of 2 of 2 seeds. With it the verdict from the beginning would be: supported." in str(
        found.body[-1]
    )


@pytest.mark.parametrize(("within", "verdict"), [((0.2, 0.4), SUPPORTED), ((0.7, 1.1), UNDECIDED), ((0.9, 1.1), MIXED)])
def test_what_is_left_out_of_a_verdict_is_told_with_what_it_would_change(
    within: tuple[float, float], verdict: str
) -> None:
    seen = {"modes": Interval(5, 4, 6), "spread": Interval(0.3, 0.2, 0.4), "distance": Interval(2.5, 2, 3)}
    seen["within"] = Interval(0.8, *within)
    looks = [{"within": 0.3}, {"within": None}, {"within": None}, {"within": 0.3}]
    found = [{"beginning": {"20 of G": lines}} for lines in (looks, looks[:1] + looks[1:2] * 3)]
    told = claims_helvetica._left_out(found, seen)
    assert f"less spread within modes, {seen['within']} times" in told
    assert "known in 1 of 4 looks, of 1 of 2 seeds" in told
    assert told.endswith(f"would be: {verdict}.")


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

    def where(_: Bench, name: str, key: str, level: float) -> Any:
        asked.append((key, level))
        return mixing[name]

    monkeypatch.setattr(claims_sharp, "_game", lambda *_: g)
    monkeypatch.setattr(claims_sharp, "_walks", lambda *_: walked(*[0.5] * 8))
    monkeypatch.setattr(claims_sharp, "_where", where)
    found = claims_sharp.section(bench(tmp_path))
    assert set(asked) == {("moves", 0.1), ("distance", 0.0284)}
    said = str(found.body[-1])
    assert (said.removeprefix("**Verdict: ").split(".**")[0], *(row.note for row in found.rows[1:])) == verdicts
    assert "may choose among modes" in said
    told = (
        "Gaussian step, where it mixes: farther from the points than G by median distance; nearer by mean distance, sh"
    )
    assert (told in said) == (denoising is NEARER_BY_TWO) == ("blurs every state a little" in said)
    table = found.body[-4]
    assert isinstance(table, Table)
    assert table.rows[0][:5] == ["G", "-", *(str(Interval(*[each] * 3)) for each in (0.0284, 0.12, 0.175))]


@pytest.mark.usefixtures("no_pictures")
def test_chains_that_are_never_as_far_as_g_are_not_asked_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    g = {"distance": 9.0, "mean": 9.0, "bridges": 1.0, "moves": 1, "shown": [[0, 2]]}
    monkeypatch.setattr(claims_sharp, "_game", lambda *_: g)
    monkeypatch.setattr(claims_sharp, "_walks", lambda *_: walked(*[0.5] * 8))  # at most 7 from the points
    monkeypatch.setattr(claims_sharp, "_where", lambda *_: three(0.1, 0.1, 0.1))
    assert claims_sharp.section(bench(tmp_path)).figures["near"] == {}


class Keys(Bench):
    """Computes nothing: `of` of the part that would be kept."""

    def keep(self, part: str, compute: Callable[[], Any], of: Any = None, check: Any = None) -> Any:
        return json.dumps([part, of])


KEPT: Sequence[tuple[Callable[[Bench], Any], Mapping[Any, Mapping[str, Any]]]] = [
    (lambda b: claims_contrastive._stages(b, 0.1, 0), {
        claims_noise: {"BATCH": 64, "GAME_RATE": 0.5, "MEAN": 2.0},
        claims_contrastive: {"_MOMENTUM": claims_contrastive._ADAM, "_ADAM": claims_contrastive._MOMENTUM},
    }),
    (lambda b: claims_contrastive._at_once(b, 0.1, 0), {
        claims_noise: {"BATCH": 64, "GAME_RATE": 0.5}, claims_contrastive: {"_MOMENTUM": claims_contrastive._ADAM},
    }),
    (lambda b: claims_sharp._walks(b, "langevin", 0), {
        claims_chains: {"SETTINGS": {}}, claims_sharp: {"_SIGMAS": (1,)},
    }),
    (lambda b: claims_sharp._search(b, "langevin", "moves", 0.1, 0), {
        claims_chains: {"SETTINGS": {}}, claims_sharp: {"_QUICK_LENGTH": 300},
    }),
    (lambda b: claims_contrastive._held(b, 0.1, 0), {
        claims_noise: {"BATCH": 64, "GAME_RATE": 0.5}, claims_contrastive: {"_QUICK_MOST_OF_GAME": 20},
    }),
    (lambda b: claims_sharp._game(b, "points", 0), {claims_sharp: {"_DRAWN": 10}, claims_chains: {"BRIDGE": 0.5}}),
    (lambda b: claims_helvetica._seed(b, 0), {claims_helvetica: {"_NEAR": 0.5, "_FEWEST": 50}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "module", "name", "value"),
    [(kept, module, *each) for kept, of in KEPT for module, changes in of.items() for each in changes.items()],
)
def test_kept_figures_of_other_settings_are_not_used(
    kept: Callable[[Bench], Any], module: Any, name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(Keys("claims", tmp_path, quick=True))
    monkeypatch.setattr(module, name, value)
    assert kept(Keys("claims", tmp_path, quick=True)) != before


def test_the_settings_of_a_chain_are_all_there_are() -> None:
    private = {name.strip("_").lower() for name, value in vars(claims_chains).items()
               if name.isupper() and isinstance(value, int | float)}  # fmt: skip
    assert private == set(claims_chains.SETTINGS)


def bodies(exhibit: Exhibit) -> dict[str, list[Any]]:
    """The parts of each section's body, by heading."""
    found: dict[str, list[Any]] = {}
    for part in exhibit.body[1:]:
        if isinstance(part, str) and part.startswith("## "):
            found[part[3:]] = []
        else:
            found[list(found)[-1]].append(part)
    return found


def test_every_section_has_its_picture_verdict_and_finite_figures(made: tuple[Path, Exhibit]) -> None:
    folder, exhibit = made
    sections = bodies(exhibit)
    assert len(sections) == len(exhibit.figures) == len(claims._SECTIONS) == 7
    for body in sections.values():
        pictures = [part.file for part in body if isinstance(part, Picture)]
        assert all((folder / file).read_bytes().startswith(b"\x89PNG") for file in pictures)
        assert pictures
        assert str(body[-1]).startswith("**Verdict: ")
        assert str(body[0]).startswith("> ")
    text = json.dumps(exhibit.figures)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert len(exhibit.rows) >= 7


def test_the_page_says_what_was_redesigned_and_has_a_verdict_of_each_start(
    made: tuple[Path, Exhibit],
) -> None:
    body = bodies(made[1])["The Helvetica scenario"]
    text = " ".join(part for part in body if isinstance(part, str))
    assert "showed nothing" in text
    assert "added after seeing that" in text
    assert set(made[1].figures["The Helvetica scenario"]["verdicts"]) == {"beginning", "balanced"}
    assert "from the beginning" in body[-1]
    assert "from a balanced game on" in body[-1]


def test_no_game_is_played_twice(made: tuple[Path, Exhibit]) -> None:
    keys = []
    for path in (made[0] / "parts" / "claims").glob("ring-*.json"):
        keys.append(json.dumps(json.loads(path.read_text())["key"], sort_keys=True))
    assert len(keys) == len(set(keys)) > 10


def test_a_killed_exhibit_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    walk = claims_chains.walk
    calls: list[int] = []

    def killed(*args: Any) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return walk(*args)

    monkeypatch.setattr(claims_chains, "walk", killed)
    with pytest.raises(KeyboardInterrupt):
        claims_sharp.section(bench(tmp_path, said))
    first = list(said)
    said.clear()
    once = claims_sharp.section(bench(tmp_path, said))
    assert first[-1] == said[0]  # the part that was under way
    assert not set(first[:-1]) & set(said)
    said.clear()
    again = claims_sharp.section(bench(tmp_path, said))
    assert said == []
    assert again == once
