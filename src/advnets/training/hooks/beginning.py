"""What a training shows before its first step: what to look out for, real images, and the first fakes."""

from __future__ import annotations

from collections.abc import Iterator

from advnets.training.hooks.pictures import draw_reals, draw_samples
from advnets.training.hooks.watch import Watch
from advnets.training.output_range import misfit
from advnets.training.session import Session
from advnets.training.trainer import Trainer


def begin(session: Session, watch: Watch | None) -> None:
    """Warn of what matters, and draw samples/reals.png and the first samples. No random number of a step is drawn.

    Raises:
        RunError: the run directory cannot be written.
    """
    for warning in warnings(session.trainer, watch):
        session.display.say(f"warning: {warning}")
    if session.trainer.recipe.sample_every:
        for draw in (draw_reals, draw_samples):
            session.told.picture(0, draw(session.trainer, session.run))


def warnings(trainer: Trainer, watch: Watch | None) -> Iterator[str]:
    """What is allowed and seldom meant, a line each."""
    recipe, count, what = trainer.recipe, len(trainer.data.rows), "images" if len(trainer.shape) == 3 else "points"
    if count < recipe.batch:
        yield (
            f"a batch of {recipe.batch:,} is more than the {count:,} {what} to train on, and holds them several times;"
            f" say --batch {count}, or find more {what}"
        )
    if watch is None:
        yield "the watch is off: nobody will say that the images become all alike; --watch.action warn looks"
    elif watch.blind:
        yield f"the watch sees nothing: {watch.blind}"
    for name, player in recipe.players.items():
        updates = recipe.steps * _updates(trainer, name)
        if player.optimizer.warmup > updates:
            yield (
                f"the rate of the {name} rises over {player.optimizer.warmup:,} updates, and the training has"
                f" {updates:,}: it never reaches {player.optimizer.rate:g}"
            )
    if recipe.keep_every > recipe.steps:
        yield f"no checkpoint is kept for good: the training has {recipe.steps:,} steps, fewer than --keep-every"
    if unfilled := _unfilled(trainer):
        yield unfilled
    if wrong := misfit(trainer):
        yield wrong


def _unfilled(trainer: Trainer) -> str:
    """That the buffer of replayed fakes never gets full, before which none of it is shown; empty where it does."""
    recipe, config = trainer.recipe, trainer.recipe.coordination
    updates = recipe.steps * max(recipe.discriminator_steps, config.most_discriminator_steps)
    each = min(round(config.replayed * max(recipe.batch, config.final_batch)), config.replay_size)
    if not config.replayed or each * (updates - 1) >= config.replay_size:
        return ""
    what = f"no fakes are replayed: the buffer of {config.replay_size:,} is not full after {updates:,} updates of D"
    return f"{what}, {each:,} in each; use a smaller --coordination.replay_size, or more steps or --replayed"


def _updates(trainer: Trainer, name: str) -> int:
    """Updates of a player in a step."""
    discriminator = trainer.seats[name].side == "discriminator"
    return trainer.recipe.discriminator_steps if discriminator else trainer.recipe.generator_steps
