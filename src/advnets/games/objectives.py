"""The costs of the two players, as pure functions of the discriminator's logits.

Every cost takes the logits of the real rows and of the fake rows, two 1-D float tensors, and returns a scalar
that its player minimizes. Half-precision logits are taken to float32 first. With f a logit, D = sigmoid(f),
log D = log_sigmoid(f) and log(1 - D) = log_sigmoid(-f): written so, no cost overflows or loses its gradient.

A new objective needs the two costs only::

    register(Objective(name="mine", discriminator=my_cost_of_d, generator=my_cost_of_g))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from advnets.config.names import register_objective
from advnets.errors import ELSEWHERE, RecipeError
from advnets.games.contract import described, reason
from advnets.games.game import at_least_float32

Cost = Callable[[Tensor, Tensor], Tensor]
"""(real logits (m,), fake logits (n,)) -> scalar cost."""

DiscriminatorGradient = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(real logits (m,), fake logits (n,)) -> (d cost / d real (m,), d cost / d fake (n,))."""

GeneratorGradient = Callable[[Tensor, Tensor], Tensor]
"""(real logits (m,), fake logits (n,)) -> d cost / d fake (n,)."""

LARGEST_EXPONENT = 30.0
"""Above this logit the maximum likelihood cost goes on along its tangent.

exp(100) does not fit float32, and an optimizer that squares gradients overflows at exp(44). At 30 the density
ratio that D claims is 1e13; float32's own sigmoid cannot tell D from 1 beyond 17.
"""


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


def minimax_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Cross entropy, J(D) = -1/2 E log D(x) - 1/2 E log(1 - D(G(z))), that is -V(D, G) / 2.

    Source: Goodfellow et al. 2014, Eq. 1; Goodfellow 2016 (NIPS tutorial), section 3.2.1.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return -0.5 * (logsigmoid(real).mean() + logsigmoid(-fake).mean())


def minimax_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -J(D): the zero-sum game. At D = D* it is the Jensen-Shannon divergence less log 2.

    The real logits add a constant. Where D is sure of its fakes the gradient vanishes.
    Source: Goodfellow et al. 2014, Eq. 1 and Theorem 1; Goodfellow 2016, section 3.2.2.
    """
    return -minimax_discriminator(real_logits, fake_logits)


def non_saturating_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E log D(G(z)), without the tutorial's factor 1/2, as the authors' code has it.

    Same fixed point as minimax, and a strong gradient where D is sure of its fakes.
    Source: Goodfellow et al. 2014, section 3; Goodfellow 2016, section 3.2.3.
    """
    del real_logits
    return -logsigmoid(at_least_float32(fake_logits)).mean()


def maximum_likelihood_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E exp(sigmoid^-1(D(G(z)))) = -E exp(f(G(z))).

    At D = D* its gradient is that of KL(p_data || p_g). Beyond a logit of `LARGEST_EXPONENT` the exponential
    is replaced by its tangent there.
    Source: Goodfellow 2016, section 3.2.4 (there with a factor 1/2); Goodfellow 2014 (arXiv 1412.6515).
    """
    del real_logits
    fake = at_least_float32(fake_logits)
    below = fake.clamp(max=LARGEST_EXPONENT)
    beyond = (fake - LARGEST_EXPONENT).relu()  # whose slope at the corner is 0; clamp's is 1, and would add
    return -(below.exp() * (1 + beyond)).mean()


def least_squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = 1/2 E (f(x) - 1)^2 + 1/2 E f(G(z))^2; the logit itself, not its sigmoid, aims at 1 and 0.

    Source: Mao et al. 2017, Eq. 2 with a = 0, b = c = 1.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def least_squares_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = 1/2 E (f(G(z)) - 1)^2.

    Source: Mao et al. 2017, Eq. 2 with a = 0, b = c = 1.
    """
    del real_logits
    return 0.5 * (at_least_float32(fake_logits) - 1).square().mean()


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))).

    Source: Lim and Ye 2017; Miyato et al. 2018, Eq. 16.
    """
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def hinge_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E f(G(z)).

    Source: Lim and Ye 2017; Miyato et al. 2018, Eq. 17.
    """
    del real_logits
    return -at_least_float32(fake_logits).mean()


def wasserstein_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = E f(G(z)) - E f(x): the negative of the distance that a 1-Lipschitz critic f estimates.

    Source: Arjovsky et al. 2017, Eq. 2. Needs a Lipschitz constraint, such as the penalty "wgan_gp".
    """
    return at_least_float32(fake_logits).mean() - at_least_float32(real_logits).mean()


def wasserstein_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -J(D) = E f(x) - E f(G(z)): the estimated distance itself. The real logits add a constant.

    Source: Arjovsky et al. 2017, Eq. 2 and Theorem 3.
    """
    return -wasserstein_discriminator(real_logits, fake_logits)


def relativistic_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(D) = -E log sigmoid(f(x) - f(G(z))): each real row should look more real than the fake row beside it.

    Source: Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN), section 2.

    Raises:
        ValueError: the two batches differ in size.
    """
    return -logsigmoid(_margins(real_logits, fake_logits)).mean()


def relativistic_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """J(G) = -E log sigmoid(f(G(z)) - f(x)): the same with the roles exchanged.

    Source: Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN), section 2.

    Raises:
        ValueError: the two batches differ in size.
    """
    return -logsigmoid(-_margins(real_logits, fake_logits)).mean()


def _minimax_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return -0.5 / real.shape[0] * torch.sigmoid(-real), 0.5 / fake.shape[0] * torch.sigmoid(fake)


def _minimax_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -0.5 / fake.shape[0] * torch.sigmoid(fake)


def _non_saturating_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -1 / fake.shape[0] * torch.sigmoid(-fake)


def _maximum_likelihood_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return -1 / fake.shape[0] * fake.clamp(max=LARGEST_EXPONENT).exp()


def _least_squares_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return (real - 1) / real.shape[0], fake / fake.shape[0]


def _least_squares_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return (fake - 1) / fake.shape[0]


def _hinge_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return (real < 1).to(real.dtype) / -real.shape[0], (fake > -1).to(fake.dtype) / fake.shape[0]


def _wasserstein_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return torch.full_like(real, -1 / real.shape[0]), torch.full_like(fake, 1 / fake.shape[0])


def _uniform_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    del real
    return torch.full_like(fake, -1 / fake.shape[0])


def _relativistic_discriminator_gradient(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    slope = torch.sigmoid(-_margins(real, fake)) / fake.shape[0]
    return -slope, slope


def _relativistic_generator_gradient(real: Tensor, fake: Tensor) -> Tensor:
    return -torch.sigmoid(_margins(real, fake)) / fake.shape[0]


def _margins(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """f(x_i) - f(G(z_i)) for each pair of rows."""
    if real_logits.shape != fake_logits.shape:
        raise ValueError(
            "a paired objective compares row by row: "
            f"got {tuple(real_logits.shape)} real and {tuple(fake_logits.shape)} fake logits"
        )
    return at_least_float32(real_logits) - at_least_float32(fake_logits)


def _derivative(cost: Tensor, logits: Tensor) -> Tensor:
    """d cost / d logits, zeros where they do not enter the cost."""
    (gradient,) = torch.autograd.grad(cost, logits, retain_graph=True, allow_unused=True, materialize_grads=True)
    return gradient


_BUILT_IN = (
    Objective(
        name="minimax",
        discriminator=minimax_discriminator,
        generator=minimax_generator,
        equation="J(D) = -1/2 E log s(f(x)) - 1/2 E log s(-f(G(z))); J(G) = -J(D)",
        source="Goodfellow et al. 2014, Eq. 1; Goodfellow 2016, sections 3.2.1 and 3.2.2",
        zero_sum=True,
        probabilistic=True,
        discriminator_closed_form=_minimax_discriminator_gradient,
        generator_closed_form=_minimax_generator_gradient,
    ),
    Objective(
        name="non-saturating",
        discriminator=minimax_discriminator,
        generator=non_saturating_generator,
        equation="J(D) as minimax; J(G) = -E log s(f(G(z)))",
        source="Goodfellow et al. 2014, section 3; Goodfellow 2016, section 3.2.3",
        probabilistic=True,
        discriminator_closed_form=_minimax_discriminator_gradient,
        generator_closed_form=_non_saturating_generator_gradient,
    ),
    Objective(
        name="maximum-likelihood",
        discriminator=minimax_discriminator,
        generator=maximum_likelihood_generator,
        equation="J(D) as minimax; J(G) = -E exp(f(G(z)))",
        source="Goodfellow 2016, section 3.2.4",
        probabilistic=True,
        discriminator_closed_form=_minimax_discriminator_gradient,
        generator_closed_form=_maximum_likelihood_generator_gradient,
    ),
    Objective(
        name="least-squares",
        discriminator=least_squares_discriminator,
        generator=least_squares_generator,
        equation="J(D) = 1/2 E (f(x) - 1)^2 + 1/2 E f(G(z))^2; J(G) = 1/2 E (f(G(z)) - 1)^2",
        source="Mao et al. 2017, Eq. 2 with a = 0, b = c = 1",
        discriminator_closed_form=_least_squares_discriminator_gradient,
        generator_closed_form=_least_squares_generator_gradient,
    ),
    Objective(
        name="hinge",
        discriminator=hinge_discriminator,
        generator=hinge_generator,
        equation="J(D) = E max(0, 1 - f(x)) + E max(0, 1 + f(G(z))); J(G) = -E f(G(z))",
        source="Lim and Ye 2017; Miyato et al. 2018, Eqs. 16 and 17",
        discriminator_closed_form=_hinge_discriminator_gradient,
        generator_closed_form=_uniform_generator_gradient,
    ),
    Objective(
        name="wasserstein",
        discriminator=wasserstein_discriminator,
        generator=wasserstein_generator,
        equation="J(D) = E f(G(z)) - E f(x); J(G) = -J(D)",
        source="Arjovsky et al. 2017, Eq. 2",
        zero_sum=True,
        discriminator_closed_form=_wasserstein_discriminator_gradient,
        generator_closed_form=_uniform_generator_gradient,
    ),
    Objective(
        name="relativistic",
        discriminator=relativistic_discriminator,
        generator=relativistic_generator,
        equation="J(D) = -E log s(f(x) - f(G(z))); J(G) = -E log s(f(G(z)) - f(x))",
        source="Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN)",
        paired=True,
        discriminator_closed_form=_relativistic_discriminator_gradient,
        generator_closed_form=_relativistic_generator_gradient,
    ),
)

OBJECTIVES: dict[str, Objective] = {each.name: each for each in _BUILT_IN}
"""The objectives by name."""
