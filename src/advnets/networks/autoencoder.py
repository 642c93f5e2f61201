"""An autoencoder as a discriminator: what it cannot reconstruct is not of the data (EBGAN, BEGAN)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advnets.networks.convolutional import ConvGenerator
from advnets.networks.image_to_image import ConvEncoder
from advnets.networks.mlp import MLPGenerator

ERRORS = "absolute", "squared"
"""How far a row is from its reconstruction: the mean over its values of the difference, or of its square."""

_FIRST = 0.01
"""The decoder's last weights start uniform within it: a reconstruction that starts near 0 is learned several times as
fast as one that starts at the scale of He initialization."""


class AutoencoderDiscriminator(nn.Module):
    """A row's score is the error of its reconstruction, 0 or more: low where D takes it for real.

    Source: Zhao et al. 2017 (EBGAN), section 2.3; Berthelot et al. 2017 (BEGAN), section 3.1.

    Args:
        encoder: N x shape -> N x code.
        decoder: N x code -> N x shape, without bounds, so that it fits any range of values.
        error: one of `ERRORS`.
        code: numbers of the code that stand behind the error in what `forward` gives; 0 for the error alone.

    Input N x shape, output (N,), or N x (1 + code); in float32 or wider, whatever the networks compute in.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, error: str = "absolute", code: int = 0) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self._squared, self._code = error == "squared", code

    def forward(self, images: Tensor) -> Tensor:
        """Images to errors, perhaps with their codes."""
        codes = self.encoder(images)
        missed = _wide(self.decoder(codes) - images).flatten(1)
        error = (missed.square() if self._squared else missed.abs()).mean(1)
        return torch.cat([error.unsqueeze(1), _wide(codes)], 1) if self._code else error

    def reconstruct(self, images: Tensor) -> Tensor:
        """Images as the autoencoder has them, N x shape."""
        return self.decoder(self.encoder(images))


def dense_autoencoder(shape: Sequence[int], units: Sequence[int], error: str, scores: int = 1) -> nn.Module:
    """Dense layers down to the code, the last of `units`, and the same ones up again.

    Args:
        shape: of a row, of an image or a point.
        units: of each layer of the encoder; the last is the length of the code.
        error: one of `ERRORS`.
        scores: numbers a row, 1 or 1 + the length of the code.
    """
    *hidden, code = units
    size = torch.Size(shape).numel()
    encoder = nn.Sequential(nn.Flatten(), MLPGenerator(size, (code,), hidden, output="linear", init=None))
    decoder = MLPGenerator(code, shape, hidden[::-1], output="linear", init=None, output_init=_FIRST)
    return AutoencoderDiscriminator(encoder, decoder, error, scores - 1)


def conv_autoencoder(shape: tuple[int, int, int], code: int, base: int, error: str, scores: int = 1) -> nn.Module:
    """The convolutional encoder and generator of images, one upon the other.

    Args:
        shape: C x H x W.
        code: length of the code.
        base: feature maps at half the images' size.
        error: one of `ERRORS`.
        scores: numbers a row, 1 or 1 + the length of the code.

    Raises:
        RecipeError: the images are too small.
    """
    encoder, decoder = ConvEncoder(*shape, code=code, base=base), ConvGenerator(code, *shape, base=base)
    decoder.activation = nn.Identity()
    nn.init.uniform_(decoder.layers[-1].weight, -_FIRST, _FIRST)  # type: ignore[arg-type]  # a convolution's
    return AutoencoderDiscriminator(encoder, decoder, error, scores - 1)


def _wide(values: Tensor) -> Tensor:
    """In float32 where they are of half precision: scores of three digits balance no game."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values
