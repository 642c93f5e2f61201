"""Every measure by its name, and the subject that they are taken of: samples beside real images, in some features."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data import HELD_OUT, Table, holds_images, labels_of
from advnets.errors import MeasureError
from advnets.measures.accuracy import accuracy
from advnets.measures.birthday import birthday
from advnets.measures.features import Extractor, cached_features, extract_all, extractor
from advnets.measures.frechet import GaussianStatistics, frechet, frechet_infinity
from advnets.measures.inception_score import inception_score
from advnets.measures.inputs import some
from advnets.measures.kernel import kernel
from advnets.measures.manifold import manifold
from advnets.measures.measurement import Measurement
from advnets.measures.memorization import memorization
from advnets.measures.modes import modes, modes_of_points
from advnets.measures.parzen import parzen
from advnets.measures.sliced_wasserstein import sliced_wasserstein
from advnets.measures.too_few import TooFewError, not_enough
from advnets.measures.total_variation import total_variation
from advnets.measures.two_sample import two_sample
from advnets.sharing import agreed, in_turn

Features = NDArray[np.float32]
_SPLITS = {"test": "test", "valid": "validation", "train": "training", HELD_OUT: "held-out", "all": "usable"}


@dataclass(frozen=True, eq=False)
class Subject:
    """What measures are taken of; features are extracted when the first measure asks for them, once.

    Args:
        samples: uint8 N x C x H x W, or float32 points N x D.
        data: the table that they imitate.
        extractor: what turns images into features; None for points, which are features.
        real: the split of real images to measure against: test, valid, valid+test, train or all.
        seed: of the measures' own draws.
        limit: at most so many real images of the real split are used.
        known: the splits' features, kept from one subject to the next of the same data and extractor.
        classes: the class that each sample was to be, int64, N, indices into the data's; None where none was asked.
        statistics: mean and covariance of the real images' features, where a file gives them, for the Frechet distance.
        progress: whether to say how far a measure is.
    """

    samples: NDArray[np.uint8] | NDArray[np.float32]
    data: Table
    extractor: Extractor | None
    real: str = "test"
    seed: int = 0
    limit: int | None = None
    known: dict[str, Features] = field(default_factory=dict[str, Features])
    classes: NDArray[np.int64] | None = None
    statistics: GaussianStatistics | None = None
    progress: bool = False

    @property
    def features(self) -> str:
        """What the features are called."""
        return "points" if self.extractor is None else self.extractor.name

    @functools.cached_property
    def sample_features(self) -> Features:
        """N x D."""
        if self.extractor is None:
            return _points(self.samples)
        return extract_all(self.extractor, self.samples, progress=self.progress)

    @property
    def real_features(self) -> Features:
        """Of the real split, M x D."""
        return self.split_features(self.real)

    def split_features(self, split: str) -> Features:
        """Of a split of the data, M x D.

        Raises:
            MeasureError: the data have no such images.
        """
        if split not in self.known:
            self.known[split] = self._extract(split)
        return self.known[split]

    def _extract(self, split: str) -> Features:
        if self.extractor is None:
            return self._real_points(split)
        rows = self.rows(split)
        # What was trained on is searched for copies: all of it.
        chosen = some(len(rows), self.limit if split == self.real else None)
        return cached_features(self.extractor, self.data, rows[chosen], progress=self.progress)

    def _real_points(self, split: str) -> Features:
        if (count := self.data.count(split)) < 2:
            raise not_enough(self._whose(split, count), 2)
        reals = self.data.reals(split)
        return _points(reals[some(len(reals), self.limit if split == self.real else None)])

    def rows(self, split: str, minimum: int = 2) -> NDArray[np.int64]:
        """Row numbers of a split of the images.

        Raises:
            MeasureError: there are fewer than `minimum`.
        """
        rows = self.images.rows(split)
        if len(rows) < minimum:
            raise not_enough(self._whose(split, len(rows)), minimum)
        return rows

    def _whose(self, split: str, count: int) -> str:
        return f"{self.data.name} has {count:,} {_SPLITS[split]} {'images' if holds_images(self.data) else 'rows'}"

    def too_few(self, error: TooFewError) -> MeasureError:
        """A measure's error, said of the samples or of the real images."""
        if self.statistics is not None:  # of images that nobody counts
            return error.told(len(self.samples), error.minimum, "")
        real = len(self.real_features)
        return error.told(len(self.samples), real, self._whose(self.real, real))

    @property
    def images(self) -> Table:
        """The data, where they are images.

        Raises:
            MeasureError: they are points.
        """
        if not holds_images(self.data):
            raise MeasureError(f"{self.data.name} holds points, not images", "this measure is about images")
        return self.data

    @functools.cached_property
    def manifold(self) -> Mapping[str, Measurement]:
        """Precision, recall, density and coverage, of equal counts."""
        return manifold(*self.equal_counts(), features=self.features, progress=self.progress)

    @functools.cached_property
    def classifying(self) -> Subject:
        """This subject in features that name classes: its own, or else those of the classifier of its data's labels.

        Raises:
            MeasureError: the data have no labels.
        """
        if self.extractor is not None and self.extractor.classify is not None:
            return self
        return self._classified()

    @functools.cached_property
    def naming(self) -> Subject:
        """This subject in features of the classifier of its data's own labels.

        Raises:
            MeasureError: the data have no labels.
        """
        if self.extractor is not None and self.extractor.name == "classifier":
            return self
        return self._classified()

    def _classified(self) -> Subject:
        if self.images.labels is None:
            said = f"{self.data.name} has no labels, so that nothing names classes"
            raise MeasureError(said, "use data with a folder for each class, or --features inception")
        trained = in_turn(lambda: extractor("classifier", self.images, progress=self.progress))
        if not agreed(trained.identity):
            remedy = "copy one machine's cache to the others, or measure in one process"
            raise MeasureError("each machine has trained a classifier of its own", remedy)
        return dataclasses.replace(self, extractor=trained, known={})

    def sample_classes(self) -> NDArray[np.float32]:
        """The extractor's class probabilities of the samples, N x K."""
        found = None if self.extractor is None else self.extractor.probabilities(self.sample_features)
        assert found is not None, "asked of `classifying` only"
        return found

    def likeliest(self, features: Features) -> tuple[NDArray[np.int64], int]:
        """The extractor's likeliest class of each image from its features, N, and how many classes there are."""
        found = None if self.extractor is None else self.extractor.likeliest(features)
        assert found is not None, "asked of `classifying` only"
        return found

    def equal_counts(self) -> tuple[Features, Features]:
        """Features of both, as many of the one as of the other."""
        ours, theirs = self.sample_features, self.real_features
        count = min(len(ours), len(theirs))
        return ours[some(len(ours), count)], theirs[some(len(theirs), count)]


def _points(values: Any) -> Features:
    return np.ascontiguousarray(values, dtype=np.float32)


def _parzen(subject: Subject) -> Measurement:
    images, real = subject.images.values, subject.rows(subject.real)
    if subject.real == "all":
        raise MeasureError("it chooses its window on images that it does not score", "leave some: --real test")
    # Sigma is never chosen on the images that are scored.
    tuning = subject.rows("train" if subject.real in ("valid", HELD_OUT) else "valid")
    authors = subject.data.name == "mnist"  # theirs are the first 1,000; elsewhere the order may be the classes'
    chosen = tuning[:1000] if authors else tuning[some(len(tuning), 1000)]
    return parzen(subject.samples, images[real], images[chosen], progress=subject.progress)


def _total_variation(subject: Subject) -> Measurement:
    return total_variation(subject.samples, subject.images.values[subject.rows(subject.real)])


def _modes(subject: Subject) -> Measurement:
    centers = subject.data.modes
    if centers is not None:
        return modes_of_points(subject.samples, centers, subject.data.deviation, seed=subject.seed)
    seen = subject.classifying
    ours, classes = seen.likeliest(seen.sample_features)
    theirs, _ = seen.likeliest(seen.real_features)
    # Of stacked images nobody knows a confusion of the thousand classes: they are counted as they are published.
    known = None if seen.extractor is None else seen.extractor.confusion
    return modes(ours, theirs, classes, confusion=known, features=seen.features, seed=subject.seed)


def accuracy_of(subject: Subject, within: int | None = None) -> Measurement:
    """The accuracy of samples of classes, to the classifier of their data; of points the nearest mode is the class.

    Args:
        subject: its samples.
        within: the class that all of them were to be; real images of it alone are held beside them.

    Raises:
        MeasureError: the samples are of no classes, or the data have no labels.
    """
    wanted, data = subject.classes, subject.data
    if wanted is None:
        raise MeasureError("accuracy is about samples of classes, these have none", "measure a conditional game's run")
    if (modes := data.modes) is not None:
        nearest = _nearest_mode(subject.sample_features, modes)
        return accuracy(nearest, wanted, data.classes, features=subject.features)
    seen = subject.naming
    ours, _ = seen.likeliest(seen.sample_features)
    labels = labels_of(data)[_chosen(subject)]
    known = labels >= 0 if within is None else labels == within
    theirs, _ = seen.likeliest(seen.real_features[known]) if known.any() else (labels[known], 0)
    return accuracy(ours, wanted, data.classes, real_seen=theirs, real_wanted=labels[known], features=seen.features)


def _chosen(subject: Subject) -> NDArray[np.int64]:
    """The rows of the real split whose features are taken."""
    rows = subject.rows(subject.real)
    return rows[some(len(rows), subject.limit)]


def _nearest_mode(points: Features, modes: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.linalg.norm(points[:, None] - modes, axis=2).argmin(1)


def _inception_score(subject: Subject) -> Measurement:
    seen = subject.classifying
    return inception_score(seen.sample_classes(), features=seen.features, seed=subject.seed)


def _memorization(subject: Subject) -> Measurement:
    heldout = subject.real if subject.real != "train" else "test"
    everything = subject.real == "all"  # nobody knows which of them a generator has seen: each is held out in turn
    return memorization(
        subject.sample_features,
        subject.split_features("all" if everything else "train"),
        None if everything else subject.split_features(heldout),
        features=subject.features,
        progress=subject.progress,
    )


Between = Callable[[Features, Any, Subject], Measurement]
"""A measure of samples' features beside real ones, with the subject's seed and its name for the features."""


def _between(function: Callable[..., Measurement], seeded: bool) -> Between:
    def measure(ours: Features, theirs: Any, subject: Subject) -> Measurement:
        options = {"seed": subject.seed} if seeded else {}
        return function(ours, theirs, features=subject.features, progress=subject.progress, **options)

    return measure


@dataclass(frozen=True)
class Entry:
    """A measure as users know it.

    Args:
        compute: takes it of a subject.
        better: where better generators lie: "higher", "lower", or the value to be near to.
        of: what it is about: images alone, features (any extractor, and points), or classes (an extractor that
            classifies, else the classifier; and points), or conditions (samples of classes of the data).
        between: of a distance: takes it between any two sets of features.
    """

    compute: Callable[[Subject], Measurement]
    better: str | float
    of: str
    between: Between | None = None


def _distance(between: Between, theirs: Callable[[Subject], Any] = lambda subject: subject.real_features) -> Entry:
    return Entry(lambda s: between(s.sample_features, theirs(s), s), "lower", "features", between)


def _real_or_statistics(subject: Subject) -> Any:
    return subject.real_features if subject.statistics is None else subject.statistics


MEASURES: dict[str, Entry] = {
    "parzen": Entry(_parzen, "higher", "images"),
    "total_variation": Entry(_total_variation, 1.0, "images"),
    "inception_score": Entry(_inception_score, "higher", "classes"),
    "frechet": _distance(_between(frechet, False), _real_or_statistics),
    "frechet_infinity": _distance(_between(frechet_infinity, True), _real_or_statistics),
    "kernel": _distance(_between(kernel, True)),
    "sliced_wasserstein": _distance(_between(sliced_wasserstein, True)),
    "precision": Entry(lambda s: s.manifold["precision"], "higher", "features"),
    "recall": Entry(lambda s: s.manifold["recall"], "higher", "features"),
    "density": Entry(lambda s: s.manifold["density"], "higher", "features"),
    "coverage": Entry(lambda s: s.manifold["coverage"], "higher", "features"),
    "two_sample": Entry(lambda s: _between(two_sample, True)(*s.equal_counts(), s), 0.5, "features"),
    "modes": Entry(_modes, "higher", "classes"),
    "birthday": Entry(lambda s: _between(birthday, False)(*s.equal_counts(), s), "higher", "features"),
    "memorization": Entry(_memorization, 0.5, "features"),
    "accuracy": Entry(accuracy_of, "higher", "conditions"),
}
"""The measures by name. One more is one entry."""


def is_of(name: str, table: Table) -> bool:
    """Whether a measure is about such examples: of points their distances, and the modes that they lie in if known."""
    known = table.modes is not None and (name == "modes" or MEASURES[name].of == "conditions")
    return holds_images(table) or MEASURES[name].of == "features" or known


def check_fits(name: str, table: Table, extractor: Extractor | None) -> None:
    """Refuses, before anything is made, a measure that can never be taken of such data in such features.

    Raises:
        MeasureError: it is about images or classes, and there are none.
    """
    if not holds_images(table):
        if not is_of(name, table):
            about = "images" if table.modes is not None else "images, or points of known modes"
            raise MeasureError(f"{name} is about {about}, {table.name} holds points", "choose another measure")
        return
    classified = table.labels is not None or (extractor is not None and extractor.classify is not None)
    if MEASURES[name].of == "conditions":
        labels_of(table)
    if MEASURES[name].of == "classes" and not classified:
        raise MeasureError(f"{name} needs classes, {table.name} has no labels", "choose another measure")


def check_names(names: Sequence[str]) -> list[str]:
    """The measures asked for, each once; Parzen never alone.

    Raises:
        MeasureError: none, or one that does not exist.
    """
    known = f"choose from {', '.join(MEASURES)}"
    if not names:
        raise MeasureError("no measure was asked for", known)
    for name in names:
        if name not in MEASURES:
            raise MeasureError(f"unknown measure {name!r}", known)
    # Blur raises Parzen: its figure never stands without the total variation that unmasks blur.
    return list(dict.fromkeys([*names, *(["total_variation"] if "parzen" in names else [])]))


def measure(subject: Subject, names: Sequence[str]) -> dict[str, Measurement]:
    """Take measures of a subject.

    Raises:
        MeasureError: an unknown measure, or one that cannot be taken of this subject.
    """
    return {name: take(name, subject) for name in check_names(names)}


def take(name: str, subject: Subject) -> Measurement:
    """Take one measure of a subject.

    Raises:
        MeasureError: it cannot be taken of this subject; the error names the measure.
    """
    try:
        return MEASURES[name].compute(subject)
    except MeasureError as found:
        error = subject.too_few(found) if isinstance(found, TooFewError) else found
        said = error.what if error.what.startswith(name) else f"{name}: {error.what}"
        raise MeasureError(said, error.remedy) from found


def badness(name: str, value: float) -> float:
    """A number that is lower for better generators, whichever way the measure points."""
    better = MEASURES[name].better
    if isinstance(better, str):
        return -value if better == "higher" else value
    return abs(value - better)
