"""Noise-contrastive estimation beside the game: exact parts, and what is told of them."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
import torch
from scipy import stats
from small_claims import workspace

from advnets.games.objectives import objective
from advnets.paper.claims import contrastive_training, intervals, noise_contrastive
from advnets.paper.claims.contrastive_cost import contrastive_cost
from advnets.paper.claims.intervals import Interval
from advnets.paper.claims.verdicts import NOT_SUPPORTED, SUPPORTED, UNDECIDED


def test_expected_gradients_are_those_of_many_samples() -> None:
    width, first, count = 0.3, 0.7, 400_000
    rng = torch.Generator().manual_seed(0)
    found = contrastive_training.expected_gradients(width, first)
    G = contrastive_training.Gaussian(first).double()
    data = contrastive_training.Gaussian(width).double()
    data.mean.data.fill_(contrastive_training.MEAN)
    data.second.data.fill_(math.log(contrastive_training.DEVIATION))
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
    model = contrastive_training.Gaussian(first, constant=True).double()
    real = contrastive_training.data(width, count, rng).double()
    made = contrastive_training.BROAD * torch.randn(count, 2, generator=rng).double()
    assert model.constant is not None

    def cost() -> torch.Tensor:
        rows = [model.log_density(x) - contrastive_training.log_broad(x) for x in (real, made)]
        return contrastive_cost(rows[0], rows[1])

    search = torch.optim.LBFGS([model.constant], line_search_fn="strong_wolfe")

    def closure() -> float:
        search.zero_grad()
        value = cost()
        value.backward()
        return float(value.detach())

    search.step(closure)
    slopes = torch.autograd.grad(cost(), (model.mean, model.second))
    assert contrastive_training.expected_gradients(width, first)["fixed"] == pytest.approx(
        float(torch.stack(slopes).norm()), rel=0.02
    )


def test_noise_that_follows_gives_a_quarter_of_the_likelihoods_gradient() -> None:
    mean, deviation, broad = contrastive_training.MEAN, contrastive_training.DEVIATION, contrastive_training.BROAD
    likelihood = mean / broad**2, (mean**2 + deviation**2) / broad**2 - 1
    for first in (0.05, 1.0):
        found = contrastive_training.expected_gradients(0.05, first)
        assert found["following"] == pytest.approx(math.hypot(*likelihood) / 4, rel=1e-6)


def test_fixed_noise_loses_its_gradient_once_a_part_is_learned() -> None:
    before, after = (
        contrastive_training.expected_gradients(0.03, first) for first in (contrastive_training.BROAD, 0.03)
    )
    assert before["fixed"] == pytest.approx(before["following"], rel=1e-6)  # the model is the noise
    assert after["fixed"] < 0.1 * before["fixed"]
    assert after["minimax"] > before["minimax"]


def test_divergences_are_monte_carlos() -> None:
    model = contrastive_training.Gaussian(None)
    x = contrastive_training.data(0.4, 200_000, torch.Generator().manual_seed(0)).double()
    found = model.divergences(0.4)
    normal = stats.norm.logpdf
    for place, (key, of) in enumerate({"first": (0.0, 0.4), "second": (1.5, 0.5)}.items()):
        values = normal(x[:, place], *of) - normal(x[:, place], 0, contrastive_training.BROAD)
        assert found[key] == pytest.approx(float(values.mean()), abs=5 * float(values.std()) / math.sqrt(len(x)))


LIMITS = {"fixed": 500, "adam": 500, "following": 500, "game": 100}


def test_slowing_is_updates_once_learned_over_updates_before() -> None:
    counts = {"fixed": [10, 50], "adam": [10, 20], "following": [10, 10], "game": [40, 10]}
    found = noise_contrastive.slowing([counts, counts], LIMITS)
    assert {name: round(each.mean, 3) for name, each in found.items()} == {
        "fixed": 5, "adam": 2, "following": 1, "game": 0.25,
    }  # fmt: skip
    assert noise_contrastive.verdicts(found) == (SUPPORTED, SUPPORTED)
    assert noise_contrastive._cell("following", found) == "1 by construction"
    assert noise_contrastive._cell("game", found) == str(found["game"])


def test_stopped_trainings_give_bounds_and_no_intervals() -> None:
    one = {"fixed": [10, 500], "adam": [500, 500], "following": [10, 11], "game": [100, 20]}
    two = {"fixed": [10, 400], "adam": [10, 10], "following": [10, 10], "game": [50, 20]}
    found = noise_contrastive.slowing([one, two], LIMITS)
    texts = {name: noise_contrastive._cell(name, found) for name in found}
    assert texts["game"] == "at most 0.4"
    assert texts["fixed"] == "at least 40"
    assert texts["adam"] == "unknown (stopped)"
    assert texts["following"] == str(intervals.ratios([11, 10], [10, 10]))
    assert noise_contrastive.verdicts(found) == (SUPPORTED, SUPPORTED)
    told = noise_contrastive._bounds_told({0.03: found, 0.3: {**found, "game": Interval(1, 0.9, 1.1)}}, LIMITS)
    assert "the game after 100 (width 0.03)" in told
    assert "fixed noise after 500 (width 0.03, 0.3)" in told
    measured = dict.fromkeys(found, Interval(1, 0.9, 1.1))
    assert "until x_2 was learned" in noise_contrastive._bounds_told({1.0: measured}, LIMITS)


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
    ratio = noise_contrastive._slowing(counts, 100)
    course = held if limit == len(held) else held + held[-1:] * (limit - len(held))
    text = noise_contrastive._game_told(counts, [course] * 2, ratio)
    assert [each for each in told if each not in text] == []


def test_games_that_go_differently_are_not_told_as_one() -> None:
    judged = noise_contrastive._how_it_learns
    assert judged(5, 3, 5) == "G learns, and settles with some seeds"
    assert judged(2, 2, 5) == "G learns with some seeds only"
    first = noise_contrastive.least_and_later(RETURNS)
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
    assert noise_contrastive.verdicts(ratio) == expected


@pytest.mark.usefixtures("no_pictures")
def test_contrastive_is_judged_at_the_narrowest_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = noise_contrastive._QUICK_MOST_OF_GAME
    same = {"adam": [10, 10], "following": [10, 10], "game": [limit, 10]}  # where a quick one is stopped
    slow = {0.03: [10, 70], 0.3: [10, 10]}
    lines = [{"first": 1.0, "second": 0.05}]
    monkeypatch.setattr(
        noise_contrastive, "_exact", lambda _: {key: [1] for key in ["share", *noise_contrastive._EXACT_NAMES]}
    )
    monkeypatch.setattr(noise_contrastive, "_stages", lambda _, width, __: {**same, "fixed": slow[width]})
    monkeypatch.setattr(noise_contrastive, "_held", lambda *_: [1.2, 0.3, *[9.0] * (limit - 2)])
    monkeypatch.setattr(noise_contrastive, "_at_once", lambda *_: dict.fromkeys(("fixed", "following", "game"), lines))
    found = noise_contrastive.claim(workspace(tmp_path))
    assert found.figures["slower"]["0.03"]["fixed"][0] == pytest.approx(7)
    assert found.rows[0].note == SUPPORTED
    assert found.rows[1].ours == "1 by construction; at most 0.167"
    assert "nor the game (at most 0.167)" in found.why
    assert "G learns, but does not settle" in " ".join(map(str, found.saw))
