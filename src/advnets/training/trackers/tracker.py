"""What a tracker is, what it is told, and which there are."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from advnets.errors import RecipeError

_MODULES = {"wandb": "weights_and_biases", "mlflow": "mlflow_client"}
"""Name, which is that of the package and of the extra, to the module here that speaks to it."""


@dataclass(frozen=True)
class Record:
    """What a tracker is told of one step.

    Args:
        step: of the training.
        scalars: by name, finite or not.
        pictures: files, each whole.
    """

    step: int
    scalars: Mapping[str, float]
    pictures: Sequence[Path] = ()


@dataclass(frozen=True)
class Opening:
    """What a tracker is told first.

    Args:
        run: the run directory.
        name: what the tracker's run is called.
        key: by which the tracker's run is found again, of letters and digits; a new one where there is none of it.
        config: the recipe, nested.
        files: of the run directory, to be kept beside it.
    """

    run: Path
    name: str
    key: str
    config: Mapping[str, Any]
    files: Sequence[Path] = field(default_factory=list[Path])


class Tracker(Protocol):
    """One run in a tracker. It may raise whatever it likes."""

    last: int
    """The last step that it knows already; -1 where it knows none, or does not say."""
    place: str
    """Where the run can be looked at."""

    def tell(self, record: Record) -> None:
        """What a step logged. Steps come in ascending order."""
        ...

    def end(self, status: str) -> None:
        """The training has ended, as run.json says."""
        ...


def opener(name: str) -> Callable[[Opening], Tracker]:
    """What begins a tracker's run, or goes on with it. It imports the tracker's package."""
    return importlib.import_module(f"advnets.training.trackers.{_MODULES[name]}").begin


def check_installed(names: Sequence[str]) -> None:
    """See that trackers' packages are there, without importing them.

    Raises:
        RecipeError: one is not.
    """
    for name in names:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:  # a folder of that name, as both leave them, is no package
            what = f"track {name} needs the package {name}, which is not installed"
            raise RecipeError(what, f"install it with: pip install 'advnets[{name}]', or leave it out")


def flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested values under dotted names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {f"{above}{name}": value}
    return found
