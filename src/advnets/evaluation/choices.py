"""What is asked of samples and data, with what nobody said settled: real images, measures, features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advnets.config.names import MEASURE_WORDS, PUBLISHED, measure_names
from advnets.data import HELD_OUT, Table, holds_images
from advnets.errors import MeasureError
from advnets.evaluation.opening import Opened
from advnets.evaluation.statistics import FRECHET, REAL_STATISTICS, check_measures
from advnets.measures.catalog import MEASURES, check_names, is_of
from advnets.measures.features import at_hand, extractor, where_weights_go
from advnets.measures.stored_statistics import StoredStatistics
from advnets.runs.run import Run

REAL = "all", "test", "valid", HELD_OUT, "train"
_KNOWN = "parzen", "total_variation"
"""What is taken of data that everybody knows: the paper's figure."""
_OWN = "frechet", "kernel", "precision", "recall", "memorization"
"""What is taken of images of people's own: Parzen says nothing of photographs."""
_MIXTURE = "modes", "sliced_wasserstein"
"""What is taken of points whose modes are known."""
_NUMBERS = "sliced_wasserstein", "kernel", "precision", "recall", "memorization"
"""What is taken of tables of numbers."""


@dataclass(frozen=True)
class Wish:
    """What is asked of samples and data.

    Args:
        real: the split to measure against.
        names: the measures.
        named: whether the user has named them; else those that cannot be taken are left out.
        words: names of other libraries that the user wrote.
    """

    real: str
    names: Sequence[str]
    named: bool
    words: Sequence[str] = ()


def check_wish(metrics: Sequence[str] | str | None, count: int, seed: int, real: str | None) -> None:
    """See that nothing is out of range, before minutes are spent on data.

    Raises:
        MeasureError: a split, seed, count or measure that there is not.
    """
    if real is not None and real not in REAL:
        raise MeasureError(f"no split {real!r}", f"choose from {', '.join(REAL)}")
    if seed < 0:
        raise MeasureError(f"seed {seed}", "use 0 or more")
    if count < 2:
        raise MeasureError(f"{count} samples are too few to measure", "ask for 2 or more")
    if _are_named(metrics):
        check_names(measure_names(metrics or ()))


def wish_of(
    opened: Opened,
    data: str | Path | Table | None,
    metrics: Sequence[str] | str | None,
    real: str | None,
    statistics: StoredStatistics | None = None,
) -> Wish:
    """What is asked, settled.

    Args:
        opened: the data, and the run whose samples are measured; the samples themselves are not looked at.
        data: what was named as data.
        metrics, real: as for `evaluate`.
        statistics: of real images, where the data are or have such.

    Raises:
        MeasureError: measures of images, and there are statistics alone; or a run that was trained on all images.
    """
    named = _are_named(metrics)
    said = [each.strip().lower() for each in (metrics.split(",") if isinstance(metrics, str) else metrics or ())]
    words = [each for each in said if each in MEASURE_WORDS]
    if statistics is not None and not statistics.has_images:
        names = check_names(measure_names(metrics or ())) if named else FRECHET[:1]
        check_measures(statistics, names)
        return Wish(REAL_STATISTICS, names, named, words)
    names = check_names(measure_names(metrics or ())) if named else default_metrics(opened, metrics == "all")
    own = opened.run is not None and (data is None or _trained_on(opened.run, opened.table))
    return Wish(real or _real_images(opened.table, opened.run, own), names, named, words)


def _are_named(metrics: Sequence[str] | str | None) -> bool:
    return metrics is not None and metrics != "all"


def _trained_on(run: Run, table: Table) -> bool:
    """Whether these are the data of a run, though images may have come to them since."""
    facts = run.facts["data"]
    return table.name == facts["name"] or table.fingerprint == facts["fingerprint"]


def is_published(table: Table) -> bool:
    """Whether it is a data set that everybody knows, with a test part of its own."""
    return table.name in PUBLISHED and not table.drawn


def default_metrics(opened: Opened, everything: bool) -> list[str]:
    """The measures where nobody names them: all that can be taken, or a few that fit the data."""
    table = opened.table
    if not everything:
        return list(_default_of(table))
    fitting = [name for name in MEASURES if is_of(name, table)]
    return [name for name in fitting if opened.classes is not None or MEASURES[name].of != "conditions"]


def _default_of(table: Table) -> Sequence[str]:
    if holds_images(table):
        return _KNOWN if is_published(table) else _OWN
    return _MIXTURE if table.modes is not None else _NUMBERS


def _real_images(table: Table, run: Run | None, own: bool) -> str:
    """The split to measure against where nobody says which.

    A published test part; else, of splits that were drawn by us, what the generator was not trained on: of a run on its
    own data validation and test images (the test images alone, where the validation images have chosen among its
    checkpoints); of samples of other programs and of runs on other data all images.
    """
    if not table.drawn and table.count("test"):
        return "test"
    if run is None or not own:
        return "all"
    split = "test" if run.recipe.measure.names and table.count("test") > 1 else HELD_OUT
    if table.count(split) < 2:
        raise MeasureError(
            f"{run.path} was trained on all of {table.name} but {table.count(HELD_OUT) or 'nothing'}",
            "measure against other images with --data, or against those it has seen with --real train",
        )
    return split


def fitting_features(table: Table, wish: Wish) -> tuple[str, list[str]]:
    """Features to take distances in where nobody says which, and what to tell of the choice.

    Those of the inception network where a measure is called by a name that stands for it and its weights are at hand.
    Pixels of data that everybody knows, so that figures compare. Of people's own images a classifier's, where they have
    classes, it does much better than chance and was not trained on the images to be measured against; else those of
    the inception network, if its weights are at hand; else pixels.

    Raises:
        DataError: the cache cannot be written.
    """
    if wish.real == REAL_STATISTICS or ({"fid", "kid"} & set(wish.words) and at_hand()):
        return "inception", []
    if (
        not holds_images(table)
        or is_published(table)
        or not any(MEASURES[name].of == "features" for name in wish.names)
    ):
        return "pixels", []
    notes: list[str] = []
    if table.labels is not None and wish.real in ("test", "valid", HELD_OUT):
        good, notes = _of_classifier(table)
        if good:
            return "classifier", notes
    elif table.labels is not None:
        notes = [
            "features are not the classifier's, trained on some of these real images; --real valid+test has others"
        ]
    if at_hand():
        return "inception", [
            *notes,
            "features are the inception network's, whose weights are at hand; --features says others",
        ]
    return "pixels", [*notes, f"features are pixels, which see little of photographs; {where_weights_go()}"]


def _of_classifier(table: Table) -> tuple[bool, list[str]]:
    """Whether features of a classifier fit the data, and what to tell of it."""
    try:
        found = extractor("classifier", table, progress=True).confusion
    except MeasureError as error:
        return False, [f"features are not the classifier's: {error.what}"]
    if found is None or found.tells_well:
        return True, ["features are the classifier's, since the data have classes; --features says others"]
    return False, [f"features are not the classifier's, which is right on only {found.accuracy:.1%} of held-out images"]
