"""Penalties on the discriminator's gradient with respect to its first input: the image, or the point.

A penalty is a scalar without its weight. A recipe gives each penalty a weight and a schedule: where the
penalty is applied on every `every`-th step only, its weight is multiplied by `every` there, so that its mean
strength stays (lazy regularization, Karras et al. 2020 (StyleGAN2), section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.games.game import Draw, Inputs, RowNoise, at_least_float32, score
from advnets.networks.shortcuts import shortcut

PenaltyFunction = Callable[[nn.Module, Inputs, Inputs, RowNoise], Tensor]
"""(discriminator, inputs of real rows, of fake rows, random numbers by row) -> scalar."""


@dataclass(frozen=True)
class Penalty:
    """A cost that is added to the discriminator's own.

    Args:
        name: the name recipes use.
        compute: (discriminator, inputs of real rows, of fake rows, random numbers by row) -> scalar.
        equation: the penalty in one line.
        source: the paper and the place in it.
    """

    name: str
    compute: PenaltyFunction
    equation: str = ""
    source: str = ""

    def __call__(self, discriminator: nn.Module, real: Inputs, fake: Inputs, noise: RowNoise | None = None) -> Tensor:
        """The penalty's value, weight not applied.

        Args:
            discriminator: inputs of n rows to logits (n,); a row's logit must depend on that row alone.
            real: inputs of real rows, (n, ...) each; no gradient flows back to them.
            fake: of fake rows.
            noise: random numbers by row, for the penalties that draw; of the global generator where None.

        Returns:
            A scalar >= 0, the mean over the batch, differentiable with respect to the discriminator's
            parameters, also where the caller has gradients turned off.

        Raises:
            RecipeError: it is no scalar: rows would be added up, as many times the weight as there are rows.
        """
        with torch.enable_grad():
            value = self.compute(discriminator, real, fake, noise or _drawing(len(next(iter(real.values())))))
        if getattr(value, "ndim", None) != 0:
            shape = getattr(value, "shape", None)
            given = f"a {type(value).__name__}" if shape is None else f"shape {tuple(shape)}"
            raise RecipeError(f"the {self.name} penalty gives {given}", "return one scalar")
        return value


@dataclass(frozen=True)
class Scheduled:
    """A penalty with its weight, computed every `every` updates of D and then weighted `every` times.

    Raises:
        RecipeError: `every` is below 1.
    """

    penalty: Penalty
    weight: float
    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise RecipeError(f"a penalty cannot be due every {self.every} steps", "use 1 or more")

    def due(self, update: int) -> bool:
        """Whether it is computed at D's update number `update`, from 0."""
        return update % self.every == 0


def penalty(name: str) -> Penalty:
    """The penalty of that name.

    Raises:
        RecipeError: there is none; the message lists those there are.
    """
    if name not in PENALTIES:
        raise RecipeError(f"unknown penalty {name!r}", f"choose one of {', '.join(PENALTIES)}")
    return PENALTIES[name]


def r1(discriminator: nn.Module, real: Inputs, fake: Inputs, noise: RowNoise) -> Tensor:
    """1/2 E ||grad f(x)||^2 over real x. Source: Mescheder et al. 2018, Eq. 9 (its gamma is the weight)."""
    del fake, noise
    return 0.5 * _squared_slopes(discriminator, real).mean()


def r2(discriminator: nn.Module, real: Inputs, fake: Inputs, noise: RowNoise) -> Tensor:
    """1/2 E ||grad f(x)||^2 over fake x. Source: Mescheder et al. 2018, Eq. 10 (its gamma is the weight)."""
    del real, noise
    return 0.5 * _squared_slopes(discriminator, fake).mean()


def wasserstein_gradient(discriminator: nn.Module, real: Inputs, fake: Inputs, noise: RowNoise) -> Tensor:
    """E (||grad f(u x + (1 - u) G(z))|| - 1)^2, u uniform on [0, 1) for each row; other inputs are the real rows'.

    Source: Gulrajani et al. 2017, Eq. 3 (its lambda, 10 there, is the weight).
    """
    (name, x), made = next(iter(real.items())), next(iter(fake.values()))
    u = noise("between", lambda count, rng: torch.rand(count, generator=rng, device=rng.device))
    u = u.to(x.device, x.dtype).reshape(-1, *[1] * (x.dim() - 1))
    between = torch.lerp(made.detach(), x.detach(), u)
    gradients = _input_gradients(discriminator, {**real, name: between})
    slopes: Tensor = torch.linalg.vector_norm(gradients, dim=1)  # unlike sqrt, differentiable where it is zero
    return (slopes - 1).square().mean()


def _drawing(count: int) -> RowNoise:
    """Random numbers of so many rows, of the global generator."""

    def noise(name: str, draw: Draw) -> Tensor:
        return draw(count, torch.default_generator)

    return noise


def _squared_slopes(discriminator: nn.Module, inputs: Inputs) -> Tensor:
    """||grad f||^2 at each row, (n,)."""
    return _input_gradients(discriminator, inputs).square().sum(1)


def _input_gradients(discriminator: nn.Module, inputs: Inputs) -> Tensor:
    """The gradient of each row's logit with respect to its first input, flat, (n, features), float32 or wider.

    The gradient of the sum is every row's own gradient, because no logit depends on another row. A network of one input
    may know its gradient in closed form, by a method `input_gradients`.
    """
    name, points = next(iter(inputs.items()))
    closed_form = shortcut(discriminator, "input_gradients")
    if closed_form is not None and len(inputs) == 1:
        return at_least_float32(closed_form(points.detach()))
    points = points.detach().requires_grad_()
    logits = score(discriminator, {**inputs, name: points})
    (gradients,) = torch.autograd.grad(logits.sum(), points, create_graph=True)
    return at_least_float32(gradients.flatten(1))


_BUILT_IN = (
    Penalty("r1", r1, "1/2 E ||grad f(x)||^2", "Mescheder et al. 2018, Eq. 9"),
    Penalty("r2", r2, "1/2 E ||grad f(G(z))||^2", "Mescheder et al. 2018, Eq. 10"),
    Penalty(
        "wgan_gp",
        wasserstein_gradient,
        "E (||grad f(u x + (1 - u) G(z))|| - 1)^2, u ~ U[0, 1)",
        "Gulrajani et al. 2017, Eq. 3",
    ),
)

PENALTIES: dict[str, Penalty] = {each.name: each for each in _BUILT_IN}
"""The penalties by name."""
