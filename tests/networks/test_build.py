"""From what a recipe says of a player to its network."""

from __future__ import annotations

import pytest
import torch

from advnets.config.players import (
    ConditionalDiscriminatorConfig,
    ConditionalGeneratorConfig,
    DiscriminatorConfig,
    GeneratorConfig,
)
from advnets.errors import RecipeError
from advnets.networks.build import build_player
from advnets.networks.conditioning import Input

CONDITION = {"condition": Input((), classes=3)}


def test_a_player_that_takes_a_condition_needs_a_place_for_it() -> None:
    shown = {"image": Input((1, 4, 4)), **CONDITION}
    with pytest.raises(
        RecipeError, match=r"plain DiscriminatorConfig; write ConditionalDiscriminatorConfig\(\) for it"
    ):
        build_player(DiscriminatorConfig(), shown, ())
    with pytest.raises(RecipeError, match=r"plain GeneratorConfig; write ConditionalGeneratorConfig\(\) for it"):
        build_player(GeneratorConfig(), {"z": Input((5,)), **CONDITION}, (1, 4, 4))
    judge = build_player(ConditionalDiscriminatorConfig(), shown, ())
    assert judge(torch.zeros(2, 1, 4, 4), torch.tensor([0, 2])).shape == (2,)
    maker = build_player(ConditionalGeneratorConfig(), {"z": Input((5,)), **CONDITION}, (1, 4, 4))
    assert maker(torch.zeros(2, 5), torch.tensor([0, 2])).shape == (2, 1, 4, 4)
