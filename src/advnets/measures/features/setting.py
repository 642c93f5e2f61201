"""What an extractor is built from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from advnets.data import Table


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What an extractor may need.

    Attributes:
        table: the data; its labels train the classifier, its shape is the images'.
        cache: where weights are kept.
        progress: whether to show progress where there is a terminal.
        device: where networks run.
    """

    table: Table
    cache: Path
    progress: bool
    device: torch.device

    @property
    def on(self) -> str:
        """Part of an identity: devices round differently."""
        return self.device.type
