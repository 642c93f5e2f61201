"""What is said of an exported file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from advnets.measures.inputs import by
from advnets.measures.measurement import Measurement
from advnets.runs.run import Run
from advnets.serving.onnx import BATCHES, Exported, export_onnx
from advnets.serving.worth import worth_of


def onnx(
    run: Run, target: Path, precision: Literal["float32", "float16", "int8"], data: str | None, features: str | None
) -> Iterator[str]:
    """Export an ONNX file, and say what it is and how near to PyTorch.

    Raises:
        AdvnetsError: it cannot be written, or not be measured.
    """
    made = export_onnx(run, target, precision)
    inputs = ", ".join(f"{name} {kind} {_rows(shape)}" for name, (kind, shape) in made.inputs.items())
    yield f"{target}: {target.stat().st_size / 1e6:.1f} MB; {inputs} -> {made.output[0]} {_rows(made.output[1])}"
    yield _beside_pytorch(made)
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


def _beside_pytorch(made: Exported) -> str:
    counts = ", ".join(map(str, BATCHES[:-1])) + f" and {BATCHES[-1]}"
    unit = " of 255" if made.output[0] == "uint8" else ""
    return f"beside PyTorch, {counts} at a time: {made.levels:g}{unit} apart at the most, {made.equal:.2%} the same"


def _rows(shape: tuple[int, ...]) -> str:
    return f"N x {by(shape)}" if shape else "N"


def _figure(found: Measurement) -> str:
    low, high = found.interval or (found.value, found.value)
    return f"{found.value:.4g} ({low:.4g} to {high:.4g})"
