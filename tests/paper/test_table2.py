"""Table 2: the paper's words beside ours, and how chains are told apart."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from advnets.paper.exhibit import Exhibit
from advnets.paper.markdown import page_of
from advnets.paper.models.mixing import mixing
from advnets.paper.table2 import _mixing_table, _rows, _table


def chain(*steps: float | None) -> dict[str, Any]:
    """A chain with a figure for each of these times; R-hat grows by 0.1 from one to the next."""
    figures = [
        {"steps": each, "error": 0.04 * (each or 0), "R-hat": 1 + place / 10} for place, each in enumerate(steps)
    ]
    return {"figures": figures, "more than": 1333.3, "seconds": 0.5, "minutes": 2.0}


def table_2() -> dict[str, Any]:
    z = {"bound": -90.0, "bound error": 0.5, "log Z": 300.0, "low": None, "high": 301.0, "effective": 9.0, "chains": 20}
    seen = {
        "bound": -99.0,
        "bound error": 0.5,
        "estimate": -95.0,
        "estimate error": 0.5,
        "draws": 50,
        "divergence": 25.0,
        "seconds": 0.001,
        "minutes": 1.0,
    }
    return {
        "vae": seen, "dbn": {**chain(None, 205.0, None), **z}, "cae": chain(60.0, 12.0, 300.0),
        "gsn": chain(None, None, None), "mnist-best": {"seconds": 0.001, "minutes": 3.0},
    }  # fmt: skip


def test_table_2_has_the_papers_words_beside_ours_task_by_task() -> None:
    found = table_2()
    cells = {row[0]: row[1:] for row in _table(found).rows}
    assert list(cells) == ["Training", "Inference", "Sampling", "Evaluating p(x)", "Model design"]
    assert cells["Inference"][1] == "paper: Variational inference<br>ours: layer by layer, approximate"
    rows = {row.what: row for row in _rows(found)}
    assert list(rows) == list(cells)
    assert "no difficulties (directed, adversarial)" in rows["Sampling"].paper
    page = page_of({"table2": Exhibit("Table 2", [_table(found)], _rows(found))}, quick=False)
    assert page.count("| Sampling |") == 1


def test_chains_are_told_apart_by_their_fastest_and_slowest_figures_and_by_r_hat() -> None:
    found = table_2()
    row = next(row.ours for row in _rows(found) if row.what == "Sampling")
    assert "DBN 205 ± 8 to more than 1333 (1 of 3 figures measured; R-hat at most 1.200)" in row
    assert "CAE 12 ± 0.5 to 300 ± 12 (3 of 3 figures measured;" in row
    assert "GSN more than 1333 (0 of 3 figures measured;" in row
    sampling = next(row for row in _table(found).rows if row[0] == "Sampling")
    assert "figures measured; R-hat at most 1.200): Markov steps, more than 500 ms an independent sample" in sampling[2]
    assert "R-hat at most 1.200): Markov steps, 500 ms an independent sample; GSN" in sampling[3]
    assert list(_mixing_table(found).rows) == [
        ["brightness", "more than 1333 (1.000)", "60 ± 2 (1.000)", "more than 1333 (1.000)"],
        ["principal component 1", "205 ± 8 (1.100)", "12 ± 0.5 (1.100)", "more than 1333 (1.100)"],
        ["principal component 2", "more than 1333 (1.200)", "300 ± 12 (1.200)", "more than 1333 (1.200)"],
    ]


def test_fast_figures_are_measured_beside_slow_ones() -> None:
    noise = np.random.default_rng(0).normal(size=(20, 3_000, 2))
    noise[:, :, 1] += np.arange(20)[:, None]
    found = mixing(noise, 0.01, 15)
    fast, slow = found["figures"]
    assert fast["steps"] == pytest.approx(1, abs=0.1)
    assert fast["R-hat"] == pytest.approx(1, abs=0.01)
    assert slow["steps"] is None
    assert slow["R-hat"] == pytest.approx(6, abs=0.2)
    assert (found["more than"], found["seconds"]) == (200, 2)
    assert mixing(noise[:, :, :1], 0.01, 15)["seconds"] == pytest.approx(0.01 * fast["steps"])


def test_an_estimate_of_log_z_makes_no_bound() -> None:
    found = table_2()
    said = [row.ours for row in _rows(found)] + list(itertools.chain(*_table(found).rows))
    dbn = [each for each in said if "-90.0" in each]
    assert len(dbn) == 2
    assert all("about -90.0 ± 0.5 nats (a bound, if log Z is right)" in each for each in dbn)
    assert not any("-90.0 ± 0.5 nats at least" in each for each in said)
    assert sum("-99.0 ± 0.5 nats at least" in each for each in said) == 2
