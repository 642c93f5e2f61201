"""From the words of a command line to a call: a function's signature and docstring are a command's flags and help."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import tyro

from advnets.errors import UsageError

T = TypeVar("T")
Positional = tyro.conf.Positional
Modules = Annotated[
    tuple[str, ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(
        name="module", help="a module of your own that was trained, player=package.module:Name; said for each of them."
    ),
]
Step = Annotated[
    str,
    tyro.conf.arg(
        help="of which checkpoint of a run: newest, best (by the measure that it was trained with), or a step."
    ),
]

Truncation = Annotated[
    float | None,
    tyro.conf.arg(
        help="draw latents from the middle of the prior: of a uniform prior from so large a share of its range, below "
        "1; of a gaussian one within so many standard deviations. The less, the cleaner and the more alike."
    ),
]
Reject = Annotated[
    int | None,
    tyro.conf.arg(
        metavar="CANDIDATES",
        help="make so many candidates for each sample and keep the one that the discriminator finds most real.",
    ),
]


def call(function: Callable[..., None], args: list[str]) -> None:
    """Call `function`, named as the command, with what `args` say.

    Raises:
        UsageError: the arguments do not fit.
    """

    @functools.wraps(function)
    def postponed(*values: Any, **named: Any) -> Callable[[], None]:
        return functools.partial(function, *values, **named)  # outside of `read`, which keeps what is printed

    name = function.__name__
    config = (tyro.conf.FlagCreatePairsOff,)
    read(name, lambda: tyro.cli(postponed, prog=f"advnets {name}", args=args, config=config))()


def read(command: str, parse: Callable[[], T]) -> T:
    """What `parse`, a call of tyro, returns; its complaint in a box becomes one line.

    Raises:
        UsageError: the arguments do not fit.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parse()
    except SystemExit as stop:
        if not stop.code:
            raise  # the help has been printed
        raise UsageError(_in_one_line(said.getvalue()), f"see `advnets {command} --help`") from None


def _in_one_line(boxed: str) -> str:
    """The first section of a message that tyro has drawn in a box, and the nearest flag that it proposes."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", boxed)
    rows = [line.strip("│ ") for line in plain.splitlines() if not line.startswith(("╭", "╰"))]
    sections = [" ".join(rows).split() for rows in _split(rows, lambda row: set(row) in ({"─"}, {"-"}))]
    if "╭" not in plain:  # where the terminal has no such characters, the title is a section of its own
        sections = sections[1:] or sections
    message = " ".join(sections[0]).rstrip(".")
    close = next((words for words in sections if words[:3] == ["Perhaps", "you", "meant:"]), None)
    return f"{message}; perhaps you meant {close[3]}" if close and len(close) > 3 else message


def _split(rows: list[str], between: Callable[[str], bool]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for row in rows:
        if between(row):
            parts.append([])
        else:
            parts[-1].append(row)
    return parts
