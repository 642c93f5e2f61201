"""Studies: what is drawn follows from the trial's number, hopeless trials are seen, other studies are refused."""

from __future__ import annotations

import csv
import dataclasses
import re
import sys
from pathlib import Path

import pytest
from small_games import ring

from advnets.config.load import load_recipe
from advnets.data import Table, open_data
from advnets.errors import AdvnetsError, MeasureError, RunError
from advnets.tuning import ledger
from advnets.tuning import study as studies
from advnets.tuning.ledger import check_url
from advnets.tuning.space import parse_search
from advnets.tuning.study import Asked, Study, comparable

RECIPE = comparable(ring(), {"measure.metrics": "sliced_wasserstein"})
FACTS = {"end": "done", "reason": "", "low": 0.0, "high": 9.0, "step": 20, "steps": 40, "seconds": 1.0}


@pytest.fixture(scope="module")
def table() -> Table:
    return open_data(RECIPE)


def asked(*search: str, **changes: object) -> Asked:
    recipe = RECIPE.replace(**changes)
    return Asked(recipe, parse_search(recipe, search or ["generator.rate=1e-4..1e-1", "batch=16,32"], ()))


def played(study: Study, *values: float | None) -> list[dict[str, object]]:
    """Trials that measure so much; their settings."""
    found = list[dict[str, object]]()
    for value in values:
        with study.claim(99) as number:
            assert number is not None
            found.append(study.ledger.settings(number, study.asked.own))
            facts = {**FACTS, "value": value, "end": "diverged" if value is None else "done"}
            study.finish(number, value, facts)
    return found


def test_the_first_trial_is_the_recipe_and_others_follow_from_their_number(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_STARTUP", 3)
    values = [float(each % 3) for each in range(6)]  # more than are drawn at random
    one = played(Study(tmp_path / "one", asked(), table), *values)
    assert one[0] == {"generator.rate": 1e-3, "batch": 32}
    assert len({str(each) for each in one}) == 6
    assert played(Study(tmp_path / "two", asked(), table), *values) == one
    assert played(Study(tmp_path / "other", asked(seed=1), table), 0.0, 1.0)[1] != one[1]


def test_settings_that_were_written_in_part_are_drawn_again_alike(table: Table, tmp_path: Path) -> None:
    whole = played(Study(tmp_path / "whole", asked(), table), 1.0, 2.0)[1]
    study = Study(tmp_path / "part", asked(), table)
    played(study, 1.0)
    with study.claim(2) as number:
        assert number == 1
        trial = study.ledger.trials()[1]
        study.ledger._storage.set_trial_user_attr(trial._trial_id, "drawn", False)
        assert study.ledger.settings(1, study.asked.own) == whole


def test_a_trial_whose_worker_is_gone_is_taken_up_and_one_that_is_played_is_not(table: Table, tmp_path: Path) -> None:
    first, second = (Study(tmp_path / "s", asked(), table) for _ in range(2))
    with first.claim(2) as number, second.claim(2) as other:
        assert (number, other) == (0, 1)
        with second.claim(2) as third:
            assert third is None
    with second.claim(2) as again:
        assert again == 0


def test_elsewhere_a_trial_is_taken_up_after_a_silence(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(tmp_path / "s", asked(), table)
    with study.claim(1) as number:
        assert number == 0
    study.owner = "a folder on another machine"
    with study.claim(1) as number:
        assert number is None
    monkeypatch.setattr(studies, "_SILENT", 0.0)
    with study.claim(1) as number:
        assert number == 0
    assert study.ledger.trials()[0].user_attrs["owner"] == study.owner


def test_a_trial_worse_than_the_median_of_others_is_hopeless(table: Table, tmp_path: Path) -> None:
    study = Study(tmp_path / "s", asked(), table)
    for value in (1.0, 2.0, 3.0, 4.0):
        with study.claim(99) as number:
            assert number is not None
            study.ledger.report(number, 20, value)
            assert not study.ledger.is_hopeless(number, 20, 10)  # too few have ended
            study.finish(number, value, {**FACTS, "value": value})
    for value, hopeless in ((2.4, False), (2.6, True)):
        with study.claim(99) as number:
            assert number is not None
            study.ledger.report(number, 20, value)
            assert study.ledger.is_hopeless(number, 20, 10) == hopeless
            assert not study.ledger.is_hopeless(number, 20, 30)  # too early
            study.ledger.report(number, 30, 0.1)  # before it was killed: found again when it goes on
            assert study.ledger.is_hopeless(number, 20, 10) == hopeless
            study.finish(number, None, {**FACTS, "end": "pruned", "value": value})


def test_where_more_is_better_the_best_has_most(table: Table, tmp_path: Path) -> None:
    study = Study(tmp_path / "s", asked(**{"measure.metrics": "recall"}), table)
    played(study, 0.1, 0.9, None, 0.5)
    assert study.best is not None
    assert study.best.number == 1
    rows = list(csv.DictReader((tmp_path / "s" / "trials.csv").open()))
    assert [row["recall"] for row in rows] == ["0.1", "0.9", "", "0.5"]
    assert [row["status"] for row in rows] == ["done", "done", "diverged", "done"]


def test_the_winner_is_a_recipe_that_says_what_was_searched(table: Table, tmp_path: Path) -> None:
    study = Study(tmp_path / "s", asked(), table)
    settings = played(study, 3.0, 1.0, 2.0)
    best = load_recipe(tmp_path / "s" / "best.yaml")
    assert best == study.asked.played(settings[1])
    text = (tmp_path / "s" / "best.yaml").read_text()
    assert text.startswith(f"# The best of 3 trials of {tmp_path / 's'}: trial 1, sliced_wasserstein 1 (0 to 9), lower")
    assert "batch: " in text


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (asked(batch=64), "batch 32 then, 64 now"),
        (asked("batch=16,32"), "search generator.rate=0.0001..0.1 batch=16,32 then, batch=16,32 now"),
        (dataclasses.replace(asked(), prune=False), "prune True then, False now"),
    ],
)
def test_another_study_is_refused(table: Table, tmp_path: Path, other: Asked, said: str) -> None:
    Study(tmp_path / "s", asked(), table)
    Study(tmp_path / "s", asked(), table)
    with pytest.raises(RunError, match="was begun otherwise") as error:
        Study(tmp_path / "s", other, table)
    assert said in str(error.value)


def test_other_data_and_a_folder_of_something_else_are_refused(table: Table, tmp_path: Path) -> None:
    Study(tmp_path / "s", asked(), table)
    with pytest.raises(RunError, match="its data were others"):
        Study(tmp_path / "s", asked(), dataclasses.replace(table, fingerprint="another"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(RunError, match="is not a study"):
        Study(tmp_path / "mine", asked(), table)


def test_all_trials_are_measured_alike() -> None:
    assert (RECIPE.measure.count, RECIPE.measure.every) == (2000, 2)
    said = comparable(ring(**{"measure.metrics": "recall", "measure.count": 700, "measure.every": 10}), {})
    assert (said.measure.count, said.measure.every) == (700, 10)
    with pytest.raises(MeasureError, match="too few"):
        comparable(ring(), {})


@pytest.mark.parametrize(
    ("url", "said"),
    [("mysql://u:pw@x/y", "no PostgreSQL"), ("nonsense", "no URL"), ("postgresql://u:pw@h", "no Postgre")],
)
def test_a_storage_is_a_database_of_postgresql(url: str, said: str) -> None:
    with pytest.raises(AdvnetsError, match=said) as error:
        check_url(url)
    assert "pw" not in str(error.value)


def test_a_driver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(AdvnetsError, match=re.escape("pip install 'psycopg[binary]'")):
        check_url("postgresql://u@h/d")
