"""A player: a network, its flat float32 parameters, its optimizer, and the copy that the step computes with."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.networks.layers import limit_norms
from advnets.training.optimizers import OptimizerConfig, build_optimizer

_ALIGNMENT = 64  # floats: every parameter begins on its own cache lines, which matrix kernels like


class FlatParameters:
    """All parameters of a module as views of one tensor: one call casts, averages, checks or saves them all.

    Args:
        module: its parameters become views of `flat` (values kept); their shapes, names and use stay. Frozen ones
            (without `requires_grad`) are left as they are.
        dtype: of the flat tensor.
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        starts, size = [], 0
        for parameter in self.parameters:
            starts.append(size)
            size += -(-parameter.numel() // _ALIGNMENT) * _ALIGNMENT
        device = self.parameters[0].device if self.parameters else torch.device("cpu")
        self.flat = torch.zeros(size, dtype=dtype, device=device)
        self.spans = [slice(s, s + p.numel()) for s, p in zip(starts, self.parameters, strict=True)]
        self.views = self.like(self.flat)
        for parameter, view in zip(self.parameters, self.views, strict=True):
            view.copy_(parameter.detach())
            parameter.data = view

    def like(self, flat: Tensor) -> list[Tensor]:
        """Views of another flat tensor of the same layout, one for each parameter."""
        return [flat[s].view(p.shape) for s, p in zip(self.spans, self.parameters, strict=True)]


class Player:
    """One side of the game.

    Args:
        network: the module, float32, on its device; its parameters become views of one flat tensor.
        optimizer: how it moves.
        compute: dtype of its forward and backward passes; float32, or bfloat16 with float32 master weights.

    Raises:
        RecipeError: the network has no parameter to train.

    `network` holds the master weights and is what is saved and sampled. `worker` is what the step runs: the
    network itself in float32, or a bfloat16 copy that is refreshed once after each update, so that nothing is
    cast layer by layer.
    """

    def __init__(self, network: nn.Module, optimizer: OptimizerConfig, compute: torch.dtype) -> None:
        self.network = network
        self.master = FlatParameters(network, torch.float32)
        if not self.master.parameters:
            raise RecipeError(f"{type(network).__name__} has no parameter to train", "leave one with requires_grad")
        self.optimizer = build_optimizer(optimizer, self.master.flat.numel(), self.master.flat.device)
        self.compute = compute
        self._limited = any(getattr(m, "max_norm", None) is not None for m in network.modules())
        if compute == torch.float32:
            self.worker = network
            self._work = self.master
        else:
            self.worker = _low_precision_copy(network, compute)
            self._work = FlatParameters(self.worker, compute)
            self._grad = torch.zeros_like(self.master.flat)
            self._grad_views = self.master.like(self._grad)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What the step differentiates: the worker's parameters."""
        return self._work.parameters

    @torch.no_grad()
    def move(self, grads: Sequence[Tensor | None], step: int, steps: int) -> None:
        """Update number `step` of `steps` along `grads`, one for each of `parameters` (None is zero)."""
        if self._work is self.master:
            known = [torch.zeros_like(v) if g is None else g for g, v in zip(grads, self.master.views, strict=True)]
            # On GPUs the fused kernels want equal strides, also where a size of 1 makes strides arbitrary.
            known = [
                g if g.stride() == v.stride() else torch.empty_like(v).copy_(g)
                for g, v in zip(known, self.master.views, strict=True)
            ]
            self.optimizer.update(self.master.views, known, self.master.spans, step, steps)
        else:
            whole = [slice(None)]
            for view, grad in zip(self._grad_views, grads, strict=True):
                if grad is None:
                    view.zero_()
                else:
                    view.copy_(grad)
            self.optimizer.update([self.master.flat], [self._grad], whole, step, steps)
        if self._limited:
            limit_norms(self.network)
        self.refresh()

    @torch.no_grad()
    def reload(self) -> None:
        """Bring the worker up to a network whose weights were loaded anew, the frozen ones included."""
        for worker, master in zip(self.worker.parameters(), self.network.parameters(), strict=True):
            worker.copy_(master)

    @torch.no_grad()
    def refresh(self) -> None:
        """Bring the worker's weights up to the master's."""
        if self._work is not self.master:
            self._work.flat.copy_(self.master.flat)


def computes_in(network: nn.Module, shape: Sequence[int], dtype: torch.dtype) -> bool:
    """Whether a copy of `network` in `dtype` can go forward and back on rows of `shape`; `network` stays as it is."""
    worker = _low_precision_copy(copy.deepcopy(network), dtype)
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            worker(torch.zeros(4, *shape, dtype=dtype, device=device)).float().sum().backward()
    except RuntimeError:
        return False
    return True


def _low_precision_copy(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy that computes in `dtype` and shares the original's buffers (running statistics stay float32)."""
    worker = copy.deepcopy(network).to(dtype)
    buffers = dict(network.named_buffers())
    for name, _ in list(worker.named_buffers()):
        owner, _, last = name.rpartition(".")
        setattr(worker.get_submodule(owner), last, buffers[name])
    return worker
