"""One deep merge: nested values, dotted names, configurations; kinds first."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from advnets.config.games import ConditionalConfig, GameConfig
from advnets.config.load import load_recipe
from advnets.config.networks import ConvGeneratorConfig, GeneratorNetwork, MLPDiscriminatorConfig, MLPGeneratorConfig
from advnets.config.players import AdamConfig, GeneratorConfig, SGDConfig
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError

RING = load_recipe("ring")


def test_nested_values_and_dotted_names_are_the_same() -> None:
    said = {"game": {"generator": {"network": {"hidden": [7]}, "optimizer": {"rate": 1e-4}}, "latent": 3}}
    changed = RING.replace(**said)
    assert changed == RING.replace(**{"generator.hidden": (7,), "generator.rate": 1e-4, "latent": 3})
    assert changed.game.generator.network.output == "linear"
    assert changed.game.generator.optimizer.schedule == "cosine"


def test_a_configuration_brings_all_its_fields() -> None:
    changed = RING.replace(generator=GeneratorConfig())
    assert changed.game.generator == GeneratorConfig()
    changed = RING.replace(**{"generator.optimizer": SGDConfig(rate=0.1)})
    assert changed.game.generator.optimizer == SGDConfig(rate=0.1)
    assert changed.game.discriminator == RING.game.discriminator


def test_fields_that_both_kinds_have_stay() -> None:
    adam = RING.game.generator.optimizer
    optimizer = RING.replace(**{"generator.optimizer.kind": "sgd"}).game.generator.optimizer
    assert optimizer == SGDConfig(rate=adam.rate, schedule="cosine")
    discriminator = load_recipe("mnist-dense").replace(**{"discriminator.kind": "paper-conv"}).game.discriminator
    assert (discriminator.network.keep_input, discriminator.network.pieces) == (1.0, 5)


def test_what_another_kind_does_not_allow_gets_its_default() -> None:
    rectified = RING.replace(**{"generator.output": "relu"})
    assert rectified.replace(generator={"kind": "conv"}).game.generator.network == ConvGeneratorConfig()  # has no relu
    assert RING.replace(generator={"kind": "conv"}).game.generator.network == ConvGeneratorConfig(output="linear")


def test_the_same_kind_again_changes_nothing() -> None:
    assert RING.replace(generator={"kind": "mlp"}, game={"kind": "adversarial"}) == RING


def test_another_game_keeps_its_players() -> None:
    changed = RING.replace(game={"kind": "conditional", "generator": {"embedding": 8}})
    assert isinstance(changed.game, ConditionalConfig)
    assert (changed.game.latent, changed.game.penalties) == (RING.game.latent, RING.game.penalties)
    assert changed.game.generator.network == RING.game.generator.network
    assert changed.game.discriminator.network == MLPDiscriminatorConfig(units=(96, 96), frequencies=2)
    assert changed.game.generator.embedding == 8


def test_kinds_come_first_whatever_the_order() -> None:
    said = {"generator.base": 8, "embedding": 4, "generator.kind": "conv", "game.kind": "conditional"}
    changed = Recipe().replace(**said)
    assert changed.game.generator.network == ConvGeneratorConfig(base=8, output="sigmoid")
    assert changed.game.generator.embedding == 4


def test_words_become_values() -> None:
    changed = RING.replace(steps="64", strict="true", **{"generator.hidden": ["3", 4], "generator.rate": "1e-3"})
    assert (changed.steps, changed.strict, changed.game.generator.network.hidden) == (64, True, (3, 4))
    assert changed.game.generator.optimizer.rate == 1e-3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"generator": "conv"}, "generator cannot be 'conv'; write generator.kind conv"),
        ({"generator.optimizer": "sgd"}, "generator.optimizer cannot be 'sgd'; write generator.optimizer.kind sgd"),
        ({"generator": None}, "generator cannot be None; give values to its fields: network, optimizer, average"),
        ({"watch": False}, "watch cannot be False; give values to its fields: action, every, rollbacks"),
        ({"generator.hidden": [1], "game": {"generator": {"hidden": [2]}}}, "are the same field; say it once"),
        ({"generator": {3: 4}}, "3 is not a field's name"),
        ({"generatr": {}}, "unknown field 'generatr'; perhaps you mean generator"),
        ({"game.kind": "conditional", "encoder.kind": "conv"}, "encoder.kind"),
    ],
)
def test_what_is_no_change_is_said(changes: dict[str, object], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        RING.replace(**changes)


def test_a_kind_of_ones_own_is_found_by_being_defined() -> None:
    @dataclass(frozen=True)
    class ResidualConfig(GeneratorNetwork):
        """Of a test."""

        kind: str = "residual-of-a-test"
        blocks: int = 4
        hidden: tuple[int, ...] = (5,)

    try:
        network = RING.replace(generator={"kind": "residual-of-a-test", "blocks": 2}).game.generator.network
        assert network == ResidualConfig(blocks=2, hidden=(96, 96))
        assert RING.replace(**{"generator.network": ResidualConfig()}).game.generator.network == ResidualConfig()
    finally:
        del GeneratorNetwork.kinds["residual-of-a-test"]


def test_a_game_of_ones_own_may_have_any_players() -> None:
    @dataclass(frozen=True)
    class TwoGenerators(GameConfig):
        """Of a test."""

        kind: str = "two-of-a-test"
        latent: int = 4
        first: GeneratorConfig = field(default_factory=GeneratorConfig)
        second: GeneratorConfig = field(default_factory=GeneratorConfig)

    try:
        recipe = RING.replace(game={"kind": "two-of-a-test"}, **{"first.hidden": [3], "second.rate": 0.5})
        assert list(recipe.players) == ["first", "second"]
        assert recipe.players["first"].network == MLPGeneratorConfig(hidden=(3,))
        assert recipe.players["second"].optimizer == AdamConfig(rate=0.5)
        assert recipe.game.latent == 16
        with pytest.raises(RecipeError, match=r"hidden may mean first.hidden or second.hidden"):
            recipe.replace(hidden=[3])
    finally:
        del GameConfig.kinds["two-of-a-test"]
