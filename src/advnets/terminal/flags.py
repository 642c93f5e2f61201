"""What `advnets train` takes: a recipe, every field of it as a flag, and where to keep the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advnets.config.idle import refuse_idle
from advnets.config.load import how_chosen, load_recipe, recipe_for, recipe_names, said_in
from advnets.config.measuring import parse_flag
from advnets.config.merge import Change, merged
from advnets.config.recipe import Recipe
from advnets.config.resolve import candidates
from advnets.config.tree import Node, grow
from advnets.config.words import Words
from advnets.errors import UsageError
from advnets.runs.migrate import run_recipe
from advnets.terminal.foreign import ANSWERED, UNDERSTOOD
from advnets.terminal.runs import named_modules

_OTHERS = ("-h", "--help", "--help-all", "--run", "--module")
"""Flags that are no fields of a recipe."""
_RECIPES = (".yaml", ".yml")


@dataclass(frozen=True)
class TrainFlags:
    """What a command line says.

    Args:
        recipe: the recipe with all changes.
        run: the directory to keep the training in, if it is said.
        modules: the user's own networks, package.module:Name, by player.
        chosen: how the recipe was chosen, in words.
        said: names of the fields that were said, in the command or in a recipe file of the user's own.
        fixed: those among them that the command says.
    """

    recipe: Recipe
    run: Path | None
    modules: dict[str, str]
    chosen: str
    said: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A command line, in parts.

    Args:
        first: its first word, if that is no flag: a recipe or data.
        flags: all flags with the words behind them.
    """

    first: str | None
    flags: tuple[Words, ...]

    def named(self, flag: str) -> list[Words]:
        """The flags of that name."""
        return [each for each in self.flags if each.flag == flag]


def train_flags(args: Sequence[str]) -> TrainFlags:
    """What `args` say: a recipe or data, if the first is no flag, and changes of the recipe's fields.

    Raises:
        UsageError: the arguments do not fit.
        RecipeError: no such recipe, values that do not fit, or no data.
        MeasureError: --measure is not of its form.
    """
    return flags_of(read_line(args))


def flags_of(line: Line) -> TrainFlags:
    """`train_flags`, of a command line in parts.

    Raises:
        AdvnetsError: as there.
    """
    runs = [str(flag.value(str)) for flag in line.named("--run")]
    if len(runs) > 1:
        raise UsageError("--run is said twice", "say it once")
    base, changes = _said(line)
    recipe, modules = merged(base, changes), _modules(line)
    written = said_in(line.first) if line.first else []
    refuse_idle(recipe, changes, base, written)
    _check_data(recipe)
    _check_modules(recipe, modules)
    fixed = tuple(each.name for each in changes)
    said = (*(each.name for each in written), *fixed)
    return TrainFlags(recipe, Path(runs[0]) if runs else None, modules, _chosen(line), said, fixed)


def read_line(args: Sequence[str]) -> Line:
    """The parts of a command line.

    Raises:
        UsageError: a word that no flag takes.
    """
    first = args[0] if args and not args[0].startswith("-") else None
    flags: list[Words] = []
    for arg in args[first is not None :]:
        if arg.startswith("--") or arg == "-h":
            flag, equals, value = arg.partition("=")
            flags.append(Words(flag, (value,) if equals else ()))
        elif not flags:
            expanded = Path(str(first)).is_file() and Path(arg).is_file()  # by the shell, out of train-{00..09}.tar
            remedy = "quote a pattern of shards" if expanded else "write the recipe first, then --flags"
            raise UsageError(f"{first} {arg}: one recipe is trained", remedy)
        else:
            flags[-1] = Words(flags[-1].flag, (*flags[-1].words, arg))
    return Line(first, tuple(flags))


def chosen_recipe(line: Line) -> Recipe:
    """The recipe that a command line says; it may still lack data, or a module, of the user's own.

    Raises:
        AdvnetsError: the arguments do not fit.
    """
    return merged(*_said(line))


def _said(line: Line) -> tuple[Recipe, list[Change]]:
    """The recipe that a command line begins with, and all that it changes."""
    base, changes = _base(line)
    tree = grow(base)
    for flag in line.flags:
        changes += _changes(tree, flag) if flag.flag not in _OTHERS else ()
    return base, [*changes, *_own_networks(line, base, changes)]


def _own_networks(line: Line, base: Recipe, changes: Sequence[Change]) -> Iterator[Change]:
    """What --module changes, for players of the game that is chosen.

    Raises:
        UsageError: the game has no such player.
    """
    if not (modules := _modules(line)):
        return
    tree = grow(base)
    kind = [change for change in changes if candidates(tree, change.name) == [("game", "kind")]]
    players = merged(base, kind).players
    for player, module in modules.items():
        said, network = f"--module {player}", f"game.{player}.network"
        if player not in players:
            raise UsageError(f"{said}: the game has no such player", f"name one of {', '.join(players)}")
        yield Change(f"{network}.kind", "own", said)
        yield Change(f"{network}.module", module, said)


def _base(line: Line) -> tuple[Recipe, list[Change]]:
    """The recipe that is changed, and the data, where they are named instead of a recipe."""
    if line.first is None:
        data = [str(flag.value(str)) for flag in line.named("--data")]
        return load_recipe(_recipe_for(data[-1]) if data else recipe_for(None)), []
    path = Path(line.first)
    if line.first in recipe_names():
        return load_recipe(line.first), []
    if (path / "run.json").exists():
        remedy = f"continue it with `advnets resume {path}`, or train its recipe anew: advnets train {path}/recipe.yaml"
        raise UsageError(f"{path} is a run", remedy)
    if _names_data(line.first):
        return load_recipe(_recipe_for(line.first)), [Change("data", line.first, line.first)]
    if path.suffix in _RECIPES and (path.parent / "run.json").exists():
        return run_recipe(path), []
    return load_recipe(path), []  # which says what there is


def _names_data(first: str) -> bool:
    """Whether the first word of a command line names data and not a recipe."""
    path = Path(first)
    if first in recipe_names() or path.suffix in _RECIPES:
        return False
    return path.exists() or _published(first)


def _chosen(line: Line) -> str:
    """How the recipe was chosen, in words."""
    recipe, data = line.first, [str(flag.value(str)) for flag in line.named("--data")]
    if recipe is not None and _names_data(recipe):
        recipe, data = None, [recipe]
    return how_chosen(recipe, data[-1] if data else None)


def _recipe_for(data: str) -> str:
    """The recipe for data of that name; what is in a file is looked at last, since it takes time to import."""
    if not Path(data).expanduser().is_file():
        return recipe_for(data)
    from advnets.data.vectors import is_vectors

    return recipe_for(data, is_vectors(data))


def _published(name: str) -> bool:
    """Whether a name or a pattern is one of data; asked last, since what knows it takes time to import."""
    from advnets.data.formats.shards import is_pattern
    from advnets.data.recognize import is_known

    return is_known(name) or is_pattern(name)


def _changes(tree: Node, flag: Words) -> Iterator[Change]:
    """What a flag changes of a recipe.

    Raises:
        UsageError: a word of another library that means no one field.
        MeasureError: --measure is not of its form.
    """
    name = flag.flag.removeprefix("--").replace("-", "_")
    if name == "measure":
        for field, text in parse_flag(_one(flag, "frechet,recall@every=500")).items():
            yield Change(f"measure.{field}", text, f"--measure {field}")
    elif name.startswith("no_") and not flag.words:
        yield Change(name.removeprefix("no_"), Words(flag.flag, ("false",)), flag.flag)
    elif len(candidates(tree, name)) == 1:
        yield Change(name, flag, flag.flag)
    elif name in ANSWERED:
        raise UsageError(f"{flag.flag} is no flag of ours", ANSWERED[name])
    else:
        yield Change(UNDERSTOOD.get(name, name), flag, flag.flag)


def _one(flag: Words, example: str) -> str:
    """The only word behind a flag."""
    if len(flag.words) != 1:
        raise UsageError(f"{flag.flag} takes one value", f"such as {flag.flag} {example}")
    return flag.words[0]


def _modules(line: Line) -> dict[str, str]:
    """The user's own modules by player.

    Raises:
        UsageError: a flag is not of its form, or names a player again.
    """
    return named_modules([_one(flag, "generator=package.module:Name") for flag in line.named("--module")])


def _check_data(recipe: Recipe) -> None:
    """See that the recipe has data, its own or the user's, and sources where its game needs them.

    Raises:
        RecipeError: it has none.
    """
    recipe.check_named()


def _check_modules(recipe: Recipe, modules: dict[str, str]) -> None:
    """See that the user's own command says what code of theirs is run.

    Raises:
        UsageError: the recipe needs a module that the command does not name.
    """
    for name, player in recipe.players.items():
        if player.network.kind == "own" and name not in modules:
            module = getattr(player.network, "module", "") or "package.module:Name"
            raise UsageError(f"{recipe.name}: {name} is a module of your own", f"say --module {name}={module}")
