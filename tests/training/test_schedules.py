"""One iteration of a game: every player moves along the gradient that a plain program computes, when it should."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable

import pytest
import torch
from small_games import (
    BATCH,
    LATENT,
    SHAPE,
    match,
    real_batch,
    real_images,
    seeded_discriminator,
    seeded_generator,
    weights,
)
from torch import Tensor, nn

from advnets.games.adversarial import score_figures
from advnets.games.objectives import OBJECTIVES, Objective
from advnets.games.penalties import PENALTIES, Scheduled
from advnets.networks.mlp import MaxoutDiscriminator
from advnets.randomness import StepNoise, Stream, generator_for, seed_layers
from advnets.training.gradients import both_sides
from advnets.training.schedules import alternating, simultaneous

every_objective = pytest.mark.parametrize("costs", OBJECTIVES)
RATE = 0.1


def noise(update: int, stream: Stream) -> Tensor:
    return torch.randn(BATCH, LATENT, generator=generator_for(3, update, stream))


def gradients(cost: Tensor, module: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(cost, list(module.parameters()), retain_graph=True))


def plain_simultaneous(G: nn.Module, D: nn.Module, rule: Objective, step: int, joint: bool) -> tuple[list, list]:
    """Two backward passes in float64 from the same point, through the same masks, and no cleverness."""
    real, z = real_images(step), noise(step, Stream.DISCRIMINATOR_NOISE)
    seed_layers(3, step, 0, real.device)
    fake = G(z)
    real_logits, fake_logits = D(torch.cat([real, fake])).split(BATCH) if joint else (D(real), D(fake))
    for_G = gradients(rule.generator(real_logits, fake_logits), G)
    for_D = gradients(rule.discriminator(real_logits, fake_logits), D)
    return for_G, for_D


def moved(before: list[Tensor], after: nn.Module) -> list[Tensor]:
    """The gradients along which plain descent has moved."""
    return [(old - new) / RATE for old, new in zip(before, weights(after), strict=True)]


def assert_close(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=2e-4, atol=3e-6)


@every_objective
@pytest.mark.parametrize("step", [0, 1])
def test_one_backward_pass_gives_the_gradients_of_two(costs: str, step: int) -> None:
    G, D = seeded_generator(), seeded_discriminator()
    for_G, for_D = plain_simultaneous(copy.deepcopy(G), copy.deepcopy(D), OBJECTIVES[costs], step, joint=True)
    before = weights(G), weights(D)
    simultaneous(match(G, D, costs, rate=RATE), step)
    assert_close(moved(before[0], G), for_G)
    assert_close(moved(before[1], D), for_D)


@every_objective
@pytest.mark.parametrize("scale", [5.0, 60.0], ids=["sure", "saturated"])
def test_also_where_the_discriminator_is_sure(costs: str, scale: float) -> None:
    # Where D's own slope at a fake vanishes, the ratio of the slopes must neither overflow nor lose G's gradient.
    G, D = seeded_generator(), seeded_discriminator(middle=nn.Identity())
    with torch.no_grad():
        D[4].weight.mul_(scale)  # type: ignore[operator,union-attr]
        D[4].bias.fill_(-scale)  # type: ignore[operator,union-attr]
    for_G, for_D = plain_simultaneous(copy.deepcopy(G), copy.deepcopy(D), OBJECTIVES[costs], 0, joint=True)
    before = weights(G), weights(D)
    played = match(G, D, costs, rate=RATE)
    found, _ = both_sides(played, real_batch(0), {"z": noise(0, Stream.DISCRIMINATOR_NOISE)}, 0)
    for ours, theirs in ((found["generator"], for_G), (found["discriminator"], for_D)):
        for a, b in zip(ours, theirs, strict=True):
            assert a is not None
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6 * (1 + float(b.abs().max())))
    assert weights(G)[0].equal(before[0][0])


@every_objective
def test_a_discriminator_with_batch_statistics_is_trained_right(costs: str) -> None:
    G, D = seeded_generator(), seeded_discriminator(middle=nn.BatchNorm1d(10))
    for_G, for_D = plain_simultaneous(copy.deepcopy(G), copy.deepcopy(D), OBJECTIVES[costs], 0, joint=False)
    before = weights(G), weights(D)
    simultaneous(match(G, D, costs, rowwise=False, rate=RATE), 0)
    assert_close(moved(before[0], G), for_G)
    assert_close(moved(before[1], D), for_D)


def test_the_paired_pass_of_the_papers_discriminator_is_the_plain_one() -> None:
    torch.manual_seed(1)
    D = MaxoutDiscriminator(SHAPE, units=(8, 6), pieces=3, init=0.5)
    G = seeded_generator()
    for_G, for_D = _with_pair_masks(copy.deepcopy(G), copy.deepcopy(D))
    before = weights(G), weights(D)
    simultaneous(match(G, D, rate=RATE), 0)
    assert_close(moved(before[0], G), for_G)
    assert_close(moved(before[1], D), for_D)


def _with_pair_masks(G: nn.Module, D: MaxoutDiscriminator) -> tuple[list, list]:
    real, z, rule = real_images(0), noise(0, Stream.DISCRIMINATOR_NOISE), OBJECTIVES["non-saturating"]
    seed_layers(3, 0, 0, real.device)
    fake = G(z)
    first, *rest = D.layers
    x = torch.cat([first(real.flatten(1)), first(fake.flatten(1))])  # the order in which the masks are drawn
    for layer in rest:
        x = layer(x)
    real_logits, fake_logits = x.squeeze(1).split(BATCH)
    return gradients(rule.generator(real_logits, fake_logits), G), gradients(
        rule.discriminator(real_logits, fake_logits), D
    )


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("schedule", [simultaneous, alternating])
def test_penalties_are_added_to_the_discriminators_cost(name: str, schedule) -> None:
    weight, every = 0.7, 2

    def step_of(penalties: tuple[Scheduled, ...], step: int) -> list[Tensor]:
        G, D = seeded_generator(), seeded_discriminator(middle=nn.Tanh())
        before = weights(D)
        schedule(match(G, D, penalties=penalties, rate=RATE), step)
        return moved(before, D)

    scheduled = (Scheduled(PENALTIES[name], weight, every),)
    assert_close(step_of(scheduled, 1), step_of((), 1))  # not due
    D, G = seeded_discriminator(middle=nn.Tanh()), seeded_generator()
    fake = G(noise(2, Stream.DISCRIMINATOR_NOISE)).detach()
    drawn = StepNoise(3, 2, Stream.PENALTY, 0, len(fake), len(fake), fake.device)
    cost = PENALTIES[name](D, {"image": real_images(2)}, {"image": fake}, lambda what, draw: drawn(f"0 {what}", draw))
    found = torch.autograd.grad(weight * every * cost, list(D.parameters()), allow_unused=True)
    extra = [torch.zeros_like(p) if g is None else g for g, p in zip(found, D.parameters(), strict=True)]
    added = [a - b for a, b in zip(step_of(scheduled, 2), step_of((), 2), strict=True)]
    assert_close(added, extra)


@every_objective
@pytest.mark.parametrize("ahead", [1, 3])
def test_algorithm_1_takes_k_steps_with_fresh_noise_and_data_then_one(costs: str, ahead: int) -> None:
    k, step, rule = 2, 3, OBJECTIVES[costs]
    G, D = seeded_generator(), seeded_discriminator()
    g, d = copy.deepcopy(G), copy.deepcopy(D)
    for turn in range(k):
        update = step * k + turn
        seed_layers(3, update, 1, torch.device("cpu"))
        fake = g(noise(update, Stream.DISCRIMINATOR_NOISE)).detach()
        real_logits, fake_logits = d(torch.cat([real_images(update), fake])).split(BATCH)
        _descend(d, gradients(rule.discriminator(real_logits, fake_logits), d))
    for update in range(step * ahead, (step + 1) * ahead):  # more than one is the Helvetica scenario
        seed_layers(3, update, 2, torch.device("cpu"))
        logits = d(g(noise(update, Stream.GENERATOR_NOISE)))
        real_now = d(real_images(step * k + k - 1)).detach()  # a paired cost compares with what D says by now
        _descend(g, gradients(rule.generator(real_now, logits), g))
    alternating(match(G, D, costs, rate=RATE, k=k, ahead=ahead), step)
    assert_close(weights(D), weights(d))
    assert_close(weights(G), weights(g))


@torch.no_grad()
def _descend(module: nn.Module, grads: list[Tensor]) -> None:
    for parameter, grad in zip(module.parameters(), grads, strict=True):
        parameter -= RATE * grad


def test_a_discriminator_with_batch_statistics_moves_alone() -> None:
    G, D = seeded_generator(), seeded_discriminator(middle=nn.BatchNorm1d(10))
    d, rule = copy.deepcopy(D), OBJECTIVES["non-saturating"]
    fake = seeded_generator()(noise(0, Stream.DISCRIMINATOR_NOISE)).detach()
    expected = gradients(rule.discriminator(d(real_images(0)), d(fake)), d)
    before = weights(D)
    alternating(match(G, D, rowwise=False, rate=RATE), 0)
    assert_close(moved(before, D), expected)


@pytest.mark.parametrize("schedule", [simultaneous, alternating])
def test_a_step_is_a_function_of_its_number_and_the_weights(schedule) -> None:
    def play(steps: Iterable[int], disturb: bool) -> list[Tensor]:
        G, D = seeded_generator(), seeded_discriminator()
        played = match(G, D, k=2)
        for step in steps:
            if disturb:
                torch.rand(step + 1)
            schedule(played, step)
        return weights(G) + weights(D)

    for a, b in zip(play(range(6), False), play(range(6), True), strict=True):
        assert torch.equal(a, b)


def test_the_figures_are_the_costs_and_the_mean_outputs() -> None:
    (outcome,) = simultaneous(match(seeded_generator(), seeded_discriminator()), 0)
    real, fake, rule = outcome.real, outcome.fake, OBJECTIVES["non-saturating"]
    figures = score_figures(rule, real, fake)
    assert figures["cost_d"] == pytest.approx(float(rule.discriminator(real, fake)))
    assert figures["cost_g"] == pytest.approx(float(rule.generator(real, fake)))
    assert figures["d_real"] == pytest.approx(float(torch.sigmoid(real).mean()))
    assert figures["d_fake"] == pytest.approx(float(torch.sigmoid(fake).mean()))
    value = float(torch.nn.functional.logsigmoid(real).mean() + torch.nn.functional.logsigmoid(-fake).mean())
    assert figures["jsd_bound"] == pytest.approx((value + math.log(4)) / 2, abs=1e-6)
    assert "jsd_bound" not in score_figures(OBJECTIVES["hinge"], real, fake)
    assert score_figures(OBJECTIVES["wasserstein"], real, fake)["d_real"] == pytest.approx(float(real.mean()))


def test_a_parameter_that_takes_no_part_stays() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Linear(12, 1), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x.flatten(1)).squeeze(1)

    D = Idle()
    before = weights(D)
    simultaneous(match(seeded_generator(), D), 0)
    assert not torch.equal(before[0], D.used.weight)
    assert torch.equal(before[2], D.idle.weight)
