"""A player: a network, its flat float32 parameters, its optimizer, its average, and the copy that the step runs."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from advnets.config.players import AverageConfig, OptimizerConfig
from advnets.errors import RecipeError
from advnets.networks.layers import limit_norms
from advnets.training.averages import update_average
from advnets.training.backward import Gradients
from advnets.training.optimizers import build_optimizer
from advnets.world import ALONE, Sum, World

Moves = Gradients | Sum
"""What a player moves along: gradients of its parameters, or their sum over several processes, flat."""

_ALIGNMENT = 64  # floats: every parameter begins on its own cache lines, which matrix kernels like


class FlatParameters:
    """All parameters of a module as views of one tensor: one call casts, averages, checks or saves them all.

    Args:
        module: its parameters become views of `flat` (values kept); their shapes, names and use stay. Frozen ones
            (without `requires_grad`) are left as they are.
        dtype: of the flat tensor.
        shards: equal parts that it can be cut into.
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype, shards: int = 1) -> None:
        named = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self.names, self.parameters = list(named), list(named.values())
        starts, size = [], 0
        for parameter in self.parameters:
            starts.append(size)
            size += -(-parameter.numel() // _ALIGNMENT) * _ALIGNMENT
        device = self.parameters[0].device if self.parameters else torch.device("cpu")
        self.flat = torch.zeros(-(-size // (_ALIGNMENT * shards)) * _ALIGNMENT * shards, dtype=dtype, device=device)
        self.spans = [slice(s, s + p.numel()) for s, p in zip(starts, self.parameters, strict=True)]
        self.views = self.like(self.flat)
        for parameter, view in zip(self.parameters, self.views, strict=True):
            view.copy_(parameter.detach())
            parameter.data = view

    def like(self, flat: Tensor) -> list[Tensor]:
        """Views of another flat tensor of the same layout, one for each parameter."""
        return [flat[s].view(p.shape) for s, p in zip(self.spans, self.parameters, strict=True)]


class Player:
    """One player of a game.

    Args:
        network: the module, float32, on its device; its parameters become views of one flat tensor.
        optimizer: how it moves.
        compute: dtype of its forward and backward passes; float32, or bfloat16 with float32 master weights.
        side: "generator" or "discriminator".
        average: how its weights are averaged; None for no average.
        world: the processes that have it together; of several, gradients are gathered in one flat tensor, in float32 as
            well, which they add up.
        sharded: whether each of them has a shard of the optimizer's state alone, and moves that of the weights.

    Raises:
        RecipeError: the network has no parameter to train.

    `network` holds the master weights and is what is saved and sampled. `worker` is what the step runs: the
    network itself in float32, or a bfloat16 copy that is refreshed once after each update, so that nothing is
    cast layer by layer.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerConfig,
        compute: torch.dtype,
        side: str = "generator",
        average: AverageConfig | None = None,
        world: World = ALONE,
        sharded: bool = False,
    ) -> None:
        self.network, self.compute, self.side = network, compute, side
        self._world, self._sharded = world, sharded and world.size > 1
        shards = world.size if self._sharded else 1
        self.master = FlatParameters(network, torch.float32, shards)
        if not self.master.parameters:
            raise RecipeError(f"{type(network).__name__} has no parameter to train", "leave one with requires_grad")
        self.device = self.master.flat.device
        self._limited = any(getattr(m, "max_norm", None) is not None for m in network.modules())
        self.worker, self._work = network, self.master
        if compute != torch.float32:
            self.worker = _low_precision_copy(network, compute)
            self._work = FlatParameters(self.worker, compute, shards)
        self._flat = world.size > 1 or compute != torch.float32
        if not self._flat:
            self.optimizer = build_optimizer(optimizer, self.master.views, self.master.flat, self.master.like)
        else:
            self._grad = torch.zeros_like(self.master.flat)
            self._grads = self.master.like(self._grad)
            own = self._own(self.master.flat)
            self.optimizer = build_optimizer(optimizer, [own], own, lambda flat: [flat])
        self._averaging = average
        self.average: nn.Module | None = None
        if average is not None:
            self.average = copy.deepcopy(network)
            self._averaged = FlatParameters(self.average, torch.float32, shards)
            self.average.requires_grad_(False).eval()

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What the step differentiates: the worker's parameters."""
        return self._work.parameters

    def move(self, grads: Moves, update: int, updates: int) -> None:
        """Update number `update` of `updates` along `grads`, one for each of `parameters` (None is zero)."""
        self.optimizer.update([grads.wait()] if isinstance(grads, Sum) else self._as_moved(grads), update, updates)
        if self._sharded:
            self._world.gather_shards(self.master.flat)
        if self._limited:
            limit_norms(self.network)
        self.refresh()

    def sum(self, grads: Gradients) -> Sum:
        """Begin to add up gradients over all processes."""
        flat = self.flat(grads)
        return self._world.scattered_sum(flat) if self._sharded else self._world.sum(flat)

    def _own(self, flat: Tensor) -> Tensor:
        """What of a flat tensor this process moves."""
        return flat[self._world.shard(len(flat))] if self._sharded else flat

    def flat(self, grads: Gradients) -> Tensor:
        """Gradients in one flat float32 tensor, which the next call fills anew."""
        torch._foreach_copy_(self._grads, self._known(grads))  # type: ignore[arg-type]  # lists are what it takes
        return self._grad

    def _as_moved(self, grads: Gradients) -> Sequence[Tensor]:
        """Gradients as the optimizer takes them: in float32 as they are, since a copy costs as much as an update."""
        if self._flat:
            return [self.flat(grads)]
        known, views = self._known(grads), self.master.views
        return [
            g if g.stride() == w.stride() else torch.empty_like(w).copy_(g) for g, w in zip(known, views, strict=True)
        ]

    def _known(self, grads: Gradients) -> list[Tensor]:
        return [torch.zeros_like(w) if g is None else g for g, w in zip(grads, self._work.views, strict=True)]

    def follow(self, step: int) -> None:
        """Move the average, if there is one, toward the weights after `step` steps."""
        if self._averaging is not None:
            update_average(self._averaged.flat, self.master.flat, self._averaging, step)

    def sync_buffers(self) -> None:
        """Running statistics are not averaged: the average uses the network's own, which are the worker's."""
        if self.worker is not self.network:
            share_buffers(self.network, self.worker)
        if self.average is not None:
            own = dict(self.network.named_buffers())
            for name, buffer in self.average.named_buffers():
                buffer.copy_(own[name])

    @property
    def optimizer_state(self) -> dict[str, Tensor]:
        """What the optimizer remembers, by parameter: "mean.layers.0.weight" and so on.

        Of a sharded one it is what it began with, zeros, but for this process's shard, unless it was `gathered`.
        """
        return self._named(self._wholes())

    def gathered(self) -> dict[str, Tensor]:
        """`optimizer_state` of all shards, which all processes ask for at once."""
        wholes = self._wholes()
        for whole in wholes.values() if self._sharded else ():
            self._world.gather_shards(whole)
        return self._named(wholes)

    def _wholes(self) -> dict[str, Tensor]:
        return {key: self._whole(own) for key, own in sorted(self.optimizer.state.items())}

    def _named(self, wholes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {
            f"{key}.{name}": view
            for key, whole in wholes.items()
            for name, view in zip(self.master.names, self.master.like(whole), strict=True)
        }

    def _whole(self, own: Tensor) -> Tensor:
        """A flat tensor with this process's shard in its place; what is whole already as it is."""
        if not self._sharded:
            return own
        whole = torch.zeros_like(self.master.flat)
        self._own(whole).copy_(own)
        return whole

    @torch.no_grad()
    def load_optimizer(self, saved: Mapping[str, Tensor]) -> None:
        """Take over what `optimizer_state` gave, or whole flat tensors, as checkpoints of format 1 have them.

        Raises:
            RecipeError: it is another optimizer's, or another network's.
        """
        wholes = self._wholes()
        mine = wholes if set(saved) == set(wholes) else self._named(wholes)
        for key, value in mine.items():
            if key not in saved or saved[key].shape != value.shape:
                raise RecipeError("the checkpoint's optimizer is not this recipe's", "use the recipe it was saved with")
            value.copy_(saved[key])
        for key, whole in wholes.items() if self._sharded else ():
            self.optimizer.state[key].copy_(self._own(whole))

    @torch.no_grad()
    def reload(self) -> None:
        """Bring the worker up to a network whose weights and buffers were loaded anew, the frozen ones included."""
        for worker, master in zip(self.worker.parameters(), self.network.parameters(), strict=True):
            worker.copy_(master)
        if self.worker is not self.network:
            share_buffers(self.worker, self.network)

    def refresh(self) -> None:
        """Bring the worker's weights up to the master's."""
        if self._work is not self.master:
            self._work.flat.copy_(self.master.flat)


def computes_in(network: nn.Module, inputs: Sequence[Tensor], dtype: torch.dtype) -> bool:
    """Whether a copy of `network` in `dtype` can go forward and back on such rows; `network` stays as it is."""
    worker = _low_precision_copy(copy.deepcopy(network), dtype)
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    given = [each.to(device, dtype) if each.is_floating_point() else each.to(device) for each in inputs]
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            worker(*given).float().sum().backward()
    except RuntimeError:
        return False
    return True


def _low_precision_copy(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy that computes in `dtype` and shares the original's buffers (running statistics stay float32)."""
    worker = copy.deepcopy(network).to(dtype)
    share_buffers(worker, network)
    return worker


def share_buffers(copied: nn.Module, network: nn.Module) -> None:
    """Give a copy the very buffers that a network has now: some modules change theirs in place, others put new ones."""
    for pair in zip(copied.modules(), network.modules(), strict=True):
        share_own_buffers(*pair)


def share_own_buffers(copied: nn.Module, module: nn.Module) -> None:
    """The same of a module without those within it."""
    mine, theirs = vars(copied)["_buffers"], vars(module)["_buffers"]
    if mine or theirs:
        mine.clear()
        mine.update(theirs)
