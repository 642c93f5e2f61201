"""A game with two generators and two discriminators: trained, kept, resumed, sampled, watched like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_games import ring, saved, weights
from torch import Tensor, nn

import advnets
from advnets.config.games import GameConfig
from advnets.config.networks import MLPDiscriminatorConfig, MLPGeneratorConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig
from advnets.config.recipe import Recipe
from advnets.games.adversarial import AdversarialGame
from advnets.games.build import GAMES
from advnets.games.game import Batch, Costs, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, View
from advnets.games.objectives import objective
from advnets.training.hooks.rollback import gentler

MAKER = GeneratorConfig(MLPGeneratorConfig(hidden=(8,), output="linear", init=None))
JUDGE = DiscriminatorConfig(MLPDiscriminatorConfig(units=(8,)))
PLAYERS = ["left", "right", "of_left", "of_right"]


@dataclass(frozen=True)
class TwinsConfig(GameConfig):
    """Two generators that share z, a discriminator each, and a cost that keeps the two alike."""

    kind: str = "twins"
    latent: int = 4
    left: GeneratorConfig = MAKER
    right: GeneratorConfig = MAKER
    of_left: DiscriminatorConfig = JUDGE
    of_right: DiscriminatorConfig = JUDGE


del GameConfig.kinds["twins"]  # it is a kind in this file alone


@dataclass(frozen=True)
class Twins:
    plain: AdversarialGame

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        maker = Seat("generator", {"z": Input((self.plain.latent,))}, data.shape, averaged=True)
        judge = Seat("discriminator", {"image": Input(data.shape)})
        return {"left": maker, "right": maker, "of_left": judge, "of_right": judge}

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        return self.plain.draw(batch, noise)

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        left, right = nets["left"](draws["z"]), nets["right"](draws["z"])
        return Made({"left": left, "right": right}, direct=(left - right).square().mean())

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        return [View(f"of_{side}", {"image": batch.image}, {"image": made[side]}) for side in ("left", "right")]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        return self.plain.costs(discriminator, real, fake, batch)

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        first = inputs["z"][:, :1] > 0
        return torch.where(first, nets["left"](inputs["z"]), nets["right"](inputs["z"]))


@pytest.fixture(autouse=True, scope="module")
def _known() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GameConfig.kinds, "twins", TwinsConfig)
        patch.setitem(GAMES, "twins", lambda config: Twins(AdversarialGame(objective("hinge"), latent=config.latent)))
        yield


def twins(**changes: Any) -> Recipe:
    short = {"latent": 4, "steps": 20, "checkpoint_every": 10, "sample_every": 10, "watch.every": 2}
    return ring().replace(**{"game.kind": "twins"}).replace(**short).replace(**changes)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    measure = {"metrics": "modes", "every": 10, "count": 500}
    return advnets.train(twins(measure=measure), run=tmp_path_factory.mktemp("twins") / "run").path


def test_every_player_is_kept_under_its_name(whole: Path) -> None:
    run = advnets.load(whole)
    assert list(run.players) == PLAYERS
    assert run.generator is run.players["left"]
    assert run.discriminator is run.players["of_left"]
    names = [f"players/{name}/{part}.safetensors" for name in sorted(PLAYERS) for part in ("optimizer", "weights")]
    averages = [f"players/{name}/average.safetensors" for name in ("left", "right")]
    assert list(saved(whole, 20)) == sorted(names + averages)


def test_every_player_moves_and_is_averaged_where_it_is_sampled(whole: Path) -> None:
    now, before = advnets.load(whole), advnets.Run(whole, step=10)
    for name in PLAYERS:
        for new, old in zip(weights(now.raw_players[name]), weights(before.raw_players[name]), strict=True):
            assert not torch.equal(new, old)
        same = [
            torch.equal(*pair) for pair in zip(*(weights(n[name]) for n in (now.players, now.raw_players)), strict=True)
        ]
        assert all(same) == name.startswith("of_")


def test_a_sample_is_its_own_generators(whole: Path) -> None:
    run = advnets.load(whole)
    z, made = run.sampler.inputs(9, seed=2)["z"], torch.from_numpy(np.asarray(run.sample(9, seed=2)))
    both = {name: run.players[name](z).detach() for name in ("left", "right")}
    torch.testing.assert_close(made, torch.where(z[:, :1] > 0, both["left"], both["right"]), rtol=1e-5, atol=1e-6)
    assert 0 < int((z[:, 0] > 0).sum()) < 9
    np.testing.assert_array_equal(run.sample(300, seed=2)[:9], made)
    assert run.interpolate(2, 5).shape == (2, 5, 2)


def test_its_log_has_the_sums_and_each_views_own(whole: Path) -> None:
    line = advnets.load(whole).metrics[-1]
    assert line["cost_d"] == pytest.approx(line["cost_d_0_of_left"] + line["cost_d_1_of_right"])
    assert line["d_real"] == pytest.approx((line["d_real_0_of_left"] + line["d_real_1_of_right"]) / 2)


def test_it_is_watched_measured_and_drawn(whole: Path) -> None:
    looks = [json.loads(line) for line in (whole / "watch.jsonl").read_text("utf-8").splitlines()]
    assert [look["step"] for look in looks] == list(range(4, 21, 4))
    assert [line["step"] for line in advnets.load(whole).measures] == [10, 20]
    assert (whole / "samples" / "step-00000010.png").read_bytes().startswith(b"\x89PNG")


def test_resumed_it_is_the_one_never_stopped(whole: Path, tmp_path: Path) -> None:
    part = advnets.train(twins(steps=10), run=tmp_path / "run")
    assert saved(advnets.resume(part, steps=20).path) == saved(whole)


def test_in_bfloat16_and_by_algorithm_1_too(tmp_path: Path) -> None:
    recipe = twins(schedule="alternating", discriminator_steps=2, precision="bfloat16")
    played = advnets.train(recipe, run=tmp_path / "whole")
    part = advnets.train(recipe.replace(steps=10), run=tmp_path / "part")
    assert saved(advnets.resume(part, steps=20).path) == saved(played.path)


def test_one_of_its_players_may_be_a_module_of_ones_own(tmp_path: Path) -> None:
    def mine() -> nn.Module:
        torch.manual_seed(3)
        return nn.Linear(4, 2)

    run = advnets.train(twins(), run=tmp_path / "run", modules={"right": mine()})
    assert run.recipe.players["right"].network.kind == "own"
    assert run.recipe.players["left"] == twins().players["left"]
    assert advnets.resume(run.path, steps=22, modules={"right": mine()}).step == 22


def test_a_way_back_lowers_every_players_rate() -> None:
    before, after = twins(), gentler(twins())
    for name in PLAYERS:
        assert after.players[name].optimizer.rate == before.players[name].optimizer.rate / 2
