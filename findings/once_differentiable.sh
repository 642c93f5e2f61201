#!/bin/sh
# torch 2.13.0: a layer whose gradient is marked once_differentiable is to refuse a second derivative. backward() does, with
# an error; torch.autograd.grad(cost, inputs) does not: it goes no way that ends in such a layer, leaves that part of the
# derivative out without a word, and gives a wrong number (1 where 11 is right), or None with allow_unused.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from torch.autograd.function import once_differentiable

print("torch", torch.__version__)


class Square(torch.autograd.Function):
    """x squared, whose gradient has none of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


w, x = (torch.tensor(value, requires_grad=True) for value in (3.0, 5.0))
# f = w x^2, df/dx = 2 w x; with w once more as it is, the penalty is (2 w x) + w and its gradient at w 2 x + 1 = 11.
(slope,) = torch.autograd.grad(w * Square.apply(x), x, create_graph=True)
penalty = slope + w
(found,) = torch.autograd.grad(penalty, w, retain_graph=True)
print("grad says", found.item(), "where 11 is right")
assert found.item() == 1.0, "the part through the layer is no longer left out: this finding is of the past"
try:
    penalty.backward()
except RuntimeError as error:
    print("backward says", error)
else:
    raise SystemExit("backward no longer raises")
PYTHON
