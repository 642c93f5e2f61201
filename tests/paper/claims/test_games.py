"""Games on the ring and on MNIST: k, costs, optimizers and orders."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_claims import given, straight, workspace

from advnets.paper.claims import head_start, histories, optimizers, order, saturation, updates
from advnets.paper.claims.intervals import UNKNOWN, Interval
from advnets.paper.claims.ring import at_the_end, data_of, floor, quality, recipe, ring
from advnets.paper.claims.verdicts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED
from advnets.training.trainer import Trainer


def test_the_data_themselves_are_of_the_best_quality() -> None:
    fresh = quality(ring().reals("valid", 2000))
    assert fresh["modes"] == 8
    assert fresh["near"] == pytest.approx(1 - math.exp(-4.5), abs=0.02)  # Rayleigh: within three deviations
    assert fresh["distance"] < 2 * floor().mean < 0.25
    one = quality(np.repeat(ring().modes[:1], 100, 0))
    assert one["modes"] == 1
    assert one["distance"] > 1


@pytest.mark.parametrize("points", [np.full((100, 2), np.nan), np.full((100, 2), 50.0)])
def test_a_lost_game_has_no_figures(points: Any) -> None:
    found = quality(points)
    assert found["finite"] is bool(np.isfinite(points).all())
    assert (found["distance"], found["near"], found["modes"]) == (None, None, None)
    lines = [{"distance": 1.0, "near": 1.0, "modes": 8}] * 7 + [found]
    assert math.isnan(at_the_end([lines], "distance")[0])
    assert histories.lost([lines, lines[:-1]]) == 1
    assert histories.ends_table({"the game": [lines, lines[:-1]]}).rows[0][-1] == "1"


def test_a_game_that_has_gone_astray_but_is_near_is_not_lost() -> None:
    assert quality(np.full((100, 2), 4.0))["distance"] > 2


def test_both_costs_give_the_gradients_of_autograd() -> None:
    trainer = Trainer(recipe(steps=5, seed=3), data_of(ring().values))
    trainer.advance()
    found = head_start.generator_gradients(trainer)
    G, D = (trainer.players[name].network for name in ("generator", "discriminator"))
    logits = D(G(trainer.sampler.inputs(256, 5)["z"]))
    for cost in head_start.COSTS:
        value = torch.log(1 - torch.sigmoid(logits)) if cost == "minimax" else -torch.log(torch.sigmoid(logits))
        slopes = torch.autograd.grad(value.mean(), list(G.parameters()), retain_graph=True)
        assert found[cost] == pytest.approx(float(torch.cat([each.flatten() for each in slopes]).norm()), rel=1e-4)


def test_d_does_not_see_the_draws_of_its_head_start_again() -> None:
    game, data = recipe(steps=3, seed=2), data_of(ring().values)
    first = head_start.standing(game, data, 3)
    start = Trainer(game, data)
    for name, mine in first.players.items():
        assert torch.equal(mine.master.flat, start.players[name].master.flat)  # the players of the game to come
    assert not torch.equal(first._match.batches(0).image, start._match.batches(0).image)
    before = weights(first, "generator").clone()
    first.advance()
    torch.testing.assert_close(weights(first, "generator"), before, rtol=0, atol=1e-20)
    on = head_start.with_head_start(game, first)
    assert on.recipe == game
    assert torch.equal(weights(on, "discriminator"), weights(first, "discriminator"))
    assert torch.equal(weights(on, "generator"), weights(start, "generator"))


def weights(trainer: Trainer, player: str) -> torch.Tensor:
    return trainer.players[player].master.flat


def test_k_is_judged_at_equal_time() -> None:
    one = [straight(8, 4, 4, 4, 2) for _ in range(2)]  # 4 seconds, 40 updates
    five = [straight(8, 2, 1, 1, 1, pace=4, updates=5) for _ in range(2)]  # at a distance of 2 after 4 seconds
    last = np.mean([4 - 2 * share for share in np.linspace(0, 1, 6)])
    per_second = updates.at_equal(one, five, "seconds")
    per_update = updates.at_equal(one, five, "updates")
    assert per_second.mean == pytest.approx(last / np.mean(np.interp(np.linspace(3, 4, 6), [0, 4], [8, 2])))
    assert per_update.mean == pytest.approx(last / np.mean(np.interp(np.linspace(30, 40, 6), [0, 50], [8, 2])))
    assert histories.farther(one, five).mean == pytest.approx(2)
    assert updates.at_equal(five, one, "seconds").mean == pytest.approx(1 / per_second.mean)
    gone = [straight(8, 4, 4, 4, None) for _ in range(2)]
    assert updates.at_equal(gone, five, "seconds") is UNKNOWN


def test_the_best_rate_is_the_nearest_of_those_with_the_fewest_lost_games() -> None:
    near, far, gone = straight(5, 1), straight(5, 3), straight(5, None)
    assert optimizers.best_rate({0.1: [far, far], 0.2: [near, near], 0.3: [far, near]}) == 0.2
    assert optimizers.best_rate({0.1: [far, far], 0.2: [near, gone], 0.3: [gone, gone]}) == 0.1
    assert optimizers.best_rate({0.1: [gone, gone], 0.2: [near, gone]}) == 0.2


def test_gradients_are_judged_by_how_much_stronger_they_are() -> None:
    stronger = saturation.times_as_strong([{"non-saturating": 80, "minimax": 2}, {"non-saturating": 20, "minimax": 1}])
    assert stronger.mean == pytest.approx(math.sqrt(40 * 20))
    judged = [saturation.verdict_on(Interval(math.sqrt(a * b), a, b)) for a, b in ((6, 9), (4, 9), (0.2, 0.8))]
    assert judged == [SUPPORTED, UNDECIDED, NOT_SUPPORTED]


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(
    ("one", "five", "verdict"),
    [
        (straight(8, 3, 3), straight(8, 1, 1), NOT_SUPPORTED),
        (straight(8, 1, 1), straight(8, 3, 3), SUPPORTED),
        (straight(8, 2, 2), straight(8, 1, 1, pace=40), SUPPORTED),  # nearer for as many updates and steps, not in time
    ],
)
def test_k_is_judged_by_one_over_five_a_second(
    one: Any, five: Any, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, updates, {"k1": one, "k2": one, "k5": five})
    found = updates.claim(workspace(tmp_path))
    assert found.rows[0].note == verdict
    assert found.figures["per step"][0] == pytest.approx(one[-1]["distance"] / five[-1]["distance"])
    assert found.figures["per update"][0] == pytest.approx(one[-1]["distance"] / five[-1]["distance"])


@pytest.mark.usefixtures("no_pictures")
def test_momentum_is_judged_against_adam_each_at_its_best_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distances = {"momentum-0.01": 4, "momentum-0.03": 2, "adam-0.0005": 1, "k1": 3, "momentum-long-0.03": 1.5}
    given(monkeypatch, optimizers, {name: straight(8, each, each) for name, each in distances.items()})
    found = optimizers.claim(workspace(tmp_path))
    assert found.figures["best"] == {"momentum": 0.03, "adam": 5e-4}
    assert found.figures["ratio"][0] == pytest.approx(2)
    assert found.figures["longer"][0] == pytest.approx(1.5)
    assert found.rows[0].note == NOT_SUPPORTED


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("with_r1", "verdict"), [([1, 1], MIXED), ([2, 2], NOT_SUPPORTED), ([0.5, 3], UNDECIDED)])
def test_the_order_depends_on_the_game_only_where_that_is_shown(
    with_r1: list[float], verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"k1": [1, 1], "simultaneous": [2, 2], "k1-r1": [1, 1], "simultaneous-r1": with_r1}
    monkeypatch.setattr(order, "games", lambda _, name, **__: [straight(8, each, each) for each in ends[name]])
    found = order.claim(workspace(tmp_path))
    assert found.figures["ratio"]["without a penalty"][0] == pytest.approx(2)
    assert found.rows[0].note == verdict


@pytest.mark.usefixtures("no_pictures")
def test_saturation_is_judged_where_d_has_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [
        {"updates": n, "opinion": 0.1, "minimax": 1.0, "non-saturating": each} for n, each in ((0, 1.0), (40, 9.0))
    ]
    course = [{"step": 4, "opinion": 0.3, "spread": 0.5}]
    monkeypatch.setattr(
        head_start, "histories", lambda *_: {"alone": alone, "minimax": course, "non-saturating": course}
    )
    ends = {"minimax": 3, "non-saturating": 1}
    monkeypatch.setattr(saturation, "_histories", lambda _, __, cost: [straight(8, ends[cost], ends[cost])] * 2)
    found = saturation.claim(workspace(tmp_path))
    assert found.figures["stronger"][0] == pytest.approx(9)
    assert found.figures["ratio"]["adam"][0] == pytest.approx(3)
    assert found.rows[0].note == SUPPORTED
    assert "the game comes closer for it with momentum, .03 and Adam, .001." in found.why


@pytest.mark.parametrize(
    ("momentum", "adam", "told"),
    [
        ((0.88, 1.43), (0.69, 1.09), "that the game ends closer for it is not shown."),
        ((1.1, 1.43), (0.69, 1.09), "the game comes closer for it with momentum, .03."),
        ((0.88, 1.43), (0.5, 0.9), "the game ends farther for it with Adam, .001."),
        ((1.1, 1.43), (0.5, 0.9), "closer for it with momentum, .03 and ends farther for it with Adam, .001."),
    ],
)
def test_undecided_games_on_the_ring_are_told_as_not_shown(
    momentum: tuple[float, float], adam: tuple[float, float], told: str
) -> None:
    ratio = {"momentum": Interval(1, *momentum), "adam": Interval(1, *adam)}
    assert saturation._why(SUPPORTED, ratio).endswith(told)
