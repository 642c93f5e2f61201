"""The help of `advnets train`: the fields that the chosen recipe has, as flags."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from advnets.config.describe import as_words, choices, description
from advnets.config.recipe import Recipe
from advnets.config.resolve import short_name
from advnets.config.tree import Node, Path, at, grow, own_fields, paths
from advnets.terminal.flags import chosen_recipe, read_line

_WIDTH = 100
_INDENT = "      "

Lines = Callable[[Node, Sequence[Path]], Iterable[str]]

FIRST = (
    ("data",),
    ("sources",),
    ("size",),
    ("game", "kind"),
    ("game", "objective"),
    ("game", "labels"),
    ("game", "generator", "optimizer", "rate"),
    ("game", "discriminator", "optimizer", "rate"),
    ("batch",),
    ("steps",),
    ("budget",),
    ("from_run",),
    ("seed",),
    ("precision",),
    ("device",),
)
"""What people use first."""

SECTIONS = {
    "data": (
        "name",
        "data",
        "sources",
        "size",
        "channels",
        "source_channels",
        "fit",
        "mirror",
        "labels",
        "range",
        "holdout",
        "strict",
        "contrast",
    ),
    "game": ("game",),
    "training": (
        "budget",
        "from_run",
        "schedule",
        "discriminator_steps",
        "generator_steps",
        "batch",
        "accumulate",
        "shard_optimizer",
        "steps",
        "seed",
        "precision",
        "device",
    ),
    "coordination": ("coordination",),
    "what is kept, measured and watched": (
        "track",
        "log_every",
        "sample_every",
        "checkpoint_every",
        "keep_checkpoints",
        "keep_every",
        "keep_best",
        "measure",
        "watch",
    ),
}
"""The recipe's fields in the order of the help; the players of its game have sections of their own."""


def help_asked(args: Sequence[str]) -> str | None:
    """The help that a command line of `advnets train` asks for, of the recipe that it says.

    Raises:
        AdvnetsError: there is no such recipe, or the rest does not fit it.
    """
    line = read_line(args)
    if line.named("--help-all"):
        return full_help(chosen_recipe(line))
    return short_help(chosen_recipe(line)) if line.named("--help") or line.named("-h") else None


def short_help(recipe: Recipe) -> str:
    """Every flag of `advnets train` for a recipe with its value; what people use first is described."""
    return _help(recipe, _listed, _foot)


def full_help(recipe: Recipe) -> str:
    """Every flag of `advnets train` for a recipe with its value, described; and what other kinds there are."""
    return _help(recipe, _described, _kinds)


def _help(recipe: Recipe, body: Lines, foot: Callable[[Node], Iterable[str]]) -> str:
    tree = grow(recipe)
    first = [path for path in FIRST if path in set(paths(tree))]  # not every game has an objective
    if not recipe.game.sources:
        first.remove(("sources",))
    lines = [*_head(recipe), "", "first:", *_described(tree, first), *_others()]
    for title, found in _sections(tree).items():
        lines += ["", f"{title}:", *body(tree, [path for path in found if path not in first])]
    return "\n".join([*lines, "", *foot(tree)])


_OTHERS = {
    "--measure NAMES@every=STEPS": "Measure while it trains: --measure frechet,recall@every=500.",
    "--module PLAYER=PACKAGE.MODULE:NAME": "A network of your own: --module generator=mine.networks:Generator.",
    "--run DIRECTORY": "Where to keep the training. By default runs/NAME-DATE-TIME.",
}
"""Flags that are no fields."""


def _foot(tree: Node) -> list[str]:
    """What the short help cannot show."""
    text = (
        "A flag is known by its last word, and as many before it as are needed: --share, --generator.rate. "
        "--help-all describes every flag and names those of other kinds."
    )
    return textwrap.wrap(text, _width())


def _others() -> Iterator[str]:
    for flag, text in _OTHERS.items():
        yield f"  {flag}"
        yield from textwrap.wrap(text, _width(), initial_indent=_INDENT, subsequent_indent=_INDENT)


def _head(recipe: Recipe) -> list[str]:
    text = (
        "Train adversarial nets. RECIPE is a name (`advnets recipes` lists them), a YAML file, or data to train on; "
        f"by default mnist. These are the flags of {recipe.name}, with their values."
    )
    return [
        "usage: advnets train [RECIPE] [--flags]",
        "",
        *textwrap.wrap(text, _width()),
        "",
        "Example: advnets train images --data photos/ --size 64 --run runs/photos",
    ]


def _width() -> int:
    return min(_WIDTH, max(shutil.get_terminal_size((_WIDTH, 24)).columns, 40))


def _sections(tree: Node) -> dict[str, list[Path]]:
    """The paths of all leaves by the title that they stand under."""
    leaves = [path for path in paths(tree) if not isinstance(at(tree, path), Node)]
    sections: dict[str, list[Path]] = {}
    for title, fields in SECTIONS.items():
        for path in (path for path in leaves if path[0] in fields):
            sections.setdefault(_title(tree, path, title), []).append(path)
    return sections


def _title(tree: Node, path: Path, title: str) -> str:
    """A player's fields stand under its name and kind."""
    if path[0] == "game" and len(path) > 2 and "network" in at(tree, path[:2]).values:
        return f"{path[1]}: {at(tree, (*path[:2], 'network', 'kind'))}"
    return f"{title}: {at(tree, ('game', 'kind'))}" if title == "game" else title


def _described(tree: Node, found: Sequence[Path]) -> Iterator[str]:
    """Flags with their values and what they are, two lines or more each."""
    for path in found:
        yield f"  {_flag(tree, path)} {as_words(at(tree, path))}"
        text, choice = description(tree, path), choices(tree, path)
        text += "" if all(each in text for each in choice) else f" One of {', '.join(choice)}."
        yield from textwrap.wrap(text, _width(), initial_indent=_INDENT, subsequent_indent=_INDENT)


def _listed(tree: Node, found: Sequence[Path]) -> Iterator[str]:
    """Flags with their values, in columns."""
    flags = [f"{_flag(tree, path)} {as_words(at(tree, path))}" for path in found]
    columns = next((count for count in (3, 2) if _aligned(flags, count) <= _width()), 1)
    rows = -(-len(flags) // columns)
    widths = [max(map(len, flags[column * rows : (column + 1) * rows]), default=0) for column in range(columns)]
    for row in range(rows):
        yield (
            "  " + "  ".join(f"{flag:{width}}" for flag, width in zip(flags[row::rows], widths, strict=False)).rstrip()
        )


def _aligned(flags: Sequence[str], columns: int) -> int:
    """The width of flags in columns."""
    rows = -(-len(flags) // columns)
    return sum(2 + max(map(len, flags[place : place + rows])) for place in range(0, len(flags), max(rows, 1)))


def _flag(tree: Node, path: Path) -> str:
    return f"--{short_name(tree, path).replace('_', '-')}"


def _kinds(tree: Node) -> Iterator[str]:
    """The kinds that might be chosen instead, with the fields that the present ones have not."""
    yield "other kinds, and what they have that these have not:"
    for path in paths(tree):
        node = at(tree, path)
        if isinstance(node, Node) and node.family is not None:
            others = ((kind, cls) for kind, cls in node.family.kinds.items() if cls is not node.cls)
            for kind, cls in others:
                more = ", ".join(sorted(own_fields(cls) - own_fields(node.cls))) or "nothing"
                text = f"{_flag(tree, (*path, 'kind'))} {kind}: {more}"
                yield from textwrap.wrap(text, _width(), initial_indent="  ", subsequent_indent=_INDENT)
