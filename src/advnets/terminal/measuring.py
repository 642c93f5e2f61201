"""`advnets evaluate` and `advnets compare`: parse, measure, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import tyro

from advnets.errors import UsageError
from advnets.terminal.arguments import Modules, Reject, Step, Truncation, call


def evaluate(args: list[str]) -> None:
    """Measure a generator, by every measure that people use, with errors."""

    def evaluate(
        source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN_OR_SAMPLES")],
        data: str | None = None,
        metrics: str | None = None,
        features: str | None = None,
        real: str | None = None,
        count: int = 10_000,
        seed: int = 1,
        step: Step = "newest",
        size: str | None = None,
        range: str | None = None,
        per_class: bool = False,
        equivalents: bool = False,
        truncation: Truncation = None,
        reject: Reject = None,
        json: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Measure a run, or samples of any program, against data.

        For a run, evaluation.json, neighbors.png and report.md in its directory are written anew.

        Example: advnets evaluate runs/quickstart --metrics frechet,precision,recall --features classifier

        Args:
            source: a run directory, or samples: .npy, .npz, a folder or an archive of images, rows of a table in
                .csv or .parquet.
            data: what to measure against: images, a table, ring or grid, or an .npz of mu and sigma for frechet; by
                default what the run was trained on.
            metrics: measures, joined by commas: parzen, total_variation, inception_score, frechet,
                frechet_infinity, kernel, sliced_wasserstein, precision, recall, density, coverage, two_sample,
                modes, birthday, memorization, accuracy (conditional games); or all; fid, kid, isc and prc are
                understood. By default parzen,total_variation for data that everybody knows,
                frechet,kernel,precision,recall,memorization for your own images (ring, grid:
                modes,sliced_wasserstein; tables: sliced_wasserstein,kernel,precision,recall,memorization).
            features: what distances are taken in: pixels, random (convolutions), classifier (trained on the labeled
                data, once), inception, or an ONNX model's file. By default those that fit, and it is said which.
            real: the real images to measure against: all, test, valid, valid+test or train. By default a published
                test part; of your own images all of them, or, for a run, those that it was not trained on.
            count: samples drawn from a run; of other samples, the most that are used.
            seed: which samples.
            size: H or HxW that samples and data from image files are brought to.
            range: of samples of other programs, which values are black and white: LOW:HIGH, or auto.
            per_class: of a conditional game: measure within each class, too.
            equivalents: beside each figure, how badly real images must be damaged to have the same: what blur, shift
                or share of other images. Measured once for the data, in minutes or more, and kept.
            json: also write the answers to this file, as one JSON object.
        """
        from advnets.evaluation import evaluate as evaluation
        from advnets.evaluation.report import write_evaluation
        from advnets.sharing import shared
        from advnets.terminal.answers import print_evaluation
        from advnets.terminal.runs import is_run, load_shared, selecting
        from advnets.terminal.saving import save_json

        options = _options(data, metrics, features, real, count, seed, size, range)
        if modules and not is_run(source):
            raise UsageError(f"--module {modules[0]}: {source} is no run", "leave it out")
        for flag, value in (("--truncation", truncation), ("--reject", reject)):
            if value is not None and not is_run(source):
                raise UsageError(f"{flag} {value:g}: {source} is no run", "leave it out")
        options |= {"per_class": per_class, "equivalents": equivalents}
        with shared() as leads:
            run = selecting(load_shared(source, step, modules), truncation, reject) if is_run(source) else None
            result = evaluation.evaluate(run if run is not None else source, **options)
        if not leads:
            return
        if json is not None:
            save_json(result.measures, json)
        report = None if run is None else write_evaluation(run, result)  # before a reader of the output may go away
        print_evaluation(result, has_report=run is not None)
        if report is not None:
            print(f"report: {report}")
        if json is not None:
            print(f"answers: {json}")

    call(evaluate, args)


def compare(args: list[str]) -> None:
    """Set generators side by side, and say which differences are real."""

    def compare(
        sources: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN_OR_SAMPLES_OR_ANSWERS")],
        data: str | None = None,
        metrics: str | None = None,
        features: str | None = None,
        real: str | None = None,
        count: int = 10_000,
        seed: int = 1,
        size: str | None = None,
        range: str | None = None,
        out: Path = Path("comparison.png"),
        json: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Measure several generators in the same way, and say which differences are real at 95 %.

        Example: advnets compare runs/a runs/b --metrics frechet,precision,recall --features classifier

        Args:
            sources: runs, samples, or answers that `advnets evaluate --json` wrote; figures made of other real
                images, counts or features are refused.
            data: what to measure against; by default what each run was trained on.
            metrics: measures, joined by commas, as for `advnets evaluate`.
            features: pixels, random, classifier, inception, or an ONNX model's file; by default those that fit.
            real: the real images to measure against: all, test, valid, valid+test or train; by default as for
                `advnets evaluate`.
            count: samples drawn from a run; of other samples, the most that are used.
            seed: which samples.
            size: H or HxW that samples and data from image files are brought to.
            range: of samples of other programs, which values are black and white: LOW:HIGH, or auto.
            out: the picture, a PNG file.
            json: also write answers, verdicts and differences to this file, as one JSON object.
        """
        from advnets.evaluation import compare as comparison
        from advnets.terminal.answers import draw_comparison, print_comparison
        from advnets.terminal.runs import with_modules
        from advnets.terminal.saving import save_json

        known = with_modules(sources, modules)
        options = _options(data, metrics, features, real, count, seed, size, range)
        found = comparison.compare(known, say=lambda line: print(line, file=sys.stderr), **options)
        if json is not None:
            save_json(found.as_dict(), json)
        draw_comparison(found, out)
        print_comparison(found)
        print(f"picture: {out}")
        if json is not None:
            print(f"answers: {json}")

    call(compare, args)


def _options(
    data: str | None,
    metrics: str | None,
    features: str | None,
    real: str | None,
    count: int,
    seed: int,
    size: str | None,
    range: str | None,
) -> dict[str, Any]:
    """What `evaluate` and `compare` hand on."""
    from advnets.config.recipe import parse_size

    return {
        "data": data, "metrics": metrics, "features": features, "real": real, "count": count, "seed": seed,
        "size": parse_size(size), "range": range,
    }  # fmt: skip
