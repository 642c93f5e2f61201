"""Images that are translated into those of a table: what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sources:
    """Images that are translated into those of a table.

    Args:
        name: what they are called.
        values: uint8, N x C x H x W, of the table's height and width.
        train, held_out: sorted row numbers of those that are trained on, and of all others.
        partners: for each row of the table the row of its source, -1 where it has none; None where there are no pairs.
        fingerprint: SHA-256 (hex) of the images as their own table has them.
    """

    name: str
    values: NDArray[np.uint8]
    train: NDArray[np.int64]
    held_out: NDArray[np.int64]
    partners: NDArray[np.int64] | None = None
    fingerprint: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image."""
        return tuple(int(n) for n in self.values.shape[1:])

    def facts(self) -> dict[str, Any]:
        """What run.json says of them: plain values."""
        return {
            "name": self.name, "shape": list(self.shape), "training": len(self.train), "held_out": len(self.held_out),
            "paired": self.partners is not None, **({"fingerprint": self.fingerprint} if self.fingerprint else {}),
        }  # fmt: skip
