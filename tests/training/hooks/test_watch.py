"""The Helvetica watch: what it sees; exact on resume, and no one's training is changed by it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_games import images, points, ring, saved
from torch import Tensor, nn

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame
from advnets.games.game import Batch, Inputs, Made, Nets, RowNoise
from advnets.training.batches import Data
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "watch.jsonl").read_text("utf-8").splitlines()]


class Fixed(nn.Module):
    """A generator that makes what it is told to, whatever z is."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = nn.Parameter(rows)

    def forward(self, z: Tensor) -> Tensor:
        return self.rows[torch.arange(len(z)).to(z.device) % len(self.rows)] + 0 * z.sum()


def look_at(rows: np.ndarray[Any, Any], data: Data) -> dict[str, Any]:
    trainer = Trainer(ring(watch={"every": 1}, batch=64), data)
    trainer.players["generator"].worker = Fixed(torch.from_numpy(rows).to(trainer.device))  # type: ignore[assignment]
    return Watch(trainer).look(trainer)


class Drifting(nn.Module):
    """A generator whose images move with a running statistic that it puts in the old one's place."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, z: Tensor) -> Tensor:
        made = self.layer(z)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * (made.detach().mean(0) + 1)
        return made + self.mean


def test_what_it_sees_is_the_network_as_it_is_in_eval_mode() -> None:
    network = Drifting()
    trainer = Trainer(ring(latent=4, batch=16), points(), {"generator": network})
    watch, z = Watch(trainer), torch.randn(3, 4)
    for _ in range(5):
        trainer.advance()
    seen = watch._nets(trainer)["generator"]
    assert network.mean.abs().min() > 0.1
    assert torch.equal(seen(z), network.layer(z) + network.mean)


def test_real_points_have_the_diversity_of_real_points() -> None:
    data = points()
    line = look_at(data.values[np.arange(64) * 6 + 1].astype(np.float32), data)
    assert 0.85 < line["spread"] < 1.15
    assert 0.75 < line["clusters"] < 1.25


def test_one_point_has_none() -> None:
    line = look_at(np.ones((1, 2), np.float32), points())
    assert line["spread"] == pytest.approx(0, abs=1e-5)
    assert line["clusters"] < 0.1
    assert line["diversity"] < 0.01


def test_spread_is_a_ratio_of_mean_distances() -> None:
    data = points()
    real = data.values[np.arange(64) * 400 // 64].astype(np.float64)
    rows = np.random.default_rng(1).normal(size=(64, 2)).astype(np.float32)

    def mean_distance(x: np.ndarray[Any, Any]) -> float:
        return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]))

    assert look_at(rows, data)["spread"] == pytest.approx(mean_distance(rows) / mean_distance(real), rel=1e-4)


def test_values_that_are_not_finite_are_no_diversity_and_plain_json() -> None:
    line = look_at(np.full((1, 2), np.nan, np.float32), points())
    assert line["spread"] is None
    assert line["diversity"] == 0
    json.loads(json.dumps(line, allow_nan=False))


def test_movement_is_the_mean_way_of_an_image_in_one_step() -> None:
    trainer = Trainer(ring(watch={"every": 1}, batch=64), points())
    rows = torch.zeros(64, 2, device=trainer.device)
    trainer.players["generator"].worker = fixed = Fixed(rows)  # type: ignore[assignment]
    watch = Watch(trainer)
    with torch.no_grad():
        fixed.rows += rows.new_tensor([3.0, 4.0])
    real = trainer.real_batch(64).image.cpu().numpy().astype(np.float64)
    apart = np.linalg.norm(real[:, None] - real, axis=2).sum() / (64 * 63)
    assert watch.look(trainer)["movement"] == pytest.approx(5 / apart, rel=1e-4)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return advnets.train(ring(watch={"every": 3}, batch=64), run=tmp_path_factory.mktemp("watched") / "run").path


def test_watching_does_not_change_the_training(watched: Path, tmp_path: Path) -> None:
    off = advnets.train(ring(watch={"action": "off"}, batch=64), run=tmp_path / "off")
    assert not (off.path / "watch.jsonl").exists()
    assert [line["step"] for line in lines(watched)] == list(range(3, 41, 3))
    assert saved(off.path) == saved(watched)


def test_a_resumed_training_watches_as_one_never_stopped(watched: Path, tmp_path: Path) -> None:
    part = advnets.train(ring(watch={"every": 3}, steps=25, batch=64), run=tmp_path / "part")
    log = part.path / "watch.jsonl"
    log.write_text(log.read_text("utf-8") + '{"step": 27, "spre')
    assert lines(advnets.resume(part, steps=40).path) == lines(watched)


def test_too_few_images_are_not_watched() -> None:
    trainer = Trainer(ring(batch=64), points(8))
    assert not any(Watch(trainer).due(step) for step in range(1, 100))


def test_d_says_what_it_thinks_where_it_is_asked() -> None:
    trainer = Trainer(Recipe().replace(latent=5, batch=64, **{"watch.every": 1}), images())
    watch = Watch(trainer)
    seen = []
    for _ in range(20):
        trainer.advance()
        seen.append(watch.look(trainer))
    assert [("accuracy" in line) for line in seen] == [False] * 19 + [True]
    assert 0 <= seen[-1]["accuracy"] <= 1
    assert seen[-1]["slope"] > 0
    assert seen[-1]["spread_features"] >= 0


@dataclasses.dataclass(frozen=True)
class Noisy(AdversarialGame):
    """G's image with noise on it that a sample has not, and a figure of its own."""

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        return {**super().draw(batch, noise), "noise": noise("noise", lambda count, rng: torch.randn(count, 2))}

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        return Made({"image": nets["generator"](draws["z"]) + 0.01 * draws["noise"]})

    def figures(self, real: Tensor, fake: Tensor) -> dict[str, float]:
        return {"margin": float(real.mean() - fake.mean())}


def test_a_game_that_draws_more_than_its_samples_need_is_watched_and_logged() -> None:
    trainer = Trainer(ring(batch=64, **{"watch.every": 1}), points())
    game = Noisy(**vars(trainer.game))
    trainer.game = game
    trainer._match = dataclasses.replace(trainer._match, game=game)
    watch = Watch(trainer)
    outcomes = [trainer.advance() for _ in range(20)]
    trainer.step = 20
    assert {"accuracy", "slope", "spread_features"} <= watch.look(trainer).keys()
    assert set(trainer.figures(outcomes[-1])) == {"margin", "cost_d", "cost_g", "d_real", "d_fake"}


def test_who_goes_on_with_another_trainer_is_watched_as_before() -> None:
    first, second = (Trainer(ring(batch=64, **{"watch.every": 1}), points()) for _ in range(2))
    watch = Watch(first)
    for _ in range(3):
        second.advance()
    assert watch.look(second)["spread"] == Watch(second).look(second)["spread"]
    assert watch.look(second)["spread"] != Watch(first).look(first)["spread"]


@pytest.mark.parametrize(("value", "what"), [({"every": 0}, "watch.every"), ({"action": "cry"}, "watch")])
def test_settings_that_mean_nothing_are_refused(value: dict[str, Any], what: str) -> None:
    with pytest.raises(RecipeError, match=what):
        ring(watch=value)


def test_off_is_off_in_a_recipe_file(tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text("data: ring\nwatch: {action: off}\n")
    assert load_recipe(tmp_path / "quiet.yaml").watch.action == "off"


def test_images_all_alike_are_not_watched() -> None:
    same = Data(np.ones((200, 2), np.float32), np.arange(200))
    assert not Watch(Trainer(ring(watch={"every": 1}, batch=64), same)).due(1)


def test_small_batches_are_looked_at_in_parts_and_seldom() -> None:
    trainer = Trainer(ring(batch=4, watch={"every": 1}), points())
    watch = Watch(trainer)
    assert [step for step in range(1, 40) if watch.due(step)] == [16, 32]
    assert watch.look(trainer)["spread"] > 0
