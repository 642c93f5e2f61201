"""The watch of conditional games: classes of one picture, and classes alike, are alarms; healthy games have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from conditional_runs import digits
from torch import Tensor

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.data import open_points
from advnets.measures.alarms import ALARMS, COLLAPSED, REPETITIVE, UNCONDITIONAL, UNSTEADY, is_alarm
from advnets.training.batches import Data
from advnets.training.hooks.by_class import ByClass
from advnets.training.hooks.verdict_by_class import LONG, VAIN, class_verdict, with_classes
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer


def states(looks: list[tuple[float, float]]) -> list[str]:
    """What looks of these (within, between), every 20 steps, are found to be."""
    last: dict[str, Any] = {}
    found: list[str] = []
    for place, (within, between) in enumerate(looks):
        last = class_verdict({"within": within, "between": between}, last, 20 * (place + 1))
        found.append(last["classes"])
    return found


def test_a_healthy_game_is_no_alarm() -> None:
    assert set(states([(0.06 + 0.01 * n, min(0.2 + 0.03 * n, 0.7)) for n in range(60)])) == {""}


def test_classes_of_one_picture_are_an_alarm_though_they_differ() -> None:
    found = states([(0.5, 0.7)] * 20 + [(0.0, 0.9)] * 20)
    assert set(found[:20]) == {""}
    assert found[20] == REPETITIVE
    assert found[-1] == REPETITIVE


def test_a_sudden_loss_is_one_alarm_until_the_looks_are_sound_again() -> None:
    found = states([(0.6, 0.9)] * 40 + [(0.6, 0.1)] * 20 + [(0.6, 0.9)] * 20)
    assert found[40:60] == [UNCONDITIONAL] * 20
    alarms = [at for at in range(1, 80) if is_alarm([{"state": found[at - 1]}, {"state": found[at]}])]
    assert alarms == [40]
    assert found[-1] == ""


def test_a_slow_loss_of_variety_is_an_alarm_and_its_return_ends_it() -> None:
    found = states([(0.6, 0.7)] * 20 + [(0.2, 0.8)] * 20 + [(0.6, 0.7)] * 20)
    assert REPETITIVE in found[20:40]
    assert found[-1] == ""


def test_a_game_that_collapses_as_a_whole_is_left_to_the_other_looks() -> None:
    assert set(states([(0.5, 0.7)] * 20 + [(0.0, 0.0)] * 20)[25:]) == {""}
    assert with_classes(COLLAPSED, {"classes": REPETITIVE}) == COLLAPSED
    assert with_classes("healthy", {"classes": REPETITIVE}) == REPETITIVE


def test_variety_that_never_comes_is_an_alarm_in_time() -> None:
    long = LONG["steps"] // 20
    found = states([(0.0, 0.6)] * 40)
    assert found.index(REPETITIVE) == long - 1
    found = states([(0.5, 0.0)] * 40)
    assert found.index(UNCONDITIONAL) == long - 1
    assert set(states([(2 * VAIN["within"], 0.6)] * 40)) == {""}


def test_the_worse_alarm_is_an_alarm_of_its_own() -> None:
    assert list(ALARMS).index(UNSTEADY) < list(ALARMS).index(REPETITIVE) < list(ALARMS).index(COLLAPSED)
    assert is_alarm([{"state": UNSTEADY}, {"state": REPETITIVE}])
    assert not is_alarm([{"state": COLLAPSED}, {"state": REPETITIVE}])


def ring(**changes: Any) -> Trainer:
    small = {"generator.hidden": [16], "discriminator.units": [16], "batch": 64, "precision": "float32"}
    recipe = load_recipe("ring").replace(**{"game.kind": "conditional", "watch.every": 1, **small, **changes})
    return Trainer(recipe, training_data(open_points("ring")))


def test_figures_are_ratios_to_real_points_of_the_classes() -> None:
    trainer = ring()
    grid = ByClass(trainer)
    labels = trainer.data.labels
    assert labels is not None
    rows = [torch.from_numpy(trainer.data.values[labels == number][100:108]) for number in range(8)]
    within, between = grid.figures(torch.cat(rows)).tolist()
    assert 0.6 < within <= 1
    assert between == pytest.approx(1, abs=0.05)
    one_each = torch.cat([each[:1].expand(8, 2) for each in rows])
    assert grid.figures(one_each).tolist() == pytest.approx([0, 1], abs=0.05)
    alike = torch.cat([rows[0]] * 8)
    assert grid.figures(alike)[1] == pytest.approx(0, abs=1e-4)


def test_a_generator_without_latents_raises_the_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained as it is; then every class becomes one picture, which spread and clusters do not see."""
    trainer = ring()
    watch = Watch(trainer)
    for _ in range(60):
        trainer.advance()
        watch.look(trainer) if watch.due(trainer.step) else None
        watch.prepare(trainer)
    G = watch._nets(trainer)["generator"]  # the watch's own copy, which shares the weights
    whole = G.forward

    def blind(z: Tensor, condition: Tensor) -> Tensor:
        return whole(0 * z, condition)

    monkeypatch.setattr(G, "forward", blind)
    found = [look(trainer, watch) for _ in range(60)]
    first = next(line for line in found if line["state"] == REPETITIVE)
    assert first["within"] == pytest.approx(0, abs=1e-3)
    assert first["diversity"] > 0.5
    assert watch.classes is not None
    assert "within its classes" in watch.alarm(digits().path)[0]


def look(trainer: Trainer, watch: Watch) -> dict[str, Any]:
    trainer.advance()
    line = watch.look(trainer)
    watch.prepare(trainer)
    return line


def test_games_without_classes_are_looked_at_as_ever() -> None:
    trainer = ring(**{"game.kind": "adversarial"})
    line = look(trainer, Watch(trainer))
    assert not {"within", "between", "classes"} & line.keys()


def test_classes_of_one_image_each_have_nothing_to_compare_with() -> None:
    labels = np.arange(128) // 64
    data = Data(np.stack([labels, labels], 1).astype(np.float32), np.arange(128), labels, ("a", "b"))
    trainer = Trainer(load_recipe("ring").replace(**{"game.kind": "conditional", "watch.every": 1}), data)
    assert not {"within", "between"} & Watch(trainer).look(trainer).keys()


def test_a_short_real_training_has_the_figures_and_no_alarm() -> None:
    lines = digits().directory.read_watch()
    assert any("within" in line for line in lines)
    assert not {line["state"] for line in lines} & {REPETITIVE, UNCONDITIONAL}
