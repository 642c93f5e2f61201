"""Comparing: the same measures of the same real images, differences with their error, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.errors import MeasureError
from advnets.evaluation import compare as comparison
from advnets.evaluation.compare import Comparison, compare
from advnets.terminal.answers import print_comparison


def answer(value: float, low: float, high: float, **of: Any) -> dict[str, Any]:
    about = {"data": "mnist", "fingerprint": "f", "real": "test", "count": 100, **of}
    return {"value": value, "interval": [low, high], "features": "pixels", "of": about}


def write(path: Path, **answers: dict[str, Any]) -> Path:
    path.write_text(json.dumps(answers))
    return path


def test_a_difference_is_real_where_the_intervals_part(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", frechet=answer(10, 9, 11), two_sample=answer(0.48, 0.45, 0.51))
    b = write(tmp_path / "b.json", frechet=answer(10.5, 9.5, 11.5), two_sample=answer(0.60, 0.57, 0.63))
    c = write(tmp_path / "c.json", frechet=answer(13, 12, 14), two_sample=answer(0.30, 0.27, 0.33))
    found = compare([a, b, c])
    assert found.verdicts("frechet") == {str(a): "best", str(b): "like the best", str(c): "worse"}
    assert found.verdicts("two_sample") == {str(a): "best", str(b): "worse", str(c): "worse"}  # nearest to a half
    assert compare([a, write(tmp_path / "d.json", frechet=answer(10, 9, 11))]).verdicts("frechet")[str(a)] == "best"
    e = write(tmp_path / "e.json", two_sample=answer(0.48, 0.47, 0.49))
    f = write(tmp_path / "f.json", two_sample=answer(0.53, 0.52, 0.54))  # as far from a half, on the other side
    assert compare([e, f]).verdicts("two_sample") == {str(e): "best", str(f): "like the best"}
    real = {(each.measure, each.first, each.second): each.real for each in found.differences()}
    assert not real["frechet", str(a), str(b)]
    assert real["frechet", str(b), str(c)]
    assert real["two_sample", str(b), str(c)]


def test_the_interval_of_a_difference_holds_in_95_of_100() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        x, y = rng.normal(1.0, 1.0, 50), rng.normal(0.5, 2.0, 80)
        answers = {}
        for name, values in (("x", x), ("y", y)):
            error = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
            answers[name] = {"frechet": answer(values.mean(), values.mean() - error, values.mean() + error)}
        low, high = Comparison(answers).differences()[0].interval
        held += low <= 0.5 <= high
    assert 0.935 < held / 2000 < 0.965


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"features": "classifier"}, "features pixels of .*, classifier of"),
        ({"of": {"data": "mnist", "fingerprint": "g", "real": "test", "count": 100}}, "fingerprint f of"),
        ({"of": {"data": "mnist", "fingerprint": "f", "real": "train", "count": 100}}, "real test of"),
        ({"of": {"data": "mnist", "fingerprint": "f", "real": "test", "count": 99}}, "count 100 of"),
    ],
)
def test_figures_that_do_not_compare_are_refused(tmp_path: Path, other: dict[str, Any], message: str) -> None:
    a = write(tmp_path / "a.json", frechet=answer(1, 0, 2))
    b = write(tmp_path / "b.json", frechet={**answer(1, 0, 2), **other})
    with pytest.raises(MeasureError, match=message):
        compare([a, b])


def test_answers_that_do_not_compare_are_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "evaluate", lambda *_, **__: pytest.fail("measured"))
    a = write(tmp_path / "a.json", frechet=answer(1, 0, 2))
    b = write(tmp_path / "b.json", frechet={**answer(1, 0, 2), "features": "inception"})
    with pytest.raises(MeasureError, match="does not compare: features"):
        compare([tmp_path / "a run", a, b])


def test_two_networks_of_one_name_do_not_compare(tmp_path: Path) -> None:
    answers = [{**answer(1, 0, 2, extractor=identity), "features": "net.onnx"} for identity in ("a", "b")]
    a, b = (write(tmp_path / f"{n}.json", frechet=each) for n, each in enumerate(answers))
    with pytest.raises(MeasureError, match="extractor a of"):
        compare([a, b])


def test_an_interval_without_end_is_null(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", birthday={**answer(5, 1, 9), "interval": [1, None]})
    b = write(tmp_path / "b.json", birthday=answer(7, 6, 8))
    plain = json.loads(json.dumps(compare([a, b]).as_dict(), allow_nan=False))
    assert plain["differences"][0]["interval"][1] is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"frechet": {"value": 1}}', '{"frechet": 1}'])
def test_a_file_without_answers_is_one_line(tmp_path: Path, content: str) -> None:
    a = write(tmp_path / "a.json", frechet=answer(1, 0, 2))
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(MeasureError, match=r"no answers|no measure in common"):
        compare([a, tmp_path / "b.json"])


def test_one_alone_or_twice_is_no_comparison(tmp_path: Path) -> None:
    a = write(tmp_path / "a.json", frechet=answer(1, 0, 2))
    for sources in ([a], [a, a]):
        with pytest.raises(MeasureError, match="name two or more"):
            compare(sources)


def test_samples_and_stored_answers_compare(tmp_path: Path) -> None:
    digits = np.array(open_table("mnist").values[:300])
    np.save(tmp_path / "real.npy", digits)
    np.save(tmp_path / "gray.npy", np.full_like(digits, 100))
    stored = advnets.evaluate(tmp_path / "real.npy", "mnist", "total_variation").measures
    (tmp_path / "real.json").write_text(json.dumps(stored))
    found = compare([tmp_path / "real.json", tmp_path / "gray.npy"], data="mnist", metrics="total_variation")
    assert list(found.verdicts("total_variation").values()) == ["best", "worse"]
    assert json.loads(json.dumps(found.as_dict()))["differences"][0]["real"] is True


def test_what_moves_figures_is_said_beside_each_contender(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "data.npz", images)
    for suffix, size in (("jpg", 8), ("png", 16)):
        (tmp_path / suffix).mkdir()
        for place, each in enumerate(images[:20]):
            Image.fromarray(each).resize((size, size)).save(tmp_path / suffix / f"{place}.{suffix}")
    jpg, png = tmp_path / "jpg", tmp_path / "png"
    found = compare([jpg, png], data=tmp_path / "data.npz", metrics="frechet", features="pixels")
    print_comparison(found)
    said = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(f"{jpg}: samples in jpg: 20 JPEG of 20 files") for line in said) == 1
    assert sum(line.startswith(f"{png}: samples in png: 20 of 20 were shrunk from 16 x 16") for line in said) == 1
    assert said.count("40 real images of data.npz (all) are few: others would give other figures") == 1
    assert sum("two halves of the 40 real images are" in line for line in said) == 2
    assert found.as_dict()["notes"][str(jpg)] == list(found.notes[str(jpg)])


def test_files_that_part_in_one_measure_compare_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parzen, frechet = answer(215, 211, 219), answer(1, 0, 2)
    a = write(tmp_path / "a.json", parzen=parzen, frechet=frechet)
    b = write(tmp_path / "b.json", parzen=parzen, frechet={**frechet, "features": "inception"})
    monkeypatch.setattr(comparison, "known_before", lambda *_, **__: {"parzen": {**parzen, "features": None}})
    monkeypatch.setattr(comparison, "evaluate", lambda *_, **__: SimpleNamespace(measures={"parzen": parzen}, notes=[]))
    assert list(compare(["run", a, b], metrics="parzen").answers["run"]) == ["parzen"]
    with pytest.raises(MeasureError, match="frechet does not compare"):
        compare([a, b])


def test_every_row_says_whose_it_is_however_narrow_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    sources = [
        write(
            Path(f"{name}.json"),
            frechet_infinity=answer(value, value - 0.11111, value + 0.11111),
            sliced_wasserstein=answer(value, value - 0.011111, value + 0.011111),
        )
        for name, value in (("first", 1.23456), ("second", 2.34567))
    ]
    print_comparison(compare(sources))
    said = capsys.readouterr().out
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert sum("first.json" in row for row in rows) == sum("second.json" in row for row in rows) == 2
    assert max(map(len, rows)) <= 80
