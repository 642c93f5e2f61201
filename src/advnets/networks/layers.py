"""Layers of the paper that PyTorch does not have: maxout, dropout with its own scale, limited column norms."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advnets.networks.shortcuts import is_plain


class _Maximum(torch.autograd.Function):
    """Maximum over the pieces; N x P x U -> N x U. Pieces that tie share the gradient, as in `torch.amax`.

    PyTorch's own backward pass compares into booleans, which no vector unit likes: this one stays in the
    tensor's own dtype and takes a quarter of the time.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, pieces_NPU: Tensor) -> Tensor:
        top_NU = _top(pieces_NPU)
        ctx.save_for_backward(pieces_NPU, top_NU)
        return top_NU

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grad_outputs: Tensor) -> Tensor:
        pieces_NPU, top_NU = ctx.saved_tensors  # type: ignore[attr-defined]  # absent from torch's stubs
        winners_NPU = pieces_NPU.detach().clone().eq_(top_NU.detach().unsqueeze(1))
        ties_NU = winners_NPU[:, 0].clone()
        for piece in range(1, winners_NPU.shape[1]):
            ties_NU += winners_NPU[:, piece]
        return winners_NPU * (grad_outputs[0] / ties_NU).unsqueeze(1)


def _top(pieces_NPU: Tensor) -> Tensor:
    if pieces_NPU.dtype == torch.float32 or pieces_NPU.shape[1] == 1:
        return pieces_NPU.amax(1)
    # In bfloat16 a chain of maxima takes two thirds of the time.
    top = torch.maximum(pieces_NPU[:, 0], pieces_NPU[:, 1])
    for piece in range(2, pieces_NPU.shape[1]):
        torch.maximum(top, pieces_NPU[:, piece], out=top)
    return top


class Maxout(nn.Module):
    """A maxout layer: y_u = max over pieces p of (W_p x + b_p)_u. Goodfellow et al. 2013, *Maxout Networks*, Eq. 1.

    Args:
        inputs: length of an input row.
        units: length of an output row.
        pieces: linear pieces a unit chooses from, at least 1.
        bias: whether each piece has a bias.
        init: weights start uniform on [-init, init], biases at zero.
        max_norm: upper limit on the Euclidean norm of each piece's incoming weights, applied after each
            update by `limit_norms`; None for no limit.

    Input N x inputs, output N x units.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        pieces: int,
        bias: bool = True,
        init: float = 0.005,
        max_norm: float | None = None,
    ) -> None:
        super().__init__()
        self.pieces = pieces
        # Row p * units + u holds piece p of unit u: one product serves all pieces, and the maximum runs over
        # whole contiguous rows instead of gathering neighbors.
        self.linear = nn.Linear(inputs, units * pieces, bias=bias)
        self.max_norm = max_norm
        uniform_(self.linear, init)

    def forward(self, x_NI: Tensor) -> Tensor:
        return self._maximum(self.linear(x_NI))

    def pair(self, real_MI: Tensor, fake_NI: Tensor) -> Tensor:
        """The layer's output for real rows, then fake ones, (M + N) x units; see `joined_linear`."""
        linear = self.linear
        if type(linear) is nn.Linear and is_plain(linear) and linear.bias is not None:  # pyright: ignore[reportUnnecessaryComparison]
            return self._maximum(joined_linear(real_MI, fake_NI, linear))
        return self(torch.cat([real_MI, fake_NI]))

    def _maximum(self, lines: Tensor) -> Tensor:
        return maximum(lines.unflatten(1, (self.pieces, -1)))


def maximum(pieces_NPU: Tensor) -> Tensor:
    """Maximum over axis 1, N x P x ... -> N x ..., with a gradient that is cheap on every device."""
    result = _Maximum.apply(pieces_NPU)
    assert isinstance(result, Tensor)
    return result


class _JoinedLinear(torch.autograd.Function):
    """The first layer of a discriminator on real and fake rows at once; no gradient is computed for real images."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        real_MI: Tensor,
        fake_NI: Tensor,
        weight_OI: Tensor,
        bias_O: Tensor,
    ) -> Tensor:
        rows = torch.cat([real_MI, fake_NI])
        ctx.save_for_backward(rows, weight_OI)
        ctx.real_count = len(real_MI)  # type: ignore[attr-defined]  # contexts take any attribute
        return torch.addmm(bias_O, rows, weight_OI.t())

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides ctx's name
        ctx: torch.autograd.function.FunctionCtx, *grad_outputs: Tensor
    ) -> tuple[None, Tensor | None, Tensor | None, Tensor | None]:
        rows, weight_OI = ctx.saved_tensors  # type: ignore[attr-defined]
        grad = grad_outputs[0]
        _, for_fake, for_weight, for_bias = ctx.needs_input_grad  # type: ignore[attr-defined]
        real_count = ctx.real_count  # type: ignore[attr-defined]
        return (
            None,
            grad[real_count:] @ weight_OI if for_fake else None,
            grad.t() @ rows if for_weight else None,
            grad.sum(0) if for_bias else None,
        )


def joined_linear(real_MI: Tensor, fake_NI: Tensor, layer: nn.Linear) -> Tensor:
    """`layer` of the rows of `real_MI` and then of `fake_NI`: (M + N) x O, differentiable once, not in `real_MI`."""
    joined = _JoinedLinear.apply(real_MI, fake_NI, layer.weight, layer.bias)
    assert isinstance(joined, Tensor)
    return joined


class Dropout(nn.Module):
    """Keep each entry with probability `keep` and multiply what is kept by `scale`; identity in eval mode.

    Args:
        keep: probability of being kept, in (0, 1].
        scale: factor of what is kept; 1 / keep by default, which keeps the expectation.

    Masks come from PyTorch's default generator of the tensor's device, like those of `nn.Dropout`. On a
    processor they are cut from random 64-bit words, four entries a word: keep is met to within 2^-17.
    """

    def __init__(self, keep: float, scale: float | None = None) -> None:
        super().__init__()
        self.keep = keep
        self.scale = 1.0 / keep if scale is None else scale

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or (self.keep >= 1.0 and self.scale == 1.0):
            return x
        return x * keep_mask(x, self.keep).mul_(self.scale)

    def extra_repr(self) -> str:
        return f"keep={self.keep}, scale={self.scale:g}"


def keep_mask(like: Tensor, keep: float) -> Tensor:
    """Ones with probability `keep` and zeros, of the shape, dtype and device of `like`."""
    if (place := _place) is None or len(like) % place.count:
        return _kept(like, keep)
    # A pass is of some rows of a minibatch, or of its real rows and then its fake ones: each has the mask that it would
    # have beside all others.
    passes, rows = len(like) // place.count, slice(place.first, place.first + place.count)
    whole = _kept(like.new_empty(passes * place.total, *like.shape[1:]), keep, place.generator)
    return whole.unflatten(0, (passes, place.total))[:, rows].flatten(0, 1)


def _kept(like: Tensor, keep: float, rng: torch.Generator | None = None) -> Tensor:
    if like.device.type != "cpu":
        return torch.empty_like(like, requires_grad=False).bernoulli_(keep, generator=rng)
    words = torch.empty((like.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None, generator=rng)
    threshold = round(keep * 65536) - 32768  # int16 is uniform on [-32768, 32767]
    if threshold > 32767:
        return torch.ones_like(like, requires_grad=False)
    kept = words.view(torch.int16)[: like.numel()].lt_(threshold)
    return kept.to(like.dtype).view(like.shape)


@dataclass(frozen=True)
class _Place:
    """Which rows of a minibatch pass through networks: those from `first` on, `count` of `total`, and their masks."""

    first: int
    count: int
    total: int
    generator: torch.Generator


_place: _Place | None = None


@contextlib.contextmanager
def rows_pass(first: int, count: int, total: int, generator: torch.Generator) -> Generator[None]:
    """Say which rows of a minibatch pass meanwhile, so that masks are those that they have beside all others.

    Args:
        first, count, total: where they are.
        generator: of the masks of all of them.
    """
    global _place
    before, _place = _place, _Place(first, count, total, generator)
    try:
        yield
    finally:
        _place = before


def channels_last(images: Tensor) -> Tensor:
    """Images N x C x H x W in the memory order N, H, W, C, which convolutions and pooling are fastest in.

    With one channel both orders are the same bytes, and PyTorch takes such images for the slow order, then and in all
    layers above: their strides have to say it.
    """
    if images.shape[1] == 1:
        return images.reshape(images.shape[0], *images.shape[2:], 1).permute(0, 3, 1, 2)  # a trace knows no len
    return images.contiguous(memory_format=torch.channels_last)


def uniform_(layer: nn.Module, bound: float) -> None:
    """Draw every weight of `layer` uniformly from [-bound, bound] and set every bias to zero, in place."""
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.rsplit(".", 1)[-1] == "bias":
                parameter.zero_()
            else:
                parameter.uniform_(-bound, bound)


def sparse_(layer: nn.Linear, nonzero: int) -> None:
    """Give each unit of `layer` `nonzero` incoming weights from N(0, 1), the others zero, in place; biases stay.

    Source: Martens 2010, *Deep Learning via Hessian-free Optimization*, section 5 (pylearn2's `sparse_init`).

    Args:
        nonzero: at most the length of an input row.
    """
    with torch.no_grad():
        chosen = torch.rand_like(layer.weight).topk(nonzero, dim=1).indices
        layer.weight.zero_().scatter_(1, chosen, torch.randn(chosen.shape))


def limit_norms(network: nn.Module) -> None:
    """Scale down, in place, every piece or filter whose incoming weights exceed its layer's `max_norm`.

    A layer takes part by a `max_norm` attribute that is not None; each row of its weight matrices is one unit
    (pylearn2's `max_col_norm` and `max_kernel_norm`: its matrices are the transpose of PyTorch's).
    """
    with torch.no_grad():
        for layer in network.modules():
            limit = getattr(layer, "max_norm", None)
            if limit is None:
                continue
            for weight in layer.parameters():
                if weight.ndim > 1:
                    rows = weight.flatten(1)
                    norms = rows.norm(dim=1, keepdim=True)
                    rows.mul_((limit / norms.clamp_min(1e-7)).clamp_max(1.0))
