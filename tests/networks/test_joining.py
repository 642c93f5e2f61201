"""Several inputs, several scores, images to images: shapes, rows by themselves, and what is refused."""

from __future__ import annotations

import pytest
import torch

from advnets.config.networks import (
    ConvDiscriminatorConfig,
    ConvEncoderConfig,
    ConvGeneratorConfig,
    MaxoutConfig,
    MLPGeneratorConfig,
    UNetConfig,
)
from advnets.config.players import DiscriminatorConfig, GeneratorConfig
from advnets.errors import RecipeError
from advnets.networks.build import build_player
from advnets.networks.conditioning import Input
from advnets.networks.image_to_image import UNet
from advnets.networks.joining import joined_inputs

IMAGE, MASK, Z = Input((3, 13, 10)), Input((1, 13, 10)), Input((6,))
UNET, ENCODER = GeneratorConfig(UNetConfig(base=4)), GeneratorConfig(ConvEncoderConfig(base=4))
CONV = GeneratorConfig(ConvGeneratorConfig(base=8))
DENSE = GeneratorConfig(MLPGeneratorConfig(hidden=(16,), output="linear"))
SEES = DiscriminatorConfig(ConvDiscriminatorConfig(base=4))
JUDGE = DiscriminatorConfig(MaxoutConfig(units=(8,)))


def test_images_are_joined_by_channel_and_all_else_flat() -> None:
    assert joined_inputs([(3, 13, 10), (1, 13, 10)]) == (4, 13, 10)
    assert joined_inputs([(3, 13, 10), (6,)]) == (396,)
    assert joined_inputs([(3, 13, 10), (1, 26, 20)]) == (390 + 520,)
    assert joined_inputs([(6,)]) == (6,)


@pytest.mark.parametrize(
    ("config", "takes", "gives"),
    [
        (UNET, {"image": IMAGE, "mask": MASK, "z": Z}, (3, 13, 10)),
        (UNET, {"image": IMAGE}, (1, 13, 10)),
        (CONV, {"image": IMAGE, "mask": MASK, "z": Z}, (3, 13, 10)),
        (ENCODER, {"image": IMAGE}, (6,)),
        (ENCODER, {"image": IMAGE, "mask": MASK}, (6,)),
        (DENSE, {"image": IMAGE, "mask": MASK, "z": Z}, (3, 13, 10)),
        (DENSE, {"image": IMAGE}, (6,)),
        (JUDGE, {"image": IMAGE, "code": Z}, ()),
        (JUDGE, {"image": IMAGE, "mask": MASK}, (5,)),
        (SEES, {"image": IMAGE, "code": Z}, ()),
        (SEES, {"image": IMAGE, "mask": MASK, "code": Z}, ()),
    ],
)
def test_rows_go_by_themselves_and_gradients_reach_every_input(config, takes, gives) -> None:
    torch.manual_seed(0)
    network = build_player(config, takes, gives).eval()
    given = [torch.randn(4, *each.shape, requires_grad=True) for each in takes.values()]
    made = network(*given)
    assert made.shape == (4, *gives)
    torch.testing.assert_close(network(*(each[1:3] for each in given)), made[1:3])
    made.square().sum().backward()
    assert all(float(each.grad.abs().sum()) > 0 for each in given if each.grad is not None)
    assert all(each.grad is not None for each in given)


@pytest.mark.parametrize(
    ("config", "takes", "gives", "said"),
    [
        (UNET, {"z": Z}, (3, 13, 10), "takes images, then at most one vector"),
        (UNET, {"z": Z, "image": IMAGE}, (3, 13, 10), "takes images, then at most one vector"),
        (UNET, {"image": IMAGE}, (3, 26, 20), "of the size of its input"),
        (ENCODER, {"image": IMAGE}, (3, 13, 10), "makes vectors"),
        (SEES, {"code": Z, "image": IMAGE}, (), "images of one size, then a vector"),
        (SEES, {"image": IMAGE, "code": Z}, (5,), "gives a logit"),
    ],
)
def test_what_a_kind_cannot_do_is_said(config, takes, gives, said) -> None:
    with pytest.raises(RecipeError, match=said):
        build_player(config, takes, gives)


def test_noise_has_its_say_at_every_place_and_far_parts_of_the_image_too() -> None:
    torch.manual_seed(0)
    network = build_player(UNET, {"image": Input((1, 48, 48)), "z": Z}, (1, 48, 48))
    image, z = torch.randn(1, 1, 48, 48), torch.randn(2, 6)
    made = network(image.expand(2, -1, -1, -1), z)
    assert bool((made[0] != made[1]).any(0).any(0).all())
    elsewhere = image.clone()
    elsewhere[..., :8, :8] += 1
    moved = network(elsewhere, z[:1]) - made[:1]
    assert float(moved.detach()[..., -8:, -8:].abs().max()) > 1e-4


def test_a_conv_of_images_is_a_unet_of_half_the_base() -> None:
    takes, gives = {"image": IMAGE, "z": Z}, (3, 13, 10)
    conv, unet = build_player(CONV, takes, gives), build_player(UNET, takes, gives)
    assert {name: each.shape for name, each in conv.named_parameters()} == {
        name: each.shape for name, each in unet.named_parameters()
    }
    assert not isinstance(build_player(CONV, {"z": Z}, gives), UNet)
