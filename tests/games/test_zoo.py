"""InfoGAN, EBGAN, BEGAN, adversarial autoencoders and CoGAN: their costs and codes against what is known of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from game_kinds import given, images, recipe_of
from scipy import ndimage, stats
from small_games import points
from torch import Tensor

import advnets
from advnets import games
from advnets.config.load import load_recipe
from advnets.errors import RecipeError
from advnets.games.aae import AdversarialAutoencoder
from advnets.games.began import BEGAN
from advnets.games.cogan import DOMAINS
from advnets.games.ebgan import PullingAway, energies, repulsion
from advnets.games.game import Batch, derived_slopes
from advnets.games.infogan import InfoGAN, information
from advnets.games.objectives import objective
from advnets.training.trainer import Trainer

REAL, FAKE = torch.tensor([0.2, 0.5, 0.1]), torch.tensor([0.3, 1.4])
ROWS = Batch(torch.arange(3), torch.zeros(3, 1, 2, 2), memory={"k": torch.tensor(0.4)})


@pytest.mark.parametrize("name", ["infogan", "ebgan", "began", "aae", "cogan"])
def test_a_game_of_the_zoo_is_a_short_file(name: str) -> None:
    assert len((Path(games.__file__).parent / f"{name}.py").read_text("utf-8").splitlines()) < 80


# Energies


def test_the_margin_leaves_rows_above_it_alone() -> None:
    rule = energies(1.0)
    assert rule.discriminator(REAL, FAKE).item() == pytest.approx(0.8 / 3 + 0.7 / 2)
    assert rule.generator(REAL, FAKE).item() == pytest.approx(0.85)
    assert rule.discriminator_gradient(REAL, FAKE)[1].tolist() == [-0.5, 0.0]


def test_codes_repel_by_the_squared_cosine_of_every_pair() -> None:
    codes = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    wanted = np.mean([float(torch.cosine_similarity(codes[i], codes[j], 0)) ** 2 for i, j in pairs])
    assert float(repulsion(codes)) == pytest.approx(wanted, rel=1e-12)
    assert float(repulsion(torch.eye(4))) == pytest.approx(0, abs=1e-6)
    assert float(repulsion(codes[:1])) == pytest.approx(0, abs=1e-12)


def test_the_pulling_away_term_is_the_generators_alone() -> None:
    game, weighed = (PullingAway(energies(1.0), code=2, weight=weight) for weight in (0.0, 0.5))
    real, fake = (torch.cat([each[:, None], torch.randn(len(each), 2)], 1) for each in (REAL, FAKE))
    plain, mine = (each.costs("discriminator", real, fake, ROWS) for each in (game, weighed))
    assert float(mine.discriminator) == float(plain.discriminator)
    assert float(mine.generators - plain.generators) == pytest.approx(0.5 * float(repulsion(fake[:, 1:])), rel=1e-5)
    assert weighed.figures(real, fake)["cost_g"] == pytest.approx(float(mine.generators), rel=1e-5)


def test_energies_need_a_network_that_gives_them() -> None:
    recipe = load_recipe("began")
    for kind in ("ebgan", "began"):
        with pytest.raises(RecipeError, match="use autoencoder or conv-autoencoder"):
            recipe.replace(**{"game.kind": kind, "discriminator.network": {"kind": "mlp"}})
    with pytest.raises(RecipeError, match="says no code"):
        load_recipe("ebgan").replace(**{"discriminator.network": {"kind": "own"}})


class Square(torch.autograd.Function):
    """x squared, whose gradient has none of its own."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return 2 * ctx.saved_tensors[0] * gradient


class Bent(torch.nn.Module):
    """A discriminator with such a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = torch.nn.Linear(120, 4), torch.nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(Square.apply(self.layer(x.flatten(1)))).squeeze(1)


def test_a_penalty_that_a_network_has_no_slope_for_is_said_before_the_first_step() -> None:
    recipe = recipe_of("adversarial", **{"penalties.r1.weight": 1.0})
    with pytest.raises(RecipeError, match=r"the r1 penalty has no gradient through this discriminator.*another kind"):
        Trainer(recipe, images(), {"discriminator": Bent()})


# BEGAN


def test_k_weighs_made_rows_for_the_discriminator_alone() -> None:
    game = BEGAN(energies(0.0), diversity=0.5, gain=0.1)
    found, wanted = (each(game, "discriminator", REAL, FAKE, ROWS) for each in (BEGAN.slopes, derived_slopes))
    for one, other in ((found.real, wanted.real), (found.fake, wanted.fake), (found.made, wanted.made)):
        torch.testing.assert_close(one, other)
    assert float(game.costs("discriminator", REAL, FAKE, ROWS).discriminator) == pytest.approx(0.8 / 3 - 0.4 * 0.85)
    excess = 0.5 * 0.8 / 3 - 0.85
    assert float(game.remember("discriminator", REAL, FAKE, ROWS)["k"]) == pytest.approx(0.4 + 0.1 * excess)
    assert float(game.remember("discriminator", REAL, 100 * FAKE, ROWS)["k"]) == 0.0


@pytest.mark.usefixtures("no_report")
def test_a_training_remembers_k_from_step_to_step(tmp_path: Path) -> None:
    run = advnets.train(recipe_of("began"), data=given("began"), run=tmp_path / "run")
    lines, k = run.metrics, 0.3
    for line in lines:
        assert line["k"] == pytest.approx(k, abs=1e-6)
        k = min(1.0, max(0.0, k + 0.5 * (0.5 * line["d_real"] - line["d_fake"])))
    assert lines[-1]["k"] != lines[0]["k"]
    last = tmp_path / "run" / "checkpoints" / "step-00000012" / "state.json"
    assert "game.safetensors" in json.loads(last.read_text("utf-8"))["files"]


def test_a_game_that_forgets_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BEGAN, "remember", lambda *_: {"weight": torch.zeros(2)})
    with pytest.raises(RecipeError, match=r"begins to remember \{'k': \(\)\} and goes on with \{'weight': \(2,\)\}"):
        Trainer(recipe_of("began"), images())


# InfoGAN


def test_the_bound_is_the_entropy_where_the_code_is_read_and_no_more() -> None:
    game = InfoGAN(objective("non-saturating"), categories=4, continuous=2)
    code = game.wish(500, torch.Generator().manual_seed(0))["code"]
    assert set(code[:, :4].sum(1).tolist()) == {1.0}
    assert code[:, 4:].abs().max() <= 1 < 2 * code[:, 4:].std() * math.sqrt(3) < 2.2
    sure = torch.cat([100 * code[:, :4], code[:, 4:], torch.full((500, 2), -3.0)], 1)
    blind = torch.zeros(500, 8)
    assert float(information(code, sure, 4)[0]) == pytest.approx(math.log(4), abs=1e-5)
    assert float(information(code, blind, 4)[0]) == pytest.approx(0, abs=1e-6)
    assert float(information(code, sure, 4)[1]) == pytest.approx(
        2 * (math.log(2) + 3 - math.log(2 * math.pi) / 2), 1e-5
    )


def test_the_density_of_continuous_codes_is_the_normal_one() -> None:
    rng = np.random.default_rng(0)
    numbers, mean, log_deviation = (rng.uniform(-1, 1, (6, 2)) for _ in range(3))
    code, said = (torch.tensor(np.concatenate(parts, 1)) for parts in (
        [np.eye(3)[[0, 1, 2, 0, 1, 2]], numbers], [np.zeros((6, 3)), mean, log_deviation],
    ))  # fmt: skip
    wanted = stats.norm.logpdf(numbers, mean, np.exp(log_deviation)).sum(1).mean() + 2 * math.log(2)
    assert float(information(code, said, 3)[1]) == pytest.approx(wanted, rel=1e-12)


# Adversarial autoencoders


def test_codes_are_what_is_scored_and_images_what_is_reconstructed() -> None:
    game, images = AdversarialAutoencoder(objective("minimax"), latent=2, reconstruction=3.0), torch.rand(4, 1, 2, 2)
    nets = {"encoder": lambda x: x.flatten(1)[:, :2], "generator": lambda z: z.repeat(1, 2).view(-1, 1, 2, 2)}
    batch, draws = Batch(torch.arange(4), images), {"z": torch.randn(4, 2)}
    made = game.make(nets, batch, draws)  # type: ignore[arg-type]
    missed = images - nets["generator"](nets["encoder"](images))
    assert float(made.direct) == pytest.approx(3 * float(missed.square().sum()) / 4, rel=1e-5)  # type: ignore[arg-type]
    (view,) = game.views(batch, draws, made.outputs)
    assert view.real["code"] is draws["z"]
    assert view.fake["code"] is made.outputs["code"]


# CoGAN


@pytest.mark.parametrize(("black", "white"), [(0.0, 1.0), (-1.0, 1.0)])
def test_the_second_domain_is_made_of_the_data_in_their_range(black: float, white: float) -> None:
    images = black + (white - black) * torch.rand(2, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    assert_between(found := DOMAINS["edges"](images, black, white), black, white)
    outer = ndimage.maximum_filter(images.numpy(), size=(1, 1, 3, 3), mode="nearest") - images.numpy() + black
    np.testing.assert_allclose(found.numpy(), outer, atol=1e-6)
    assert_between(turned := DOMAINS["negative"](images, black, white), black, white)
    torch.testing.assert_close(turned + images, torch.full_like(images, black + white))


def assert_between(images: Tensor, black: float, white: float) -> None:
    assert black - 1e-6 <= images.min() <= images.max() <= white + 1e-6


def test_points_have_no_second_domain() -> None:
    with pytest.raises(RecipeError, match="these data are points"):
        Trainer(recipe_of("cogan"), points())
