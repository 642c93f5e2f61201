"""What a look of the Helvetica watch means after those before it: when it cries, and when it does not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advnets.measures.alarms import COLLAPSED, STUCK, UNSTEADY, alarm_steps, is_alarm
from advnets.training.hooks.verdict import (
    ALWAYS_WILD,
    FALL,
    GROWN,
    LEAST_WILD,
    LONG,
    SETTLED,
    SOUND,
    SUDDEN,
    VAIN,
    WILD,
    verdict,
)


def history(*diversities: float, movements: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Looks of these diversities, and of these movements, if they are told."""
    found: list[dict[str, Any]] = []
    for step, (diversity, movement) in enumerate(zip(diversities, movements or [0.1] * len(diversities), strict=True)):
        look = {"spread": diversity, "clusters": diversity, "movement": movement}
        found.append({"step": 5 * step + 5, **verdict(look, found, 5 * step + 5)})
    return found


def test_a_fall_is_an_alarm_once() -> None:
    found = history(0.1, 0.5, *[0.9] * 20, *[0.9 * FALL[GROWN] * 0.9] * 30)
    states = [line["state"] for line in found]
    assert states[20] == "healthy"
    assert states.count(COLLAPSED) > 5
    first = states.index(COLLAPSED)
    assert set(states[first:]) == {COLLAPSED}


def test_a_game_that_has_not_begun_to_spread_has_nothing_to_lose() -> None:
    assert {line["state"] for line in history(0.05, 0.02, 0.1, 0.01, 0.2)} == {"rising"}


def test_one_look_a_little_low_is_no_alarm() -> None:
    assert COLLAPSED not in {line["state"] for line in history(*[0.9] * 20, 0.9 * SUDDEN[GROWN] * 1.02, *[0.9] * 5)}


def test_a_recovery_ends_the_collapse_and_a_second_fall_is_a_second_alarm() -> None:
    states = [line["state"] for line in history(*[0.9] * 20, *[0.01] * 30, *[0.9] * 60, *[0.01] * 30)]
    changes = [new for old, new in itertools.pairwise(states) if old != new]
    assert changes.count(COLLAPSED) == 2


LOOKS = SETTLED["steps"] // 5  # until a game that is looked at every five steps has settled


def states_of_movement(*parts: tuple[float, int]) -> list[str]:
    """The states, once it has risen, of a game as diverse as ever whose images move by so much for so many looks."""
    movements = [movement for movement, count in parts for _ in range(count)]
    states = [line["state"] for line in history(*[0.9] * len(movements), movements=movements)]
    return [state for state in states if state != "rising"]


def test_images_thrown_about_are_an_alarm_before_diversity_falls() -> None:
    states = states_of_movement((0.1, LOOKS), (0.1 * WILD * 1.3, 30))
    assert set(states[: LOOKS - 5]) == {"healthy"}
    assert states[-1] == UNSTEADY
    assert states_of_movement((0.1, LOOKS), (0.1 * WILD * 0.9, 30))[-1] == "healthy"


def test_a_calm_game_may_move_a_little_more() -> None:
    assert set(states_of_movement((0.001, LOOKS), (LEAST_WILD * 0.95, 100))) == {"healthy"}


def test_unrest_at_the_start_is_no_alarm() -> None:
    assert set(states_of_movement((0.1, 5), (0.9, LOOKS - 6))) == {"healthy"}


def test_a_game_thrown_about_from_the_beginning_is_an_alarm_once_it_should_have_settled() -> None:
    found = history(*[0.1] * 80, movements=[2 * ALWAYS_WILD] * 80)
    assert alarm_steps(found) == [SETTLED["steps"]]
    assert {line["state"] for line in history(*[0.1] * 80, movements=[0.9 * ALWAYS_WILD] * 80)} == {"rising"}


def test_unrest_that_ends_and_comes_again_is_a_second_alarm() -> None:
    states = states_of_movement((0.1, LOOKS), (0.5, 30), (0.1, 60), (0.5, 30))
    changes = [new for old, new in itertools.pairwise(states) if old != new]
    assert changes.count(UNSTEADY) == 2


def test_a_collapse_after_unrest_is_an_alarm_of_its_own() -> None:
    calm, wild = LOOKS, 30
    found = history(*[0.9] * (calm + wild), *[0.01] * 30, movements=[0.1] * calm + [0.5] * wild + [0.0] * 30)
    alarms = [line["state"] for place, line in enumerate(found) if is_alarm(found[: place + 1])]
    assert alarms == [UNSTEADY, COLLAPSED]


def test_a_game_that_never_rises_is_an_alarm_in_the_end_and_may_still_rise() -> None:
    long = LONG["steps"] // 5
    found = history(*[0.1] * 20, *[0.0] * long, *[0.9] * 30)
    assert alarm_steps(found) == [LONG["steps"]]
    assert found[long - 1]["state"] == STUCK
    assert found[-1]["state"] == "healthy"
    assert {line["state"] for line in history(*[2 * VAIN] * 2 * long)} == {"rising"}
    assert STUCK not in {line["state"] for line in history(*[0.9] * 20, *[0.0] * long)}  # that one collapsed
    uneven = [0.0] * long + [VAIN * (1 + 0.4 * (-1) ** (look // 9)) for look in range(200)]
    assert alarm_steps(history(*uneven)) == [LONG["steps"]]


@given(st.lists(st.floats(SOUND, 1), min_size=2, max_size=40))
def test_what_stays_sound_never_alarms(diversities: list[float]) -> None:
    assert {line["state"] for line in history(*diversities)} <= {"rising", "healthy"}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 39))
def test_a_look_depends_on_what_was_written(diversities: list[float], cut: int) -> None:
    whole = history(*diversities)
    before = json.loads(json.dumps(whole[:cut]))
    for line in whole[cut:]:
        diversity = diversities[line["step"] // 5 - 1]
        look = {"spread": diversity, "clusters": diversity, "movement": 0.1}
        before.append({"step": line["step"], **verdict(look, before, line["step"])})
    assert before == whole
