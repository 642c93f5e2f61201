"""The benchmark of faces: FER2013's mosaics become a file in TFD's format, and figures alone come out."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import open_table
from advnets.data.tfd import read_faces
from benchmarks.paper import faces

COUNT, TRAIN = 215, 130


def pixels():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 48, 48), dtype=np.uint8)


@pytest.fixture
def fer(tmp_path: Path) -> Path:
    """Mosaics of 100 faces, the last one with blank places, and labels that name face 3 a copy."""
    folder = tmp_path / "fer"
    folder.mkdir()
    for number in range(3):
        part = pixels()[100 * number : 100 * (number + 1)]
        part = np.concatenate([part, np.zeros((-len(part) % 50, 48, 48), np.uint8)])
        mosaic = part.reshape(-1, 50, 48, 48).swapaxes(1, 2).reshape(-1, 50 * 48)
        Image.fromarray(mosaic).save(folder / f"faces_{number:02d}.png")
    split = np.repeat([0, 1, 2], [TRAIN, 40, COUNT - TRAIN - 40]).astype(np.uint8)
    np.savez(folder / "labels.npz", split=split, first_of_duplicates=np.arange(COUNT) != 3)
    return folder


def test_mosaics_become_a_file_in_tfds_format(fer: Path, tmp_path: Path):
    target = tmp_path / "data" / "TFD_48x48.mat"
    faces.prepare(fer, target)
    images, folds = read_faces(target)
    np.testing.assert_array_equal(images, np.delete(pixels(), 3, axis=0))
    assert (folds[: TRAIN - 1] == 0).all()
    labeled = folds[TRAIN - 1 :]
    assert ((labeled == 3).sum(1) == 1).all()  # each in the test of one fold, in the validation of another
    assert ((labeled == 2).sum(1) == 1).all()
    for fold in range(5):
        np.testing.assert_array_equal(labeled[:, fold] == 2, labeled[:, (fold + 1) % 5] == 3)
    before = target.stat().st_mtime_ns
    faces.prepare(fer, target)
    assert target.stat().st_mtime_ns == before


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    for name in ("ADVNETS_DATA", "ADVNETS_CACHE"):
        monkeypatch.setenv(name, "")  # put back afterwards
    monkeypatch.setattr(sys, "argv", ["faces.py", *map(str, words)])
    faces.main()


def test_figures_are_written_and_no_picture(fer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    out = tmp_path / "out"
    run(monkeypatch, fer, out, "--quick", "--only", "Deep GSN")
    assert "| Deep GSN | 1890 ± 29 |" in capsys.readouterr().out
    assert not (out / "faces.json").exists()
    run(monkeypatch, fer, out, "--quick", "--steps", "10")
    assert "fer2013-deep-gsn" not in capsys.readouterr().out  # kept
    result = json.loads((out / "faces.json").read_text())
    assert set(result["rows"]) == {*faces.PAPER, faces.REAL}
    assert all(len(row["sigmas"]) == 5 for row in result["rows"].values())
    assert result["faces"] == {"train": [TRAIN - 1] * 5, "valid": [17] * 5, "test": [17] * 5}
    assert result["steps"]["paper-tfd-small"] == 10
    text = faces.page(result)
    assert "FER2013 in the place of TFD" in text
    assert "![" not in text
    assert not list(out.glob("*.png"))


def test_faces_are_kept_out_of_the_repository_and_the_users_cache(fer: Path, tmp_path: Path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, fer, faces.REPOSITORY / "out")
    assert "lies in the repository" in capsys.readouterr().err
    run(monkeypatch, fer, tmp_path / "out", "--quick", "--only", faces.REAL)
    assert Path(open_table("tfd").values.filename).is_relative_to(tmp_path / "out" / "cache")
    with pytest.raises(SystemExit):
        run(monkeypatch, fer, tmp_path / "out", "--only", "VAE")
