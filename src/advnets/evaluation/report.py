"""report.md: what was trained, how it went, what came out, with pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.config.recipe import Recipe
from advnets.data import holds_images
from advnets.data.open_data import real_points
from advnets.evaluation import equivalents
from advnets.evaluation.counted import notes_in, of_halves, real_count, real_images
from advnets.evaluation.evaluate import Evaluation
from advnets.files import write_whole
from advnets.measures import nearest
from advnets.measures.alarms import alarm_steps
from advnets.measures.inputs import by
from advnets.measures.measurement import interval_of
from advnets.runs import checkpoint
from advnets.runs.codes import continuous_codes, varied
from advnets.runs.directory import writing
from advnets.runs.encoders import folder_of
from advnets.runs.run import Run

_GRID = 100
_COLUMNS = 10  # samples of a class
_NAMED = 20  # classes in a sentence
_PAIRS, _PAIRS_A_ROW = 20, 5
_NEIGHBOR_ROWS, _NEIGHBOR_COLUMNS = 8, 10
_POINTS = 2000
_BYTES_AT_ONCE = 1 << 26
_PAPER_SAMPLES = 10_000
PAPER_PARZEN: dict[tuple[str | int, ...], str] = {("mnist", 1, 28, 28): "225 ± 2 nats"}
"""Table 1 of Goodfellow et al. 2014, by data set and shape."""

_BOUND = (
    "D minimizes cross entropy: its value bounds the Jensen-Shannon divergence from below (Theorem 1); on the batches"
    " that D is trained on it may lie too high."
)
_COURSES = ("curves.png", "watch.png", "measures.png")
_DRAWN_HERE = ("samples.png", *_COURSES)
_PICTURES = (
    ("samples.png", "Samples", "Fair random draws, not picked."),
    (
        "neighbors.png",
        "Nearest neighbors",
        "Framed: the training image nearest to the sample on its left (Figure 2).",
    ),
    ("duplicates.png", "Closest pairs", "The samples most alike, two by two, closest first."),
    ("interpolation.png", "Interpolation", "Straight lines in z space (Figure 3)."),
    ("codes.png", "Codes", "A row a category; from left to right the first continuous code goes from -1 to 1."),
    (
        "curves.png",
        "Course of the training",
        "",
    ),
    (
        "watch.png",
        "Helvetica watch",
        "Of the generator as it stood, not averaged: 1 is the variety of real images, 0 a single one.",
    ),
    (
        "measures.png",
        "Measures in training",
        "Of the averaged generator, against validation images, with 95 % intervals.",
    ),
)


def write_report(run: Run) -> Path:
    """Draw samples.png and curves.png and (re)write report.md from what the run directory holds.

    Raises:
        RunError: the directory cannot be written.
    """
    metrics = run.metrics
    with writing(run.path):
        _draw_samples(run, run.path / "samples.png")
        _draw_codes(run, run.path / "codes.png")
        if metrics:
            figures.curves(metrics, run.path / "curves.png")
        if looks := run.directory.read_watch():
            figures.looks(looks, alarm_steps(looks), run.path / "watch.png")
        if panels := _courses(run):
            figures.measurements(panels, run.path / "measures.png")
        path = run.path / "report.md"
        write_whole(path, _text(run, metrics).encode())
    return path


def _draw_codes(run: Run, path: Path) -> None:
    """What the codes mean, where there are some and samples are images."""
    if continuous_codes(run) and len(run.shape) == 3:
        made = varied(run)
        figures.save(figures.by_class(made, [str(number) for number in range(len(made))]), path, run.step)  # type: ignore[arg-type]


def _draw_samples(run: Run, path: Path) -> None:
    """Samples of each class in a row, where there are some; else draws as the data have them."""
    if figures.can_name(run.classes) and len(run.shape) == 3:
        numbers = run.class_numbers("all")
        made = run.sampler.by_class(numbers, _COLUMNS)
        figures.save(figures.by_class(made, [run.classes[number] for number in numbers]), path)  # type: ignore[arg-type]
        return
    if run.translated:
        count = run.sampler.once(_GRID // 2)
        made = figures.side_by_side(run.sampler.sources_of(count), run.sample(count))
        figures.save_samples(made, path, None)
        return
    made = run.sample(_GRID if len(run.shape) == 3 else _POINTS)
    figures.save_samples(made, path, real_points(run.recipe), run.columns)


def write_evaluation(run: Run, evaluation: Evaluation) -> Path:
    """Write evaluation.json, neighbors.png (Figure 2) and duplicates.png into the run directory, and its report anew.

    Answers of the same samples, data and features that were there already stay.

    Args:
        run: what was measured.
        evaluation: its answers, and what they are of.

    Raises:
        RunError: the directory cannot be written.
    """
    path = run.path / "evaluation.json"
    before = {name: answer for name, answer in _read_measures(path).items() if _about(answer) == dict(evaluation.of)}
    with writing(run.path):
        write_whole(path, json.dumps(before | evaluation.measures, indent=1).encode())
        for name, picture in (("neighbors.png", _neighbors(evaluation)), ("duplicates.png", _duplicates(evaluation))):
            if picture is not None:
                figures.save(picture, run.path / name, run.step)
            elif not before:
                (run.path / name).unlink(missing_ok=True)  # of other samples
    return write_report(run)


def _about(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer is of, but for what memorization searches: with that, other answers have nothing to do."""
    return {key: value for key, value in answer["of"].items() if key != "training"}


def _neighbors(evaluation: Evaluation) -> NDArray[np.uint8] | None:
    """Samples and the training images nearest to them, framed; None where there are too few."""
    samples, table = evaluation.samples, evaluation.table
    if not holds_images(table) or len(samples) < _NEIGHBOR_ROWS * _NEIGHBOR_COLUMNS:
        return None
    shown, train = np.asarray(samples[: _NEIGHBOR_ROWS * _NEIGHBOR_COLUMNS], np.uint8), table.rows("train")
    if not len(train):
        return None
    closest = table.values[_nearest_rows(shown, table.values, train)]
    return figures.neighbors(shown, closest, columns=_NEIGHBOR_COLUMNS)


def _duplicates(evaluation: Evaluation) -> NDArray[np.uint8] | None:
    """The closest pairs of samples side by side, closest first; None where birthday was not asked for."""
    pairs = evaluation.results["birthday"].details["closest"] if "birthday" in evaluation.results else []
    if not pairs or not holds_images(evaluation.table):
        return None
    rows = [int(row) for pair in pairs[:_PAIRS] for row in pair[:2]]
    return figures.grid(np.asarray(evaluation.samples[rows], np.uint8), columns=2 * _PAIRS_A_ROW)


def _nearest_rows(samples: NDArray[np.uint8], images: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row among `rows` of `images` nearest to each sample, without a copy of all of them."""
    step = max(1, _BYTES_AT_ONCE // images[0].nbytes)
    parts = [rows[start : start + step] for start in range(0, len(rows), step)]
    found = [nearest(samples, images[part]) for part in parts]
    first = np.argmin([far[:, 0] for _, far in found], axis=0)
    return np.array([parts[p][found[p][0][i, 0]] for i, p in enumerate(first)])


def paper_figure(data: str, shape: Sequence[int], count: int, real: str) -> str:
    """The paper's Parzen figure for a data set at the paper's size, or nothing.

    Args:
        data: the data set's name.
        shape: C x H x W of the images that were measured.
        count: samples; the paper's are 10,000, and figures of other counts do not compare.
        real: the split that was measured against; the paper's is test.
    """
    return PAPER_PARZEN.get((data, *shape), "") if (count, real) == (_PAPER_SAMPLES, "test") else ""


def _text(run: Run, metrics: list[dict[str, Any]]) -> str:
    facts, recipe = run.facts, run.recipe
    trained = max([run.step, *checkpoint.steps(run.directory.checkpoints)])
    of = _of_columns(run) or by(facts["data"]["shape"])
    lines = [
        f"# {recipe.name}: {recipe.place(trained)}",
        "",
        f"Data: {facts['data']['name']}, {facts['data']['examples']:,} examples of {of}."
        f" {recipe.schedule.capitalize()} schedule, {_rules(recipe)}, batch {recipe.batch},"
        f" {facts['precision']} on {facts['device']}, seed {recipe.seed}.",
        *([f"Conditions: {said}."] if (said := conditions(run)) else []),
        *(
            [f"Samples are translations of {run.translated}; in pictures the source stands on the left."]
            * bool(run.translated)
        ),
        "",
    ]
    if skipped := facts["data"]["skipped"]:
        named = f"Left out: {'; '.join(skipped[:_NAMED])}." if run.columns else ""
        lines += [named or f"{len(skipped)} files were left out; run.json names them.", ""]
    if metrics:
        last = metrics[-1]
        real, fake = figures.score_names(last)
        lines += [
            f"{last['images']:,} real images in {last['seconds']:,.0f} s."
            f" Last line of the log, step {last['step']:,}: cost of D {last['cost_d']:.3f}, of G {last['cost_g']:.3f}"
            f"{_directly(last)}, {real} {last['d_real']:.3f}, {fake} {last['d_fake']:.3f}.",
            "",
        ]
    measures = _read_measures(run.path / "evaluation.json")
    about = next((answer["of"] for answer in measures.values()), None)
    if about:
        lines += _measures(measures, about, paper_figure(about["data"], run.shape, about["count"], about["real"]))
    for name, title, text in (*_shown(run), *_completions(run)):
        text = _BOUND if name == "curves.png" and metrics and "jsd_bound" in metrics[-1] else text
        heading = title if name in _COURSES or name.startswith("samples/") else f"{title} of step {run.step:,}"
        lines += [f"## {heading}", "", *([text, ""] if text else []), f"![{title}]({name})", ""]
    return "\n".join(lines)


def _directly(line: Mapping[str, Any]) -> str:
    return f" and {line['cost_direct']:.3f} directly" if "cost_direct" in line else ""


def _completions(run: Run) -> Iterator[tuple[str, str, str]]:
    """The last picture that the training drew of completed images, of a game that completes some."""
    if drawn := sorted((run.path / "samples").glob("completions-*.png")):
        step = int(drawn[-1].stem.split("-")[1])
        text = f"Of step {step:,}: an image, its hole in amber, and what is made of it."
        yield f"samples/{drawn[-1].name}", "Completions", text


def _of_columns(run: Run) -> str:
    """The columns of the table that a run was trained on; empty where it was none."""
    named, count = ", ".join(run.columns[:_NAMED]), len(run.columns)
    return f"{count:,} columns ({named}{', ...' if count > _NAMED else ''})" if count else ""


def conditions(run: Run) -> str:
    """What the game is conditioned on, in words; empty for a game without conditions."""
    if not run.conditional:
        return ""
    if run.data.vector:
        return f"vectors of {run.data.vector:,} numbers"
    named, count = ", ".join(run.classes[:_NAMED]), len(run.classes)
    return f"{count:,} classes ({named}{', ...' if count > _NAMED else ''})"


def _rules(recipe: Recipe) -> str:
    objective, labels = (getattr(recipe.game, name, None) for name in ("objective", "labels"))
    used = f", {labels:,} labels used" if labels else ""
    return f"{recipe.game.kind} game" + (f", {objective} objective" if objective else "") + used


def _courses(run: Run) -> dict[str, list[tuple[float, float, float, float]]]:
    """What was measured in training: measure to (step, value, low, high)."""
    panels: dict[str, list[tuple[float, float, float, float]]] = {}
    for line in run.measures:
        for name, answer in line["measures"].items():
            panels.setdefault(name, []).append((line["step"], answer["value"], *interval_of(answer)))
    return panels


def _read_measures(path: Path) -> dict[str, dict[str, Any]]:
    """The answers in evaluation.json; none where it is missing, damaged or not about samples of a run."""
    try:
        measures = json.loads(path.read_bytes())
        about = [answer["of"] for answer in measures.values()]
        return measures if all({"data", "real", "count", "step", "seed"} <= set(of) for of in about) else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _shown(run: Run) -> Iterator[tuple[str, str, str]]:
    """The pictures that are there and of this step; what is in `_DRAWN_HERE` is drawn with the report."""
    encoded = (folder_of(run.path, run.step) / "inference.png").relative_to(run.path).as_posix()
    for name, title, text in (*_PICTURES, (encoded, "Learned inference", "Real images, and what is made of them.")):
        drawn = (run.path / name).exists() and name in _DRAWN_HERE
        if drawn or figures.step_of(run.path / name) == run.step:
            yield name, title, text


def _measures(measures: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any], paper: str) -> list[str]:
    samples = f"{about['count']:,} samples (seed {about['seed']}) of step {about['step']:,}"
    of = f"{samples} against {real_images(about)}."
    heading = f"## Measures of step {about['step']:,}"
    lines = [
        heading,
        "",
        of,
        "",
        "| measure | value | 95 % interval | real | in | paper |",
        "|---|---|---|---|---|---|",
    ]
    for name, answer in measures.items():
        cells = name, *describe(answer), real_count(answer), answer["features"], paper if name == "parzen" else ""
        lines.append(f"| {' | '.join(cells)} |")
    said = [*of_halves(measures), *notes_in(measures)]
    lines += ["", *(f"- {each}" for each in said)] if said else []
    caveats = [f"- {name}: {answer['caveat']}" for name, answer in measures.items() if answer.get("caveat")]
    return [*lines, "", *caveats, "", *equivalents.section(measures), *_measures_within(measures)]


def _measures_within(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    headings, rows = class_table(measures)
    if not rows:
        return []
    cells = [headings, ["---"] * len(headings), *rows]
    lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in cells]
    return ["### Within each class", "", "Samples of the class against its real images.", "", *lines, ""]


def class_table(measures: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """What was measured within classes: headings, and a row a class; none where nothing was.

    Args:
        measures: measure to its answer, as `Evaluation.measures` has it.
    """
    taken = {name: answer["classes"] for name, answer in measures.items() if "classes" in answer}
    classes = {name: each["real_images"] for answers in taken.values() for name, each in answers.items()}
    rows = [
        [name, f"{real:,}", *(_within(answers[name]) if name in answers else "" for answers in taken.values())]
        for name, real in classes.items()
    ]
    return ["class", "real", *taken], rows


def _within(answer: Mapping[str, Any]) -> str:
    """A value with its interval, and what real images score where the measure says so."""
    low, high = interval_of(answer)
    real = f", real {answer['real_accuracy']:.3g}" if answer.get("real_accuracy") is not None else ""
    return f"{answer['value']:.3g} ({_three_digits(low)} to {_three_digits(high)}{real})"


def describe(answer: Mapping[str, Any]) -> tuple[str, str]:
    """A measure's value, with what it may have beside it (its error, its divergence), and its 95 % interval."""
    low, high = interval_of(answer)
    error = f" ± {answer['standard_error']:.2g}" if "standard_error" in answer else ""
    worst = f", worst {answer['worst_share']:.3g} ({answer['worst']})" if "worst" in answer else ""
    real = f", real images {answer['real_accuracy']:.3g}" if answer.get("real_accuracy") is not None else ""
    plain = f" (any sample: {answer['plain']:,})" if "plain" in answer else ""
    divergence = f" of {answer['modes']:,}{plain}, KL {answer['kl']:.2g}" if answer.get("kl") is not None else ""
    return (
        f"{answer['value']:.4g}{error}{divergence}{worst}{real}",
        f"{_three_digits(low)} to {_three_digits(high)}",
    )


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e6 else f"{value:.3g}"  # 1000 modes, not 1e+03
