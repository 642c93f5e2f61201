"""Eight games on the protocol, small and in float64, for the step to be held against plain autograd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid, one_hot

from advnets.games.adversarial import AdversarialGame
from advnets.games.conditional import ConditionalGame
from advnets.games.game import Batch, Costs, DataSpec, Game, Inputs, Made, View
from advnets.games.objectives import OBJECTIVES, Objective
from advnets.networks.conditioning import ConcatenationDiscriminator, Input, joined_shape

ROWS, SHAPE, LATENT, CLASSES = 6, (2, 4, 4), 5, 4
PIXELS = 32


def dense(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 12), nn.LeakyReLU(0.2), nn.Linear(12, outputs))


class Maker(nn.Module):
    """Makes images of whatever it is given, or codes of images."""

    def __init__(self, inputs: int, shape: tuple[int, ...] = SHAPE) -> None:
        super().__init__()
        self.layers, self.shape = dense(inputs, int(torch.tensor(shape).prod())), shape

    def forward(self, *given: Tensor) -> Tensor:
        return torch.tanh(self.layers(torch.cat([each.flatten(1) for each in given], 1))).view(-1, *self.shape)


class Judge(nn.Module):
    """Scores whatever it is given, a number a row or several."""

    def __init__(self, inputs: int, scores: int = 1) -> None:
        super().__init__()
        self.layers, self.scores = dense(inputs, scores), scores

    def forward(self, *given: Tensor) -> Tensor:
        known = [one_hot(g, CLASSES).to(given[0].dtype) if not g.is_floating_point() else g.flatten(1) for g in given]
        found = self.layers(torch.cat(known, 1))
        return found.squeeze(1) if self.scores == 1 else found


@dataclass
class Bare:
    """A player as the gradients need it: a network in float64, and nothing that moves it."""

    worker: nn.Module
    side: str
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [weight for weight in self.worker.parameters() if weight.requires_grad]


@dataclass(frozen=True)
class Costly:
    """A base for games of the tests: costs of an objective by autograd, no closed forms."""

    objective: Objective = OBJECTIVES["non-saturating"]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        return Costs(self.objective.discriminator(real, fake), self.objective.generator(real, fake))


@dataclass(frozen=True)
class Joint(Costly):
    """Bidirectional: an encoder sits in the real rows (Donahue et al. 2017)."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        return Made({"image": nets["generator"](draws["z"]), "code": nets["encoder"](batch.image)})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        real, fake = {"image": batch.image, "code": made["code"]}, {"image": made["image"], "code": draws["z"]}
        return [View("discriminator", real, fake)]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        swapped = -(logsigmoid(-real).mean() + logsigmoid(fake).mean()) / 2
        return Costs(self.objective.discriminator(real, fake), swapped)


@dataclass(frozen=True)
class Completion(Costly):
    """A mask of what is seen; what is seen stays."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        seen = batch.mask * batch.image
        return Made({"image": seen + (1 - batch.mask) * nets["generator"](draws["z"], seen)})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        return [View("discriminator", {"image": batch.image, "mask": batch.mask}, {**made, "mask": batch.mask})]


@dataclass(frozen=True)
class Paired(Costly):
    """From one image to another, with L1 beside the discriminator (Isola et al. 2017)."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        made = nets["generator"](draws["z"], batch.target)
        return Made({"image": made}, 10 * (made - batch.image).abs().mean())

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        joined = torch.cat([made["image"], batch.target], 1)  # no tensor of `made` itself
        return [View("discriminator", {"image": torch.cat([batch.image, batch.target], 1)}, {"image": joined})]


@dataclass(frozen=True)
class Cycle(Costly):
    """Two generators, two discriminators, and the way there and back (Zhu et al. 2017)."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        there, here = nets["to_b"](batch.image), nets["to_a"](batch.target)
        back = (nets["to_a"](there) - batch.image).abs().mean() + (nets["to_b"](here) - batch.target).abs().mean()
        return Made({"a": here, "b": there}, 10 * back)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        of_a = View("of_a", {"image": batch.image}, {"image": made["a"]})
        return [of_a, View("of_b", {"image": batch.target}, {"image": made["b"]})]


@dataclass(frozen=True)
class KClasses(Costly):
    """K scores a row; the generator matches mean scores (Salimans et al. 2016)."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        return Made({"image": nets["generator"](draws["z"])})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        return [View("discriminator", {"image": batch.image}, made)]

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        truth = cross_entropy(real, batch.label) + self.objective.discriminator(real.logsumexp(1), fake.logsumexp(1))
        return Costs(truth, (real.mean(0) - fake.mean(0)).square().sum())


@dataclass(frozen=True)
class TwoViews(Costly):
    """One discriminator that is shown two things of one generator, the second half as large."""

    def make(self, nets: Any, batch: Batch, draws: Inputs) -> Made:
        return Made({"image": nets["generator"](draws["z"])})

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        whole = View("discriminator", {"image": batch.image}, made)
        return [whole, View("discriminator", {"image": batch.image / 2}, {"image": made["image"] / 2})]


def games(objective: Objective) -> dict[str, tuple[Game, dict[str, Bare]]]:
    """Every game with its players, weights drawn anew from one seed."""
    torch.manual_seed(0)
    plain, spec = AdversarialGame(objective, "gaussian", LATENT), DataSpec(SHAPE, tuple("abcd"), (1,) * CLASSES)
    condition = ConditionalGame(plain).seats(spec)["discriminator"].takes["condition"]
    channel = ConcatenationDiscriminator(_flat(Judge(3 * 16)), condition, SHAPE)
    assert joined_shape(SHAPE, Input((), CLASSES)) == (3, 4, 4)
    found: dict[str, tuple[Any, dict[str, Bare]]] = {
        "plain": (plain, _pair(Maker(LATENT), Judge(PIXELS))),
        "conditional": (ConditionalGame(plain), _pair(_Given(LATENT + CLASSES), Judge(PIXELS + CLASSES))),
        "conditional, mismatched": (
            ConditionalGame(plain, mismatched=0.3), _pair(_Given(LATENT + CLASSES), Judge(PIXELS + CLASSES)),
        ),
        "conditional, a channel": (ConditionalGame(plain), _pair(_Given(LATENT + CLASSES), channel)),
        "completion": (Completion(objective), _pair(Maker(LATENT + PIXELS), Judge(2 * PIXELS))),
        "image to image": (Paired(objective), _pair(Maker(LATENT + PIXELS), Judge(2 * PIXELS))),
        "two views": (TwoViews(objective), _pair(Maker(LATENT), Judge(PIXELS))),
        "joint inference": (Joint(), {
            "generator": Bare(Maker(LATENT), "generator"), "encoder": Bare(Maker(PIXELS, (LATENT,)), "generator"),
            "discriminator": Bare(Judge(PIXELS + LATENT), "discriminator"),
        }),
        "cycle": (Cycle(objective), {
            "to_b": Bare(Maker(PIXELS), "generator"), "to_a": Bare(Maker(PIXELS), "generator"),
            "of_a": Bare(Judge(PIXELS), "discriminator"), "of_b": Bare(Judge(PIXELS), "discriminator"),
        }),
        "K classes": (KClasses(), _pair(Maker(LATENT), Judge(PIXELS, CLASSES))),
    }  # fmt: skip
    for _, players in found.values():
        for player in players.values():
            player.worker.double()
    return found


class _Given(Maker):
    """A generator of latents and classes."""

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        return super().forward(z, one_hot(condition, CLASSES).to(z.dtype))


def _flat(judge: nn.Module) -> nn.Module:
    return judge


def _pair(maker: nn.Module, judge: nn.Module) -> dict[str, Bare]:
    return {"generator": Bare(maker, "generator"), "discriminator": Bare(judge, "discriminator")}


def batch(seed: int = 0) -> Batch:
    """Rows with all that a game may ask for."""
    rng = torch.Generator().manual_seed(seed)
    image, target = (torch.rand(ROWS, *SHAPE, generator=rng, dtype=torch.float64) * 2 - 1 for _ in range(2))
    mask = (torch.rand(ROWS, *SHAPE, generator=rng) > 0.5).double()
    label = torch.randint(0, CLASSES, (ROWS,), generator=rng)
    return Batch(torch.arange(ROWS), image, label, target, mask)


def conditional_batch(seed: int = 0) -> Batch:
    """The same rows where the condition is the class."""
    return replace(batch(seed), target=None)


def draws(seed: int = 1) -> Mapping[str, Tensor]:
    """Latents."""
    rng = torch.Generator().manual_seed(seed)
    return {"z": torch.randn(ROWS, LATENT, generator=rng, dtype=torch.float64)}
