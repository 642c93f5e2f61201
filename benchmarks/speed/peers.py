"""The peers' way, written plainly: one game as PyTorch-GAN's gan.py plays it.

Source of the manner: https://github.com/eriklindernoren/PyTorch-GAN, implementations/gan/gan.py. Eager float32; a
DataLoader over a Dataset that transforms one image at a time, as torchvision's
`Compose([Resize, ToTensor, Normalize])` does; first the generator's step, then the discriminator's, which sees
real and fake images in two passes; `torch.optim` as it comes; BCELoss; `.item()` on both losses at each step.
The networks are our recipe's own, in plain layers of `torch.nn`. A recipe's penalties are left out: they are not
part of that program.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from advnets.config.games import AdversarialConfig
from advnets.config.networks import (
    ConvDiscriminatorConfig,
    ConvGeneratorConfig,
    DiscriminatorNetwork,
    GeneratorNetwork,
    MaxoutConfig,
    MLPDiscriminatorConfig,
    MLPGeneratorConfig,
)
from advnets.config.players import AdamConfig, OptimizerConfig, SGDConfig
from advnets.config.recipe import Recipe
from advnets.training.batches import Data


class Images(Dataset):
    """Images one at a time through Resize, ToTensor and Normalize, as torchvision's functions do it.

    Written out because torchvision is no dependency. The values are equal, and an image takes a third less time
    than torchvision 0.28 needs, with its checks and dispatch.
    """

    def __init__(self, data: Data, value_range: tuple[float, float]) -> None:
        self.pixels = np.moveaxis(data.values, 1, -1)
        self.rows = data.rows
        low, high = value_range
        channels = data.shape[0]
        self.mean, self.std = [-low / (high - low)] * channels, [1 / (high - low)] * channels

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Tensor:
        pixels = self.pixels[self.rows[index]]
        height, width = pixels.shape[:2]
        image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        array = np.array(image, copy=True).reshape(height, width, -1)
        tensor = torch.from_numpy(array).permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        mean, std = torch.as_tensor(self.mean), torch.as_tensor(self.std)
        return tensor.clone().sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1))


class Maxout(nn.Module):
    """Maxout the usual way: neighbors are gathered and their maximum taken."""

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.units, self.pieces = units, pieces
        self.linear = nn.Linear(inputs, units * pieces)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).view(-1, self.units, self.pieces).max(-1)[0]


class PixelNorm(nn.Module):
    """Each place's features scaled to a mean square of 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6)


def generator(config: GeneratorNetwork, latent: int, shape: tuple[int, ...]) -> nn.Module:
    """The generator that `config` describes (mlp or conv), in plain layers."""
    if isinstance(config, MLPGeneratorConfig):
        return _mlp_generator(config, latent, shape)
    assert isinstance(config, ConvGeneratorConfig)
    maps, side = _conv_maps(config.base, shape)
    layers: list[nn.Module] = [nn.Linear(latent, maps[-1] * side * side), nn.Unflatten(1, (maps[-1], side, side))]
    for inputs, outputs in itertools.pairwise([*reversed(maps), shape[0]]):
        layers += [nn.LeakyReLU(0.2), PixelNorm(), nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)]
    return nn.Sequential(*layers, _ACTIVATIONS[config.output]())


def _mlp_generator(config: MLPGeneratorConfig, latent: int, shape: tuple[int, ...]) -> nn.Module:
    layers: list[nn.Module] = []
    names = config.activations * (len(config.hidden) if len(config.activations) == 1 else 1)
    for (inputs, units), name in zip(itertools.pairwise((latent, *config.hidden)), names, strict=True):
        layers += [nn.Linear(inputs, units), _ACTIVATIONS[name]()]
    layers += [nn.Linear(config.hidden[-1], math.prod(shape)), _ACTIVATIONS[config.output](), nn.Unflatten(1, shape)]
    return _started(nn.Sequential(*layers), config.init)


_ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "linear": nn.Identity}


def discriminator(config: DiscriminatorNetwork, shape: tuple[int, ...]) -> nn.Module:
    """The discriminator that `config` describes (maxout, mlp or conv), in plain layers; it returns logits (N, 1)."""
    if isinstance(config, MaxoutConfig):
        return _maxout_discriminator(config, math.prod(shape))
    if isinstance(config, MLPDiscriminatorConfig):
        return _mlp_discriminator(config, math.prod(shape))
    assert isinstance(config, ConvDiscriminatorConfig)
    layers: list[nn.Module] = []
    maps, side = _conv_maps(config.base, shape)
    for inputs, outputs in itertools.pairwise([shape[0], *maps]):
        layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(maps[-1] * side * side, 1))


def _maxout_discriminator(config: MaxoutConfig, width: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    keep = config.keep_input
    for units in config.units:
        layers += [nn.Dropout(1 - keep), Maxout(width, units, config.pieces)]
        width, keep = units, config.keep_hidden
    return _started(nn.Sequential(*layers, nn.Dropout(1 - keep), nn.Linear(width, 1)), config.init)


def _mlp_discriminator(config: MLPDiscriminatorConfig, width: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for units in config.units:
        layers += [nn.Linear(width, units), nn.LeakyReLU(0.2)]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, 1))


class PeerGame:
    """A game under way in the peers' manner.

    Args:
        recipe: its networks, latent length, optimizers and batch are used.
        data: the same that ours plays on.
    """

    def __init__(self, recipe: Recipe, data: Data) -> None:
        game = recipe.game
        assert isinstance(game, AdversarialConfig)
        self.latent = game.latent
        self.generator = generator(game.generator.network, game.latent, data.shape)
        self.discriminator = nn.Sequential(discriminator(game.discriminator.network, data.shape), nn.Sigmoid())
        self.adversarial_loss = nn.BCELoss()
        self.optimizer_g = optimizer(self.generator, game.generator.optimizer)
        self.optimizer_d = optimizer(self.discriminator, game.discriminator.optimizer)
        self.batches = endless(loader(recipe, data))

    def advance(self) -> tuple[float, float]:
        """One update of G and one of D; both losses."""
        real = next(self.batches)
        valid = torch.ones(len(real), 1)
        wrong = torch.zeros(len(real), 1)

        self.optimizer_g.zero_grad()
        z = torch.from_numpy(np.random.normal(0, 1, (len(real), self.latent))).float()
        fake = self.generator(z)
        g_loss = self.adversarial_loss(self.discriminator(fake), valid)
        g_loss.backward()
        self.optimizer_g.step()

        self.optimizer_d.zero_grad()
        real_loss = self.adversarial_loss(self.discriminator(real), valid)
        fake_loss = self.adversarial_loss(self.discriminator(fake.detach()), wrong)
        d_loss = (real_loss + fake_loss) / 2
        d_loss.backward()
        self.optimizer_d.step()
        return g_loss.item(), d_loss.item()


def loader(recipe: Recipe, data: Data) -> DataLoader:
    """Shuffled batches: of images transformed one by one, or of points as they are."""
    if data.values.dtype != np.uint8:
        return DataLoader(TensorDataset(torch.from_numpy(data.values)), batch_size=recipe.batch, shuffle=True)
    output = getattr(recipe.players["generator"].network, "output", "")
    value_range = (-1.0, 1.0) if output == "tanh" else (0.0, 1.0)
    return DataLoader(Images(data, value_range), batch_size=recipe.batch, shuffle=True)


def endless(batches: DataLoader) -> Iterator[Tensor]:
    """Epoch after epoch of `batches`."""
    while True:
        for batch in batches:
            yield batch[0] if isinstance(batch, list) else batch


def optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """The optimizer of a recipe as `torch.optim` has it, at its first rate."""
    if isinstance(config, SGDConfig):
        return torch.optim.SGD(network.parameters(), lr=config.rate, momentum=config.momentum)
    assert isinstance(config, AdamConfig)
    return torch.optim.Adam(network.parameters(), lr=config.rate, betas=config.betas)


def _conv_maps(base: int, shape: tuple[int, ...]) -> tuple[list[int], int]:
    """Feature maps after each halving of a square image whose side is a power of two, and the last side: 4."""
    levels = int(math.log2(shape[1] // 4))
    assert shape[1] == shape[2] == 4 << levels, "the peers' convolutional pair is written for such images"
    return [min(base << level, 8 * base) for level in range(levels)], 4


def _started(network: nn.Module, init: float | None) -> nn.Module:
    """Weights uniform on [-init, init], biases at zero; PyTorch's own start where init is None."""
    for layer in network.modules():
        if init is not None and isinstance(layer, nn.Linear):
            nn.init.uniform_(layer.weight, -init, init)
            nn.init.zeros_(layer.bias)
    return network
