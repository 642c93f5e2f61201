"""Training the classifier: Adam, one cycle of the rate, images shifted by a few pixels. A minute or two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from advnets.data import Table
from advnets.data.parallel import progress_bar
from advnets.measures.features.classifier_network import LARGEST_SIDE, Classifier, prepare

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """How to train. The defaults cost the same time for any size of image.

    Args:
        pixels: how many image pixels are seen in all; three epochs of MNIST's training split.
        epochs: at most so many, where there are few images.
        least_steps: at least so many.
        batch: images a step.
        rate: the highest of the cycle.
        shift: images are moved by up to this share of their sides.
        seed: of the weights, the order and the shifts.
    """

    pixels: int = 3 * 50_000 * 28 * 28
    epochs: int = 60
    least_steps: int = 100
    batch: int = 128
    rate: float = 3e-3
    shift: float = 1 / 14
    seed: int = 0

    def steps(self, images: int, shape: tuple[int, ...]) -> int:
        """Steps for so many training images of a shape."""
        area = min(shape[1], LARGEST_SIDE) * min(shape[2], LARGEST_SIDE)
        seen = min(self.pixels // area, self.epochs * images)
        return max(self.least_steps, seen // self.batch)

    def as_list(self) -> list[object]:
        """Plain values, for a cache key."""
        return list(asdict(self).values())


def train(table: Table, labels: Indices, rows: Indices, plan: Plan, device: torch.device, progress: bool) -> Classifier:
    """A classifier of some of the table's images.

    The same table, plan, machine and number of threads give the same weights, bit for bit.

    Args:
        table: the images.
        labels: of every image of the table.
        rows: those to train on, at least two.
        plan: how.
        device: where.
        progress: show a progress bar where there is a terminal.
    """
    network = _initial(table.shape[0], len(table.classes), plan.seed).to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # absent from torch's stubs
    steps = plan.steps(len(rows), table.shape)
    optimizer = torch.optim.Adam(network.parameters(), lr=plan.rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.rate, total_steps=steps, pct_start=0.2)
    rng = np.random.default_rng(plan.seed)
    batches = _batches(rows, min(plan.batch, len(rows)), rng)
    with progress_bar(f"Training a classifier of {table.name}", steps, unit="steps", shown=progress) as advance:
        for _, batch in zip(range(steps), batches, strict=False):
            images = _shifted(prepare(_images(table, batch, device)), plan.shift, rng)
            cost = F.cross_entropy(network(images), torch.from_numpy(labels[batch]).to(device))
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            schedule.step()
            advance(1)
    return network.eval().requires_grad_(False)


def _initial(channels: int, classes: int, seed: int) -> Classifier:
    """Weights drawn from the seed alone; the caller's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Classifier(channels, classes)


def _batches(rows: Indices, size: int, rng: np.random.Generator) -> Iterator[Indices]:
    """Whole batches without end; what is left of an epoch is dropped, since normalization needs company."""
    while True:
        order = rng.permutation(rows)
        for start in range(0, len(rows) - size + 1, size):
            yield order[start : start + size]


def _images(table: Table, rows: Indices, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(table.values[rows])).to(device)


def _shifted(images: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """The batch moved by one random offset, its edges continued."""
    height, width = images.shape[2:]
    most = round(height * share), round(width * share)
    top, left = (int(rng.integers(0, 2 * limit + 1)) for limit in most)
    padded = F.pad(images, (most[1], most[1], most[0], most[0]), mode="replicate")
    part = padded[:, :, top : top + height, left : left + width]
    return part.contiguous(memory_format=torch.channels_last)
