"""The network of the Frechet Inception distance: TensorFlow's Inception-v3 of 2015-12-05.

Its layers carry the names that the published port of its weights gives them (Seitzer 2020, pytorch-fid), and it
differs from the Inception-v3 of papers in these points, all of which the figures depend on:

- average pooling in blocks A, C and the first E leaves the padding out of the mean;
- the last block pools by maximum;
- batch normalization adds 0.001 to the variance; there are 1,008 logits.

Source: Szegedy et al. 2015, Rethinking the Inception Architecture for Computer Vision; Heusel et al. 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DIMENSION = 2048
CLASSES = 1008
SIDE = 299
"""Height and width of its input."""

_average_pool = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
_maximum_pool = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)
_halve = partial(F.max_pool2d, kernel_size=3, stride=2)


class _Kernel(TypedDict):
    kernel_size: int | tuple[int, int]
    padding: int | tuple[int, int]


_WIDE: _Kernel = {"kernel_size": (1, 7), "padding": (0, 3)}
_TALL: _Kernel = {"kernel_size": (7, 1), "padding": (3, 0)}
_SHORT_WIDE: _Kernel = {"kernel_size": (1, 3), "padding": (0, 1)}
_SHORT_TALL: _Kernel = {"kernel_size": (3, 1), "padding": (1, 0)}
_THREE: _Kernel = {"kernel_size": 3, "padding": 1}


class Convolution(nn.Module):
    """Convolution, batch normalization, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int | tuple[int, int] = 1,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class BlockA(nn.Module):
    """35 x 35: 1 x 1, 5 x 5, two 3 x 3, and pooling."""

    def __init__(self, inputs: int, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(inputs, 64)
        self.branch5x5_1 = Convolution(inputs, 48)
        self.branch5x5_2 = Convolution(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = Convolution(inputs, 64)
        self.branch3x3dbl_2 = Convolution(64, 96, **_THREE)
        self.branch3x3dbl_3 = Convolution(96, 96, **_THREE)
        self.branch_pool = Convolution(inputs, pooled)

    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), five, threes, self.branch_pool(_average_pool(x))], 1)


class BlockB(nn.Module):
    """35 x 35 to 17 x 17."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3 = Convolution(inputs, 384, 3, 2)
        self.branch3x3dbl_1 = Convolution(inputs, 64)
        self.branch3x3dbl_2 = Convolution(64, 96, **_THREE)
        self.branch3x3dbl_3 = Convolution(96, 96, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), threes, _halve(x)], 1)


class BlockC(nn.Module):
    """17 x 17: 1 x 1, 7 x 7 in two factors, the same twice, and pooling."""

    def __init__(self, inputs: int, inner: int) -> None:
        super().__init__()
        self.branch1x1 = Convolution(inputs, 192)
        self.branch7x7_1 = Convolution(inputs, inner)
        self.branch7x7_2 = Convolution(inner, inner, **_WIDE)
        self.branch7x7_3 = Convolution(inner, 192, **_TALL)
        self.branch7x7dbl_1 = Convolution(inputs, inner)
        self.branch7x7dbl_2 = Convolution(inner, inner, **_TALL)
        self.branch7x7dbl_3 = Convolution(inner, inner, **_WIDE)
        self.branch7x7dbl_4 = Convolution(inner, inner, **_TALL)
        self.branch7x7dbl_5 = Convolution(inner, 192, **_WIDE)
        self.branch_pool = Convolution(inputs, 192)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        sevens = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        sevens = self.branch7x7dbl_5(self.branch7x7dbl_4(sevens))
        return torch.cat([self.branch1x1(x), seven, sevens, self.branch_pool(_average_pool(x))], 1)


class BlockD(nn.Module):
    """17 x 17 to 8 x 8."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3_1 = Convolution(inputs, 192)
        self.branch3x3_2 = Convolution(192, 320, 3, 2)
        self.branch7x7x3_1 = Convolution(inputs, 192)
        self.branch7x7x3_2 = Convolution(192, 192, **_WIDE)
        self.branch7x7x3_3 = Convolution(192, 192, **_TALL)
        self.branch7x7x3_4 = Convolution(192, 192, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return torch.cat([three, self.branch7x7x3_4(seven), _halve(x)], 1)


class BlockE(nn.Module):
    """8 x 8: 1 x 1, 3 x 3 split in two, 3 x 3 and the same, and a pooling that the two of them do not share."""

    def __init__(self, inputs: int, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        self.branch1x1 = Convolution(inputs, 320)
        self.branch3x3_1 = Convolution(inputs, 384)
        self.branch3x3_2a = Convolution(384, 384, **_SHORT_WIDE)
        self.branch3x3_2b = Convolution(384, 384, **_SHORT_TALL)
        self.branch3x3dbl_1 = Convolution(inputs, 448)
        self.branch3x3dbl_2 = Convolution(448, 384, **_THREE)
        self.branch3x3dbl_3a = Convolution(384, 384, **_SHORT_WIDE)
        self.branch3x3dbl_3b = Convolution(384, 384, **_SHORT_TALL)
        self.branch_pool = Convolution(inputs, 192)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_1(x)
        threes = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        split = [self.branch3x3_2a(three), self.branch3x3_2b(three)]
        splits = [self.branch3x3dbl_3a(threes), self.branch3x3dbl_3b(threes)]
        return torch.cat([self.branch1x1(x), *split, *splits, self.branch_pool(self.pool(x))], 1)


class InceptionV3(nn.Module):
    """Images, N x 3 x 299 x 299 in [-1, 1] -> pooled features, N x 2,048. `fc` makes 1,008 logits of them."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3)
        self.Conv2d_2b_3x3 = Convolution(32, 64, **_THREE)
        self.Conv2d_3b_1x1 = Convolution(64, 80)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3)
        self.Mixed_5b = BlockA(192, 32)
        self.Mixed_5c = BlockA(256, 64)
        self.Mixed_5d = BlockA(288, 64)
        self.Mixed_6a = BlockB(288)
        self.Mixed_6b = BlockC(768, 128)
        self.Mixed_6c = BlockC(768, 160)
        self.Mixed_6d = BlockC(768, 160)
        self.Mixed_6e = BlockC(768, 192)
        self.Mixed_7a = BlockD(768)
        self.Mixed_7b = BlockE(1280, _average_pool)
        self.Mixed_7c = BlockE(2048, _maximum_pool)
        self.fc = nn.Linear(DIMENSION, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = _halve(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = _halve(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean((2, 3))
