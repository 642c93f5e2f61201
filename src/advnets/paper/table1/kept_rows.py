"""Rows of Table 1 as they are kept: figures of a model's samples, and some of the samples for a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.paper.exhibit import Picture
from advnets.paper.rivals import Made, caption
from advnets.paper.workspace import Workspace, keep_samples, read_samples

Images = NDArray[np.uint8]
_SHOWN, _COLUMNS = 60, 20


class Figures(Protocol):
    """The figures of a row, with the checksum of the samples that are kept beside them."""

    @property
    def shown(self) -> int: ...


F = TypeVar("F", bound=Figures)


def kept_row(
    workspace: Workspace,
    part: str,
    make: Callable[[], Made],
    measure: Callable[[Images], dict[str, Any]],
    of: Any,
    validate: Callable[[Any], F],
    shape: Sequence[int] | None,
) -> F:
    """The figures of a model's samples: made, measured and kept once.

    Args:
        workspace: where they are kept.
        part: a file name.
        make: trains what is not trained yet, and draws.
        measure: what is measured of the samples.
        of: what else the row depends on, as JSON.
        validate: from JSON to figures; a ValueError where they do not fit: the row is made anew.
        shape: (C, H, W) of samples to keep for `picture`; None: none may be shown.

    Raises:
        RunError: a training was stopped, or is of other settings.
    """

    def compute() -> dict[str, Any]:
        made = make()
        found = {**measure(made.samples), "seconds": made.seconds}
        return (
            found if shape is None else {**found, "shown": keep_samples(_file(workspace, part), made.samples[:_SHOWN])}
        )

    def check(kept: Any) -> None:
        found = validate(kept)
        if shape is not None:
            read_samples(_file(workspace, part), shape, found.shown)

    return validate(workspace.keep(part, compute, of, check))


def picture(workspace: Workspace, part: str, model: str, shape: Sequence[int], shown: int, scale: int) -> Picture:
    """Draw the samples that were kept with a row.

    Raises:
        OSError: the picture cannot be written.
    """
    target = workspace.path(f"-{part}.png")
    samples = read_samples(_file(workspace, part), shape, shown)
    figures.save(figures.grid(samples, columns=_COLUMNS, scale=scale), target)
    return Picture(target.name, f"{model}: fair draws. {caption(workspace, model)}")


def slug(words: str) -> str:
    """Words as a file name."""
    return "".join(c if c.isalnum() else "-" for c in words.lower()).replace("--", "-")


def _file(workspace: Workspace, part: str) -> Path:
    return workspace.parts / f"{part}.npy"
