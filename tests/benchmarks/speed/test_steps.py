"""The step's contenders run, and what is compared is comparable. Nothing here is timed."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from advnets.config.load import load_recipe
from advnets.games.build import build_game
from advnets.games.game import DataSpec
from advnets.runs.networks import initial_networks
from advnets.training.batches import Data
from advnets.training.memory import keep_freed_memory
from benchmarks import machine, memory
from benchmarks.speed import contests, floor, interleave, measures, peers, torchgan_way, training

COLOR = Data(np.random.default_rng(0).integers(0, 256, (200, 3, 32, 32), dtype=np.uint8), np.arange(200))
POINTS = Data(np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32), np.arange(600))
GRAY = Data(np.random.default_rng(0).integers(0, 256, (200, 1, 28, 28), dtype=np.uint8), np.arange(200))
GAMES = [("paper-mnist", GRAY), ("mnist-dense", GRAY), ("vectors", POINTS), ("dcgan", COLOR)]


def small(name: str) -> contests.Contest:
    data = dict(GAMES)[name]
    return contests.Contest(name, load_recipe(name).replace(batch=8), data, "random")


@pytest.mark.parametrize(("name", "data"), GAMES)
def test_peers_networks_are_those_of_the_recipe(name, data):
    recipe = load_recipe(name)
    ours = initial_networks(recipe, build_game(recipe.game).seats(DataSpec(data.shape)))
    theirs = peers.PeerGame(recipe, data)
    for name, mine in ours.items():
        assert count(mine) == count(getattr(theirs, name))
    z = torch.randn(3, theirs.latent)
    assert theirs.generator(z).shape == ours["generator"](z).shape
    assert theirs.discriminator(theirs.generator(z)).shape == (3, 1)


def test_images_arrive_in_the_generators_range():
    recipe = load_recipe("dcgan").replace(batch=200)
    (batch,) = peers.loader(recipe, COLOR)
    assert batch.shape == (200, 3, 32, 32)
    expected = torch.from_numpy(COLOR.values).float() / 127.5 - 1
    torch.testing.assert_close(batch.sort(0).values, expected.sort(0).values)


@pytest.mark.parametrize("name", ["paper-mnist", "vectors", "dcgan"])
def test_every_contender_plays_and_is_timed(name):
    players = contests.contenders(small(name))
    timings = interleave.interleave(players, rounds=2, block_seconds=0.0, warm=1)
    assert {"peer", "ours_float32", "floor_float32"} <= timings.keys()
    assert all(len(timing.rounds) == 2 and timing.milliseconds > 0 for timing in timings.values())


def test_a_ratio_compares_blocks_of_the_same_round():
    slow = interleave.Timing(4.0, (2.0, 6.0), 1, (2.0, 4.0, 6.0))
    fast = interleave.Timing(2.0, (1.0, 3.0), 1, (1.0, 2.0, 3.0))
    assert fast.times_faster_than(slow) == 2.0


@pytest.mark.parametrize(("schedule", "expected"), [("simultaneous", 2.76), ("alternating", 3.57)])
def test_the_floor_is_the_papers_count_of_operations(schedule, expected):
    recipe = load_recipe("paper-mnist").replace(schedule=schedule)
    assert math.isclose(floor.Floor(recipe, (1, 28, 28), torch.float32).gigaflops, expected, abs_tol=0.01)


def test_without_torchgan_the_reason_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchgan", None)
    package, reason = torchgan_way.find(None)
    assert package is None
    assert "torchgan" in reason


def test_results_are_written_as_a_table(monkeypatch):
    monkeypatch.setitem(contests.CONTESTS, "ring", lambda: small("vectors"))
    game = training.race("ring", None, rounds=2, block_seconds=0.0, warm=1)
    result = {"machine": machine.machine(), "torchgan": "not measured", "games": {"ring": game}}
    assert json.loads(json.dumps(result)) == result
    table = training.page(result)
    assert "\n| vectors (ours with its penalty) | 0.0" in table


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_what_a_measure_holds_at_the_peak_is_found():
    keep_freed_memory()  # as whoever trained in this process before
    for _ in range(30):
        [np.ones(1_000_000) for _ in range(40)]  # malloc keeps what is freed
    held = np.ones(8_000_000)  # 64 MB that were there before
    found = memory.beyond(lambda: held * 2)
    assert 60 < found < 80
    x, y = measures.features(300, 8)
    for name, measure in measures.MEASURES.items():
        measure(measures.classes(x) if name == "inception_score" else x, y)


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
