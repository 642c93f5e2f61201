"""The experiments on the paper's claims: their statistics, exact parts and chains; and a killed exhibit goes on."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from advnets.data.toys import ring_modes
from advnets.errors import MeasureError
from advnets.games.contrastive import contrastive_cost
from advnets.games.objectives import objective
from advnets.paper import (
    claims,
    claims_chains,
    claims_contrastive,
    claims_early,
    claims_helvetica,
    claims_noise,
    claims_optimizers,
    claims_order,
    claims_parts,
    claims_saturation,
    claims_sharp,
    claims_updates,
)
from advnets.paper.claims_parts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Interval
from advnets.paper.claims_ring import data_of, floor, quality, recipe, ring
from advnets.paper.exhibit import Bench, Picture
from advnets.training.trainer import Trainer

POINTS = ring_modes().astype(np.float64)


def bench(folder: Path, said: list[str] | None = None) -> Bench:
    return Bench("claims", folder, quick=True, say=(said if said is not None else []).append)


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
    assert claims_parts.verdict_of([True, False]) == MIXED


def test_the_data_themselves_are_of_the_best_quality() -> None:
    fresh = quality(ring().fresh(2000, "valid"))
    assert fresh["modes"] == 8
    assert fresh["near"] == pytest.approx(1 - math.exp(-4.5), abs=0.02)  # Rayleigh: within three deviations
    assert fresh["distance"] < 2 * floor().mean < 0.25
    one = quality(np.repeat(ring().modes[:1], 100, 0))
    assert one["modes"] == 1
    assert one["distance"] > 1
    assert quality(np.full((100, 2), np.nan))["finite"] is False


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


def test_spreads_are_those_of_the_data_and_of_one_point() -> None:
    real = claims_helvetica.spreads(ring().fresh(2000))
    assert real["spread"] == pytest.approx(1, abs=0.05)
    cut = math.exp(-4.5)  # within three deviations: a Rayleigh's variance without its tail
    assert real["within"] == pytest.approx(math.sqrt(1 - 4.5 * cut / (1 - cut)), abs=0.03)
    one = claims_helvetica.spreads(np.repeat(ring().modes[:1], 100, 0))
    assert max(one.values()) < 1e-5
    assert max(claims_helvetica.spreads(np.full((100, 2), np.inf)).values()) < 1e-5


def test_early_gradients_on_mnist_begin_at_the_ratio_of_the_slopes(tmp_path: Path) -> None:
    found = claims_early.play(bench(tmp_path), 0)
    first = found["alone"][0]
    assert first["opinion"] == pytest.approx(0.5, abs=0.01)  # D knows nothing yet: slopes 1 - D and D / 2
    assert first["non-saturating"] / first["minimax"] == pytest.approx(2, rel=0.02)
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
        value = objective(cost).generator(torch.zeros(256), logits)
        slopes = torch.autograd.grad(value, list(G.parameters()), retain_graph=True)
        assert found[cost] == pytest.approx(float(torch.cat([each.flatten() for each in slopes]).norm()), rel=1e-4)


SECTIONS = {
    "k": claims_updates, "momentum": claims_optimizers, "order": claims_order, "contrastive": claims_contrastive,
    "helvetica": claims_helvetica, "sharp": claims_sharp,
}  # fmt: skip


@pytest.mark.parametrize("name", ["k", "helvetica", "sharp"])
def test_a_section_has_its_picture_verdict_and_finite_figures(name: str, tmp_path: Path) -> None:
    found = SECTIONS[name].section(bench(tmp_path))
    pictures = [part.file for part in found.body if isinstance(part, Picture)]
    assert all((tmp_path / file).read_bytes().startswith(b"\x89PNG") for file in pictures)
    assert pictures
    assert str(found.body[-1]).startswith("**Verdict: ")
    assert str(found.body[0]).startswith("> ")
    assert "NaN" not in (text := json.dumps(found.figures))
    assert "Infinity" not in text
    assert found.rows


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


def test_all_claims_are_made() -> None:
    modules = {each.__name__ for each in claims._SECTIONS}
    assert modules == {each.__name__ for each in (*SECTIONS.values(), claims_saturation)}
