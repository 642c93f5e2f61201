"""What can go wrong through no fault of the program: each error says what, where and what to do."""

from __future__ import annotations

import errno

ELSEWHERE = "or run the program that defines it"
"""What else to do about a name that a program of the user's own may have registered."""


class AdvnetsError(Exception):
    """A mistake in the input or the surroundings. The command line prints it as one line and exits with 2.

    Args:
        what: what is wrong, and where ("recipe.yaml: unknown field 'stepz'").
        remedy: what to do about it; joined to `what` by a semicolon.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class UsageError(AdvnetsError):
    """Arguments that a command does not take."""


class DataError(AdvnetsError):
    """Images that cannot be found, read or used."""


class RecipeError(AdvnetsError):
    """A recipe that does not describe a game that can be played."""


class NoClassesError(RecipeError):
    """A game that needs classes, and data without any."""


class RunError(AdvnetsError):
    """A run directory that cannot be used: absent, taken, damaged, unwritable."""


class DivergedError(AdvnetsError):
    """Training produced a value that is not finite."""


class MeasureError(AdvnetsError):
    """A measure asked of data it cannot be computed on."""


class TheoryError(AdvnetsError):
    """Distributions that are none, or that do not belong together."""


def what_helps(error: OSError) -> str:
    """What to do where the system refused to write: "make room", "permit writing" or "move what is in the way"."""
    for codes, remedy in _REMEDIES.items():
        if error.errno in codes:
            return remedy
    return "make room or permit writing"


_REMEDIES = {
    (errno.ENOSPC, errno.EDQUOT): "make room",
    (errno.EACCES, errno.EPERM, errno.EROFS): "permit writing",
    (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY): "move what is in the way",
}
