"""Features of any network that comes as an ONNX file."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from advnets.errors import MeasureError
from advnets.files import digest_of
from advnets.measures.features.extractor import Extractor, Features, Images
from advnets.measures.features.setting import Setting
from advnets.measures.inputs import PIXEL_STEPS

VERSION = 1

_FREE_BATCH = 32


def onnx(path: Path, setting: Setting) -> Extractor:
    """The first output, flattened, of a model run by ONNX Runtime on the processor.

    The model has one float32 input, N x C x H x W, and is given values in [0, 1]: whatever scaling its network
    wants has to be a part of it. Where its height and width are fixed, images are resized to them (bilinear, with
    antialiasing, half-pixel centers); gray images are repeated to its channels, or channels averaged to its one.
    Operators from libraries of their own are not loaded, so that a model runs no code but ONNX Runtime's.

    Args:
        path: of the .onnx file; weights kept outside it lie beside it.
        setting: with the table whose image shape is used.

    Raises:
        MeasureError: no such file, no onnxruntime, not a model, or another kind of input or output.
    """
    session = _session(path)
    entry = _input(session, path)
    _check_channels(entry, setting.table.shape[0], path)

    def extract(images: Images) -> Features:
        return _run(session, entry, _fitted(torch.from_numpy(images), entry).numpy(), path)

    probe, digest = extract(_probe(setting.table.shape)), digest_of(path)
    return Extractor(
        name=path.name,
        dimension=probe.shape[1],
        # What it makes of a fixed image speaks for weights that lie in files of their own.
        identity=f"onnx-{VERSION}-{digest}-{hashlib.sha256(probe.tobytes()).hexdigest()}",
        extract=extract,
        weights=digest,
        batch=_FREE_BATCH if entry.batch is None else entry.batch * math.ceil(_FREE_BATCH / entry.batch),
    )


@dataclass(frozen=True)
class _Input:
    """A model's input; None where it takes any length."""

    name: str
    batch: int | None
    channels: int | None
    height: int | None
    width: int | None

    def __str__(self) -> str:
        sides = (self.batch, self.channels, self.height, self.width)
        return " x ".join(letter if side is None else str(side) for letter, side in zip("NCHW", sides, strict=True))


def _check_channels(entry: _Input, channels: int, path: Path) -> None:
    if 1 not in (channels, entry.channels) and entry.channels not in (None, channels):
        raise MeasureError(
            f"{path.name}: its input is {entry}, the images have {channels} channels",
            "export it with the images' number of channels, N x C x H x W",
        )


def _session(path: Path) -> Any:
    if not path.is_file():
        raise MeasureError(f"there is no file {path}", "give the path of an .onnx file")
    try:
        import onnxruntime
    except ImportError as error:
        raise MeasureError("features of an .onnx file need onnxruntime", "pip install advnets[onnx]") from error
    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class of their own
        raise _refused(path, error) from error


def _input(session: Any, path: Path) -> _Input:
    inputs = session.get_inputs()
    wanted = len(inputs) == 1 and inputs[0].type == "tensor(float)" and len(inputs[0].shape) == 4
    if not wanted:
        found = ", ".join(f"{each.name}: {each.type} {list(each.shape)}" for each in inputs) or "none"
        raise MeasureError(f"{path.name}: its inputs are {found}", "export it with one float32 input, N x C x H x W")
    sides = [side if isinstance(side, int) else None for side in inputs[0].shape]
    return _Input(inputs[0].name, *sides)


def _fitted(images: Tensor, entry: _Input) -> Tensor:
    """uint8 images -> values in [0, 1] of the model's shape."""
    values = images.float().div_(PIXEL_STEPS)
    size = entry.height or values.shape[2], entry.width or values.shape[3]
    if size != tuple(values.shape[2:]):
        values = F.interpolate(values, size, mode="bilinear", align_corners=False, antialias=True)
    if entry.channels in (None, values.shape[1]):
        return values
    if entry.channels == 1:
        return values.mean(1, keepdim=True)
    if values.shape[1] != 1:
        raise MeasureError(
            f"the model takes {entry.channels} channels, the images have {values.shape[1]}",
            "give samples and data of one number of channels",
        )
    return values.repeat(1, entry.channels, 1, 1)


def _run(session: Any, entry: _Input, values: npt.NDArray[np.float32], path: Path) -> Features:
    """The first output, a row an image; a model of a fixed batch is filled up with copies of the last image."""
    size = entry.batch or len(values)
    outputs = [
        _output(session, entry, values[start : start + size], size, path) for start in range(0, len(values), size)
    ]
    return np.concatenate(outputs)


def _output(session: Any, entry: _Input, values: npt.NDArray[np.float32], size: int, path: Path) -> Features:
    filled = np.concatenate([values, values[-1:].repeat(size - len(values), 0)])
    try:
        output = np.asarray(session.run([session.get_outputs()[0].name], {entry.name: filled})[0])
    except Exception as error:  # as above
        raise _refused(path, error) from error
    if output.dtype.kind != "f" or output.ndim == 0 or len(output) != size:
        raise MeasureError(
            f"{path.name}: its first output is {output.dtype} {list(output.shape)} for {size} images",
            "export it with an output of floating point, N x D",
        )
    return output[: len(values)].reshape(len(values), -1).astype(np.float32)


def _probe(shape: tuple[int, ...]) -> Images:
    """Two fixed images that differ."""
    return np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)


def _refused(path: Path, error: Exception) -> MeasureError:
    reason = " ".join(str(error).split())
    return MeasureError(f"{path.name}: ONNX Runtime cannot run it ({reason[:200]})", "check the model and its input")
