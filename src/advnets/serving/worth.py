"""What a coarser arithmetic costs: the Frechet distance of a file's samples beside that of the run's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from advnets.data import Table, open_again
from advnets.data.parallel import progress_bar
from advnets.evaluation.evaluate import evaluate
from advnets.evaluation.opening import Samples
from advnets.measures import Measurement
from advnets.runs.run import Run
from advnets.serving.onnx import session_of

COUNT = 5_000
_AT_ONCE, _SEED = 250, 1


@dataclass(frozen=True)
class Worth:
    """Distances to the same real images, in the same features, of samples of the same latents.

    Args:
        run: of the run's own, in float32.
        file: of the file's.
        features: what they were taken in.
    """

    run: Measurement
    file: Measurement
    features: str


def worth_of(
    run: Run, path: Path, data: str | Path | Table | None = None, features: str | None = None, count: int = COUNT
) -> Worth:
    """Measure a file beside its run.

    Args:
        run: that the file was made of.
        path: an ONNX file.
        data: real images; by default what the run was trained on.
        features: what the distances are taken in; by default what `evaluate` chooses.
        count: samples of each.

    Raises:
        DataError: the data cannot be read.
        MeasureError: there are too few real images.
    """
    table = data if data is not None else open_again(run.recipe)
    made: Any = run.sample(count, _SEED)
    ours = evaluate(made, data=table, metrics="frechet", count=count, features=features)
    theirs = evaluate(_drawn(run, path, count), data=table, metrics="frechet", count=count, features=ours.features)
    return Worth(ours.results["frechet"], theirs.results["frechet"], ours.features)


def _drawn(run: Run, path: Path, count: int) -> Samples:
    session, parts = session_of(path), list[Samples]()
    with progress_bar(f"Drawing from {path.name}", count, unit="samples", shown=True) as advance:
        for first in range(0, count, _AT_ONCE):
            inputs = run.sampler.inputs(min(_AT_ONCE, count - first), _SEED, first=first)
            parts.append(session.run(None, {name: each.numpy() for name, each in inputs.items()})[0])
            advance(len(parts[-1]))
    return np.concatenate(parts)  # type: ignore[return-value]  # of one type
