"""The Helvetica watch: sees G map ever more latents to ever fewer images while it happens.

Goodfellow et al. 2014, section 6, name the scenario; today's word is mode collapse. Every few steps a fixed set of
latents goes through G as it stands, not averaged, and the fakes are held beside fixed real images. Nothing is drawn
and no gradient moves a weight, so that a training with the watch is bit for bit the one without it.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from advnets.games.game import Batch, Game, Inputs, Made, Nets, judging, score
from advnets.measures.alarms import REPETITIVE, STUCK, UNCONDITIONAL, is_alarm
from advnets.randomness import StepNoise, Stream
from advnets.runs.sampling import Samples
from advnets.training.hooks import by_class
from advnets.training.hooks.by_class import ByClass
from advnets.training.hooks.verdict import YOUNG, finding, plain, remedy, verdict
from advnets.training.hooks.verdict_by_class import carried, class_finding, class_remedy, class_verdict, with_classes
from advnets.training.player import share_own_buffers
from advnets.training.schedules import as_computed
from advnets.training.trainer import Trainer

FIGURES = {
    "diversity": "geometric mean of spread and clusters, each at most 1",
    "smooth": "diversity, averaged over some looks",
    "movement": "how far a step moves the image of a latent, over the real images' mean distance from each other",
    "unrest": "movement, averaged over some looks",
    "spread": "the fakes' mean distance from each other over real images', in pixels",
    "spread_features": "the same in D's last hidden layer",
    "clusters": "over how many clusters of real images the fakes lie (exponential of the entropy) over real images'",
    "accuracy": "the share of pairs of a real and a fake image in which D puts the real one first",
    "slope": "the mean norm of the gradient of D's logit at a fake",
    **by_class.FIGURES,
}
_COUNT, _FEWEST, _CLUSTERS = 64, 16, 20
_MOVED = 32  # latents whose images' movement is measured
_CLUSTERED = 1024
_OPINIONS = 20  # looks
_AT_CLASSES = 2  # looks between those at the classes of a conditional game
_VALUES = 1 << 26  # of the real images: fewer, where they are large
_FEW_VALUES = 64  # of an image: the distances of more are faster by products
_SEED = 7


class Watch:
    """Looks at one training.

    Args:
        trainer: the game. Its data give the real images, evenly spaced among those it trains on.
        lines: of watch.jsonl so far.
        died: the process that wrote them did not come to its end.

    `blind` says why it never looks, where that is so.
    """

    def __init__(self, trainer: Trainer, lines: Sequence[Mapping[str, Any]] = (), died: bool = False) -> None:
        recipe, values = trainer.recipe, math.prod(trainer.shape)
        self._config, self._lines, self._batch, self._died = recipe.watch, list(lines), recipe.batch, died
        room = _VALUES // values
        self._batch_of_real = trainer.real_batch(min(_COUNT, max(room, 1)))
        self._real = self._batch_of_real.image
        # Passes as large as the training's own fit its memory; the more of them a look takes, the fewer looks.
        self._every = recipe.watch.every * math.ceil(len(self._real) / self._batch)
        self.blind = _blind(self._real)
        self._able = not self.blind
        self._copies: tuple[Nets, Nets] = {}, {}
        self._modules: Sequence[tuple[nn.Module, nn.Module]] = ()
        if self._able:
            self._inputs = trainer.sampler.inputs(len(self._real), _SEED)
            self._centers = _cluster(trainer.real_batch(max(len(self._real), min(_CLUSTERED, room // 4))).image)
            self._half_squares = self._centers.square().sum(1) / 2
            self._spread = float(_spread(self._real))
            self._evenness = _evenness(self._nearest(self._real).tolist())
            self._latents = self._parts(trainer, self._inputs)
            self._moved = self._parts(trainer, {name: rows[:_MOVED] for name, rows in self._inputs.items()})
            self._before = self._make(trainer, self._moved)
        grid = ByClass(trainer) if self._able and by_class.can_look(trainer) else None
        self._by_class = grid if grid is not None and grid.able else None

    def due(self, step: int) -> bool:
        """Whether to look after `step` steps; never where there are too few real images to compare with."""
        return self._able and step % self._every == 0

    def prepare(self, trainer: Trainer) -> None:
        """After each step: keep what the next look compares with, if it comes after one more step.

        A new watch makes the same again from a checkpoint's weights, so that no state is to be saved.
        """
        if self.due(trainer.step + 1):
            self._before = self._make(trainer, self._moved)

    def thorough(self, step: int) -> bool:
        """Whether the look at that step asks D, too, and is drawn: at every twentieth, and at alarms."""
        return step % (_OPINIONS * self._every) == 0 or self.alarm_at(step)

    def look(self, trainer: Trainer) -> dict[str, Any]:
        """The next line of watch.jsonl: the `FIGURES` of the game as it stands, and what `verdict` makes of them."""
        fakes = self._make(trainer, self._latents)
        figures = self._figures(fakes)
        line = {"step": trainer.step, **plain(figures), **verdict(figures, self._lines, trainer.step)}
        if self._by_class is not None:
            line |= self._at_classes(trainer, self._by_class, str(line["state"]))
        self._lines.append(line)
        if self.thorough(trainer.step):
            line |= plain(self._opinions(trainer, fakes))
        return line

    def _figures(self, fakes: Tensor) -> dict[str, float]:
        moved = torch.linalg.vector_norm((fakes[:_MOVED] - self._before).flatten(1), dim=1).mean()
        found = [_spread(fakes).view(1), moved.view(1), self._nearest(fakes).float()]
        spread, movement, *nearest = torch.cat(found).tolist()  # fetched from the device in one go
        return {
            "spread": spread / self._spread, "clusters": _evenness(nearest) / self._evenness,
            "movement": movement / self._spread,
        }  # fmt: skip

    def _at_classes(self, trainer: Trainer, grid: ByClass, state: str) -> dict[str, Any]:
        """What the line of a conditional game has besides: what its classes look like, at every second look."""
        last = self._lines[-1] if self._lines else {}
        if trainer.step % (_AT_CLASSES * self._every):
            found = carried(last)
        else:
            seen = grid.figures(self._make(trainer, self._parts(trainer, grid.inputs))).tolist()
            found = class_verdict(dict(zip(by_class.FIGURES, seen, strict=True)), last, trainer.step)
        return {**found, "state": with_classes(state, found)}

    def _make(self, trainer: Trainer, parts: Sequence[Inputs]) -> Tensor:
        with torch.no_grad():
            made = [trainer.game.sample(self._nets(trainer), part).float() for part in parts]
        return made[0] if len(made) == 1 else torch.cat(made)

    def _nets(self, trainer: Trainer) -> Nets:
        """The trainer's networks in eval mode; a user who goes on with other rates has another trainer."""
        nets = trainer.nets
        if self._copies[0] != nets:
            self._copies = nets, {name: _evaluated(network) for name, network in nets.items()}
            modules = [(self._copies[1][name].modules(), network.modules()) for name, network in nets.items()]
            self._modules = [pair for copied, own in modules for pair in zip(copied, own, strict=True)]
        for pair in self._modules:
            share_own_buffers(*pair)
        return self._copies[1]

    def _parts(self, trainer: Trainer, rows: Inputs) -> Sequence[Inputs]:
        """Named rows in passes of the training's own size, device and precision."""
        known = {name: as_computed(each.to(trainer.device), trainer.compute) for name, each in rows.items()}
        pieces = {name: each.split(self._batch) for name, each in known.items()}
        return [dict(zip(pieces, part, strict=True)) for part in zip(*pieces.values(), strict=True)]

    def _opinions(self, trainer: Trainer, fakes: Tensor) -> dict[str, float]:
        """What D thinks of fakes and real images, and how its hidden layer spreads them."""
        seen = [_look_at(trainer.game, self._nets(trainer), *each) for each in self._views(trainer)]
        of_real, of_fakes = [real for real, _ in seen], [fake for _, fake in seen]
        real_logits, fake_logits = (torch.cat([logits for logits, _, _ in each]) for each in (of_real, of_fakes))
        weights = [len(logits) / len(fakes) for logits, _, _ in of_fakes]
        figures = {
            "accuracy": float((real_logits[:, None] > fake_logits).float().mean()),
            "slope": sum(weight * slope for weight, (_, _, slope) in zip(weights, of_fakes, strict=True)),
        }
        real_hidden, fake_hidden = (_joined([hidden for _, hidden, _ in each]) for each in (of_real, of_fakes))
        if fake_hidden is not None and real_hidden is not None:
            figures["spread_features"] = float(_spread(fake_hidden) / _spread(real_hidden).clamp_min(1e-12))
        return figures

    def _views(self, trainer: Trainer) -> Sequence[tuple[Batch, Inputs]]:
        """Real rows and draws, in passes of the training's own size: the latents, and what else the game draws."""
        real = self._batch_of_real
        parts = self._parts(trainer, real.by_row())
        batches = [replace(real, **part, whole=len(real)) for part in parts]
        found: list[tuple[Batch, Inputs]] = []
        for number, (batch, latents) in enumerate(zip(batches, self._latents, strict=True)):
            noise = StepNoise(_SEED, number, Stream.SAMPLES, 0, len(batch), len(batch), trainer.device)
            drawn = trainer.game.draw(batch, noise)
            found.append(
                (batch, {name: as_computed(each, trainer.compute) for name, each in drawn.items()} | {**latents})
            )
        return found

    def _nearest(self, images: Tensor) -> Tensor:
        """The number of the cluster of real images in which each of these lies, int64 (N,)."""
        return torch.addmm(self._half_squares, images.flatten(1), self._centers.t(), alpha=-1).argmin(1)

    def fakes(self, trainer: Trainer) -> Samples:
        """The fakes that the watch sees, as samples are: bytes, or points in their own units."""
        return trainer.raw_sampler.decode(self._inputs)

    @property
    def classes(self) -> ByClass | None:
        """The grid of latents and classes that the last look found something amiss in; None where it did not."""
        return self._by_class if self._lines and self._lines[-1]["state"] in (REPETITIVE, UNCONDITIONAL) else None

    def alarm_at(self, step: int) -> bool:
        """Whether the look at that step was the last, and the first to find what it finds."""
        return bool(self._lines) and self._lines[-1]["step"] == step and is_alarm(self._lines[-2:])

    def unheeded(self, step: int) -> bool:
        """Whether a kill came between the alarm at that step and what it leads to; whoever resumes a stop goes on."""
        doing = self._config.doing
        return self.alarm_at(step) and (doing == "rollback" or (doing == "stop" and self._died))

    @property
    def last_healthy(self) -> int | None:
        """The step of the last look before a fall began; None where there is none, as in a game that never rose."""
        if self._lines and self._lines[-1]["state"] == STUCK:
            return None
        fine = (int(line["step"]) for line in reversed(self._lines) if line["state"] in ("rising", "healthy"))
        return next(fine, None)

    @property
    def risen(self) -> bool:
        """Whether the images were ever various enough to have something to lose."""
        return bool(self._lines) and self._lines[-1]["peak"] >= YOUNG

    def alarm(self, picture: Path) -> list[str]:
        """What to tell the user after an alarm: what was seen, and what to try."""
        line = self._lines[-1]
        ago = "" if self.last_healthy is None else f"; last healthy at step {self.last_healthy:,}"
        of_classes = self.classes is not None
        seen = class_finding(line) if of_classes else finding(line)
        said = [f"step {line['step']:,}: {seen}{ago}; picture: {picture}"]
        helps = class_remedy(line) if of_classes else remedy(line, self._config)
        return said if self._config.doing == "rollback" else [*said, f"what to try: {helps}"]


def _blind(real: Tensor) -> str:
    """Why there is nothing to hold fakes beside; empty where there is."""
    if len(real) < _FEWEST:
        return f"there are fewer than {_FEWEST} training images to compare with, or they are too large"
    return "" if bool(_spread(real) > 0) else "the training images are all alike"


def _evaluated(network: nn.Module) -> nn.Module:
    """A copy in eval mode that shares all weights and running statistics: switching modes costs more than a look."""
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    return copy.deepcopy(network, shared).eval()


def _look_at(game: Game, nets: Nets, batch: Batch, draws: Inputs) -> tuple[_Opinion, _Opinion]:
    """The first discriminator's opinion of real rows, and of what is made of the draws."""
    with torch.no_grad():
        made: Made = game.make(nets, batch, draws)
    view = game.views(batch, draws, made.outputs)[0]
    D = judging(game, nets[view.discriminator])
    return _opinion(D, view.real), _opinion(D, view.fake)


_Opinion = tuple[Tensor, Tensor | None, float]
"""D's logits (N,), what its last linear layer sees (N x F; None without one) and its mean slope at the images."""


def _opinion(D: nn.Module, inputs: Inputs) -> _Opinion:
    name, images = next(iter(inputs.items()))
    leaf, seen = images.detach().requires_grad_(), list[Tensor]()

    def note(_: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        seen.append((*args, *kwargs.values())[0].detach())

    layers = [module for module in D.modules() if isinstance(module, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(note, with_kwargs=True) for layer in layers]
    try:
        with torch.enable_grad():
            logits = score(D, {**inputs, name: leaf})
            slopes = torch.autograd.grad(logits.sum(), leaf)[0]
    finally:
        for hook in hooks:
            hook.remove()
    hidden = seen[-1].float().flatten(1) if seen and len(seen[-1]) == len(images) else None
    return logits.detach().float(), hidden, float(slopes.flatten(1).norm(dim=1).mean())


def _spread(images: Tensor) -> Tensor:
    """Mean distance between two of the images."""
    rows, count = images.flatten(1), len(images)
    if rows.shape[1] <= _FEW_VALUES:
        return torch.pdist(rows).mean()
    rows = rows - rows.mean(0)  # what all have in common only costs digits
    products = rows @ rows.t()
    squares = products.diagonal()
    return (squares[:, None] + squares - 2 * products).clamp_min_(0).sqrt_().sum() / (count * (count - 1))


def _evenness(clusters: Sequence[float]) -> float:
    """Over how many clusters the images lie, effectively: the exponential of their counts' entropy."""
    shares = [count / len(clusters) for count in Counter(clusters).values()]
    return math.exp(-sum(share * math.log(share) for share in shares))


def _cluster(images: Tensor) -> Tensor:
    """Centers of k-means clusters of the images, always the same ones: K x values."""
    from scipy.cluster.vq import kmeans2  # a third of a second: only a training pays

    rows = images.flatten(1).cpu().double().numpy()
    count = max(1, min(_CLUSTERS, len(np.unique(rows, axis=0)) // 4))
    centers, _ = kmeans2(rows, count, iter=20, minit="++", rng=np.random.default_rng(_SEED))
    return torch.from_numpy(centers).to(images.device, torch.float32)


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if len(known) == len(parts) else None
