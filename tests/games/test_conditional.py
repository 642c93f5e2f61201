"""p(x | c): which data it takes, what it makes of a class or a vector that is asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from conditional_runs import SMALL, components, digits, eight_by_eight, ring, vectors
from game_kinds import FURTHER, recipe_of
from PIL import Image
from torch import Tensor, nn

import advnets
from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.data import open_points
from advnets.data.toys import ring_modes
from advnets.errors import AdvnetsError, RecipeError, RunError
from advnets.games.build import build_game
from advnets.games.game import Batch, DataSpec
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer


def seats(**spec: object) -> None:
    recipe = advnets.Recipe().replace(**{"game.kind": "conditional"})
    build_game(recipe.game).seats(DataSpec((1, 4, 4), **spec))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "needs data with classes, or with vectors"),
        ({"classes": ("cat",), "counts": (9,)}, "two classes or more, the data have one, 'cat'"),
        ({"classes": ("a", "b"), "counts": (0, 0), "unknown": 9}, "none has one"),
        ({"vector": 2, "alike": True}, "vectors that differ, those of all training images are one"),
    ],
)
def test_data_that_say_too_little_are_refused_in_a_line(spec: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as raised:
        seats(**spec)
    assert "adversarial" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_mismatched_pairs_are_real_images_beside_the_conditions_of_others() -> None:
    recipe = advnets.Recipe().replace(**{"game.kind": "conditional", "game.mismatched": 0.5})
    batch = Batch(torch.arange(3), torch.randn(3, 1, 4, 4), torch.tensor([5, 6, 7]))
    made, mismatched = build_game(recipe.game).views(batch, {}, {"image": torch.zeros(3, 1, 4, 4)})
    assert (made.weight, mismatched.weight) == (1, 0.5)
    assert torch.equal(made.fake["condition"], batch.label)
    assert mismatched.fake["image"] is batch.image
    assert mismatched.fake["condition"].tolist() == [7, 5, 6]
    assert torch.equal(mismatched.real["condition"], batch.label)


@pytest.mark.parametrize("schedule", ["simultaneous", "alternating"])
def test_mismatched_games_are_played_by_both_schedules(schedule: str, tmp_path: Path) -> None:
    game = {"game.kind": "conditional", "game.mismatched": 0.5, "schedule": schedule}
    run = advnets.train("ring", run=tmp_path / "run", steps=20, batch=32, sample_every=0, **game)
    assert {"cost_d", "cost_d_1_discriminator"} <= run.metrics[-1].keys()


def mismatched_ring(**changes: object) -> Trainer:
    game = {"game.kind": "conditional", "game.mismatched": 0.05, "precision": "float32"}
    return Trainer(load_recipe("ring").replace(**game, **changes), training_data(open_points("ring")))


@pytest.mark.parametrize("schedule", ["simultaneous", "alternating"])
def test_what_the_log_says_of_g_is_of_its_images_not_of_mismatched_pairs(schedule: str) -> None:
    trainer = mismatched_ring(schedule=schedule)
    said = trainer.figures(trainer.advance())
    for name in ("cost_g", "d_real", "d_fake", "jsd_bound"):
        assert said[name] == said[f"{name}_0_discriminator"]
    assert said["cost_d"] == pytest.approx(said["cost_d_0_discriminator"] + 0.05 * said["cost_d_1_discriminator"])
    assert said["d_fake"] != said["d_fake_1_discriminator"]


def test_the_watch_asks_in_passes_of_any_size() -> None:
    trainer = mismatched_ring(batch=21)  # three passes, and one row
    watch = Watch(trainer)
    seen = watch._opinions(trainer, watch._make(trainer, watch._latents))
    assert 0 <= seen["accuracy"] <= 1


def test_a_batch_of_one_has_no_mismatched_pairs() -> None:
    with pytest.raises(RecipeError, match="a batch of one has no mismatched pairs; use a larger --batch"):
        mismatched_ring(batch=1)


def test_samples_of_a_class_are_of_that_class() -> None:
    run = ring()
    made = run.sample(400, classes="all")
    near = np.linalg.norm(made[:, None] - ring_modes(), axis=2).argmin(1)
    assert (near == np.arange(400) % 8).mean() > 0.6
    assert np.array_equal(run.sample(5, classes=["3"]), run.sample(9, classes=["3"])[:5])


def test_a_grid_has_one_latent_vector_a_column() -> None:
    run = ring()
    rows = run.sample_by_class(4, classes=["3", "5"])
    assert rows.shape == (2, 4, 2)
    assert np.array_equal(rows[0], run.sample(4, classes=["3"]))
    assert np.array_equal(rows[1], run.sample(4, classes=["5"]))


def test_conditions_are_drawn_as_the_data_have_them() -> None:
    run = digits()
    _, classes = run.sample_with_classes(2000)
    assert classes is not None
    shares = np.bincount(classes, minlength=10) / 2000
    assert np.abs(shares - np.array(run.data.counts) / sum(run.data.counts)).max() < 0.03


def test_classes_that_are_not_there_are_named() -> None:
    run = ring()
    with pytest.raises(RunError, match="no class 'x'; choose from 0, 1, 2"):
        run.sample(3, classes="x")
    with pytest.raises(RunError, match="takes no vectors as conditions"):
        run.sample(3, conditions=[[0.1, 0.2]])


def test_a_class_that_was_never_trained_is_not_sampled() -> None:
    run = advnets.Run(ring().path)
    run.data = dataclasses.replace(run.data, counts=(0, *run.data.counts[1:]))  # type: ignore[misc]
    assert run.class_numbers("all") == list(range(1, 8))
    with pytest.raises(RunError, match="had no training image of class '0'"):
        run.sample(3, classes="0")


def test_lines_walk_from_class_to_class_or_within_one() -> None:
    run = digits()
    rows = run.interpolate(3, 5, classes=["3", "5"])
    ends = run.sample_by_class(6, classes=["3", "5"])
    assert rows.shape == (3, 5, 1, 8, 8)
    assert np.abs(rows[0, 0].astype(int) - ends[0, 0]).max() <= 1
    assert np.abs(rows[1, 0].astype(int) - ends[1, 1]).max() <= 1
    within = run.interpolate(2, 5, classes="3")
    assert np.abs(within[0, -1].astype(int) - ends[0, 1]).max() <= 1


def test_a_game_of_vectors_makes_images_of_the_vector_that_is_asked_for() -> None:
    run, wanted = vectors(), [[-2.0, 0.0], [2.0, 0.0]]
    assert run.conditional
    assert run.classes == ()
    made = run.sample(200, conditions=wanted).reshape(200, -1).astype(float)
    images, scores = eight_by_eight()[0].reshape(-1, 64).astype(float), components()
    axis = images[scores[:, 0] > 1].mean(0) - images[scores[:, 0] < -1].mean(0)
    assert (made[1::2] @ axis).mean() > (made[::2] @ axis).mean()
    with pytest.raises(RunError, match="conditions that are no numbers; give finite numbers, K x 2"):
        run.sample(3, conditions=[["a", "b"]])
    assert run.sample(3).shape == (3, 1, 8, 8)  # vectors of training examples
    with pytest.raises(RunError, match="K x 2"):
        run.sample(3, conditions=[[1.0, 2.0, 3.0]])
    with pytest.raises(RunError, match="in Python attributes= or conditions="):
        run.sample(3, classes="all")


def test_a_game_of_vectors_goes_on_as_one_never_stopped() -> None:
    whole, part, again = (Trainer(recipe_of("vectors"), FURTHER["vectors"].data()) for _ in range(3))
    for _ in range(3):
        whole.advance()
        part.advance()
    again.restore(part.checkpoint())
    for _ in range(3):
        whole.advance()
        again.advance()
    wanted, found = whole.checkpoint(), again.checkpoint()
    assert (found.step, found.state, found.tensors.keys()) == (6, wanted.state, wanted.tensors.keys())
    for name, tensors in wanted.tensors.items():
        assert all(torch.equal(each, found.tensors[name][key]) for key, each in tensors.items())


def test_vectors_are_known_by_whether_any_differ() -> None:
    data = FURTHER["vectors"].data()
    assert not data.spec.alike
    assert data.vectors is not None
    assert dataclasses.replace(data, vectors=np.where(np.isnan(data.vectors), np.nan, 1)).spec.alike


def test_a_run_keeps_the_vectors_that_samples_are_made_of() -> None:
    run = vectors()
    kept = run.sampler.inputs(4)["condition"]
    again = advnets.load(run.path).sampler.inputs(4)["condition"]
    assert np.array_equal(kept.numpy(), again.numpy())
    known = {tuple(row) for row in components().tolist()}
    assert {tuple(row) for row in kept.tolist()} <= known


def test_of_a_folder_without_classes_it_is_said_how_to_find_out_why(tmp_path: Path) -> None:
    for place in ("cat/0", "cat/1", "dog/2", "3"):
        path = tmp_path / "photos" / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), len(place), np.uint8)).save(path)
    told = "vectors; use such data, or --game.kind adversarial; --labels folder says which image lies in no sub-folder"
    with pytest.raises(RecipeError, match=told):
        advnets.train(data=tmp_path / "photos", run=tmp_path / "run", **{"game.kind": "conditional"})
    with pytest.raises(AdvnetsError, match=r"3\.png"):
        advnets.train(data=tmp_path / "photos", run=tmp_path / "run", labels="folder", **{"game.kind": "conditional"})
    with pytest.raises(RecipeError, match=r"adversarial$"):
        advnets.train(data=np.zeros((40, 8, 8), np.uint8), run=tmp_path / "run", **{"game.kind": "conditional"})
    assert not (tmp_path / "run").exists()


class WholeClasses(nn.Module):
    """A generator of one's own that looks classes up, or, as `mixing` says, mixes them."""

    def __init__(self, mixing: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mixing, self.table, self.layers = mixing, nn.Embedding(10, 3), nn.Linear(103, 64)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        mixed = self.mixing and condition.is_floating_point()
        known = condition @ self.table.weight if mixed else self.table(condition)
        return self.layers(torch.cat([z, known], 1)).view(-1, 1, 8, 8)


@pytest.mark.parametrize("mixing", [False, True])
def test_a_generator_of_ones_own_may_take_no_mixtures(mixing: bool, tmp_path: Path) -> None:
    changes = {**SMALL, "discriminator.pieces": 2, "steps": 2, "checkpoint_every": 2}
    own = WholeClasses(mixing)
    run = advnets.train("mnist-dense", data=eight_by_eight(), run=tmp_path / "run", generator=own, batch=8, **changes)
    assert run.interpolate(2, 5, classes="3").shape == (2, 5, 1, 8, 8)
    if mixing:
        assert run.interpolate(2, 5, classes=["3", "5"]).shape == (2, 5, 1, 8, 8)
    else:
        with pytest.raises(RunError, match=r"the generator takes no mixtures of classes: .*; name one --class"):
            run.interpolate(2, 5, classes=["3", "5"])
