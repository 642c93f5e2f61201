"""The Helvetica watch: sees G map ever more latents to ever fewer images while it happens.

Goodfellow et al. 2014, section 6, name the scenario; today's word is mode collapse. Every few steps a fixed set of
latents goes through G as it stands, not averaged, and the fakes are held beside fixed real images. Nothing is drawn
and no gradient moves a weight, so that a training with the watch is bit for bit the one without it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from advnets.measures.alarms import ALARMS, COLLAPSED, STUCK, UNSTEADY, is_alarm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

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
}
YOUNG, GROWN = 0.25, 0.7
FALL = {YOUNG: 0.3, GROWN: 0.78}
SUDDEN = {YOUNG: 0.2, GROWN: 0.55}
"""A collapse: the smoothed diversity is below FALL of its peak, or a single look below SUDDEN of it, by how high the
peak was. Early in a training diversity swings, so that only a deep fall counts; below YOUNG there was never anything
to lose. Calibrated on real runs, other ones than those that benchmarks/watch.py shows."""
WILD, LEAST_WILD, ALWAYS_WILD, TAME = 1.8, 0.15, 0.5, 0.8
SETTLED = {"steps": 250, "looks": 20}
"""Before most collapses G's images are thrown about: the smoothed movement is WILD times what is usual and at least
LEAST_WILD, or it is ALWAYS_WILD, as with rates that were too high from the beginning; that is over below TAME of it. A
game has SETTLED after so many steps and looks; in its first steps every one is thrown about."""
VAIN, ROUSED, LONG = 0.01, 0.02, {"steps": 1000, "looks": 20}
"""A game that never rose is stuck if its smoothed diversity is below VAIN after so long, until it is ROUSED.
(`paper-mnist` comes down to .03 in its first 800 steps, by five seeds, before it rises.)"""
SOUND = 0.9  # of the peak: healthy
_WEIGHT, _SLOW = 0.2, 0.02  # of the newest look in what is smoothed, in what is usual
_MOST_ROLLBACKS = 4  # a sixteenth of the first rates
_AHEAD = 0.95  # of the pairs
_COUNT, _FEWEST, _CLUSTERS = 64, 16, 20
_MOVED = 32  # latents whose images' movement is measured
_CLUSTERED = 1024
_OPINIONS = 20  # looks
_VALUES = 1 << 26  # of the real images: fewer, where they are large
_SEED = 7


@dataclass(frozen=True)
class WatchConfig:
    """The Helvetica watch: mode collapse, seen while it happens."""

    action: Literal["warn", "stop", "rollback", "off"] = "warn"
    """On an alarm: say so and go on; end the training; or go back to the last healthy checkpoint at lower rates."""
    every: int = 5
    """Steps between looks; what costs more, D's opinion, is asked for at every twentieth."""
    rollbacks: int = 0
    """How often the run has been rolled back so far; the watch counts, and after the fourth it stops instead."""

    @property
    def doing(self) -> str:
        """What an alarm leads to now."""
        return "stop" if self.action == "rollback" and self.rollbacks >= _MOST_ROLLBACKS else self.action


class Watch:
    """Looks at one training.

    Args:
        trainer: the game. Its data give the real images, evenly spaced among those it trains on.
        lines: of watch.jsonl so far.
        died: the process that wrote them did not come to its end.
    """

    def __init__(self, trainer: Trainer, lines: Sequence[Mapping[str, Any]] = (), died: bool = False) -> None:
        recipe, values = trainer.recipe, math.prod(trainer.shape)
        self._config, self._lines, self._batch, self._died = recipe.watch, list(lines), recipe.batch, died
        room = _VALUES // values
        self._real = trainer.real_images(min(_COUNT, max(room, 1)))
        # Passes as large as the training's own fit its memory; the more of them a look takes, the fewer looks.
        self._every = recipe.watch.every * math.ceil(len(self._real) / self._batch)
        self._able = len(self._real) >= _FEWEST and bool(_spread(self._real) > 0)
        if self._able:
            self._latents = trainer.sampler.latents(len(self._real), _SEED)
            self._centers = _cluster(trainer.real_images(max(len(self._real), min(_CLUSTERED, room // 4))))
            self._spread, self._evenness = _spread(self._real), self._clusters(self._real)
            self._before = self._make(trainer, _MOVED)

    def due(self, step: int) -> bool:
        """Whether to look after `step` steps; never where there are too few real images to compare with."""
        return self._able and step % self._every == 0

    def prepare(self, trainer: Trainer) -> None:
        """After each step: keep what the next look compares with, if it comes after one more step.

        A new watch makes the same again from a checkpoint's weights, so that no state is to be saved.
        """
        if self.due(trainer.step + 1):
            self._before = self._make(trainer, _MOVED)

    def look(self, trainer: Trainer) -> dict[str, Any]:
        """The next line of watch.jsonl: the `FIGURES` of the game as it stands, and what `judge` makes of them."""
        fakes = self._make(trainer)
        moved = (fakes[:_MOVED] - self._before).flatten(1).norm(dim=1).mean()
        found = [_spread(fakes) / self._spread, self._clusters(fakes) / self._evenness, moved / self._spread]
        spread, clusters, movement = torch.stack(found).tolist()  # fetched from the device in one go
        figures: dict[str, float] = {"spread": spread, "clusters": clusters, "movement": movement}
        line = {"step": trainer.step, **_plain(figures), **judge(figures, self._lines, trainer.step)}
        self._lines.append(line)
        if trainer.step % (_OPINIONS * self._every) == 0 or self.alarm_at(trainer.step):
            line |= _plain(self._opinions(trainer, fakes))
        return line

    def _make(self, trainer: Trainer, count: int | None = None) -> Tensor:
        G = trainer.generator.worker
        with evaluating(G), torch.no_grad():
            z = self._latents[:count].to(trainer.device, trainer.compute)
            return torch.cat([G(part).float() for part in z.split(self._batch)])

    def _opinions(self, trainer: Trainer, fakes: Tensor) -> dict[str, float]:
        """What D thinks of fakes and real images, and how its hidden layer spreads them."""
        D = trainer.discriminator.worker
        with evaluating(D):
            of_real = [_opinion(D, part) for part in self._real.to(trainer.compute).split(self._batch)]
            of_fakes = [_opinion(D, part) for part in fakes.to(trainer.compute).split(self._batch)]
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

    def _clusters(self, images: Tensor) -> Tensor:
        """Over how many clusters of real images these lie, effectively: the exponential of the counts' entropy."""
        nearest = torch.cdist(images.flatten(1), self._centers).argmin(1)
        shares = torch.bincount(nearest, minlength=len(self._centers)).float() / len(images)
        return torch.special.entr(shares).sum().exp()

    def fakes(self, trainer: Trainer) -> NDArray[np.uint8] | NDArray[np.float32]:
        """The fakes that the watch sees, as bytes (points as they are)."""
        return trainer.raw_sampler.decode(self._latents)

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
        said = [f"step {line['step']:,}: {_finding(line)}{ago}; picture: {picture}"]
        return said if self._config.doing == "rollback" else [*said, f"what to try: {_remedy(line, self._config)}"]


def _finding(line: Mapping[str, Any]) -> str:
    """What was seen."""
    if line["state"] == STUCK:
        return "the generator has learned nothing so far: it maps all latents to as good as one sample"
    if line["state"] == COLLAPSED:
        return (
            "the generator collapses (the Helvetica scenario): the diversity of its images fell from"
            f" {line['peak']:.2f} to {line['diversity']:.2f}"
        )
    usual = "" if line["usual"] is None else f", {line['usual']:.0%} as a rule"
    return (
        f"the game has lost its balance: a step now moves the image of a latent by {line['unrest']:.0%} of the"
        f" distance between real images{usual}; a collapse (the Helvetica scenario) mostly follows"
    )


def _remedy(line: Mapping[str, Any], config: WatchConfig) -> str:
    """What helps: it depends on who runs ahead of whom."""
    way_back = "; --watch.action rollback goes back and lowers the rates" if not config.rollbacks else ""
    if line["state"] == STUCK:
        return (
            "train anew with a lower --generator-optimizer.rate and --discriminator-optimizer.rate, or a larger"
            f" penalty (--penalties.r1.weight){way_back}"
        )
    if line["state"] == UNSTEADY:
        return (
            "the steps are too large: train anew with a lower --generator-optimizer.rate and"
            f" --discriminator-optimizer.rate, or fewer --generator-steps{way_back}"
        )
    seen = f"D puts the real image first in {line['accuracy']:.0%} of pairs"
    if line["accuracy"] >= _AHEAD:
        return (
            f"{seen} and is ahead: train anew with a larger penalty (--penalties.r1.weight) or a lower"
            " --discriminator-optimizer.rate"
        )
    return (
        f"{seen}, G may be ahead: train anew with a lower --generator-optimizer.rate, or more updates of D (--schedule"
        f" alternating --discriminator-steps 2){way_back}"
    )


def judge(figures: Mapping[str, float], before: Sequence[Mapping[str, Any]], step: int) -> dict[str, Any]:
    """What the look after `step` steps means after those `before` it.

    Returns:
        `diversity`, the geometric mean of spread and clusters, each at most 1: 0 for one image, 1 for real variety;
        `smooth`, its exponential average over the looks; `peak`, the highest of that so far; `unrest`, the
        exponential average of the movement; `usual`, a slower one of the unrest, from when the peak was YOUNG and
        outside alarms, None before; `state`: "rising" until there was ever enough to lose, then "healthy", "falling",
        "unsteady" or "collapsed"; "stuck" if it has not risen at all after very long.
    """
    parts = [figures["spread"], figures["clusters"]]
    now = math.sqrt(math.prod(min(part, 1.0) for part in parts)) if all(map(math.isfinite, parts)) else 0.0
    movement = figures["movement"] if math.isfinite(figures["movement"]) else 0.0
    first = {"smooth": 0.0, "peak": 0.0, "unrest": movement, "usual": None, "state": "rising"}
    last: Mapping[str, Any] = {**first, **(before[-1] if before else {})}
    smooth = last["smooth"] + _WEIGHT * (now - last["smooth"])
    peak = max(last["peak"], smooth)
    unrest = last["unrest"] + _WEIGHT * (movement - last["unrest"])
    state = "rising" if peak < YOUNG else _state(now, smooth, peak, last["state"])
    vain = smooth < (ROUSED if last["state"] == STUCK else VAIN)
    if state == "rising" and vain and _after(LONG, step, before):
        state = STUCK
    elif state != COLLAPSED and _wild(unrest, last) and _after(SETTLED, step, before):
        state = UNSTEADY
    found = {"diversity": now, "smooth": smooth, "peak": peak, "unrest": unrest}
    return {**_plain(found), "usual": _usual(unrest, last["usual"], state), "state": state}


def _after(age: Mapping[str, int], step: int, before: Sequence[Mapping[str, Any]]) -> bool:
    return step >= age["steps"] and len(before) >= age["looks"]


def _state(now: float, smooth: float, peak: float, last: str) -> str:
    """What the diversity alone says."""
    age = GROWN if peak >= GROWN else YOUNG
    if smooth < FALL[age] * peak or now < SUDDEN[age] * peak:
        return COLLAPSED
    if smooth >= SOUND * peak:
        return "healthy"
    return COLLAPSED if last == COLLAPSED else "falling"


def _wild(unrest: float, last: Mapping[str, Any]) -> bool:
    """Whether the images are thrown about."""
    usual = math.inf if last["usual"] is None else last["usual"]
    bar = min(max(LEAST_WILD, WILD * usual), ALWAYS_WILD)
    return unrest > bar * (TAME if last["state"] == UNSTEADY else 1)


def _usual(unrest: float, last: float | None, state: str) -> float | None:
    if state == "rising" or state in ALARMS:
        return last
    return round(unrest if last is None else last + _SLOW * (unrest - last), 5)


@contextlib.contextmanager
def evaluating(network: nn.Module) -> Generator[None]:
    """The network in eval mode; afterwards every module in its own mode again."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _opinion(D: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None, float]:
    """D's logits (N,), what its last linear layer sees (N x F; None without one) and its mean slope at the images."""
    seen: list[Tensor] = []

    def note(_: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        seen.append((*args, *kwargs.values())[0].detach())

    layers = [module for module in D.modules() if isinstance(module, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(note, with_kwargs=True) for layer in layers]
    try:
        leaf = images.detach().requires_grad_()
        with torch.enable_grad():
            logits = D(leaf)
            slopes = torch.autograd.grad(logits.sum(), leaf)[0]
    finally:
        for hook in hooks:
            hook.remove()
    hidden = seen[-1].float().flatten(1) if seen and len(seen[-1]) == len(images) else None
    return logits.detach().float(), hidden, float(slopes.flatten(1).norm(dim=1).mean())


def _plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures for JSON, which knows no infinity."""
    return {name: round(value, 5) if math.isfinite(value) else None for name, value in figures.items()}


def _spread(images: Tensor) -> Tensor:
    """Mean distance between two of the images."""
    rows = images.flatten(1)
    return torch.cdist(rows, rows).sum() / (len(rows) * (len(rows) - 1))


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
