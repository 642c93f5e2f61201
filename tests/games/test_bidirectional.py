"""p(z | x) in the game: who plays, what either side minimizes, and what no encoder's side is known of."""

from __future__ import annotations

import pytest
import torch

from advnets.config.games import BidirectionalConfig
from advnets.errors import RecipeError
from advnets.games.build import build_game
from advnets.games.game import Batch, DataSpec, sampled
from advnets.games.objectives import OBJECTIVES

TOLD = sorted(set(OBJECTIVES) - {"maximum-likelihood"})
BATCH = Batch(torch.arange(6), torch.zeros(6, 1, 2, 2))


def test_an_encoder_sits_on_the_generators_side_and_the_discriminator_sees_codes() -> None:
    seats = build_game(BidirectionalConfig(latent=7)).seats(DataSpec((1, 2, 2)))
    assert {name: seat.side for name, seat in seats.items()} == {
        "generator": "generator", "encoder": "generator", "discriminator": "discriminator",
    }  # fmt: skip
    assert (seats["encoder"].gives, seats["encoder"].averaged) == ((7,), True)
    assert list(seats["discriminator"].takes) == ["image", "code"]
    assert sampled(seats) == "generator"


@pytest.mark.parametrize("objective", TOLD)
def test_closed_forms_are_the_derivatives_of_the_costs(objective: str) -> None:
    game = build_game(BidirectionalConfig(objective=objective))
    rng = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(6, generator=rng, dtype=torch.float64).requires_grad_() for _ in range(2))
    costs = game.costs("discriminator", real, fake, BATCH)
    found = game.slopes("discriminator", real, fake, BATCH)  # type: ignore[attr-defined]  # it has them
    own = torch.autograd.grad(costs.discriminator, [real, fake], retain_graph=True)
    theirs = torch.autograd.grad(costs.generators, [real, fake])
    for closed, derived in zip((found.real, found.fake, found.given, found.made), (*own, *theirs), strict=True):
        torch.testing.assert_close(closed, derived)


@pytest.mark.parametrize("objective", TOLD)
def test_both_players_of_the_generators_side_want_rows_exchanged(objective: str) -> None:
    """Real rows pulled down, fake ones up; the log says that cost."""
    game = build_game(BidirectionalConfig(objective=objective))
    real, fake = torch.full((6,), 0.3), torch.full((6,), 0.2)
    found = game.slopes("discriminator", real, fake, BATCH)  # type: ignore[attr-defined]
    assert (found.given > 0).all()
    assert (found.made < 0).all()
    said = game.figures(real, fake)  # type: ignore[attr-defined]
    assert said["cost_g"] == pytest.approx(float(game.costs("discriminator", real, fake, BATCH).generators))


def test_codes_and_images_are_given_back_where_that_is_weighed() -> None:
    nets = {"generator": torch.nn.Unflatten(1, (1, 2, 2)), "encoder": lambda image: image.flatten(1) + 3}
    for weights, cost in (
        ({}, None),
        ({"regression": 2}, 2 * 3**2),
        ({"reconstruction": 5, "regression": 1}, 6 * 3**2),
    ):
        game = build_game(BidirectionalConfig(latent=4, **weights))  # type: ignore[arg-type]
        made = game.make(nets, BATCH, {"z": torch.randn(6, 4)})  # type: ignore[arg-type]
        assert (made.direct is None) == (cost is None)
        if made.direct is not None:
            assert float(made.direct) == pytest.approx(cost, rel=1e-5)


def test_an_encoder_gives_back_images_that_it_sees_distorted() -> None:
    game = build_game(BidirectionalConfig(latent=16, reconstruction=1.0, erased=0.25, shift=0.5))
    rows = torch.rand(40, 1, 4, 4) * 0.5 + 0.25
    batch = Batch(torch.arange(40), rows)
    drawn = {"z": torch.randn(40, 16), "warp": torch.zeros(40, 6), "seen": torch.rand(40, 1, 4, 4)}
    asked = []

    def read(image: torch.Tensor) -> torch.Tensor:
        asked.append(image)
        return image.flatten(1)

    nets = {"generator": torch.nn.Unflatten(1, (1, 4, 4)), "encoder": read}
    made = game.make(nets, batch, drawn)  # type: ignore[arg-type]
    torch.testing.assert_close(asked[0][:40], rows)
    torch.testing.assert_close(made.outputs["code"], rows.flatten(1))
    black = rows.amin((1, 2, 3), keepdim=True)
    seen = torch.where(drawn["seen"] < 0.25, black, rows)
    torch.testing.assert_close(asked[0][40:], seen)
    torch.testing.assert_close(made.direct, (seen - rows).square().mean())
    drawn["warp"][:, -2] = 1.0  # as far right as may be: two of four pixels
    game.make(nets, batch, drawn | {"seen": torch.ones(40, 1, 4, 4)})  # type: ignore[arg-type]
    torch.testing.assert_close(asked[1][40:, ..., :2], rows[..., 2:])


def test_distortions_are_of_images_that_are_given_back() -> None:
    with pytest.raises(RecipeError, match="images are distorted for E, these data are points"):
        build_game(BidirectionalConfig(reconstruction=1.0, turn=5.0)).seats(DataSpec((2,)))
    with pytest.raises(RecipeError, match=r"erased cannot be 1\.5"):
        BidirectionalConfig(erased=1.5)


def test_an_objective_without_an_encoders_side_is_refused() -> None:
    with pytest.raises(RecipeError, match="objective cannot be 'maximum-likelihood'; use non-saturating"):
        BidirectionalConfig(objective="maximum-likelihood")
