"""What is said of an exported file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from advnets.measures.inputs import by
from advnets.measures.measurement import Measurement
from advnets.runs.run import Run
from advnets.serving.onnx import BATCHES, Exported, export_onnx
from advnets.serving.pack import export_hub, export_safetensors
from advnets.serving.site import export_web
from advnets.serving.worth import worth_of

_LEFT_OUT = "the images that samples are made of are left out"


def onnx(
    run: Run, target: Path, precision: Literal["float32", "float16", "int8"], data: str | None, features: str | None
) -> Iterator[str]:
    """Export an ONNX file, and say what it is and how near to PyTorch.

    Raises:
        AdvnetsError: it cannot be written, or not be measured.
    """
    _say_begun()
    made = export_onnx(run, target, precision)
    inputs = ", ".join(f"{name} {kind} {_rows(shape)}" for name, (kind, shape) in made.inputs.items())
    yield f"{target}: {target.stat().st_size / 1e6:.1f} MB; {inputs} -> {made.output[0]} {_rows(made.output[1])}"
    yield _beside_pytorch(made)
    if run.sampler.sources is not None:
        yield f"{_LEFT_OUT}: `source` takes float32 from {run.value_range[0]:g} to {run.value_range[1]:g}"
    if precision == "float32":
        return
    if precision == "int8":
        counts = ", ".join(f"{count} {name}" for name, count in made.quantized.items()) or "nothing"
        yield f"int8: {counts}; all else computes in float32"
    worth = worth_of(run, target, data, features)
    yield (
        f"frechet in {worth.features}: {_figure(worth.file)}, of the run itself {_figure(worth.run)}"
        f" ({worth.run.samples:,} samples, {worth.run.real:,} real)"
    )


def weights(run: Run, target: Path) -> Iterator[str]:
    """Write the weights alone, and say how many.

    Raises:
        RunError: they cannot be written.
    """
    yield f"{target}: {export_safetensors(run, target):,} numbers, and latents of some seeds"


def hub(run: Run, target: Path, license: str | None) -> Iterator[str]:
    """Make a folder to share, and say what its card lacks.

    Raises:
        RunError: something is there, or it cannot be written.
    """
    export_hub(run, target, license or "other")
    yield f"{target}: README.md is its card{'' if license else '; it names no license (--license)'}"
    if run.sampler.sources is not None:
        yield f"{_LEFT_OUT}: give it some by advnets translate"


def web(run: Run, target: Path, runtime: Path | None) -> Iterator[str]:
    """Make a folder with a page that draws, and say how it is looked at.

    Raises:
        AdvnetsError: a page cannot show these samples, it cannot be written, or there is no runtime.
    """
    _say_begun()
    made = export_web(run, target, runtime)
    size = sum(each.stat().st_size for each in target.rglob("*") if each.is_file())
    yield f"{target}: {size / 1e6:.1f} MB, index.html and what it needs"
    yield _beside_pytorch(made)
    yield f"look at it: python3 -m http.server --directory {shlex.quote(str(target))}, then http://localhost:8000"


def _say_begun() -> None:
    print("advnets: PyTorch translates the networks, which takes some seconds", file=sys.stderr, flush=True)


def _beside_pytorch(made: Exported) -> str:
    counts = ", ".join(map(str, BATCHES[:-1])) + f" and {BATCHES[-1]}"
    unit = " of 255" if made.output[0] == "uint8" else ""
    return f"beside PyTorch, {counts} at a time: {made.levels:g}{unit} apart at the most, {made.equal:.2%} the same"


def _rows(shape: tuple[int, ...]) -> str:
    return f"N x {by(shape)}" if shape else "N"


def _figure(found: Measurement) -> str:
    low, high = found.interval or (found.value, found.value)
    return f"{found.value:.4g} ({low:.4g} to {high:.4g})"
