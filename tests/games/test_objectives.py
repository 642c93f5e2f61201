"""The objectives: values, gradients, zero sums, where they stand still and what they descend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.costs import LARGEST_EXPONENT
from advnets.games.objectives import OBJECTIVES, Objective, objective, register

TUTORIAL = ("minimax", "non-saturating", "maximum-likelihood")
every_objective = pytest.mark.parametrize("game", OBJECTIVES.values(), ids=OBJECTIVES)


def logits(bound: float) -> st.SearchStrategy[Tensor]:
    """Three logits in [-bound, bound], float64."""
    number = st.floats(-bound, bound, allow_nan=False)
    return st.lists(number, min_size=3, max_size=3).map(lambda row: torch.tensor(row, dtype=torch.float64))


def differences(cost: Callable[[Tensor], Tensor], at: Tensor, width: float = 1e-5) -> Tensor:
    """Central differences of `cost`, one coordinate at a time."""
    steps = torch.eye(len(at), dtype=at.dtype) * width
    return torch.stack([(cost(at + step) - cost(at - step)) / (2 * width) for step in steps])


def away_from_kinks(values: Tensor) -> Tensor:
    """The hinge has a corner at 1 and -1, where no difference quotient is right."""
    return torch.where((values.abs() - 1).abs() < 1e-3, values + 0.01, values)


def test_the_objectives_by_name() -> None:
    assert set(OBJECTIVES) == {
        *TUTORIAL,
        "least-squares",
        "hinge",
        "wasserstein",
        "relativistic",
        "boundary-seeking",
    }
    assert all(objective(name).name == name for name in OBJECTIVES)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'cubic'.*minimax.*relativistic"):
        objective("cubic")


@every_objective
def test_every_objective_names_its_equation_and_source(game: Objective) -> None:
    assert "J(D)" in game.equation
    assert "J(G)" in game.equation
    assert game.source


@every_objective
@settings(max_examples=12, deadline=None)
@given(real=logits(10), fake=logits(10))
def test_gradients_agree_with_finite_differences(game: Objective, real: Tensor, fake: Tensor) -> None:
    real, fake = away_from_kinks(real), away_from_kinks(fake)
    by_real, by_fake = game.discriminator_gradient(real, fake)
    tolerance = {"rtol": 1e-6, "atol": 1e-7}
    torch.testing.assert_close(by_real, differences(lambda r: game.discriminator(r, fake), real), **tolerance)
    torch.testing.assert_close(by_fake, differences(lambda f: game.discriminator(real, f), fake), **tolerance)
    expected = differences(lambda f: game.generator(real, f), fake)
    torch.testing.assert_close(game.generator_gradient(real, fake), expected, **tolerance)


@every_objective
@settings(max_examples=12, deadline=None)
@given(real=logits(100), fake=logits(100))
def test_closed_forms_agree_with_autograd(game: Objective, real: Tensor, fake: Tensor) -> None:
    real, fake = away_from_kinks(real), away_from_kinks(fake)
    by_autograd = replace(game, discriminator_closed_form=None, generator_closed_form=None)
    closed, automatic = (
        game.discriminator_gradient(real, fake),
        by_autograd.discriminator_gradient(real, fake),
    )
    torch.testing.assert_close(closed, automatic)
    torch.testing.assert_close(game.generator_gradient(real, fake), by_autograd.generator_gradient(real, fake))


@every_objective
@settings(max_examples=12, deadline=None)
@given(real=logits(100), fake=logits(100))
def test_float32_keeps_the_float64_values_for_logits_of_100(game: Objective, real: Tensor, fake: Tensor) -> None:
    real, fake = away_from_kinks(real).float(), away_from_kinks(fake).float()
    close = {"rtol": 1e-5, "atol": 1e-5, "check_dtype": False}
    for cost in (game.discriminator, game.generator):
        torch.testing.assert_close(cost(real, fake), cost(real.double(), fake.double()), **close)
    wide = game.discriminator_gradient(real.double(), fake.double())
    torch.testing.assert_close(game.discriminator_gradient(real, fake), wide, **close)
    wide = game.generator_gradient(real.double(), fake.double())
    torch.testing.assert_close(game.generator_gradient(real, fake), wide, **close)


@every_objective
@pytest.mark.parametrize("real", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("fake", [-100.0, 0.0, 100.0])
def test_logits_of_100_give_finite_costs_and_gradients(game: Objective, real: float, fake: float) -> None:
    x, y = torch.full((64,), real, requires_grad=True), torch.full((64,), fake, requires_grad=True)
    for cost in (game.discriminator(x, y), game.generator(x, y)):
        assert cost.isfinite()
        for gradient in torch.autograd.grad(cost, (x, y), materialize_grads=True, allow_unused=True):
            assert gradient.isfinite().all()
    assert (game.generator_gradient(x, y).square() < torch.finfo(torch.float32).max).all()


@every_objective
@settings(max_examples=12, deadline=None)
@given(real=logits(100), fake=logits(100))
def test_a_game_is_zero_sum_exactly_where_it_says_so(game: Objective, real: Tensor, fake: Tensor) -> None:
    for x, y in ((real, fake), (real.float(), fake.float())):
        if game.zero_sum:
            assert game.discriminator(x, y) + game.generator(x, y) == 0
            assert torch.equal(game.discriminator_gradient(x, y)[1], -game.generator_gradient(x, y))


def test_games_that_do_not_claim_a_zero_sum_have_none() -> None:
    real, fake = torch.tensor([0.3, 2.0]), torch.tensor([-1.2, 0.4])
    sums = {name: game.discriminator(real, fake) + game.generator(real, fake) for name, game in OBJECTIVES.items()}
    assert {name for name, total in sums.items() if total == 0} == {"minimax", "wasserstein"}


@every_objective
def test_bfloat16_logits_are_widened_before_the_cost(game: Objective) -> None:
    real, fake = torch.randn(16).bfloat16(), torch.randn(16).bfloat16()
    for cost in (game.discriminator, game.generator):
        assert cost(real, fake).dtype == torch.float32
        assert cost(real, fake) == cost(real.float(), fake.float())
    gradients = [*game.discriminator_gradient(real, fake), game.generator_gradient(real, fake)]
    assert all(gradient.dtype == torch.float32 for gradient in gradients)


@every_objective
def test_only_paired_objectives_look_at_the_real_logits_for_the_generator(game: Objective) -> None:
    fake = torch.randn(8)
    one, other = (game.generator_gradient(torch.randn(8), fake) for _ in range(2))
    assert torch.equal(one, other) != game.paired


@every_objective
def test_batches_of_different_sizes_are_averaged_each_on_its_own(game: Objective) -> None:
    real, fake = torch.randn(6), torch.randn(4)
    if game.paired:
        with pytest.raises(ValueError, match="row by row"):
            game.discriminator(real, fake)
        return
    by_real, by_fake = game.discriminator_gradient(real, fake)
    assert by_real.shape == real.shape
    assert by_fake.shape == fake.shape
    once, twice = game.discriminator(real, fake), game.discriminator(real.repeat(2), fake.repeat(3))
    torch.testing.assert_close(once, twice)


def test_a_new_objective_needs_two_costs_only() -> None:
    mine = Objective(
        name="mine",
        discriminator=lambda real, fake: (fake - real).exp().mean(),
        generator=lambda real, fake: fake.pow(4).mean(),
    )
    real, fake = torch.randn(3, dtype=torch.float64), torch.randn(3, dtype=torch.float64)
    with torch.no_grad():
        by_real, by_fake = mine.discriminator_gradient(real, fake)
        torch.testing.assert_close(by_real, -(fake - real).exp() / 3)
        torch.testing.assert_close(by_fake, (fake - real).exp() / 3)
        torch.testing.assert_close(mine.generator_gradient(real, fake), 4 / 3 * fake**3)


def test_a_cost_that_ignores_a_player_has_zero_gradient_there() -> None:
    mine = Objective("mine", lambda real, fake: real.mean(), lambda real, fake: fake.mean())
    by_real, by_fake = mine.discriminator_gradient(torch.ones(2), torch.ones(2))
    assert by_real.tolist() == [0.5, 0.5]
    assert by_fake.tolist() == [0.0, 0.0]


def test_cross_entropy_at_one_half_is_log_2() -> None:
    nothing = torch.zeros(4, dtype=torch.float64)
    log_2 = torch.tensor(2.0, dtype=torch.float64).log()
    for name in TUTORIAL:
        torch.testing.assert_close(objective(name).discriminator(nothing, nothing), log_2)
    torch.testing.assert_close(objective("non-saturating").generator(nothing, nothing), log_2)
    torch.testing.assert_close(objective("maximum-likelihood").generator(nothing, nothing), -log_2 / log_2)


def test_non_saturating_is_strong_where_minimax_vanishes() -> None:
    sure = torch.full((1,), -20.0)
    assert objective("minimax").generator_gradient(sure, sure).abs() < 1e-8
    assert objective("non-saturating").generator_gradient(sure, sure).abs() > 0.99


def test_maximum_likelihood_goes_on_along_its_tangent() -> None:
    game = objective("maximum-likelihood")
    edge = torch.tensor([LARGEST_EXPONENT], dtype=torch.float64)
    slope = game.generator_gradient(edge, edge)
    torch.testing.assert_close(slope, -edge.exp())
    torch.testing.assert_close(replace(game, generator_closed_form=None).generator_gradient(edge, edge), slope)
    torch.testing.assert_close(game.generator_gradient(edge, edge + 70), slope)
    torch.testing.assert_close(game.generator(edge, edge + 70), game.generator(edge, edge) + 70 * slope.squeeze())


# A discrete world: p_data and p_g = softmax(theta) on a grid, so that expectations are sums and exact.


def world() -> tuple[Tensor, Tensor]:
    """p_data and theta on a grid of 12 points, float64."""
    dice = torch.Generator().manual_seed(3)
    points = torch.randn(2, 12, generator=dice, dtype=torch.float64)
    return points[0].softmax(0), points[1]


def expected_generator_cost(game: Objective, p: Tensor, f: Tensor) -> Tensor:
    """E_{x ~ p} of the generator's cost at logit f(x), without the terms that do not depend on p."""
    zero = torch.zeros(1, dtype=f.dtype)
    costs = torch.stack([game.generator(zero, each) for each in f.split(1)])
    return (p * costs).sum()


def by_theta(value: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor:
    theta = theta.clone().requires_grad_()
    return torch.autograd.grad(value(theta.softmax(0)), theta)[0]


def kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum()


def jsd(p: Tensor, q: Tensor) -> Tensor:
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


DESCENDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "minimax": lambda data, p: jsd(data, p),
    "non-saturating": lambda data, p: kl(p, data) - 2 * jsd(data, p),
    "maximum-likelihood": lambda data, p: kl(data, p),
}


@pytest.mark.parametrize("name", TUTORIAL)
def test_with_the_best_discriminator_each_cost_descends_its_divergence(name: str) -> None:
    """Goodfellow et al. 2014, Theorem 1; Arjovsky and Bottou 2017, Theorem 2.5; Goodfellow 2016, 8.3."""
    data, theta = world()
    best = data.log() - theta.log_softmax(0)  # the logit of D* = p_data / (p_data + p_g), held fixed
    gradient = by_theta(lambda p: expected_generator_cost(objective(name), p, best), theta)
    torch.testing.assert_close(gradient, by_theta(lambda p: DESCENDS[name](data, p), theta))
    assert gradient.norm() > 1e-2


@pytest.mark.parametrize("name", TUTORIAL)
def test_at_one_half_and_equal_densities_neither_player_moves(name: str) -> None:
    data, _ = world()
    theta = data.log()
    undecided = torch.zeros_like(data)
    gradient = by_theta(lambda p: expected_generator_cost(objective(name), p, undecided), theta)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-15, rtol=0)
    at_zero = torch.zeros(1, dtype=torch.float64)
    by_real, by_fake = objective(name).discriminator_gradient(at_zero, at_zero)
    torch.testing.assert_close(data * by_real + theta.softmax(0) * by_fake, undecided)


@pytest.mark.parametrize("name", TUTORIAL)
def test_the_best_discriminator_is_where_its_cost_stands_still(name: str) -> None:
    """Goodfellow et al. 2014, Proposition 1, at densities that differ."""
    data, theta = world()
    p = theta.softmax(0)
    best = data.log() - p.log()
    slopes = [objective(name).discriminator_gradient(f, f) for f in best.split(1)]
    total = data * torch.cat([real for real, _ in slopes]) + p * torch.cat([fake for _, fake in slopes])
    torch.testing.assert_close(total, torch.zeros_like(total), atol=1e-15, rtol=0)


@pytest.mark.parametrize("name", TUTORIAL)
def test_the_three_games_played_in_function_space_reach_the_data(name: str) -> None:
    data, theta = world()
    for _ in range(300):
        best = data.log() - theta.log_softmax(0)
        theta = theta - 10 * by_theta(lambda p, f=best: expected_generator_cost(objective(name), p, f), theta)
    assert jsd(data, theta.softmax(0)) < 1e-3


def _mean(real: Tensor, fake: Tensor) -> Tensor:
    return (fake - real).mean()


@pytest.mark.parametrize(
    ("role", "cost", "says"),
    [
        ("discriminator", lambda real, fake: fake - real, r"gives a tensor of shape \(4,\); return one scalar"),
        ("generator", lambda real, fake: -fake, r"generator's cost of 'own' gives a tensor of shape \(4,\)"),
        ("generator", lambda real, fake: -fake.mean().item(), "generator's cost of 'own' gives a float"),
        ("discriminator", lambda real, fake: None, "discriminator's cost of 'own' gives nothing"),
        ("discriminator", lambda logits: logits.mean(), "on 4 real and 4 fake logits: TypeError.*; write it as cost"),
        ("discriminator", lambda real, fake: _mean(real, fake).detach(), "cost of 'own' has no gradient"),
        ("generator", lambda real, fake: real.mean(), "has no gradient; compute it from the fake logits"),
    ],
)  # fmt: skip
def test_a_cost_that_nobody_can_descend_is_refused(role: str, cost: Callable[..., object], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        register(replace(Objective("own", _mean, lambda real, fake: -fake.mean()), **{role: cost}))
    assert "own" not in OBJECTIVES


@every_objective
def test_the_objectives_themselves_can_be_registered(game: Objective) -> None:
    register(game)
    assert OBJECTIVES[game.name] is game
