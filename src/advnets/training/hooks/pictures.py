"""samples/: real images as discriminators see them, and what fixed latents become as the training goes on.

Both have a row a class where the game has a few classes. In a game that translates, samples stand beside their sources;
where the game completes images, some of them are, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advnets.figures import by_class, can_name, completions, save, save_samples, side_by_side
from advnets.randomness import StepNoise, Stream
from advnets.runs.completing import complete
from advnets.runs.directory import RunDirectory, writing
from advnets.runs.sampling import Samples
from advnets.training.session import Session
from advnets.training.trainer import Trainer

_IMAGES, _POINTS = 64, 2000
_COLUMNS = 10  # of a class
_COMPLETED, _TIMES = 12, 8  # images, and completions of each
_SEED = 0


class Pictures:
    """Draws every `sample_every` steps (0 for never), with the averaged networks."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, every = session.trainer, session.trainer.recipe.sample_every
        if every and trainer.step % every == 0:
            session.told.picture(trainer.step, draw_samples(trainer, session.run))


def draw_samples(trainer: Trainer, run: RunDirectory) -> Path:
    """samples/step-00001000.png: what fixed latents are at the trainer's step.

    Returns:
        The picture.

    Raises:
        RunError: the run directory cannot be written.
    """
    trainer.sync_buffers()
    if trainer.sampler.completes:
        _draw_completions(trainer, run)
    numbers, path = _rows(trainer), run.samples / f"step-{trainer.step:08d}.png"
    if numbers:
        rows = trainer.sampler.by_class(numbers, _COLUMNS, _SEED)
        _save_rows(trainer, run, path, rows, numbers)
        return path
    count = trainer.sampler.once(_most(trainer))
    made = trainer.sampler.draw(count, _SEED)
    if trainer.sampler.sources is not None:
        made = side_by_side(trainer.sampler.sources_of(count, _SEED), made)
    with writing(run.path):
        save_samples(made, path, trainer.data.points(_POINTS), trainer.data.columns)
    return path


def draw_reals(trainer: Trainer, run: RunDirectory) -> Path:
    """samples/reals.png: training images as discriminators see them: brought to size, normalized, augmented.

    Returns:
        The picture.

    Raises:
        RunError: the run directory cannot be written.
    """
    numbers, rows, path = _rows(trainer), trainer.data.rows, run.samples / "reals.png"
    if numbers:
        labels = trainer.data.labels
        assert labels is not None  # or there were no classes
        chosen = np.concatenate([_evenly(rows[labels[rows] == number], _COLUMNS) for number in numbers])
        seen = trainer.as_seen(chosen).reshape(len(numbers), _COLUMNS, *trainer.shape)
        _save_rows(trainer, run, path, seen, numbers)
        return path
    chosen = _evenly(rows, min(_most(trainer), len(rows)))
    seen, sources = trainer.as_seen(chosen), trainer.sources_as_seen(chosen)
    if sources is not None:
        seen = side_by_side(sources, seen)
    with writing(run.path):
        if len(trainer.shape) == 3:
            save_samples(seen, path, None)
        else:
            save_samples(seen[:0], path, seen, trainer.data.columns)
    return path


def _draw_completions(trainer: Trainer, run: RunDirectory) -> None:
    """samples/completions-00001000.png: some training images with holes as the game draws them, always the same."""
    batch = trainer.real_batch(_COMPLETED)
    noise = StepNoise(_SEED, 0, Stream.SAMPLES, 0, len(batch), len(batch), trainer.device)
    missing = trainer.game.draw(batch, noise)["mask"].cpu().numpy() < 0.5
    images: NDArray[np.uint8] = trainer.sampler.shown(batch.image)  # type: ignore[assignment]  # images are bytes
    made = complete(trainer.sampler, images, missing, _TIMES, _SEED)
    with writing(run.path):
        save(completions(images, missing, made), run.samples / f"completions-{trainer.step:08d}.png")


def _save_rows(trainer: Trainer, run: RunDirectory, path: Path, rows: Samples, numbers: Sequence[int]) -> None:
    picture = by_class(rows, [trainer.data.classes[number] for number in numbers])  # type: ignore[arg-type]  # bytes
    with writing(run.path):
        save(picture, path)


def _most(trainer: Trainer) -> int:
    return _IMAGES if len(trainer.shape) == 3 else _POINTS


def _rows(trainer: Trainer) -> list[int]:
    """The classes that have a row each in a picture; none where it is a grid."""
    numbers = trainer.class_numbers
    return numbers if len(trainer.shape) == 3 and can_name(numbers) else []


def _evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """So many of the rows, evenly spaced; some of them again where they are fewer."""
    return rows[np.arange(count) * len(rows) // count]
