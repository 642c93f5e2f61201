"""The command line: parse, call one function, print. Each command imports only what it needs."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from advnets.errors import AdvnetsError, RunError, UsageError
from advnets.processors import obey_quota, processes, rank
from advnets.terminal.arguments import Modules, Positional, Reject, Step, Truncation, call
from advnets.terminal.classifying import classify
from advnets.terminal.codes import codes
from advnets.terminal.completing import complete
from advnets.terminal.data import data
from advnets.terminal.exporting import export
from advnets.terminal.inferring import infer
from advnets.terminal.measuring import compare, evaluate
from advnets.terminal.translate import translate
from advnets.terminal.tune import tune

Where = Annotated[
    tuple[str, ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(
        metavar="CONDITION",
        help="of a folder: those runs alone of which it is so, as 'frechet<300', 'data=photos*', 'status=finished' "
        "(done or at rest), 'generator.rate>=1e-4' or 'changed<2d'; said again, all have to be.",
    ),
]
Classes = Annotated[str | None, tyro.conf.arg(name="class")]
_FIRST_SPEAKS = 3.0  # seconds, in which a launcher ends all where the first process has ended
_UNUSABLE_PATHS = {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 2 for the user's mistake (one clear line), 1 for ours (with a report file)."""
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if args[0] == "--version":
        from importlib.metadata import version

        print(f"advnets {version('advnets')}")
        return 0
    if args[0] not in COMMANDS:
        print(f"advnets: no command {args[0]!r}; choose one of {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    if processes() > 1 and args[0] not in SHARED:
        if rank() == 0:
            print(f"advnets: {args[0]} is the work of one process; start it without torchrun", file=sys.stderr)
        return 2
    if rank() and {"-h", "--help"} & {*args}:
        return 0  # the first one says it
    obey_quota()
    try:
        COMMANDS[args[0]](args[1:])
        sys.stdout.flush()
    except AdvnetsError as error:
        if rank():  # the first one says what all find; where it has found nothing, nobody else would
            time.sleep(_FIRST_SPEAKS)
        print(f"advnets: {f'process {rank()}: ' if rank() else ''}{error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as in `advnets info RUN | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes
        return 0
    except OSError as error:
        if error.errno not in _UNUSABLE_PATHS:
            return _our_failure(args)
        print(f"advnets: {error.filename}: {(error.strerror or '').lower()}; name another path", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("advnets: stopped", file=sys.stderr)
        return 2
    except SystemExit:  # tyro has printed the help
        return 0
    except Exception:
        return _our_failure(args)
    return 0


def train(args: list[str]) -> None:
    """Train from the beginning."""
    from advnets.terminal.flags import train_flags
    from advnets.terminal.train_help import help_asked

    if (said := help_asked(args)) is not None:
        print(said)
        return
    flags = train_flags(args)

    import advnets.api as api  # after what is said of flags and help, which does not wait for PyTorch
    from advnets.terminal.runs import print_trained

    command = ["advnets", "train", *args]
    run = api.train(
        flags.recipe, run=flags.run, modules=flags.modules, command=command, chosen=flags.chosen, said=flags.said
    )
    if rank() == 0:
        print_trained(run)


def resume(args: list[str]) -> None:
    """Continue a training as if it had never stopped."""
    import advnets.api as api
    from advnets.terminal.runs import named_modules, print_trained

    def resume(
        run: Positional[Path],
        steps: int | None = None,
        budget: str | None = None,
        data: str | None = None,
        sources: str | None = None,
        device: str | None = None,
        modules: Modules = (),
    ) -> None:
        """Continue a training from its newest sound checkpoint, bit for bit as if it had never stopped.

        Example: advnets resume runs/photos

        Args:
            run: the run directory.
            steps: train to this step instead of the recipe's.
            budget: train for so long in all, as 20m, instead of the recipe's budget.
            data: where the data are now, if they were moved.
            sources: where the images are now that are translated into them.
            device: go on on this device instead of the recipe's.
        """
        own = named_modules(modules)
        done = api.resume(run, steps=steps, budget=budget, data=data, sources=sources, device=device, modules=own)
        if rank() == 0:
            print_trained(done)

    call(resume, args)


def sample(args: list[str]) -> None:
    """Draw samples: a picture, an array, or a file each."""

    def sample(
        run: Positional[Path],
        count: int = 100,
        seed: int = 0,
        seeds: str | None = None,
        classes: Classes = None,
        attributes: str | None = None,
        step: Step = "newest",
        out: Path | None = None,
        format: Literal["png", "jpg", "webp"] | None = None,
        truncation: Truncation = None,
        reject: Reject = None,
        modules: Modules = (),
    ) -> None:
        """Draw samples of a run's averaged generator. Sample i of a seed is the same whatever the count.

        Those of a table of numbers are in its own units and columns.

        Example: advnets sample runs/photos --count 16 --out faces.png

        Args:
            run: the run directory.
            count: how many samples.
            seed: which samples.
            seeds: several seeds instead, as 1-8 or 1,3,10-12: so many samples of each, in a file or directory of its
                own, with the seed behind the name: faces-1.png to faces-8.png.
            classes: of a conditional game: classes by name, joined by commas, or all. A picture then has a row a
                class, and a column for each latent vector; elsewhere sample i is of the (i mod their number)-th.
            attributes: of a game of vectors: values by name, as Smiling=1,Age=20:40; those of no name are drawn as the
                training data have them. A picture has a row a combination of values, elsewhere they come in turn.
            out: FILE.png, .jpg or .webp for a grid, FILE.npy for uint8 N,H,W,C (for points N,D), FILE.npz for these
                as x and their --class as y, FILE.csv or FILE.parquet for rows of a table, or a directory for a file
                each, with --class in a folder for each class; stopped, the same command goes on. By default
                samples.png in the run directory, samples-SEED.png for another seed, samples-by-class.png and
                samples-by-attributes.png for these. In a grid translations have their sources on their left.
            format: of the files in a directory; by default png. jpg is the only one that is not exact.
        """
        from advnets.sharing import shared
        from advnets.terminal.runs import load_shared, selecting
        from advnets.terminal.sampling import asked_attributes, draw_samples, named_classes, targets

        if count < 1:
            raise RunError(f"{count} samples cannot be drawn", "ask for 1 or more")
        with shared() as leads:
            loaded = selecting(load_shared(run, step, modules), truncation, reject)
            named = asked_attributes(loaded, attributes, classes)
            asked, at = named_classes(loaded, classes), None if step == "newest" else loaded.step
            suffix = loaded.selection.suffix
            by = "attributes" if named else "class" if asked else ""
            for number, target in targets(run, seed, seeds, by, at, out, suffix).items():
                said = draw_samples(loaded, count, number, asked, target, format, named)
                if leads:
                    print(f"{said}: {target}")

    call(sample, args)


def interpolate(args: list[str]) -> None:
    """Walk along straight lines in z space."""

    def interpolate(
        run: Positional[Path],
        lines: int = 8,
        points: int = 12,
        seed: int = 0,
        classes: Classes = None,
        attributes: str | None = None,
        step: Step = "newest",
        out: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Draw samples along straight lines between points of z space, as in Figure 3 of the paper.

        Example: advnets interpolate runs/photos --out walk.png

        Args:
            run: the run directory.
            lines: rows of the picture.
            points: samples along each line, its two ends included.
            seed: which lines.
            classes: of a conditional game: classes by name, joined by commas, or all; each line keeps its latent
                vector and walks from one of them to the next. Of one class, lines walk in z space within it.
            attributes: of a game of vectors: values by name. One may have two, as Age=20:60: each line keeps its
                latent vector and all other attributes and walks from the first to the second.
            out: the PNG file. By default interpolation.png in the run directory.
        """
        from advnets.terminal.runs import load_run
        from advnets.terminal.sampling import draw_walks, named_attributes, named_classes

        if lines < 1 or points < 2:
            raise RunError(f"{lines} lines of {points} points", "ask for 1 line or more, 2 points or more")
        loaded = load_run(run, step, modules)
        target = out or run / "interpolation.png"
        asked = None if attributes is None else named_attributes(attributes)
        draw_walks(loaded, lines, points, seed, named_classes(loaded, classes), target, asked)
        print(f"interpolation: {target}")

    call(interpolate, args)


def info(args: list[str]) -> None:
    """What a run is and how far it got; or a folder of runs, as a table."""

    def info(
        run: Positional[Path],
        json: bool = False,
        sort: str = "",
        reverse: bool = False,
        where: Where = (),
        columns: str = "",
    ) -> None:
        """What a run is and how far it got; or a table of all runs in a folder.

        Names are those of facts (run, recipe, data, step, steps, status, changed), measures, and fields of the recipe.

        Example: advnets info runs --sort frechet --where 'recipe=images'

        Args:
            run: the run directory, or a folder that has some in it or below it.
            json: print one JSON object: step, steps, status, best, checkpoints, recipe, data. Of a folder, a list of
                objects: run, recipe, data, step, steps, status, measure, changed, problem, measures.
            sort: of a folder: by a name; of a measure the best first, each way in which it was taken by itself.
            reverse: the other way round.
            columns: of a folder: names joined by commas, for the table and for --json.
        """
        from advnets.terminal.listing import Wish, print_list
        from advnets.terminal.runs import is_run, print_info

        wish = Wish(sort, reverse, where, [each.strip() for each in columns.split(",") if each.strip()])
        if run.is_dir() and not is_run(run):
            print_list(run, json, wish)
        elif wish != Wish(columns=[]):
            raise UsageError(f"{run} is one run", "leave --sort, --reverse, --where and --columns to folders of runs")
        else:
            print_info(run, json)

    call(info, args)


def recipes(args: list[str]) -> None:
    """List the built-in recipes."""

    def recipes() -> None:
        """List the built-in recipes. Example: advnets recipes"""
        from advnets.config.load import recipe_names, recipe_summary

        names = recipe_names()
        for name in names:
            print(f"{name:{max(map(len, names))}s}  {recipe_summary(name)}")

    call(recipes, args)


def recipe(args: list[str]) -> None:
    """Print a recipe with all its fields, to edit and train."""

    def recipe(name: Positional[str]) -> None:
        """Print a recipe with all its fields. Example: advnets recipe mnist > mine.yaml

        Args:
            name: a built-in name, or a YAML file.
        """
        from advnets.config.load import load_recipe, to_yaml

        print(to_yaml(load_recipe(name)), end="")

    call(recipe, args)


def paper(args: list[str]) -> None:
    """Make a table, figure or theorem of the paper."""

    def paper(
        exhibit: Positional[str],
        quick: bool = False,
        out: Path | None = None,
        seed: int = 0,
        fresh: bool = False,
        data: str = "",
    ) -> None:
        """Make an exhibit of the paper: a text with the paper's figures beside ours, pictures, a JSON file.

        What takes long is kept: a command that was stopped goes on where it was when it is given again.

        Example: advnets paper theory

        Args:
            exhibit: theory, costs, fig1, fig2, fig3, table1, table2, claims; or all, with a page that shows them.
            quick: in less than a minute, with fewer steps, samples and seeds.
            out: the folder to write to. By default paper, with --quick paper-quick.
            seed: of everything that is drawn.
            fresh: compute anew what is kept; trained runs, which exhibits share, only with all.
            data: of fig1: gaussian (the paper's), mixture or gamma.
        """
        from advnets.paper import make

        folder = out or Path("paper-quick" if quick else "paper")

        def say(line: str) -> None:
            print(line, file=sys.stderr)

        text = make(exhibit, folder, quick=quick, seed=seed, fresh=fresh, say=say, data=data)
        print(f"{exhibit}: {text}")

    call(paper, args)


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "train": train,
    "data": data,
    "resume": resume,
    "tune": tune,
    "sample": sample,
    "interpolate": interpolate,
    "codes": codes,
    "translate": translate,
    "complete": complete,
    "infer": infer,
    "evaluate": evaluate,
    "compare": compare,
    "classify": classify,
    "export": export,
    "info": info,
    "recipes": recipes,
    "recipe": recipe,
    "paper": paper,
}

SHARED = "train", "resume", "evaluate", "sample"
"""What several processes do together."""


def _overview() -> str:
    lines = [f"  {name:12s} {(command.__doc__ or '').splitlines()[0]}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: advnets COMMAND ...",
            "",
            "Adversarial nets: train, measure and sample generators.",
            "",
            *lines,
            "",
            "`advnets COMMAND --help` says more. Begin with: advnets train mnist --steps 2000 --run runs/first",
        ]
    )


def _our_failure(args: list[str]) -> int:
    trace = traceback.format_exc()
    text = f"advnets {' '.join(args)}\npython {sys.version}\n\n{trace}"
    with tempfile.NamedTemporaryFile("w", prefix="advnets-report-", suffix=".txt", delete=False) as file:
        file.write(text)
    last = trace.strip().splitlines()[-1]
    print(f"advnets: our failure, not yours ({last}); please send us {file.name}", file=sys.stderr)
    return 1
