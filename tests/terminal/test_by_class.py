"""advnets sample, interpolate, evaluate and info of conditional runs; modules of one's own on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conditional_runs import digits, ring
from PIL import Image

import advnets
from advnets import cli
from advnets.data import open_table
from advnets.evaluation.report import write_report
from advnets.terminal.streaming import folder_name


def said(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    capsys.readouterr()  # what the training of a shared run has said
    code = cli.main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    assert (code == 0) == ("advnets: " not in err), err  # a slow machine shows progress there, too
    return out + err


def test_a_picture_has_a_row_a_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, target = digits(), tmp_path / "some.png"
    assert "10 samples of each of 3, 5" in said(
        capsys, "sample", run.path, "--class", "3,5", "--count", 20, "--out", target
    )
    two = Image.open(target).size
    assert "of each of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in said(
        capsys, "sample", run.path, "--class", "all", "--out", target
    )
    width, height = Image.open(target).size
    assert height > 4 * two[1]
    assert width == two[0]
    assert "54 samples of each of 3, 5" in said(
        capsys, "sample", run.path, "--class", "3,5", "--count", 103, "--out", target
    )
    width, height = Image.open(target).size
    assert 3 < width / height < 3.7  # each class in three rows of eighteen, with its name beside the first


def test_a_folder_of_samples_is_data_with_classes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, folder = digits(), tmp_path / "made"
    said(capsys, "sample", run.path, "--class", "3,5", "--count", 9, "--out", folder)
    assert (folder / "3" / "000004.png").is_file()
    table = open_table(folder, progress=False, cache=tmp_path / "cache")
    assert table.classes == ("3", "5")
    assert len(table) == 9
    assert "holds other pictures" in said(capsys, "sample", run.path, "--count", 2, "--out", folder)
    said(capsys, "sample", run.path, "--class", "all", "--count", 20, "--out", tmp_path / "made.npz")
    again = open_table(tmp_path / "made.npz", progress=False, cache=tmp_path / "cache")
    assert again.classes == run.classes
    assert np.array_equal(again.values, run.sample(20, classes="all"))


def test_names_of_classes_make_safe_folders() -> None:
    names = ["../out", "a/b", ".hidden", "", "plain"]
    assert [folder_name(name) for name in names] == ["%2E.%2Fout", "a%2Fb", "%2Ehidden", "%", "plain"]


@pytest.mark.parametrize("command", ["sample", "interpolate"])
def test_a_class_that_is_not_there_is_one_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = said(capsys, command, digits().path, "--class", "3,eleven")
    assert "has no class 'eleven'; choose from 0, 1, 2" in line
    assert line.count("\n") == 1


def test_a_walk_from_class_to_class_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "walk.png"
    said(capsys, "interpolate", digits().path, "--class", "3,5", "--lines", 2, "--out", target)
    assert Image.open(target).size[1] > 30


def test_evaluate_measures_within_each_class(capsys: pytest.CaptureFixture[str]) -> None:
    run = ring()
    shown = said(capsys, "evaluate", run.path, "--metrics", "accuracy,recall", "--per-class", "--count", 800)
    assert ["class", "real"] in [re.findall(r"\w+", line)[:2] for line in shown.splitlines()]
    answers = json.loads((run.path / "evaluation.json").read_bytes())
    assert list(answers["recall"]["classes"]) == list("01234567")
    assert answers["recall"]["classes"]["3"]["samples"] == 100
    assert "### Within each class" in (run.path / "report.md").read_text("utf-8")


def test_info_and_report_name_game_and_classes(capsys: pytest.CaptureFixture[str]) -> None:
    run = digits()
    shown = said(capsys, "info", run.path)
    assert "10 classes (0, 1, 2" in shown
    assert "game: conditional, non-saturating" in shown
    report = write_report(run).read_text("utf-8")
    assert "Conditions: 10 classes (0, 1, 2" in report
    assert Image.open(run.path / "samples.png").size == Image.open(run.path / "samples" / "step-00000030.png").size


def test_modules_of_ones_own_work_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small_nets.py").write_text("from torch import nn\n\n\ndef make():\n    return nn.Linear(4, 2)\n")
    small = ["--latent", 4, "--discriminator.units", 8, "--steps", 4, "--log-every", 2, "--sample-every", 0]
    own = ["--module", "generator=small_nets:make"]
    for name in ("first", "second"):
        assert cli.main([str(each) for each in ("train", "ring", *small, *own, "--run", name)]) == 0
    capsys.readouterr()
    assert "--module generator=small_nets:make" in said(capsys, "sample", "first")
    assert "100 samples" in said(capsys, "sample", "first", *own)
    assert "modes" in said(capsys, "evaluate", "first", "--count", 50, *own)
    assert "differences" in said(capsys, "compare", "first", "second", "--count", 50, *own)
    assert cli.main(["resume", "first", "--steps", "6", *own]) == 0
    capsys.readouterr()
    assert "no run has a critic of your own" in said(
        capsys, "compare", "first", "second", "--module", "critic=small_nets:make"
    )
    assert advnets.load("first", modules={"generator": "small_nets:make"}).step == 6


def test_a_class_may_be_an_integer() -> None:
    run = digits()
    for number, name in ((3, "3"), ([3, 5], ["3", "5"]), (np.int64(3), "3")):
        np.testing.assert_array_equal(run.sample(4, classes=number), run.sample(4, classes=name))  # type: ignore[arg-type]
    for wrong, said in ((11, "has no class '11'; choose from 0"), (3.5, "3.5 names no class; choose from 0, 1")):
        with pytest.raises(advnets.AdvnetsError, match=re.escape(said)):
            run.sample(4, classes=wrong)  # type: ignore[arg-type]
