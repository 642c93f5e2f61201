"""The command line: parse, call one function, print. Each command imports only what it needs."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from advnets.errors import AdvnetsError, RunError
from advnets.terminal.arguments import call

Positional = tyro.conf.Positional
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
    from advnets.terminal.flags import train_flags
    from advnets.terminal.train_help import help_asked

    if (said := help_asked(args)) is not None:
        print(said)
        return
    flags = train_flags(args)

    import advnets.api as api  # after what is said of flags and help, which does not wait for PyTorch
    from advnets.terminal.runs import print_trained

    command = ["advnets", "train", *args]
    print_trained(api.train(flags.recipe, run=flags.run, modules=flags.modules, command=command))


def resume(args: list[str]) -> None:
    """Continue a training as if it had never stopped."""
    import advnets.api as api
    from advnets.terminal.runs import print_trained

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
        print_trained(api.resume(run, steps=steps, data=data, device=device))

    call(resume, args)


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
        from advnets.terminal.runs import load_run
        from advnets.terminal.saving import save_made

        if count < 1:
            raise RunError(f"{count} samples cannot be drawn", "ask for 1 or more")
        loaded = load_run(run, step)
        suffix = ("" if seed == 0 else f"-{seed}") + ("" if step == "newest" else f"-step-{loaded.step}")
        target = out or run / f"samples{suffix}.png"
        save_made(loaded.sample(count, seed), target, loaded.recipe.data)
        print(f"{count} samples: {target}")

    call(sample, args)


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
        from advnets.terminal.runs import load_run
        from advnets.terminal.saving import writing_elsewhere

        if lines < 1 or points < 2:
            raise RunError(f"{lines} lines of {points} points", "ask for 1 line or more, 2 points or more")
        loaded = load_run(run, step)
        if len(loaded.shape) != 3:
            raise RunError(f"{run} makes points, not images", "draw them with `advnets sample`")
        target = out or run / "interpolation.png"
        with writing_elsewhere(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            picture = figures.interpolation(loaded.interpolate(lines, points, seed))  # type: ignore[arg-type]
            figures.save(picture, target, loaded.step)
        print(f"interpolation: {target}")

    call(interpolate, args)


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
        from advnets.evaluation import evaluate as evaluation
        from advnets.evaluation.report import write_evaluation
        from advnets.terminal.answers import print_evaluation
        from advnets.terminal.runs import load_run
        from advnets.terminal.saving import save_json

        options = _options(data, metrics, features, real, count, seed, size)
        run = load_run(source, step) if source.is_dir() and (source / "run.json").exists() else None
        result = evaluation.evaluate(run if run is not None else source, **options)
        if json is not None:
            save_json(result.measures, json)
        print_evaluation(result, has_report=run is not None)
        if run is not None:
            print(f"report: {write_evaluation(run, result)}")
        if json is not None:
            print(f"answers: {json}")

    call(evaluate, args)


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
        from advnets.evaluation import compare as comparison
        from advnets.terminal.answers import draw_comparison, print_comparison
        from advnets.terminal.saving import save_json

        found = comparison.compare(sources, **_options(data, metrics, features, real, count, seed, size))
        if json is not None:
            save_json(found.as_dict(), json)
        print_comparison(found)
        draw_comparison(found, out)
        print(f"picture: {out}")
        if json is not None:
            print(f"answers: {json}")

    call(compare, args)


def info(args: list[str]) -> None:
    """What a run is and how far it got."""

    def info(run: Positional[Path], json: bool = False) -> None:
        """What a run is and how far it got.

        Example: advnets info runs/quickstart --json

        Args:
            run: the run directory.
            json: print one JSON object: step, steps, status, recipe, data.
        """
        from advnets.terminal.runs import print_info

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
    "resume": resume,
    "sample": sample,
    "interpolate": interpolate,
    "evaluate": evaluate,
    "compare": compare,
    "info": info,
    "recipes": recipes,
    "recipe": recipe,
    "paper": paper,
}


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


def _options(
    data: str | None, metrics: str | None, features: str, real: str, count: int, seed: int, size: str | None
) -> dict[str, Any]:
    """What `evaluate` and `compare` hand on."""
    from advnets.config.recipe import parse_size

    return {
        "data": data, "metrics": metrics, "features": features, "real": real, "count": count, "seed": seed,
        "size": parse_size(size),
    }  # fmt: skip


def _our_failure(args: list[str]) -> int:
    trace = traceback.format_exc()
    text = f"advnets {' '.join(args)}\npython {sys.version}\n\n{trace}"
    with tempfile.NamedTemporaryFile("w", prefix="advnets-report-", suffix=".txt", delete=False) as file:
        file.write(text)
    last = trace.strip().splitlines()[-1]
    print(f"advnets: our failure, not yours ({last}); please send us {file.name}", file=sys.stderr)
    return 1
