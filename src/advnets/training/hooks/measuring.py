"""Measures while a training runs: of the averaged generator, within a budget, and what follows from them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from advnets.config.measuring import MeasureConfig
from advnets.data import Table
from advnets.errors import MeasureError
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Features, Subject, check_fits, check_names
from advnets.measures.features import extractor_for
from advnets.measures.progress import at_rest, best_steps
from advnets.measures.words import explained
from advnets.sharing import shared_among
from advnets.training.memory import give_back_memory
from advnets.training.session import Session
from advnets.training.trackers.records import of_measures
from advnets.training.trainer import Trainer
from advnets.world import ALONE, MEASURE

Prune = Callable[[Sequence[Mapping[str, Any]], float], bool]
"""Asked after each measurement whether the training is hopeless: of the lines of measures.jsonl so far, and the share
of the training that is done. It is asked the same again where a kill came between its answer and the end."""

_FEWEST, _MOST = 500, 10_000
_FEW = 1000  # real images
_SEED = 1


@dataclass
class Measuring:
    """The measurements of one training.

    Args:
        config: what is measured, and how often.
        data: the table that is trained on; its validation images are measured against.
        steps: of the training.
        count: samples a measurement, where an earlier part of the training has settled it.
        prune: says after each measurement whether to end the training for being hopeless.
        warning: what the user should hear of once, after the first measurement: few real images, what words of other
            libraries stand for, a budget that does not hold.

    Raises:
        MeasureError: an unknown measure, or one that cannot be taken of these data.
    """

    config: MeasureConfig
    data: Table
    steps: int
    count: int = 0
    prune: Prune | None = None
    warning: str = ""
    _known: dict[str, Features] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = check_names(self.config.names)
        if self.config.judge not in self.names:
            raise MeasureError(f"best is {self.config.judge!r}", f"choose from {', '.join(self.names)}")
        self.every = self.config.settled(self.steps).every
        self.count = self.config.count or self.count
        if self.data.count("valid") < 2:
            raise MeasureError(f"{self.data.name} has no validation examples to measure against", "use a --holdout")
        self._extractor = extractor_for(self.config.features, self.data)
        for name in self.names:
            check_fits(name, self.data, self._extractor)
        width = self.data.shape[0] if self._extractor is None else self._extractor.dimension
        self._fewest = max(_FEWEST, width + 1) if "frechet_infinity" in self.names else _FEWEST
        needed = max(100, width + 1)
        if "frechet_infinity" in self.names and 0 < self.config.count < needed:
            raise MeasureError(f"frechet_infinity of {self.config.count} samples", f"give count={needed} or more")
        self.real = min(self.data.count("valid"), _MOST)
        self.warning = "\n".join(self._notes())

    def _notes(self) -> list[str]:
        """What is known of the measurements before the first one."""
        features = "points" if self._extractor is None else self._extractor.name
        words = [word.strip().lower() for word in self.config.metrics.split(",")]
        few = f"{self.real:,} validation examples to measure against are few: others would give other figures"
        return [*([few] if self.real < _FEW else []), *explained(words, features, "the classifier")]

    def after_step(self, session: Session) -> None:
        """Measure, if it is time to: add a line to measures.jsonl, and keep the checkpoint if it is one of the best."""
        trainer, judge = session.trainer, self.config.judge
        if not self.due(trainer.step, trainer.recipe.steps):
            return
        trainer.check_finite({})
        line = self.take(trainer, session.clock.stamp() / trainer.step)
        give_back_memory()
        session.run.append_measures(line)
        said = [f"{name} {found['value']:.4g}" for name, found in line["measures"].items()]
        said += [f"{name} was not taken: {why}" for name, why in line.get("refused", {}).items()]
        counts = f"{line['count']:,} samples, {self.real:,} real"
        session.display.say(f"step {trainer.step:,}: {', '.join(said)} ({counts})")
        if self.warning:
            session.display.say(self.warning)
            self.warning = ""
        session.plot({f"measures/{name}": found["value"] for name, found in line["measures"].items()})
        session.told.scalars(trainer.step, of_measures(line))
        lines = session.run.read_measures()
        if trainer.step in best_steps(lines, judge)[: trainer.recipe.keep_best]:
            session.keep()
        if at_rest(lines, judge, self.config.patience):
            session.ending = session.ending or "at rest"
        elif self._is_hopeless(lines, session):
            session.ending = session.ending or "pruned"

    def hopeless(self, session: Session) -> bool:
        """Whether a training that goes on from a checkpoint is to end there: what was measured of it was hopeless."""
        lines = session.run.read_measures()
        return bool(lines) and lines[-1]["step"] == session.trainer.step and self._is_hopeless(lines, session)

    def _is_hopeless(self, lines: Sequence[Mapping[str, Any]], session: Session) -> bool:
        recipe, step = session.trainer.recipe, session.trainer.step
        budget = recipe.budget_seconds
        share = step / recipe.steps if budget is None else session.clock.stamp() / budget
        return self.prune is not None and self.prune(lines, 1.0 if step >= recipe.steps else min(share, 1.0))

    def due(self, step: int, steps: int) -> bool:
        """Whether to measure after `step` steps of so many."""
        return step % self.every == 0 or step == steps

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
            "step": trainer.step, "count": trainer.sampler.once(self.count),
            "measure_seconds": round(time.perf_counter() - begin, 3),
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
            self.warning += "\n" * bool(self.warning) + (
                f"measuring takes {share:.0%} of the training time, with as few as {self._fewest} samples; to keep to"
                f" {self.config.budget:.0%} measure every {enough:,} steps"
            )
        fits = self._fewest * math.sqrt(allowed / max(took, 1e-9))
        return max(int(min(fits, _MOST) // 100 * 100), self._fewest)

    def _measure(self, trainer: Trainer, count: int) -> tuple[dict[str, Measurement], dict[str, str]]:
        """The measures, in all processes that train together, and why some could not be taken."""
        trainer.world.order(MEASURE)
        return self._together(trainer, trainer.world.told(count))

    def assist(self, trainer: Trainer) -> None:
        """Take part in what the first process measures."""
        self._together(trainer, trainer.world.told(0))

    def _together(self, trainer: Trainer, count: int) -> tuple[dict[str, Measurement], dict[str, str]]:
        world, features = trainer.world, self._extractor and self._extractor.identity
        alike = world.all_have(features)  # each machine may have trained a classifier for itself
        if not (alike or world.leads):
            return {}, {}
        with shared_among(world if alike else ALONE):
            return self._taken(trainer, count)

    def _taken(self, trainer: Trainer, count: int) -> tuple[dict[str, Measurement], dict[str, str]]:
        """What could not be taken is no reason to end a training."""
        trainer.sync_buffers()
        samples, scale = trainer.sampler.draw(trainer.sampler.once(count), _SEED), self.data.scale
        rows: Any = samples if scale is None else scale.standardize(samples)  # rounded, as they are given out
        subject = Subject(rows, self.data, self._extractor, "valid", _SEED, _MOST, self._known)
        found: dict[str, Measurement] = {}
        refused: dict[str, str] = {}
        for name in self.names:
            try:
                found[name] = MEASURES[name].compute(subject)
            except MeasureError as error:
                refused[name] = str(error)
        return found, refused
