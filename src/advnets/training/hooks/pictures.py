"""samples/step-00001000.png: what fixed latents become as the training goes on, in rows where there are classes."""

from __future__ import annotations

from advnets.figures import by_class, can_name, save, save_samples
from advnets.runs.directory import writing
from advnets.training.session import Session

_IMAGES, _POINTS = 64, 2000
_COLUMNS = 10  # of a class
_SEED = 0


class Pictures:
    """Draws every `sample_every` steps (0 for never), with the averaged networks."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, every = session.trainer, session.trainer.recipe.sample_every
        if not every or trainer.step % every:
            return
        trainer.sync_buffers()
        path = session.run.samples / f"step-{trainer.step:08d}.png"
        numbers, images = trainer.class_numbers, len(trainer.shape) == 3
        if images and can_name(numbers):
            rows = trainer.sampler.by_class(numbers, _COLUMNS, _SEED)
            picture = by_class(rows, [trainer.data.classes[number] for number in numbers])  # type: ignore[arg-type]
            with writing(session.run.path):
                save(picture, path)
            return
        made = trainer.sampler.draw(_IMAGES if images else _POINTS, _SEED)
        with writing(session.run.path):
            save_samples(made, path, trainer.data.values)
