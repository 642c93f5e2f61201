"""K classes and a fake one; which labels are used, and when rows with labels come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame
from advnets.games.game import Batch, DataSpec, Labels
from advnets.games.objectives import objective
from advnets.games.semi_supervised import SemiSupervisedGame
from advnets.games.warps import Warp
from advnets.training.batches import Batches, Data
from advnets.training.labels import with_labels

K, F, ROWS, KNOWN = 3, 4, 5, 2
PLAIN = AdversarialGame(objective("non-saturating"), "gaussian", 2)
CLASSES = tuple("abc")


def scores(rows: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, K + F, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


def batch() -> Batch:
    known = Batch(torch.arange(KNOWN), torch.zeros(KNOWN, 2), torch.tensor([2, 0]))
    return Batch(torch.arange(ROWS), torch.zeros(ROWS, 2), known=known, classes=K)


def sharp(guesses: torch.Tensor) -> torch.Tensor:
    """Probabilities squared, made to add up to 1."""
    return guesses**2 / (guesses**2).sum(1, keepdim=True)


def test_the_costs_are_those_of_k_plus_1_classes() -> None:
    real, fake = scores(2 * ROWS + KNOWN, 0), scores(ROWS, 1)
    found = SemiSupervisedGame(PLAIN, Labels(KNOWN), consistency=2.0).costs("D", real, fake, batch())

    def share_of_fake(rows: torch.Tensor) -> torch.Tensor:
        """The last of K + 1 classes, whose logit is 0."""
        return torch.cat([rows[:, :K], torch.zeros(len(rows), 1, dtype=rows.dtype)], 1).softmax(1)[:, K]

    unlabelled = -((1 - share_of_fake(real[:ROWS])).log().mean() + share_of_fake(fake).log().mean()) / 2
    labelled = cross_entropy(real[2 * ROWS :, :K], torch.tensor([2, 0]))
    plain, copies = real[:ROWS, :K].softmax(1), real[ROWS : 2 * ROWS, :K].softmax(1)
    consistent = -float((sharp(plain) * copies.log()).sum()) / ROWS
    assert float(found.discriminator) == pytest.approx(float(labelled + unlabelled) + 2 * consistent)
    apart = real[:ROWS, K:].mean(0) - fake[:, K:].mean(0)
    assert float(found.generators) == pytest.approx(float((apart**2).sum()))


def test_without_weights_only_labels_count() -> None:
    real, fake = scores(ROWS + KNOWN, 0), scores(ROWS, 1)
    found = SemiSupervisedGame(PLAIN, Labels(KNOWN), adversarial=0, consistency=0).costs("D", real, fake, batch())
    assert float(found.discriminator) == pytest.approx(float(cross_entropy(real[ROWS:, :K], torch.tensor([2, 0]))))


def data(count: int = 60, known: int = 60, classes: int = 3) -> Data:
    labels = np.where(np.arange(count) < known, np.arange(count) % classes, -1)
    return Data(np.zeros((count, 2), np.float32), np.arange(1, count), labels, CLASSES[:classes])


def test_labels_are_drawn_by_their_own_seed_of_every_class_as_many() -> None:
    rows = [with_labels(data(), Labels(4, 12, seed), 8).labelled_rows for seed in (0, 0, 1)]
    assert rows[0].tolist() == rows[1].tolist() != rows[2].tolist()
    assert np.bincount(rows[0] % 3).tolist() == [4, 4, 4]
    assert 0 not in rows[0]  # is no training row
    hidden = with_labels(data(), Labels(4, 12), 8)
    assert hidden.spec.counts == (4, 4, 4)
    assert hidden.spec.unknown == 59 - 12
    assert with_labels(data(), Labels(4), 8).spec.unknown == 0


@pytest.mark.parametrize(
    ("given", "asked", "said"),
    [
        (data(), Labels(4, 13), r"13 labels of 3 classes are not as many of each; use --game.labels 12, or another"),
        (data(), Labels(4, 2), r"2 labels of 3 classes are not as many of each; use --game.labels 3, or another"),
        (data(), Labels(4, 100), r"100 labels of 3 classes are not as many of each; use --game.labels 57, or another"),
        (data(), Labels(4, 60), r"20 labels of class 'a' are asked for, 19 training .*; use --game.labels 57"),
        (data(known=1), Labels(4), r"needs data in which some images have classes"),
        (data(), Labels(9), r"9 rows with labels beside a batch of 8; use --game.labelled 8, or less"),
    ],
)  # fmt: skip
def test_labels_that_there_are_not_are_said_in_a_line(given: Data, asked: Labels, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        with_labels(given, asked, 8)


@pytest.mark.parametrize("classes", [(), ("a",)])
def test_fewer_than_two_classes_are_refused(classes: tuple[str, ...]) -> None:
    with pytest.raises(RecipeError, match=r"; use such data|; give labels of two or more"):
        SemiSupervisedGame(PLAIN, Labels(4)).seats(DataSpec((2,), classes))


def batches(labelled: int) -> Batches:
    given = with_labels(data(), Labels(5, 12), 8)
    return Batches(given, 8, 0, torch.device("cpu"), torch.float32, (0.0, 1.0), labelled > 0, labelled=labelled)


def test_every_batch_has_rows_with_labels_beside_it_each_as_often_as_another() -> None:
    beside, alone = batches(5), batches(0)
    seen: list[int] = []
    for update in range(12):
        found = beside(update)
        assert found.rows.tolist() == alone(update).rows.tolist()  # the batch itself is as it was
        assert found.known is not None
        assert found.known.label is not None
        assert found.known.label.tolist() == (found.known.rows % 3).tolist()
        seen += found.known.rows.tolist()
    assert np.unique(np.unique(seen, return_counts=True)[1]).tolist() == [5]
    assert beside(7).known.rows.tolist() == batches(5)(7).known.rows.tolist()  # type: ignore[union-attr]
    assert alone(0).known is None


def test_guesses_are_aligned_with_the_frequency_of_labels() -> None:
    game, rows = SemiSupervisedGame(PLAIN, Labels(KNOWN), adversarial=0), batch()
    real, fake = scores(2 * ROWS + KNOWN, 0), scores(ROWS, 1)
    given, labelled = torch.tensor([0.5, 0.3, 0.2]).double(), torch.tensor([0.2, 0.2, 0.6]).double()
    found = game.costs("D", real, fake, replace(rows, memory={"given": given, "labelled": labelled})).discriminator
    guesses = real[:ROWS, :K].softmax(1) * labelled / given
    guesses = guesses / guesses.sum(1, keepdim=True)
    copies = real[ROWS : 2 * ROWS, :K].log_softmax(1)
    wanted = -float((sharp(guesses) * copies).sum()) / ROWS
    assert float(found) == pytest.approx(wanted + float(cross_entropy(real[2 * ROWS :, :K], torch.tensor([2, 0]))))


def test_frequencies_are_running_means() -> None:
    game, rows = SemiSupervisedGame(PLAIN, Labels(KNOWN), alignment=0.75), batch()
    real, fake = scores(2 * ROWS + KNOWN, 0), scores(ROWS, 1)
    begun = game.memory(DataSpec((2,), CLASSES))
    assert [each.tolist() for each in begun.values()] == [pytest.approx([1 / 3] * 3)] * 2
    found = game.remember("D", real, fake, replace(rows, memory={name: each.double() for name, each in begun.items()}))
    torch.testing.assert_close(found["given"], 0.75 / 3 + 0.25 * real[:ROWS, :K].softmax(1).mean(0))
    assert found["labelled"].tolist() == pytest.approx([0.25 + 0.125, 0.25, 0.25 + 0.125])  # classes 2 and 0
    for without in (replace(game, alignment=0.0), replace(game, consistency=0.0)):
        assert not without.memory(DataSpec((2,), CLASSES))


def test_the_average_of_ds_weights_guesses_the_classes_of_rows_without_labels() -> None:
    game = SemiSupervisedGame(PLAIN, Labels(KNOWN), Warp(noise=3.0), adversarial=0)
    teacher, rows = torch.nn.Linear(2, K + F), batch()
    draws = {name: torch.zeros(ROWS, 6) for name in ("warp", "warp known", "warp mild")}
    draws |= {f"{name} noise": torch.ones(ROWS, 2) for name in draws}
    (view,) = game.views(replace(rows, averages={"discriminator": teacher}), draws, {"image": torch.zeros(ROWS, 2)})
    assert view.batch is not None
    assert view.batch.guess is not None
    mildly = torch.full((1, 2), 1 / 3)  # a third of the noise; the rows are zeros
    guess = teacher(mildly)[:, :K].softmax(1).expand(ROWS, -1).detach()
    torch.testing.assert_close(view.batch.guess, guess)
    assert not view.batch.guess.requires_grad
    real, fake = scores(2 * ROWS + KNOWN, 0), scores(ROWS, 1)
    found = game.costs("D", real, fake, view.batch).discriminator
    wanted = -float((sharp(guess) * real[ROWS : 2 * ROWS, :K].log_softmax(1)).sum()) / ROWS
    assert float(found) == pytest.approx(wanted + float(cross_entropy(real[2 * ROWS :, :K], torch.tensor([2, 0]))))
    known = {name: each.double() for name, each in game.memory(DataSpec((2,), CLASSES)).items()}
    then = game.remember("D", real, fake, replace(view.batch, memory=known))
    torch.testing.assert_close(then["given"], 0.98 / 3 + 0.02 * guess[0].double())


def test_fewer_fakes_change_nothing_about_the_real_rows() -> None:
    game, real, fake = SemiSupervisedGame(PLAIN, Labels(KNOWN)), scores(2 * ROWS + KNOWN, 0), scores(ROWS, 1)
    few, all_of_them = (game.costs("D", real, fake[:count], batch()) for count in (2, ROWS))
    of_fakes = [cross_entropy_of_fakes(fake[:count]) for count in (2, ROWS)]
    assert float(few.discriminator - all_of_them.discriminator) == pytest.approx((of_fakes[0] - of_fakes[1]) / 2)
    apart = real[:ROWS, K:].mean(0) - fake[:2, K:].mean(0)
    assert float(few.generators) == pytest.approx(float((apart**2).sum()))


def cross_entropy_of_fakes(fake: torch.Tensor) -> float:
    return float(torch.nn.functional.softplus(fake[:, :K].logsumexp(1)).mean())
