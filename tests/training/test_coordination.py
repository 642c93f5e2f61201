"""Ways of keeping the players in step: each against plain autograd or a plain count, and through a kill."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from every_game import ROWS, games
from every_game import batch as batch_of
from every_game import draws as draws_of
from game_kinds import KINDS, given, recipe_of
from plain_autograd import plainly, worst
from small_games import images, points, ring, saved
from torch import Tensor, nn

import advnets
from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame
from advnets.games.conditional import ConditionalGame
from advnets.games.ebgan import PullingAway, energies
from advnets.games.game import Batch, DataSpec, Labels, Seat, View
from advnets.games.objectives import OBJECTIVES, Objective
from advnets.games.realness import realness
from advnets.games.semi_supervised import SemiSupervisedGame
from advnets.networks.conditioning import Input
from advnets.training.batches import Batches
from advnets.training.coordination import Coordination
from advnets.training.gradients import Match, both_sides, generators_side
from advnets.training.growth import Growth
from advnets.training.held_out import held_out_accuracy
from advnets.training.latents import LatentSteps
from advnets.training.pace import Pace
from advnets.training.replay import Replay
from advnets.training.top_k import TopK
from advnets.training.trainer import Trainer

RULE = OBJECTIVES["non-saturating"]
SCORES = {"discriminator": lambda scores: scores.logsumexp(1) if scores.ndim > 1 else scores}
TOP = Coordination(top=TopK(0.5, 0.0), realness=SCORES)
ALTERNATING = {
    "schedule": "alternating", "most_discriminator_steps": 3, "decide_every": 2, "wanted_accuracy": 0.6,
    "top_share": 0.5, "latent_step": 0.9, "second_order": True, "replayed": 0.5, "replay_size": 20, "holdout": 0.2,
}  # fmt: skip
SIMULTANEOUS = {"final_batch": 30, "batch_stages": 3, "replayed": 0.25, "replay_size": 15, "latent_step": 0.5}


def match_of(name: str, objective: Objective = RULE, **more: Any) -> tuple[Match, Batch]:
    game, players = games(objective)[name]
    judges = frozenset(each for each, player in players.items() if player.side == "discriminator")
    batch = batch_of() if name != "conditional" else replace(batch_of(), target=None)
    return Match(game, players, lambda _: batch, seed=3, steps=10, rowwise=judges, **more), batch  # type: ignore[arg-type]


@pytest.mark.parametrize("objective", ["non-saturating", "wasserstein", "relativistic"])
@pytest.mark.parametrize("name", ["plain", "conditional", "K classes"])
def test_the_generator_learns_from_the_best_scored_fakes_alone(name: str, objective: str) -> None:
    match, batch = match_of(name, OBJECTIVES[objective], coordination=TOP)
    draws = draws_of()
    nets, game = match.nets, match.game
    (view,) = game.views(batch, draws, game.make(nets, batch, draws).outputs)
    real, fake = (nets["discriminator"](*inputs.values()) for inputs in (view.real, view.fake))
    level = fake.logsumexp(1) if fake.ndim > 1 else fake
    rows = level.argsort(descending=True)[: ROWS // 2]
    cost = game.costs("discriminator", real[rows], fake[rows], replace(batch, label=batch.label[rows])).generators
    theirs = torch.autograd.grad(cost, match.players["generator"].parameters, retain_graph=True)
    wanted = {**plainly(match, batch, draws), "generator": list(theirs)}
    found, said = both_sides(match, batch, draws, 0)
    assert worst(found, wanted) < 1e-9
    alone, _ = generators_side(match, batch, draws, 0, said)
    assert worst(alone, {"generator": wanted["generator"]}) < 1e-9
    assert worst(both_sides(replace(match, coordination=Coordination()), batch, draws, 0)[0], wanted) > 1e-3


def test_the_share_of_the_fakes_falls_over_its_part_of_the_training() -> None:
    top = TopK(0.5, 0.5)
    assert [top.at(update, 100) for update in (0, 25, 50, 99)] == [1.0, 0.75, 0.5, 0.5]
    assert TopK(0.25, 0.0).at(1, 100) == 0.25


def moves(natural: bool = True, second_order: bool = False, size: float = 0.9) -> Coordination:
    steps = LatentSteps(size, natural, 5.0, second_order, lambda z: z.clamp(-9, 9), SCORES)
    return Coordination(latents=steps)


@pytest.mark.parametrize("natural", [True, False])
def test_latents_move_along_the_gradient_of_the_score(natural: bool) -> None:
    match, batch = match_of("plain", coordination=moves(natural))
    z = draws_of()["z"].clone().requires_grad_()
    G, D = match.nets["generator"], match.nets["discriminator"]
    (slope,) = torch.autograd.grad(D(G(z)).sum(), z)
    wanted = z + slope * (0.9 / (5 + slope.square().sum(1, keepdim=True)) if natural else 0.9)
    moved = match.coordination.draws(match.game, match.nets, batch, draws_of(), learned=True)["z"]
    torch.testing.assert_close(moved, wanted.detach())
    assert not moved.requires_grad
    assert (D(G(moved)) > D(G(z))).all()


def test_the_second_order_reaches_the_generator_through_the_step_of_z() -> None:
    match, batch = match_of("plain", coordination=moves(second_order=True))
    draws = match.coordination.draws(match.game, match.nets, batch, draws_of(), learned=True)
    found, _ = both_sides(match, batch, draws, 0)
    G, D = match.nets["generator"], match.nets["discriminator"]

    def cost(of: nn.Module) -> Tensor:
        z = draws_of()["z"].clone().requires_grad_()
        (slope,) = torch.autograd.grad(D(of(z)).sum(), z, create_graph=True)
        moved = z + slope * (0.9 / (5 + slope.square().sum(1, keepdim=True)))
        return RULE.generator(D(batch.image), D(of(moved)))

    weight, small = match.players["generator"].parameters[0], 1e-5
    numeric = []
    for shift in (small, -small):  # a difference of costs: no second derivative of ours
        with torch.no_grad():
            weight[0, 0] += shift
        numeric.append(cost(G).item())
        with torch.no_grad():
            weight[0, 0] -= shift
    ours = found["generator"][0]
    assert ours is not None
    assert float(ours[0, 0]) == pytest.approx((numeric[0] - numeric[1]) / (2 * small), rel=1e-4)
    still = match.coordination.draws(match.game, match.nets, batch, draws_of(), learned=False)["z"]
    first = both_sides(match, batch, {"z": still}, 0)[0]["generator"][0]
    assert first is not None
    assert abs(float(first[0, 0] - ours[0, 0])) > 1e-6


def shown_view(value: float) -> View:
    rows = torch.arange(8.0).view(8, 1) / 10 + value
    return View("discriminator", {"image": rows}, {"image": rows.clone().requires_grad_()})


def test_old_fakes_are_shown_and_new_ones_take_their_place() -> None:
    replay = Replay(0.5, 6, seed=0, views={0})
    for update in range(2):  # four rows each: full after the second
        view, old = replay.mixed(0, shown_view(update + 1.0), update)
        assert old == 0
    kept = replay.state["replay/0"]["image"].flatten().tolist()
    assert kept == pytest.approx([1.0, 1.1, 1.2, 1.3, 2.0, 2.1])
    view, old = replay.mixed(0, fresh := shown_view(3.0), 2)
    said = view.fake["image"].flatten().tolist()
    assert old == 4
    assert set(said[:4]) <= set(kept)
    assert len(set(said[:4])) == 4
    assert said[4:] == pytest.approx([3.4, 3.5, 3.6, 3.7])
    now = replay.state["replay/0"]["image"].flatten().tolist()
    assert sorted(now + said[:4]) == pytest.approx(sorted([*kept, 3.0, 3.1, 3.2, 3.3]))
    view.fake["image"].sum().backward()
    assert fresh.fake["image"].grad.flatten().tolist() == [0.0] * 4 + [1.0] * 4  # type: ignore[union-attr]
    assert replay.mixed(1, fresh, 2) == (fresh, 0)


def test_the_generator_learns_from_the_new_fakes_alone_as_if_they_were_all() -> None:
    match, batch = match_of("plain")
    replay = Replay(0.5, 3, seed=0, views={0})
    match = replace(match, coordination=Coordination(replay=replay, realness=SCORES))
    both_sides(match, batch, draws_of(7), 0)
    found, _ = both_sides(match, batch, draws_of(), 1)
    fresh = Batch(batch.rows[3:], batch.image[3:])
    wanted = plainly(match, fresh, {"z": draws_of()["z"][3:]})
    assert worst({"generator": found["generator"]}, {"generator": wanted["generator"]}) < 1e-9


def test_batches_grow_and_the_data_keep_their_order() -> None:
    growth = Growth(4, 16, 3, updates=9)
    assert [growth.size(update) for update in range(11)] == [4, 4, 4, 8, 8, 8, 16, 16, 16, 16, 16]
    assert [growth.before(update) for update in range(10)] == [0, 4, 8, 12, 20, 28, 36, 52, 68, 84]
    made = {"seed": 5, "device": torch.device("cpu"), "dtype": torch.float32, "value_range": (0.0, 1.0)}
    growing = Batches(images(30), 4, growth=growth, **made)  # type: ignore[arg-type]
    plain = Batches(images(30), 1, **made)  # type: ignore[arg-type]
    whole = torch.cat([growing.indices(update) for update in range(9)])
    assert whole.equal(torch.cat([plain.indices(update) for update in range(84)]))


def test_k_rises_while_held_out_rows_say_that_the_discriminator_is_behind_and_falls_when_it_is_ahead() -> None:
    said = iter([0.5, 0.6, 0.7, 0.9, 0.95, 0.99, 0.99])
    pace = Pace(1, most=3, wanted=0.75, every=2, measure=lambda step: next(said))
    taken = [pace.begin(step) for step in range(14)]
    assert [k for _, k in taken] == [1, 1, 2, 2, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1]
    assert [first for first, _ in taken] == [0, 1, 2, 4, 6, 9, 12, 15, 18, 20, 22, 23, 24, 25]
    assert pace.updates == 26
    assert pace.planned(13, 28) == 52


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_accuracy_is_the_share_on_the_right_side_of_the_middle(direction: float) -> None:
    class Scored:
        """D's scores of the real rows 0..5 are their first pixel."""

        def make(self, nets: Any, batch: Batch, draws: Any) -> Any:
            return type("Made", (), {"outputs": {"image": nets["generator"](draws["z"])}})()

        def views(self, batch: Batch, draws: Any, made: Any) -> Any:
            return [View("discriminator", {"image": batch.image}, made)]

    judge = nn.Linear(1, 1, bias=False)
    nn.init.constant_(judge.weight, direction)
    nets = {"generator": nn.Linear(1, 1, bias=False), "discriminator": nn.Sequential(judge, nn.Flatten(0))}
    nn.init.ones_(nets["generator"].weight)  # type: ignore[arg-type]
    real = torch.tensor([[3.0], [3.0], [3.0], [0.0]])  # mean 2.25; fakes: 0.25; the middle is 1.25
    fake = torch.tensor([[0.0], [0.0], [1.0], [0.0]])
    parts = [
        (Batch(torch.arange(2), real[:2]), {"z": fake[:2]}),
        (Batch(torch.arange(2), real[2:]), {"z": fake[2:]}),
    ]
    found = held_out_accuracy(Scored(), nets, parts, {"discriminator": lambda s: s * direction})  # type: ignore[arg-type]
    assert found == pytest.approx((3 / 4 + 1) / 2)


@pytest.mark.parametrize("changes", [ALTERNATING, SIMULTANEOUS], ids=["alternating", "simultaneous"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_game_is_coordinated_or_says_what_has_no_effect_in_it(kind: str, changes: dict[str, Any]) -> None:
    own = KINDS[kind].data()
    data = replace(own, held_out=own.rows[:20])
    for names in (["most_discriminator_steps"], ["top_share"], ["latent_step"], ["replayed"], list(changes)):
        some = {name: each for name, each in changes.items() if name in ("schedule", *names)}
        try:
            trainer = Trainer(recipe_of(kind, **some), data)
        except RecipeError as error:
            said = str(error)
        else:
            said = ""
            for _ in range(3):
                trainer.check_finite(trainer.figures(trainer.advance()))
        assert not said or (said.startswith("coordination.") and "\n" not in said)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [("adversarial", ALTERNATING), ("conditional", SIMULTANEOUS | {"game.auxiliary": 0.0})],
    ids=["alternating", "growing"],
)
def test_a_coordinated_training_that_is_killed_and_resumed_ends_in_the_same_bits(
    kind: str, changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(kind, **changes)
    whole = advnets.train(recipe, data=given(kind), run=tmp_path / "whole")
    advance = Trainer.advance

    def killed(self: Trainer) -> Any:
        if self.step == 7:
            raise Killed
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", killed)
    with pytest.raises(Killed):
        advnets.train(recipe, data=given(kind), run=tmp_path / "killed")
    monkeypatch.setattr(Trainer, "advance", advance)
    again = advnets.resume(tmp_path / "killed", data=given(kind))
    assert saved(tmp_path / "killed", 12) == saved(tmp_path / "whole", 12)
    without_time = [
        [{name: each for name, each in line.items() if "second" not in name} for line in run.metrics]
        for run in (whole, again)
    ]
    assert without_time[0] == without_time[1]
    if "most_discriminator_steps" in changes:
        assert {line["adaptive_k"] for line in whole.metrics} > {1.0}
        assert whole.metrics[-1]["images"] == 12 * sum(line["adaptive_k"] for line in whole.metrics)
    else:
        assert whole.metrics[-1]["images"] == 4 * (12 + 19 + 30)


class Killed(BaseException):
    """As a signal that nobody catches."""


def test_what_is_off_changes_no_bit(tmp_path: Path) -> None:
    data = {"data": images().values}
    plain = recipe_of("adversarial")
    off = plain.replace(top_share=1.0, replayed=0.0, latent_step=0.0, final_batch=0, most_discriminator_steps=0)
    runs = [advnets.train(each, run=tmp_path / str(number), **data) for number, each in enumerate((plain, off))]  # type: ignore[arg-type]
    assert saved(runs[0].path) == saved(runs[1].path)
    assert not (runs[0].path / "checkpoints" / "step-00000012" / "replay").exists()


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"most_discriminator_steps": 3}, "most_discriminator_steps cannot be 3; use schedule alternating, or 0"),
        (
            {"schedule": "alternating", "most_discriminator_steps": 3, "discriminator_steps": 4},
            "cannot be 3; use at least discriminator_steps, 4",
        ),
        ({"final_batch": 32}, "final_batch cannot be 32; use more than batch, 32"),
        (
            {"schedule": "alternating", "most_discriminator_steps": 3, "final_batch": 64},
            "final_batch cannot be 64; use 0: how many updates D will have is not known",
        ),
        ({"top_share": 0}, "top_share cannot be 0.0; use a share above 0"),
        ({"replayed": 1}, "replayed cannot be 1.0"),
        ({"wanted_accuracy": 0.5}, "wanted_accuracy cannot be 0.5; use more than 0.5"),
        ({"batch_stages": 1}, "batch_stages cannot be 1"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, Any], answer: str) -> None:
    with pytest.raises(RecipeError, match=answer) as refused:
        ring(**changes)
    assert "\n" not in str(refused.value)


def trained(data: np.ndarray, path: Path, **changes: Any) -> None:
    advnets.train(recipe_of("adversarial", **changes), data=data, run=path)


def test_what_has_no_effect_on_the_data_or_the_game_is_refused(tmp_path: Path) -> None:
    few = images(30).values
    with pytest.raises(RecipeError, match="no rows for validation"):
        trained(few, tmp_path / "a", schedule="alternating", most_discriminator_steps=2, holdout=0)
    with pytest.raises(RecipeError, match=r"replayed 0\.01 changes nothing: it is no row of 12"):
        trained(few, tmp_path / "b", replayed=0.01)
    assert list(tmp_path.iterdir()) == []


def test_an_energy_is_turned() -> None:
    def energy(real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() + (1 - fake).clamp(min=0).mean()

    class Energies:
        def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Any:
            return type("Costs", (), {"discriminator": energy(real, fake), "generators": fake.mean()})()

    seats = {"discriminator": Seat("discriminator", {"image": Input((2,))})}
    scores = torch.tensor([1.0, -2.0])

    def said(game: Any) -> list[float]:
        return realness(game, seats, DataSpec((2,)))["discriminator"](scores).tolist()

    assert said(Energies()) == [-1.0, 2.0]
    for name in OBJECTIVES:
        game, _ = games(OBJECTIVES[name])["plain"]
        assert said(game) == [1.0, -2.0]


def test_of_several_scores_what_says_real_or_fake_counts() -> None:
    data = DataSpec((2,), ("a", "b"), (5, 5))
    scores = torch.tensor([[1.0, 4.0, 9.0], [-2.0, 4.0, -9.0]])
    plain = AdversarialGame(RULE, latent=2)
    several: dict[str, tuple[Any, list[float]]] = {
        "auxiliary": (ConditionalGame(plain, auxiliary=0.5), [1.0, -2.0]),
        "energy and code": (PullingAway(energies(1.0), latent=2, code=2), [-1.0, 2.0]),
        "classes and features": (SemiSupervisedGame(plain, Labels(4)), scores[:, :2].logsumexp(1).tolist()),
    }
    for game, wanted in several.values():
        assert realness(game, game.seats(data), data)["discriminator"](scores).tolist() == wanted


def test_no_step_leads_away_from_latents_of_signs() -> None:
    recipe = ring(prior="rademacher", latent_step=0.5)
    with pytest.raises(
        RecipeError, match="from a latent of the prior rademacher no small step leads away; leave it out"
    ):
        Trainer(recipe, points())
