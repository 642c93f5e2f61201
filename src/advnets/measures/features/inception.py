"""Inception features: those of which alone a distance may be called FID, and a score Inception Score."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor

from advnets.errors import MeasureError
from advnets.measures.features.extractor import Extractor, Features, Images, Probabilities
from advnets.measures.features.inception_network import DIMENSION, SIDE, InceptionV3
from advnets.measures.features.inception_weights import SHA256, load_network, weights_file
from advnets.measures.features.setting import Setting

VERSION = 1


def inception(setting: Setting) -> Extractor:
    """The FID network's pooled features (2,048), and the probabilities of its 1,008 classes.

    Images are resized as TensorFlow 1 does, gray ones repeated to three channels. The weights are those that
    `ADVNETS_INCEPTION` names, else those in the cache, else they are downloaded once. Weights other than the
    published ones are named after their digest: figures in them are not FID.

    Raises:
        MeasureError: no weights to be had, or not those of this network.
        DataError: the download broke off, or the cache cannot be written.

    Source: Heusel et al. 2017; Salimans et al. 2016 for the probabilities, whose logits leave the bias out as the
    published score does.
    """
    path, digest = weights_file(setting.cache, setting.progress)
    network, device = load_network(path).to(setting.device), setting.device

    def extract(images: Images) -> Features:
        if images.shape[1] not in (1, 3):
            raise MeasureError(f"inception features of {images.shape[1]} channels", "give images of 1 or 3 channels")
        return features_of(network, torch.from_numpy(images).to(device)).cpu().numpy()

    def classify(features: Features) -> Probabilities:
        logits = logits_unbiased(network, torch.tensor(features, device=device))
        return logits.double().softmax(1).float().cpu().numpy()

    return Extractor(
        name="inception" if digest == SHA256 else f"inception-{digest[:8]}",
        dimension=DIMENSION,
        identity=f"inception-{VERSION}-{digest}-{setting.on}",
        extract=extract,
        classify=classify,
        batch=32,
        weights=digest,
        note="" if digest == SHA256 else f"{path} is not the published FID network: do not call this FID",
    )


def features_of(network: InceptionV3, images: Tensor) -> Tensor:
    """uint8 images, N x 1 or 3 x H x W -> float32 features, N x 2,048, with full float32 products on any device."""
    with torch.inference_mode(), _exact(images.device):
        resized = resize_like_tensorflow(images.float(), SIDE)
        return network(resized.sub_(128).div_(128).expand(-1, 3, -1, -1))


def logits_unbiased(network: InceptionV3, features: Tensor) -> Tensor:
    """Logits without the bias, N x 1,008: what the Inception Score is taken of."""
    with torch.inference_mode(), _exact(features.device):
        return features @ network.fc.weight.T


def resize_like_tensorflow(images: Tensor, side: int) -> Tensor:
    """Bilinear as TensorFlow 1: output i reads the input at i * (input side / output side), without half a pixel.

    Float32 steps in TensorFlow's order, so that the result is the same to the bit. No antialiasing.

    Args:
        images: float32, N x C x H x W.
        side: height and width of the result.

    Returns:
        float32, N x C x side x side, a new tensor.
    """
    low, high, weight = _taps(images.shape[3], side, images.device)
    left = images[:, :, :, low]
    wide = left + (images[:, :, :, high] - left) * weight
    low, high, weight = _taps(images.shape[2], side, images.device)
    top = wide[:, :, low]
    return top + (wide[:, :, high] - top) * weight[:, None]


def _taps(inputs: int, outputs: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """For each output: the two inputs it lies between, and how far it is from the first."""
    scale = torch.tensor(inputs / outputs, dtype=torch.float32, device=device)
    position = torch.arange(outputs, dtype=torch.float32, device=device) * scale
    low = position.long()
    return low, (low + 1).clamp_max(inputs - 1), position - low


@contextmanager
def _exact(device: torch.device) -> Generator[None]:
    """No bfloat16, and no TF32, which would move features by 1e-3."""
    with torch.autocast(device.type, enabled=False), torch.backends.cudnn.flags(allow_tf32=False):
        yield
