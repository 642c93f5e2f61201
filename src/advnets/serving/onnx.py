"""A generator as one ONNX file, which gets its name once it has drawn what PyTorch draws."""

from __future__ import annotations

import base64
import importlib
import json
import logging
import tempfile
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.errors import RunError
from advnets.runs.directory import writing
from advnets.runs.run import Run
from advnets.serving.drawn import EACH, SEEDS, Drawn, check_constant, latents, of_seeds

BATCHES = 1, 7, 250
"""Numbers of rows at which a file is compared with PyTorch."""
LEVELS = 1
"""Of 255, that a byte may differ: float32 sums in another order round otherwise."""
_POINTS = 1e-4  # that points may differ
_MOST = 2**31 - 2**20  # bytes of a file, a protocol buffer
_KEY = "advnets"
Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Args:
        path: the file.
        inputs: name to (type, shape), the first axis free.
        output: (type, shape).
        levels: the largest difference from what PyTorch draws, of 255; of points, in their units.
        equal: the share of bytes that are the same.
        quantized: of int8, the operators that compute in it, and how often.
    """

    path: Path
    inputs: Mapping[str, tuple[str, tuple[int, ...]]]
    output: tuple[str, tuple[int, ...]]
    levels: float
    equal: float
    quantized: Mapping[str, int]


def export_onnx(run: Run, target: Path, precision: Precision = "float32") -> Exported:
    """Write what a run draws as an ONNX file.

    Args:
        run: whose averaged networks.
        target: the file.
        precision: of the arithmetic: float32; float16; int8, weights and activations, scaled by what some latents give.

    Returns:
        What it is like, and how near to PyTorch: of float32, `LEVELS` at the most.

    Raises:
        RunError: packages are missing, the networks cannot be exported, or the file draws something else.
    """
    half = precision == "float16"
    drawn, inputs = Drawn(run, torch.float16 if half else torch.float32), latents(run)
    check_constant(drawn, inputs)
    _check_size(drawn)
    with writing(target, "or name another --out"), tempfile.TemporaryDirectory(dir=target.parent) as aside:
        path = Path(aside) / target.name
        _write(drawn, inputs, path, run)
        quantized = _quantize(path, inputs) if precision == "int8" else {}
        exact = Drawn(run) if half else drawn
        levels, equal = _compared(path, exact, inputs, strict=precision == "float32")
        path.replace(target)
    output = ("uint8" if len(run.shape) == 3 else "float32", tuple(run.shape))
    known = {name: (str(each.dtype).removeprefix("torch."), tuple(each.shape[1:])) for name, each in inputs.items()}
    return Exported(target, known, output, levels, equal, quantized)


def session_of(path: Path) -> Any:
    """An ONNX Runtime session on the processor."""
    return _need("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _need(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        remedy = "install it with: pip install 'advnets[export]'"
        raise RunError(f"an ONNX file needs the package {module}, which is not installed", remedy) from None


def _check_size(drawn: Drawn) -> None:
    size = sum(each.numel() * each.element_size() for each in drawn.state_dict().values())
    if size > _MOST:
        what = f"weights of {size / 2**30:.1f} GiB do not fit in one ONNX file, of 2 GiB"
        raise RunError(what, "use --format safetensors, or --precision float16")


def _write(drawn: Drawn, inputs: Mapping[str, Tensor], path: Path, run: Run) -> None:
    for module in ("onnx", "onnxscript", "onnxruntime"):
        _need(module)
    rows = torch.export.Dim("batch", min=1)
    some = tuple(each[:3] for each in inputs.values())
    try:
        with _quiet():
            program = torch.onnx.export(
                drawn, some, dynamo=True, dynamic_shapes=(({0: rows},) * len(some),),
                input_names=list(inputs), output_names=["sample"], verbose=False,
            )  # fmt: skip
    except Exception as error:  # torch raises many kinds
        cause = error.__cause__ or error  # its own words are about itself
        said = str(cause).strip().splitlines()[:1] or [type(cause).__name__]
        remedy = "networks of your own have to suit torch.onnx.export; --format safetensors has any"
        raise RunError(f"the networks cannot be an ONNX file: {said[0][:200]}", remedy) from error
    assert program is not None
    if any(
        each.shape is None or isinstance(each.shape[0], int) for each in program.model.graph.inputs
    ):  # it says nothing of that itself
        what = "the networks cannot be an ONNX file of any batch size: they fix the number of rows"
        raise RunError(what, "in networks of your own len(x) does, x.shape[0] does not; --format safetensors has any")
    program.model.metadata_props[_KEY] = json.dumps(about(run, inputs))
    program.save(str(path), external_data=False)


@contextmanager
def _quiet() -> Generator[None]:
    """What PyTorch warns of on its way is not the user's affair."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def about(run: Run, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
    """What a file says of itself: where it comes from, and the latents of some seeds."""
    data = run.facts["data"]
    return {
        "advnets": version("advnets"), "recipe": run.recipe.name, "step": run.step, "shape": list(run.shape),
        "classes": list(run.classes), "data": {"name": Path(data["name"]).name, "fingerprint": data["fingerprint"]},
        "seeds": SEEDS, "samples_a_seed": EACH,
        "latents": {name: packed(each) for name, each in of_seeds(inputs).items()},
    }  # fmt: skip


def packed(values: Tensor) -> dict[str, Any]:
    """A tensor as JSON holds it: type, shape, and its bytes in rows, as Base64."""
    array = values.contiguous().numpy()
    text = base64.b64encode(array.tobytes()).decode("ascii")
    return {"type": str(array.dtype), "shape": list(array.shape), "base64": text}


def _compared(path: Path, drawn: Drawn, inputs: Mapping[str, Tensor], strict: bool) -> tuple[float, float]:
    """The largest difference, and the share of values that are the same.

    Raises:
        RunError: it is more than rounding in another order, where this is to be `strict`.
    """
    session, largest, equal = session_of(path), 0.0, list[float]()
    for count in BATCHES:
        rows = torch.arange(count) % (SEEDS * EACH)
        part = {name: each[rows] for name, each in inputs.items()}
        theirs = _run(session, part)
        ours = drawn.draw(part)
        if theirs.shape != ours.shape:
            raise RunError(
                f"ONNX Runtime draws {theirs.shape}, PyTorch {ours.shape}", "report it: it is a fault of ours"
            )
        apart = np.abs(theirs.astype(np.float64) - ours)
        largest, equal = max(largest, float(apart.max())), [*equal, float((apart == 0).mean())]
    images = drawn.value_range is not None
    if strict and largest > (LEVELS if images else _POINTS):
        what = f"ONNX Runtime draws others than PyTorch, {largest:g}{' of 255' if images else ''} apart"
        raise RunError(what, "nothing was written; report it, with the recipe")
    return largest, min(equal)


def _run(session: Any, inputs: Mapping[str, Tensor]) -> NDArray[Any]:
    try:
        return session.run(None, {name: each.numpy() for name, each in inputs.items()})[0]
    except Exception as error:  # ONNX Runtime's own kinds
        said = " ".join(str(error).split())[:200]
        raise RunError(
            f"ONNX Runtime cannot draw with these networks: {said}", "--format safetensors has any"
        ) from error


def _quantize(path: Path, inputs: Mapping[str, Tensor]) -> dict[str, int]:
    """Quantize a file in place, scaled by what the latents give; the operators that compute in int8."""
    quantization, onnx = _need("onnxruntime.quantization"), _need("onnx")

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._rows = iter(range(SEEDS * EACH))

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            row = next(self._rows, None)
            return None if row is None else {name: each[row : row + 1].numpy() for name, each in inputs.items()}

    made = path.with_name("int8.onnx")
    kept = {each.key: each.value for each in onnx.load(str(path)).metadata_props}
    with _quiet():
        quantization.quantize_static(
            str(path), str(made), Reader(), per_channel=True, op_types_to_quantize=["Conv", "MatMul", "Gemm"]
        )
    model = onnx.load(str(made))
    for key, value in kept.items():
        onnx.helper.set_model_props(model, {**{each.key: each.value for each in model.metadata_props}, key: value})
    onnx.save(model, str(path))
    fed = {each.name for each in model.graph.node if each.op_type == "DequantizeLinear"}
    outputs = {out for each in model.graph.node if each.name in fed for out in each.output}
    found: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type in ("Conv", "MatMul", "Gemm") and outputs & {*node.input}:
            found[node.op_type] = found.get(node.op_type, 0) + 1
    return found
