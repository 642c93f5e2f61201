"""Autoencoders as discriminators: a row's score is its error, of any shape and in any precision."""

from __future__ import annotations

import pytest
import torch

from advnets.config.networks import AutoencoderConfig, ConvAutoencoderConfig, DiscriminatorNetwork
from advnets.config.players import DiscriminatorConfig
from advnets.errors import RecipeError
from advnets.networks.build import build_discriminator, build_player
from advnets.networks.conditioning import Input

KINDS = [
    (AutoencoderConfig(units=(12, 5)), (3,)),
    (AutoencoderConfig(units=(12, 5), error="squared"), (2, 7, 5)),
    (ConvAutoencoderConfig(base=4, code=6), (1, 11, 9)),
    (ConvAutoencoderConfig(base=4, code=6, error="squared"), (3, 8, 8)),
]
every_kind = pytest.mark.parametrize(("config", "shape"), KINDS, ids=lambda each: getattr(each, "kind", str(each)))


@every_kind
def test_a_score_is_the_mean_error_of_its_row(config: DiscriminatorNetwork, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network, rows = build_discriminator(config, shape), torch.randn(4, *shape)
    missed = (network.reconstruct(rows) - rows).detach().double()  # type: ignore[operator]
    power = 2 if config.error == "squared" else 1  # type: ignore[attr-defined]
    wanted = [float(row.abs().pow(power).mean()) for row in missed]
    torch.testing.assert_close(network(rows).double(), torch.tensor(wanted, dtype=torch.float64), rtol=1e-5, atol=0)
    assert network.bfloat16()(rows.bfloat16()).dtype == torch.float32


@every_kind
def test_the_code_stands_behind_the_score_where_it_is_asked_for(
    config: DiscriminatorNetwork, shape: tuple[int, ...]
) -> None:
    rows, code = torch.randn(4, *shape), config.code  # type: ignore[attr-defined]
    torch.manual_seed(0)
    alone = build_player(DiscriminatorConfig(config), {"image": Input(shape)}, ())
    torch.manual_seed(0)
    coded = build_player(DiscriminatorConfig(config), {"image": Input(shape)}, (1 + code,))
    said = coded(rows)
    torch.testing.assert_close(said[:, 0], alone(rows))
    torch.testing.assert_close(said[:, 1:], coded.encoder(rows))  # type: ignore[operator]
    with pytest.raises(RecipeError, match=f"a code of {code}"):
        build_player(DiscriminatorConfig(config), {"image": Input(shape)}, (code,))
