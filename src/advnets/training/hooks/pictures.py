"""samples/step-00001000.png: what fixed latents become as the training goes on."""

from __future__ import annotations

from advnets.figures import save_samples
from advnets.runs.directory import writing
from advnets.training.session import Session

_IMAGES, _POINTS = 64, 2000
_SEED = 0


class Pictures:
    """Draws every `sample_every` steps (0 for never), with the averaged networks."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        trainer, every = session.trainer, session.trainer.recipe.sample_every
        if not every or trainer.step % every:
            return
        trainer.sync_buffers()
        made = trainer.sampler.draw(_IMAGES if len(trainer.shape) == 3 else _POINTS, _SEED)
        with writing(session.run.path):
            path = session.run.samples / f"step-{trainer.step:08d}.png"
            save_samples(made, path, trainer.data.values)
