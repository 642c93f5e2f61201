"""Restricted Boltzmann machines: energies, Gibbs sampling, and learning by (persistent) contrastive divergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus

from advnets.errors import DivergedError, RecipeError
from advnets.randomness import Stream, generator_for

_WATCHED = 1000  # rows whose reconstruction is reported
_MEAN_OF = 10_000  # rows that the first biases and centers are taken from
_CENTER_RATE = 0.01
_SURE = 1e-3  # no first bias is surer than this: a pixel that is black in the training set may be white elsewhere


@dataclass(frozen=True, eq=False)
class RBM:
    """p(v, h) = exp(-E(v, h)) / Z with E = -v b - h c - v W h, of units that are 0 or 1.

    Args:
        weight: W, D x H. In bfloat16 all matrix products are; results are in the biases' dtype.
        visible_bias: b, D, float32 or float64.
        hidden_bias: c, H, likewise.

    Rows with values in [0, 1] are read as probabilities of ones.

    Source: Smolensky 1986; Hinton 2010, *A Practical Guide to Training Restricted Boltzmann Machines*.
    """

    weight: Tensor
    visible_bias: Tensor
    hidden_bias: Tensor

    def hidden(self, v_ND: Tensor) -> Tensor:
        """p(h = 1 | v), N x H."""
        return self.hidden_input(v_ND).sigmoid_()

    def visible(self, h_NH: Tensor) -> Tensor:
        """p(v = 1 | h), N x D."""
        return self.visible_input(h_NH).sigmoid_()

    def hidden_input(self, v_ND: Tensor) -> Tensor:
        """c + v W, N x H: the log odds of each hidden unit."""
        product = v_ND.to(self.weight.dtype) @ self.weight
        return product.to(self.hidden_bias.dtype).add_(self.hidden_bias)

    def visible_input(self, h_NH: Tensor) -> Tensor:
        """b + W h, N x D: the log odds of each visible unit."""
        product = h_NH.to(self.weight.dtype) @ self.weight.t()
        return product.to(self.visible_bias.dtype).add_(self.visible_bias)

    def free_energy(self, v_ND: Tensor) -> Tensor:
        """F(v) = -log sum_h exp(-E(v, h)) = -v b - sum_j log(1 + exp(c_j + v W_j)), N; p(v) = exp(-F(v)) / Z."""
        linear = v_ND.to(self.visible_bias.dtype) @ self.visible_bias
        return -linear - softplus(self.hidden_input(v_ND), threshold=40).sum(1)

    def gibbs(self, v_ND: Tensor, steps: int, generator: torch.Generator) -> Tensor:
        """The visible states, zeros and ones, after `steps` times drawing h given v and then v given h."""
        for _ in range(steps):
            h_NH = draw(self.hidden(v_ND), generator, self.weight.dtype)
            v_ND = draw(self.visible(h_NH), generator, self.weight.dtype)
        return v_ND

    def to(self, products: torch.dtype, biases: torch.dtype = torch.float32) -> RBM:
        """The same machine with its weights and biases in these dtypes."""
        return RBM(self.weight.to(products), self.visible_bias.to(biases), self.hidden_bias.to(biases))

    def state_dict(self) -> dict[str, Tensor]:
        """Its three tensors by name."""
        return {"weight": self.weight, "visible_bias": self.visible_bias, "hidden_bias": self.hidden_bias}


def draw(probability: Tensor, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Ones with these probabilities and zeros, in `dtype`; a probability is met to within 2^-17.

    Four units share a random 64-bit word: this takes a quarter of the time of `torch.bernoulli`.
    """
    words = torch.empty((probability.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None, generator=generator)
    uniform = words.view(torch.int16)[: probability.numel()].view(probability.shape)  # -32768 to 32767
    return uniform.lt(probability.float().mul(65536).sub_(32768.5)).to(dtype)


def up(machines: Sequence[RBM], rows: Tensor, generator: torch.Generator) -> Tensor:
    """States of the layer above `machines`, drawn layer by layer; `rows` themselves where there is none."""
    for machine in machines:
        rows = draw(machine.hidden(rows), generator, machine.weight.dtype)
    return rows


@dataclass(frozen=True)
class RBMConfig:
    """How a restricted Boltzmann machine is learned.

    Args:
        hidden: its hidden units.
        epochs: passes through the data; the rate falls linearly from `rate` to 0 over them.
        rate: of the mean gradient of the log-likelihood.
        batch: rows of a step; as many chains estimate the model's part of the gradient.
        method: where these chains start at each step: "persistent", where the last step left them (Tieleman 2008);
            "data", at the batch (contrastive divergence, Hinton 2002).
        gibbs_steps: k, Gibbs steps of the chains before each update.
        momentum: of the updates.
        decay: L2 weight decay.
    """

    hidden: int = 1000
    epochs: int = 30
    rate: float = 0.05
    batch: int = 100
    method: Literal["persistent", "data"] = "persistent"
    gibbs_steps: int = 1
    momentum: float = 0.5
    decay: float = 1e-4

    def __post_init__(self) -> None:
        counts = (self.hidden, self.batch, self.gibbs_steps)
        if min(counts) < 1 or self.epochs < 0:
            raise RecipeError(f"hidden, batch, gibbs_steps {counts}, epochs {self.epochs}", "give at least 1 of each")
        if not (self.rate > 0 and 0 <= self.momentum < 1 and self.decay >= 0):
            raise RecipeError(
                f"rate {self.rate:g}, momentum {self.momentum:g}, decay {self.decay:g}",
                "give a rate above 0, a momentum in [0, 1) and a decay of at least 0",
            )
        if self.method not in ("persistent", "data"):
            raise RecipeError(f"method {self.method!r}", "use persistent or data")


@dataclass(frozen=True, eq=False)
class Phase:
    """Visible rows and the hidden units' probabilities given them: one side of the gradient.

    Args:
        visible: N x D.
        hidden: N x H.
    """

    visible: Tensor
    hidden: Tensor


def gradient(data: Phase, model: Phase, visible_center: Tensor, hidden_center: Tensor) -> RBM:
    """The direction in which the log-likelihood of the data rises: W, b and c of it.

    With centers of 0 this is the gradient itself, <v h>_data - <v h>_model. With centers near the units' means it is
    the gradient of the same model written in v - mu and h - lambda, carried back: it does not change when units swap
    their zeros and ones, and it is far better conditioned.

    Args:
        data, model: as many rows each.
        visible_center: mu, D, float32.
        hidden_center: lambda, H, float32.

    Returns:
        The three parts, in float32.

    Source: Melchior, Fischer and Wiskott 2016, *How to Center Deep Boltzmann Machines* (the enhanced gradient).
    """
    count = len(data.visible)
    # One product for both phases: the difference is summed in float32 and rounded once.
    visible = torch.cat([data.visible, model.visible.neg()])
    weight = (visible.t() @ torch.cat([data.hidden, model.hidden]).to(visible.dtype)).float().div_(count)
    of_visible = visible.float().sum(0).div_(count)
    of_hidden = (data.hidden.float().sum(0) - model.hidden.float().sum(0)).div_(count)
    weight.addr_(of_visible, hidden_center, alpha=-1).addr_(visible_center, of_hidden, alpha=-1)
    return RBM(weight, of_visible - weight @ hidden_center, of_hidden - visible_center @ weight)


class RBMLearner:
    """Learns one machine of a stack; a `Learner` of `advnets.paper.models.learning`.

    Args:
        rows: N x D, uint8 (0 to 255 are 0 to 1) or floating point in [0, 1], for the lowest machine of the stack.
        config: how.
        seed: of everything that is drawn.
        below: machines that were learned before: this one learns states of their top layer, drawn anew each time.
        products: the dtype of matrix products; weights and their updates stay in float32.
    """

    def __init__(
        self,
        rows: Tensor,
        config: RBMConfig,
        seed: int,
        below: Sequence[RBM] = (),
        products: torch.dtype = torch.float32,
    ) -> None:
        if len(rows) < config.batch:
            raise RecipeError(f"a batch of {config.batch} from {len(rows)} rows", "give a smaller batch")
        self._rows, self._config, self._seed = rows, config, seed
        self._below, self._products = [machine.to(products) for machine in below], products
        self._state = self._initial()

    @property
    def machine(self) -> RBM:
        """The machine as learned so far, float32."""
        return RBM(*(self._state[name] for name in ("weight", "visible_bias", "hidden_bias")))

    def state(self) -> dict[str, Tensor]:
        """The machine, its momentum, the chains and the centers."""
        return dict(self._state)

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from `state`."""
        self._state = {name: state[name].clone() for name in self._state}

    def epoch(self, number: int) -> Mapping[str, float]:
        """Go once through the rows, in an order of the epoch's own.

        Returns:
            `reconstruction`, the mean squared error of v -> p(h | v) -> p(v | h).

        Raises:
            DivergedError: weights are no longer finite.
        """
        generator = generator_for(self._seed, number, Stream.LAYERS, len(self._below))
        order = torch.randperm(
            len(self._rows), generator=generator_for(self._seed, number, Stream.DATA_ORDER, len(self._below))
        )
        updates = len(order) // self._config.batch
        batches = order[: updates * self._config.batch].view(updates, -1)
        for update, chosen in enumerate(batches):
            done = (number + update / updates) / self._config.epochs
            self._update(self._values(self._rows[chosen], generator), self._config.rate * (1 - done), generator)
        if not all(bool(part.isfinite().all()) for part in self.machine.state_dict().values()):
            raise DivergedError(f"an RBM in epoch {number + 1}", "give a smaller rate")
        return self._figures(number)

    def _initial(self) -> dict[str, Tensor]:
        """Small random weights, visible biases that fit the units' means, hidden units undecided at the mean."""
        generator = generator_for(self._seed, 0, Stream.INITIAL_WEIGHTS, len(self._below))
        mean = self._values(self._rows[:_MEAN_OF], generator).float().mean(0)
        weight = torch.randn(len(mean), self._config.hidden, generator=generator).mul_(0.01)
        half = torch.full((self._config.hidden,), 0.5)
        return {
            "weight": weight, "visible_bias": torch.logit(mean, _SURE), "hidden_bias": -(mean @ weight),
            "weight_momentum": torch.zeros_like(weight), "visible_bias_momentum": torch.zeros_like(mean),
            "hidden_bias_momentum": torch.zeros_like(half), "visible_center": mean, "hidden_center": half.clone(),
            "chains": draw(half.expand(self._config.batch, -1), generator, torch.uint8),
        }  # fmt: skip

    def _values(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """What the machine sees of `rows`: states of the layer above the machines below."""
        values = rows.to(self._products)
        return up(self._below, values.div_(255) if rows.dtype == torch.uint8 else values, generator)

    def _update(self, v_ND: Tensor, rate: float, generator: torch.Generator) -> None:
        state, machine = self._state, self.machine.to(self._products)
        data = Phase(v_ND, machine.hidden(v_ND))
        model = self._negative(machine, data, generator)
        for name, phase in (("visible_center", data.visible), ("hidden_center", data.hidden)):
            state[name].lerp_(phase.float().mean(0), _CENTER_RATE)
        step = gradient(data, model, state["visible_center"], state["hidden_center"])
        step.weight.add_(state["weight"], alpha=-self._config.decay)
        for name, direction in step.state_dict().items():
            velocity = state[f"{name}_momentum"].mul_(self._config.momentum).add_(direction)
            state[name].add_(velocity, alpha=rate)

    def _negative(self, machine: RBM, data: Phase, generator: torch.Generator) -> Phase:
        """The model's side: chains of hidden states, moved on by k Gibbs steps."""
        persistent = self._config.method == "persistent"
        h_NH = self._state["chains"] if persistent else draw(data.hidden, generator, self._products)
        v_ND, probability = data.visible, data.hidden
        for _ in range(self._config.gibbs_steps):
            v_ND = draw(machine.visible(h_NH), generator, self._products)
            probability = machine.hidden(v_ND)
            h_NH = draw(probability, generator, torch.uint8)
        self._state["chains"] = h_NH.to(torch.uint8)
        return Phase(v_ND, probability)

    def _figures(self, number: int) -> dict[str, float]:
        generator = generator_for(self._seed, number, Stream.SAMPLES, len(self._below))
        machine, seen = self.machine, self._values(self._rows[:_WATCHED], generator).float()
        return {"reconstruction": float((machine.visible(machine.hidden(seen)) - seen).square().mean())}
