"""The experiments on the paper's claims: their statistics, their parts, and a killed exhibit goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_claims import workspace

from advnets.errors import MeasureError
from advnets.paper.claims import (
    contrastive_training,
    head_start,
    helvetica,
    intervals,
    noise_contrastive,
    sharp,
    verdicts,
    walks,
)
from advnets.paper.claims.intervals import UNKNOWN, Interval
from advnets.paper.claims.verdicts import MIXED, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Claim
from advnets.paper.exhibit import Exhibit, Heading, Picture, read
from advnets.paper.workspace import Workspace


@pytest.fixture(scope="module")
def made(exhibits: Path) -> Exhibit:
    return read(exhibits / "claims.json")[0]


def test_t_intervals_are_scipys() -> None:
    rng = np.random.default_rng(0)
    for count in (2, 5, 30):
        x = rng.normal(size=count)
        expected = stats.t.interval(0.95, count - 1, x.mean(), stats.sem(x))
        found = intervals.t_interval(x)
        assert (found.low, found.high) == pytest.approx(expected)
        ratio = intervals.ratios(np.exp(x), np.exp(x - 0.3))
        assert ratio.mean == pytest.approx(math.exp(0.3))


def test_t_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    found = [intervals.t_interval(rng.normal(3.0, 2.0, 5)) for _ in range(2000)]
    covered = sum(each.low <= 3.0 <= each.high for each in found)
    assert stats.binomtest(covered, 2000, 0.95).pvalue > 1e-3


@pytest.mark.parametrize("values", [[1.0], [1.0, math.nan], []])
def test_too_few_seeds_have_no_interval(values: list[float]) -> None:
    with pytest.raises(MeasureError, match="at least two seeds"):
        intervals.t_interval(values)


@pytest.mark.parametrize(
    ("low", "high", "worse", "equal"),
    [
        (0.9, 1.1, SUPPORTED, SUPPORTED), (0.5, 0.7, SUPPORTED, NOT_SUPPORTED), (0.8, 1.5, UNDECIDED, UNDECIDED),
        (1.3, 1.6, NOT_SUPPORTED, NOT_SUPPORTED), (0.5, 1.1, SUPPORTED, UNDECIDED),
    ],
)  # fmt: skip
def test_verdicts_follow_from_intervals(low: float, high: float, worse: str, equal: str) -> None:
    ratio = Interval(math.sqrt(low * high), low, high)
    assert verdicts.no_worse(ratio) == worse
    assert verdicts.equally_good(ratio) == equal


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED), ([NOT_SUPPORTED], NOT_SUPPORTED), ([SUPPORTED, NOT_SUPPORTED], MIXED),
        ([SUPPORTED, UNDECIDED], UNDECIDED), ([NOT_SUPPORTED, UNDECIDED], UNDECIDED), ([UNDECIDED], UNDECIDED),
        ([SUPPORTED, UNDECIDED, NOT_SUPPORTED], MIXED),
    ],
)  # fmt: skip
def test_only_what_is_shown_and_excluded_is_mixed(parts: list[str], verdict: str) -> None:
    assert verdicts.verdict_of(parts) == verdict


def test_more_and_less_are_shown_excluded_or_undecided() -> None:
    up, down, same, wide = (Interval(1, *ends) for ends in ((1.1, 1.5), (0.6, 0.9), (0.95, 1.05), (0.5, 2)))
    assert [verdicts.more(each) for each in (up, down, same, wide)] == [
        SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip
    assert [verdicts.less(each) for each in (up, down, same, wide)] == [
        NOT_SUPPORTED, SUPPORTED, NOT_SUPPORTED, UNDECIDED,
    ]  # fmt: skip


def test_lost_games_are_left_out_and_too_few_decide_nothing() -> None:
    lost = math.nan
    assert intervals.left([1, 2, 3, lost, lost]) == intervals.t_interval([1, 2, 3])
    assert intervals.ratios([2, 8, lost], [1, 4, 1]).mean == pytest.approx(2)
    for few in ([1, 2, lost, lost], [1, lost], [lost]):
        assert intervals.left(few) is UNKNOWN
    rules = (verdicts.no_worse, verdicts.equally_good, verdicts.more, verdicts.less)
    assert {rule(UNKNOWN) for rule in rules} == {UNDECIDED}
    assert "unknown" in str(UNKNOWN)
    assert intervals.plain(UNKNOWN) == [None] * 3
    y = np.asarray(intervals.band("", [0, 1], [[1, lost], [3, 1]]).y)
    np.testing.assert_array_equal(y, [2, lost])


def test_early_gradients_on_mnist_begin_at_the_ratio_of_the_slopes(exhibits: Path) -> None:
    found = head_start.histories(workspace(exhibits), 0)  # kept
    first = found["alone"][0]
    assert first["opinion"] == pytest.approx(0.5, abs=0.01)  # D knows nothing yet: slopes 1 - D and D
    assert first["non-saturating"] / first["minimax"] == pytest.approx(1, rel=0.02)
    assert [line["updates"] for line in found["alone"]] == [0, 20, 40]
    begun = [found[cost][0] for cost in head_start.COSTS]
    assert begun[0] == begun[1]  # the same players
    assert begun[0]["opinion"] == found["alone"][-1]["opinion"]


KEPT: Sequence[tuple[Callable[[Workspace], Any], Mapping[Any, Mapping[str, Any]]]] = [
    (lambda b: noise_contrastive._stages(b, 0.1, 0), {
        contrastive_training: {"BATCH": 64, "GAME_RATE": 0.5, "MEAN": 2.0},
        noise_contrastive: {"_MOMENTUM": noise_contrastive._ADAM, "_ADAM": noise_contrastive._MOMENTUM},
    }),
    (lambda b: noise_contrastive._at_once(b, 0.1, 0), {
        contrastive_training: {"BATCH": 64, "GAME_RATE": 0.5},
        noise_contrastive: {"_MOMENTUM": noise_contrastive._ADAM},
    }),
    (lambda b: sharp._walks(b, "langevin", 0), {
        walks: {"SETTINGS": {}}, sharp: {"_SIGMAS": (1,)},
    }),
    (lambda b: sharp._search(b, "langevin", "moves", 0.1, 0), {
        walks: {"SETTINGS": {}}, sharp: {"_QUICK_LENGTH": 300},
    }),
    (lambda b: noise_contrastive._held(b, 0.1, 0), {
        contrastive_training: {"BATCH": 64, "GAME_RATE": 0.5}, noise_contrastive: {"_QUICK_MOST_OF_GAME": 20},
    }),
    (lambda b: sharp._game(b, "points", 0), {sharp: {"_DRAWN": 10}, walks: {"BRIDGE": 0.5}}),
    (lambda b: helvetica._seed(b, 0), {helvetica: {"_NEAR": 0.5, "_FEWEST": 50}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "module", "name", "value"),
    [(kept, module, *each) for kept, of in KEPT for module, changes in of.items() for each in changes.items()],
)
def test_kept_figures_of_other_settings_are_not_used(
    kept: Callable[[Workspace], Any], module: Any, name: str, value: Any, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(keys("claims"))
    monkeypatch.setattr(module, name, value)
    assert kept(keys("claims")) != before


def bodies(exhibit: Exhibit) -> dict[str, list[Any]]:
    """The parts of each section's body, by heading."""
    found: dict[str, list[Any]] = {}
    for part in exhibit.body[1:]:
        if isinstance(part, Heading):
            found[part.heading] = []
        else:
            found[list(found)[-1]].append(part)
    return found


def test_every_section_has_its_picture_verdict_and_finite_figures(made: Exhibit, exhibits: Path) -> None:
    sections = bodies(made)
    assert len(sections) == len(made.figures) == 7
    for body in sections.values():
        pictures = [part.file for part in body if isinstance(part, Picture)]
        assert all((exhibits / file).read_bytes().startswith(b"\x89PNG") for file in pictures)
        assert pictures
        assert str(body[-1]).startswith("**Verdict: ")
        assert str(body[0]).startswith("> ")
    text = json.dumps(made.figures)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert len(made.rows) >= 7


def test_the_page_says_what_was_redesigned_and_has_a_verdict_of_each_start(made: Exhibit) -> None:
    body = bodies(made)["The Helvetica scenario"]
    text = " ".join(part for part in body if isinstance(part, str))
    assert "showed nothing" in text
    assert "added after seeing that" in text
    assert set(made.figures["The Helvetica scenario"]["verdicts"]) == {"beginning", "balanced"}
    assert "from the beginning" in body[-1]
    assert "from a balanced game on" in body[-1]


def test_claims_that_are_not_supported_are_among_what_differs() -> None:
    claim = Claim("T", 'Section 1: "so."', ["did"], ["saw"], SUPPORTED, "Why: this.", [])
    assert not claim.exhibit().differs
    told = replace(claim, verdict="from a start mixed; later not").exhibit()
    assert told.body[-1] == "**Verdict: from a start mixed; later not.** Why: this."
    assert told.differs == ['Section 1: "so." Ours: from a start mixed; later not ([what was seen](claims.md)).']


def test_no_game_is_played_twice(exhibits: Path) -> None:
    kept = (exhibits / "parts" / "claims").glob("ring-*.json")
    found = [json.dumps(json.loads(path.read_text())["key"], sort_keys=True) for path in kept]
    assert len(found) == len(set(found)) > 10


@pytest.mark.usefixtures("no_pictures")
def test_a_killed_exhibit_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharp, "_QUICK_STEPS", 2)
    monkeypatch.setattr(sharp, "_QUICK_LENGTH", 130)
    said: list[str] = []
    walk = walks.walk
    calls: list[int] = []

    def killed(*args: Any) -> dict[str, Any]:
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return walk(*args)

    monkeypatch.setattr(walks, "walk", killed)
    with pytest.raises(KeyboardInterrupt):
        sharp.claim(workspace(tmp_path, said))
    first = list(said)
    said.clear()
    once = sharp.claim(workspace(tmp_path, said))
    assert first[-1] == said[0]  # the part that was under way
    assert not set(first[:-1]) & set(said)
    said.clear()
    again = sharp.claim(workspace(tmp_path, said))
    assert said == []
    assert again == once
