"""Trackers: told at log lines, of what has been fetched anyway."""

from __future__ import annotations

from advnets.training.session import Session


class Tracking:
    """Hands over what was logged, measured and drawn since the log line before. The rest is the loop's."""

    def after_step(self, session: Session) -> None:
        """See the class."""
        if session.line is not None:
            session.told.hand_over()
