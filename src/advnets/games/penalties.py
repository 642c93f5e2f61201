"""Penalties on the discriminator's gradient with respect to its input.

A penalty is a scalar without its weight. A recipe gives each penalty a weight and a schedule: where the
penalty is applied on every `every`-th step only, its weight is multiplied by `every` there, so that its mean
strength stays (lazy regularization, Karras et al. 2020 (StyleGAN2), section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.errors import RecipeError

Discriminator = Callable[[Tensor], Tensor]
"""Images (n, C, H, W), or any (n, ...), to logits (n,), each row's logit of that row alone."""

PenaltyFunction = Callable[[Discriminator, Tensor, Tensor, "torch.Generator | None"], Tensor]


@dataclass(frozen=True)
class Penalty:
    """A cost that is added to the discriminator's own.

    Args:
        name: the name recipes use.
        compute: (discriminator, real (n, ...), fake (n, ...), random generator or None) -> scalar.
        equation: the penalty in one line.
        source: the paper and the place in it.
    """

    name: str
    compute: PenaltyFunction
    equation: str = ""
    source: str = ""

    def __call__(
        self,
        discriminator: Discriminator,
        real: Tensor,
        fake: Tensor,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The penalty's value, weight not applied.

        Args:
            discriminator: maps (n, ...) to logits (n,); a row's logit must depend on that row alone.
            real: (n, ...); no gradient flows back to it.
            fake: (n, ...); no gradient flows back to it.
            generator: the source of randomness of the penalties that draw; the global one where None.

        Returns:
            A scalar >= 0, the mean over the batch, differentiable with respect to the discriminator's
            parameters, also where the caller has gradients turned off.
        """
        with torch.enable_grad():
            return self.compute(discriminator, real, fake, generator)


def penalty(name: str) -> Penalty:
    """The penalty of that name.

    Raises:
        RecipeError: there is none; the message lists those there are.
    """
    if name not in PENALTIES:
        raise RecipeError(f"unknown penalty {name!r}", f"choose one of {', '.join(PENALTIES)}")
    return PENALTIES[name]


def due(step: int, every: int) -> bool:
    """Whether a penalty on that schedule is applied at this step; its weight is then multiplied by `every`.

    Args:
        step: steps done so far, >= 0.
        every: the interval, >= 1.

    Raises:
        RecipeError: `every` is below 1.
    """
    if every < 1:
        raise RecipeError(f"a penalty cannot be due every {every} steps", "use 1 or more")
    return step % every == 0


def r1(discriminator: Discriminator, real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """1/2 E ||grad f(x)||^2 over real x. Source: Mescheder et al. 2018, Eq. 9 (its gamma is the weight)."""
    del fake, generator
    return 0.5 * _squared_slopes(discriminator, real).mean()


def r2(discriminator: Discriminator, real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """1/2 E ||grad f(x)||^2 over fake x. Source: Mescheder et al. 2018, Eq. 10 (its gamma is the weight)."""
    del real, generator
    return 0.5 * _squared_slopes(discriminator, fake).mean()


def wasserstein_gradient(
    discriminator: Discriminator, real: Tensor, fake: Tensor, generator: torch.Generator | None
) -> Tensor:
    """E (||grad f(u x + (1 - u) G(z))|| - 1)^2, u uniform on [0, 1) for each row.

    Source: Gulrajani et al. 2017, Eq. 3 (its lambda, 10 there, is the weight).
    """
    u = torch.rand(len(real), generator=generator, device=generator.device if generator else real.device)
    u = u.to(real.device, real.dtype).reshape(-1, *[1] * (real.dim() - 1))
    between = torch.lerp(fake.detach(), real.detach(), u)
    gradients = _input_gradients(discriminator, between)
    slopes: Tensor = torch.linalg.vector_norm(gradients, dim=1)  # unlike sqrt, differentiable where it is zero
    return (slopes - 1).square().mean()


def _squared_slopes(discriminator: Discriminator, points: Tensor) -> Tensor:
    """||grad f||^2 at each row, (n,)."""
    return _input_gradients(discriminator, points).square().sum(1)


def _input_gradients(discriminator: Discriminator, points: Tensor) -> Tensor:
    """The gradient of each row's logit with respect to that row, flat, (n, features), float32 or wider.

    The gradient of the sum is every row's own gradient, because no logit depends on another row.
    """
    points = points.detach().requires_grad_()
    (gradients,) = torch.autograd.grad(discriminator(points).sum(), points, create_graph=True)
    flat = gradients.flatten(1)
    return flat.float() if flat.dtype in (torch.bfloat16, torch.float16) else flat


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
