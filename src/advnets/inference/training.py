"""An encoder trained after G is fixed: it learns to find the latents of G's own samples, and perhaps G's best image.

Source: Goodfellow et al. 2014, section 7, extension 2: "training an auxiliary network to predict z given x", as the
wake-sleep algorithm does, "but with the advantage that the inference net may be trained for a fixed generator net".
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from advnets.config.players import AdamConfig
from advnets.data import Table
from advnets.data.contrast import normalize
from advnets.data.parallel import progress_bar
from advnets.errors import DivergedError, RunError
from advnets.files import held, write_whole
from advnets.games import priors
from advnets.games.game import Batch
from advnets.inference.errors import told_rows
from advnets.randomness import Stream, generator_for
from advnets.runs import checkpoint
from advnets.runs.coding import Coder, latents_of
from advnets.runs.directory import writing
from advnets.runs.encoders import (
    ENCODER,
    OPTIMIZER,
    WEIGHTS,
    EncoderSettings,
    folder_of,
    identity_of,
    read_settings,
    write_settings,
)
from advnets.runs.inference import generators_of, with_encoder
from advnets.runs.networks import load_weights
from advnets.runs.run import Run
from advnets.training.batches import Batches, Data
from advnets.training.interrupt import interruptible
from advnets.training.player import Player

_LOG_EVERY, _CHECKPOINT_EVERY, _KEPT = 100, 100, 2


class EncoderTraining:
    """A training of an encoder under way.

    Args:
        run: whose generator stays as it is.
        table: its data; training images give conditions and, where pixels are weighed, what E must find latents of.
        settings: how it is trained.
    """

    def __init__(self, run: Run, table: Table, settings: EncoderSettings) -> None:
        self.settings, self.step, self.lines = settings, 0, list[dict[str, float]]()
        latents = latents_of(run.game, run.seats)
        device = next(run.generator.parameters()).device
        self.encoder = settings.build(run.shape, latents.length).to(device).train()
        self.coder: Coder = with_encoder(run, self.encoder, latents)
        optimizer = AdamConfig(rate=settings.rate, betas=(0.9, 0.999), schedule="linear")
        self._player = Player(self.encoder, optimizer, torch.float32)
        low, high = run.value_range if len(run.shape) == 3 else (0.0, 1.0)
        self._span, self._device = high - low, device
        self._batches = self._open(run, table, (low, high)) if settings.pixels or run.conditional else None

    def advance(self) -> Tensor:
        """One update: the costs of latents and of pixels, (2,), on the device."""
        settings, rng = self.settings, generator_for(self.settings.seed, self.step, Stream.INFERENCE)
        latents = self.coder.latents.joined(self.coder.sampler.game.wish(settings.batch, rng)).to(self._device)
        batch = None if self._batches is None else self._batches(self.step)
        with torch.enable_grad():
            costs = self._costs(latents, batch)
            cost = costs[0] + settings.pixels * costs[1]
            grads = torch.autograd.grad(cost, self._player.parameters)
        self._player.move(grads, self.step, settings.steps)
        self.step += 1
        return costs.detach()

    def _costs(self, latents: Tensor, batch: Batch | None) -> Tensor:
        condition = None if batch is None else batch.condition
        with torch.no_grad():
            seen = self.coder.outputs(latents, condition)
        if self.settings.pixels and batch is not None:
            seen = torch.cat([seen, batch.image])
            condition = None if condition is None else torch.cat([condition, condition])
        codes = self.encoder(seen)
        found = [(codes[: len(latents)] - latents).square().mean(), codes.new_zeros(())]
        if self.settings.pixels:
            # Straight through where the prior cannot draw: what is decoded is what `Coder.encode` will give.
            within = codes + (priors.inside(self.coder.prior, codes) - codes).detach()
            found[1] = (self.coder.outputs(within, condition) - seen).square().mean() / self._span**2
        return torch.stack(found)

    def checkpoint(self) -> checkpoint.Checkpoint:
        """Everything that the rest of the training depends on."""
        tensors = {WEIGHTS: self.encoder.state_dict(), OPTIMIZER: self._player.optimizer_state}
        return checkpoint.Checkpoint(self.step, tensors, {})

    def restore(self, saved: checkpoint.Checkpoint, lines: Sequence[dict[str, float]]) -> None:
        """Go on from a checkpoint, with the log's lines so far."""
        load_weights(self.encoder, saved.tensors[WEIGHTS], ENCODER)
        self._player.load_optimizer(saved.tensors[OPTIMIZER])
        self._player.reload()
        self.step, self.lines = saved.step, [line for line in lines if line["step"] <= saved.step]

    def log(self, costs: Tensor) -> None:
        """Note the costs of the last update.

        Raises:
            DivergedError: one of them is not finite.
        """
        latents, pixels = costs.tolist()
        if not torch.isfinite(costs).all():
            raise DivergedError(f"the encoder's cost is not finite at step {self.step}", "train it anew, --rate 1e-4")
        self.lines.append({"step": self.step, "latents": latents, "pixels": pixels})

    def _open(self, run: Run, table: Table, span: tuple[float, float]) -> Batches:
        rows = told_rows(run, table, table.rows("train"))  # of a class that nobody knows G makes nothing
        data = Data(table.values, rows, table.labels, table.classes, table.vectors, table.scale)
        contrast = run.recipe.contrast
        seen = None if contrast is None else functools.partial(normalize, norm=contrast)
        span = span if contrast is None else (0.0, 255.0)
        settings = self.settings
        return Batches(data, settings.batch, settings.seed, self._device, torch.float32, span, run.conditional, seen)


def train_encoder(run: Run, table: Table, changes: dict[str, Any], fresh: bool = False) -> nn.Module:
    """The encoder of a run's generator: trained, gone on with, or as it is where it is finished.

    It lies in the run directory, see `advnets.runs.encoders`.

    Args:
        run: whose.
        table: its data.
        changes: fields of `EncoderSettings` that the caller has said.
        fresh: train it anew.

    Returns:
        The encoder, in eval mode.

    Raises:
        RunError: settings are out of range: then nothing is removed; one of other settings or of another generator is
            there, or it cannot be written.
        RunError: Ctrl-C or SIGTERM came: it is kept as far as it is.
        DivergedError: a cost is not finite.
    """
    folder, identity = folder_of(run.path, run.step), identity_of(generators_of(run))
    wanted = EncoderSettings(**changes).settled(run.shape)  # refused before anything is removed
    with _alone(folder):
        if fresh:
            for name in ("encoder.json", "checkpoints", "metrics.jsonl"):
                _remove(folder / name)
        settings = _settle(folder, wanted, identity, changes)
        training = EncoderTraining(run, table, settings)
        _go_on(training, folder)
        with progress_bar("Training an encoder", settings.steps, unit="steps", shown=True) as advance:
            advance(training.step)
            _train(training, folder, advance, fresh)
    return training.encoder.eval()


def _settle(folder: Path, wanted: EncoderSettings, identity: str, changes: dict[str, Any]) -> EncoderSettings:
    """The settings that were begun with, if there are any; else those that were said, written."""
    begun = read_settings(folder)
    if begun is None:
        with writing(folder):
            write_whole(folder / "encoder.json", write_settings(wanted, identity))
        return wanted
    settings, of = begun
    if of != identity:
        raise RunError(f"{folder} is of another generator", "train it anew with --fresh")
    for name, value in changes.items():
        if value != (there := getattr(settings, name)):
            raise RunError(f"{folder} has {name} {there}, not {value}", "leave it out, or train anew with --fresh")
    return settings


def _go_on(training: EncoderTraining, folder: Path) -> None:
    saved, _ = checkpoint.newest(folder / "checkpoints")
    if saved is None:
        return
    log = folder / "metrics.jsonl"
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    training.restore(saved, [json.loads(line) for line in lines])
    with writing(folder):
        checkpoint.discard_after(folder / "checkpoints", saved.step)


def _train(training: EncoderTraining, folder: Path, advance: Callable[[int], None], fresh: bool) -> None:
    steps = training.settings.steps
    with interruptible() as interrupt:
        while training.step < steps and not interrupt.name:
            costs = training.advance()
            advance(1)
            if training.step % _LOG_EVERY == 0 or training.step == steps:
                training.log(costs)
            if training.step % _CHECKPOINT_EVERY == 0 or training.step == steps:
                _keep(training, folder)
    if training.step < steps:
        _keep(training, folder)
        what = f"{interrupt.name}: stopped with an encoder of {training.step:,} of {steps:,} steps, which is kept"
        raise RunError(what, "the same command goes on" if not fresh else "the same command without --fresh goes on")


def _keep(training: EncoderTraining, folder: Path) -> None:
    with writing(folder):
        write_whole(folder / "metrics.jsonl", "".join(json.dumps(e) + "\n" for e in training.lines).encode())
        checkpoint.save(folder / "checkpoints", training.checkpoint(), _KEPT)


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the folder for this process alone.

    Raises:
        RunError: another process trains there, or it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            with writing(folder, "or copy the run to another place"):
                stack.enter_context(held(folder))
        except RunError as error:
            if not isinstance(error.__cause__, BlockingIOError):
                raise
            raise RunError(f"{folder} is being trained by another process", "wait for it or stop it") from None
        yield


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
