"""Objectives by name: a cost of the discriminator's, a cost of the generator's, and what is known of the pair.

The costs are in `advnets.games.costs`. A new objective needs its two costs only::

    register(Objective(name="mine", discriminator=my_cost_of_d, generator=my_cost_of_g))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.config.names import register_objective
from advnets.errors import ELSEWHERE, RecipeError
from advnets.games import costs
from advnets.games.contract import described, reason
from advnets.games.game import at_least_float32

Cost = Callable[[Tensor, Tensor], Tensor]
"""(real logits (m,), fake logits (n,)) -> scalar cost."""

DiscriminatorGradient = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(real logits (m,), fake logits (n,)) -> (d cost / d real (m,), d cost / d fake (n,))."""

GeneratorGradient = Callable[[Tensor, Tensor], Tensor]
"""(real logits (m,), fake logits (n,)) -> d cost / d fake (n,)."""

_TRIED = 4  # logits that an objective of one's own is tried on


@dataclass(frozen=True)
class Objective:
    """A pair of costs: what the discriminator minimizes and what the generator minimizes.

    Args:
        name: the name recipes use.
        discriminator: (real logits (m,), fake logits (n,)) -> scalar.
        generator: (real logits (m,), fake logits (n,)) -> scalar. Its gradient reaches the generator through
            the fake logits only.
        equation: both costs in one line, in terms of the logits f(x).
        source: the paper and the place in it.
        zero_sum: the two costs add up to exactly zero.
        probabilistic: sigmoid(logit) estimates P(real).
        paired: row i of the real logits is compared with row i of the fake ones, so that the counts must
            agree and the generator's gradient depends on the real logits.
        discriminator_closed_form: the gradient that `discriminator_gradient` returns; by autograd where None.
        generator_closed_form: the gradient that `generator_gradient` returns; by autograd where None.
    """

    name: str
    discriminator: Cost
    generator: Cost
    equation: str = ""
    source: str = ""
    zero_sum: bool = False
    probabilistic: bool = False
    paired: bool = False
    discriminator_closed_form: DiscriminatorGradient | None = None
    generator_closed_form: GeneratorGradient | None = None

    def discriminator_gradient(self, real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
        """The derivatives of the discriminator's cost with respect to the logits.

        Args:
            real_logits: (m,).
            fake_logits: (n,).

        Returns:
            (m,) and (n,), detached, in float32 or wider.
        """
        real, fake = at_least_float32(real_logits.detach()), at_least_float32(fake_logits.detach())
        if self.discriminator_closed_form is not None:
            return self.discriminator_closed_form(real, fake)
        with torch.enable_grad():
            real, fake = real.requires_grad_(), fake.requires_grad_()
            cost = self.discriminator(real, fake)
            return _derivative(cost, real), _derivative(cost, fake)

    def generator_gradient(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """The derivative of the generator's cost with respect to the fake logits.

        Args:
            real_logits: (m,), constants.
            fake_logits: (n,).

        Returns:
            (n,), detached, in float32 or wider.
        """
        real, fake = at_least_float32(real_logits.detach()), at_least_float32(fake_logits.detach())
        if self.generator_closed_form is not None:
            return self.generator_closed_form(real, fake)
        with torch.enable_grad():
            fake = fake.requires_grad_()
            return _derivative(self.generator(real, fake), fake)


def register(new: Objective) -> None:
    """Let recipes name an objective of one's own.

    Raises:
        RecipeError: a cost of it is no scalar tensor, or has neither a gradient nor a closed form of it.
    """
    for role in ("discriminator", "generator"):
        _try(new, role)
    OBJECTIVES[new.name] = new
    register_objective(new.name)


def _try(new: Objective, role: str) -> None:
    """See that a cost is a scalar that its player can descend: G's reaches it through the fake logits."""
    which = f"the {role}'s cost of {new.name!r}"
    real, fake = (torch.linspace(low, 1, _TRIED, requires_grad=True) for low in (-1.0, -0.5))
    try:
        with torch.enable_grad():
            cost: object = getattr(new, role)(real, fake)
    except Exception as error:  # whatever the user's own code raises
        what = f"{which} fails on {_TRIED} real and {_TRIED} fake logits"
        raise RecipeError(f"{what}: {reason(error)}", "write it as cost(real_logits, fake_logits)") from error
    if not isinstance(cost, Tensor) or cost.ndim:
        raise RecipeError(f"{which} gives {described(cost)}", "return one scalar tensor, as .mean() gives it")
    if getattr(new, f"{role}_closed_form") is not None:
        return
    logits = [fake] if role == "generator" else [real, fake]
    found = torch.autograd.grad(cost, logits, allow_unused=True) if cost.requires_grad else [None]
    if all(each is None for each in found):
        remedy = f"compute it from the {'fake ' if role == 'generator' else ''}logits without item or detach"
        raise RecipeError(f"{which} has no gradient", remedy)


def objective(name: str) -> Objective:
    """The objective of that name.

    Raises:
        RecipeError: there is none; the message lists those there are.
    """
    if name not in OBJECTIVES:
        raise RecipeError(f"unknown objective {name!r}", f"choose one of {', '.join(OBJECTIVES)}, {ELSEWHERE}")
    return OBJECTIVES[name]


def _derivative(cost: Tensor, logits: Tensor) -> Tensor:
    """d cost / d logits, zeros where they do not enter the cost."""
    (gradient,) = torch.autograd.grad(cost, logits, retain_graph=True, allow_unused=True, materialize_grads=True)
    return gradient


_BUILT_IN = (
    Objective(
        name="minimax",
        discriminator=costs.minimax_discriminator,
        generator=costs.minimax_generator,
        equation="J(D) = -1/2 E log s(f(x)) - 1/2 E log s(-f(G(z))); J(G) = -J(D)",
        source="Goodfellow et al. 2014, Eq. 1; Goodfellow 2016, sections 3.2.1 and 3.2.2",
        zero_sum=True,
        probabilistic=True,
        discriminator_closed_form=costs.minimax_discriminator_gradient,
        generator_closed_form=costs.minimax_generator_gradient,
    ),
    Objective(
        name="non-saturating",
        discriminator=costs.minimax_discriminator,
        generator=costs.non_saturating_generator,
        equation="J(D) as minimax; J(G) = -E log s(f(G(z)))",
        source="Goodfellow et al. 2014, section 3; Goodfellow 2016, section 3.2.3",
        probabilistic=True,
        discriminator_closed_form=costs.minimax_discriminator_gradient,
        generator_closed_form=costs.non_saturating_generator_gradient,
    ),
    Objective(
        name="maximum-likelihood",
        discriminator=costs.minimax_discriminator,
        generator=costs.maximum_likelihood_generator,
        equation="J(D) as minimax; J(G) = -E exp(f(G(z)))",
        source="Goodfellow 2016, section 3.2.4",
        probabilistic=True,
        discriminator_closed_form=costs.minimax_discriminator_gradient,
        generator_closed_form=costs.maximum_likelihood_generator_gradient,
    ),
    Objective(
        name="least-squares",
        discriminator=costs.least_squares_discriminator,
        generator=costs.least_squares_generator,
        equation="J(D) = 1/2 E (f(x) - 1)^2 + 1/2 E f(G(z))^2; J(G) = 1/2 E (f(G(z)) - 1)^2",
        source="Mao et al. 2017, Eq. 2 with a = 0, b = c = 1",
        discriminator_closed_form=costs.least_squares_discriminator_gradient,
        generator_closed_form=costs.least_squares_generator_gradient,
    ),
    Objective(
        name="hinge",
        discriminator=costs.hinge_discriminator,
        generator=costs.hinge_generator,
        equation="J(D) = E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))); J(G) = -E f(G(z))",
        source="Lim and Ye 2017; Miyato et al. 2018, Eqs. 16 and 17",
        discriminator_closed_form=costs.hinge_discriminator_gradient,
        generator_closed_form=costs.uniform_generator_gradient,
    ),
    Objective(
        name="wasserstein",
        discriminator=costs.wasserstein_discriminator,
        generator=costs.wasserstein_generator,
        equation="J(D) = E f(G(z)) - E f(x); J(G) = -J(D)",
        source="Arjovsky et al. 2017, Eq. 2",
        zero_sum=True,
        discriminator_closed_form=costs.wasserstein_discriminator_gradient,
        generator_closed_form=costs.uniform_generator_gradient,
    ),
    Objective(
        name="relativistic",
        discriminator=costs.relativistic_discriminator,
        generator=costs.relativistic_generator,
        equation="J(D) = -E log s(f(x) - f(G(z))); J(G) = -E log s(f(G(z)) - f(x))",
        source="Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN)",
        paired=True,
        discriminator_closed_form=costs.relativistic_discriminator_gradient,
        generator_closed_form=costs.relativistic_generator_gradient,
    ),
    Objective(
        name="boundary-seeking",
        discriminator=costs.minimax_discriminator,
        generator=costs.boundary_seeking_generator,
        equation="J(D) as minimax; J(G) = 1/2 E f(G(z))^2",
        source="Hjelm et al. 2018, section 2.4",
        probabilistic=True,
        discriminator_closed_form=costs.minimax_discriminator_gradient,
        generator_closed_form=costs.boundary_seeking_generator_gradient,
    ),
)

OBJECTIVES: dict[str, Objective] = {each.name: each for each in _BUILT_IN}
"""The objectives by name."""
