"""What every measure returns: a number, how sure it is, and of what it was taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number about samples, with its uncertainty.

    Attributes:
        measure: its name, such as frechet.
        value: the number.
        interval: 95 % confidence interval, (low, high).
        interval_by: how the interval was found, and which chance it covers: "delta method over the samples".
        samples: how many samples were measured.
        real: how many real examples they were measured against; 0 where none are needed, None where nobody knows.
        features: what the distances were taken in: pixels, random, classifier, inception, an ONNX file's name.
        seed: of the measure's own draws; None where it draws nothing.
        standard_error: of `value`, where the interval comes from one.
        details: what else the measure found: plain numbers, strings, lists and mappings of them.
        caveat: what the number cannot tell, in one or two sentences.
    """

    measure: str
    value: float
    interval: tuple[float, float]
    interval_by: str
    samples: int
    real: int | None
    features: str = "pixels"
    seed: int | None = None
    standard_error: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    caveat: str = ""

    def as_dict(self, with_caveat: bool = True) -> dict[str, Any]:
        """Plain values for JSON: `value`, `interval`, ..., with the details beside them; infinity becomes None."""
        known: dict[str, Any] = {"value": self.value, "interval": self.interval, "interval_by": self.interval_by}
        if self.standard_error is not None:
            known["standard_error"] = self.standard_error
        known |= {"samples": self.samples, "real": self.real, "features": self.features}
        if self.seed is not None:
            known["seed"] = self.seed
        known |= self.details
        if self.caveat and with_caveat:
            known["caveat"] = self.caveat
        return plain(known)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.measure} {self.value:.4g} ({low:.4g} to {high:.4g}, {self.features})"


def plain(value: Any) -> Any:
    """Values as JSON has them; infinity becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    single = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(single, float) and not math.isfinite(single) else single


def interval_of(answer: Mapping[str, Any]) -> tuple[float, float]:
    """The interval of an answer that `as_dict` made; an end that is None is infinite."""
    low, high = answer["interval"]
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)
