"""Few labels, many images: D names K classes, and what G makes is of none of them. Section 7, extension 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from advnets.errors import NoClassesError, RecipeError
from advnets.games.adversarial import AdversarialGame, D
from advnets.games.game import Batch, Costs, DataSpec, Inputs, Labels, Made, Nets, RowNoise, Seat, View
from advnets.games.warps import Warp

_MILD = 1 / 3  # of the distortions: how far rows are distorted whose classes are guessed
_SURE = 0.95  # how likely a guess is that the log counts
_RAREST = 1e-3  # a class that D never gives does not count infinitely


@dataclass(frozen=True)
class SemiSupervisedGame:
    """K logits a row; the fake class's is fixed at 0, so that D(x) = Z / (Z + 1) with Z the sum of their exponentials.

    D is shown the batch as it is, distorted, and rows with labels, distorted, beside G(z). G matches the mean of D's
    last hidden layer over the batch as it is. What predicts is the average of D's weights, and it guesses the classes
    of rows without labels, too, mildly distorted. With few labels D soon gives one class what belongs to another, and
    learns it from itself: guesses are therefore brought to be as frequent as labels are, by running means of both,
    which the game remembers.
    Source: Salimans et al. 2016, section 5 and section 3.1 (feature matching); Sohn et al. 2020, Eq. 4, with guesses as
    Tarvainen and Valpola 2017 (by an average), Berthelot et al. 2019, Eq. 7 (sharpened) and Berthelot et al. 2020,
    section 3.1 (aligned) have them.

    Args:
        plain: z, and what G makes of it; D's cost of real and fake rows is its objective's, of the logit log Z.
        labels: which labels are used, and how many rows with them a batch has beside it.
        warp: how rows are distorted.
        adversarial: weight of telling real from fake in D's cost.
        consistency: weight of the guessed classes of rows as labels of their distorted copies.
        temperature: of the guesses, at most 1: their probabilities to the power of 1 / temperature, which add up to 1.
        alignment: what a step leaves of the running means of both frequencies; 0 for classes as D gives them.
    """

    plain: AdversarialGame
    labels: Labels
    warp: Warp = Warp()
    adversarial: float = 1.0
    consistency: float = 1.0
    temperature: float = 0.5
    alignment: float = 0.98

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes examples of z, D gives K logits and its last hidden layer."""
        if not data.classes:
            raise NoClassesError(
                "a semi-supervised game needs data in which some images have classes",
                "use such data, or --game.kind adversarial",
            )
        if len(data.classes) < 2:
            remedy = "give labels of two or more, or use --game.kind adversarial"
            raise RecipeError(f"a semi-supervised game of one class, {''.join(data.classes)!r}", remedy)
        seats = self.plain.seats(data)
        return {**seats, D: replace(seats[D], gives=(len(data.classes),), averaged=True, features=True)}

    def memory(self, data: DataSpec) -> Inputs:
        """How frequent classes are: `given` to rows without labels, and among `labelled` ones; K numbers each."""
        if not (self.alignment and self.consistency):
            return {}
        even = torch.full((len(data.classes),), 1 / len(data.classes))
        return {"given": even, "labelled": even.clone()}

    def remember(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Inputs:
        """Both frequencies after a step with these scores."""
        known, left = batch.memory, self.alignment
        given = _guess(real[: len(batch)], batch).to(known["given"].dtype).mean(0)
        labelled = one_hot(_label(batch), batch.classes).to(given.dtype).mean(0)
        return {
            "given": known["given"] * left + given * (1 - left),
            "labelled": known["labelled"] * left + labelled * (1 - left),
        }

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z, and how rows are distorted: those of the batch, those with labels, and mildly those that are guessed."""
        drawn = dict(self.plain.draw(batch, noise))
        shape = tuple(batch.image.shape[1:])
        for name in ("warp", "warp known", *(["warp mild"] if self.consistency else [])):
            drawn[name] = noise(name, self.warp.draw)
            if self.warp.noise:
                drawn[f"{name} noise"] = noise(f"{name} noise", lambda n, rng: self.warp.draw_noise(shape, n, rng))
        return drawn

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """G(z)."""
        return self.plain.make(nets, batch, draws)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """The batch as it is, its distorted copy where consistency counts, distorted rows with labels; beside G(z).

        There are no rows with labels where D is asked, and not trained.
        """
        known = [] if batch.known is None else [self._warped(batch.known.image, "warp known", draws)]
        copies = [self._warped(batch.image, "warp", draws)] if self.consistency else []
        real = torch.cat([batch.image, *copies, *known])
        return [View(D, {"image": real}, {"image": made["image"]}, batch=self._guessed(batch, draws))]

    def _guessed(self, batch: Batch, draws: Inputs) -> Batch:
        """The batch with what the average of D's weights says of its rows, where that counts."""
        if not self.consistency or D not in batch.averages:
            return batch
        with torch.no_grad():
            rows = self._warped(batch.image.float(), "warp mild", draws, _MILD)
            return replace(batch, guess=batch.averages[D](rows)[:, : batch.classes].softmax(1))

    def _warped(self, rows: Tensor, name: str, draws: Inputs, share: float = 1.0) -> Tensor:
        noise = draws.get(f"{name} noise")
        noise = None if noise is None else noise[: len(rows)] * share
        return self.warp.times(share)(rows, draws[name][: len(rows)], noise)

    def costs(self, discriminator: str, real: Tensor, fake: Tensor, batch: Batch) -> Costs:
        """D: cross entropies of the classes, and of real against fake. G: squared distance of mean features."""
        label, rows, classes = _label(batch), len(batch), batch.classes
        logits = real[:, :classes]
        cost = cross_entropy(logits[-len(label) :], label)
        if self.adversarial:
            of_real, of_fake = logits[:rows].logsumexp(1), fake[:, :classes].logsumexp(1)
            cost = cost + self.adversarial * self.plain.objective.discriminator(of_real, of_fake)
        if self.consistency:
            cost = cost + self.consistency * self._consistency(logits[:rows], logits[rows : 2 * rows], batch)
        matched = (real[:rows, classes:].mean(0) - fake[:, classes:].mean(0)).square().sum()
        return Costs(cost, matched)

    def _consistency(self, plain: Tensor, distorted: Tensor, batch: Batch) -> Tensor:
        """Cross entropy of distorted rows with what is taken for the classes of the plain ones."""
        return cross_entropy(distorted, self._taken(plain, batch).to(distorted.dtype))

    def _taken(self, plain: Tensor, batch: Batch) -> Tensor:
        """Guesses, N x K, aligned with the frequency of labels and sharpened."""
        guess = _guess(plain, batch)
        if batch.memory:
            guess = guess * (batch.memory["labelled"] / batch.memory["given"].clamp_min(_RAREST)).to(guess.dtype)
        sharp = (guess / guess.amax(1, keepdim=True)) ** (1 / self.temperature)
        return sharp / sharp.sum(1, keepdim=True)

    def batch_figures(self, real: Tensor, fake: Tensor, batch: Batch) -> dict[str, float]:
        """Mean D(x) and D(G(z)), error among the rows with labels, and how many of the others D is sure of."""
        rows, classes, label = len(batch), batch.classes, _label(batch)
        logits = real[:, :classes].float()
        scores = logits[:rows].logsumexp(1), fake[:, :classes].float().logsumexp(1)
        sure = self._taken(logits[:rows], batch).amax(1) >= _SURE
        wrong = logits[-len(label) :].argmax(1) != label
        values = [*(torch.sigmoid(each).mean() for each in scores), wrong.float().mean(), sure.float().mean()]
        names = "d_real", "d_fake", "error_labelled", "sure"
        return dict(zip(names, torch.stack(values).tolist(), strict=True))

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples."""
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """G(z)."""
        return self.plain.sample(nets, inputs)


def _guess(plain: Tensor, batch: Batch) -> Tensor:
    """Probabilities of the classes of the plain rows: those that were guessed, else D's own."""
    return plain[:, : batch.classes].detach().softmax(1) if batch.guess is None else batch.guess


def _label(batch: Batch) -> Tensor:
    assert batch.known is not None  # the game asks for them
    assert batch.known.label is not None  # rows of the labelled stream
    return batch.known.label
