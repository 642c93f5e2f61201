"""The column of faces in Table 1, quickly, on a file in TFD's format: five sigmas, an error over folds, two stages."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from scipy.ndimage import zoom
from scipy.special import logsumexp

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import RunError
from advnets.paper.exhibit import Exhibit, Heading, Picture, Table
from advnets.paper.table1 import exhibit as table1
from advnets.paper.table1 import faces as table1_faces
from advnets.paper.table1.faces import PAPER, REAL, STAGES, Scores, column, open_folds, recipes, section
from advnets.paper.workspace import PARTS, RUNS, Workspace
from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory

UNLABELED, FOLD = 120, 16


def blobs(count: int, seed: int = 0) -> np.ndarray:
    """As smooth as faces are: uint8, N x 48 x 48."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (count, 6, 6))
    return zoom(coarse, (1, 8, 8), order=1).astype(np.uint8)


def write_database(folder: Path, seed: int = 0) -> None:
    folds = np.zeros((UNLABELED + 5 * FOLD, 5), np.uint8)
    for fold in range(5):
        folds[UNLABELED:, fold] = np.roll(np.repeat([3, 2, 1, 1, 1], FOLD), fold * FOLD)
    savemat(folder / "TFD_48x48.mat", {"images": blobs(len(folds), seed), "folds": folds})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The database's and the exhibit's; a cache of their own."""
    folder = tmp_path_factory.mktemp("faces")
    write_database(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ADVNETS_DATA", str(folder))
        patched.setenv("ADVNETS_CACHE", str(folder / "cache"))
        yield folder


def workspace(folder: Path, said: list[str] | None = None) -> Workspace:
    return Workspace("table1", folder / "paper", quick=True, say=(said if said is not None else []).append)


def stages(**changes: Any) -> list[Recipe]:
    return [load_recipe(each).replace(**changes) for each in STAGES]


@pytest.fixture(scope="module")
def made(folder: Path) -> Exhibit:
    return section(workspace(folder))


def test_the_column_stands_beside_the_papers(made: Exhibit, folder: Path) -> None:
    assert [(row.what, row.paper) for row in made.rows] == [(f"{model}, TFD", PAPER[model]) for model in PAPER]
    table = next(part for part in made.body if isinstance(part, Table))
    assert [row[0] for row in table.rows] == [*PAPER, REAL]
    assert all(len(row[3].split(", ")) == 5 for row in table.rows)
    pictures = [part.file for part in made.body if isinstance(part, Picture)]
    assert len(pictures) == len(PAPER)
    assert all((folder / "paper" / file).read_bytes().startswith(b"\x89PNG") for file in pictures)
    json.dumps(made.figures)
    assert "All models train on its unlabeled faces, which" in str(made.body[0])
    assert "and draw 500 samples once, rounded to bytes" in str(made.body[0])


def test_the_exhibit_has_both_columns(made: Exhibit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = table1._Share(0.8, 0.7, 0.9)
    answer = table1._Answer((200.0, 2.0), 0.2, False, 1.0, share, share)
    for name, made_up in {  # the column of MNIST has its own tests
        "models": dict.fromkeys(table1.MODELS), "_row": answer, "_reward": answer,
        "along": Exhibit("Along", []), "_pictures": [],
    }.items():  # fmt: skip
        monkeypatch.setattr(table1, name, lambda *_, made_up=made_up: made_up)
    found = table1.make(workspace(folder))
    assert Heading("Faces: TFD") in found.body
    assert [row.what for row in found.rows[:3]] == ["DBN", "Stacked CAE", "Deep GSN"]
    assert list(found.rows[-len(made.rows) :]) == list(made.rows)
    assert found.figures["faces"] == made.figures


def test_the_error_is_over_folds(made: Exhibit) -> None:
    for row in made.rows:
        found = made.figures[row.what.removesuffix(", TFD")]
        scores = np.array(found["folds"])
        assert len(scores) == len(found["sigmas"]) == 5
        assert found["mean"] == pytest.approx(np.mean(scores))
        assert found["error"] == pytest.approx(np.std(scores, ddof=1) / np.sqrt(5))
        assert row.ours == f"{scores.mean():.0f} ± {found['error']:.0f}"
        assert found["total_variation"] > 0
        assert found["seconds"] > 0


def direct(samples: np.ndarray, faces: np.ndarray, sigma: float) -> float:
    """The mean log-likelihood by the formula itself."""
    squared = ((faces[:, None] - samples[None]) ** 2).sum(2)
    logs = logsumexp(-squared / (2 * sigma**2), axis=1) - np.log(len(samples))
    return float(logs.mean() - samples.shape[1] * np.log(sigma * np.sqrt(2 * np.pi)))


def test_each_fold_chooses_its_sigma_and_is_scored_with_it(made: Exhibit) -> None:
    found = made.figures[REAL]  # fewer training faces than samples: all of them are the windows
    for place, fold in enumerate(open_folds()):
        train, valid, test = (fold.values[fold.rows(s)].reshape(-1, 48 * 48) / 255 for s in ("train", "valid", "test"))
        sigma = max(np.logspace(-1, 0, 10), key=lambda s: direct(train, valid, s))
        assert found["sigmas"][place] == pytest.approx(sigma)
        assert found["folds"][place] == pytest.approx(direct(train, test, sigma), abs=1e-3)


def test_without_the_database_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ADVNETS_DATA", raising=False)
    found = section(workspace(tmp_path))
    assert found.rows == []
    assert found.figures == {"missing": "tfd"}
    (text,) = found.body
    assert isinstance(text, str)
    assert "given out on request only" in text
    assert "TFD_48x48.mat in the folder that `ADVNETS_DATA` names" in text


def test_stage_two_begins_with_stage_ones_generator(made: Exhibit, folder: Path) -> None:
    runs = folder / "paper" / PARTS / RUNS
    one, two = (RunDirectory(next(runs.glob(f"{each}-????????-quick-0"))) for each in STAGES)
    assert two.recipe.players["generator"].network.pretrained == str(one.path)
    trained = checkpoint.newest(one.checkpoints)[0]
    begun = checkpoint.load(two.checkpoints / checkpoint.folder_name(0))
    assert trained is not None
    assert trained.step == 100
    for name, value in trained.tensors["players/generator/weights"].items():
        _, place, kind = name.split(".")  # two layers are below, each with its activation
        assert torch.equal(begun.tensors["players/generator/weights"][f"layers.{int(place) + 4}.{kind}"], value)


def test_rows_are_kept_and_other_settings_are_computed_anew(
    made: Exhibit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    assert section(workspace(folder, said)) == made
    assert said == []
    changed = [each.replace(name=f"{each.name}-10", steps=10) for each in stages()]
    found = column(workspace(folder, said), "TFD", open_folds(), changed)
    assert [line for line in said if "tfd-" in line and "training" not in line] == ["table1: tfd-adversarial-nets"]
    assert found["Adversarial nets"].folds != made.figures["Adversarial nets"]["folds"]
    said.clear()
    monkeypatch.setattr(table1_faces, "RIVALS", dataclasses.replace(table1_faces.RIVALS, sigma=0.5))
    found = column(workspace(folder, said), "TFD", open_folds(), changed)
    assert said == ["table1: tfd-stacked-cae"]  # sampled again, not trained again
    assert found["Stacked CAE"].folds != made.figures["Stacked CAE"]["folds"]


def test_runs_of_faces_have_folders_of_their_own(made: Exhibit, folder: Path) -> None:
    names = {path.name for path in (folder / "paper" / PARTS / RUNS).iterdir()}
    rivals = {name.split("-")[0]: name for name in names if "-tfd-" in name and not name.startswith("paper")}
    assert rivals.keys() == {"dbn", "cae", "gsn"}
    assert all(name.endswith("-quick-0") for name in rivals.values())


def test_runs_of_other_faces_are_refused(made: Exhibit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del made
    only = ["Adversarial nets"]
    monkeypatch.setenv("ADVNETS_DATA", str(tmp_path))
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    write_database(tmp_path)
    column(workspace(tmp_path), "TFD", open_folds(), stages(), only)
    write_database(tmp_path, seed=1)
    with pytest.raises(RunError, match="was trained on other faces; remove it, or give another --out"):
        column(workspace(tmp_path), "TFD", open_folds(), stages(), only)


def test_a_folder_that_was_moved_goes_on(made: Exhibit, folder: Path, tmp_path: Path) -> None:
    del made
    said: list[str] = []
    shutil.copytree(folder / "paper" / PARTS / RUNS, tmp_path / "moved" / PARTS / RUNS)
    moved = dataclasses.replace(workspace(folder, said), folder=tmp_path / "moved")
    runs = table1_faces.both_stages(moved, open_folds()[0], recipes())
    assert said == []
    assert [run.path.parents[2] for run in runs] == [tmp_path / "moved"] * 2
    other = {"generator.pretrained": "/elsewhere/another-0"}
    runs[1].directory.write_recipe(runs[1].recipe.replace(**other))
    with pytest.raises(RunError, match="trained with other settings"):
        table1_faces.both_stages(moved, open_folds()[0], recipes())


@pytest.mark.parametrize("damage", ["folds", "kinds", "samples", "none"])
def test_a_damaged_row_is_made_anew(made: Exhibit, folder: Path, damage: str) -> None:
    part = folder / "paper" / PARTS / "table1" / "tfd-deep-gsn.json"
    kept = json.loads(part.read_text("utf-8"))
    if damage == "samples":
        np.save(part.with_suffix(".npy"), np.zeros((60, 1, 48, 48), object))
    elif damage == "none":
        part.with_suffix(".npy").unlink()
    else:
        values = {"folds": {"sigmas": kept["value"]["sigmas"][:4]}, "kinds": {"seconds": "long"}}[damage]
        part.write_text(json.dumps({**kept, "value": {**kept["value"], **values}}))
    said: list[str] = []
    assert section(workspace(folder, said)) == made
    assert "table1: tfd-deep-gsn" in said
    assert not any("training" in line for line in said)


def test_scores_in_words() -> None:
    assert Scores([2000.0, 2010.0, 2020.0, 2030.0, 2040.0], [0.1] * 5, [True] * 5, 1.0, 0.0).nats == "2020 ± 7"
