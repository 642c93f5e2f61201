"""Networks of images to images: what they begin as, what they see, what they cannot take."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from advnets.config.networks import ConvGeneratorConfig, PatchDiscriminatorConfig, UpscalerConfig
from advnets.config.players import GeneratorConfig
from advnets.errors import RecipeError
from advnets.networks.build import build_discriminator, build_player
from advnets.networks.conditioning import Input
from advnets.networks.image_to_image import PatchDiscriminator, Upscaler


def test_an_upscaler_begins_as_pillow_s_bicubic_enlargement_of_any_size() -> None:
    torch.manual_seed(0)
    net, image = Upscaler(1, factor=3, base=4, blocks=1), torch.rand(9, 7)
    known = Image.fromarray(image.numpy()).resize((21, 27), Image.Resampling.BICUBIC)
    made = net(image.view(1, 1, 9, 7)).detach()
    assert np.allclose(made[0, 0].numpy(), np.asarray(known), atol=1e-5)


def test_an_upscaler_learns_what_is_missing() -> None:
    torch.manual_seed(0)
    net, images = Upscaler(1, factor=2, base=8, blocks=1), torch.rand(4, 1, 8, 8)
    small, steps = torch.nn.functional.avg_pool2d(images, 2), []
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        cost = (net(small) - images).square().mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        steps.append(cost.item())
    assert steps[-1] < 0.6 * steps[0]


@pytest.mark.parametrize(("halvings", "patch"), [(1, 8), (2, 18), (3, 38)])
def test_a_logit_sees_a_patch_of_the_width_that_is_said(halvings: int, patch: int) -> None:
    torch.manual_seed(0)
    net = PatchDiscriminator(1, 64, 64, base=4, halvings=halvings).double()
    image = torch.rand(1, 1, 64, 64, dtype=torch.float64, requires_grad=True)
    logits = net.patches(image)
    assert torch.allclose(net(image), logits.mean((1, 2)))
    middle = logits.shape[1] // 2
    (slope,) = torch.autograd.grad(logits[0, middle, middle], image)
    seen = slope[0, 0].ne(0).any(0).nonzero()
    assert int(seen.max() - seen.min()) + 1 == patch


def test_what_cannot_be_built_is_refused() -> None:
    with pytest.raises(RecipeError, match="4 x 9 cannot be halved 3 times"):
        build_discriminator(PatchDiscriminatorConfig(halvings=3), (1, 4, 9))
    with pytest.raises(RecipeError, match="an upscaler makes no"):
        build_player(GeneratorConfig(UpscalerConfig()), {"source": Input((1, 4, 4))}, (1, 8, 12))


@pytest.mark.parametrize("side", [8, 17])
def test_blocks_of_a_conv_generator_that_takes_images_are_its_unets(side: int) -> None:
    takes, images = {"image": Input((3, side, side))}, torch.rand(2, 3, side, side)
    plain, deeper = (
        build_player(GeneratorConfig(network=ConvGeneratorConfig(base=4, blocks=blocks)), takes, (3, side, side))
        for blocks in (0, 2)
    )
    added = set(deeper.state_dict()) - set(plain.state_dict())
    assert added
    assert all("residuals" in name for name in added)
    deeper.load_state_dict(plain.state_dict(), strict=False)
    assert deeper(images).shape == images.shape
    assert not torch.equal(deeper(images), plain(images))
    for parameter in (each for name, each in deeper.named_parameters() if "residuals" in name):
        torch.nn.init.zeros_(parameter)
    assert torch.equal(deeper(images), plain(images))
