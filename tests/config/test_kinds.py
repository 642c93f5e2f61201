"""A kind enters its family by being defined; a class that would stand for another kind is refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from advnets.config.games import AdversarialConfig, ConditionalConfig, GameConfig
from advnets.config.players import DiscriminatorConfig
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GameConfig, "kinds", dict(GameConfig.kinds))


def two() -> type[AdversarialConfig]:
    @dataclass(frozen=True)
    class TwoConfig(AdversarialConfig):
        kind: str = "two"
        second: DiscriminatorConfig = DiscriminatorConfig()

    return TwoConfig


def test_a_kind_is_known_by_being_defined_and_may_be_defined_anew() -> None:
    first, again = two(), two()
    assert first is not again
    assert GameConfig.kinds["two"] is again
    assert type(Recipe().replace(**{"game.kind": "two"}).game) is again


def test_a_class_without_a_kind_of_its_own_is_refused() -> None:
    with pytest.raises(RecipeError, match=r'Heir has no kind of its own; write kind: str = "..." in it'):

        @dataclass(frozen=True)
        class Heir(AdversarialConfig):
            latent: int = 3

    with pytest.raises(RecipeError, match="Untyped has no kind of its own"):

        @dataclass(frozen=True)
        class Untyped(AdversarialConfig):
            kind = "untyped"

    assert GameConfig.kinds["adversarial"] is AdversarialConfig


def test_a_kind_that_is_taken_is_refused() -> None:
    with pytest.raises(
        RecipeError, match="Thief has the kind 'conditional' of ConditionalConfig; give it another kind"
    ):

        @dataclass(frozen=True)
        class Thief(AdversarialConfig):
            kind: str = "conditional"

    assert GameConfig.kinds["conditional"] is ConditionalConfig


def test_a_class_that_is_no_dataclass_trains_no_other_game() -> None:
    class Bare(AdversarialConfig):
        kind: str = "bare"
        second: DiscriminatorConfig = DiscriminatorConfig()

    with pytest.raises(RecipeError, match=r"Bare is no dataclass; write @dataclass\(frozen=True\) above it"):
        Recipe().replace(**{"game.kind": "bare"})
    with pytest.raises(RecipeError, match="Bare is no dataclass"):
        Recipe(game=Bare()).replace(steps=3)


def test_a_class_that_makes_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GameConfig.kinds, "other", AdversarialConfig)
    with pytest.raises(RecipeError, match=r"AdversarialConfig\(\) is of another kind than 'other'"):
        Recipe().replace(**{"game.kind": "conditional"}).replace(**{"game.kind": "other"})
