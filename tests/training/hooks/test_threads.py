"""Threads are given up while others are busy, and the bits stay the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.data import open_data
from advnets.training.hooks import threads as hook
from advnets.training.hooks.threads import Threads, following, same_bits
from advnets.training.trainer import Trainer


class Scripted:
    """Others as busy as said."""

    def __init__(self, *busy: float | None) -> None:
        self._busy = list(busy)
        self._asked = 0

    def busy(self) -> float | None:
        self._asked += 1
        return self._busy[self._asked // 2] if self._asked % 2 and self._asked // 2 < len(self._busy) else 0.0


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hook, "LOOK_SECONDS", -1.0)
    monkeypatch.setattr(hook, "free_for_us", lambda busy: 2 - busy)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def trainer(**changes: Any) -> Trainer:
    recipe = load_recipe("ring").replace(**{"steps": 10_000, "watch.action": "off", **changes})
    return Trainer(recipe, training_data(open_data(recipe)))


def session(game: Trainer, said: list[str]) -> Any:
    return SimpleNamespace(trainer=game, display=SimpleNamespace(say=said.append))


def test_they_follow_the_others_and_the_bits_stay(two_threads: None) -> None:
    plain, followed, said = trainer(), trainer(), list[str]()
    hooked = Threads(2, Scripted(0.1, 1.0, 1.0, 0.4, 0.2, None, 0.7))  # type: ignore[arg-type]  # it stands in for Others
    counts: list[int] = []
    for _ in range(7):
        plain.advance()
        followed.advance()
        hooked.after_step(session(followed, said))
        counts.append(torch.get_num_threads())
    assert counts == [2, 1, 1, 1, 2, 2, 1]
    assert said == ["other processes are busy: computing with 1 of 2 threads while they are"]
    assert followed.step == plain.step
    for part, kept in plain.checkpoint().tensors.items():
        for name, each in kept.items():
            assert torch.equal(each, followed.checkpoint().tensors[part][name])


class RoundsOtherwise(nn.Module):
    """A stand-in for kernels that sum in another order with other threads."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, points: Tensor) -> Tensor:
        return self.layer(points).squeeze(1) * (1 + 1e-3 * torch.get_num_threads())


def rounding_otherwise() -> Trainer:
    torch.manual_seed(0)
    recipe = load_recipe("ring").replace(**{"steps": 10_000, "watch.action": "off"})
    return Trainer(recipe, training_data(open_data(recipe)), {"discriminator": RoundsOtherwise()})


def test_where_the_bits_would_change_a_checkpoint_says_from_where_on(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "_APART", 0.0)
    game, said, kept = rounding_otherwise(), list[str](), list[Any]()
    assert same_bits(game, 2)
    assert not same_bits(game, 1)
    playing = session(game, said)
    playing.keep = lambda: kept.append(copy.deepcopy(game.checkpoint()))
    hooked = Threads(2, Scripted(0.0, 1.0, 1.0, 0.0))  # type: ignore[arg-type]
    counts: list[int] = []
    for _ in range(4):
        game.advance()
        hooked.after_step(playing)
        counts.append(torch.get_num_threads())
    assert counts == [2, 1, 1, 2]
    assert [(each.step, each.state.get("threads_now")) for each in kept] == [(2, 1), (4, None)]
    assert len(said) == 1
    assert said[0].endswith("1 of 2 threads while they are, which round otherwise: what follows depends on it")
    # Killed after the first of these checkpoints, and resumed: with its threads to the same bits.
    torch.set_num_threads(2)
    again = rounding_otherwise()
    again.restore(kept[0])
    assert torch.get_num_threads() == 1
    again.advance()
    again.advance()
    for part, tensors in again.checkpoint().tensors.items():
        for name, each in tensors.items():
            assert torch.equal(each, kept[1].tensors[part][name])


def test_changes_that_need_a_checkpoint_are_a_minute_apart(two_threads: None) -> None:
    game, kept = rounding_otherwise(), list[int]()
    playing = session(game, [])
    playing.keep = lambda: kept.append(game.step)
    hooked = Threads(2, Scripted(1.0, 0.0, 1.0, 0.0))  # type: ignore[arg-type]
    for _ in range(4):
        game.advance()
        hooked.after_step(playing)
    assert kept == [1]


def test_a_trial_near_the_end_is_not_worth_it(two_threads: None) -> None:
    game, said = trainer(steps=100), list[str]()
    Threads(2, Scripted(1.0)).after_step(session(game, said))  # type: ignore[arg-type]
    assert torch.get_num_threads() == 2
    assert not said


def test_who_says_how_many_threads_there_are_has_them(two_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    game = trainer()
    with following(game) as followed:
        assert followed is not None
        torch.set_num_threads(1)
    assert torch.get_num_threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with following(game) as followed:
        assert followed is None
