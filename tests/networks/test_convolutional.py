"""The convolutional pairs: the paper's shapes and settings, and any image size for the plain one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.networks.convolutional import ConvDiscriminator, ConvGenerator, LeakyHardtanh, modulated, pixel_norm
from advnets.networks.paper_convolutional import MaxoutConv, PaperConvDiscriminator, PaperConvGenerator

Pair = tuple[nn.Module, nn.Module, tuple[int, int, int]]

SIZES = [(8, 8), (28, 28), (32, 32), (33, 47), (9, 8), (13, 100), (64, 48), (2, 7), (257, 300)]


def small_paper_discriminator(channels: int = 3, size: int = 32) -> PaperConvDiscriminator:
    return PaperConvDiscriminator(channels, size, widths=(4, 4, 6), units=8, pieces=3)


def plain() -> Pair:
    return ConvGenerator(5, 3, 19, 12, base=4), ConvDiscriminator(3, 19, 12, base=4), (3, 19, 12)


def paper() -> Pair:
    return PaperConvGenerator(5, 3, 11, hidden=36), small_paper_discriminator(3, 11), (3, 11, 11)


def residual() -> Pair:
    pair = ConvGenerator(5, 3, 19, 12, base=4, blocks=2), ConvDiscriminator(3, 19, 12, base=4, blocks=1)
    return *pair, (3, 19, 12)


def with_hidden_layers() -> Pair:
    pair = ConvGenerator(5, 3, 19, 12, base=4, dense=7), ConvDiscriminator(3, 19, 12, base=4, dense=6)
    return *pair, (3, 19, 12)


def with_modulation() -> Pair:
    generator = ConvGenerator(5, 3, 19, 12, base=4, dense=7, modulation=True, output="leaky-hardtanh")
    return generator, ConvDiscriminator(3, 19, 12, base=4), (3, 19, 12)


every_pair = pytest.mark.parametrize("pair", [plain, residual, with_hidden_layers, with_modulation, paper])


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_papers_generator_has_the_papers_shapes() -> None:
    with torch.device("meta"):
        generator = PaperConvGenerator()
    dense = 100 * 8000 + 8000 + 8000 * 8000 + 8000
    assert parameters(generator) == dense + 80 * 3 * 5 * 5 + 3 * 32 * 32
    assert generator(torch.empty(2, 100, device="meta")).shape == (2, 3, 32, 32)
    assert generator.deconvolution.weight.shape == (80, 3, 5, 5)


def test_the_papers_discriminator_has_the_papers_shapes() -> None:
    discriminator = PaperConvDiscriminator()
    sides, side = [], 32
    for layer in discriminator.convolutions:
        assert isinstance(layer, MaxoutConv)
        side = layer.output_length(side)
        sides.append(side)
    assert sides == [16, 7, 5]
    kernels = [tuple(layer.convolution.weight.shape) for layer in discriminator.convolutions]
    assert kernels == [(64, 3, 8, 8), (64, 32, 8, 8), (384, 32, 5, 5)]
    assert discriminator.dense.linear.weight.shape == (2500, 192 * 5 * 5)
    assert discriminator(torch.randn(2, 3, 32, 32)).shape == (2,)


def test_the_papers_pair_starts_uniform_with_zero_biases() -> None:
    for module, bound in ((PaperConvGenerator(hidden=800), 0.05), (PaperConvDiscriminator(), 0.005)):
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                assert (parameter == 0).all()
            else:
                assert parameter.abs().max() <= 1.0001 * bound
                assert parameter.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)


def test_the_papers_dropout_keeps_and_scales_as_the_authors_do() -> None:
    discriminator = PaperConvDiscriminator()
    assert (discriminator.input_dropout.keep, discriminator.input_dropout.scale) == (0.8, 1.25)
    assert (discriminator.hidden_dropout.keep, discriminator.hidden_dropout.scale) == (0.5, 2.0)
    images = torch.randn(1, 3, 32, 32).expand(16, -1, -1, -1)
    assert discriminator(images).unique().numel() > 1
    torch.testing.assert_close(discriminator.eval()(images), discriminator(images[:1]).expand(16))


def test_a_maxout_convolution_is_the_largest_piece_then_the_largest_place() -> None:
    layer = MaxoutConv(3, 4, kernel=5, padding=2, pool=3, pool_stride=2, pieces=3)
    x = torch.randn(2, 3, 10, 8)
    pieces = layer.convolution(x).unflatten(1, (3, 4))
    expected = torch.nn.functional.max_pool2d(pieces.amax(1), 3, 2, ceil_mode=True)
    torch.testing.assert_close(layer(x), expected)
    assert layer(x).shape[2:] == (layer.output_length(10), layer.output_length(8))


@pytest.mark.parametrize("length", range(8, 40))
def test_output_length_agrees_with_the_layer(length: int) -> None:
    layer = MaxoutConv(1, 1, kernel=8, padding=3, pool=4, pool_stride=2)
    assert layer(torch.zeros(1, 1, length, length)).shape[2] == layer.output_length(length)


@pytest.mark.parametrize("size", [8, 11, 28, 48])
def test_the_papers_pair_takes_other_sizes(size: int) -> None:
    side = -(-(size - 2) // 3)
    images = PaperConvGenerator(6, 2, size, hidden=side * side)(torch.randn(3, 6))
    assert images.shape == (3, 2, size, size)
    assert small_paper_discriminator(2, size)(images).shape == (3,)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 4])
def test_the_plain_pair_takes_any_size(height: int, width: int, channels: int) -> None:
    generator = ConvGenerator(7, channels, height, width, base=4)
    discriminator = ConvDiscriminator(channels, height, width, base=4)
    images = generator(torch.randn(2, 7))
    assert images.shape == (2, channels, height, width)
    assert discriminator(images).shape == (2,)
    assert 0.2 < images.std() < 0.9
    torch.autograd.grad(discriminator(images).sum(), [*generator.parameters(), *discriminator.parameters()])


@pytest.mark.parametrize(("output", "low", "high"), [("tanh", -1.0, 1.0), ("sigmoid", 0.0, 1.0)])
def test_images_stay_in_the_output_range(output: str, low: float, high: float) -> None:
    generator = ConvGenerator(7, 3, 16, 16, base=4, output=output)
    assert generator.output_range == (low, high)
    images = generator(100 * torch.randn(8, 7))
    assert images.min() >= low
    assert images.max() <= high


def test_a_leaky_hardtanh_keeps_a_tenth_of_what_lies_beyond() -> None:
    x = torch.tensor([-2.0, -0.5, 0.0, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = LeakyHardtanh()(x)
    torch.testing.assert_close(y, torch.tensor([-1.1, -0.5, 0.0, 1.0, 1.2], dtype=torch.float64))
    (slopes,) = torch.autograd.grad(y[[0, 1, 4]].sum(), x)
    torch.testing.assert_close(slopes, torch.tensor([0.1, 1.0, 0.0, 0.0, 0.1], dtype=torch.float64))


def test_z_scales_and_shifts_maps_of_each_size() -> None:
    maps, by = torch.randn(2, 3, 4, 5, dtype=torch.float64), torch.randn(2, 6, dtype=torch.float64)
    scale, shift = by[:, :3, None, None], by[:, 3:, None, None]
    torch.testing.assert_close(modulated(maps, by), maps * (1 + scale) + shift)
    generator, z = ConvGenerator(5, 1, 16, 16, base=4, modulation=True), torch.randn(3, 5)
    still = ConvGenerator(5, 1, 16, 16, base=4)
    still.load_state_dict({name: each for name, each in generator.state_dict().items() if "modulations" not in name})
    assert not torch.allclose(generator(z), still(z), atol=0.01)
    for layer in generator.modulations:
        nn.init.zeros_(layer.weight)  # type: ignore[arg-type]  # of linear layers
    torch.testing.assert_close(generator(z), still(z))


@every_pair
def test_no_row_of_a_batch_depends_on_another(pair: Callable[[], Pair]) -> None:
    generator, discriminator, _ = pair()
    discriminator.eval()
    z = torch.randn(6, 5)
    images = generator(z)
    for module, batch in ((generator, z), (discriminator, images.detach().requires_grad_())):
        whole = module(batch)
        rows = torch.cat([module(row) for row in batch.split(1)])
        torch.testing.assert_close(whole, rows, rtol=1e-4, atol=1e-6)
    (gradient,) = torch.autograd.grad(discriminator(batch)[2], batch)
    assert [row.abs().sum() > 0 for row in gradient] == [i == 2 for i in range(6)]


@every_pair
def test_bfloat16_agrees_with_float32(pair: Callable[[], Pair]) -> None:
    generator, discriminator, _ = pair()
    discriminator.eval()
    z = torch.randn(8, 5).bfloat16()
    images = generator(z.float()).bfloat16()
    logits = discriminator(images.float())
    torch.testing.assert_close(generator.bfloat16()(z), images, rtol=0.05, atol=0.05)
    difference = (discriminator.bfloat16()(images).float() - logits).abs().max()
    assert difference < 0.05 * logits.abs().max() + 1e-4


@every_pair
def test_parameters_are_contiguous_so_that_they_can_be_saved(pair: Callable[[], Pair]) -> None:
    for module in pair()[:2]:
        assert all(parameter.is_contiguous() for parameter in module.parameters())


@every_pair
def test_gradient_penalties_reach_the_discriminators_weights(pair: Callable[[], Pair]) -> None:
    _, discriminator, shape = pair()
    discriminator.double().eval()
    images = torch.randn(2, *shape, dtype=torch.float64, requires_grad=True)

    def steepness() -> Tensor:
        return torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)[0].square().sum()

    weight = next(discriminator.parameters())
    (gradient,) = torch.autograd.grad(steepness(), weight)
    index = int(gradient.abs().argmax())
    flat, width = weight.data.view(-1), 1e-7
    start = flat[index].item()
    flat[index] = start + width
    above = steepness()
    flat[index] = start - width
    below = steepness()
    torch.testing.assert_close(gradient.reshape(-1)[index], (above - below) / (2 * width), rtol=1e-4, atol=1e-12)


def test_memory_order_of_the_images_does_not_matter() -> None:
    _, discriminator, shape = plain()
    images = torch.randn(4, *shape)
    torch.testing.assert_close(
        discriminator(images), discriminator(images.contiguous(memory_format=torch.channels_last))
    )


def test_each_of_the_plain_pair_learns_its_part() -> None:
    torch.manual_seed(0)
    generator, discriminator = ConvGenerator(4, 1, 8, 10, base=8), ConvDiscriminator(1, 8, 10, base=8)
    half = torch.full((1, 8, 10), -0.8)
    half[..., 5:] = 0.8
    parameters = [*generator.parameters(), *discriminator.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-2)
    for _ in range(60):
        images = generator(torch.randn(16, 4))
        real, fake = discriminator(half + 0.1 * torch.randn(16, 1, 8, 10)), discriminator(images.detach())
        cost = (images - half).square().mean() + (1 - real).square().mean() + fake.square().mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    assert (generator(torch.randn(16, 4)) - half).abs().mean() < 0.2
    assert discriminator(half[None]) > discriminator(-half[None]) + 0.3


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: ConvGenerator(4, 1, 1, 8), "1 x 8.*2 x 2 or more"),
        (lambda: ConvDiscriminator(1, 8, 1), "8 x 1.*2 x 2 or more"),
        (lambda: ConvGenerator(4, 1, 8, 8, output="relu"), "'relu'.*tanh, sigmoid"),
        (lambda: PaperConvGenerator(size=4), "4 x 4.*5 or more"),
        (lambda: PaperConvGenerator(size=28, hidden=8000), "8000.*9 x 9 maps.*use 8019"),
        (lambda: PaperConvDiscriminator(size=7), "7 x 7.*8 or more"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(build: Callable[[], nn.Module], complaint: str) -> None:
    with pytest.raises(RecipeError, match=complaint):
        build()


@pytest.mark.parametrize(("blocks", "dense"), [(0, 0), (2, 0), (1, 5)])
def test_a_pair_gives_the_gradients_of_the_batch_but_none_for_real_images(blocks: int, dense: int) -> None:
    network = ConvDiscriminator(3, 13, 10, base=4, blocks=blocks, dense=dense).double()
    real, fake = torch.rand(3, 3, 13, 10, dtype=torch.float64), torch.rand(2, 3, 13, 10, dtype=torch.float64)
    fake.requires_grad_()
    inputs = [fake, *network.parameters()]
    cotangent = torch.randn(5, dtype=torch.float64)
    together = network(torch.cat([real, fake]))
    pair = network.pair(real, fake)
    torch.testing.assert_close(pair, together)
    expected = torch.autograd.grad(together, inputs, cotangent)
    for ours, theirs in zip(torch.autograd.grad(pair, inputs, cotangent), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_residuals_add_to_the_two_smallest_sizes_and_nothing_where_their_weights_are_zero() -> None:
    for network, plain, rows in (
        (ConvGenerator(4, 3, 32, 24, 4, blocks=2), ConvGenerator(4, 3, 32, 24, 4), torch.randn(2, 4)),
        (ConvDiscriminator(3, 32, 24, 4, blocks=2), ConvDiscriminator(3, 32, 24, 4), torch.randn(2, 3, 32, 24)),
    ):
        known = network.state_dict()
        assert {name.split(".")[1] for name in known if name.startswith("residuals")} == {"0", "1"}
        plain.load_state_dict({name: each for name, each in known.items() if not name.startswith("residuals")})
        assert not torch.allclose(network(rows), plain(rows))
        for layer in network.residuals.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.zeros_(layer.weight)
        torch.testing.assert_close(network(rows), plain(rows))


def test_the_generators_own_normalization_has_the_right_gradient() -> None:
    for dense in (0, 6):
        network = ConvGenerator(5, 2, 9, 8, base=4, dense=dense).double()
        z = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(network, z)


def test_what_the_head_sees_is_the_hidden_layer() -> None:
    network = ConvDiscriminator(3, 16, 16, base=4, dense=10)
    assert network.features(torch.rand(2, 3, 16, 16)).shape == (2, 10)
    assert network.head.in_features == 10


def test_the_papers_pair_exists_at_other_sizes() -> None:
    made = PaperConvGenerator(latent=4, channels=1, size=28)
    assert made(torch.rand(2, 4)).shape == (2, 1, 28, 28)
    assert made.dense[0].out_features == 8019  # the nearest to 8,000 that divides into 9 x 9 maps


def test_pixel_norm_is_differentiated_once_and_twice() -> None:
    x = torch.randn(2, 5, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(pixel_norm, (x,))
    assert torch.autograd.gradgradcheck(pixel_norm, (x,))
    plain = x / (x.square().mean(1, keepdim=True) + 1e-6).sqrt()
    torch.testing.assert_close(pixel_norm(x), plain)


def test_a_linear_output_may_leave_its_range_begins_within_it_and_never_saturates() -> None:
    torch.manual_seed(0)
    network = ConvGenerator(16, 3, 32, 32, base=16, output="linear")
    assert network.output_range == (-1.0, 1.0)
    images = network(torch.randn(64, 16))
    assert 0.1 < float(images.detach().std()) < 0.8
    with torch.no_grad():
        network.layers[-1].bias += 5  # type: ignore[operator]
    assert float(network(torch.randn(8, 16)).detach().min()) > 1
    z = torch.randn(8, 16, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(z).sum(), z)
    assert float(gradient.abs().min()) > 0
