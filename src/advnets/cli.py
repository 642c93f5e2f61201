"""The command line: parse, call one function, print. Each command imports only what it needs."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from advnets.errors import AdvnetsError, DataError, RunError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from advnets.recipe import Recipe
    from advnets.training.run import Run

T = TypeVar("T")
Positional = tyro.conf.Positional
_UNUSABLE_PATHS = {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR}
_FEW = 4  # measures whose caveats fit below their table
_ELSEWHERE = "make room, permit writing, or choose another place"


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
    try:
        COMMANDS[args[0]](args[1:])
        sys.stdout.flush()
    except AdvnetsError as error:
        print(f"advnets: {error}", file=sys.stderr)
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
    import advnets.api as api
    from advnets.flags import TrainFlags
    from advnets.recipe import load_recipe

    args = _measure_flags(args)
    named = bool(args) and not args[0].startswith("-")
    base = load_recipe(args[0] if named else _default_recipe(args))

    def read() -> TrainFlags:
        return tyro.cli(TrainFlags, prog="advnets train [RECIPE]", default=TrainFlags(base), args=args[named:])

    parsed = _read("train", read)
    _trained(api.train(parsed.recipe, run=parsed.run, command=["advnets", "train", *args]))


def resume(args: list[str]) -> None:
    """Continue a training as if it had never stopped."""
    import advnets.api as api

    def resume(
        run: Positional[Path], steps: int | None = None, data: str | None = None, device: str | None = None
    ) -> None:
        """Continue a training from its newest sound checkpoint, bit for bit as if it had never stopped.

        Example: advnets resume runs/photos

        Args:
            run: the run directory.
            steps: train to this step instead of the recipe's.
            data: where the data are now, if they were moved.
            device: go on on this device instead of the recipe's.
        """
        _trained(api.resume(run, steps=steps, data=data, device=device))

    _call(resume, args)


def sample(args: list[str]) -> None:
    """Draw samples: a picture, an array, or one PNG each."""

    def sample(
        run: Positional[Path], count: int = 100, seed: int = 0, step: str = "newest", out: Path | None = None
    ) -> None:
        """Draw samples of a run's averaged generator. Sample i of a seed is the same whatever the count.

        Example: advnets sample runs/photos --count 16 --out faces.png

        Args:
            run: the run directory.
            count: how many samples.
            seed: which samples.
            step: of which checkpoint: newest, best (by the measure that it was trained with), or a step.
            out: FILE.png for a grid, FILE.npy for uint8 N,H,W,C (float32 N,D for points), or a directory for
                one PNG each. By default samples.png in the run directory, samples-SEED.png for another seed.
        """
        from advnets.training.directory import writing

        if count < 1:
            raise RunError(f"{count} samples cannot be drawn", "ask for 1 or more")
        loaded = _load(run, step)
        suffix = ("" if seed == 0 else f"-{seed}") + ("" if step == "newest" else f"-step-{loaded.step}")
        target = out or run / f"samples{suffix}.png"
        made = loaded.sample(count, seed)
        with writing(target, _ELSEWHERE):
            _save(made, target, loaded.recipe.data)
        print(f"{count} samples: {target}")

    _call(sample, args)


def interpolate(args: list[str]) -> None:
    """Walk along straight lines in z space."""

    def interpolate(
        run: Positional[Path],
        lines: int = 8,
        points: int = 12,
        seed: int = 0,
        step: str = "newest",
        out: Path | None = None,
    ) -> None:
        """Draw samples along straight lines between points of z space, as in Figure 3 of the paper.

        Example: advnets interpolate runs/photos --out walk.png

        Args:
            run: the run directory.
            lines: rows of the picture.
            points: samples along each line, its two ends included.
            seed: which lines.
            step: of which checkpoint: newest, best (by the measure that it was trained with), or a step.
            out: the PNG file. By default interpolation.png in the run directory.
        """
        from advnets import figures
        from advnets.training.directory import writing

        if lines < 1 or points < 2:
            raise RunError(f"{lines} lines of {points} points", "ask for 1 line or more, 2 points or more")
        loaded = _load(run, step)
        if len(loaded.shape) != 3:
            raise RunError(f"{run} makes points, not images", "draw them with `advnets sample`")
        target = out or run / "interpolation.png"
        with writing(target, _ELSEWHERE):
            target.parent.mkdir(parents=True, exist_ok=True)
            picture = figures.interpolation(loaded.interpolate(lines, points, seed))  # type: ignore[arg-type]
            figures.save(picture, target, loaded.step)
        print(f"interpolation: {target}")

    _call(interpolate, args)


def evaluate(args: list[str]) -> None:
    """Measure a generator, by every measure that people use, with errors."""

    def evaluate(
        source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN_OR_SAMPLES")],
        data: str | None = None,
        metrics: str | None = None,
        features: str = "pixels",
        real: str = "test",
        count: int = 10_000,
        seed: int = 1,
        step: str = "newest",
        size: str | None = None,
        json: Path | None = None,
    ) -> None:
        """Measure a run, or samples of any program, against data.

        For a run, evaluation.json, neighbors.png and report.md in its directory are written anew.

        Example: advnets evaluate runs/quickstart --metrics frechet,precision,recall --features classifier

        Args:
            source: a run directory, or samples: .npy, .npz, a folder or an archive of images.
            data: what to measure against; by default what the run was trained on.
            metrics: measures, joined by commas: parzen, total_variation, inception_score, frechet,
                frechet_infinity, kernel, sliced_wasserstein, precision, recall, density, coverage, two_sample,
                modes, birthday, memorization; or all. By default parzen,total_variation (points:
                modes,sliced_wasserstein).
            features: what distances are taken in: pixels, classifier (trained on the labeled data, once),
                inception, or an ONNX model's file.
            real: the real images to measure against: test, valid or train.
            count: samples drawn from a run; of other samples, the most that are used.
            seed: which samples.
            step: of which checkpoint of a run: newest, best (by the measure that it was trained with), or a step.
            size: H or HxW that samples and data from image files are brought to.
            json: also write the answers to this file, as one JSON object.
        """
        _evaluate(source, step, json, **_options(data, metrics, features, real, count, seed, size))

    _call(evaluate, args)


def compare(args: list[str]) -> None:
    """Set generators side by side, and say which differences are real."""

    def compare(
        sources: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN_OR_SAMPLES_OR_ANSWERS")],
        data: str | None = None,
        metrics: str | None = None,
        features: str = "pixels",
        real: str = "test",
        count: int = 10_000,
        seed: int = 1,
        size: str | None = None,
        out: Path = Path("comparison.png"),
        json: Path | None = None,
    ) -> None:
        """Measure several generators in the same way, and say which differences are real at 95 %.

        Example: advnets compare runs/a runs/b --metrics frechet,precision,recall --features classifier

        Args:
            sources: runs, samples, or answers that `advnets evaluate --json` wrote; figures made of other real
                images, counts or features are refused.
            data: what to measure against; by default what each run was trained on.
            metrics: measures, joined by commas, as for `advnets evaluate`.
            features: pixels, classifier, inception, or an ONNX model's file.
            real: the real images to measure against: test, valid or train.
            count: samples drawn from a run; of other samples, the most that are used.
            seed: which samples.
            size: H or HxW that samples and data from image files are brought to.
            out: the picture, a PNG file.
            json: also write answers, verdicts and differences to this file, as one JSON object.
        """
        _compare(sources, out, json, **_options(data, metrics, features, real, count, seed, size))

    _call(compare, args)


def info(args: list[str]) -> None:
    """What a run is and how far it got."""

    def info(run: Positional[Path], json: bool = False) -> None:
        """What a run is and how far it got.

        Example: advnets info runs/quickstart --json

        Args:
            run: the run directory.
            json: print one JSON object: step, steps, status, recipe, data.
        """
        _print_info(run, json)

    _call(info, args)


def recipes(args: list[str]) -> None:
    """List the built-in recipes."""

    def recipes() -> None:
        """List the built-in recipes. Example: advnets recipes"""
        from advnets.recipe import recipe_names, recipe_summary

        for name in recipe_names():
            print(f"{name:12s}  {recipe_summary(name)}")

    _call(recipes, args)


def recipe(args: list[str]) -> None:
    """Print a recipe with all its fields, to edit and train."""

    def recipe(name: Positional[str]) -> None:
        """Print a recipe with all its fields. Example: advnets recipe mnist > mine.yaml

        Args:
            name: a built-in name, or a YAML file.
        """
        from advnets.recipe import load_recipe, to_yaml

        print(to_yaml(load_recipe(name)), end="")

    _call(recipe, args)


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "train": train,
    "resume": resume,
    "sample": sample,
    "interpolate": interpolate,
    "evaluate": evaluate,
    "compare": compare,
    "info": info,
    "recipes": recipes,
    "recipe": recipe,
}


def _call(function: Callable[..., None], args: list[str]) -> None:
    """Call `function` with what `args` say; its signature and docstring are the command's flags and help."""

    @functools.wraps(function)
    def postponed(*values: Any, **named: Any) -> Callable[[], None]:
        return functools.partial(function, *values, **named)

    name = function.__name__
    config = (tyro.conf.FlagCreatePairsOff,)
    _read(name, lambda: tyro.cli(postponed, prog=f"advnets {name}", args=args, config=config))()


def _read(command: str, parse: Callable[[], T]) -> T:
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


def _measure_flags(args: list[str]) -> list[str]:
    """`--measure NAMES@every=500` as the recipe's fields: `--measure.metrics NAMES --measure.every 500`."""
    spelled: list[str] = []
    waiting = False
    for arg in args:
        flag, equals, value = arg.partition("=")
        if waiting or (flag == "--measure" and equals):
            from advnets.training.measuring import parse_flag

            fields = parse_flag(arg if waiting else value)
            spelled += [word for name, text in fields.items() for word in (f"--measure.{name}", text)]
        elif arg != "--measure":
            spelled.append(arg)
        waiting = arg == "--measure" and not waiting
    if waiting:
        raise UsageError("--measure: name measures", "such as --measure frechet,recall@every=500")
    return spelled


def _default_recipe(args: list[str]) -> str:
    """`images` where --data names images of the user's own, `mnist` otherwise."""
    given = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg == "--data"]
    given += [arg.removeprefix("--data=") for arg in args if arg.startswith("--data=")]
    if not given or given[-1] in ("mnist", "fashion-mnist"):
        return "mnist"
    from advnets.data.toys import TOYS

    return given[-1] if given[-1] in TOYS else "images"


def _trained(run: Run) -> None:
    status = run.directory.facts["status"]
    if status == "stopped":
        print(f"stopped at step {run.step:,}; continue with: advnets resume {run.path}")
    else:
        print(f"done: {run.path} (report.md, samples.png, curves.png); measure it with: advnets evaluate {run.path}")


def _load(path: Path, step: str) -> Run:
    """The run at a checkpoint: newest, best, or a step's number."""
    from advnets.training.run import Run

    if step not in ("newest", "best") and not step.isdigit():
        raise UsageError(f"--step {step}", "give newest, best or a step's number")
    run = Run(path, step=int(step) if step.isdigit() else None)
    run = run.best if step == "best" else run
    for problem in run.damaged:
        print(f"advnets: {problem}; using step {run.step:,}", file=sys.stderr)
    return run


def _save(made: NDArray[np.uint8] | NDArray[np.float32], target: Path, data: str) -> None:
    import numpy as np

    from advnets import figures
    from advnets.files import write_whole
    from advnets.training.loop import save_samples

    images = made.dtype == np.uint8
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".png":
        save_samples(made, target, data)
    elif target.suffix == ".npy":
        array = made.transpose(0, 2, 3, 1) if images else made
        write_whole(target, lambda file: np.save(file, array))
    elif target.suffix or not images:
        raise DataError(f"samples cannot be written to {target}", "name a .png, a .npy or, for images, a directory")
    else:
        names = {f"{number:06d}.png" for number in range(len(made))}
        if target.is_dir() and any(file.name not in names for file in target.glob("*.png")):
            raise DataError(f"{target} holds other pictures", "name an empty or a new directory")
        figures.save_each(made.transpose(0, 2, 3, 1), target)  # type: ignore[arg-type]  # images are uint8


def _options(
    data: str | None, metrics: str | None, features: str, real: str, count: int, seed: int, size: str | None
) -> dict[str, Any]:
    """What `evaluate` and `compare` hand on."""
    from advnets.recipe import parse_size

    return {
        "data": data, "metrics": metrics, "features": features, "real": real, "count": count, "seed": seed,
        "size": parse_size(size),
    }  # fmt: skip


def _evaluate(source: Path, step: str, out: Path | None, **options: Any) -> None:
    from advnets.evaluation import evaluate
    from advnets.files import write_whole
    from advnets.report import describe, paper_figure, write_evaluation
    from advnets.training.directory import writing

    run = _load(source, step) if source.is_dir() and (source / "run.json").exists() else None
    result = evaluate(run if run is not None else source, **options)
    answers = result.measures
    name, shape = result.table.name, result.samples.shape[1:]
    if out is not None:
        with writing(out, _ELSEWHERE):
            write_whole(out, json.dumps(answers, indent=1).encode())
    paper = paper_figure(name, shape, len(result.samples), options["real"]) if "parzen" in answers else ""
    table = Table()
    for heading in ("measure", "value", "95 % interval", *(["paper"] if paper else [])):
        table.add_column(heading, no_wrap=True)
    for measure, answer in answers.items():
        table.add_row(measure, *describe(answer), paper if measure == "parzen" else "")
    size = " x ".join(str(side) for side in shape)
    print(f"{len(result.samples):,} samples, {size}, against {name} ({options['real']}), in {result.features}")
    Console().print(table)
    for note in result.notes:
        print(note)
    if len(answers) > _FEW:
        print("What each measure cannot tell stands beside its answer" + (" in report.md." if run else " (--json)."))
    for measure, answer in answers.items() if len(answers) <= _FEW else ():
        print(f"{measure}: {answer['caveat']}")
    if run is not None:
        print(f"report: {write_evaluation(run, result)}")
    if out is not None:
        print(f"answers: {out}")


def _compare(sources: Sequence[Path], picture: Path, out: Path | None, **options: Any) -> None:
    from advnets import figures
    from advnets.comparison import compare
    from advnets.files import write_whole
    from advnets.measures.measurement import interval_of
    from advnets.report import describe
    from advnets.training.directory import writing

    found = compare(sources, **options)
    if out is not None:
        with writing(out, _ELSEWHERE):
            write_whole(out, json.dumps(found.as_dict(), indent=1).encode())
    table = Table()
    for heading in ("measure", "of", "value", "95 % interval", "verdict"):
        table.add_column(heading)
    for measure in found.measures:
        for name, verdict in found.verdicts(measure).items():
            table.add_row(measure, escape(name), *describe(found.answers[name][measure]), verdict)
        table.add_section()
    Console().print(table)
    real = [each for each in found.differences() if each.real]
    for each in real:
        low, high = each.interval
        print(f"{each.measure}: {each.first} less {each.second} is {each.value:.4g} ({low:.4g} to {high:.4g})")
    print(f"{len(real)} of {len(found.differences())} differences are real at 95 %.")
    panels = {
        measure: {
            name: (answers[measure]["value"], *interval_of(answers[measure])) for name, answers in found.answers.items()
        }
        for measure in found.measures
    }
    with writing(picture, _ELSEWHERE):
        figures.intervals(panels, picture)
    print(f"picture: {picture}")
    if out is not None:
        print(f"answers: {out}")


def _print_info(path: Path, as_json: bool) -> None:
    from advnets.recipe import to_dict
    from advnets.training import checkpoint
    from advnets.training.directory import RunDirectory

    run = RunDirectory.open(path)
    recipe: Recipe = run.recipe
    kept = checkpoint.steps(run.checkpoints)
    facts: dict[str, Any] = {
        "step": kept[-1] if kept else 0,
        "steps": recipe.steps,
        "status": run.status,
        "recipe": to_dict(recipe),
        "data": run.facts["data"],
    }
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    print(f"{path}: {recipe.name}, step {facts['step']:,} of {recipe.steps:,}, {facts['status']}")
    print(f"data: {facts['data']['name']}, {facts['data']['examples']:,} examples, shape {facts['data']['shape']}")
    metrics = run.read_metrics()
    if metrics:
        last = metrics[-1]
        print(
            f"last log line: step {last['step']:,}, {last['seconds']:,.0f} s, cost D {last['cost_d']:.3f}"
            f" G {last['cost_g']:.3f}, D(x) {last['d_real']:.2f}, D(G(z)) {last['d_fake']:.2f}"
        )


def _our_failure(args: list[str]) -> int:
    trace = traceback.format_exc()
    text = f"advnets {' '.join(args)}\npython {sys.version}\n\n{trace}"
    with tempfile.NamedTemporaryFile("w", prefix="advnets-report-", suffix=".txt", delete=False) as file:
        file.write(text)
    last = trace.strip().splitlines()[-1]
    print(f"advnets: our failure, not yours ({last}); please send us {file.name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
