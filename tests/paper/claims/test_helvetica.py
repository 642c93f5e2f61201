"""The Helvetica scenario: its outcomes and verdicts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from small_claims import workspace

from advnets.games.game import Batch
from advnets.paper.claims import head_start, helvetica, saturation, verdicts
from advnets.paper.claims.intervals import Interval
from advnets.paper.claims.ring import ring
from advnets.paper.claims.verdicts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED


def test_spreads_are_those_of_the_data_and_of_one_point() -> None:
    real = helvetica.spreads(ring().reals("test", 2000))
    assert real["spread"] == pytest.approx(1, abs=0.05)
    cut = math.exp(-4.5)  # within three deviations: a Rayleigh's variance without its tail
    assert real["within"] == pytest.approx(math.sqrt(1 - 4.5 * cut / (1 - cut)), abs=0.03)
    one = helvetica.spreads(np.repeat(ring().modes[:1], 100, 0))
    assert one == {"spread": pytest.approx(0, abs=1e-5), "within": pytest.approx(0, abs=1e-5)}
    assert min(each for each in one.values() if each) > 0
    assert helvetica.spreads(np.full((100, 2), np.inf)) == {"spread": None, "within": None}


def test_points_far_from_every_mode_have_no_spread_within_modes() -> None:
    real = ring().reals("test", 2000)
    strays = np.concatenate([real[:150], np.zeros((1850, 2))])
    assert helvetica.spreads(strays)["within"] is None
    assert helvetica.spreads(np.concatenate([real[:250], strays[-1750:]]))["within"] is not None


def test_a_collapsed_generator_has_a_least_spread(tmp_path: Path) -> None:
    class Collapsed:
        raw_sampler = type("S", (), {"draw": staticmethod(lambda count, seed: np.zeros((count, 1, 2, 2), np.uint8))})
        real_batch = staticmethod(lambda count: Batch(torch.arange(count), torch.rand(count, 1, 2, 2)))

    spread = head_start._spread(Collapsed())  # pyright: ignore[reportArgumentType]
    assert spread == head_start.LEAST_SPREAD
    line = {"step": 4, "opinion": 0.1, "spread": spread}
    text = saturation._freed([{cost: [line] for cost in head_start.COSTS}] * 2)
    assert "0.0001 (0.0001 to 0.0001)" in text


def helvetica_ends(**changes: list[float]) -> dict[str, list[float]]:
    one = {"modes": [8.0, 8.0, 7.9], "spread": [1.0, 1.01, 0.99], "distance": [0.2, 0.21, 0.2], "within": [0.9, 1, 0.9]}
    return {**one, **changes}


def test_a_collapse_is_shown_by_each_outcome_and_no_collapse_excludes_it() -> None:
    one = helvetica_ends()
    keys = tuple(one)
    far = helvetica_ends(modes=[1, 2, 1.5], spread=[0.1, 0.2, 0.1], distance=[1.5, 1.4, 1.6], within=[0.3, 0.3, 0.2])
    seen = helvetica.outcomes(one, far)
    assert seen["modes"].mean == pytest.approx(7.9667 - 1.5, abs=1e-3)
    assert seen["spread"].mean < 0.2 < 5 < seen["distance"].mean
    assert set(helvetica.verdicts(seen, keys).values()) == {SUPPORTED}
    back = helvetica.verdicts(helvetica.outcomes(far, one), keys)
    same = helvetica.verdicts(helvetica.outcomes(one, one), keys)
    assert set(back.values()) == set(same.values()) == {NOT_SUPPORTED}
    drawn = helvetica.verdicts(helvetica.outcomes(one, helvetica_ends(within=[0.7, 0.75, 0.7])), keys)
    assert drawn == {**same, "within": SUPPORTED}
    assert verdicts.verdict_of(drawn.values()) == MIXED


def test_lost_games_are_no_collapse() -> None:
    nan = math.nan
    lost = {key: [nan, nan, value[2]] for key, value in helvetica_ends().items()}
    found = helvetica.verdicts(helvetica.outcomes(helvetica_ends(), lost), tuple(lost))
    assert set(found.values()) == {UNDECIDED}
    look = {"modes": 8, "spread": 1.0, "within": None, "distance": 0.2, "near": 0.0}
    gone = {**dict.fromkeys(look), "spread": 3.0}
    games = [
        {"balanced": {"x": lines}} for lines in ([look] * 4, [look, look, {**look, "within": 0.5}, look], [gone] * 4)
    ]
    ends = helvetica._ends(games, "balanced", "x")
    np.testing.assert_array_equal(ends["within"], [nan, 0.5, nan])
    np.testing.assert_array_equal(ends["spread"], [1, 1, nan])


@pytest.mark.usefixtures("no_pictures")
def test_helvetica_is_judged_from_each_start_by_far_against_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"updates": 1, "modes": 8, "spread": 1.0, "within": 0.9, "distance": 0.2, "near": 1.0, "points": [[0, 2]]}
    gone = {**good, "modes": 1, "spread": 0.1, "within": 0.2, "distance": 1.5}
    first = {"1 of G": [good], "5 of G": [good], "20 of G": [gone]}
    later = {"1 of G": [good], "20 of G": [{**good, "within": 0.7}], "20 of G, none of D": [good]}
    seed = {"beginning": first, "balanced": later, "points": [[0, 2]]}
    monkeypatch.setattr(helvetica, "_seed", lambda *_: seed)
    found = helvetica.claim(workspace(tmp_path))
    assert found.figures["verdicts"] == {"beginning": SUPPORTED, "balanced": MIXED}
    assert [row.note for row in found.rows] == [SUPPORTED, MIXED]
    assert "shown: less spread within modes; excluded: fewer modes, less spread, a larger" in found.why
    assert found.figures["outcomes"]["beginning: 20 of G"]["modes"][0] == 7
    assert "known in 2 of 2 looks, of 2 of 2 seeds. With it the verdict from the beginning would be: supported." in str(
        found.why
    )


@pytest.mark.parametrize(("within", "verdict"), [((0.2, 0.4), SUPPORTED), ((0.7, 1.1), UNDECIDED), ((0.9, 1.1), MIXED)])
def test_what_is_left_out_of_a_verdict_is_told_with_what_it_would_change(
    within: tuple[float, float], verdict: str
) -> None:
    seen = {"modes": Interval(5, 4, 6), "spread": Interval(0.3, 0.2, 0.4), "distance": Interval(2.5, 2, 3)}
    seen["within"] = Interval(0.8, *within)
    looks = [{"within": 0.3}, {"within": None}, {"within": None}, {"within": 0.3}]
    found = [{"beginning": {"20 of G": lines}} for lines in (looks, looks[:1] + looks[1:2] * 3)]
    told = helvetica._left_out(found, seen)
    assert f"less spread within modes, {seen['within']} times" in told
    assert "known in 1 of 4 looks, of 1 of 2 seeds" in told
    assert told.endswith(f"would be: {verdict}.")
