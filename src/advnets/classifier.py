"""A classifier of few labels and many rows without, in the form of scikit-learn; it needs the extra `sklearn`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import AdvnetsError
from advnets.runs.classifying import logits_of
from advnets.training.batches import Data
from advnets.training.trainer import Trainer

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state, validation
    from sklearn.utils.multiclass import check_classification_targets
except ImportError as missing:
    what = "AdversarialClassifier needs scikit-learn 1.6 or newer, which is not installed"
    raise AdvnetsError(what, "install it with: pip install 'advnets[sklearn]'") from missing

validate: Any = validation.validate_data  # whose annotations are not arrays
UNLABELLED = -1
"""The label of a row whose class nobody knows."""
_OF_POINTS: Mapping[str, Any] = {
    "generator.network": {"kind": "mlp", "hidden": [64, 64], "output": "linear", "init": None},
    "discriminator.network": {"kind": "mlp", "units": [128, 128]},
    "game.noise": 0.1,
}
"""Fields of the recipe where rows are numbers, which are standardized."""


class AdversarialClassifier(ClassifierMixin, BaseEstimator):
    """A discriminator that names classes, trained against a generator on rows with and without labels.

    The game of the recipe mnist-semi-supervised (docs/extensions/semi-supervised.md), kept in memory: nothing is
    written. Source: Salimans et al. 2016, section 5.

    Args:
        steps: of the training.
        image_shape: (H, W) or (H, W, C) of images that are rows of pixels; None where X says itself what it is.
        changes: fields of the recipe by name: {"batch": 100, "game.consistency": 0.0}.
        random_state: seed of all that is drawn, an int, a RandomState, or None for another one each time.
        device: auto (a GPU if there is one), cpu, cuda, cuda:1, mps.

    X is N x D numbers, or images, N x H x W or N x H x W x C; y has a class a row, -1 where it is not known; -1 and 1
    alone are two classes, as scikit-learn often codes them, and other labels below 0 do not stand beside -1. Images are
    floats in [0, 1], bytes, or of any other range, which is then that of the images of `fit`.

    Attributes:
        classes_: those of y, sorted, without -1.
        n_features_in_: D, or pixels of an image.
        network_: the averaged discriminator, float64.
    """

    def __init__(
        self,
        steps: int = 400,
        image_shape: tuple[int, ...] | None = None,
        changes: Mapping[str, Any] | None = None,
        random_state: Any = None,
        device: str = "auto",
    ) -> None:
        self.steps = steps
        self.image_shape = image_shape
        self.changes = changes
        self.random_state = random_state
        self.device = device

    def fit(self, X: ArrayLike, y: ArrayLike) -> AdversarialClassifier:
        """Train on rows X with classes y, -1 where a row's is not known; beside text that is so in an array of objects.

        Raises:
            ValueError: X or y is nothing to be learned from, labels below -1 stand beside it, or `image_shape` does not
                fit.
            AdvnetsError: the recipe does not fit, or the training diverged.
        """
        rows, given = validate(self, X, y, allow_nd=True)
        known = _labelled(given)
        labelled = given[known] if given.dtype != object else np.array(given[known].tolist())
        check_classification_targets(labelled)
        self.classes_, numbers = np.unique(labelled, return_inverse=True)
        if len(self.classes_) < 2:
            count = "one class" if len(self.classes_) else "no class"
            raise ValueError(f"y has labels of {count} besides -1 (unlabelled); give two or more")
        labels = np.full(len(given), UNLABELLED, np.int64)
        labels[known] = numbers
        self._fit_units(rows)
        names = tuple(str(each) for each in self.classes_)
        data = Data(self._values(rows), np.arange(len(rows)), labels, names)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        trainer = _played(self._recipe(data, seed), data)
        player = trainer.players["discriminator"]
        network = player.network if player.average is None else player.average
        self.network_: nn.Module = network.cpu().double().eval()
        self.value_range_ = trainer.value_range
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest class of each row, N."""
        likeliest = self._logits(X).argmax(1)
        return self.classes_[likeliest]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of `classes_` for each row, N x K, given that it is of one of them."""
        return torch.from_numpy(self._logits(X)).softmax(1).numpy()

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Logits, N x K; of two classes the second's less the first's, N."""
        found = self._logits(X)
        return found[:, 1] - found[:, 0] if found.shape[1] == 2 else found

    def features(self, X: ArrayLike) -> NDArray[np.float64]:
        """The discriminator's last hidden layer, N x F: what other classifiers may be given."""
        found = self._outputs(X)
        return found[:, len(self.classes_) :]

    def _logits(self, X: ArrayLike) -> NDArray[np.float64]:
        found = self._outputs(X)
        return found[:, : len(self.classes_)]

    def _outputs(self, X: ArrayLike) -> NDArray[np.float64]:
        """Logits and features, N x (K + F), in float64, so that a row's do not depend on the rows beside it."""
        validation.check_is_fitted(self)
        rows = validate(self, X, reset=False, allow_nd=True)
        self._check_shape(rows)
        return logits_of(self.network_, self._values(rows), self.value_range_, torch.float64)

    def _recipe(self, data: Data, seed: int) -> Recipe:
        own = {} if len(data.shape) == 3 else _OF_POINTS
        fixed = {"steps": self.steps, "seed": seed, "device": self.device, "game.labels": None}
        return load_recipe("mnist-semi-supervised").replace(**own, **fixed, **dict(self.changes or {}))

    def _fit_units(self, rows: NDArray[Any]) -> None:
        """What of the rows is remembered: the shape of images and the values of black and white, or means and scale."""
        self.shape_ = self._shape_of(rows)
        if self.shape_ is None:
            points = rows.astype(np.float64)
            deviation = points.std(0)
            self.units_ = points.mean(0), np.where(deviation > 0, deviation, 1.0)
        elif rows.dtype == np.uint8:
            self.units_ = 0.0, 255.0
        else:
            low, high = float(rows.min()), float(rows.max())
            self.units_ = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)

    def _shape_of(self, rows: NDArray[Any]) -> tuple[int, int, int] | None:
        """C x H x W of images; None of points.

        Raises:
            ValueError: rows are neither, or not as `image_shape` says.
        """
        if rows.ndim == 2 and self.image_shape is None:
            return None
        shape = tuple(rows.shape[1:]) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) not in (2, 3):
            raise ValueError(f"images of shape {shape}; give (H, W) or (H, W, C)")
        if math.prod(rows.shape[1:]) != math.prod(shape):
            needed = " x ".join(str(side) for side in shape)
            what = f"X has {math.prod(rows.shape[1:]):,} pixels a row, {needed} images need {math.prod(shape):,}"
            raise ValueError(f"{what}; give every pixel")
        height, width, *channels = shape
        return (channels[0] if channels else 1), height, width

    def _check_shape(self, rows: NDArray[Any]) -> None:
        """See that rows are of the shape that was trained on.

        Raises:
            ValueError: they are not.
        """
        if self._shape_of(rows) != self.shape_:
            raise ValueError(f"X has rows of shape {rows.shape[1:]}, unlike those of fit")

    def _values(self, rows: NDArray[Any]) -> NDArray[Any]:
        """What is played on: bytes N x C x H x W, or standardized points, float32 N x D."""
        first, second = self.units_
        if self.shape_ is None:
            return ((rows.astype(np.float64) - first) / second).astype(np.float32)
        channels, height, width = self.shape_
        images = rows.reshape(len(rows), height, width, channels).transpose(0, 3, 1, 2)
        share = (images.astype(np.float64) - first) / max(second - first, np.finfo(float).tiny)
        return np.ascontiguousarray(np.rint(share.clip(0, 1) * 255).astype(np.uint8))


def _labelled(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows have a label: all whose label is not -1, unless -1 and 1 are all there are.

    Raises:
        ValueError: a text that says -1, which is what NumPy makes of the number among texts; or numbers below 0 beside
            -1, a mistake, or classes among which -1 is one.
    """
    known = _known(y)
    numbers = y[known].tolist() if y.dtype.kind in "iufO" and not known.all() else []
    if below := [each for each in numbers if isinstance(each, Real) and each < 0]:
        what = f"y has {min(below)}, of {len(below):,} labels below 0 beside -1 (unlabelled)"
        raise ValueError(f"{what}; write -1 for them too if they are unlabelled, numbers from 0 or text for classes")
    return known


def _known(y: NDArray[Any]) -> NDArray[np.bool_]:
    if y.dtype == object:
        return np.array([isinstance(each, str) or each != UNLABELLED for each in y], bool)
    if y.dtype.kind == "U" and str(UNLABELLED) in y:
        what = "y is text, and says '-1', which would be a class"
        raise ValueError(f"{what}; give an array of objects, dtype=object, with the number -1 where a label is unknown")
    if y.dtype.kind not in "iuf" or set(np.unique(y).tolist()) == {-1, 1}:
        return np.ones(len(y), bool)
    return y != UNLABELLED


def _played(recipe: Recipe, data: Data) -> Trainer:
    """A game played to its last step; what PyTorch draws elsewhere stays as it was."""
    with torch.random.fork_rng(devices=[]):
        trainer = Trainer(recipe, data)
        while trainer.step < recipe.steps:
            trainer.advance()
    trainer.check_finite({})
    trainer.sync_buffers()
    return trainer
