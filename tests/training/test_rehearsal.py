"""What a game of one's own lacks is one line before the first step, and nothing moves while it is tried."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from small_games import LATENT, SHAPE, images, seeded_discriminator, seeded_generator
from torch import Tensor, nn

from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame
from advnets.games.build import GAMES
from advnets.games.game import Costs, Input, Made, Seat, Slopes, View
from advnets.games.objectives import objective
from advnets.training import trainer as trainers
from advnets.training.trainer import Trainer

FLAT = Recipe().replace(latent=LATENT, batch=12, precision="float32", steps=20)
PLAIN = AdversarialGame(objective("hinge"), "gaussian", LATENT)
METHODS = ("seats", "draw", "make", "views", "costs", "wish", "sample")


@dataclass(frozen=True)
class Mine:
    """The paper's game, in which a method may be another, or none."""

    changed: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name in self.changed and self.changed[name] is not None:
            return self.changed[name]
        if name in METHODS and name not in self.changed:
            return getattr(PLAIN, name)
        raise AttributeError(name)


def started(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> Trainer:
    monkeypatch.setitem(GAMES, "adversarial", lambda config: Mine(changed))
    own = {"generator": seeded_generator(), "discriminator": seeded_discriminator()}
    return Trainer(FLAT, images(), own)


def detached(nets: Any, batch: Any, draws: Any) -> Made:
    return Made({"image": nets["generator"](draws["z"]).detach()})


def with_seat(name: str, **changes: Any) -> Callable[[Any], Mapping[str, Seat]]:
    return lambda data: {**(known := PLAIN.seats(data)), name: replace(known.get(name, known["generator"]), **changes)}


def beside_a_judge(data: Any) -> Mapping[str, Seat]:
    return {**PLAIN.seats(data), "judge": Seat("discriminator", {"image": Input(SHAPE)})}


def shown(name: str = "discriminator", real: str = "image", weight: Any = 1.0) -> Callable[..., list[View]]:
    return lambda batch, draws, made: [View(name, {real: batch.image}, {"image": made["image"]}, weight)]


def one_by_one(batch: Any, draws: Any, made: Any) -> Any:
    yield from shown()(batch, draws, made)


def rows(name: str, real: Tensor, fake: Tensor, batch: Any) -> Costs:
    return Costs((1 - real).relu() + (1 + fake).relu(), -fake.mean())


def numbers(name: str, real: Tensor, fake: Tensor, batch: Any) -> Costs:
    return Costs((fake - real).mean(), -fake.mean().item())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"wish": None}, r"Mine has no method wish; write it: wish\(count, rng\) returns"),
        (
            {"seats": with_seat("generator", side="maker")},
            "seats generator on the side 'maker'; write one of generator",
        ),
        ({"seats": with_seat("generator", averaged=False)}, "seats averages no player; seat the one that is sampled"),
        (
            {"seats": with_seat("second")},
            "seats second, for whom AdversarialConfig has no player; add the field second",
        ),
        ({"seats": beside_a_judge}, "seats judge, for whom .*judge: DiscriminatorConfig = DiscriminatorConfig()"),
        ({"seats": lambda data: ["generator"]}, "gives a list in seats; seats"),
        ({"seats": lambda data: {}["x"]}, "fails in seats: KeyError: 'x'"),
        ({"draw": lambda batch, noise: noise("z", PLAIN._latents)}, r"gives a tensor of shape \(8, 5\) in draw"),
        ({"make": lambda nets, batch, draws: nets["maker"]}, "in make: LookupError: no player 'maker' among generator"),
        (
            {"make": lambda nets, batch, draws: nets["generator"](draws["z"])},
            "gives a tensor of shape .* in make; make",
        ),
        ({"make": detached}, "never lets generator learn.*show a discriminator what it makes, not detached"),
        ({"views": lambda batch, draws, made: []}, "shows discriminator nothing; add a View of it"),
        ({"views": shown("judge")}, "view of 'judge', who is no discriminator; name one of discriminator"),
        ({"views": shown(real="code")}, "shows discriminator real rows of code; its seat takes image, in this order"),
        ({"views": lambda batch, draws, made: [made["image"]]}, "gives a tensor of shape .* in views; views"),
        ({"costs": lambda name, real, fake, batch: (-real.mean(), fake.mean())}, "gives a tuple in costs; costs"),
        ({"costs": rows}, r"a tensor of shape \(8,\) as the discriminator's cost of discriminator; return one scalar"),
        ({"costs": numbers}, "returns a float as the generators' cost of discriminator"),
        ({"costs": lambda name, real, fake, batch: Costs(real.detach().mean(), -fake.mean())}, "without a gradient"),
        ({"costs": lambda name, real, fake, batch: Costs(-real.mean(), -fake.detach().mean())}, "lets generator learn"),
        (
            {"slopes": lambda name, real, fake, batch: Slopes(real, fake, fake.sum())},
            r"a tensor of shape \(\) as the slope made of scores of shape \(8,\); slopes",
        ),
        ({"slopes": lambda name, real, fake, batch: Slopes(real, fake, 1.0)}, "gives a float as the slope made"),
        ({"figures": lambda real, fake: real.nothing}, "fails in figures: AttributeError"),
        ({"figures": lambda real, fake: {"mood": "good"}}, "says a str as the figure mood; figures"),
        ({"figures": lambda real, fake: {"all": real}}, r"says a tensor of shape \(8,\) as the figure all; figures"),
        ({"seats": with_seat("generator", takes={"z": 4})}, r"generator, who takes \{'z': 4\}; name its inputs: \{"),
        ({"seats": with_seat("generator", takes={})}, "seats generator, who takes {}; name its inputs"),
        ({"seats": with_seat("generator", takes=[Input((4,))])}, r"who takes \[Input.*\]; name its inputs"),
        ({"seats": with_seat("generator", gives=2)}, "seats generator, who gives 2; write the shape of a row"),
        ({"seats": with_seat("discriminator", gives=(1.5,))}, r"who gives \(1.5,\); write the shape"),
        ({"seats": with_seat("discriminator", averaged=True)}, "averages discriminator, a discriminator; leave out"),
        (
            {"seats": with_seat("discriminator", takes={"class": Input((), 3), "image": Input(SHAPE)})},
            "seats discriminator, who takes a class first; put the class behind",
        ),
        ({"views": one_by_one}, "gives a generator in views; views"),
        ({"views": shown(weight=None)}, "a view of discriminator of weight None; give it a Python number"),
        (
            {"views": shown(weight=float("nan"))},
            "a view of discriminator of weight nan; give it a Python number",
        ),
        ({"wish": lambda count, rng: {"z": torch.rand(count + 1, LATENT)}}, "wishes for other rows than the 8"),
        ({"sample": lambda nets, inputs: nets["generator"](inputs["c"])}, "fails in sample: KeyError: 'c'"),
        ({"sample": lambda nets, inputs: inputs["z"]}, r"\(8, 5\) in sample for 8 rows; return .*\(8, 1, 4, 3\)"),
    ],
)
def test_what_does_not_fit_is_one_line(changed: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=f"the game Mine .*{says}" if "Mine" not in says else says) as refused:
        started(monkeypatch, **changed)
    assert "\n" not in str(refused.value)


def test_what_has_a_direct_cost_need_not_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(nets: Any, batch: Any, draws: Any) -> Made:
        image = nets["generator"](draws["z"])
        return Made({"image": image.detach()}, direct=(image - batch.image).abs().mean())

    assert started(monkeypatch, make=make).advance()


def test_rows_of_a_direct_cost_are_refused_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(nets: Any, batch: Any, draws: Any) -> Made:
        image = nets["generator"](draws["z"])
        return Made({"image": image}, direct=(image - batch.image).abs().mean((1, 2, 3)))

    with pytest.raises(RecipeError, match=r"a tensor of shape \(8,\) as the direct cost of make; return one scalar"):
        started(monkeypatch, make=make)


class Counting(nn.Module):
    """Counts its passes in a buffer of its own, which is another tensor each time, and draws."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.passes = self.passes + 1
        return x + 0 * torch.rand(())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_nothing_moves_while_it_is_tried(precision: str) -> None:
    G = nn.Sequential(nn.Linear(LATENT, 12), Counting(), nn.Sigmoid(), nn.Unflatten(1, SHAPE))
    if precision == "float32":
        G.insert(1, nn.BatchNorm1d(12))
    D = seeded_discriminator()
    before, state = copy.deepcopy({"G": G.state_dict(), "D": D.state_dict()}), torch.get_rng_state()
    trainer = Trainer(FLAT.replace(precision=precision), images(), {"generator": G, "discriminator": D})
    for name, module in (("G", G), ("D", D)):
        assert all(torch.equal(value, before[name][key]) for key, value in module.state_dict().items())
        assert all(each.training for each in module.modules())
        assert all(each.grad is None for each in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(
        trainer.nets["generator"].get_buffer("2.passes" if precision == "float32" else "1.passes"), torch.tensor(0.0)
    )


def test_the_steps_are_those_of_a_game_that_nobody_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def played() -> list[Tensor]:
        own = {"generator": seeded_generator(), "discriminator": seeded_discriminator(middle=nn.BatchNorm1d(10))}
        trainer = Trainer(FLAT, images(), own)
        for _ in range(3):
            trainer.advance()
        return [each.clone() for player in trainer.players.values() for each in player.network.state_dict().values()]

    tried = played()
    monkeypatch.setattr(trainers, "check_game", lambda *args: None)
    assert all(torch.equal(*pair) for pair in zip(tried, played(), strict=True))


def test_whole_numbers_of_numpy_are_a_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = tuple(np.asarray(SHAPE))
    assert started(monkeypatch, seats=with_seat("generator", gives=shape)).seats["generator"].gives == SHAPE
