"""MNIST with few labels: the semi-supervised game beside the same net with the labels alone, and plain classifiers.

    python benchmarks/extensions/cells.py semi_supervised

Every error is of the 10,000 test images, over 10 random draws of labels; a draw is the same for all. About two hours
on one core, resumable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.extensions.cells import Cell, processor_seconds, trained

DRAWS = range(10)
LABELS = 20, 50, 100, 1000
RECIPE = "mnist-semi-supervised"
STEPS = {20: 1000, 50: 1000, 100: 3000, 1000: 1500}
"""Of the game; 100 labels are those that papers report."""
LONG, LONG_DRAWS = 12_000, range(6)
"""Steps of 100 labels in four times as long: how far the game gets."""
COPIES = 9
"""Of each test image that are asked about, all but one distorted; chosen on validation images."""
ALONE = {"adversarial": 0.0, "consistency": 0.0, "steps": 300, "batch": 32}
"""The labels alone: without the weights of all else, and as many labels a step."""
PARTS = {
    "the game": {},
    "without the made images": {"adversarial": 0.0},
    "without aligned guesses": {"alignment": 0.0},
    "without consistency": {"consistency": 0.0},
}
"""Ablations, of 100 labels, beside the game as long as they."""
PART_STEPS, PART_DRAWS = 1000, range(3)
FEATURES = {"D": ("images", 1500), "E": ("mnist-bidirectional", None)}
"""Whose features plain classifiers are given: a recipe that no label enters, and its steps; None for its own."""
PUBLISHED = (
    "feature matching .93 ± .07 (Salimans et al. 2016), Triple-GAN .91 ± .58 (Li et al. 2017), "
    "bad GAN .795 ± .098 (Dai et al. 2017)"
)


def game(folder: Path, labels: int, draw: int, steps: int, batch: int = 64, **changes: float) -> dict[str, float]:
    """Test error of the game's own classifier, in percent; that of the mean answer to several copies of each image."""
    from advnets.evaluation.classification import classify

    own = {f"game.{name}": value for name, value in changes.items()}
    quiet = {"sample_every": 0, "checkpoint_every": 500, "watch.action": "off", "keep_checkpoints": 1}
    fixed = {"game.labels": labels, "game.label_seed": draw, "seed": draw, **quiet}
    fixed |= {"steps": steps, "batch": batch}
    run = trained(RECIPE, folder / "run", **fixed, **own)
    found = classify(run)
    more = {}
    if steps >= STEPS[100]:
        several = classify(run, copies=COPIES)
        more = {"error_of_copies": 100 * several.errors / several.labelled}
    if (labels, draw, steps) == (100, 0, STEPS[100]) and not changes:
        _draw(run, found, folder)
    return {"error": 100 * found.errors / found.labelled, **more, "seconds": processor_seconds(run)}


def _draw(run: Any, found: Any, folder: Path) -> None:
    """Test images that are taken for another class, a row for each class that they are taken for; and what G makes."""
    from advnets import figures

    said = found.probabilities.argmax(1)
    wrong = np.flatnonzero(said != found.truth)
    wrong = wrong[np.argsort(said[wrong], kind="stable")]
    figures.save(figures.grid(found.table.values[found.rows[wrong]], columns=20), folder / "errors.png")
    figures.save(figures.grid(run.sample(60), columns=20), folder / "made.png")


def drawn(labels: int, draw: int) -> Any:
    """Rows of MNIST's training images and their labels: those that the game has."""
    import advnets.api as api
    from advnets.data import open_table
    from advnets.games.game import Labels
    from advnets.training.labels import with_labels

    data = with_labels(api.training_data(open_table("mnist", progress=False)), Labels(1, labels, draw), 1)
    assert data.labels is not None
    return data.labelled_rows, data.labels[data.labelled_rows]


def classifiers() -> Mapping[str, Callable[[], Any]]:
    """Plain classifiers, scikit-learn's."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return {
        "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)),
        "support vectors": lambda: make_pipeline(StandardScaler(), SVC(C=10.0)),
    }


def features_of(folder: Path, whose: str, rows: Any) -> tuple[Any, float]:
    """MNIST's images as a network sees them that no label has trained, float32 N x F, and its training's seconds.

    Args:
        folder: where it is trained.
        whose: "D": its last hidden layer; "E": its code; "pixels" for the images themselves.
        rows: numbers of the images.
    """
    from advnets.data import open_table
    from advnets.runs.classifying import logits_of

    values = open_table("mnist", progress=False).values[rows]
    if whose == "pixels":
        return values.reshape(len(values), -1).astype(np.float32) / 255, 0.0
    recipe, steps = FEATURES[whose]
    changes = {"sample_every": 0, "watch.action": "off", **({} if steps is None else {"steps": steps})}
    run = trained(recipe, folder / "run", data="mnist", **changes)
    network = run.discriminator if whose == "D" else run.players["encoder"]
    if whose == "D":
        network.forward = network.features
    return logits_of(network, values, run.value_range), processor_seconds(run)


def plain(folder: Path, whose: str) -> dict[str, Any]:
    """Test errors of plain classifiers, in percent, of every number of labels and draw."""
    from advnets.data import open_table

    table = open_table("mnist", progress=False)
    assert table.labels is not None
    known = {(labels, draw): drawn(labels, draw) for labels in LABELS for draw in DRAWS}
    test = table.rows("test")
    rows = np.unique(np.concatenate([test, *(rows for rows, _ in known.values())]))
    features, seconds = features_of(folder, whose, rows)
    place = {row: number for number, row in enumerate(rows.tolist())}
    seen, truth = features[[place[row] for row in test.tolist()]], table.labels[test]
    found: dict[str, Any] = {"seconds": seconds}
    for name, make in classifiers().items():
        for labels in LABELS:
            found[f"{name} {labels}"] = errors = []
            for draw in DRAWS:
                mine, classes = known[labels, draw]
                fitted = make().fit(features[[place[row] for row in mine.tolist()]], classes)
                errors.append(100 * float((fitted.predict(seen) != truth).mean()))
    return found


def _there(whose: str) -> bool:
    """Whether the recipe whose features are meant is there."""
    from advnets.config.load import recipe_names

    return whose == "pixels" or FEATURES[whose][0] in recipe_names()


CELLS = [
    *(
        Cell(f"game-{labels}-{draw}", "game", {"labels": labels, "draw": draw, "steps": STEPS[labels]})
        for labels in (100, 20, 50, 1000)
        for draw in DRAWS
    ),
    *(Cell(f"long-100-{draw}", "game", {"labels": 100, "draw": draw, "steps": LONG}) for draw in LONG_DRAWS),
    *(
        Cell(f"alone-{labels}-{draw}", "game", {"labels": labels, "draw": draw, **ALONE})
        for labels in LABELS
        for draw in DRAWS
    ),
    *(
        Cell(f"part-{number}-{draw}", "game", {"labels": 100, "draw": draw, "steps": PART_STEPS, **changes})
        for number, changes in enumerate(PARTS.values())
        for draw in PART_DRAWS
    ),
    *(Cell(f"features-{whose}", "plain", {"whose": whose}) for whose in ("pixels", *FEATURES) if _there(whose)),
]


def page(result: Mapping[str, Any]) -> str:
    """Errors by classifier and number of labels."""
    cells = {name: each["found"] for name, each in result["cells"].items()}
    rows = [
        ("the game, its own classifier", [_errors(cells, f"game-{labels}", DRAWS) for labels in LABELS]),
        ("the same net, the labels alone", [_errors(cells, f"alone-{labels}", DRAWS) for labels in LABELS]),
    ]
    for whose, said in (("D", "D's features"), ("E", "E's codes"), ("pixels", "pixels")):
        for name in ("logistic regression", "support vectors"):
            if f"features-{whose}" in cells:
                rows.append((f"{name} on {said}", [cells[f"features-{whose}"][f"{name} {n}"] for n in LABELS]))
    header = f"| classifier | {' | '.join(f'{labels:,} labels' for labels in LABELS)} |\n|---|{'---|' * len(LABELS)}"
    table = "\n".join(f"| {name} | {' | '.join(map(_spread, errors))} |" for name, errors in rows)
    minutes = [f"{np.mean([cells[f'game-{n}-{d}']['seconds'] for d in DRAWS]) / 60:.1f} ({n:,})" for n in LABELS]
    parts = ", ".join(
        f"{_spread(_errors(cells, f'part-{number}', PART_DRAWS))} {name}" for number, name in enumerate(PARTS)
    )
    return "\n\n".join(
        [
            "Errors in percent of MNIST's 10,000 test images, mean ± standard deviation over 10 random draws of\n"
            "labels, as many of each class; the other labels of the 50,000 training images are hidden.",
            f"{header}\n{table}",
            f"Published, 100 labels: {PUBLISHED}.",
            f"100 labels, of {COPIES} copies of each image:"
            f" {_spread(_errors(cells, 'game-100', DRAWS, 'error_of_copies'))}.",
            f"100 labels, {LONG:,} steps, {len(LONG_DRAWS)} draws: {_spread(_errors(cells, 'long-100', LONG_DRAWS))},"
            f" of {COPIES} copies {_spread(_errors(cells, 'long-100', LONG_DRAWS, 'error_of_copies'))},"
            f" in {np.mean([cells[f'long-100-{draw}']['seconds'] for draw in LONG_DRAWS]) / 60:.0f} minutes.",
            f"{PART_STEPS} steps, 100 labels, {len(PART_DRAWS)} draws: {parts}.",
            f"Minutes a training of the game, one thread: {', '.join(minutes)} labels.",
        ]
    )


def _errors(cells: Mapping[str, Any], name: str, draws: Sequence[int], which: str = "error") -> list[float]:
    return [cells[f"{name}-{draw}"][which] for draw in draws]


def _spread(errors: Sequence[float]) -> str:
    return f"{np.mean(errors):.2f} ± {np.std(errors, ddof=1):.2f}"
