"""A recipe: its values, its checks, copies with changes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from advnets.config import names
from advnets.config.games import AdversarialConfig, ConditionalConfig, PenaltiesConfig
from advnets.config.load import load_recipe, recipe_names, to_dict
from advnets.config.names import OBJECTIVES, PRIORS
from advnets.config.networks import ConvGeneratorConfig, MLPGeneratorConfig
from advnets.config.recipe import Recipe, parse_size
from advnets.data import named, toys
from advnets.data.formats import vectors
from advnets.errors import RecipeError
from advnets.games import objectives, priors


def test_the_papers_settings() -> None:
    recipe = load_recipe("paper-mnist")
    game = recipe.game
    assert isinstance(game, AdversarialConfig)
    assert (game.latent, game.prior, recipe.batch, recipe.schedule) == (100, "uniform", 100, "simultaneous")
    G, D = game.generator.network, game.discriminator.network
    assert (G.hidden, D.units, D.pieces, D.keep_input, D.keep_hidden) == ((1200, 1200), (240, 240), 5, 0.8, 0.5)
    for optimizer in (game.generator.optimizer, game.discriminator.optimizer):
        assert (optimizer.kind, optimizer.rate, optimizer.decay, optimizer.floor) == ("sgd", 0.1, 1.000004, 1e-6)
        assert (optimizer.momentum, optimizer.final_momentum, optimizer.momentum_steps) == (0.5, 0.7, 250 * 500)


def test_the_players_of_a_game_are_its_parts_with_a_network() -> None:
    recipe = Recipe()
    assert list(recipe.players) == ["generator", "discriminator"]
    assert recipe.players["generator"] is recipe.game.generator
    assert list(recipe.replace(game=ConditionalConfig()).players) == ["generator", "discriminator"]


def test_a_copy_keeps_what_is_not_changed() -> None:
    images = load_recipe("images")
    changed = images.replace(generator={"base": 16}, data="photos", size=(48, 64))
    assert changed.game.generator.network == ConvGeneratorConfig(
        base=16, blocks=1, output="leaky-hardtanh", modulation=True
    )
    assert changed.height_width == (48, 64)
    back = changed.replace(**{"generator.base": 32}, data=None, size=None)
    assert back == images


def test_a_changed_rate_leaves_the_betas() -> None:
    recipe = load_recipe("mnist-dense").replace(**{"generator.rate": 1e-4})
    assert (recipe.game.generator.optimizer.rate, recipe.game.generator.optimizer.betas) == (1e-4, (0.0, 0.999))
    assert recipe.game.discriminator == load_recipe("mnist-dense").game.discriminator


def test_a_penalty_has_one_default_wherever_it_is_said() -> None:
    changed = Recipe().replace(penalties={"r1": {"weight": 1.0}})
    assert changed == Recipe().replace(**{"penalties.r1.weight": 1.0})
    assert changed.game.penalties.r1.every == PenaltiesConfig().r1.every == 16


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"steps": "many"}, "steps = 'many'"),
        ({"steps": 1.5}, "steps = 1.5"),
        ({"steps": None}, "steps"),
        ({"steps": 0}, "steps cannot be 0; use 1 or more"),
        ({"batch": -1}, "batch cannot be -1"),
        ({"seed": -1}, "seed cannot be -1"),
        ({"channels": 2}, "channels cannot be 2; use 1, 3 or 4"),
        ({"data": ""}, "data cannot be ''"),
        ({"size": 0}, "size 0 is not a size"),
        ({"size": "12by7"}, "'12by7' is not a size; write H, or HxW"),
        ({"size": [4]}, "size"),
        ({"size": [4, "x"]}, "'4xx' is not a size"),
        ({"holdout": 0.5}, "holdout cannot be 0.5"),
        ({"strict": "perhaps"}, "strict"),
        ({"schedule": "both"}, "schedule = 'both'"),
        ({"precision": "half"}, "precision = 'half'"),
        ({"discriminator_steps": 2}, "discriminator_steps cannot be 2; use schedule alternating"),
        ({"objective": "cheat"}, "game.objective cannot be 'cheat'; choose one of minimax"),
        ({"prior": "cauchy"}, "game.prior cannot be 'cauchy'"),
        ({"latent": 0}, "game.latent cannot be 0"),
        ({"average": {"decay": 1.0}}, "game.generator.average.decay cannot be 1.0"),
        ({"generator.rate": 0}, "game.generator.optimizer.rate cannot be 0.0"),
        ({"generator.rate": float("nan")}, "game.generator.optimizer.rate cannot be nan"),
        ({"generator.betas": [0.5]}, r"game.generator.optimizer.betas.1 = \[0.5\]: Field required"),
        ({"discriminator.betas": [0.5, 1.0]}, "game.discriminator.optimizer.betas"),
        ({"generator.optimizer": {"kind": "sgd", "momentum": 2}}, "game.generator.optimizer.momentum cannot be 2"),
        ({"generator": {"schedule": "cosine", "floor": 0.5}}, "floor cannot be 0.5; use at most the rate"),
        ({"generator.floor": 1e-5}, "floor cannot be 1e-05; use a schedule that falls, or 0"),
        ({"penalties.r1.every": 0}, "game.penalties.r1.every cannot be 0"),
        ({"penalties.wgan_gp.weight": -1}, "game.penalties.wgan_gp.weight"),
        ({"generator.kind": "transformer"}, "game.generator.network.kind cannot be 'transformer'; choose one of mlp"),
        ({"discriminator.kind": "oracle"}, "game.discriminator.network.kind cannot be 'oracle'"),
        ({"generator.hidden": [0]}, r"game.generator.network.hidden cannot be \(0,\); use 1 or more"),
        ({"generator.hidden": [12, "x"]}, "game.generator.network.hidden.1 = 'x'"),
        ({"generator.output": "softmax"}, "game.generator.network.output = 'softmax'"),
        ({"generator": {"hidden": [3], "activations": ["relu", "relu"]}}, "activations .*; name one, or 1"),
        ({"generator.output_range": [0, 1]}, "output_range .*; use null: other outputs have their own"),
        ({"discriminator.units": []}, r"game.discriminator.network.units cannot be \(\); name at least one layer"),
        ({"discriminator.max_norm": -1}, "game.discriminator.network.max_norm cannot be -1.0; use a positive number"),
        ({"discriminator.init": float("nan")}, "game.discriminator.network.init cannot be nan"),
        ({"generator": {"output": "linear", "output_range": [2, 1]}}, r"output_range cannot be \(2.0, 1.0\)"),
        ({"generator.output_sparse": 0}, "game.generator.network.output_sparse cannot be 0"),
        ({"generator.output_init": -1}, "game.generator.network.output_init cannot be -1.0"),
        ({"generator.hidden_bias": float("nan")}, "game.generator.network.hidden_bias cannot be nan"),
        ({"generator.hidden_bias": -2}, "hidden_bias cannot be -2.0; use 0: no hidden layer is a sigmoid one"),
        ({"generator": {"kind": "paper-conv", "maps": 0}}, "game.generator.network.maps cannot be 0"),
        ({"generator": {"kind": "conv", "pretrained": "run"}}, "generator.pretrained: the conv generator has no such"),
        ({"discriminator": {"kind": "paper-conv", "widths": [8, 0, 8]}}, "game.discriminator.network.widths cannot be"),
        ({"discriminator": {"kind": "paper-conv", "dense": 0}}, "game.discriminator.network.dense cannot be 0"),
        ({"discriminator.keep_hidden": 0}, "game.discriminator.network.keep_hidden cannot be 0.0"),
        ({"contrast": 55}, "game.generator.network.output_range cannot be None; say which normalized values"),
        ({"measure.count": 1}, "measure.count cannot be 1; use 2 or more"),
        ({"measure.budget": 0}, "measure.budget cannot be 0"),
        ({"watch.every": 0}, "watch.every cannot be 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_with_the_field(changes: dict[str, object], says: str) -> None:
    with pytest.raises(RecipeError, match=says) as error:
        Recipe().replace(**changes)
    assert "\n" not in str(error.value)


def test_normalized_images_need_outputs_without_bounds() -> None:
    shown = {"output": "linear", "output_range": (-2, 2)}
    assert Recipe().replace(contrast=55, generator=shown).contrast == 55
    assert load_recipe("paper-cifar10-conv").contrast == 55
    assert Recipe().replace(contrast=55, generator={"kind": "own"}).contrast == 55  # it says what it shows itself
    with pytest.raises(RecipeError, match=r"contrast cannot be 55.0; use null: the outputs of a conv generator"):
        Recipe().replace(contrast=55, generator={"kind": "conv"})


def test_data_of_ones_own_are_asked_for() -> None:
    assert load_recipe("mnist-dense").source == "mnist"
    with pytest.raises(RecipeError, match=r"images trains on data of your own; name them with --data"):
        _ = load_recipe("images").source
    assert [name for name in recipe_names() if load_recipe(name).data is None] == [
        "dcgan",
        "images",
        "pairs",
        "super-resolution",
        "unpaired",
        "vectors",
    ]


def test_the_names_of_costs_and_priors_are_those_that_there_are() -> None:
    assert tuple(objectives.OBJECTIVES)[: len(OBJECTIVES)] == OBJECTIVES
    assert tuple(priors.PRIORS)[: len(PRIORS)] == PRIORS
    for name in objectives.OBJECTIVES:  # those that other tests have registered among them
        assert Recipe().replace(objective=name).game.objective == name


def test_the_names_of_data_are_those_that_there_are() -> None:
    assert names.POINTS == toys.TOYS
    assert tuple(named.NAMED) == names.PUBLISHED
    assert vectors.SUFFIXES == names.TABLES


def test_a_registered_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectives, "OBJECTIVES", dict(objectives.OBJECTIVES))
    monkeypatch.setattr(priors, "PRIORS", dict(priors.PRIORS))
    objectives.register(dataclasses.replace(objectives.OBJECTIVES["hinge"], name="of-a-test"))
    priors.register("of-a-test", priors.gaussian)
    recipe = Recipe().replace(objective="of-a-test", prior="of-a-test")
    assert (recipe.game.objective, recipe.game.prior) == ("of-a-test", "of-a-test")
    assert objectives.objective("of-a-test").name == "of-a-test"
    assert priors.PRIORS["of-a-test"] is priors.gaussian


def test_sizes() -> None:
    assert [parse_size(size) for size in (None, 64, "64", "48x64", " 48X64 ")] == [
        None, (64, 64), (64, 64), (48, 64), (48, 64),
    ]  # fmt: skip


def test_a_recipe_is_plain_values() -> None:
    values = to_dict(Recipe())
    assert list(values) == [field.name for field in dataclasses.fields(Recipe)]
    assert values["game"]["generator"]["network"]["hidden"] == [1200, 1200]
    assert isinstance(Recipe().game.generator.network, MLPGeneratorConfig)


def test_a_recipe_is_read_without_pytorch() -> None:
    code = "import sys, advnets.config.load as load; load.load_recipe('mnist'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "numpy", "tyro"} & set(loaded)
    above = {name for name in loaded if name.startswith("advnets.")} - {
        "advnets.config",
        "advnets.errors",
        "advnets.files",
    }
    assert all(name.startswith("advnets.config.") for name in above)
