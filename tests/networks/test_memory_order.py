"""Convolutions of gray images run in the same memory order as those of colors."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from advnets.networks.conv_classifier import ConvClassifier
from advnets.networks.convolutional import ConvDiscriminator
from advnets.networks.image_to_image import ConvEncoder, PatchDiscriminator, UNet, Upscaler
from advnets.networks.layers import channels_last

NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "conv-classifier": lambda channels: ConvClassifier(channels, 16, 16, base=4),
    "conv": lambda channels: ConvDiscriminator(channels, 16, 16, base=4),
    "conv-encoder": lambda channels: ConvEncoder(channels, 16, 16, 5, base=4),
    "unet": lambda channels: UNet(channels, 16, 16, channels, base=4),
    "upscaler": lambda channels: Upscaler(channels, 2, base=4),
    "patch": lambda channels: PatchDiscriminator(channels, 16, 16, base=4),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_convolution_sees_channels_last(name: str, channels: int) -> None:
    network, seen = NETWORKS[name](channels), list[tuple[int, ...]]()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _, inputs, made: seen.extend([inputs[0].stride(), made.stride()]))
    network(torch.rand(2, channels, 16, 16))
    assert seen
    assert all(stride[1] == 1 for stride in seen)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_order_changes_no_value_and_no_gradient(channels: int) -> None:
    images = torch.rand(2, channels, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.equal(channels_last(images), images)

    def cube(x: Tensor) -> Tensor:
        return channels_last(x) ** 3

    assert torch.autograd.gradcheck(cube, images)
    assert torch.autograd.gradgradcheck(cube, images)
