"""What a recipe says of the measures that are taken while it trains."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from advnets.config.kinds import require, require_between
from advnets.config.names import measure_names
from advnets.errors import MeasureError

_TAKEN = 40  # measurements in a training that does not say how many


@dataclass(frozen=True)
class MeasureConfig:
    """Measures taken in training. On the command line: --measure frechet,recall@every=500."""

    metrics: str = ""
    """Measures, joined by commas, as for `advnets evaluate`; empty for none."""
    features: str = "pixels"
    """What distances are taken in: pixels, random, classifier, inception, or an ONNX model's file."""
    every: int = 0
    """Steps between measurements; 0 for a fortieth of the training."""
    budget: float = 0.05
    """Share of the training time that they may take: the count of samples is chosen to fit."""
    count: int = 0
    """Samples a measurement; 0 for as many as fit the budget, 500 to 10,000."""
    best: str = ""
    """The measure by which the best checkpoint is kept; by default the first."""
    patience: int = 0
    """End the training after so many measurements without a better one; 0 for never."""

    def __post_init__(self) -> None:
        require_between(self, 0, math.inf, "every", "patience")
        require(0 < self.budget <= 1, "budget", self.budget, "use a share above 0, up to 1")
        require(self.count == 0 or self.count >= 2, "count", self.count, "use 2 or more")

    @property
    def names(self) -> list[str]:
        """The measures asked for."""
        return measure_names(self.metrics)

    @property
    def judge(self) -> str:
        """The measure that says which checkpoint is best."""
        return next(iter(measure_names(self.best) or self.names), "")

    def settled(self, steps: int) -> MeasureConfig:
        """With the steps between measurements said, so that a training made longer goes on measuring on its grid."""
        if not self.names or self.every:
            return self
        return dataclasses.replace(self, every=max(1, steps // _TAKEN))


def parse_flag(text: str) -> dict[str, str]:
    """Fields of `MeasureConfig` from what stands after --measure: NAMES[@field=value,...].

    Raises:
        MeasureError: not of this form.
    """
    names, _, rest = text.partition("@")
    fields = {"metrics": names}
    for pair in (part for part in rest.split(",") if part):
        key, equals, value = pair.partition("=")
        if not equals or key not in MeasureConfig.__dataclass_fields__ or key == "metrics":
            known = ", ".join(name for name in MeasureConfig.__dataclass_fields__ if name != "metrics")
            raise MeasureError(f"--measure {text}: {pair!r}", f"write NAMES@field=value, with {known}")
        kind = MeasureConfig.__dataclass_fields__[key].type
        if kind in ("int", "float") and not _is_number(value, whole=kind == "int"):
            raise MeasureError(f"--measure {text}: {key} is {value!r}", "give a number")
        fields[key] = value
    if not fields["metrics"].strip(", "):
        raise MeasureError(f"--measure {text!r} names no measure", "write NAMES@field=value, as frechet@every=500")
    return fields


def _is_number(text: str, whole: bool) -> bool:
    try:
        return math.isfinite(int(text) if whole else float(text))
    except ValueError:
        return False
