"""The paper's multilayer perceptrons, and plain ones for small games."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.networks.chain import Layers, chain, input_gradients
from advnets.networks.layers import Dropout, Maxout, sparse_, uniform_
from advnets.networks.shortcuts import is_overheard, is_plain, shortcut

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "linear": nn.Identity,
}
_RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, 1.0), "linear": (0.0, 1.0)}


class MLPGenerator(nn.Module):
    """The paper's generator: dense layers from z to an image. Goodfellow et al. 2014, section 5.

    Args:
        latent: length of z.
        shape: what it makes, C x H x W (or a plain length in a tuple of one, for points).
        hidden: units of each hidden layer.
        activations: one for each hidden layer, or a single one for all: relu, sigmoid, tanh, linear.
        output: activation of the last layer; it fixes `output_range`, the value range of the images.
        init: weights start uniform on [-init, init]; None for He initialization (gain 2 over fan-in).
        hidden_bias: start value of the biases of sigmoid hidden layers (-2 in the authors' TFD model).
        output_init: the same as `init` for the last layer, where that is another (.5 in the authors' CIFAR-10 model).
        output_sparse: instead, so many nonzero weights for each output value, from N(0, 1) (100 for TFD).
        max_norm: limit on the norm of each unit's incoming weights, or None (1.9365 for TFD).
        output_range: the values that stand for black and white, where a linear output has other ones than 0 and 1.

    Input N x latent, output N x shape.

    Raises:
        RecipeError: `output_sparse` is more than the last layer has inputs.
    """

    def __init__(
        self,
        latent: int,
        shape: Sequence[int],
        hidden: Sequence[int] = (1200, 1200),
        activations: str | Sequence[str] = "relu",
        output: str = "sigmoid",
        init: float | None = 0.05,
        hidden_bias: float = 0.0,
        output_init: float | None = None,
        output_sparse: int | None = None,
        max_norm: float | None = None,
        output_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        kinds = [activations] * len(hidden) if isinstance(activations, str) else list(activations)
        self.shape = tuple(shape)
        self.output_range = output_range or _RANGES[output]
        sizes = [latent, *hidden, math.prod(self.shape)]
        layers: list[nn.Module] = []
        inits = [*[init] * len(hidden), init if output_init is None else output_init]
        for fan_in, fan_out, kind, bound in zip(sizes[:-1], sizes[1:], [*kinds, output], inits, strict=True):
            dense = _dense(fan_in, fan_out, bound)
            dense.max_norm = max_norm  # type: ignore[assignment]  # `limit_norms` looks for it
            layers += [dense, ACTIVATIONS[kind]()]
            if kind == "sigmoid" and len(layers) < 2 * len(hidden) + 2:
                dense.bias.data.fill_(hidden_bias)
        if output_sparse is not None:
            if output_sparse > sizes[-2]:
                raise RecipeError(f"output_sparse {output_sparse} of {sizes[-2]} inputs", "give at most all of them")
            sparse_(_last_linear(layers), output_sparse)
        self.layers = nn.Sequential(*layers)
        self._output = output
        self._rectified = set(kinds) == {"relu"}

    def forward(self, z_NL: Tensor) -> Tensor:
        layers = _as_built(self.layers) if self._rectified else []
        weights = _weights(layers[:-1], 0.0)
        if weights is None or not is_plain(layers[-1]):
            return self.layers(z_NL).view(-1, *self.shape)
        made = chain([z_NL], weights, 0.0)
        made = made if type(layers[-1]) is nn.Identity else layers[-1](made)
        return made if made.shape[1:] == self.shape else made.view(-1, *self.shape)

    @torch.no_grad()
    def fit_marginals(self, mean_CHW: Tensor) -> None:
        """Set the output bias so that, before training, each pixel has the data's mean.

        Args:
            mean_CHW: mean of each pixel over the training images, in `output_range`.
        """
        mean = mean_CHW.flatten().float()
        if self._output == "sigmoid":
            # pylearn2 clips the mean in the same way before it takes the logit.
            mean = torch.logit(mean.clamp(1e-7, 1.0 - 1e-7))
        elif self._output == "tanh":
            mean = torch.atanh(mean.clamp(-1.0 + 1e-6, 1.0 - 1e-6))
        _last_linear(self.layers).bias.copy_(mean)

    @torch.no_grad()
    def stack_on(self, trained: Mapping[str, Tensor]) -> None:
        """Copy the layers of a trained MLPGenerator into the top ones; those below them stay as they are.

        Source: the authors' second stage for TFD, which learns what to feed a pretrained generator with.

        Args:
            trained: its `state_dict`.

        Raises:
            RecipeError: it is another kind of network, or does not fit.
        """
        own = self.state_dict()
        shift = len(own) - len(trained)  # a layer has two tensors and, with its activation, two places
        for name, value in trained.items():
            found = re.fullmatch(r"layers\.(\d+)\.(weight|bias)", name)
            target = own.get(f"layers.{int(found[1]) + shift}.{found[2]}") if found else None
            if target is None or target.shape != value.shape:
                wanted = "none" if target is None else " x ".join(map(str, target.shape))
                raise RecipeError(
                    f"the pretrained generator's {name} ({' x '.join(map(str, value.shape))}) meets {wanted}",
                    "make the top layers of generator.hidden those of the pretrained one, its latent among them",
                )
            target.copy_(value)


class MaxoutDiscriminator(nn.Module):
    """The paper's discriminator: maxout layers with dropout, one logit. Goodfellow et al. 2014, section 5.

    Args:
        shape: C x H x W of the images.
        units: maxout units of each hidden layer.
        pieces: linear pieces of each unit.
        init: weights start uniform on [-init, init].
        keep_input, keep_hidden: dropout's keep probabilities (the scales are their inverses, as in the
            authors' code: 1.25 for .8, 2 for .5).
        max_norm: limit on the norm of each unit's incoming weights, the logit's included, or None (1.9365 for TFD).

    Input N x C x H x W, output N logits (D before its sigmoid).
    """

    def __init__(
        self,
        shape: Sequence[int],
        units: Sequence[int] = (240, 240),
        pieces: int = 5,
        init: float = 0.005,
        keep_input: float = 0.8,
        keep_hidden: float = 0.5,
        max_norm: float | None = None,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width, keep = math.prod(shape), keep_input
        for count in units:
            layers += [Dropout(keep), Maxout(width, count, pieces, init=init, max_norm=max_norm)]
            width, keep = count, keep_hidden
        head = nn.Linear(width, 1)
        uniform_(head, init)
        head.max_norm = max_norm  # type: ignore[assignment]  # `limit_norms` looks for it
        self.layers = nn.Sequential(*layers, Dropout(keep), head)

    @property
    def head(self) -> nn.Linear:
        """The layer of the logit."""
        return _last_linear(self.layers)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        return self.head(self.features(images_NCHW)).squeeze(1)

    def pair(self, real_MCHW: Tensor, fake_NCHW: Tensor) -> Tensor:
        """Logits (M + N,) of real images, then fake ones, computing no gradient for the real images."""
        return self.head(self.pair_features(real_MCHW, fake_NCHW)).squeeze(1)

    def features(self, images_NCHW: Tensor) -> Tensor:
        """What the head sees of images: N x units, dropout included."""
        x = images_NCHW.flatten(1)
        for layer in [*self.layers][:-1]:
            x = layer(x)
        return x

    def pair_features(self, real_MCHW: Tensor, fake_NCHW: Tensor) -> Tensor:
        """The same of real images, then fake ones, computing no gradient for the real images."""
        dropout, first, *rest = self.layers
        pair = shortcut(first, "pair")
        if pair is None:
            return self.features(torch.cat([real_MCHW, fake_NCHW]))
        x = pair(dropout(real_MCHW.flatten(1)), dropout(fake_NCHW.flatten(1)))
        for layer in rest[:-1]:
            x = layer(x)
        return x


class Waves(nn.Module):
    """Values, and their sines and cosines: with these a network tells near points apart. Tancik et al. 2020, Eq. 5.

    Args:
        count: of the frequencies: 1/2 radian a unit, 1, 2 and so on.

    Input N x shape, output N x (1 + 2 count) values.
    """

    frequencies: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", 0.5 * 2.0 ** torch.arange(count), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x, phases = self._phases(x)
        return torch.cat([x, phases.sin(), phases.cos()], 1)

    def back(self, x: Tensor, gradient: Tensor) -> Tensor:
        """The gradient with respect to each row, N x values, from that with respect to what is made of it."""
        x, phases = self._phases(x)
        own, sines, cosines = gradient.split([x.shape[1], phases.shape[1], phases.shape[1]], 1)
        along = sines * phases.cos() - cosines * phases.sin()
        return own + (along.view(*x.shape, -1) * self.frequencies).sum(2)

    def _phases(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.flatten(1)
        return x, (x.unsqueeze(2) * self.frequencies).flatten(1)


class MLPDiscriminator(nn.Module):
    """A plain rectifier network with one logit, for points and small images.

    Args:
        shape: shape of one example.
        hidden: units of each hidden layer.
        slope: of the leaky rectifier below zero.
        frequencies: of the sines and cosines of each value that it sees besides; 0 for none.

    Input N x shape, output N logits.
    """

    def __init__(
        self, shape: Sequence[int], hidden: Sequence[int] = (128, 128), slope: float = 0.2, frequencies: int = 0
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [Waves(frequencies) if frequencies else nn.Flatten()]
        width = math.prod(shape) * (1 + 2 * frequencies)
        for count in hidden:
            layers += [_dense(width, count, None), nn.LeakyReLU(slope)]
            width = count
        self.layers = nn.Sequential(*layers, _dense(width, 1, None))
        self._slope = slope

    @property
    def head(self) -> nn.Linear:
        """The layer of the logit."""
        return _last_linear(self.layers)

    def forward(self, x: Tensor) -> Tensor:
        weights = self._weights()
        return self.layers(x).squeeze(1) if weights is None else chain([self.layers[0](x)], weights, self._slope)

    def pair(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (M + N,) of real rows, then fake ones, computing no gradient for the real rows."""
        weights = self._weights()
        if weights is None:
            return self(torch.cat([real, fake]))
        return chain([self.layers[0](real), self.layers[0](fake)], weights, self._slope)

    def input_gradients(self, x: Tensor) -> Tensor:
        """The gradient of each row's logit with respect to the row, N x values; differentiable once."""
        weights = self._weights()
        if weights is None:
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self(x).sum(), x, create_graph=True)[0].flatten(1)
        found, first = input_gradients(self.layers[0](x), weights, self._slope), self.layers[0]
        return first.back(x, found) if isinstance(first, Waves) else found

    def features(self, x: Tensor) -> Tensor:
        """What the head sees: N x units."""
        for layer in [*self.layers][:-1]:
            x = layer(x)
        return x

    def pair_features(self, real: Tensor, fake: Tensor) -> Tensor:
        """The same of real rows, then fake ones."""
        return self.features(torch.cat([real, fake]))

    def _weights(self) -> Layers | None:
        layers = _as_built(self.layers)
        plain = bool(layers) and type(layers[0]) in (nn.Flatten, Waves) and is_plain(layers[0])
        return _weights(layers[1:], self._slope) if plain else None


def _as_built(layers: nn.Module) -> list[nn.Module]:
    """The modules of a plain sequence; none where it is something else, or somebody hooked it."""
    return [*layers] if type(layers) is nn.Sequential and is_plain(layers) and not is_overheard() else []


def _weights(layers: Sequence[nn.Module], slope: float) -> Layers | None:
    """Weights and biases of dense layers with rectifiers between them.

    None where they are no such layers: one was replaced, or somebody hooked one.

    Args:
        layers: a dense one first and last, every other one a rectifier.
        slope: of the rectifiers below zero.
    """
    found: list[Tensor] = []
    for place, layer in enumerate(layers):
        if not is_plain(layer):
            return None
        if place % 2 == 0:
            own = vars(layer)["_parameters"]  # by their names each costs a microsecond
            weight, bias = own.get("weight"), own.get("bias")
            if type(layer) is not nn.Linear or weight is None or bias is None:
                return None
            found += weight, bias
        elif not _rectifies(layer, slope):
            return None
    return found if len(layers) % 2 else None


def _rectifies(layer: nn.Module, slope: float) -> bool:
    if type(layer) is nn.LeakyReLU:
        return layer.negative_slope == slope
    return type(layer) is nn.ReLU and slope == 0


def _dense(fan_in: int, fan_out: int, init: float | None) -> nn.Linear:
    layer = nn.Linear(fan_in, fan_out)
    uniform_(layer, math.sqrt(6.0 / fan_in) if init is None else init)
    return layer


def _last_linear(layers: Sequence[nn.Module] | nn.Sequential) -> nn.Linear:
    return next(layer for layer in reversed(list(layers)) if isinstance(layer, nn.Linear))
