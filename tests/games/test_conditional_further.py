"""An auxiliary classifier, rows without a condition, attributes by name: what is told, asked for and refused."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from game_kinds import CLASSES, COUNT, DENSE, labelled, partly_labelled
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

import advnets
from advnets.data import open_table
from advnets.data.vectors import open_vectors
from advnets.errors import AdvnetsError, DataError, RecipeError
from advnets.games import auxiliary
from advnets.games.game import Batch, Columns
from advnets.training.batches import Batches


def test_fakes_beside_rows_without_a_class_have_drawn_ones_and_others_the_rows_own() -> None:
    data = partly_labelled()
    one = replace(data, labels=np.where(data.labels == 0, 0, -1))  # all that is known is the first class
    for known, some in ((data, {0, 1, 2}), (one, {0})):
        batches = Batches(known, 48, 0, torch.device("cpu"), torch.float32, (0.0, 1.0), conditions=True)
        batch, again = batches(5), batches(5)
        assert batch.label is not None
        assert batch.asked is not None
        assert again.asked is not None
        given = batch.label >= 0
        assert torch.equal(batch.asked[given], batch.label[given])
        assert set(batch.asked[~given].tolist()) == some
        assert torch.equal(batch.asked, again.asked)
        other = batches(6)
        assert other.asked is not None
        assert torch.equal(batch.asked, other.asked) == (known is one)
    whole = Batches(labelled(), 48, 0, torch.device("cpu"), torch.float32, (0.0, 1.0), conditions=True)
    assert whole(0).asked is None
    nobody = replace(data, labels=np.full(COUNT, -1))
    with pytest.raises(RecipeError, match="no training row has a condition"):
        Batches(nobody, 48, 0, torch.device("cpu"), torch.float32, (0.0, 1.0), conditions=True)


def test_what_telling_classes_costs_row_by_row() -> None:
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(4, 4, generator=rng), torch.randn(4, 4, generator=rng)
    own, asked = torch.tensor([2, -1, 0, -1]), torch.tensor([2, 1, 0, 0])
    batch = Batch(torch.arange(4), torch.zeros(4, 1), own, asked=asked)
    costs = auxiliary.costs(real, fake, batch, asked)
    known = [0, 2]
    of_real = [float(cross_entropy(real[i : i + 1, 1:], own[i : i + 1])) for i in known]
    of_fake = [float(cross_entropy(fake[i : i + 1, 1:], asked[i : i + 1])) for i in range(4)]
    assert float(costs.discriminator) == pytest.approx(
        (sum(of_real) + sum(of_fake[i] for i in known)) / 2 / len(known), rel=1e-6
    )
    assert float(costs.generators) == pytest.approx(sum(of_fake) / 4, rel=1e-6)
    nobody = replace(batch, label=torch.full((4,), -1))
    assert float(auxiliary.costs(real, fake, nobody, asked).discriminator) == 0
    said = auxiliary.figures(real, fake, batch, asked)
    assert said["class_real"] == np.mean([int(real[i, 1:].argmax()) == int(own[i]) for i in known])
    assert "class_real" not in auxiliary.figures(real, fake, nobody, asked)


def test_what_telling_attributes_costs() -> None:
    columns = Columns(torch.tensor([0.25, 30.0]), torch.tensor([0.4, 5.0]), torch.tensor([True, False]))
    target = torch.tensor([[1.0, 35.0], [0.0, 30.0]])
    batch = Batch(torch.arange(2), torch.zeros(2, 1), target=target, columns=columns)
    scores = torch.tensor([[0.0, 2.0, 0.5], [0.0, -1.0, 1.0]])
    costs = auxiliary.costs(scores, scores, batch, target)
    crossed = binary_cross_entropy_with_logits(torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0]))
    squares = ((0.5 - 1) ** 2 + (1.0 - 0) ** 2) / 4
    assert float(costs.generators) == pytest.approx(float(crossed + squares) / 2)
    said = auxiliary.figures(scores, scores, batch, target)
    assert said["class_real"] == 1
    assert said["explained_real"] == pytest.approx(1 - (0.25 + 1) / 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"discriminator.condition": "none"}, "auxiliary cannot be 0.0; use --game.auxiliary 1"),
        ({"discriminator.condition": "concatenation", "auxiliary": 1.0}, "D would read off what it is to tell"),
        ({"discriminator.condition": "none", "auxiliary": 1.0, "mismatched": 0.1}, "mismatched cannot be 0.1"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        advnets.Recipe().replace(
            **{"game.kind": "conditional", **{f"game.{name}": each for name, each in changes.items()}}
        )


def test_minus_one_is_no_class_but_beside_one_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (12, 6, 6), np.uint8)
    partly = open_table((pixels, np.arange(12) % 3 - 1), holdout=0)
    assert partly.classes == ("0", "1")
    assert partly.labels is not None
    assert partly.labels.tolist() == [-1, 0, 1] * 4
    coded = open_table((pixels, np.arange(12) % 2 * 2 - 1), holdout=0)
    assert coded.classes == ("-1", "1")
    assert open_table((pixels, np.arange(12) % 3 - 6), holdout=0).classes == ("-6", "-5", "-4")
    mistyped = np.arange(12) % 3 - 1
    mistyped[[4, 7]] = -5, 10_000_000
    with pytest.raises(DataError, match=r"labels below 0 \(of so many rows\): -5 \(1\) beside -1, unknown \(4\)"):
        open_table((pixels, mistyped), holdout=0)
    with pytest.raises(DataError, match=r"-5 \(1\) beside -1, unknown \(4\)"):
        open_vectors((np.random.default_rng(0).normal(size=(12, 2)), mistyped), holdout=0)
    mistyped[4] = -1
    assert open_table((pixels, mistyped), holdout=0).notes == ("a single image in 1 class (10000000)",)
    some = np.ones((12, 2), np.float32) * np.arange(12)[:, None]
    some[3] = np.nan
    assert open_table((pixels, some), holdout=0).vectors is not None
    some[3, 0] = 1.0
    with pytest.raises(DataError, match="vector 3 is not finite"):
        open_table((pixels, some), holdout=0)
    with pytest.raises(DataError, match="all vectors are NaN"):
        open_table((pixels, np.full((12, 2), np.nan)), holdout=0)


def test_few_labels_train_and_are_counted(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    data = partly_labelled()
    changes = {"game.kind": "conditional", **DENSE, "game.auxiliary": 1.0, "steps": 4, "batch": 16, "log_every": 1}
    run = advnets.train("images", data=(data.values, data.labels), run=tmp_path / "run", **changes)
    assert "without a class" in "".join(capsys.readouterr())
    assert run.classes == tuple(str(number) for number in range(len(CLASSES)))
    assert run.data.unknown > 0
    assert {"class_real", "class_fake"} <= run.metrics[-1].keys()
    assert all(math.isfinite(line["cost_d"]) for line in run.metrics)
    assert run.sample(3, classes="2").shape == (3, 1, 12, 10)
    assert run.discriminator(torch.zeros(2, 1, 12, 10), torch.tensor([-1, 1])).shape == (2, 1 + len(CLASSES))


TOLD: dict[str, Any] = {
    "steps": 300, "watch.action": "off", "game.auxiliary": 2.0, "generator.rate": 3e-3, "discriminator.rate": 3e-3,
}  # fmt: skip


def attributed(tmp_path: Any, **changes: Any) -> advnets.Run:
    """A run of images as bright as their first attribute says."""
    rng = np.random.default_rng(0)
    shine, other = rng.uniform(20, 40, 300), rng.integers(0, 2, 300)
    pixels = ((shine[:, None, None] - 15) * 10 * np.ones((300, 6, 6))).astype(np.uint8)
    path = tmp_path / "bright.npz"
    np.savez(path, x=pixels, vectors=np.stack([shine, other], 1).astype(np.float32), vector_names=["shine", "odd"])
    known = {"game.kind": "conditional", **DENSE, "game.scaled": True, "batch": 32, "log_every": 50, "sample_every": 0}
    return advnets.train("images", data=path, run=tmp_path / "run", **{**known, "steps": 2, **changes})


def test_attributes_are_asked_for_by_name(tmp_path: Any) -> None:
    run = attributed(tmp_path, **TOLD)
    assert [each.name for each in run.attributes] == ["shine", "odd"]
    assert [each.two for each in run.attributes] == [False, True]
    dark, light = (run.sample(50, attributes={"shine": value}).mean() for value in (22, 38))
    assert light > dark + 40
    rows = run.sample_by_attributes({"shine": [22, 38], "odd": [0, 1]}, columns=3)
    assert rows.shape == (4, 3, 1, 6, 6)
    assert run.asked({"shine": [22, 38], "odd": [0, 1]}).names[2] == "shine=38, odd=0"
    np.testing.assert_array_equal(
        run.sample(7, attributes={"shine": [22, 38]})[:5], run.sample(5, attributes={"shine": [22, 38]})
    )
    both = run.sample(4, conditions=[[22, 1]]), run.sample(4, attributes={"odd": 1, "shine": 22})
    np.testing.assert_array_equal(*both)
    walks = run.interpolate(2, 5, attributes={"shine": [22, 38]})
    brightness = walks.reshape(2, 5, -1).mean(2)
    assert (np.diff(brightness) > 0).all()
    held = run.interpolate(2, 5, attributes={"shine": 22, "odd": 0})
    assert held.shape == (2, 5, 1, 6, 6)


def test_what_cannot_be_asked_for_is_one_line(tmp_path: Any) -> None:
    run = attributed(tmp_path)
    for wanted, said in (
        ({"shade": 1.0}, "has no attribute 'shade'; choose from shine 20.*odd 0 or 1"),
        ({"shine": math.nan}, "shine cannot be nan; give a number, or several; training examples: shine 20"),
        ({"shine": "bright"}, "shine cannot be 'bright'"),
        ({}, "no attribute is named"),
    ):
        with pytest.raises(AdvnetsError, match=said) as raised:
            run.sample(2, attributes=wanted)  # type: ignore[arg-type]  # on purpose
        assert "\n" not in str(raised.value)
    with pytest.raises(AdvnetsError, match="along one attribute, not shine and odd"):
        run.interpolate(2, 3, attributes={"shine": [20, 30], "odd": [0, 1]})
    with pytest.raises(AdvnetsError, match="between two values of shine, not 3"):
        run.interpolate(2, 3, attributes={"shine": [20, 30, 40]})
    with pytest.raises(AdvnetsError, match="conditions and attributes at once"):
        run.sample(2, conditions=[[1, 1]], attributes={"odd": 1})
    assert run.asked({"shine": 90}).unseen[0].startswith("shine=90 (training examples: 20")
    assert run.asked({"odd": [0.5, 1]}).unseen == ("odd=0.5 (training examples: 0 or 1)",)


def test_scaled_is_about_vectors(tmp_path: Any) -> None:
    data, changes = labelled(), {"game.kind": "conditional", "game.scaled": True, **DENSE}
    with pytest.raises(RecipeError, match="scaled changes nothing"):
        advnets.train("images", data=(data.values, data.labels), run=tmp_path / "run", **changes)
