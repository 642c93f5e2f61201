"""What a recipe says of the Helvetica watch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from advnets.config.kinds import require_between, require_whole

_MOST_ROLLBACKS = 4  # a sixteenth of the first rates


def _off(value: Any) -> Any:
    """YAML reads `off` as false."""
    return "off" if value is False else value


@dataclass(frozen=True)
class WatchConfig:
    """The Helvetica watch: mode collapse, seen while it happens."""

    action: Annotated[Literal["warn", "stop", "rollback", "off"], BeforeValidator(_off)] = "warn"
    """On an alarm: say so and go on; end the training; or go back to the last healthy checkpoint at lower rates."""
    every: int = 15
    """Steps between looks; what costs more, D's opinion, is asked for at every twentieth."""
    rollbacks: int = 0
    """How often the run has been rolled back so far; the watch counts, and after the fourth it stops instead."""

    def __post_init__(self) -> None:
        require_whole(self, "every")
        require_between(self, 0, math.inf, "rollbacks")

    @property
    def doing(self) -> str:
        """What an alarm leads to now."""
        return "stop" if self.action == "rollback" and self.rollbacks >= _MOST_ROLLBACKS else self.action
