"""Measures while a training runs: of the averaged generator, within a budget, and what follows from them."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from advnets.data import Table
from advnets.errors import MeasureError
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Features, Subject, check_fits, check_names
from advnets.measures.features import extractor_for

if TYPE_CHECKING:
    from advnets.training.trainer import Trainer

_FEWEST, _MOST = 500, 10_000
_SEED = 1
_TAKEN = 40  # measurements in a training that does not say how many


@dataclass(frozen=True)
class MeasureConfig:
    """Measures taken in training. On the command line: --measure frechet,recall@every=500."""

    metrics: str = ""
    """Measures, joined by commas, as for `advnets evaluate`; empty for none."""
    features: str = "pixels"
    """What distances are taken in: pixels, classifier, inception, or an ONNX model's file."""
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

    @property
    def names(self) -> list[str]:
        """The measures asked for."""
        return [name.strip() for name in self.metrics.split(",") if name.strip()]

    @property
    def judge(self) -> str:
        """The measure that says which checkpoint is best."""
        return self.best or (self.names[0] if self.names else "")

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


@dataclass
class Measuring:
    """The measurements of one training.

    Args:
        config: what is measured, and how often.
        data: the table that is trained on; its validation images are measured against.
        steps: of the training.
        count: samples a measurement, where an earlier part of the training has settled it.
        warning: what the user should hear of once, after the first measurement: a budget that does not hold.

    Raises:
        MeasureError: an unknown measure, or one that cannot be taken of these data.
    """

    config: MeasureConfig
    data: Table
    steps: int
    count: int = 0
    warning: str = ""
    _known: dict[str, Features] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = check_names(self.config.names)
        if self.config.judge not in self.names:
            raise MeasureError(f"best is {self.config.judge!r}", f"choose from {', '.join(self.names)}")
        self.every = self.config.settled(self.steps).every
        self.count = self.config.count or self.count
        if self.data.count("valid") < 2:
            raise MeasureError(f"{self.data.name} has no validation images to measure against", "use a --holdout")
        self._extractor = extractor_for(self.config.features, self.data)
        for name in self.names:
            check_fits(name, self.data, self._extractor)
        width = self.data.shape[0] if self._extractor is None else self._extractor.dimension
        self._fewest = max(_FEWEST, width + 1) if "frechet_infinity" in self.names else _FEWEST
        needed = max(100, width + 1)
        if "frechet_infinity" in self.names and 0 < self.config.count < needed:
            raise MeasureError(f"frechet_infinity of {self.config.count} samples", f"give count={needed} or more")

    def due(self, step: int) -> bool:
        """Whether to measure after `step` steps."""
        return step % self.every == 0 or step == self.steps

    def take(self, trainer: Trainer, step_seconds: float) -> dict[str, Any]:
        """Measure the averaged generator: a line of measures.jsonl.

        Args:
            trainer: the game.
            step_seconds: what a step takes, from which the first measurement chooses the count of samples.
        """
        if not self.count:
            self.count = self._settle(trainer, step_seconds)
        begin = time.perf_counter()
        found, refused = self._measure(trainer, self.count)
        return {
            "step": trainer.step, "count": self.count, "measure_seconds": round(time.perf_counter() - begin, 3),
            "measures": {name: result.as_dict() for name, result in found.items()},
            **({"refused": refused} if refused else {}),
        }  # fmt: skip

    def _settle(self, trainer: Trainer, step_seconds: float) -> int:
        """As many samples as fit: twice as many cost up to four times as much, for distances between all pairs."""
        self._measure(trainer, self._fewest)  # features of the real images are extracted here, once
        begin = time.perf_counter()
        self._measure(trainer, self._fewest)
        took, allowed = time.perf_counter() - begin, self.config.budget * self.every * step_seconds
        if took > 1.2 * allowed:
            share, enough = took / (self.every * step_seconds), math.ceil(took / (self.config.budget * step_seconds))
            self.warning = (
                f"measuring takes {share:.0%} of the training time, with as few as {self._fewest} samples; to keep to"
                f" {self.config.budget:.0%} measure every {enough:,} steps"
            )
        fits = self._fewest * math.sqrt(allowed / max(took, 1e-9))
        return max(int(min(fits, _MOST) // 100 * 100), self._fewest)

    def _measure(self, trainer: Trainer, count: int) -> tuple[dict[str, Measurement], dict[str, str]]:
        """The measures, and why some could not be taken: that is no reason to end a training."""
        trainer.sync_buffers()
        samples = trainer.sampler.draw(count, _SEED)
        subject = Subject(samples, self.data, self._extractor, "valid", _SEED, _MOST, self._known)
        found: dict[str, Measurement] = {}
        refused: dict[str, str] = {}
        for name in self.names:
            try:
                found[name] = MEASURES[name].compute(subject)
            except MeasureError as error:
                refused[name] = str(error)
        return found, refused
