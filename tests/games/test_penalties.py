"""The penalties on D's input gradient: closed forms, gradients through them, and their schedule."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from advnets.config.games import AdversarialConfig, GameConfig, PenaltiesConfig, PenaltyConfig, penalty_names
from advnets.config.load import load_recipe
from advnets.errors import RecipeError
from advnets.games.build import build_penalties
from advnets.games.game import Inputs, RowNoise
from advnets.games.penalties import PENALTIES, Penalty, Scheduled, penalty

every_penalty = pytest.mark.parametrize("term", PENALTIES.values(), ids=PENALTIES)


class Linear(nn.Module):
    """f(x) = w . x, whose input gradient is w everywhere."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(shape, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.w).flatten(1).sum(1)


def shown(real: Tensor, fake: Tensor) -> tuple[Inputs, Inputs]:
    return {"image": real}, {"image": fake}


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(4, 2, 3, 5, dtype=torch.float64), torch.randn(4, 2, 3, 5, dtype=torch.float64)


def seeded(seed: int) -> RowNoise:
    """Random numbers of four rows."""
    return lambda name, draw: draw(4, torch.Generator().manual_seed(seed))


def curved() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(30, 6), nn.Tanh(), nn.Linear(6, 1), nn.Flatten(0)).double()


def test_a_linear_discriminator_has_closed_forms(images: tuple[Tensor, Tensor]) -> None:
    f = Linear((2, 3, 5))
    length = f.w.detach().norm()
    torch.testing.assert_close(penalty("r1")(f, *shown(*images)), length**2 / 2)
    torch.testing.assert_close(penalty("r2")(f, *shown(*images)), length**2 / 2)
    torch.testing.assert_close(penalty("wgan_gp")(f, *shown(*images)), (length - 1) ** 2)


def test_r1_looks_at_real_images_and_r2_at_fakes(images: tuple[Tensor, Tensor]) -> None:
    def square(x: Tensor) -> Tensor:
        return x.square().flatten(1).sum(1) / 2

    real, fake = images
    torch.testing.assert_close(penalty("r1")(square, *shown(real, fake)), real.square().sum() / 8)
    torch.testing.assert_close(penalty("r2")(square, *shown(real, fake)), fake.square().sum() / 8)


def test_wgan_gp_looks_at_points_on_the_lines_between(images: tuple[Tensor, Tensor]) -> None:
    seen: list[Tensor] = []

    def watched(x: Tensor) -> Tensor:
        seen.append(x.detach())
        return x.flatten(1).sum(1)

    real, fake = images
    penalty("wgan_gp")(watched, *shown(real, fake), seeded(5))
    u = ((seen[0] - fake) / (real - fake)).flatten(1)
    assert ((u >= 0) & (u < 1)).all()
    torch.testing.assert_close(u, u[:, :1].expand_as(u))
    assert u[:, 0].unique().numel() == len(u)


@every_penalty
def test_gradients_of_the_parameters_agree_with_finite_differences(
    term: Penalty, images: tuple[Tensor, Tensor]
) -> None:
    f = curved()

    def value() -> Tensor:
        return term(f, *shown(*images), seeded(2))

    parameters = list(f.parameters())
    gradients = torch.autograd.grad(value(), parameters, allow_unused=True, materialize_grads=True)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        flat = parameter.data.view(-1)
        for i in range(0, len(flat), 23):
            start = flat[i].item()
            flat[i] = start + 1e-6
            above = value()
            flat[i] = start - 1e-6
            below = value()
            flat[i] = start
            torch.testing.assert_close(gradient.view(-1)[i], (above - below) / 2e-6, rtol=1e-5, atol=1e-8)


@every_penalty
def test_no_gradient_flows_back_to_the_images(term: Penalty, images: tuple[Tensor, Tensor]) -> None:
    real, fake = (each.requires_grad_() for each in images)
    term(curved(), *shown(real, fake)).backward()
    assert real.grad is None
    assert fake.grad is None


@every_penalty
def test_a_flat_discriminator_gives_finite_gradients(term: Penalty, images: tuple[Tensor, Tensor]) -> None:
    f = Linear((2, 3, 5))
    f.w.data.zero_()
    value = term(f, *shown(*images))
    value.backward()
    assert value.isfinite()
    assert f.w.grad is not None
    assert f.w.grad.isfinite().all()


@every_penalty
def test_penalties_work_where_gradients_are_off(term: Penalty, images: tuple[Tensor, Tensor]) -> None:
    f = curved()
    with torch.no_grad():
        value = term(f, *shown(*images), seeded(2))
    assert value.requires_grad
    torch.testing.assert_close(value, term(f, *shown(*images), seeded(2)))


@every_penalty
def test_bfloat16_networks_give_a_float32_penalty(term: Penalty, images: tuple[Tensor, Tensor]) -> None:
    real, fake = (each.bfloat16() for each in images)
    assert term(curved().bfloat16(), *shown(real, fake)).dtype == torch.float32


@every_penalty
def test_points_work_as_well_as_images(term: Penalty) -> None:
    f = Linear((2,))
    assert term(f, *shown(torch.zeros(3, 2).double(), torch.ones(3, 2).double())).shape == ()


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'r3'.*r1, r2, wgan_gp"):
        penalty("r3")


def test_other_inputs_are_held_as_the_real_rows_have_them(images: tuple[Tensor, Tensor]) -> None:
    def scaled(x: Tensor, c: Tensor) -> Tensor:
        return c * x.flatten(1).sum(1)

    real, fake = ({"image": image, "condition": torch.full((4,), 3.0 + number)} for number, image in enumerate(images))
    length = 30**0.5
    for name, expected in (
        ("r1", (3 * length) ** 2 / 2),
        ("r2", (4 * length) ** 2 / 2),
        ("wgan_gp", (3 * length - 1) ** 2),
    ):
        assert float(penalty(name)(scaled, real, fake)) == pytest.approx(expected)


def test_a_lazy_penalty_keeps_its_mean_strength() -> None:
    lazy, steps = Scheduled(PENALTIES["r1"], 0.5, 4), 40
    assert sum(lazy.weight * lazy.every for step in range(steps) if lazy.due(step)) == lazy.weight * steps
    assert all(Scheduled(PENALTIES["r1"], 0.5).due(step) for step in range(5))


def test_an_interval_below_one_is_refused() -> None:
    with pytest.raises(RecipeError, match="every 0 steps"):
        Scheduled(PENALTIES["r1"], 0.5, 0)


def test_a_registered_penalty_leaves_recipes_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PENALTIES, "mine", PENALTIES["r1"])
    assert load_recipe("ring").game.penalties.r1.weight > 0
    assert set(penalty_names()) == set(PENALTIES) - {"mine"}


def test_a_penalty_that_forgets_its_mean_is_refused(images: tuple[Tensor, Tensor]) -> None:
    def drift(discriminator: nn.Module, real: Inputs, fake: Inputs, noise: object) -> Tensor:
        return discriminator(real["image"]).square()

    with pytest.raises(RecipeError, match=r"the drift penalty gives shape \(4,\); return one scalar"):
        Penalty("drift", drift)(curved(), *shown(*images))
    mean = Penalty("drift", lambda f, real, fake, noise: drift(f, real, fake, noise).mean())
    torch.testing.assert_close(mean(curved(), *shown(*images)), curved()(images[0]).square().mean())


@dataclass(frozen=True)
class DriftPenalties(PenaltiesConfig):
    drift: PenaltyConfig = PenaltyConfig(every=2)


def test_a_kind_of_game_may_weigh_a_penalty_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GameConfig, "kinds", dict(GameConfig.kinds))
    drift = Penalty("drift", lambda discriminator, real, fake, noise: discriminator(real["image"]).square().mean())
    monkeypatch.setitem(PENALTIES, "drift", drift)

    @dataclass(frozen=True)
    class DriftConfig(AdversarialConfig):
        kind: str = "with-drift"
        penalties: PenaltiesConfig = DriftPenalties()

    recipe = load_recipe("ring").replace(**{"game.kind": "with-drift", "penalties.drift.weight": 1e-3})
    r1 = recipe.game.penalties.r1
    assert build_penalties(recipe.game) == [Scheduled(PENALTIES["r1"], r1.weight, r1.every), Scheduled(drift, 1e-3, 2)]
